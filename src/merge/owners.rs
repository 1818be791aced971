//! Who owns which fields of a live object.

use crate::domain::{FieldPath, Owner, Value};

use super::FieldSet;

/// The field manager under which trueup applies.
pub const MANAGER: &str = "trueup";

/// The annotation in which `kubectl apply` keeps what it last sent, Secrets' values included.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Programs that apply whole manifests, by field manager, with the name that a person knows. Whoever else changed an
/// object (`kubectl-edit`, an autoscaler) did not state it whole: those fields stay theirs.
pub const FORMER_APPLIERS: [(&str, &str); 8] = [
    ("kubectl-client-side-apply", "kubectl apply"),
    ("kubectl-create", "kubectl create"),
    ("kubectl", "kubectl apply --server-side"),
    ("helm", "Helm"),
    ("argocd-controller", "Argo CD"),
    ("kustomize-controller", "Flux (Kustomization)"),
    ("helm-controller", "Flux (HelmRelease)"),
    (
        "before-first-apply",
        "whoever made it before its first server-side apply",
    ),
];

/// Whether a manager is one of [`FORMER_APPLIERS`], whose fields trueup takes over when it adopts an object.
pub fn is_former_applier(manager: &str) -> bool {
    FORMER_APPLIERS.iter().any(|(name, _)| *name == manager)
}

/// One entry of `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedEntry {
    /// Who.
    pub owner: Owner,
    /// The version of the kind in whose terms `fields` are.
    pub api_version: String,
    /// What.
    pub fields: FieldSet,
}

impl ManagedEntry {
    /// Whether this is what trueup applied. An update under its name is somebody's hand (`kubectl patch
    /// --field-manager=trueup`): no sync takes such a field away.
    pub fn is_ours(&self) -> bool {
        self.owner.manager == MANAGER && self.owner.apply && self.owner.subresource.is_empty()
    }

    /// Whether it was written through the status subresource, which no sync touches.
    pub fn is_status(&self) -> bool {
        self.owner.subresource == "status"
    }
}

/// The entries of an object's `metadata.managedFields`. An entry whose fields can't be read is left out: the server
/// writes them itself, so this is another format than `FieldsV1`.
pub fn managed(object: &Value) -> Vec<ManagedEntry> {
    let entries = object
        .get("metadata")
        .and_then(|m| m.get("managedFields"))
        .and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(entry_of).collect()
}

fn entry_of(entry: &Value) -> Option<ManagedEntry> {
    let text = |field| entry.get(field).and_then(Value::as_str).unwrap_or_default();
    Some(ManagedEntry {
        owner: Owner {
            manager: text("manager").to_owned(),
            apply: text("operation") == "Apply",
            subresource: text("subresource").to_owned(),
            time: text("time").parse().ok(),
        },
        api_version: text("apiVersion").to_owned(),
        fields: FieldSet::parse(entry.get("fieldsV1")?).ok()?,
    })
}

/// Who holds the field: those who own it or something above it as a whole; where nobody does, those who own something
/// below it.
pub fn owners_of(entries: &[ManagedEntry], path: &FieldPath) -> Vec<Owner> {
    let owners = |test: &dyn Fn(&FieldSet) -> bool| -> Vec<Owner> {
        entries
            .iter()
            .filter(|e| test(&e.fields))
            .map(|e| e.owner.clone())
            .collect()
    };
    let exact = owners(&|set| set.covers(path));
    if exact.is_empty() {
        owners(&|set| set.touches(path))
    } else {
        exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn owners_are_found_at_above_and_below() {
        let object = json!({"metadata": {"managedFields": [
            {"manager": "trueup", "operation": "Apply", "apiVersion": "apps/v1", "time": "2026-11-21T12:01:07Z",
             "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:selector": {}, "f:template": {"f:a": {}}}}},
            {"manager": "kubectl", "operation": "Update", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "broken", "operation": "Update", "fieldsV1": {"what": {}}},
        ]}});
        let entries = managed(&object);
        assert_eq!(entries.len(), 2);
        let who = |names: &[&str]| -> Vec<String> {
            owners_of(&entries, &FieldPath::fields(names.iter().copied()))
                .into_iter()
                .map(|o| o.manager)
                .collect()
        };
        assert_eq!(who(&["spec", "replicas"]), ["kubectl"]);
        assert_eq!(who(&["spec", "selector", "x"]), ["trueup"]);
        assert_eq!(who(&["spec", "template"]), ["trueup"]);
        assert_eq!(who(&["spec"]), ["trueup", "kubectl"]);
        assert_eq!(who(&["data"]), Vec::<String>::new());
        assert!(entries[0].owner.apply && entries[0].owner.time.is_some());
        assert_eq!(entries[1].owner.subresource, "scale");
    }
}
