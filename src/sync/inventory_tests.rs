//! Records before and after a Run.

use std::sync::Arc;

use super::*;
use crate::domain::app::Propagation;
use crate::domain::plan::Guard;
use crate::domain::{Gvk, ObjectDrift, Problem, ProblemKind, Verdict};

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("", "Secret", "shop", name)
}

fn keys<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<ObjectKey> {
    names.into_iter().map(key).collect()
}

fn names(record: &AppRecord) -> Vec<&str> {
    record.inventory.0.iter().map(|k| k.name.as_str()).collect()
}

fn app() -> AppId {
    AppId {
        name: "web".to_owned(),
        ..AppId::default()
    }
}

fn step(action: Action, name: &str) -> PlanStep {
    PlanStep {
        app: app(),
        key: key(name),
        action,
        wave: 0,
        manifest: None,
        drift: Arc::new(ObjectDrift::new(
            key(name),
            Gvk::default(),
            Verdict::Missing,
        )),
        guard: Guard::default(),
        leftovers: Vec::new(),
        propagation: Propagation::Foreground,
        unpredicted: false,
    }
}

fn summary(outcome: Outcome) -> AppSummary {
    AppSummary {
        app: app(),
        outcome,
        applied: 2,
        pruned: 1,
        failed: 1,
        not_run: 2,
        reason: "why".to_owned(),
    }
}

#[test]
fn before_a_run_old_and_planned_are_held() {
    let steps = [
        step(Action::Create, "new"),
        step(Action::Apply, "there"),
        step(Action::Prune, "old"),
        step(Action::CreateNamespace, "home"),
        step(Action::Adopt, "theirs"),
    ];
    let record = before(
        &AppRecord::default(),
        &keys(["old", "there"]),
        &steps,
        SyncRecord::sample(1, Outcome::Succeeded),
        10,
    );
    assert_eq!(names(&record), ["new", "old", "there"]);
    assert_eq!(record.history[0].outcome, Outcome::Running);
}

#[test]
fn after_a_run_only_what_is_there_or_in_doubt_is_held() {
    let problem = || Problem::new(ProblemKind::Rejected, "no");
    let held = keys(["gone", "going", "kept", "applied"]);
    let cases = [
        (Action::Prune, "gone", StepState::Gone),
        (Action::Prune, "going", StepState::Done),
        (Action::Prune, "kept", StepState::Failed(problem())),
        (Action::Apply, "applied", StepState::Failed(problem())),
        (Action::Create, "made", StepState::Done),
        (Action::Create, "refused", StepState::Failed(problem())),
        (Action::Create, "doubt", StepState::InDoubt(problem())),
        (
            Action::Create,
            "skipped",
            StepState::Skipped("x".to_owned()),
        ),
        (Action::Create, "never", StepState::Pending),
    ];
    let steps: Vec<PlanStep> = cases
        .iter()
        .map(|(action, name, _)| step(*action, name))
        .collect();
    let states: Vec<StepState> = cases.into_iter().map(|(.., state)| state).collect();
    let ahead = before(
        &AppRecord::default(),
        &held,
        &steps,
        SyncRecord::sample(1, Outcome::Running),
        10,
    );
    let end: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let record = after(
        &ahead,
        &held,
        &app(),
        &steps,
        &states,
        &summary(Outcome::Failed),
        end,
    );
    assert_eq!(
        names(&record),
        ["applied", "doubt", "going", "kept", "made"]
    );
    let run = &record.history[0];
    assert_eq!(
        (
            run.outcome,
            run.applied,
            run.pruned,
            run.failed,
            run.not_run,
            run.finished,
            run.reason.as_str()
        ),
        (Outcome::Failed, 2, 1, 1, 2, Some(end), "why")
    );
    let mut wordy = summary(Outcome::Failed);
    wordy.reason = "é".repeat(5_000);
    let record = after(&ahead, &held, &app(), &steps, &states, &wordy, end);
    assert_eq!(record.history[0].reason.chars().count(), MAX_REASON);
    // Steps of other Apps say nothing.
    let other = AppId {
        name: "other".to_owned(),
        ..AppId::default()
    };
    let untouched = after(
        &ahead,
        &held,
        &other,
        &steps,
        &states,
        &summary(Outcome::Failed),
        end,
    );
    assert_eq!(untouched.inventory, ahead.inventory);
}

#[test]
fn history_is_bounded_and_keeps_the_way_back() {
    let old = AppRecord {
        history: (1..=6)
            .map(|id| {
                SyncRecord::sample(
                    id,
                    if id == 2 {
                        Outcome::Succeeded
                    } else {
                        Outcome::Failed
                    },
                )
            })
            .collect(),
        inventory: Inventory::default(),
    };
    assert_eq!(next_id(&old), 7);
    for (limit, expected) in [
        (10, vec![1, 2, 3, 4, 5, 6, 7]),
        (4, vec![2, 5, 6, 7]),
        (2, vec![2, 7]),
        // One place is too few for both; what runs and what it can go back to stay.
        (1, vec![2, 7]),
        (0, vec![2, 7]),
    ] {
        let record = before(
            &old,
            &BTreeSet::new(),
            &[],
            SyncRecord::sample(7, Outcome::Running),
            limit,
        );
        let ids: Vec<u64> = record.history.iter().map(|r| r.id).collect();
        assert_eq!(ids, expected, "limit {limit}");
    }
    let record = before(
        &old,
        &BTreeSet::new(),
        &[],
        SyncRecord::sample(7, Outcome::Running),
        3,
    );
    assert_eq!(next_id(&record), 8);
}

#[test]
fn a_run_that_never_ended_is_marked() {
    let old = AppRecord {
        history: vec![SyncRecord::sample(1, Outcome::Running)],
        inventory: Inventory::default(),
    };
    let record = before(
        &old,
        &BTreeSet::new(),
        &[],
        SyncRecord::sample(2, Outcome::Running),
        10,
    );
    assert_eq!(record.history[0].outcome, Outcome::Stopped);
    assert!(!record.history[0].reason.is_empty());
    assert_eq!(record.history[1].outcome, Outcome::Running);
}
