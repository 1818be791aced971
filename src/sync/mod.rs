//! The Plan (order, waves, prune) and the Run as a pure state machine; the encoding of records. No I/O.
//!
//! [`plan`](plan::plan) draws a Plan from what was compared; [`Run`] executes it exactly as drawn, told of the outside
//! by its caller. Nothing here waits, asks a cluster or reads a clock.

pub mod adopt;
pub mod facts;
pub mod inventory;
pub mod lock;
pub mod options;
pub mod order;
pub mod plan;
pub mod record;
pub mod run;

pub use facts::{Claim, Contents, LiveFacts};
pub use options::parse_app_options;
pub use plan::{AppInput, Candidate, PlanOptions, RecordState, plan};
pub use run::{Next, Run, RunSummary, StepResult, StepState};
