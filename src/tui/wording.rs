//! Sign and label of each state, beside its word of [`words`]: the same on every screen.

use crate::domain::record::{Outcome, RunKind};
use crate::domain::{
    Action, AppId, Cause, HealthStatus, ObjectDrift, ObjectKey, Problem, Verdict, count,
};
use crate::engine::{AppView, Move, Reach, SyncStatus, words};

use super::glyphs::Glyphs;
use super::keymap::{Command, Context as KeyContext, Keymap};
use super::painter::{Piece, piece};
use super::theme::Label;

/// Apps that would go elsewhere than before, as a question names them.
pub fn moves(moves: &[Move]) -> String {
    const NAMED: usize = 3;
    let mut lines: Vec<String> = moves.iter().take(NAMED).map(|m| format!("{m}.")).collect();
    if moves.len() > NAMED {
        let rest = count(moves.len() - NAMED, "other App");
        lines.push(format!("So it is with {rest}."));
    }
    lines.push("What is there already stays there.".to_owned());
    lines.join("\n")
}

/// The label of a health.
pub fn health(status: HealthStatus) -> Label {
    match status {
        HealthStatus::Healthy | HealthStatus::Unknown => Label::Dim,
        HealthStatus::Suspended | HealthStatus::Missing => Label::Warn,
        HealthStatus::Progressing => Label::Busy,
        HealthStatus::Degraded => Label::Bad,
    }
}

/// An object's verdict: sign, words and label.
pub fn verdict(drift: &ObjectDrift, glyphs: &Glyphs) -> (&'static str, &'static str, Label) {
    let (sign, label) = match drift.verdict {
        Verdict::InSync if !drift.overridden.is_empty() => {
            return (glyphs.refused, "overridden", Label::Overridden);
        }
        Verdict::InSync => (glyphs.synced, Label::Good),
        Verdict::Drifted => (glyphs.differs, Label::Warn),
        Verdict::Missing => (glyphs.missing, Label::Warn),
        // As its App says it, and its diff.
        Verdict::Extra => return (glyphs.extra, "not in Git", Label::Bad),
        Verdict::Refused => (glyphs.refused, Label::Bad),
        Verdict::Unknown => (glyphs.unknown, Label::Dim),
    };
    (sign, words::verdict(drift.verdict), label)
}

/// What is so of an object, in a list: the side that moved where it is known, else the verdict.
pub fn object_state(
    view: &AppView,
    drift: &ObjectDrift,
    glyphs: &Glyphs,
) -> (&'static str, &'static str, Label) {
    match (drift.verdict, words::cause(drift)) {
        _ if view.was_deleted(drift) => (glyphs.cluster, "deleted", Label::Cluster),
        (Verdict::Drifted, side) if side != Cause::Unknown => cause(side, glyphs),
        _ => verdict(drift, glyphs),
    }
}

/// An App with its place, as everything that names it does: `web · prod-eu · shop`.
pub fn app(id: &AppId, dot: &str) -> String {
    let parts = [&id.name, &id.context, &id.namespace];
    let parts: Vec<&str> = parts
        .iter()
        .map(|p| p.as_str())
        .filter(|p| !p.is_empty())
        .collect();
    parts.join(&format!(" {dot} "))
}

/// How a refusal that an adoption mends names the option for it.
pub const TO_ADOPT: &str = "(`--adopt`)";

/// A text that names options of the command line, with the keys that do the same.
pub fn in_keys(text: &str, keymap: &Keymap) -> String {
    let sync = keymap.key(KeyContext::Apps, Command::Sync);
    let prune = keymap.key(KeyContext::Plan, Command::Prune);
    let adopt = keymap.key(KeyContext::Plan, Command::Adopt);
    let text = text.replace(TO_ADOPT, &format!("({adopt})"));
    let Some((before, rest)) = text.split_once("`--prune-all ") else {
        return text;
    };
    match (before.strip_suffix('('), rest.split_once('`')) {
        (Some(before), Some((_, rest))) => format!("{before}({sync}, then {prune}{rest}"),
        (None, Some((_, rest))) => format!("{before}{prune} in a Plan of it alone{rest}"),
        (_, None) => text,
    }
}

/// A Problem whose hints name options of the command line, with the keys that do the same, for an open Plan.
pub fn problem_in_keys(problem: &Problem, keymap: &Keymap) -> Problem {
    let mut problem = problem.clone();
    for hint in &mut problem.hints {
        *hint = if hint == words::LOOK_AGAIN {
            let close = keymap.key(KeyContext::Plan, Command::Back);
            let fetch = keymap.key(KeyContext::Apps, Command::Refresh);
            format!("{close} closes this, {fetch} then fetches it again.")
        } else if hint.starts_with(words::COMMIT_STAYS) {
            let back = keymap.key(KeyContext::Apps, Command::Rollback);
            format!("{} {back} goes back to one.", words::COMMIT_STAYS)
        } else {
            in_keys(hint, keymap)
        };
    }
    problem
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

/// What is said of Apps for which no cluster is chosen, in a heading.
pub const NO_CLUSTER: &str = "no cluster chosen";

/// The sign of an App's verdict with its counts, to be set right-aligned.
pub fn sync(view: &AppView, glyphs: &Glyphs) -> Vec<Piece> {
    let c = view.counts;
    match view.sync {
        SyncStatus::Checking => vec![piece(glyphs.checking, Label::Dim)],
        SyncStatus::Failed if view.is_undecided() => vec![piece(glyphs.undecided, Label::Warn)],
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
            // Also where that other revision came to nothing.
            view.unresolved.is_some() || target.is_some_and(|t| t.override_of.is_some()),
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
    let label = match action {
        Action::CreateNamespace | Action::Create => Label::Good,
        Action::Apply | Action::Adopt | Action::Record => Label::Accent,
        Action::Replace => Label::Warn,
        Action::Recreate | Action::Prune => Label::Bad,
    };
    (words::action(action), label)
}

/// What a Plan or a Run is for, as a title begins.
pub fn kind(kind: RunKind) -> String {
    let word = words::kind(kind);
    word[..1].to_uppercase() + &word[1..]
}

/// How a Run ended.
pub fn outcome(outcome: Outcome, glyphs: &Glyphs) -> (&'static str, &'static str, Label) {
    let (sign, label) = match outcome {
        Outcome::Running => (glyphs.running, Label::Busy),
        Outcome::Succeeded => (glyphs.synced, Label::Good),
        Outcome::Failed => (glyphs.failed, Label::Bad),
        Outcome::Stopped => (glyphs.warning, Label::Warn),
    };
    (sign, words::outcome(outcome), label)
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
