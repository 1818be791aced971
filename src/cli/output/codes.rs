//! The words that programs read. They never change, whatever the words for people become.

use crate::domain::{Action, Cause, ProblemKind, Provider, Verdict};
use crate::engine::{AppState, StepState, SyncStatus, words};

/// The verdict on an App.
pub fn sync(status: &SyncStatus) -> &'static str {
    match status {
        SyncStatus::Checking => "checking",
        SyncStatus::Synced => "synced",
        SyncStatus::Drifted => "drifted",
        SyncStatus::Available => "available",
        SyncStatus::Failed => "failed",
    }
}

/// Whose an App's objects are.
pub fn state(state: AppState) -> &'static str {
    match state {
        AppState::Unknown => "unknown",
        AppState::Available => "available",
        AppState::Unmanaged => "unmanaged",
        AppState::Managed => "managed",
    }
}

/// Who defines an App.
pub fn provider(provider: Provider) -> &'static str {
    match provider {
        Provider::Native => "native",
        Provider::ArgoCd => "argocd",
        Provider::Flux => "flux",
    }
}

/// The verdict on an object.
pub fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Unknown => "unknown".to_owned(),
        other => words::verdict(other).replace(' ', "-"),
    }
}

/// Which side moved.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Git => "git",
        Cause::Cluster => "cluster",
        Cause::Both => "both",
        Cause::Unknown => "unknown",
    }
}

/// What a step does.
pub fn action(action: Action) -> &'static str {
    match action {
        Action::CreateNamespace => "create-namespace",
        other => words::action(other),
    }
}

/// How far a step is.
pub fn step(state: &StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Running => "running",
        StepState::Done(_) => "done",
        StepState::Failed(_) => "failed",
        StepState::Unknown(_) => "unknown",
        StepState::NotRun => "not-run",
    }
}

/// The sort of a Problem.
pub fn problem(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Config => "config",
        ProblemKind::Invalid => "invalid",
        ProblemKind::NotFound => "not-found",
        ProblemKind::Unreachable => "unreachable",
        ProblemKind::Unauthenticated => "unauthenticated",
        ProblemKind::Forbidden => "forbidden",
        ProblemKind::Conflict => "conflict",
        ProblemKind::Unsupported => "unsupported",
        ProblemKind::Rejected => "rejected",
        ProblemKind::TooLarge => "too-large",
        ProblemKind::Local => "local",
        ProblemKind::Cancelled => "cancelled",
        ProblemKind::Internal => "internal",
    }
}
