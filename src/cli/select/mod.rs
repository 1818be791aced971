//! Which Apps and objects the words on the command line mean.

use std::path::Path;
use std::sync::Arc;

use crate::domain::near::nearest;
use crate::domain::{ObjectKey, Problem, ProblemKind, Repository};
use crate::engine::{AppState, AppView, Snapshot};
use crate::settings::pattern::{is_glob, matches_name};

/// The Apps that words mean: `NAME`, `NAMESPACE/NAME`, `CONTEXT/NAMESPACE/NAME`, a pattern of these with `*`, or the
/// directory of a discovered App, absolute or from `here` or from the root of its repository. Each App once, in the
/// order of the words.
///
/// # Errors
/// A word that means none, or one without `*` that means several; a Problem for each such word.
pub fn apps(
    snapshot: &Snapshot,
    words: &[String],
    here: &Path,
) -> Result<Vec<Arc<AppView>>, Vec<Problem>> {
    let mut chosen: Vec<Arc<AppView>> = Vec::new();
    let mut problems = Vec::new();
    for word in words {
        let found = meant(snapshot, word, here);
        match found.as_slice() {
            [] => problems.push(unknown(snapshot, word, here)),
            [_, _, ..] if !is_glob(word) => problems.push(ambiguous(word, &found)),
            _ => {
                for app in found {
                    if !chosen.iter().any(|a| a.app.id == app.app.id) {
                        chosen.push(Arc::clone(app));
                    }
                }
            }
        }
    }
    if problems.is_empty() {
        Ok(chosen)
    } else {
        Err(problems)
    }
}

/// All Apps, or all but those that are merely available.
pub fn all(snapshot: &Snapshot, available: bool) -> Vec<Arc<AppView>> {
    let wanted = |app: &&Arc<AppView>| available || app.state != AppState::Available;
    snapshot.apps.iter().filter(wanted).cloned().collect()
}

/// The one App that a word means.
///
/// # Errors
/// None, or several.
pub fn app(snapshot: &Snapshot, word: &str, here: &Path) -> Result<Arc<AppView>, Problem> {
    match meant(snapshot, word, here).as_slice() {
        [app] => Ok(Arc::clone(app)),
        [] => Err(unknown(snapshot, word, here)),
        several => Err(ambiguous(word, several)),
    }
}

fn meant<'s>(snapshot: &'s Snapshot, word: &str, here: &Path) -> Vec<&'s Arc<AppView>> {
    let which = |wanted: &dyn Fn(&AppView) -> bool| -> Vec<&'s Arc<AppView>> {
        snapshot.apps.iter().filter(|view| wanted(view)).collect()
    };
    let by_name = which(&|view| is_named(view, word));
    if !by_name.is_empty() {
        return by_name;
    }
    if let Ok(directory) = here.join(word).canonicalize() {
        let found = which(&|view| {
            let root = match &view.app.source.repository {
                Repository::Local(root) => root,
                Repository::Remote(_) => return false,
            };
            view.app.discovered
                && directory
                    .strip_prefix(root)
                    .is_ok_and(|inside| is_path(view, inside))
        });
        if !found.is_empty() {
            return found;
        }
    }
    let directory = word.trim_start_matches("./").trim_end_matches('/');
    which(&|view| {
        !directory.is_empty() && view.app.discovered && is_path(view, Path::new(directory))
    })
}

fn is_path(view: &AppView, directory: &Path) -> bool {
    !directory.as_os_str().is_empty() && Path::new(view.app.source.path.as_str()) == directory
        || directory.as_os_str().is_empty() && view.app.source.path.is_root()
}

/// Whether a word names an App, part by part from its end: the name, its namespace, its context, which may itself hold
/// slashes. A wildcard stays within its part.
fn is_named(view: &AppView, word: &str) -> bool {
    let id = &view.app.id;
    let mut parts = word.rsplitn(3, '/');
    let has = [&id.name, &id.namespace, &id.context];
    has.into_iter().all(|has| match parts.next() {
        None => true,
        Some(part) if is_glob(part) => matches_name(part, has),
        Some(part) => part == has,
    })
}

fn unknown(snapshot: &Snapshot, word: &str, here: &Path) -> Problem {
    let problem = Problem::new(ProblemKind::NotFound, format!("there is no App {word}"));
    let names: Vec<&str> = snapshot
        .apps
        .iter()
        .map(|a| a.app.id.name.as_str())
        .collect();
    let last = word.rsplit('/').next().unwrap_or(word);
    match nearest(last, names.iter().copied()) {
        Some(near) => problem.hint(format!("Did you mean {near}?")),
        None if word.contains('/') && here.join(word).is_dir() => problem.hint(
            "This directory is no App of the sources looked at: go there, or name it with --source.",
        ),
        None if names.is_empty() => problem.hint("No Apps were found at all."),
        None => problem.hint("`trueup apps` lists what there is."),
    }
}

fn ambiguous(word: &str, found: &[&Arc<AppView>]) -> Problem {
    let names: Vec<String> = found.iter().map(|a| a.app.id.to_string()).collect();
    Problem::new(ProblemKind::Config, format!("{word} means several Apps"))
        .because(names.join(", "))
        .hint("Write CONTEXT/NAMESPACE/NAME, or a pattern such as `*/NAME` for all of them.")
}

/// What `--resource` names: `[group/]Kind/[namespace/]name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    /// API group; `None`: any.
    pub group: Option<String>,
    /// Kind, in any case.
    pub kind: String,
    /// Namespace; `None`: any.
    pub namespace: Option<String>,
    /// Name, with `*` or without.
    pub name: String,
}

impl ResourcePattern {
    /// Reads `[group/]Kind/[namespace/]name`. Of three parts the first is a Kind when it begins with a capital, as
    /// kinds do and groups do not.
    ///
    /// # Errors
    /// It has not two to four parts, or an empty one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let some = |part: &str| Some(part.to_owned());
        let is_kind = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
        if parts.iter().any(|part| part.is_empty()) {
            return Err(format!("`{text}` has an empty part"));
        }
        let (group, kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (None, *kind, None, *name),
            [kind, namespace, name] if is_kind(kind) => (None, *kind, some(namespace), *name),
            [group, kind, name] => (some(group), *kind, None, *name),
            [group, kind, namespace, name] => (some(group), *kind, some(namespace), *name),
            _ => {
                return Err(format!(
                    "`{text}` is not [group/]Kind/[namespace/]name, as in Deployment/web"
                ));
            }
        };
        Ok(Self {
            group,
            kind: kind.to_owned(),
            namespace,
            name: name.to_owned(),
        })
    }

    /// Whether an object is meant.
    pub fn matches(&self, key: &ObjectKey) -> bool {
        let is = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|w| w == has);
        is(&self.group, &key.group)
            && self.kind.eq_ignore_ascii_case(&key.kind)
            && is(&self.namespace, &key.namespace)
            && matches_name(&self.name, &key.name)
    }
}

impl std::fmt::Display for ResourcePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let namespace = self.namespace.as_deref();
        let parts = [
            self.group.as_deref(),
            Some(&self.kind),
            namespace,
            Some(&self.name),
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join("/"))
    }
}

/// The objects of Apps that `--resource` names.
///
/// # Errors
/// One that names no object of these Apps; a Problem for each.
pub fn objects(
    apps: &[Arc<AppView>],
    patterns: &[ResourcePattern],
) -> Result<Vec<(crate::domain::AppId, ObjectKey)>, Vec<Problem>> {
    let mut chosen = Vec::new();
    let mut problems = Vec::new();
    for pattern in patterns {
        let before = chosen.len();
        let mut kinds: Vec<&str> = Vec::new();
        for app in apps {
            for object in &app.objects {
                let key = &object.drift.key;
                if pattern.matches(key) {
                    let one = (app.app.id.clone(), key.clone());
                    if !chosen.contains(&one) {
                        chosen.push(one);
                    }
                    kinds.clear();
                } else {
                    kinds.push(&key.kind);
                }
            }
        }
        let is_found = chosen.len() > before || chosen.iter().any(|(_, key)| pattern.matches(key));
        if !is_found {
            let what = format!("no object of these Apps is {pattern}");
            let mut problem = Problem::new(ProblemKind::NotFound, what);
            if let Some(kind) = nearest(&pattern.kind, kinds)
                && !kind.eq_ignore_ascii_case(&pattern.kind)
            {
                problem = problem.hint(format!("Did you mean the kind {kind}?"));
            }
            problems.push(
                problem
                    .hint("--resource takes [group/]Kind/[namespace/]name, as in Deployment/web.")
                    .hint("`trueup diff -o json` lists the objects of an App."),
            );
        }
    }
    if problems.is_empty() {
        Ok(chosen)
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests;
