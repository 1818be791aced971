//! What is done to one object, and what a person must know of it.

use std::sync::Arc;

use super::{AppInput, Candidate, PlanOptions, wave_of};
use crate::domain::plan::Guard;
use crate::domain::{Action, ObjectDrift, PlanKind, PlanStep, Verdict};
use crate::sync::facts::is_container;
use crate::sync::options::{OPTIONS_ANNOTATION, ObjectOptions, object_notices};

/// The step for one candidate; `None` where nothing is to be done.
pub fn step(
    input: &AppInput,
    candidate: &Candidate,
    options: &PlanOptions,
    warnings: &mut Vec<String>,
) -> Option<PlanStep> {
    let desired = candidate.desired.as_ref()?;
    let key = &candidate.drift.key;
    let action = match options.kind {
        PlanKind::Adopt => adopt(candidate)?,
        PlanKind::Sync | PlanKind::Rollback => {
            if let Some(stated) = desired.annotation(OPTIONS_ANNOTATION) {
                warnings.extend(
                    object_notices(stated)
                        .into_iter()
                        .map(|n| format!("{key}: {n}")),
                );
            }
            sync(input, candidate)?
        }
    };
    if candidate.live.as_ref().is_some_and(|l| l.deletion_pending) {
        warnings.push(format!(
            "{key} is being deleted and is left alone: sync again when it is gone"
        ));
        return None;
    }
    let claim = candidate
        .live
        .as_ref()
        .and_then(|live| live.claim(&input.app.id.name, key));
    if let Some(claim) = claim {
        warnings.push(format!(
            "{key} is claimed by {claim}: both will write to it until that lets go of it"
        ));
    }
    let guard = candidate
        .live
        .as_ref()
        .map(|live| Guard {
            uid: live.uid.clone(),
            resource_version: live.resource_version.clone(),
            // An adoption takes no field by force.
            force: action != Action::Adopt && !candidate.drift.conflicts.is_empty(),
        })
        .unwrap_or_default();
    Some(PlanStep {
        app: input.app.id.clone(),
        key: key.clone(),
        action,
        wave: wave_of(candidate),
        manifest: Some(desired.clone()),
        drift: match action {
            // It changes no value; what the sync after it changes is for that one's Plan.
            Action::Adopt => Arc::new(ObjectDrift::new(
                key.clone(),
                candidate.drift.gvk.clone(),
                Verdict::InSync,
            )),
            _ => candidate.drift.clone(),
        },
        guard,
        leftovers: candidate.leftovers.clone(),
        propagation: input.app.sync.propagation,
        unpredicted: candidate.unpredicted,
    })
}

/// The action of a sync. What is in sync is left alone, also where Replace and Force would have Argo CD make it anew at
/// every sync: nothing is deleted that is as Git has it.
fn sync(input: &AppInput, candidate: &Candidate) -> Option<Action> {
    let options = options_of(input, candidate);
    if candidate.live.is_none() {
        return Some(Action::Create);
    }
    match candidate.drift.verdict {
        Verdict::InSync | Verdict::Extra | Verdict::Unknown => None,
        Verdict::Refused => forced_past(input, candidate).then_some(Action::Recreate),
        Verdict::Drifted | Verdict::Missing => Some(match (options.replace, options.force) {
            (true, true) if may_recreate(candidate) => Action::Recreate,
            (true, _) => Action::Replace,
            (false, _) => Action::Apply,
        }),
    }
}

/// Moves ownership where a former applier holds some and trueup does not yet.
fn adopt(candidate: &Candidate) -> Option<Action> {
    let live = candidate.live.as_ref()?;
    live.is_adoptable().then_some(Action::Adopt)
}

/// Whether a person must agree before trueup takes the object over: it lives, and not by trueup, or somebody else
/// claims it.
pub fn needs_adoption(input: &AppInput, candidate: &Candidate) -> bool {
    let (Some(_), Some(live)) = (&candidate.desired, &candidate.live) else {
        return false;
    };
    !live.applied_by_trueup()
        || live
            .claim(&input.app.id.name, &candidate.drift.key)
            .is_some()
}

/// Whether Force turns a rejected update into a deletion and a creation.
pub fn forced_past(input: &AppInput, candidate: &Candidate) -> bool {
    options_of(input, candidate).force && may_recreate(candidate)
}

/// Whether the object may be deleted to be made anew. Deleting a Namespace or a CRD takes everything in it along; Argo CD
/// updates those instead, too.
fn may_recreate(candidate: &Candidate) -> bool {
    candidate.live.is_some() && candidate.recreatable && !is_container(&candidate.drift.key)
}

/// The options of an object: its own and its App's.
pub fn options_of(input: &AppInput, candidate: &Candidate) -> ObjectOptions {
    ObjectOptions::merge(
        &input.app.sync,
        candidate
            .desired
            .as_ref()
            .and_then(|m| m.annotation(OPTIONS_ANNOTATION)),
        candidate
            .live
            .as_ref()
            .and_then(|l| l.annotations.get(OPTIONS_ANNOTATION))
            .map(String::as_str),
    )
}
