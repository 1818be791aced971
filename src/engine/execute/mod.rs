//! Runs a Plan: does what the pure Run of the `sync` room says comes next, and tells it what came of it.
//!
//! The only part of the program that holds a Writer. Nothing is retried here; a lost connection pauses.

mod driver;
mod lock;
mod record;
mod redraw;
mod step;
mod wait;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::domain::record::{AppRecord, Outcome};
use crate::domain::{AppId, Clock, Plan, Problem, ProblemKind};
use crate::sync::Run;

use crate::engine::EngineOptions;
use crate::engine::core::{Core, Events};
use crate::engine::draw::Drawn;
use crate::engine::report::{Report, RunView, StepState};
use crate::engine::request::Ticket;
use crate::engine::snapshot::ClusterMode;
use lock::Lock;
pub(super) use step::Place;

/// Plans that were drawn, with what a Run must know besides. The last few are kept.
#[derive(Clone, Default)]
pub(super) struct DrawnPlans(Arc<Mutex<Vec<DrawnPlan>>>);

type DrawnPlan = (Arc<Plan>, BTreeMap<AppId, Drawn>);

impl DrawnPlans {
    pub fn keep(&self, plan: Arc<Plan>, drawn: BTreeMap<AppId, Drawn>) {
        let mut plans = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if plans.len() >= 4 {
            plans.remove(0);
        }
        plans.push((plan, drawn));
    }

    fn take(&self, plan: &Arc<Plan>) -> Option<BTreeMap<AppId, Drawn>> {
        let mut plans = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let at = plans.iter().position(|(p, _)| Arc::ptr_eq(p, plan))?;
        Some(plans.remove(at).1)
    }
}

/// What is said to a Run: to stop between two steps, and what it asked about.
#[derive(Clone, Default)]
pub(super) struct RunHandle(Arc<Said>);

#[derive(Default)]
struct Said {
    stop: AtomicBool,
    answer: Mutex<Option<bool>>,
    news: Notify,
}

impl RunHandle {
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.news.notify_waiters();
    }

    /// Answers what the Run asked.
    pub fn answer(&self, yes: bool) {
        *self.0.answer.lock().unwrap_or_else(|e| e.into_inner()) = Some(yes);
        self.0.news.notify_waiters();
    }

    fn is_stopped(&self) -> bool {
        self.0.stop.load(Ordering::Relaxed)
    }

    /// Waits, but not longer than until somebody says stop.
    async fn pause(&self, time: Duration) {
        tokio::select! {
            () = self.0.news.notified() => {}
            () = tokio::time::sleep(time) => {}
        }
    }

    fn take_answer(&self) -> Option<bool> {
        let mut answer = self.0.answer.lock().unwrap_or_else(|e| e.into_inner());
        answer.take()
    }

    /// The answer to what was just asked; to stop is no.
    async fn answered(&self) -> bool {
        loop {
            let mut news = std::pin::pin!(self.0.news.notified());
            news.as_mut().enable();
            if self.is_stopped() {
                return false;
            }
            if let Some(answer) = self.take_answer() {
                return answer;
            }
            news.await;
        }
    }
}

/// Starts a Run. `None` where it is refused; the Report says why.
pub(super) fn start(core: &mut Core, ticket: Ticket, plan: Arc<Plan>) -> Option<RunHandle> {
    let refuse = |problem: Problem| {
        let view = RunView {
            steps: vec![StepState::NotRun; plan.steps.len()],
            plan: plan.clone(),
            waiting: String::new(),
            outcome: Some(Outcome::Failed),
            problem: Some(problem),
            health: None,
        };
        let reports = core.reports.clone();
        tokio::spawn(async move {
            let _ = reports.send(Report::Run(ticket, Arc::new(view))).await;
        });
        None
    };
    if core.options.read_only {
        return refuse(crate::engine::read_only());
    }
    let Some(drawn) = core.plans.take(&plan) else {
        return refuse(
            Problem::new(
                ProblemKind::Conflict,
                "this Plan was run already, or is too old",
            )
            .hint("Draw it again."),
        );
    };
    let mut places = HashMap::new();
    for id in drawn.keys() {
        match place(core, &id.context) {
            Ok(place) => places.insert(id.context.clone(), place),
            Err(problem) => return refuse(problem.at(id.context.clone())),
        };
    }
    let stop = RunHandle::default();
    let driver = Driver {
        ticket,
        plan: plan.clone(),
        run: Run::new(Plan::clone(&plan)),
        drawn,
        places,
        records: HashMap::new(),
        locks: HashMap::new(),
        warnings: HashMap::new(),
        paused_since: None,
        stop: stop.clone(),
        reports: core.reports.clone(),
        events: core.events.clone(),
        clock: core.clock.clone(),
        options: core.options.clone(),
    };
    tokio::spawn(driver.drive());
    Some(stop)
}

/// A cluster to be changed, as it is connected to now.
pub(super) fn place(core: &Core, context: &str) -> Result<Place, Problem> {
    let cluster = core.world.clusters.get(context);
    if cluster.is_some_and(|cluster| cluster.mode == ClusterMode::ReadOnly) {
        return Err(super::read_only());
    }
    let connected = cluster.and_then(|c| Some((c.connection.clone()?, c.discovery.clone()?)));
    let Some((connection, discovery)) = connected else {
        let text = "the cluster is not connected";
        return Err(Problem::new(ProblemKind::Unreachable, text));
    };
    let identity = cluster.and_then(|cluster| cluster.identity.as_ref());
    let user = identity.map(|i| i.user.clone()).unwrap_or_default();
    Ok(Place {
        writer: connection.writer(),
        connection,
        discovery,
        who: format!("{user}@{}", core.options.host),
        cluster: identity.map(|i| i.uid.clone()).unwrap_or_default(),
    })
}

/// A Run with all that its steps need.
struct Driver {
    ticket: Ticket,
    plan: Arc<Plan>,
    run: Run,
    drawn: BTreeMap<AppId, Drawn>,
    places: HashMap<String, Place>,
    /// The record of each App as written ahead, and its resource version.
    records: HashMap<AppId, (AppRecord, String)>,
    locks: HashMap<AppId, Lock>,
    warnings: HashMap<usize, Vec<String>>,
    /// Since when it is paused and nobody answers.
    paused_since: Option<std::time::Instant>,
    stop: RunHandle,
    reports: mpsc::Sender<Report>,
    events: Events,
    clock: Arc<dyn Clock>,
    options: Arc<EngineOptions>,
}
