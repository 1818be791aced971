//! Directories as Argo CD reads them.

mod decoder;
mod file;
mod files;

use super::*;
use crate::domain::{DirectoryOptions, MemoryEntry, MemoryTree, ProblemKind, RepoPath, Tree as _};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ";

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn config_map(name: &str) -> String {
    format!("{CONFIG_MAP}{name}\n")
}

/// A tree of files; a name starting with `->` as content is a link, `submodule` a submodule.
fn tree<S: AsRef<str>>(entries: &[(&str, S)]) -> MemoryTree {
    let entry = |content: &str| match (content, content.strip_prefix("->")) {
        ("submodule", _) => MemoryEntry::Submodule,
        (_, Some(target)) => MemoryEntry::Symlink(target.to_owned()),
        (content, None) => content.into(),
    };
    MemoryTree::new(entries.iter().map(|(p, c)| (*p, entry(c.as_ref())))).unwrap()
}

fn render<S: AsRef<str>>(entries: &[(&str, S)]) -> Rendered {
    directory(&tree(entries), &path("app"), &DirectoryOptions::default())
}

fn recursive() -> DirectoryOptions {
    DirectoryOptions {
        recurse: true,
        ..DirectoryOptions::default()
    }
}

fn names(rendered: &Rendered) -> Vec<&str> {
    rendered.manifests.iter().map(Manifest::name).collect()
}

/// Place, summary and causes of each problem, on one line each.
fn problems(rendered: &Rendered) -> Vec<String> {
    rendered.problems.iter().map(ToString::to_string).collect()
}

fn notices(rendered: &Rendered) -> Vec<String> {
    let line = |n: &Notice| format!("{}: {}", n.place, n.text);
    rendered.notices.iter().map(line).collect()
}

fn clean(rendered: &Rendered) {
    assert_eq!(problems(rendered), Vec::<String>::new());
    assert_eq!(notices(rendered), Vec::<String>::new());
}
