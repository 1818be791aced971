//! The one that owns tasks: Requests in, Reports out; caches, debounce, latest wins, cancellation.
//!
//! What is true at the moment is one immutable [`Snapshot`], replaced as a whole; whoever shows it pulls the newest
//! after a [`Report::Changed`]. What was asked for is answered by a Report with the ticket of its Request.
//!
//! One task (`core`) owns everything that is known (`world`) and is told by the others: a task for each repository
//! (`sources`), a task for each cluster (`clusters`), short-lived ones that render (`apps`), ask the server
//! (`compare`), draw Plans (`draw`) and run them (`execute`). Each of these folders holds the tasks and what the core does
//! with their words (`impl Core`); `view` makes the snapshot of it. Nothing can change a cluster but `execute`.

mod apps;
mod clusters;
mod compare;
mod core;
mod draw;
mod execute;
mod explain;
mod loan;
mod options;
mod report;
mod request;
mod snapshot;
mod sources;
mod view;
pub mod words;
mod world;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

pub use apps::packed::PackedManifest;
pub use clusters::Connector;
pub use draw::memory::Memory;
pub use loan::Loan;
pub use options::{EngineOptions, KubeconfigConnector, Machine, SourceArgument, assemble};
pub use report::{Reason, Report, RunView, StepState};
pub use request::{Draw, Move, Moves, Request, Takeover, Ticket};
pub use snapshot::{
    AppState, AppView, ClusterMode, ClusterView, Counters, Counts, Distance, ObjectView, Reach,
    Rights, Snapshot, SyncStatus, Target,
};
pub use sources::locate;

use crate::domain::{Clock, Problem, ProblemKind};

/// A running engine. It ends when this is dropped.
pub struct Engine {
    requests: mpsc::UnboundedSender<Request>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    reports: mpsc::Receiver<Report>,
}

impl Engine {
    /// Starts an engine. Must be called inside a Tokio runtime.
    pub fn start(
        options: EngineOptions,
        connector: Arc<dyn Connector>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (requests, request_receiver) = mpsc::unbounded_channel();
        let (events, event_receiver) = mpsc::channel(4096);
        let (reports, report_receiver) = mpsc::channel(64);
        let (snapshot_sender, snapshot) = watch::channel(Arc::new(Snapshot {
            read_only: options.read_only,
            ..Snapshot::default()
        }));
        let core = core::Core {
            lender: loan::Lender::new(reports.clone(), options.lends, !options.live),
            options: Arc::new(options),
            connector,
            clock,
            events,
            reports,
            snapshot: snapshot_sender,
            world: world::World::default(),
            sources: Default::default(),
            clusters: Default::default(),
            latest: Default::default(),
            looks: Default::default(),
            wishes: Default::default(),
            wishing: Default::default(),
            to_render: Default::default(),
            next_ticket: 0,
            awaited: None,
            drawing: None,
            plans: Default::default(),
            runs: Default::default(),
            running: Default::default(),
            n_renders: 0,
            revision: 0,
            dirty: false,
        };
        tokio::spawn(core.run(event_receiver, request_receiver));
        Self {
            requests,
            snapshot,
            reports: report_receiver,
        }
    }

    /// Asks for something.
    pub fn send(&self, request: Request) {
        let _ = self.requests.send(request);
    }

    /// What is known now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.borrow().clone()
    }

    /// The next report; `None` when the engine has ended.
    pub async fn report(&mut self) -> Option<Report> {
        self.reports.recv().await
    }

    /// A report that is there already.
    pub fn try_report(&mut self) -> Option<Report> {
        self.reports.try_recv().ok()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let counters = self.snapshot.borrow().counters;
        tracing::info!(?counters, "the engine ends");
    }
}

fn read_only() -> Problem {
    Problem::new(
        ProblemKind::Unsupported,
        "nothing can be changed in read-only mode",
    )
    .hint("Start trueup without --read-only, and see `trueup config` for where it may be set.")
}
