//! What others added to an object and a sync would leave alone, from `metadata.managedFields`.

use crate::domain::{FieldPath, Foreign, Step, Value};
use crate::merge::{FieldSet, LAST_APPLIED, ManagedEntry, is_former_applier, managed};

use super::{estimate, locate};

/// Fields that Kubernetes' own controllers keep on objects, which nobody added: manager (empty: any) and path.
const OWN_WORK: &[(&str, &[&str])] = &[
    (
        "kube-controller-manager",
        &[
            "metadata",
            "annotations",
            "deployment.kubernetes.io/revision",
        ],
    ),
    (
        "kube-controller-manager",
        &["metadata", "annotations", "pv.kubernetes.io/bind-completed"],
    ),
    (
        "kube-controller-manager",
        &[
            "metadata",
            "annotations",
            "pv.kubernetes.io/bound-by-controller",
        ],
    ),
    (
        "kube-controller-manager",
        &[
            "metadata",
            "annotations",
            "volume.beta.kubernetes.io/storage-provisioner",
        ],
    ),
    (
        "kube-controller-manager",
        &[
            "metadata",
            "annotations",
            "volume.kubernetes.io/storage-provisioner",
        ],
    ),
    (
        "kube-controller-manager",
        &[
            "metadata",
            "annotations",
            "volume.kubernetes.io/selected-node",
        ],
    ),
    (
        "kube-controller-manager",
        &[
            "metadata",
            "annotations",
            "batch.kubernetes.io/cronjob-scheduled-timestamp",
        ],
    ),
    ("kube-controller-manager", &["metadata", "finalizers"]),
    ("kube-controller-manager", &["spec", "volumeName"]),
    ("kube-controller-manager", &["secrets"]),
    (
        "kube-scheduler",
        &[
            "metadata",
            "annotations",
            "volume.kubernetes.io/selected-node",
        ],
    ),
    ("kube-scheduler", &["spec", "nodeName"]),
    ("clusterrole-aggregation-controller", &["rules"]),
    ("", &["metadata", "annotations", LAST_APPLIED]),
];

/// The fields of `live` that others hold, that Git does not state and that `predicted` still has. An addition that
/// somebody made as a whole (a container, a map) is one entry; labels and annotations are one each.
pub fn foreign(
    entries: &[ManagedEntry],
    live: &Value,
    predicted: &Value,
    desired: &Value,
    adopted: bool,
) -> Vec<Foreign> {
    let counts = |e: &&ManagedEntry| {
        // On an object that is not adopted their fields are no additions: they are the object.
        let former = !adopted && is_former_applier(&e.owner.manager);
        !e.is_ours() && !e.is_status() && !former
    };
    let mut out: Vec<Foreign> = Vec::new();
    for entry in entries.iter().filter(counts) {
        let mut search = Search {
            entries,
            entry,
            live,
            predicted,
            desired,
            out: &mut out,
        };
        search.below(&mut FieldPath::default(), &entry.fields);
    }
    // Of several who hold one field the one who changed last is named.
    out.sort_by_key(|f| std::cmp::Reverse(f.owner.time));
    let mut seen = std::collections::HashSet::new();
    out.retain(|f| seen.insert(f.path.clone()));
    out.sort_by_cached_key(|f| f.path.to_string());
    out
}

/// Puts into `predicted` what Kubernetes' own controllers keep on `live`: they write it back at once where it goes.
pub fn keep_own_work(live: &Value, predicted: &mut Value) {
    for entry in managed(live).iter().filter(|e| !e.is_ours()) {
        for (manager, path) in OWN_WORK {
            let path = FieldPath::fields(path.iter().copied());
            let is_theirs = *manager == entry.owner.manager && entry.fields.touches(&path);
            if let (true, Some(value), None) = (is_theirs, path.get(live), path.get(predicted)) {
                estimate::set(predicted, &path.0, value);
            }
        }
    }
}

struct Search<'a> {
    entries: &'a [ManagedEntry],
    entry: &'a ManagedEntry,
    live: &'a Value,
    predicted: &'a Value,
    desired: &'a Value,
    out: &'a mut Vec<Foreign>,
}

impl Search<'_> {
    fn below(&mut self, at: &mut FieldPath, set: &FieldSet) {
        if self.is_own_work(at) {
            return;
        }
        if set.is_member() && (set.is_leaf() || self.is_whole(at)) {
            self.add(at);
            return;
        }
        for (step, below) in set.children() {
            at.0.push(step.clone());
            self.below(at, below);
            at.0.pop();
        }
    }

    /// Whether everything at the path was added by this one manager, so that it reads as one addition.
    fn is_whole(&self, at: &FieldPath) -> bool {
        let keyed_one_by_one =
            matches!(at.0.as_slice(), [Step::Field(m), Step::Field(_)] if m == "metadata");
        let others = |e: &&ManagedEntry| e.owner != self.entry.owner && e.fields.touches(at);
        !keyed_one_by_one
            && self.entries.iter().find(others).is_none()
            && locate::find(self.desired, at).is_none()
    }

    fn add(&mut self, at: &FieldPath) {
        let ours = self
            .entries
            .iter()
            .any(|e| e.is_ours() && e.fields.covers(at));
        if ours || locate::find(self.desired, at).is_some() {
            return;
        }
        let (Some(value), Some(kept)) = (at.get(self.live), at.get(self.predicted)) else {
            return;
        };
        let empty = value.as_object().is_some_and(|m| m.is_empty())
            || value.as_array().is_some_and(Vec::is_empty);
        // What a sync changes is drift, and told there.
        if value == kept && !empty {
            self.out.push(Foreign {
                path: at.clone(),
                value: value.clone(),
                owner: self.entry.owner.clone(),
            });
        }
    }

    fn is_own_work(&self, at: &FieldPath) -> bool {
        OWN_WORK.iter().any(|(manager, path)| {
            (manager.is_empty() || *manager == self.entry.owner.manager)
                && path.len() == at.0.len()
                && path
                    .iter()
                    .zip(&at.0)
                    .all(|(name, step)| matches!(step, Step::Field(f) if f == name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Manager, operation, subresource, fields.
    fn object(entries: &[(&str, &str, &str, Value)]) -> Value {
        let entries: Vec<_> = entries
            .iter()
            .map(|(m, o, s, f)| json!({"manager": m, "operation": o, "subresource": s, "time": "2026-01-01T00:00:00Z", "fieldsV1": f}))
            .collect();
        json!({"metadata": {"labels": {"a": "1", "b": "2"}, "annotations": {"deployment.kubernetes.io/revision": "1"},
            "managedFields": entries}, "spec": {"replicas": 2, "map": {"x": 1, "y": 2}, "none": {}}})
    }

    fn found(entries: &[(&str, &str, &str, Value)], desired: Value, adopted: bool) -> Vec<String> {
        let object = object(entries);
        let found = foreign(&managed(&object), &object, &object, &desired, adopted);
        found
            .iter()
            .map(|f| format!("{} {}", f.owner.manager, f.path))
            .collect()
    }

    #[test]
    fn additions_are_told_and_other_things_are_not() {
        let none = Vec::<String>::new();
        let map = json!({"f:spec": {"f:map": {".": {}, "f:x": {}, "f:y": {}}}});
        let cases = [
            // One manager's map is one addition, two managers' are their parts.
            (
                vec![("kubectl-edit", "Update", "", map.clone())],
                json!({}),
                vec!["kubectl-edit spec.map".to_owned()],
            ),
            (
                vec![
                    ("kubectl-edit", "Update", "", map.clone()),
                    (
                        "vpa",
                        "Update",
                        "",
                        json!({"f:spec": {"f:map": {"f:y": {}}}}),
                    ),
                ],
                json!({}),
                vec![
                    "kubectl-edit spec.map.x".to_owned(),
                    "kubectl-edit spec.map.y".to_owned(),
                ],
            ),
            // What Git states, what trueup holds too, status, empty values and controllers' own work are none.
            (
                vec![("kubectl-edit", "Update", "", map.clone())],
                json!({"spec": {"map": {"x": 1, "y": 2}}}),
                none.clone(),
            ),
            (
                vec![
                    ("kubectl-edit", "Update", "", map.clone()),
                    ("trueup", "Apply", "", map.clone()),
                ],
                json!({}),
                none.clone(),
            ),
            (
                vec![("kcm", "Update", "status", map)],
                json!({}),
                none.clone(),
            ),
            (
                vec![(
                    "kubectl-edit",
                    "Update",
                    "",
                    json!({"f:spec": {"f:none": {}, "f:gone": {}}}),
                )],
                json!({}),
                none.clone(),
            ),
            (
                vec![(
                    "kube-controller-manager",
                    "Update",
                    "",
                    json!({"f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}}}),
                )],
                json!({}),
                none,
            ),
            // An update under trueup's own name is somebody's hand.
            (
                vec![(
                    "trueup",
                    "Update",
                    "",
                    json!({"f:spec": {"f:replicas": {}}}),
                )],
                json!({}),
                vec!["trueup spec.replicas".to_owned()],
            ),
            // An autoscaler's replicas are shown; labels are told one by one.
            (
                vec![(
                    "kube-controller-manager",
                    "Update",
                    "scale",
                    json!({"f:spec": {"f:replicas": {}}}),
                )],
                json!({}),
                vec!["kube-controller-manager spec.replicas".to_owned()],
            ),
            (
                vec![(
                    "kubectl-label",
                    "Update",
                    "",
                    json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}, "f:b": {}}}}),
                )],
                json!({"metadata": {"labels": {"a": "1"}}}),
                vec!["kubectl-label metadata.labels.b".to_owned()],
            ),
        ];
        for (entries, desired, expected) in cases {
            assert_eq!(found(&entries, desired, true), expected, "{entries:?}");
        }
    }

    #[test]
    fn former_appliers_count_only_after_adoption() {
        let entries = [("helm", "Update", "", json!({"f:spec": {"f:replicas": {}}}))];
        assert_eq!(found(&entries, json!({}), false), Vec::<String>::new());
        assert_eq!(found(&entries, json!({}), true), ["helm spec.replicas"]);
    }
}
