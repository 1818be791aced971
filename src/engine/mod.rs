//! The one that owns tasks: Requests in, Reports out; caches, debounce, latest wins, cancellation.
//!
//! What is true at the moment is one immutable [`Snapshot`], replaced as a whole; whoever shows it pulls the newest
//! after a [`Report::Changed`]. What was asked for is answered by a Report with the ticket of its Request.

pub mod report;
pub mod request;
pub mod snapshot;

pub use report::{Reason, Report, RunView, StepState};
pub use request::{Draw, Request, Ticket};
pub use snapshot::{
    AppState, AppView, ClusterMode, ClusterView, Counts, ObjectView, Reach, Rights, Snapshot,
    SyncStatus, Target,
};
