//! The words for states, the same in every command.

use crate::domain::plan::Action;
use crate::domain::record::{Outcome, RunKind};
use crate::domain::{Cause, HealthStatus, ProblemKind, Provider, Verdict};
use crate::engine::{AppState, AppView, ClusterMode, Reach, Rights, SyncStatus};

use super::Ink;

/// A state's word and ink.
pub type Word = (&'static str, Ink);

/// The verdict on an App.
pub fn sync(status: &SyncStatus) -> Word {
    match status {
        SyncStatus::Checking => ("checking", Ink::Dim),
        SyncStatus::Synced => ("synced", Ink::Green),
        SyncStatus::Drifted => ("drifted", Ink::Yellow),
        SyncStatus::Available => ("available", Ink::Dim),
        SyncStatus::Failed => ("failed", Ink::Red),
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
    match verdict {
        Verdict::InSync => ("in sync", Ink::Green),
        Verdict::Drifted => ("drifted", Ink::Yellow),
        Verdict::Missing => ("missing", Ink::Green),
        Verdict::Extra => ("extra", Ink::Red),
        Verdict::Refused => ("refused", Ink::Red),
        Verdict::Unknown => ("unknown", Ink::Red),
    }
}

/// Which side moved, as a program reads it.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Git => "git",
        Cause::Cluster => "cluster",
        Cause::Both => "both",
        Cause::Unknown => "unknown",
    }
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
    match action {
        Action::CreateNamespace => ("create namespace", Ink::Green),
        Action::Create => ("create", Ink::Green),
        Action::Apply => ("apply", Ink::Yellow),
        Action::Replace => ("replace", Ink::Yellow),
        Action::Recreate => ("delete and create", Ink::Red),
        Action::Adopt => ("adopt", Ink::Cyan),
        Action::Prune => ("delete", Ink::Red),
    }
}

/// What a Run was for.
pub fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Sync => "sync",
        RunKind::Rollback => "rollback",
        RunKind::Adopt => "adopt",
    }
}

/// How a Run ended.
pub fn outcome(outcome: Outcome) -> Word {
    match outcome {
        Outcome::Running => ("running", Ink::Cyan),
        Outcome::Succeeded => ("succeeded", Ink::Green),
        Outcome::Failed => ("failed", Ink::Red),
        Outcome::Stopped => ("stopped", Ink::Yellow),
    }
}

/// Whether a cluster answers.
pub fn reach(reach: &Reach) -> Word {
    match reach {
        Reach::Connecting => ("connecting", Ink::Dim),
        Reach::Up { .. } => ("up", Ink::Green),
        Reach::Down { .. } => ("down", Ink::Red),
    }
}

/// What may be done in a cluster.
pub fn rights(rights: Rights) -> &'static str {
    match rights {
        Rights::Unknown => "unknown",
        Rights::Read => "read",
        Rights::Partial => "partial",
        Rights::Full => "full",
    }
}

/// What the settings say of a cluster.
pub fn mode(mode: ClusterMode) -> &'static str {
    match mode {
        ClusterMode::Normal => "normal",
        ClusterMode::Guarded => "guarded",
        ClusterMode::ReadOnly => "read-only",
    }
}

/// The sort of a Problem, as a program reads it.
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

/// `1 object`, `2 objects`, `2 repositories`.
pub fn count(n: usize, one: &str) -> String {
    match (n, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        _ => format!("{n} {one}s"),
    }
}

/// `main@4f2c1e9`: the revision that an App is compared with; empty until it is resolved.
pub fn target(app: &AppView) -> String {
    app.target.as_ref().map_or_else(String::new, |target| {
        let commit = target.commit.id.short();
        if target.name == commit || target.name == target.commit.id.0 {
            commit.to_owned()
        } else {
            format!("{}@{commit}", target.name)
        }
    })
}
