//! What others added to an object and a sync would leave alone, from `metadata.managedFields`.

use crate::domain::{FieldPath, Foreign, Step, Value};
use crate::merge::{FieldSet, ManagedEntry};

use super::content::LAST_APPLIED;
use super::locate;

/// Managers whose fields trueup takes over when it adopts an object. On an App that is not adopted their fields are
/// no additions: they are the object.
pub const FORMER_APPLIERS: [&str; 8] = [
    "kubectl-client-side-apply",
    "kubectl-create",
    "kubectl",
    "helm",
    "argocd-controller",
    "kustomize-controller",
    "helm-controller",
    "before-first-apply",
];

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
        let former = !adopted && FORMER_APPLIERS.contains(&e.owner.manager.as_str());
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
    out.sort_by(|a, b| b.owner.time.cmp(&a.owner.time));
    let mut seen = std::collections::HashSet::new();
    out.retain(|f| seen.insert(f.path.clone()));
    out.sort_by_cached_key(|f| f.path.to_string());
    out
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
        // What a sync changes is drift, and told there.
        if value == kept {
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
