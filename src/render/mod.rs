//! From a [`Tree`](crate::domain::Tree) and a source to manifests: YAML as Kubernetes reads it, directories as Argo CD
//! does. Reads files only through the tree; knows nothing of repositories, clusters or screens.

mod directory;
mod file;
mod glob;
mod survey;
mod tool;

#[cfg(test)]
mod tests;

pub use directory::directory;
pub use survey::{Survey, is_application, survey};
pub use tool::Tool;

use crate::domain::{Manifest, Notice, Problem};
use crate::yaml;

/// What came of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The objects, in the order in which Argo CD reads them: files by path, documents by place.
    pub manifests: Vec<Manifest>,
    /// What could not be rendered faithfully. Not empty: `manifests` is incomplete and must not be synced or pruned by.
    pub problems: Vec<Problem>,
    /// What a person should know of and that changes nothing: files that were ignored, keys given twice.
    pub notices: Vec<Notice>,
}

/// The objects as one YAML stream, in the given order.
pub fn stream(manifests: &[Manifest]) -> String {
    let texts: Vec<String> = manifests.iter().map(|m| yaml::emit(&m.value)).collect();
    texts.join("---\n")
}
