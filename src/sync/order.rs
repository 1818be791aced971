//! The order of steps, as Argo CD orders them (gitops-engine `pkg/sync/sync_tasks.go` and `syncwaves`): wave, kind, name,
//! then a Namespace before what lives in it and a CRD before its objects. Pure; decides no action.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use crate::domain::{GroupKind, ObjectKey, Value};

/// The kinds that come first, in this order; all others follow.
const KIND_ORDER: [&str; 35] = [
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// Position of a kind; Argo CD looks at the kind alone, not at its group.
fn kind_rank(kind: &str) -> usize {
    KIND_ORDER
        .iter()
        .position(|k| *k == kind)
        .unwrap_or(KIND_ORDER.len())
}

/// The wave that annotations ask for: Argo CD's, else Helm's weight, else 0. What is not a number asks for nothing. A
/// number of more than 32 bits, which Argo CD takes, is the first or the last wave; behind that is room for PruneLast.
pub fn wave<'a>(annotation: impl Fn(&str) -> Option<&'a str>) -> i32 {
    ["argocd.argoproj.io/sync-wave", "helm.sh/hook-weight"]
        .into_iter()
        .find_map(|name| annotation(name)?.parse::<i64>().ok())
        .map_or(0, |wave| {
            i32::try_from(wave.clamp(i32::MIN.into(), LAST_WAVE.into())).unwrap_or(LAST_WAVE)
        })
}

const LAST_WAVE: i32 = i32::MAX - 1;

/// Whether a kind is that of CustomResourceDefinitions.
pub fn is_definition(kind: &GroupKind) -> bool {
    kind.group == "apiextensions.k8s.io" && kind.kind == "CustomResourceDefinition"
}

/// The kind that a CRD defines; `None` where the object is no CRD.
pub fn defines(object: &Value) -> Option<GroupKind> {
    if !is_definition(&ObjectKey::of(object)?.group_kind()) {
        return None;
    }
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    Some(GroupKind::new(
        text("/spec/group")?,
        text("/spec/names/kind")?,
    ))
}

/// One thing to put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which object.
    pub key: ObjectKey,
    /// Its wave; [`order`] changes it where a lift or a prune asks for another.
    pub wave: i32,
    /// Whether it is deleted.
    pub prune: bool,
    /// Whether it is deleted after everything else.
    pub prune_last: bool,
    /// The kind that it defines, for a CRD.
    pub defines: Option<GroupKind>,
}

/// Orders the tasks of one App and settles their waves. `home` is the App's destination namespace: Argo CD counts all
/// that is in no namespace as in that one, so that its Namespace is lifted for those, too (`getSyncTasks`).
///
/// Within a wave prunes come first, in reverse kind order (Argo CD deletes a wave's prunes at once; one after another,
/// what depends must go before what it depends on). The order is total, so equal input in any order gives equal output.
pub fn order(mut tasks: Vec<Task>, home: &str) -> Vec<Task> {
    mirror_prunes(&mut tasks);
    tasks.sort_by(|a, b| rank(a).cmp(&rank(b)));
    lift(
        &mut tasks,
        |t| (t.key.group.is_empty() && t.key.kind == "Namespace").then(|| t.key.name.clone()),
        |t| {
            let namespace = match t.key.namespace.as_str() {
                "" => home,
                namespace => namespace,
            };
            (!namespace.is_empty()).then(|| namespace.to_owned())
        },
    );
    lift(
        &mut tasks,
        |t| t.defines.clone(),
        |t| Some(t.key.group_kind()),
    );
    tasks
}

fn rank(task: &Task) -> impl Ord + '_ {
    let kind = kind_rank(&task.key.kind);
    let kind = if task.prune {
        KIND_ORDER.len() - kind
    } else {
        kind
    };
    let Task { key, .. } = task;
    (
        (task.wave, !task.prune, kind, &key.name),
        (&key.group, &key.kind, &key.namespace),
    )
}

/// Swaps the waves of prunes, lowest with highest, so that what came last goes first; PruneLast comes after all.
fn mirror_prunes(tasks: &mut [Task]) {
    let waves: BTreeSet<i32> = tasks.iter().filter(|t| t.prune).map(|t| t.wave).collect();
    let mirrored: BTreeMap<i32, i32> = waves
        .iter()
        .copied()
        .zip(waves.iter().rev().copied())
        .collect();
    for task in tasks.iter_mut().filter(|t| t.prune) {
        task.wave = mirrored.get(&task.wave).copied().unwrap_or(task.wave);
    }
    let last = tasks.iter().map(|t| t.wave).fold(0, i32::max);
    for task in tasks.iter_mut().filter(|t| t.prune && t.prune_last) {
        task.wave = last.saturating_add(1);
    }
}

/// Moves each dependency before the first task that refers to it; the dependency takes that task's wave.
fn lift<K: Eq + Hash>(
    tasks: &mut Vec<Task>,
    provides: impl Fn(&Task) -> Option<K>,
    needs: impl Fn(&Task) -> Option<K>,
) {
    let mut first: HashMap<K, usize> = HashMap::new();
    for i in 0..tasks.len() {
        if tasks[i].prune {
            continue;
        }
        let Some(provided) = provides(&tasks[i]) else {
            if let Some(needed) = needs(&tasks[i]) {
                first.entry(needed).or_insert(i);
            }
            continue;
        };
        let Some(&at) = first.get(&provided) else {
            continue;
        };
        let mut task = tasks.remove(i);
        task.wave = tasks[at].wave;
        tasks.insert(at, task);
        first
            .values_mut()
            .filter(|i| **i >= at)
            .for_each(|i| *i += 1);
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
