//! Why a step failed, in words.

use crate::domain::{ObjectKey, Problem, ProblemKind};

use super::{MAX_ATTEMPTS, MAX_REDRAWS};

/// The hint where a Plan no longer fits. A console that has a key for it says that key instead.
pub const DRAW_AGAIN: &str = "Draw the Plan again and look at its diff.";

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

/// Every attempt came to nothing, and each time the object was as before.
pub(super) fn in_vain(last: Option<Problem>, half_recreated: bool) -> Problem {
    let known = match half_recreated {
        true => "the old one was deleted, and the new one is not there",
        false => "it was looked at after each, and the change was not made",
    };
    let kind = last.as_ref().map_or(ProblemKind::Unreachable, |p| p.kind);
    let problem = Problem::new(
        kind,
        format!("{MAX_ATTEMPTS} attempts came to nothing: {known}"),
    );
    let problem = match last {
        Some(last) => last
            .causes
            .iter()
            .fold(problem.because(last.summary), |p, cause| {
                p.because(cause.clone())
            }),
        None => problem,
    };
    problem.hint("Sync again once the cause is mended.")
}

/// What must be known before going on could not be read.
pub(super) fn unseen(last: &Problem, in_doubt: bool) -> Problem {
    let what = match in_doubt {
        true => "it is not known whether it was done",
        false => "nothing more was done",
    };
    Problem::new(
        last.kind,
        format!("the object could not be looked at in {MAX_ATTEMPTS} attempts: {what}"),
    )
    .because(last.to_string())
    .hint("Sync again once the cluster answers.")
}

pub(super) fn half_recreated() -> Problem {
    Problem::new(
        ProblemKind::Cancelled,
        "the old one was deleted, and the new one is not there: the Run was stopped in between",
    )
    .hint("Sync again to make it.")
}

pub(super) fn deleted() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "it was deleted since the Plan was drawn, which was to change it",
    )
    .hint(DRAW_AGAIN)
}

pub(super) fn moved_on(what: Vec<String>) -> Problem {
    let problem = Problem::new(
        ProblemKind::Conflict,
        "it was changed since the Plan was drawn, so that the step would do something else than was shown",
    )
    .hint(DRAW_AGAIN);
    what.into_iter().fold(problem, Problem::because)
}
