//! The ink of each state, beside its word of [`words`]: the same in every command.

use crate::domain::record::Outcome;
use crate::domain::{Action, Cause, HealthStatus, Verdict};
use crate::engine::{AppView, Reach, StepState, SyncStatus, words};

use super::Ink;

/// A state's word and ink.
pub type Word = (&'static str, Ink);

/// The verdict on an App.
pub fn sync(view: &AppView) -> Word {
    let ink = match view.sync {
        _ if view.app.orphaned || view.is_undecided() => Ink::Yellow,
        SyncStatus::Checking | SyncStatus::Available => Ink::Dim,
        SyncStatus::Synced => Ink::Green,
        SyncStatus::Drifted => Ink::Yellow,
        SyncStatus::Failed => Ink::Red,
    };
    (words::sync(view), ink)
}

/// Health.
pub fn health(status: HealthStatus) -> Ink {
    match status {
        HealthStatus::Healthy => Ink::Green,
        HealthStatus::Progressing => Ink::Cyan,
        HealthStatus::Suspended | HealthStatus::Unknown => Ink::Dim,
        HealthStatus::Missing => Ink::Yellow,
        HealthStatus::Degraded => Ink::Red,
    }
}

/// The verdict on an object.
pub fn verdict(verdict: Verdict) -> Word {
    let ink = match verdict {
        Verdict::InSync | Verdict::Missing => Ink::Green,
        Verdict::Drifted => Ink::Yellow,
        Verdict::Extra | Verdict::Refused | Verdict::Unknown => Ink::Red,
    };
    (words::verdict(verdict), ink)
}

/// Which side moved, as a sentence's end; empty where nothing says.
pub fn moved(cause: Cause) -> &'static str {
    match cause {
        Cause::Git => "Git moved",
        Cause::Cluster => "cluster edited",
        Cause::Both => "both moved",
        Cause::Unknown => "",
    }
}

/// What a step does.
pub fn action(action: Action) -> Word {
    let ink = match action {
        Action::CreateNamespace | Action::Create => Ink::Green,
        Action::Apply | Action::Replace => Ink::Yellow,
        Action::Adopt | Action::Record => Ink::Cyan,
        Action::Recreate | Action::Prune => Ink::Red,
    };
    (words::action(action), ink)
}

/// How a Run ended.
pub fn outcome(outcome: Outcome) -> Word {
    let ink = match outcome {
        Outcome::Running => Ink::Cyan,
        Outcome::Succeeded => Ink::Green,
        Outcome::Failed => Ink::Red,
        Outcome::Stopped => Ink::Yellow,
    };
    (words::outcome(outcome), ink)
}

/// How a step ended; `None` while it has not.
pub fn ended(state: &StepState) -> Option<Word> {
    let ink = match state {
        StepState::Waiting | StepState::Running => return None,
        StepState::Done(_) => Ink::Green,
        StepState::Failed(_) | StepState::Unknown(_) => Ink::Red,
        StepState::NotRun => Ink::Yellow,
    };
    Some((words::step(state), ink))
}

/// Whether a cluster answers.
pub fn reach(reach: &Reach) -> Word {
    let ink = match reach {
        Reach::Connecting => Ink::Dim,
        Reach::Up { .. } => Ink::Green,
        Reach::Down { .. } => Ink::Red,
    };
    (words::reach(reach), ink)
}

/// The revision that an App is compared with; empty until it is resolved.
pub fn target(app: &AppView) -> String {
    app.target.as_ref().map_or_else(String::new, words::target)
}
