//! Why a step failed, in words.

use crate::domain::{ObjectKey, Problem, ProblemKind};

use super::MAX_REDRAWS;

/// Why a step failed, as it is recorded in the cluster for everybody to read. What a server says of a Secret may repeat
/// its values, so that only our own words are kept of that.
pub(super) fn reason(key: &ObjectKey, problem: &Problem) -> String {
    match key.kind.as_str() {
        "Secret" => format!("{key}: {}", problem.summary),
        _ => problem.about(&key.to_string()),
    }
}

pub(super) fn too_busy(last: Problem) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("somebody else keeps changing it: {MAX_REDRAWS} attempts met a newer version each"),
    )
    .because(last.to_string())
    .hint("Find out who writes it (its owners stand beside the diff), then draw the Plan again.")
}

pub(super) fn half_recreated() -> Problem {
    Problem::new(
        ProblemKind::Cancelled,
        "the old one was deleted, and the new one is not there: the Run was stopped in between",
    )
    .hint("Sync again to make it.")
}

pub(super) fn moved_on() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "it was changed since the Plan was drawn, so that the step would do something else than was shown",
    )
    .hint("Draw the Plan again and look at its diff.")
}
