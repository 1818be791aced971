//! What console and command line may ask of the engine.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::domain::record::LOCK_SECONDS;
use crate::domain::{AppId, Destination, ObjectKey, Plan, Revision};

/// Ties a Report to the Request that asked for it. A Report with a ticket that is no longer wanted is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// An App that would go elsewhere than it was last synced to from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The App.
    pub app: AppId,
    /// Where it was synced to.
    pub from: Destination,
    /// Where it would go.
    pub to: Destination,
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, from, to } = self;
        write!(
            f,
            "{} was last synced to {}/{} and would now go to {}/{}",
            app.name, from.context, from.namespace, to.context, to.namespace
        )
    }
}

/// The lock of an App that somebody holds and does not renew (any more).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takeover {
    /// The App.
    pub app: AppId,
    /// Who holds it.
    pub holder: String,
}

impl fmt::Display for Takeover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} has not renewed its lock of {} for {LOCK_SECONDS} s",
            self.holder, self.app.name
        )
    }
}

/// What is done about Apps that would go elsewhere than before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Moves {
    /// They are refused, each for itself.
    #[default]
    Refuse,
    /// Nothing is drawn; [`super::Report::Moves`] names them, so that a person can be asked.
    Ask,
    /// A person said yes to exactly these; for any other it is as with `Ask`.
    Confirmed(Vec<Move>),
}

/// What a Plan is to be drawn for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draw {
    /// A sync of these Apps.
    Sync {
        /// The Apps.
        apps: Vec<AppId>,
        /// Only these objects; empty: all.
        only: Vec<(AppId, ObjectKey)>,
        /// Whether what is held and no longer in Git is pruned.
        prune: bool,
        /// The App's name as typed, where everything it holds would be pruned.
        prune_all: Option<String>,
        /// Whether what others manage is adopted: the Plan then moves ownership only, and a sync follows it.
        adopt: bool,
        /// What is done about Apps that would go elsewhere than before.
        moves: Moves,
    },
    /// Going back to the revision of a recorded Run.
    Rollback {
        /// The App.
        app: AppId,
        /// Number of the record.
        record: u64,
        /// What is done where it would go elsewhere than before.
        moves: Moves,
    },
}

impl Draw {
    /// A plain sync of Apps, or of some of their objects: nothing is pruned or adopted.
    pub fn sync(apps: Vec<AppId>, only: Vec<(AppId, ObjectKey)>) -> Self {
        Self::Sync {
            apps,
            only,
            prune: false,
            prune_all: None,
            adopt: false,
            moves: Moves::default(),
        }
    }

    /// The Apps that it is for.
    pub fn apps(&self) -> &[AppId] {
        match self {
            Self::Sync { apps, .. } => apps,
            Self::Rollback { app, .. } => std::slice::from_ref(app),
        }
    }

    /// What is done about Apps that would go elsewhere than before.
    pub fn moves(&self) -> &Moves {
        match self {
            Self::Sync { moves, .. } | Self::Rollback { moves, .. } => moves,
        }
    }

    /// The same with something else done about them.
    #[must_use]
    pub fn with_moves(mut self, new: Moves) -> Self {
        match &mut self {
            Self::Sync { moves, .. } | Self::Rollback { moves, .. } => *moves = new,
        }
        self
    }
}

/// A request to the engine.
#[derive(Clone, Debug)]
pub enum Request {
    /// This App is being looked at: its objects are verified first.
    Select(Option<AppId>),
    /// These Apps were named: what the server makes of their objects is asked, also where they were never synced. The
    /// snapshot names them in `asked` from then on.
    Ask(BTreeSet<AppId>),
    /// Fetch, render and verify anew: one App, or all.
    Refresh(Option<AppId>),
    /// Compare an App with another revision than its own, or with its own again.
    SetRevision(AppId, Option<Revision>),
    /// Draw a Plan; changes nothing. Answered by [`super::Report::Drawn`], or by [`super::Report::Moves`]
    /// where that was asked for. A newer Draw replaces one under way. While a cluster is being connected to it waits, and
    /// [`super::Report::Awaiting`] says so.
    Draw(Ticket, Draw),
    /// Nobody wants this Plan any more.
    LeaveDraw(Ticket),
    /// Run a Plan exactly as drawn. Answered by [`super::Report::Run`] after every step. Refused in read-only mode.
    Run(Ticket, Arc<Plan>),
    /// Stop a Run before its next step.
    StopRun(Ticket),
    /// Whether the lock that [`super::Report::Takeover`] asked about is taken over; if not, that App is not synced.
    TakeOver(Ticket, bool),
    /// Why an object is not healthy: events and waiting reasons. Answered by [`super::Report::Reasons`].
    Explain(Ticket, AppId, ObjectKey),
}
