//! The words for states, steps and ends: one table, so that the console and the command line say the same. What they
//! look like (signs, colours) is for those two to say.

use std::sync::Arc;

use crate::domain::record::{Outcome, RunKind, SyncRecord};
use crate::domain::{Action, Cause, ObjectDrift, Verdict, count};

pub use crate::sync::run::DRAW_AGAIN;

use super::{
    AppState, AppView, ClusterMode, Distance, ObjectView, Reach, Rights, StepState, SyncStatus,
    Target,
};

/// The verdict on an App, in ten columns at most.
pub fn sync(view: &AppView) -> &'static str {
    match view.sync {
        SyncStatus::Failed if view.is_undecided() => "no cluster",
        // Its directory has no manifests any more; only the cluster's record tells of it.
        SyncStatus::Synced | SyncStatus::Drifted if view.app.orphaned => "not in Git",
        // What others applied may be as Git has it; it was not synced.
        SyncStatus::Synced if view.state == AppState::Unmanaged => "unmanaged",
        SyncStatus::Checking => "checking",
        SyncStatus::Synced => "synced",
        SyncStatus::Drifted => "drifted",
        SyncStatus::Available => "available",
        SyncStatus::Failed => "failed",
    }
}

/// The verdict on an object.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::InSync => "in sync",
        Verdict::Drifted => "drifted",
        Verdict::Missing => "missing",
        Verdict::Extra => "extra",
        Verdict::Refused => "refused",
        Verdict::Unknown => "not compared",
    }
}

/// What is said of a missing object that the App held: somebody deleted it. One that it never held is new in Git.
pub const DELETED: &str = "deleted from the cluster";

/// What is said of an App that was not synced by trueup; empty of others.
pub fn unsynced(view: &AppView) -> &'static str {
    let is_there = |object: &Arc<ObjectView>| object.drift.verdict != Verdict::Missing;
    match view.state {
        AppState::Available => "never synced",
        AppState::Unmanaged if !view.objects.iter().any(is_there) => "never synced",
        AppState::Unmanaged => "not managed by trueup",
        AppState::Managed | AppState::Unknown => "",
    }
}

/// Which side moved, of all fields of an object that a sync would change.
pub fn cause(drift: &ObjectDrift) -> Cause {
    let has = |cause| drift.fields.iter().any(|f| f.cause == cause);
    let (git, cluster) = (has(Cause::Git), has(Cause::Cluster));
    match (git, cluster) {
        _ if has(Cause::Both) => Cause::Both,
        (true, true) => Cause::Both,
        // Where one field's side is not known, the object's is not.
        _ if has(Cause::Unknown) => Cause::Unknown,
        (true, false) => Cause::Git,
        (false, true) => Cause::Cluster,
        (false, false) => Cause::Unknown,
    }
}

/// What a step does, in eight columns at most.
pub fn action(action: Action) -> &'static str {
    match action {
        Action::CreateNamespace | Action::Create => "create",
        Action::Apply => "apply",
        Action::Record => "record",
        Action::Replace => "replace",
        Action::Recreate => "recreate",
        Action::Adopt => "adopt",
        Action::Prune => "delete",
    }
}

/// What a Plan or a Run is for.
pub fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Sync => "sync",
        RunKind::Rollback => "rollback",
        RunKind::Adopt => "adoption",
    }
}

/// What a recorded Run was for.
pub fn recorded(record: &SyncRecord) -> &'static str {
    match record.kind {
        RunKind::Sync if record.selective => "partial sync",
        of => kind(of),
    }
}

/// How a Run ended.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Running => "running",
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Stopped => "stopped",
    }
}

/// How far a step is.
pub fn step(state: &StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Running => "running",
        StepState::Done(_) => "done",
        StepState::Failed(_) => "failed",
        StepState::Unknown(_) => "sent, and not known whether it was done",
        StepState::NotRun => "not run",
    }
}

/// Whether a cluster answers.
pub fn reach(reach: &Reach) -> &'static str {
    match reach {
        Reach::Connecting => "connecting",
        Reach::Up { .. } => "up",
        Reach::Down { .. } => "down",
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

/// How far Git is from what was last synced; `None`: not at all, as far as the App goes.
pub fn distance(distance: Distance) -> Option<String> {
    let commits = |n: usize| count(n, "commit");
    match (distance.ahead, distance.behind) {
        (0, 0) => None,
        (ahead, 0) => Some(format!("{} ahead", commits(ahead))),
        (0, behind) => Some(format!("{} behind", commits(behind))),
        (ahead, behind) => Some(format!("{} ahead, {behind} behind", commits(ahead))),
    }
}

/// What is said of data that are old, because their source does not answer, since a moment whose age is given as
/// [`crate::domain::age::age`] says it.
pub fn old(age: &str) -> String {
    match age {
        "now" => "old since a moment ago".to_owned(),
        age => format!("old since {age} ago"),
    }
}

/// What to do about a repository that could not be fetched: the command line's words, for which the console names a key.
pub const LOOK_AGAIN: &str = "Look again once it can be read.";

/// How the hint begins that names what goes on with a repository that could not be fetched.
pub const COMMIT_STAYS: &str = "A commit cannot move:";

/// `main@4f2c1e9`: the revision that an App is compared with; the commit alone where it came by no name.
pub fn target(target: &Target) -> String {
    let commit = target.commit.id.short();
    if target.name.len() >= 4 && target.commit.id.0.starts_with(&target.name) {
        commit.to_owned()
    } else {
        format!("{}@{commit}", target.name)
    }
}
