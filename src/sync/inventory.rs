//! The record before and after a Run. Written ahead, so that a Run that dies leaves no object that nobody holds: before
//! it, what is held and what will be; after it, what holds then.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::run::{AppSummary, StepState};
use crate::domain::record::{AppRecord, Outcome};
use crate::domain::{Action, AppId, Inventory, ObjectKey, PlanStep, SyncRecord};

/// How many characters of a reason are recorded: history must fit into a ConfigMap.
const MAX_REASON: usize = 1_000;

/// The number of the next Run of an App: never one that was used.
pub fn next_id(record: &AppRecord) -> u64 {
    let last = record.history.iter().map(|r| r.id).max().unwrap_or(0);
    last.saturating_add(1)
}

/// The record to write before a Run: `held` (see [`held`](super::plan::held)) and all that the App's steps will make,
/// with the Run as begun. Earlier Runs that never said how they ended are marked stopped: the lock was free.
pub fn before(
    old: &AppRecord,
    held: &BTreeSet<ObjectKey>,
    steps: &[PlanStep],
    run: SyncRecord,
    history_limit: usize,
) -> AppRecord {
    let app_steps = steps.iter().filter(|s| holds(s.action));
    let mut inventory = held.clone();
    inventory.extend(app_steps.map(|s| s.key.clone()));
    let mut history = old.history.clone();
    for earlier in &mut history {
        if earlier.outcome == Outcome::Running {
            earlier.outcome = Outcome::Stopped;
            if earlier.reason.is_empty() {
                earlier.reason = "it never said how it ended".to_owned();
            }
        }
    }
    history.push(SyncRecord {
        outcome: Outcome::Running,
        finished: None,
        ..run
    });
    AppRecord {
        history: bound(history, history_limit),
        inventory: Inventory(inventory),
    }
}

/// The record to write when the App's part of a Run has ended. `steps` and `states` are those of the Run, of all Apps.
///
/// An object stays when it was held before, when its step succeeded, or when nobody can tell; it goes when it is
/// confirmed to be gone, or when the Run would have made it and never came to that.
pub fn after(
    ahead: &AppRecord,
    held: &BTreeSet<ObjectKey>,
    app: &AppId,
    steps: &[PlanStep],
    states: &[StepState],
    summary: &AppSummary,
    finished: Timestamp,
) -> AppRecord {
    let mut record = ahead.clone();
    for (step, state) in steps.iter().zip(states).filter(|(s, _)| s.app == *app) {
        let gone = match (step.action, state) {
            (Action::Prune, StepState::Gone) => true,
            (action, StepState::Pending | StepState::Skipped(_)) => {
                holds(action) && !held.contains(&step.key)
            }
            // A create that was refused made nothing; but a recreate may have deleted, and its key is held anyway.
            (Action::Create, StepState::Failed(_)) => !held.contains(&step.key),
            _ => false,
        };
        if gone {
            record.inventory.0.remove(&step.key);
        }
    }
    if let Some(run) = record.history.last_mut() {
        run.outcome = summary.outcome;
        run.reason = summary.reason.chars().take(MAX_REASON).collect();
        run.applied = summary.applied;
        run.pruned = summary.pruned;
        run.failed = summary.failed;
        run.not_run = summary.not_run;
        run.finished = Some(finished);
    }
    record
}

/// Whether the App holds the object of a step once it succeeded. A namespace that CreateNamespace made is not tracked
/// (as in Argo CD), so that it is never pruned; an adopted object is held by the sync that follows.
fn holds(action: Action) -> bool {
    match action {
        Action::Create | Action::Apply | Action::Replace | Action::Recreate => true,
        Action::CreateNamespace | Action::Record | Action::Adopt | Action::Prune => false,
    }
}

/// Drops the oldest entries beyond the limit, but never the running one, and never the last whole sync that succeeded:
/// drift, pins and the way back are read from it.
fn bound(mut history: Vec<SyncRecord>, limit: usize) -> Vec<SyncRecord> {
    let last_synced = AppRecord {
        history: history.clone(),
        inventory: Inventory::default(),
    }
    .last_synced()
    .map(|r| r.id);
    let mut excess = history.len().saturating_sub(limit.max(1));
    let newest = history.last().map(|r| r.id);
    history.retain(|r| {
        let keep = excess == 0 || Some(r.id) == last_synced || Some(r.id) == newest;
        excess -= usize::from(!keep);
        keep
    });
    history
}

#[cfg(test)]
#[path = "inventory_tests.rs"]
mod tests;
