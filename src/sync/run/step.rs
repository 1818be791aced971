//! How a step of a Run stands, and what its driver tells of it.

use crate::domain::Problem;

/// What came of doing a step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepResult {
    /// The server did it. For a prune: it accepted the deletion.
    Done,
    /// For a prune: the object is gone.
    Gone,
    /// 409, or 422 on `metadata.uid`: somebody else was faster.
    Conflict(Problem),
    /// The server refused it.
    Failed(Problem),
    /// It never reached the object (no connection, credentials not accepted, the server asks to slow down): it was not
    /// done. Pauses the Run.
    NotDone(Problem),
    /// No answer came, or one that does not tell: it may or may not have been done. Pauses the Run.
    Lost(Problem),
}

/// What drawing a step anew came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Redrawn {
    /// The diff is the same as the one that was shown; the step goes on with this resource version.
    Same {
        /// The resource version that the new dry run answered from; empty for a recreate whose old object is gone.
        resource_version: String,
    },
    /// What the step was to do is done: the answer was lost, not the request.
    AlreadyDone,
    /// The diff is another one, or the object is another one; what of it, a line each, where that is known.
    Different(Vec<String>),
    /// The object was deleted, and not by this step.
    Deleted,
    /// It could not be drawn.
    Failed(Problem),
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq)]
pub enum StepState {
    /// It was not begun.
    Pending,
    /// It is being done.
    Running,
    /// It was done.
    Done,
    /// The object of a prune is confirmed to be gone.
    Gone,
    /// It failed.
    Failed(Problem),
    /// It was not run, for this reason.
    Skipped(String),
    /// No answer came, or none that tells: it may or may not have been done.
    InDoubt(Problem),
}

impl StepState {
    pub(super) fn succeeded(&self) -> bool {
        matches!(self, Self::Done | Self::Gone)
    }
}
