//! From a destination as written to a context of the kubeconfig.

use crate::domain::{Problem, ProblemKind, Result};

/// What is known of one kubeconfig context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextRef {
    /// Its name.
    pub name: String,
    /// Name of its cluster.
    pub cluster: String,
    /// URL of the cluster's API server.
    pub server: String,
    /// Its default namespace; may be empty.
    pub namespace: String,
    /// Whether it is the kubeconfig's current one.
    pub current: bool,
}

/// The contexts that there are, and those that were asked for.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    /// All of the kubeconfig.
    pub known: Vec<ContextRef>,
    /// Those given by `--context`, in order.
    pub chosen: Vec<String>,
    /// The namespace given by `--namespace`.
    pub namespace: Option<String>,
    /// Why no context is known at all, where that is known.
    pub absent: Option<Problem>,
}

/// A context that was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Its name.
    pub context: String,
    /// What a person should know about the decision; may be empty.
    pub notice: String,
}

/// API server URLs by which Argo CD means the cluster that it runs in.
const IN_CLUSTER_HOSTS: &[&str] = &[
    "kubernetes.default.svc",
    "kubernetes.default",
    "kubernetes.default.svc.cluster.local",
];

/// Argo CD's name for the cluster that it runs in.
const IN_CLUSTER_NAME: &str = "in-cluster";

impl Contexts {
    /// Finds a context by name.
    pub fn named(&self, name: &str) -> Option<&ContextRef> {
        self.known.iter().find(|c| c.name == name)
    }

    /// The kubeconfig's current context.
    pub fn current(&self) -> Option<&ContextRef> {
        self.known.iter().find(|c| c.current)
    }

    /// The context of an `Application`'s destination. `bound` is the context that the config file binds the
    /// Application's own directory to; it decides where several would do.
    ///
    /// # Errors
    /// No context or several lead there, or the destination is not one.
    pub fn resolve(&self, server: &str, name: &str, bound: Option<&str>) -> Result<Resolved> {
        match (server, name) {
            ("", "") => Err(Problem::new(
                ProblemKind::Invalid,
                "the destination names no cluster",
            )
            .hint("Set spec.destination.server, or spec.destination.name to a context of the kubeconfig.")),
            (server, "") => self.by_server(server, bound),
            ("", name) => self.by_name(name, bound),
            _ => Err(Problem::new(
                ProblemKind::Invalid,
                "the destination has both a server and a name",
            )
            .hint("Argo CD takes one of them alone.")),
        }
    }

    fn by_server(&self, server: &str, bound: Option<&str>) -> Result<Resolved> {
        let wanted = server_key(server);
        let matching: Vec<&ContextRef> = self
            .known
            .iter()
            .filter(|c| server_key(&c.server) == wanted)
            .collect();
        if !matching.is_empty() {
            return self.choose(&matching, bound, &format!("server {server}"));
        }
        let host = wanted.split("://").nth(1).unwrap_or(&wanted);
        if IN_CLUSTER_HOSTS.contains(&host) {
            return self.in_cluster(server, bound);
        }
        Err(self.missing(
            format!("no context of the kubeconfig leads to {server}"),
            "Add a context for that server, or name a context in spec.destination.name.",
        ))
    }

    fn by_name(&self, name: &str, bound: Option<&str>) -> Result<Resolved> {
        if let Some(context) = self.named(name) {
            return Ok(Resolved {
                context: context.name.clone(),
                notice: String::new(),
            });
        }
        let matching: Vec<&ContextRef> = self.known.iter().filter(|c| c.cluster == name).collect();
        if !matching.is_empty() {
            return self.choose(&matching, bound, &format!("cluster {name}"));
        }
        if name == IN_CLUSTER_NAME {
            return self.in_cluster(name, bound);
        }
        let near = crate::domain::near::nearest(
            name,
            self.known
                .iter()
                .flat_map(|c| [c.name.as_str(), c.cluster.as_str()]),
        );
        let hint = match near {
            Some(near) => format!("Did you mean {near}?"),
            None => "`kubectl config get-contexts` lists what there is.".to_owned(),
        };
        let what = format!("no context and no cluster of the kubeconfig is called {name}");
        Err(self.missing(what, &hint))
    }

    /// Argo CD means the cluster that it runs in, which no kubeconfig knows: the cluster that is looked at is taken.
    fn in_cluster(&self, written: &str, bound: Option<&str>) -> Result<Resolved> {
        let all: Vec<&ContextRef> = self.known.iter().collect();
        if all.is_empty() {
            return Err(self.missing(
                format!("no context is known for {written}"),
                "Choose one with --context.",
            ));
        }
        let mut resolved = self.choose(&all, bound, written)?;
        resolved.notice = format!(
            "{written} is the cluster that Argo CD runs in; taken to be context {}",
            resolved.context
        );
        Ok(resolved)
    }

    /// One of several contexts that would do: the only one, the bound one, the first of `--context`, the current one.
    fn choose(
        &self,
        matching: &[&ContextRef],
        bound: Option<&str>,
        what: &str,
    ) -> Result<Resolved> {
        let is_one = |name: &str| matching.iter().find(|c| c.name == name);
        let chosen = match matching {
            [only] => Some(only),
            _ => bound
                .filter(|name| self.is_asked_for(name))
                .and_then(is_one)
                .or_else(|| self.chosen.iter().find_map(|name| is_one(name)))
                .or_else(|| bound.and_then(is_one))
                .or_else(|| matching.iter().find(|c| c.current)),
        };
        let names: Vec<&str> = matching.iter().map(|c| c.name.as_str()).collect();
        chosen
            .map(|context| Resolved {
                context: context.name.clone(),
                notice: String::new(),
            })
            .ok_or_else(|| {
                Problem::new(
                    ProblemKind::Config,
                    format!("several contexts lead to {what}"),
                )
                .because(format!("these do: {}", names.join(", ")))
                .hint("Choose one with --context, or name it in spec.destination.name.")
            })
    }

    /// The context of a discovered App: what the config file binds its directory to, the only `--context`, or the
    /// current one.
    ///
    /// # Errors
    /// None is chosen, the one that is does not exist, or `--context` leaves out the one that is bound.
    pub fn of_directory(&self, bound: Option<&str>) -> Result<&ContextRef> {
        let wanted = match (bound, self.chosen.as_slice()) {
            (Some(bound), _) if self.is_asked_for(bound) => bound,
            (Some(bound), chosen) => {
                return Err(Problem::new(
                    ProblemKind::Config,
                    format!("the config file binds this directory to context {bound}, which was not asked for"),
                )
                .because(format!("--context names {}", chosen.join(", ")))
                .hint(format!("Leave --context out, or name {bound} by it, too; or change the binding.")));
            }
            (None, [only]) => only,
            (None, []) => {
                return self.current().ok_or_else(|| {
                    self.missing(
                        "the kubeconfig has no current context".to_owned(),
                        "Choose one with --context, or `kubectl config use-context NAME`.",
                    )
                });
            }
            (None, _) => {
                return Err(Problem::new(
                    ProblemKind::Config,
                    "no cluster is chosen for this directory",
                )
                .because("several contexts were given, and none of them is meant by that")
                .hint("Bind the directory to one in the config file (`bindings`), or give one --context alone."));
            }
        };
        self.named(wanted).ok_or_else(|| {
            let known: Vec<&str> = self.known.iter().map(|c| c.name.as_str()).collect();
            let absent = self.absent.clone().filter(|_| known.is_empty());
            absent.unwrap_or_else(|| Problem::no_context(wanted, &known))
        })
    }

    /// Whether a context is among those of `--context`, or none was given.
    fn is_asked_for(&self, context: &str) -> bool {
        self.chosen.is_empty() || self.chosen.iter().any(|chosen| chosen == context)
    }

    fn missing(&self, what: String, hint: &str) -> Problem {
        let problem = Problem::new(ProblemKind::NotFound, what).hint(hint);
        match &self.absent {
            _ if !self.known.is_empty() => problem,
            Some(absent) => absent.clone(),
            None => problem.because("no kubeconfig was found, or it has no contexts"),
        }
    }
}

/// A server URL in the form in which two are compared: lower case, without default port and trailing slash.
fn server_key(url: &str) -> String {
    let url = url.trim().trim_end_matches('/').to_ascii_lowercase();
    let port = if url.starts_with("http://") {
        ":80"
    } else {
        ":443"
    };
    url.strip_suffix(port).unwrap_or(&url).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(name: &str, cluster: &str, server: &str, current: bool) -> ContextRef {
        ContextRef {
            name: name.into(),
            cluster: cluster.into(),
            server: server.into(),
            namespace: String::new(),
            current,
        }
    }

    fn contexts(chosen: &[&str]) -> Contexts {
        Contexts {
            known: vec![
                context("prod-a", "prod", "https://prod:6443", false),
                context("prod-b", "prod", "https://PROD:6443/", false),
                context("dev", "kind", "https://dev", true),
                context("edge-a", "edge", "https://edge:443", false),
            ],
            chosen: chosen.iter().map(|c| (*c).to_owned()).collect(),
            namespace: None,
            absent: None,
        }
    }

    #[test]
    fn destinations_resolve() {
        type Case<'a> = (
            &'a str,
            &'a str,
            &'a [&'a str],
            Option<&'a str>,
            Result<&'a str, &'a str>,
        );
        let cases: &[Case<'_>] = &[
            ("https://dev", "", &[], None, Ok("dev")),
            ("https://edge/", "", &[], None, Ok("edge-a")),
            ("", "prod-b", &[], None, Ok("prod-b")),
            ("", "kind", &[], None, Ok("dev")),
            ("https://prod:6443", "", &[], None, Err("several")),
            (
                "https://prod:6443",
                "",
                &["prod-b", "prod-a"],
                None,
                Ok("prod-b"),
            ),
            ("https://prod:6443", "", &["dev"], None, Err("several")),
            (
                "https://prod:6443",
                "",
                &["prod-a", "prod-b"],
                Some("prod-b"),
                Ok("prod-b"),
            ),
            // A flag is not ignored.
            (
                "https://prod:6443",
                "",
                &["prod-a"],
                Some("prod-b"),
                Ok("prod-a"),
            ),
            (
                "https://prod:6443",
                "",
                &["dev"],
                Some("prod-b"),
                Ok("prod-b"),
            ),
            ("", "prod", &["dev", "prod-a"], None, Ok("prod-a")),
            ("https://kubernetes.default.svc", "", &[], None, Ok("dev")),
            (
                "https://kubernetes.default.svc:443/",
                "",
                &["prod-a"],
                None,
                Ok("prod-a"),
            ),
            ("", "in-cluster", &[], Some("edge-a"), Ok("edge-a")),
            ("", "prd", &[], None, Err("is called prd")),
            ("https://elsewhere", "", &[], None, Err("no context")),
            ("", "", &[], None, Err("names no cluster")),
            ("https://dev", "dev", &[], None, Err("both")),
        ];
        for (server, name, chosen, bound, expected) in cases {
            let got = contexts(chosen).resolve(server, name, *bound);
            match (&got, expected) {
                (Ok(r), Ok(context)) => assert_eq!(r.context, *context, "{server} {name}"),
                (Err(p), Err(text)) => assert!(p.summary.contains(text), "{p}"),
                _ => panic!("{server} {name} {chosen:?}: {got:?}"),
            }
        }
    }

    #[test]
    fn in_cluster_is_said() {
        let resolved = contexts(&[]).resolve("https://kubernetes.default.svc", "", None);
        assert!(resolved.unwrap().notice.contains("taken to be context dev"));
        assert_eq!(
            contexts(&[])
                .resolve("https://dev", "", None)
                .unwrap()
                .notice,
            ""
        );
    }

    #[test]
    fn directories_take_one_context() {
        let name = |chosen: &[&str], bound| {
            contexts(chosen)
                .of_directory(bound)
                .map(|c| c.name.clone())
                .map_err(|p| p.summary)
        };
        assert_eq!(name(&[], None).as_deref(), Ok("dev"));
        assert_eq!(name(&["prod-a"], None).as_deref(), Ok("prod-a"));
        let refused = name(&["prod-a"], Some("edge-a")).unwrap_err();
        assert!(
            refused.contains("binds this directory to context edge-a"),
            "{refused}"
        );
        assert!(name(&["prod-a", "dev"], None).is_err());
        assert!(name(&["prod-a", "dev"], Some("dev")).is_ok());
        assert!(
            name(&[], Some("gone"))
                .unwrap_err()
                .contains("no context gone")
        );
        let none = Contexts::default();
        assert!(none.of_directory(None).unwrap_err().causes[0].contains("no kubeconfig"));
    }
}
