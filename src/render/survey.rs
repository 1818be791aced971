//! What a directory directly holds, for those who look for Apps.

use crate::domain::{EntryKind, Manifest, Notice, Problem, RepoPath, Result, Tree};

use super::directory;
use super::file::Format;
use super::tool::Tool;

/// What a directory directly holds; nothing in it is about its subdirectories but their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// How many objects it holds, Argo CD Applications not counted.
    pub n_manifests: usize,
    /// Argo CD's `Application` manifests.
    pub applications: Vec<Manifest>,
    /// The tool that its files are written for, with the name of the file that tells.
    pub tool: Option<(Tool, String)>,
    /// Names of its Jsonnet files.
    pub jsonnet: Vec<String>,
    /// Names of its subdirectories; links to directories are not among them.
    pub directories: Vec<String>,
    /// Names of its submodules.
    pub submodules: Vec<String>,
    /// What is wrong with its manifests, as rendering it would tell.
    pub problems: Vec<Problem>,
    /// What rendering it would mention.
    pub notices: Vec<Notice>,
}

/// Looks into a directory, not below it.
///
/// # Errors
/// There is no such directory, or it cannot be listed. What is wrong with single files is in the result.
pub fn survey(tree: &dyn Tree, dir: &RepoPath) -> Result<Survey> {
    let dir = directory::resolve(tree, dir)?;
    let entries = tree.list(&dir)?;
    let names = |wanted: &dyn Fn(EntryKind, &str) -> bool| -> Vec<String> {
        entries
            .iter()
            .filter(|e| wanted(e.kind, &e.name))
            .map(|e| e.name.clone())
            .collect()
    };
    let rendered = directory::plain(tree, &dir, &entries);
    let (applications, manifests): (Vec<_>, Vec<_>) =
        rendered.manifests.into_iter().partition(is_application);
    Ok(Survey {
        n_manifests: manifests.len(),
        applications,
        tool: Tool::of(&entries).map(|(tool, name)| (tool, name.to_owned())),
        jsonnet: names(&|kind, name| {
            kind == EntryKind::File && Format::of(name) == Some(Format::Jsonnet)
        }),
        directories: names(&|kind, _| kind == EntryKind::Directory),
        submodules: names(&|kind, _| kind == EntryKind::Submodule),
        problems: rendered.problems,
        notices: rendered.notices,
    })
}

/// Whether a manifest defines an App rather than something to deploy.
pub fn is_application(manifest: &Manifest) -> bool {
    manifest.gvk.group == "argoproj.io" && manifest.gvk.kind == "Application"
}
