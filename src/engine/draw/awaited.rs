//! What a Plan waits for before it can be drawn: Git is still read, a cluster connected to, or its objects listed.

use tokio::sync::mpsc;

use crate::domain::AppId;
use crate::engine::clusters::listed::Presence;
use crate::engine::core::Core;
use crate::engine::report::Report;
use crate::engine::request::{Draw, Ticket};
use crate::engine::snapshot::{ClusterMode, Reach};
use crate::engine::world::{AppEntry, ClusterEntry, RecordState};

/// A Plan that was asked for and is not drawn yet.
pub(in crate::engine) struct Awaited {
    pub ticket: Ticket,
    pub what: Draw,
    /// What it waits for, as was told last.
    told: String,
}

impl Awaited {
    pub fn new(ticket: Ticket, what: Draw) -> Self {
        Self {
            ticket,
            what,
            told: String::new(),
        }
    }
}

impl Core {
    /// Draws the Plan that was asked for, as soon as there is nothing left to wait for. Where a cluster or a repository
    /// turns out not to be there, drawing says so.
    pub(in crate::engine) fn draw_awaited(&mut self) {
        let Some(mut awaited) = self.awaited.take() else {
            return;
        };
        let Some(waiting) = waits_for(self, &awaited.what) else {
            let drawing = super::start(self, awaited.ticket, awaited.what);
            self.drawing = Some((awaited.ticket, drawing));
            return;
        };
        if waiting != awaited.told {
            let report = Report::Awaiting(awaited.ticket, waiting.clone());
            // Where nobody comes round to reading, it is told the next time.
            if !matches!(
                self.reports.try_send(report),
                Err(mpsc::error::TrySendError::Full(_))
            ) {
                awaited.told = waiting;
            }
        }
        self.awaited = Some(awaited);
    }

    /// Nobody wants this Plan any more, if it is not drawn yet.
    pub(in crate::engine) fn leave_draw(&mut self, ticket: Ticket) {
        self.awaited.take_if(|awaited| awaited.ticket == ticket);
        if let Some((_, drawing)) = self.drawing.take_if(|(of, _)| *of == ticket) {
            drawing.abort();
        }
    }
}

/// What the Plan is to wait for, in words; `None`: it can be drawn, or it can be told why not.
fn waits_for(core: &Core, what: &Draw) -> Option<String> {
    if core.options.read_only {
        return None;
    }
    let is_rollback = matches!(what, Draw::Rollback { .. });
    what.apps()
        .iter()
        .find_map(|id| app_waits_for(core, id, is_rollback))
}

fn app_waits_for(core: &Core, id: &AppId, is_rollback: bool) -> Option<String> {
    let entry = core.world.apps.get(id)?;
    let cluster = core.world.clusters.get(&id.context)?;
    if cluster.mode == ClusterMode::ReadOnly || matches!(cluster.reach, Reach::Down { .. }) {
        return None;
    }
    if cluster.connection.is_none() || cluster.discovery.is_none() {
        return Some(id.context.clone());
    }
    if is_read_still(core, entry) {
        return Some(format!("what Git says of {}", id.name));
    }
    let is_known =
        is_listed(entry, cluster) && !(is_rollback && matches!(entry.record, RecordState::Unknown));
    (!is_known).then(|| format!("{} to list its objects", id.context))
}

/// Whether what Git says of an App will come without anybody's doing.
fn is_read_still(core: &Core, entry: &AppEntry) -> bool {
    let repository = core.world.repos.get(&entry.app.source.repository);
    let is_opened = repository.is_none_or(|r| r.repo.is_some() || r.problem.is_some());
    entry.desired.is_none() && entry.app.is_honoured() && (entry.desired_pending || !is_opened)
}

/// Whether it is known of each object that Git states whether it is there. One that is not seen yet would be taken for
/// one to be made.
fn is_listed(entry: &AppEntry, cluster: &ClusterEntry) -> bool {
    let is_served = |gvk| {
        let discovery = cluster.discovery.as_ref();
        discovery.is_some_and(|d| d.resource(gvk).is_some())
    };
    let unseen =
        |key| !cluster.live.contains_key(key) && cluster.listed.of(key) == Presence::Unsure;
    let prepared = entry.prepared.iter().flat_map(|p| p.values());
    let mut wanted = prepared.filter(|p| !p.hook && is_served(&p.manifest.gvk));
    !wanted.any(|p| unseen(&p.key))
}
