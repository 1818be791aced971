//! One word, sign and label for each state, the same on every screen.

use crate::domain::record::{Outcome, RunKind};
use crate::domain::{Action, Cause, HealthStatus, ObjectDrift, ObjectKey, Verdict};
use crate::engine::{AppState, AppView, Move, Reach, SyncStatus};

use super::glyphs::Glyphs;
use super::painter::{Piece, piece};
use super::theme::Label;

/// Apps that would go elsewhere than before, as a question names them.
pub fn moves(moves: &[Move]) -> String {
    const NAMED: usize = 3;
    let mut lines: Vec<String> = moves.iter().take(NAMED).map(|m| format!("{m}.")).collect();
    if moves.len() > NAMED {
        let rest = count(moves.len() - NAMED, "other App", "other Apps");
        lines.push(format!("So it is with {rest}."));
    }
    lines.push("What is there already stays there.".to_owned());
    lines.join("\n")
}

/// A health as it is written, in eight columns at most.
pub fn health(status: HealthStatus) -> (&'static str, Label) {
    match status {
        HealthStatus::Healthy => ("Healthy", Label::Dim),
        HealthStatus::Suspended => ("Paused", Label::Warn),
        HealthStatus::Progressing => ("Progress", Label::Busy),
        HealthStatus::Missing => ("Missing", Label::Warn),
        HealthStatus::Degraded => ("Degraded", Label::Bad),
        HealthStatus::Unknown => ("Unknown", Label::Dim),
    }
}

/// A health in full, in eleven columns at most, where there is room.
pub fn health_in_full(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Suspended => "Suspended",
        HealthStatus::Progressing => "Progressing",
        other => health(other).0,
    }
}

/// An object's verdict: sign, words and label.
pub fn verdict(drift: &ObjectDrift, glyphs: &Glyphs) -> (&'static str, &'static str, Label) {
    match drift.verdict {
        Verdict::InSync if !drift.overridden.is_empty() => {
            (glyphs.refused, "overridden", Label::Overridden)
        }
        Verdict::InSync => (glyphs.synced, "in sync", Label::Good),
        Verdict::Drifted => (glyphs.differs, "differs", Label::Warn),
        Verdict::Missing => (glyphs.missing, "missing", Label::Warn),
        Verdict::Extra => (glyphs.extra, "extra", Label::Bad),
        Verdict::Refused => (glyphs.refused, "refused", Label::Bad),
        Verdict::Unknown => (glyphs.unknown, "unknown", Label::Dim),
    }
}

/// Which side moved: sign, words and label.
pub fn cause(cause: Cause, glyphs: &Glyphs) -> (&'static str, &'static str, Label) {
    match cause {
        Cause::Git => (glyphs.git, "Git", Label::Git),
        Cause::Cluster => (glyphs.cluster, "cluster", Label::Cluster),
        Cause::Both => (glyphs.both, "both", Label::Warn),
        Cause::Unknown => (glyphs.differs, "", Label::Dim),
    }
}

/// Whether no cluster is chosen for an App, so that there is nothing to compare it with.
pub fn is_undecided(view: &AppView) -> bool {
    view.app.id.context.is_empty()
}

/// What is said of Apps for which no cluster is chosen, in a heading.
pub const NO_CLUSTER: &str = "no cluster chosen";

/// An App's verdict in a word of ten columns at most.
pub fn sync_word(view: &AppView) -> &'static str {
    match view.sync {
        SyncStatus::Failed if is_undecided(view) => "no cluster",
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

/// The sign of an App's verdict with its counts, to be set right-aligned.
pub fn sync(view: &AppView, glyphs: &Glyphs) -> Vec<Piece> {
    let c = view.counts;
    match view.sync {
        SyncStatus::Checking => vec![piece(glyphs.checking, Label::Dim)],
        SyncStatus::Failed if is_undecided(view) => vec![piece(glyphs.undecided, Label::Warn)],
        SyncStatus::Failed => vec![piece(glyphs.failed, Label::Bad)],
        SyncStatus::Available => vec![piece(glyphs.available, Label::Dim)],
        SyncStatus::Synced if c.overridden > 0 => {
            vec![piece(
                format!("{}{}", glyphs.refused, c.overridden),
                Label::Overridden,
            )]
        }
        SyncStatus::Synced => vec![piece(glyphs.synced, Label::Good)],
        SyncStatus::Drifted => {
            let mut pieces = Vec::new();
            let rest = c.drifted.saturating_sub(c.git + c.cluster);
            for (n, glyph, label) in [
                (c.git, glyphs.git, Label::Git),
                (c.cluster, glyphs.cluster, Label::Cluster),
                (rest, glyphs.differs, Label::Warn),
                (c.unknown, glyphs.unknown, Label::Dim),
            ] {
                if n > 0 {
                    if !pieces.is_empty() {
                        pieces.push(piece(" ", Label::Text));
                    }
                    pieces.push(piece(format!("{glyph}{n}"), label));
                }
            }
            if pieces.is_empty() {
                pieces.push(piece(glyphs.differs, Label::Warn));
            }
            pieces
        }
    }
}

/// The signs that stand beside an App's name: pinned, uncommitted, unpushed, unconfirmed, old.
pub fn flags(view: &AppView, glyphs: &Glyphs) -> Vec<Piece> {
    let target = view.target.as_ref();
    let mut pieces = Vec::new();
    for (set, glyph, label) in [
        (view.pinned.is_some(), glyphs.pinned, Label::Warn),
        (
            target.is_some_and(|t| t.override_of.is_some()),
            glyphs.elsewhere,
            Label::Accent,
        ),
        (
            target.is_some_and(|t| t.uncommitted > 0),
            glyphs.uncommitted,
            Label::Warn,
        ),
        (
            target.is_some_and(|t| t.unpushed),
            glyphs.unpushed,
            Label::Dim,
        ),
        (
            view.counts.unconfirmed > 0 && view.sync != SyncStatus::Available,
            glyphs.unconfirmed,
            Label::Dim,
        ),
        (view.old_since.is_some(), glyphs.old, Label::Dim),
    ] {
        if set {
            pieces.push(piece(glyph, label));
        }
    }
    pieces
}

/// What a step does, in one word, and how grave that is.
pub fn action(action: Action) -> (&'static str, Label) {
    match action {
        Action::CreateNamespace => ("create", Label::Good),
        Action::Create => ("create", Label::Good),
        Action::Apply => ("apply", Label::Accent),
        Action::Replace => ("replace", Label::Warn),
        Action::Recreate => ("recreate", Label::Bad),
        Action::Adopt => ("adopt", Label::Accent),
        Action::Prune => ("delete", Label::Bad),
    }
}

/// What a Plan or a Run is for.
pub fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Sync => "Sync",
        RunKind::Rollback => "Rollback",
        RunKind::Adopt => "Adoption",
    }
}

/// How a Run ended.
pub fn outcome(outcome: Outcome, glyphs: &Glyphs) -> (&'static str, &'static str, Label) {
    match outcome {
        Outcome::Running => (glyphs.running, "running", Label::Busy),
        Outcome::Succeeded => (glyphs.synced, "succeeded", Label::Good),
        Outcome::Failed => (glyphs.failed, "failed", Label::Bad),
        Outcome::Stopped => (glyphs.warning, "stopped", Label::Warn),
    }
}

/// Whether and how a cluster is reached.
pub fn reach(reach: &Reach, glyphs: &Glyphs) -> (&'static str, Label) {
    match reach {
        Reach::Connecting => (glyphs.connecting, Label::Busy),
        Reach::Up { .. } => (glyphs.up, Label::Good),
        Reach::Down { .. } => (glyphs.down, Label::Bad),
    }
}

/// An object as headings name it: kind, then name; the namespace where it is not the App's.
pub fn object(key: &ObjectKey, home: &str) -> String {
    if key.namespace.is_empty() || key.namespace == home {
        format!("{} {}", key.kind, key.name)
    } else {
        format!("{} {}/{}", key.kind, key.namespace, key.name)
    }
}

/// A number of things.
pub fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {many}")
    }
}
