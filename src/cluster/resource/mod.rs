//! A kind as one cluster serves it, and the paths of its objects.

pub(super) mod query;
pub(super) mod target;

use crate::domain::{GroupKind, Gvk};
use query::segment;

/// A kind at one version, as discovery describes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The plural that stands in paths.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Verbs that the server has for it.
    pub verbs: Vec<String>,
}

impl Resource {
    /// The kind without version.
    pub fn group_kind(&self) -> GroupKind {
        self.gvk.group_kind()
    }

    /// Path of the collection; an empty namespace means all namespaces. Names are encoded: they can come from anywhere.
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.gvk.group.is_empty() {
            format!("/api/{}", self.gvk.version)
        } else {
            format!("/apis/{}/{}", self.gvk.group, self.gvk.version)
        };
        if self.namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{}/{}", segment(namespace), self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }

    /// Path of one object.
    pub fn object(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), segment(name))
    }
}
