//! The task that owns the world: takes events and requests one at a time, and publishes what came of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::{AppId, Clock, Problem, Repository};

use super::apps::desired::DesiredDone;
use super::clusters::{ClusterEvent, ClusterOrder, Connector};
use super::compare::question::Answer;
use super::report::Report;
use super::request::{Request, Ticket};
use super::snapshot::{Reach, Snapshot};
use super::sources::orphans::Recorded;
use super::sources::{SourceOrder, SourceSeen};
use super::world::{Definer, Definition, RecordState, World};
use super::{EngineOptions, draw, execute, explain, view};

/// What the engine's own tasks tell the core.
pub(super) enum Event {
    Source(Repository, SourceSeen),
    /// What files that define Apps say.
    Defined(Definer, Definition),
    /// What came of a search of a repository, by its ticket.
    Searched(Repository, u64, Result<Definition, Problem>),
    Desired(Box<DesiredDone>),
    /// What the records in a cluster say of Apps that hold something.
    Recorded(String, Recorded),
    /// Whether a record is the App's, by the ticket of the look.
    RecordRead(AppId, u64, RecordState),
    Cluster(String, ClusterEvent),
    Answer(Box<Answer>),
    /// A question that met bad weather is due again.
    AskAgain(AppId, crate::domain::ObjectKey),
    /// Something that takes long, in words; `None` when it is over.
    Work(String, Option<String>),
    /// Whether a Run waits before it goes on with an App.
    AppWaits(AppId, bool),
    /// A Run is done with an App.
    AppEnded(AppId),
    /// A Run is over: what it touched is looked at again.
    RunEnded(Ticket, Vec<AppId>),
    /// A Run does not get through by the connection that it has: is there another by now?
    Place(String, oneshot::Sender<Option<execute::Place>>),
    /// The kinds of a cluster changed: a CRD came or went.
    Rediscover(String),
    /// Where something was synced to could not be remembered.
    Forgetful(Problem),
    /// A definition was seen a while ago whose kind was not known.
    DefinitionSeen(String),
}

/// Where the engine's own tasks send what they see.
pub(super) type Events = mpsc::Sender<Event>;

/// After a change the snapshot is replaced this much later, so that a burst of events makes one.
const GATHER: Duration = Duration::from_millis(16);
/// Clusters are told what to watch this much later at most, however many Apps still come.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked for verdicts that are too old.
const REVERIFY: Duration = Duration::from_secs(30);

pub(super) struct Core {
    pub options: Arc<EngineOptions>,
    pub connector: Arc<dyn Connector>,
    pub clock: Arc<dyn Clock>,
    pub events: Events,
    pub reports: mpsc::Sender<Report>,
    pub lender: super::loan::Lender,
    pub snapshot: watch::Sender<Arc<Snapshot>>,
    pub world: World,
    pub sources: BTreeMap<Repository, mpsc::UnboundedSender<SourceOrder>>,
    pub clusters: BTreeMap<String, mpsc::UnboundedSender<ClusterOrder>>,
    /// The newest rendering job of each repository.
    pub latest: HashMap<Repository, Arc<AtomicU64>>,
    pub looks: HashMap<Repository, super::sources::search::Looks>,
    /// Clusters whose wishes changed just now.
    pub wishes: BTreeSet<String>,
    /// Clusters that are still to be told of their wishes.
    pub wishing: BTreeSet<String>,
    /// Repositories whose Apps are to be rendered anew.
    pub to_render: BTreeSet<Repository>,
    pub next_ticket: u64,
    /// The Plan that is asked for and waits for its clusters.
    pub awaited: Option<draw::awaited::Awaited>,
    /// The Plan that is being drawn, or was last.
    pub drawing: Option<(Ticket, tokio::task::AbortHandle)>,
    pub plans: execute::DrawnPlans,
    pub runs: HashMap<Ticket, execute::RunHandle>,
    /// Apps that a Run is changing: each of its steps would be asked about, and the next would make the answer old.
    pub running: HashSet<AppId>,
    pub n_renders: u64,
    pub revision: u64,
    pub dirty: bool,
}

impl Core {
    pub async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut requests: mpsc::UnboundedReceiver<Request>,
    ) {
        self.begin();
        let mut publish_at: Option<tokio::time::Instant> = Some(tokio::time::Instant::now());
        let mut wish_at: Option<tokio::time::Instant> = None;
        let mut wish_by: Option<tokio::time::Instant> = None;
        let mut reverify = tokio::time::interval(REVERIFY);
        reverify.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.handle(event),
                    None => return,
                },
                request = requests.recv() => match request {
                    Some(request) => self.serve(request),
                    None => return,
                },
                () = until(publish_at) => {
                    publish_at = None;
                    if !self.publish().await {
                        return;
                    }
                }
                () = until(wish_at) => {
                    (wish_at, wish_by) = (None, None);
                    let wishing = std::mem::take(&mut self.wishing);
                    self.tell_wishes(wishing);
                }
                _ = reverify.tick() => self.expire(),
            }
            // A burst is handled as one, but not so long that nothing is ever shown.
            for _ in 0..256 {
                match events.try_recv() {
                    Ok(event) => self.handle(event),
                    Err(_) => break,
                }
            }
            for repository in std::mem::take(&mut self.to_render) {
                self.start_desired(&repository);
            }
            self.pump();
            self.draw_awaited();
            if self.dirty && publish_at.is_none() {
                publish_at = Some(tokio::time::Instant::now() + GATHER);
            }
            if !self.wishes.is_empty() {
                // A watch that is to keep more starts over with a list: while Apps go on coming, it is better to wait.
                self.wishing.append(&mut self.wishes);
                let now = tokio::time::Instant::now();
                let by = *wish_by.get_or_insert(now + PATIENCE);
                wish_at = Some(by.min(now + 3 * GATHER));
            }
        }
    }

    fn handle(&mut self, event: Event) {
        self.dirty = true;
        match event {
            Event::Source(repository, seen) => self.source_seen(repository, seen),
            Event::Defined(definer, definition) => self.defined(definer, definition),
            Event::Searched(repository, ticket, found) => self.searched(repository, ticket, found),
            Event::Desired(done) => self.desired_done(*done),
            Event::Recorded(context, recorded) => self.recorded(&context, recorded),
            Event::RecordRead(id, ticket, state) => self.record_read(&id, ticket, state),
            Event::Cluster(context, event) => self.cluster_event(&context, event),
            Event::Answer(answer) => self.answered(*answer),
            Event::AskAgain(id, key) => self.consider(&id, &key, true),
            Event::Work(who, what) => {
                match what {
                    Some(what) => self.world.work.insert(who, what),
                    None => self.world.work.remove(&who),
                };
            }
            // Who looks once has no use for a verdict that the next steps would wait for.
            Event::AppWaits(id, true) => {
                if self.options.live && self.running.remove(&id) {
                    self.consider_app(&id);
                }
            }
            Event::AppWaits(id, false) => {
                self.running.insert(id);
            }
            Event::AppEnded(id) => {
                if self.options.live && self.running.remove(&id) {
                    self.forget_verdicts(&id);
                }
            }
            Event::RunEnded(ticket, apps) => {
                self.runs.remove(&ticket);
                for id in apps {
                    if self.running.remove(&id) {
                        self.forget_verdicts(&id);
                    }
                }
            }
            Event::Place(context, answer) => {
                // Asking is how a kubeconfig that was written anew is found out.
                self.order(&context, ClusterOrder::Check);
                let _ = answer.send(execute::place(self, &context).ok());
            }
            Event::Rediscover(context) => self.order(&context, ClusterOrder::Discover),
            Event::Forgetful(problem) => self.problem("memory", Some(problem)),
            Event::DefinitionSeen(context) => {
                if self.lacks_a_kind(&context) {
                    self.order(&context, ClusterOrder::Discover);
                }
            }
        }
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Select(id) => self.select(id),
            Request::Ask(apps) => {
                self.world.asked.extend(apps.iter().cloned());
                apps.iter().for_each(|id| self.consider_app(id));
                self.dirty = true;
            }
            Request::Refresh(which) => self.refresh(which.as_ref()),
            Request::SetRevision(id, revision) => self.set_revision(&id, revision),
            Request::Draw(ticket, what) => {
                if let Some((_, older)) = self.drawing.take() {
                    older.abort();
                }
                self.awaited = Some(draw::awaited::Awaited::new(ticket, what));
            }
            Request::LeaveDraw(ticket) => self.leave_draw(ticket),
            Request::Run(ticket, plan) => {
                let apps: Vec<_> = plan.apps.iter().map(|a| a.id.clone()).collect();
                if let Some(handle) = execute::start(self, ticket, plan) {
                    self.runs.insert(ticket, handle);
                    self.running.extend(apps);
                }
            }
            Request::StopRun(ticket) => {
                if let Some(run) = self.runs.get(&ticket) {
                    run.stop();
                }
            }
            Request::TakeOver(ticket, is_meant) => {
                if let Some(run) = self.runs.get(&ticket) {
                    run.answer(is_meant);
                }
            }
            Request::Explain(ticket, id, key) => explain::start(self, ticket, &id, &key),
        }
    }

    /// Replaces the snapshot. False when nobody is interested any more.
    async fn publish(&mut self) -> bool {
        if !self.dirty {
            return true;
        }
        self.dirty = false;
        self.revision += 1;
        let snapshot = view::snapshot(self);
        self.snapshot.send_replace(Arc::new(snapshot));
        match self.reports.try_send(Report::Changed) {
            // Full: the receiver has not seen the last one yet, and will pull this snapshot then.
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }

    /// A number that was not used before.
    pub fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    pub fn order(&self, context: &str, order: ClusterOrder) {
        if let Some(orders) = self.clusters.get(context) {
            let _ = orders.send(order);
        }
    }

    /// Looks for answers of the server that are too old to believe, and for kubeconfigs that were changed.
    fn expire(&mut self) {
        if self.options.live {
            for (context, orders) in &self.clusters {
                let _ = orders.send(ClusterOrder::Reread);
                // Whatever made it be taken for down, nothing else is asked until it has answered.
                let cluster = self.world.clusters.get(context);
                if cluster.is_some_and(|c| matches!(c.reach, Reach::Down { .. })) {
                    let _ = orders.send(ClusterOrder::Check);
                }
            }
        }
        let now = self.clock.instant();
        // Webhooks and policies come and go unseen: no answer is believed for ever.
        let believe = self.options.believe;
        if believe.is_zero() {
            return;
        }
        let old = |at: Instant| now.saturating_duration_since(at) > believe;
        let due: Vec<_> = self
            .world
            .apps
            .iter()
            .flat_map(|(id, entry)| {
                let keys = entry.objects.iter().filter(|(_, c)| old(c.at));
                keys.map(|(key, _)| (id.clone(), key.clone()))
            })
            .collect();
        for (id, key) in due {
            self.consider(&id, &key, true);
        }
    }

    /// A problem of the whole, or its end.
    pub fn problem(&mut self, who: &str, problem: Option<Problem>) {
        match problem {
            Some(problem) => self.world.problems.insert(who.to_owned(), problem),
            None => self.world.problems.remove(who),
        };
        self.dirty = true;
    }
}

async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
