//! What can be deployed from a repository: the `Application` manifests in it, and each directory that directly holds
//! manifests.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::{
    App, AppId, Destination, DirectoryOptions, Entry, EntryKind, Manifest, Notice, Problem,
    Provider, RepoPath, Revision, Source, SyncOptions, Tree,
};
use crate::render::{Rendered, Tool, is_application};
use crate::settings::Binding;

use super::application::{self, HISTORY_LIMIT, Home, application};
use super::destination::Contexts;
use super::repository::RepositoryRef;
use super::{binding, fields, naming, skip};

/// How deep directories are searched; deeper ones are a notice.
const MAX_DEPTH: usize = 32;

/// The most that is read of a file to tell whether it was meant to be a manifest.
const MAX_BROKEN: u64 = 1 << 20;

/// What is needed to make Apps of what is found.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The repository.
    pub repository: &'a RepositoryRef,
    /// What stands before files in places. See [`Home::prefix`].
    pub prefix: &'a str,
    /// The revision that discovered Apps follow.
    pub revision: &'a Revision,
    /// The kubeconfig.
    pub contexts: &'a Contexts,
    /// The config file's bindings.
    pub bindings: &'a [Binding],
    /// Apps that are known from elsewhere (`--apps`): directories that they deploy are not also discovered.
    pub known: &'a [App],
}

/// What a repository offers.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Apps, written and discovered, by the place in the repository.
    pub apps: Vec<App>,
    /// Directories that hold something not supported, and the like.
    pub notices: Vec<Notice>,
    /// `Application` manifests that are not Apps, and directories that could not be read.
    pub problems: Vec<Problem>,
}

/// Searches a tree. `render` reads the manifests directly in a directory, as [`crate::render::directory`] does without
/// options; `ignored` says of a path, and whether it is a directory, whether Git ignores it.
pub fn discover(
    tree: &dyn Tree,
    render: &dyn Fn(&RepoPath) -> Rendered,
    ignored: &dyn Fn(&RepoPath, bool) -> bool,
    around: &Surroundings<'_>,
) -> Found {
    let mut search = Search {
        tree,
        render,
        ignored,
        around,
        found: Found::default(),
        candidates: Vec::new(),
    };
    search.directory(&RepoPath::root(), 0);
    search.finish()
}

/// The Apps among manifests that are given as such (`--apps`). What is no `Application` is a notice.
pub fn written(manifests: &[Manifest], contexts: &Contexts, home: &Home<'_>) -> Found {
    let mut found = Found::default();
    for manifest in manifests {
        if !is_application(manifest) {
            found.notices.push(Notice {
                place: fields::place(manifest, home.prefix, ""),
                text: format!("{} is not an Application", manifest.gvk),
            });
            continue;
        }
        match application(manifest, contexts, home) {
            Ok(app) => found.apps.push(app),
            Err(problem) => found.problems.push(problem),
        }
    }
    found
}

struct Search<'a> {
    tree: &'a dyn Tree,
    render: &'a dyn Fn(&RepoPath) -> Rendered,
    ignored: &'a dyn Fn(&RepoPath, bool) -> bool,
    around: &'a Surroundings<'a>,
    found: Found,
    candidates: Vec<RepoPath>,
}

impl Search<'_> {
    fn directory(&mut self, directory: &RepoPath, depth: usize) {
        let entries = match self.tree.list(directory) {
            Ok(entries) => entries,
            Err(problem) => return self.found.problems.push(problem),
        };
        let is_chart = |e: &Entry| e.kind != EntryKind::Directory && skip::is_chart(&e.name);
        if entries.iter().any(is_chart) {
            // Below a chart are templates and other charts.
            return self.notice(
                directory,
                "a Helm chart, which this release does not render",
            );
        }
        if Tool::of(&entries).is_some() {
            self.notice(
                directory,
                "a kustomization, which this release does not render",
            );
        } else {
            self.look_into(directory, &entries);
        }
        for entry in &entries {
            let path = directory.entry(&entry.name);
            match entry.kind {
                EntryKind::Directory => {
                    if skip::is_skipped(&entry.name) || (self.ignored)(&path, true) {
                        continue;
                    }
                    if depth >= MAX_DEPTH {
                        self.notice(&path, "too deep to be searched");
                        continue;
                    }
                    self.directory(&path, depth + 1);
                }
                EntryKind::Submodule if !skip::is_skipped(&entry.name) => {
                    self.notice(&path, "a submodule, whose files are not in this repository");
                }
                _ => {}
            }
        }
    }

    fn look_into(&mut self, directory: &RepoPath, entries: &[Entry]) {
        let rendered = (self.render)(directory);
        let manifests: Vec<&Manifest> = rendered
            .manifests
            .iter()
            .filter(|m| !(self.ignored)(&m.origin.file, false))
            .collect();
        for manifest in manifests.iter().filter(|m| is_application(m)) {
            let home = Home {
                prefix: self.around.prefix,
                repository: Some(self.around.repository),
                bindings: self.around.bindings,
            };
            match application(manifest, self.around.contexts, &home) {
                Ok(app) => self.found.apps.push(app),
                Err(problem) => self.found.problems.push(problem),
            }
        }
        let is_broken = || !rendered.problems.is_empty() && self.holds_broken(directory, entries);
        if manifests.iter().any(|m| is_object(m)) || is_broken() {
            self.candidates.push(directory.clone());
        } else {
            // With no manifest beside it, a file that cannot be read is most likely not meant to be one.
            for problem in rendered.problems {
                self.found.notices.push(Notice {
                    place: problem.place.clone(),
                    text: Problem {
                        place: String::new(),
                        ..problem
                    }
                    .to_string(),
                });
            }
        }
    }

    /// Whether one of the files was meant to be a manifest, though none can be read as one. An App must not vanish
    /// because of a slip in its only file.
    fn holds_broken(&self, directory: &RepoPath, entries: &[Entry]) -> bool {
        entries
            .iter()
            .filter(|e| e.kind == EntryKind::File && is_manifest_name(&e.name))
            .map(|e| directory.entry(&e.name))
            .filter(|path| !(self.ignored)(path, false))
            .filter_map(|path| self.tree.read(&path, MAX_BROKEN).ok())
            .any(|bytes| is_meant(&String::from_utf8_lossy(&bytes)))
    }

    fn finish(self) -> Found {
        let Self {
            around,
            mut found,
            candidates,
            ..
        } = self;
        let repository = around.repository;
        let deployed = |directory: &RepoPath| {
            found.apps.iter().chain(around.known).any(|app| {
                let source = &app.source;
                let here = source.repository == repository.repository
                    || application::names(&source.repository, repository);
                let covered = *directory == source.path
                    || (source.directory.recurse && directory.is_within(&source.path));
                !app.discovered && here && covered
            })
        };
        let directories: Vec<RepoPath> = candidates.into_iter().filter(|d| !deployed(d)).collect();
        let taken: BTreeSet<String> = found.apps.iter().map(|a| a.id.name.clone()).collect();
        let names = naming::of_directories(&directories, &repository.name(), &taken);
        for directory in &directories {
            let name = names.get(directory).cloned().unwrap_or_default();
            found.apps.push(discovered(directory, name, around));
        }
        found
    }

    fn notice(&mut self, directory: &RepoPath, text: &str) {
        self.found.notices.push(Notice {
            place: directory.to_string(),
            text: text.to_owned(),
        });
    }
}

/// The App of a directory that holds manifests.
pub fn discovered(directory: &RepoPath, name: String, around: &Surroundings<'_>) -> App {
    let binding = binding::of(around.bindings, around.repository, directory);
    let mut problems = Vec::new();
    let context = around
        .contexts
        .of_directory(binding.and_then(|b| b.context.as_deref()));
    let (context, own_namespace) = match context {
        Ok(context) => (context.name.clone(), context.namespace.clone()),
        Err(problem) => {
            problems.push(match problem.place.is_empty() {
                true => problem.at(directory.to_string()),
                false => problem,
            });
            (String::new(), String::new())
        }
    };
    let namespace = binding
        .and_then(|b| b.namespace.clone())
        .or_else(|| around.contexts.namespace.clone())
        .or(Some(own_namespace))
        .filter(|n| !n.is_empty())
        .unwrap_or_else(|| "default".to_owned());
    App {
        id: AppId {
            context: context.clone(),
            provider: Provider::Native,
            namespace: namespace.clone(),
            name,
        },
        project: "default".to_owned(),
        source: Source {
            repository: around.repository.repository.clone(),
            revision: around.revision.clone(),
            path: directory.clone(),
            directory: DirectoryOptions::default(),
        },
        destination: Destination { context, namespace },
        sync: SyncOptions::default(),
        ignore: Vec::new(),
        history_limit: HISTORY_LIMIT,
        discovered: true,
        orphaned: false,
        defined_at: String::new(),
        notices: Vec::new(),
        problems,
    }
}

fn is_manifest_name(name: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Whether a text says `apiVersion` and `kind` as a manifest does. Templates do as well, and are none.
fn is_meant(text: &str) -> bool {
    let says = |field: &str| {
        text.lines().any(|line| {
            let line = line.trim_start_matches(['{', ' ', '"']);
            let rest = line.strip_prefix(field);
            rest.is_some_and(|rest| rest.trim_start_matches('"').starts_with(':'))
        })
    };
    let is_template = ["{{", "{%", "<%"].iter().any(|mark| text.contains(mark));
    !is_template && says("apiVersion") && says("kind")
}

/// Whether a document says a name. One of another type (`name: no`) is a slip that the App tells of.
pub fn is_named(document: &Value) -> bool {
    let says = |field: &str| {
        let said = document.pointer(field);
        said.is_some_and(|name| !name.is_null() && name.as_str() != Some(""))
    };
    says("/metadata/name") || says("/metadata/generateName")
}

/// Whether a document is an object of a cluster: neither an App nor the configuration of some program, and with a
/// name.
fn is_object(manifest: &Manifest) -> bool {
    let group = manifest.gvk.group.as_str();
    let is_kubeconfig = group.is_empty() && manifest.gvk.kind == "Config";
    !is_application(manifest)
        && !is_kubeconfig
        && !skip::CONFIG_GROUPS.contains(&group)
        && is_named(&manifest.value)
}

#[cfg(test)]
mod tests;
