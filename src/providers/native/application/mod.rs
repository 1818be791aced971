//! One Argo CD `Application` manifest as an App.

use std::path::PathBuf;

use serde_json::Value;

use crate::domain::{
    App, AppId, Destination, DirectoryOptions, IgnoreRule, Manifest, Notice, Problem, ProblemKind,
    Provider, RepoPath, Repository, Revision, Source, SyncOptions,
};
use crate::settings::Binding;
use crate::sync::options::parse_app_options;

use super::destination::Contexts;
use super::fields::{self, place};
use super::repository::RepositoryRef;
use super::{binding, naming};

/// Argo CD's default of `revisionHistoryLimit`.
pub const HISTORY_LIMIT: usize = 10;

/// Where `Application` manifests are read from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Home<'a> {
    /// What stands before the file in places: empty inside the checkout that trueup was started in, else a path or
    /// URL.
    pub prefix: &'a str,
    /// The repository that the files are in, if they are in one.
    pub repository: Option<&'a RepositoryRef>,
    /// The config file's bindings.
    pub bindings: &'a [Binding],
}

/// Reads an `Application`. What cannot be honoured is among the App's problems; it is then neither compared nor synced.
///
/// # Errors
/// There is no App to show: it is another version, or has no usable name.
pub fn application(
    manifest: &Manifest,
    contexts: &Contexts,
    home: &Home<'_>,
) -> Result<App, Problem> {
    let at = |pointer: &str| place(manifest, home.prefix, pointer);
    if manifest.gvk.version != "v1alpha1" {
        return Err(Problem::new(
            ProblemKind::Unsupported,
            format!(
                "Applications of {} are not known",
                manifest.gvk.api_version()
            ),
        )
        .at(at("/apiVersion"))
        .hint("Argo CD's is argoproj.io/v1alpha1."));
    }
    let name = manifest.name();
    if !naming::is_usable(name) {
        return Err(
            Problem::new(ProblemKind::Invalid, "the Application has no usable name")
                .at(at("/metadata/name"))
                .hint("Names are of lower-case letters, digits, `-` and `.`, 253 at most."),
        );
    }
    let found = fields::check(manifest, home.prefix);
    let mut app = App {
        id: AppId {
            provider: Provider::Native,
            name: name.to_owned(),
            ..AppId::default()
        },
        project: String::new(),
        source: Source {
            repository: Repository::Remote(String::new()),
            revision: Revision::Head,
            path: RepoPath::root(),
            directory: DirectoryOptions::default(),
        },
        destination: Destination::default(),
        sync: SyncOptions::default(),
        ignore: Vec::new(),
        history_limit: HISTORY_LIMIT,
        discovered: false,
        orphaned: false,
        defined_at: at(""),
        notices: found.notices,
        problems: found.problems,
    };
    let spec = Spec {
        manifest,
        prefix: home.prefix,
        value: manifest.value.get("spec").unwrap_or(&Value::Null),
    };
    spec.read_destination(&mut app, contexts, home);
    spec.read_source(&mut app);
    spec.read_policies(&mut app);
    Ok(app)
}

struct Spec<'m> {
    manifest: &'m Manifest,
    prefix: &'m str,
    value: &'m Value,
}

impl Spec<'_> {
    fn place(&self, pointer: &str) -> String {
        place(self.manifest, self.prefix, pointer)
    }

    fn read_destination(&self, app: &mut App, contexts: &Contexts, home: &Home<'_>) {
        let destination = self.value.get("destination").unwrap_or(&Value::Null);
        let namespace = text(destination, "namespace");
        let at = self.place("/spec/destination");
        if namespace.is_empty() {
            app.notices.push(Notice {
                place: at.clone(),
                text: "`spec.destination.namespace` is not set: objects without a namespace, and \
                       the App's record, go to `default`"
                    .to_owned(),
            });
        }
        let namespace = if namespace.is_empty() {
            "default"
        } else {
            namespace
        };
        let bound = home.repository.and_then(|repository| {
            let directory = self.manifest.origin.file.parent().unwrap_or_default();
            binding::of(home.bindings, repository, &directory)?
                .context
                .as_deref()
        });
        let server = text(destination, "server");
        match contexts.resolve(server, text(destination, "name"), bound) {
            Ok(resolved) => {
                if !resolved.notice.is_empty() {
                    app.notices.push(Notice {
                        place: at,
                        text: resolved.notice,
                    });
                }
                app.destination.context = resolved.context;
            }
            Err(problem) if problem.place.is_empty() => app.problems.push(problem.at(at)),
            Err(problem) => app.problems.push(problem),
        }
        app.destination.namespace = namespace.to_owned();
        app.id.context = app.destination.context.clone();
        app.id.namespace = app.destination.namespace.clone();
    }

    fn read_source(&self, app: &mut App) {
        let (source, pointer) = match self.value.get("sources").and_then(Value::as_array) {
            Some(sources) if !sources.is_empty() => {
                if sources.len() > 1 {
                    app.problems.push(
                        Problem::new(
                            ProblemKind::Unsupported,
                            "`spec.sources` cannot be honoured",
                        )
                        .at(self.place("/spec/sources"))
                        .because("several sources are not rendered together by this release"),
                    );
                }
                (&sources[0], "/spec/sources/0")
            }
            _ => (
                self.value.get("source").unwrap_or(&Value::Null),
                "/spec/source",
            ),
        };
        let url = text(source, "repoURL").trim();
        match repository(url) {
            Ok(repository) => app.source.repository = repository,
            Err(problem) => app
                .problems
                .push(problem.at(self.place(&format!("{pointer}/repoURL")))),
        }
        // Unlike what a person types, `worktree` is the name of a branch here.
        app.source.revision = match text(source, "targetRevision").trim() {
            "" | "HEAD" => Revision::Head,
            name => Revision::Named(name.to_owned()),
        };
        let path_at = || self.place(&format!("{pointer}/path"));
        match text(source, "path") {
            "" if source.get("chart").is_none_or(Value::is_null) => app.problems.push(
                Problem::new(ProblemKind::Invalid, "the source has no path")
                    .at(path_at())
                    .hint("Use `.` for the root of the repository."),
            ),
            path => match RepoPath::parse(path) {
                Ok(path) => app.source.path = path,
                Err(problem) => app.problems.push(problem.at(path_at()).because(path)),
            },
        }
        let directory = source.get("directory").unwrap_or(&Value::Null);
        app.source.directory = DirectoryOptions {
            recurse: directory.get("recurse") == Some(&Value::Bool(true)),
            include: text(directory, "include").to_owned(),
            exclude: text(directory, "exclude").to_owned(),
        };
    }

    fn read_policies(&self, app: &mut App) {
        let project = text(self.value, "project");
        app.project = if project.is_empty() {
            "default".to_owned()
        } else {
            project.to_owned()
        };
        let options = self.value.pointer("/syncPolicy/syncOptions");
        let (sync, notices) = parse_app_options(&texts(options));
        app.sync = sync;
        let at = self.place("/spec/syncPolicy/syncOptions");
        app.notices.extend(notices.into_iter().map(|notice| Notice {
            place: at.clone(),
            text: format!("`spec.syncPolicy.syncOptions`: {}", notice.text),
        }));
        if let Some(limit) = self
            .value
            .get("revisionHistoryLimit")
            .and_then(Value::as_u64)
        {
            app.history_limit = usize::try_from(limit).unwrap_or(usize::MAX);
        }
        let rules = self.value.get("ignoreDifferences");
        app.ignore = rules
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|rule| IgnoreRule {
                group: text(rule, "group").to_owned(),
                kind: text(rule, "kind").to_owned(),
                name: text(rule, "name").to_owned(),
                namespace: text(rule, "namespace").to_owned(),
                json_pointers: texts(rule.get("jsonPointers")),
                managers: texts(rule.get("managedFieldsManagers")),
            })
            .collect();
        for (i, rule) in app.ignore.iter().enumerate() {
            let pointer = format!("/spec/ignoreDifferences/{i}");
            for written in rule.json_pointers.iter().filter(|p| !p.starts_with('/')) {
                app.problems.push(
                    Problem::new(
                        ProblemKind::Invalid,
                        format!("`{written}` is not a JSON pointer"),
                    )
                    .at(self.place(&format!("{pointer}/jsonPointers")))
                    .hint("JSON pointers begin with `/`, as in /spec/replicas."),
                );
            }
            if rule.kind.is_empty() {
                app.problems.push(
                    Problem::new(ProblemKind::Invalid, "the rule names no kind")
                        .at(self.place(&pointer))
                        .hint("Set `kind`; `*` means any."),
                );
            }
        }
    }
}

/// Whether a source's repository is the one that is meant, under whatever URL.
pub fn names(repository: &Repository, meant: &RepositoryRef) -> bool {
    match repository {
        Repository::Local(path) => meant.is_named_by(&path.to_string_lossy()),
        Repository::Remote(url) => meant.is_named_by(url),
    }
}

/// The repository that a `repoURL` names.
fn repository(url: &str) -> Result<Repository, Problem> {
    let invalid = |summary: &str| Err(Problem::new(ProblemKind::Invalid, summary));
    if url.is_empty() {
        return invalid("the source has no repoURL");
    }
    if url.starts_with("oci://") {
        return Err(
            Problem::new(ProblemKind::Unsupported, "`repoURL` cannot be honoured")
                .because("OCI artifacts are not read by this release"),
        );
    }
    if let Some(path) = crate::git::file_path(url) {
        return Ok(Repository::Local(path));
    }
    if url.starts_with('/') {
        return Ok(Repository::Local(PathBuf::from(url)));
    }
    let scp_like = url
        .split_once(':')
        .is_some_and(|(host, path)| !host.is_empty() && !host.contains('/') && !path.is_empty());
    if url.contains("://") || scp_like {
        return Ok(Repository::Remote(url.to_owned()));
    }
    Err(Problem::new(
        ProblemKind::Invalid,
        "the repoURL is neither a URL nor an absolute path",
    )
    .because(url.to_owned())
    .hint("Argo CD takes https, ssh and scp-like URLs."))
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
