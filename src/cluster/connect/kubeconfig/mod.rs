//! Kubeconfigs as kubectl reads them: which files, how they are merged, and what contexts they name.
//!
//! Files are read here and nowhere changed. Nothing is run and nobody is asked.

mod file;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

#[cfg(test)]
pub(in crate::cluster) use file::EnvEntry;
pub use file::Secret;
pub(in crate::cluster) use file::{
    AuthProvider, ClusterEntry, ExecEntry, InteractiveMode, UserEntry,
};

use file::File;

use crate::cluster::Environment;
use crate::domain::{Problem, ProblemKind, Result};

/// What the context of a pod's own service account is called.
pub const IN_CLUSTER: &str = "in-cluster";

/// A context, as far as the kubeconfigs tell without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextInfo {
    /// Its name.
    pub name: String,
    /// Name of its cluster entry.
    pub cluster: String,
    /// The API server's URL; empty where it has none.
    pub server: String,
    /// Name of its user entry; may be empty.
    pub user: String,
    /// Its namespace; `default` where it names none.
    pub namespace: String,
    /// Whether it is the current context.
    pub current: bool,
    /// Why it cannot be used at all.
    pub problem: Option<Problem>,
}

/// All kubeconfigs, merged.
#[derive(Clone)]
pub struct Kubeconfigs {
    paths: Vec<PathBuf>,
    contexts: Vec<ContextInfo>,
    clusters: Vec<(String, ClusterEntry)>,
    users: Vec<(String, UserEntry)>,
}

impl fmt::Debug for Kubeconfigs {
    /// Names alone: the entries hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubeconfigs")
            .field("paths", &self.paths)
            .field("contexts", &self.contexts)
            .finish_non_exhaustive()
    }
}

/// What a connection needs of a context.
#[derive(Clone, PartialEq)]
pub(in crate::cluster) struct Entry {
    pub info: ContextInfo,
    pub cluster: ClusterEntry,
    pub user: UserEntry,
}

/// Whether what a URL has for a port is a number. It is none where a password with a slash in it was cut in two.
pub(super) fn has_port(uri: &http::Uri) -> bool {
    let authority = uri.authority();
    authority.is_some_and(|a| a.port_u16().is_some() || a.as_str().ends_with(a.host()))
}

/// A server's URL without its credentials. Of what is no URL all before the last `@` may be one.
pub fn shown_server(server: &str) -> String {
    let (scheme, rest) = match server.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), server),
    };
    let is_url = server.parse::<http::Uri>().is_ok_and(|uri| has_port(&uri));
    let end = match is_url {
        true => rest.find(['/', '?', '#']).unwrap_or(rest.len()),
        false => rest.len(),
    };
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}{host}{path}")
}

impl Kubeconfigs {
    /// Reads what `KUBECONFIG` lists, else `.kube/config` below `home`, else the service account of the pod that this
    /// runs in. Files of a list that do not exist are skipped; of two entries with one name the first wins.
    ///
    /// # Errors
    /// A file that is there and cannot be used, or no context anywhere.
    pub fn load(paths: Option<&OsStr>, home: Option<&Path>) -> Result<Self> {
        Self::load_in(&Environment::of_process(), paths, home)
    }

    /// The kubeconfig that was named for trueup alone (`--kubeconfig`), or [`Kubeconfigs::load`] without one. As with
    /// kubectl, a file that was named so is never stood in for by the service account of a pod.
    ///
    /// # Errors
    /// As [`Kubeconfigs::load`]; a file that was named and is not there.
    pub fn named_or(
        named: Option<&Path>,
        paths: Option<&OsStr>,
        home: Option<&Path>,
    ) -> Result<Self> {
        match named {
            Some(file) if !file.exists() => Err(Problem::new(
                ProblemKind::Config,
                "there is no such kubeconfig",
            )
            .at(file.display().to_string())
            .hint("It was named by --kubeconfig, by TRUEUP_KUBECONFIG or in the config file; without them KUBECONFIG and ~/.kube/config are read.")),
            Some(file) => Self::load(Some(file.as_os_str()), home),
            None => Self::load(paths, home),
        }
    }

    /// [`Kubeconfigs::load`] in an environment of one's own.
    ///
    /// # Errors
    /// As [`Kubeconfigs::load`].
    pub fn load_in(
        environment: &Environment,
        paths: Option<&OsStr>,
        home: Option<&Path>,
    ) -> Result<Self> {
        let listed: Vec<PathBuf> = paths
            .map(|list| std::env::split_paths(list).collect::<Vec<_>>())
            .unwrap_or_default()
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        let candidates = if listed.is_empty() {
            home.map(|home| home.join(".kube").join("config"))
                .into_iter()
                .collect()
        } else {
            listed
        };
        let mut files = Vec::new();
        for path in &candidates {
            if let Some(file) = file::read(path)? {
                files.push((path.clone(), file));
            }
        }
        let merged = Self::merge(files);
        if !merged.contexts.is_empty() {
            return Ok(merged);
        }
        if let Some(pod) = Self::in_cluster(environment) {
            return Ok(pod);
        }
        let problem = if merged.paths.is_empty() {
            let looked = candidates.iter().map(|p| p.display().to_string());
            Problem::new(ProblemKind::Config, "there is no kubeconfig").because(format!(
                "looked for {}",
                looked.collect::<Vec<_>>().join(", ")
            ))
        } else {
            let found = merged.paths.iter().map(|p| p.display().to_string());
            Problem::new(ProblemKind::Config, "the kubeconfig names no context")
                .at(found.collect::<Vec<_>>().join(", "))
        };
        Err(problem
            .hint("Get a kubeconfig from whoever runs the cluster, and save it as ~/.kube/config.")
            .hint("If it is elsewhere, set the KUBECONFIG environment variable to its path."))
    }

    /// The service account of the pod that this runs in; `None` outside of pods.
    pub fn in_cluster(environment: &Environment) -> Option<Self> {
        let host = environment.service_host.as_deref()?;
        let port = environment.service_port.as_deref()?;
        let mount = &environment.service_account;
        let token = mount.join("token");
        token.is_file().then_some(())?;
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let namespace = std::fs::read_to_string(mount.join("namespace")).unwrap_or_default();
        let path = |name: &str| Some(mount.join(name).to_string_lossy().into_owned());
        let cluster = ClusterEntry {
            server: format!("https://{host}:{port}"),
            certificate_authority: path("ca.crt"),
            ..ClusterEntry::default()
        };
        let user = UserEntry {
            token_file: path("token"),
            ..UserEntry::default()
        };
        let info = ContextInfo {
            name: IN_CLUSTER.to_owned(),
            cluster: IN_CLUSTER.to_owned(),
            server: cluster.server.clone(),
            user: IN_CLUSTER.to_owned(),
            namespace: or_default_namespace(namespace.trim()),
            current: true,
            problem: None,
        };
        Some(Self {
            paths: Vec::new(),
            contexts: vec![info],
            clusters: vec![(IN_CLUSTER.to_owned(), cluster)],
            users: vec![(IN_CLUSTER.to_owned(), user)],
        })
    }

    /// All contexts, in the order of the files.
    pub fn contexts(&self) -> &[ContextInfo] {
        &self.contexts
    }

    /// The name of the current context, where it exists.
    pub fn current(&self) -> Option<&str> {
        self.contexts
            .iter()
            .find(|c| c.current)
            .map(|c| c.name.as_str())
    }

    /// One context by its name.
    ///
    /// # Errors
    /// No such context; the hint names those that are there.
    pub fn context(&self, name: &str) -> Result<&ContextInfo> {
        self.contexts
            .iter()
            .find(|c| c.name == name)
            .ok_or_else(|| {
                let known: Vec<&str> = self.contexts.iter().map(|c| c.name.as_str()).collect();
                Problem::no_context(name, &known)
            })
    }

    /// Everything about one context that a connection needs.
    pub(in crate::cluster) fn entry(&self, name: &str) -> Result<Entry> {
        let info = self.context(name)?;
        if let Some(problem) = &info.problem {
            return Err(problem.clone());
        }
        Ok(Entry {
            cluster: find(&self.clusters, &info.cluster)
                .cloned()
                .unwrap_or_default(),
            user: find(&self.users, &info.user).cloned().unwrap_or_default(),
            info: info.clone(),
        })
    }

    fn merge(files: Vec<(PathBuf, File)>) -> Self {
        let mut merged = Self {
            paths: Vec::new(),
            contexts: Vec::new(),
            clusters: Vec::new(),
            users: Vec::new(),
        };
        let mut current = String::new();
        let mut contexts = Vec::new();
        for (path, file) in files {
            merged.paths.push(path);
            if current.is_empty() {
                current = file.current_context;
            }
            let entries = |list| Vec::into_iter(list).map(|n: file::Named<_>| (n.name, n.entry));
            for (name, entry) in entries(file.contexts) {
                add(&mut contexts, name, entry);
            }
            for named in file.clusters {
                add(&mut merged.clusters, named.name, named.entry);
            }
            for named in file.users {
                add(&mut merged.users, named.name, named.entry);
            }
        }
        for (name, context) in contexts {
            let cluster = find(&merged.clusters, &context.cluster);
            let server = cluster.map(|c| c.server.clone()).unwrap_or_default();
            let unusable = |why: String| {
                Problem::new(ProblemKind::Config, "the context cannot be used")
                    .at(name.clone())
                    .because(why)
                    .hint("Correct it in the kubeconfig, or use another context.")
            };
            let problem = if context.cluster.is_empty() {
                Some(unusable("it names no cluster".to_owned()))
            } else if cluster.is_none() {
                Some(unusable(format!(
                    "the kubeconfig has no cluster {:?}",
                    context.cluster
                )))
            } else if server.is_empty() {
                Some(unusable(format!(
                    "the cluster {:?} has no server",
                    context.cluster
                )))
            } else if !context.user.is_empty() && find(&merged.users, &context.user).is_none() {
                // Nobody is not who was meant: kubectl refuses as well.
                Some(unusable(format!(
                    "the kubeconfig has no user {:?}",
                    context.user
                )))
            } else {
                None
            };
            merged.contexts.push(ContextInfo {
                current: name == current,
                cluster: context.cluster,
                server,
                user: context.user,
                namespace: or_default_namespace(&context.namespace),
                problem,
                name,
            });
        }
        merged
    }
}

fn or_default_namespace(text: &str) -> String {
    if text.is_empty() { "default" } else { text }.to_owned()
}

fn find<'e, T>(entries: &'e [(String, T)], name: &str) -> Option<&'e T> {
    entries.iter().find(|e| e.0 == name).map(|e| &e.1)
}

/// Adds an entry unless its name is taken: the first wins.
fn add<T>(entries: &mut Vec<(String, T)>, name: String, entry: T) {
    if find(entries, &name).is_none() {
        entries.push((name, entry));
    }
}
