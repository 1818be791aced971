//! What the engine tells.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::record::Outcome;
use crate::domain::{Health, Plan, Problem};

use super::loan::Loan;
use super::request::{Move, Takeover, Ticket};

/// A report of the engine.
#[derive(Clone, Debug)]
pub enum Report {
    /// The snapshot is a new one.
    Changed,
    /// A Plan that was asked for waits for something before it can be drawn, in words (the context of a cluster that is
    /// being connected to).
    Awaiting(Ticket, String),
    /// So many objects of a Plan that is being drawn were answered for, of so many.
    Drawing(Ticket, usize, usize),
    /// A Plan was drawn, or could not be.
    Drawn(Ticket, Result<Arc<Plan>, Problem>),
    /// No Plan was drawn yet: these Apps would go elsewhere than before, and somebody is to be asked.
    Moves(Ticket, Vec<Move>),
    /// A Run went on.
    Run(Ticket, Arc<RunView>),
    /// A Run waits for an answer, by [`super::Request::TakeOver`]: is this lock to be taken over?
    Takeover(Ticket, Takeover),
    /// Why an object is as it is, newest last.
    Reasons(Ticket, Result<Vec<Reason>, Problem>),
    /// Somebody must be asked something at the terminal: whoever holds it lends it. Sent only where
    /// [`super::EngineOptions::lends`] says that somebody does.
    Loan(Loan),
}

/// How far a Run has come.
#[derive(Clone, Debug)]
pub struct RunView {
    /// The Plan that it executes.
    pub plan: Arc<Plan>,
    /// One entry for each step of the Plan.
    pub steps: Vec<StepState>,
    /// What it waits for at the moment, in words; empty when it does not wait.
    pub waiting: String,
    /// How it ended, once it has.
    pub outcome: Option<Outcome>,
    /// What stopped it: a failed step, a lost connection, a lost lock. The steps tell what was and was not done.
    pub problem: Option<Problem>,
    /// Health of its Apps as it settles after the last step.
    pub health: Option<Health>,
}

/// The state of one step of a Run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Done; with what the server said besides (warnings).
    Done(Vec<String>),
    /// The server refused, or the object changed since the Plan was drawn.
    Failed(Problem),
    /// Sent, and no answer tells whether it was done.
    Unknown(Problem),
    /// Not begun, because the Run stopped before it.
    NotRun,
}

/// One line of explanation: a waiting reason, or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// When it happened, or since when it is so; `None` where nothing says.
    pub time: Option<Timestamp>,
    /// Whether it holds at present, rather than having happened.
    pub present: bool,
    /// Whether it is a warning.
    pub warning: bool,
    /// The object it is about (`Pod web-7d4b9-x2x`).
    pub about: String,
    /// What it says.
    pub text: String,
}
