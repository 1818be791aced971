//! Manifests that wait to be prepared (again), kept small: a tree of maps takes eight times the text that it says.

use crate::domain::{Gvk, Manifest, Origin};

/// A manifest as compact JSON.
pub(super) struct Packed {
    gvk: Gvk,
    json: Box<[u8]>,
    origin: Origin,
}

impl Packed {
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            gvk: manifest.gvk.clone(),
            json: manifest.value.to_string().into_bytes().into_boxed_slice(),
            origin: manifest.origin.clone(),
        }
    }

    /// The manifest, as it was.
    pub fn manifest(&self) -> Manifest {
        Manifest {
            gvk: self.gvk.clone(),
            // The bytes were written from a value, so they parse.
            value: serde_json::from_slice(&self.json)
                .map(std::sync::Arc::new)
                .unwrap_or_default(),
            origin: self.origin.clone(),
        }
    }
}

/// Packs all of them.
pub(super) fn pack(manifests: &[Manifest]) -> Vec<Packed> {
    manifests.iter().map(Packed::new).collect()
}

/// All of them, as they were.
pub(super) fn unpack(packed: &[Packed]) -> Vec<Manifest> {
    packed.iter().map(Packed::manifest).collect()
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
            value: std::sync::Arc::new(value),
            origin: Origin::default(),
        };
        let manifests = [manifest];
        assert_eq!(unpack(&pack(&manifests)), manifests);
    }
}
