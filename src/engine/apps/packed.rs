//! Manifests in memory, kept small: a tree of maps takes eight times the text that it says.

use std::sync::Arc;

use crate::domain::{GroupKind, Gvk, Manifest, ObjectKey, Origin};
use crate::drift::desired::Prepared;
use crate::sync::order::{defines, wave};

use super::content::content_hash;

/// A manifest as compact JSON, with what is asked of it all the time.
#[derive(Clone, Debug)]
pub struct PackedManifest {
    /// Kind and version.
    pub gvk: Gvk,
    /// File, line and column.
    pub origin: Origin,
    json: Box<[u8]>,
}

impl PackedManifest {
    /// Packs a manifest.
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            gvk: manifest.gvk.clone(),
            origin: manifest.origin.clone(),
            json: manifest.value.to_string().into_bytes().into_boxed_slice(),
        }
    }

    /// The manifest, as it was.
    pub fn manifest(&self) -> Manifest {
        Manifest {
            gvk: self.gvk.clone(),
            // The bytes were written from a value, so they parse.
            value: serde_json::from_slice(&self.json)
                .map(Arc::new)
                .unwrap_or_default(),
            origin: self.origin.clone(),
        }
    }
}

/// Packs all of them.
pub(in crate::engine) fn pack(manifests: &[Manifest]) -> Vec<PackedManifest> {
    manifests.iter().map(PackedManifest::new).collect()
}

/// All of them, as they were.
pub(in crate::engine) fn unpack(packed: &[PackedManifest]) -> Vec<Manifest> {
    packed.iter().map(PackedManifest::manifest).collect()
}

/// A manifest that is ready to be compared and sent, packed.
pub(in crate::engine) struct Ready {
    pub key: ObjectKey,
    pub manifest: Arc<PackedManifest>,
    /// Hash of its content.
    pub content: u64,
    /// Whether it is a hook, which is no part of the desired state.
    pub hook: bool,
    /// Its wave.
    pub wave: i32,
    /// The kind that it defines, for a CRD.
    pub defines: Option<Box<GroupKind>>,
}

impl Ready {
    pub fn new(prepared: &Prepared) -> Self {
        let manifest = &prepared.manifest;
        Self {
            key: prepared.key.clone(),
            content: content_hash(&manifest.value),
            hook: prepared.hook,
            wave: wave(|name| manifest.annotation(name)),
            defines: defines(&manifest.value).map(Box::new),
            manifest: Arc::new(PackedManifest::new(manifest)),
        }
    }

    /// As it was, but for the notices.
    pub fn prepared(&self) -> Prepared {
        Prepared {
            key: self.key.clone(),
            manifest: Arc::new(self.manifest.manifest()),
            hook: self.hook,
            notices: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_packed_comes_back_as_it_was() {
        let value = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"text": "line\n\u{1b}\u{2028}", "big": 18446744073709551615u64, "small": 1e-7, "none": null},
        });
        let manifest = Manifest {
            gvk: Gvk::from_api_version("v1", "ConfigMap"),
            value: Arc::new(value),
            origin: Origin::default(),
        };
        let manifests = [manifest];
        assert_eq!(unpack(&pack(&manifests)), manifests);
    }
}
