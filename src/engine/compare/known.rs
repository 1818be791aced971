//! What can be told of an object without asking the server.

use crate::domain::{Manifest, ObjectDrift, ObjectKey, Problem, ProblemKind, Verdict};
use crate::drift;
use crate::engine::apps::packed::Ready;
use crate::engine::world::{AppEntry, RecordState, Seen};

use super::question::{missing, one_side, tracked_by};

pub(super) fn unknown_kind(
    entry: &AppEntry,
    discovery: &crate::cluster::Discovery,
    key: &ObjectKey,
    desired: &Manifest,
) -> ObjectDrift {
    let own = entry
        .prepared
        .iter()
        .flat_map(|p| p.values())
        .any(|p| p.defines.as_deref() == Some(&key.group_kind()));
    if own {
        // Its CRD comes with it.
        return missing(key, desired);
    }
    if discovery.is_unsure(&desired.gvk.group) {
        let problem = Problem::new(
            ProblemKind::Unreachable,
            format!("the server could not say whether it knows {}", desired.gvk),
        )
        .hint("An aggregated API does not answer; see the cluster's own Problems.");
        return ObjectDrift::new(key.clone(), desired.gvk.clone(), Verdict::Unknown)
            .with_problem(problem);
    }
    let mut problem = Problem::new(
        ProblemKind::NotFound,
        format!("the cluster does not know the kind {}", desired.gvk),
    )
    .at(format!(
        "{}:{}",
        desired.origin.file, desired.origin.start.line
    ));
    problem = match discovery.preferred(&key.group_kind()) {
        Some(served) => problem.hint(format!("It serves {} in its place.", served.gvk)),
        None => problem.hint(
            "Install the CustomResourceDefinition that defines it, or sync the App that brings it.",
        ),
    };
    drift::refused(&one_side(key, &desired.gvk, Some(desired), None), problem)
}

pub(super) fn base_of<'e>(entry: &'e AppEntry, key: &ObjectKey) -> Option<&'e Ready> {
    let base = entry.base.as_ref()?;
    match &base.prepared {
        Some(prepared) => prepared.get(key),
        None if base.manifests.is_none() => entry.prepared.as_ref()?.get(key),
        None => None,
    }
}

/// Whether an object that Git does not have (any more) is the App's: its record says so, and the object agrees.
pub(super) fn holds(entry: &AppEntry, seen: &Seen) -> bool {
    let RecordState::Read(record) = &entry.record else {
        return false;
    };
    record.inventory.0.contains(&seen.live.key) && tracked_by(&seen.live, &entry.app.id.name)
}

/// Held, and not among the manifests that could be read: not to be called gone from Git while others cannot.
pub(super) fn perhaps_in_git(key: &ObjectKey, seen: &Seen) -> ObjectDrift {
    let problem = Problem::new(
        ProblemKind::Invalid,
        "it cannot be told whether Git still has it",
    )
    .at(key.to_string())
    .because("not all of the App's manifests can be read");
    ObjectDrift::new(key.clone(), seen.live.gvk.clone(), Verdict::Unknown).with_problem(problem)
}
