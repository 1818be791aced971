//! Runs a Plan: does what the pure Run of the `sync` room says comes next, and tells it what came of it.
//!
//! The only part of the program that holds a Writer. Nothing is retried here; a lost connection pauses.

mod lock;
mod redraw;
mod step;
mod wait;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::cluster::Failure;
use crate::domain::record::{AppRecord, Outcome, SyncRecord};
use crate::domain::{AppId, Clock, ObjectKey, Plan, PlanStep, Problem, ProblemKind};
use crate::sync::{Next, Run, StepResult, inventory};

use crate::engine::EngineOptions;
use crate::engine::apps::records::record_key;
use crate::engine::core::{Core, Event, Events};
use crate::engine::draw::Drawn;
use crate::engine::report::{Report, RunView, StepState};
use crate::engine::request::Ticket;
use crate::engine::snapshot::ClusterMode;
use lock::Lock;
use step::{Acted, Place, VANISH, act};
use wait::{Wait, Waited};

/// How long the end of a Run waits for what it deleted to be gone; what takes longer stays in the inventory.
const LINGER: Duration = Duration::from_secs(5);
/// A CRD that is not established by then will not be.
const ESTABLISH: Duration = Duration::from_secs(60);

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

/// Stops a Run between two steps.
#[derive(Clone, Default)]
pub(super) struct StopHandle(Arc<(AtomicBool, Notify)>);

impl StopHandle {
    pub fn stop(&self) {
        self.0.0.store(true, Ordering::Relaxed);
        self.0.1.notify_waiters();
    }

    fn is_stopped(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Waits, but not longer than until somebody says stop.
    async fn pause(&self, time: Duration) {
        let stopped = self.0.1.notified();
        tokio::select! {
            () = stopped => {}
            () = tokio::time::sleep(time) => {}
        }
    }
}

/// Starts a Run. `None` where it is refused; the Report says why.
pub(super) fn start(core: &mut Core, ticket: Ticket, plan: Arc<Plan>) -> Option<StopHandle> {
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
        let Some(cluster) = core.world.clusters.get(&id.context) else {
            continue;
        };
        if cluster.mode == ClusterMode::ReadOnly {
            return refuse(crate::engine::read_only().at(id.context.clone()));
        }
        if let (Some(connection), Some(discovery)) = (&cluster.connection, &cluster.discovery) {
            let user = cluster
                .identity
                .as_ref()
                .map(|i| i.user.clone())
                .unwrap_or_default();
            places.insert(
                id.context.clone(),
                Place {
                    writer: connection.writer(),
                    connection: connection.clone(),
                    discovery: discovery.clone(),
                    who: format!("{user}@{}", core.options.host),
                    cluster: cluster
                        .identity
                        .as_ref()
                        .map(|i| i.uid.clone())
                        .unwrap_or_default(),
                },
            );
        }
    }
    let stop = StopHandle::default();
    let driver = Driver {
        ticket,
        plan: plan.clone(),
        run: Run::new(Plan::clone(&plan)),
        drawn,
        places,
        records: HashMap::new(),
        locks: HashMap::new(),
        warnings: HashMap::new(),
        stop: stop.clone(),
        reports: core.reports.clone(),
        events: core.events.clone(),
        clock: core.clock.clone(),
        options: core.options.clone(),
    };
    tokio::spawn(driver.drive());
    Some(stop)
}

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
    stop: StopHandle,
    reports: mpsc::Sender<Report>,
    events: Events,
    clock: Arc<dyn Clock>,
    options: Arc<EngineOptions>,
}

impl Driver {
    async fn drive(mut self) {
        loop {
            if self.stop.is_stopped() {
                self.run.stop();
            }
            for (id, lock) in &self.locks {
                if let Some(problem) = lock.lost() {
                    self.run.give_up(id, problem.to_string());
                }
            }
            let next = self.run.next();
            self.tell(&next).await;
            match next {
                Next::Begin(id) => {
                    let begun = self.begin(&id).await;
                    self.run.recorded(begun);
                }
                Next::Do(step) => {
                    let result = self.step(step).await;
                    self.run.report(step, result);
                }
                Next::Redraw(step) => {
                    let redrawn = self.redraw(step).await;
                    match redrawn {
                        Ok(redrawn) => self.run.redrawn(step, redrawn),
                        Err(problem) => self.run.lost_connection(problem),
                    }
                }
                Next::WaitEstablished(keys) => {
                    let result = self.wait(&keys, ESTABLISH, Wait::Established).await;
                    for (id, _) in &keys {
                        self.rediscover(&id.context).await;
                    }
                    self.waited(result);
                }
                Next::WaitHealthy { keys, .. } => {
                    let result = self
                        .wait(&keys, self.options.wave_timeout, Wait::Healthy)
                        .await;
                    self.waited(result);
                }
                Next::WaitGone(keys) => {
                    let result = self.wait(&keys, VANISH, Wait::Gone).await;
                    self.waited(result);
                }
                Next::End(id) => {
                    let ended = self.end(&id).await;
                    self.run.recorded(ended);
                    let _ = self.events.send(Event::AppEnded(id)).await;
                }
                Next::Paused(_) => {
                    // Without its locks there is nothing to come back to.
                    if !self.locks.is_empty() && self.locks.values().all(|l| l.lost().is_some()) {
                        self.run.stop();
                        continue;
                    }
                    self.stop.pause(Duration::from_secs(2)).await;
                    if self.reachable().await {
                        self.run.resume();
                    }
                }
                Next::Done(_) => break,
            }
        }
        let apps: Vec<AppId> = self.drawn.keys().cloned().collect();
        let _ = self.events.send(Event::RunEnded(self.ticket, apps)).await;
    }

    fn waited(&mut self, result: Waited) {
        match result {
            Waited::Met => self.run.waited(Ok(())),
            Waited::Never(problem) => self.run.waited(Err(problem)),
            Waited::Lost(problem) => self.run.lost_connection(problem),
            // The Run knows that it was stopped.
            Waited::Stopped => {}
        }
    }

    /// Tells what is waited for, in words. Where nobody comes round to reading it, the next words will do.
    fn say(&self, waiting: String) {
        let view = RunView {
            waiting,
            ..self.view()
        };
        let report = Report::Run(self.ticket, Arc::new(view));
        let _ = self.reports.try_send(report);
    }

    /// How the Run stands: nothing is waited for, and it is not over.
    fn view(&self) -> RunView {
        let steps = self.run.progress().iter().enumerate();
        RunView {
            plan: self.plan.clone(),
            steps: steps.map(|(i, state)| self.shown(i, state)).collect(),
            waiting: String::new(),
            outcome: None,
            problem: None,
            health: None,
        }
    }

    async fn tell(&self, next: &Next) {
        let waiting = match next {
            Next::Begin(id) => format!("the lock and the record of {}", id.name),
            Next::End(id) => format!("the record of {} to be written", id.name),
            Next::WaitEstablished(keys) => format!("{} to be established", names(keys)),
            Next::WaitHealthy { wave, keys } => {
                format!("{} to be healthy before wave {wave}", names(keys))
            }
            Next::WaitGone(keys) => format!("{} to be gone", names(keys)),
            Next::Paused(_) => "the connection to come back".to_owned(),
            Next::Do(_) | Next::Redraw(_) | Next::Done(_) => String::new(),
        };
        let summary = matches!(next, Next::Done(_)).then(|| self.run.summary());
        let outcome = summary.as_ref().map(|summary| {
            let of = |wanted| summary.apps.iter().any(|a| a.outcome == wanted);
            match (of(Outcome::Failed), of(Outcome::Stopped)) {
                (true, _) => Outcome::Failed,
                (false, true) => Outcome::Stopped,
                (false, false) => Outcome::Succeeded,
            }
        });
        let failed = summary
            .iter()
            .flat_map(|s| &s.apps)
            .find(|a| !a.reason.is_empty());
        let problem = match next {
            Next::Paused(pause) => Some(pause.problem.clone()),
            Next::Done(_) => failed.map(|a| {
                Problem::new(ProblemKind::Rejected, a.reason.clone()).at(a.app.name.clone())
            }),
            _ => None,
        };
        let view = RunView {
            waiting,
            outcome,
            problem,
            ..self.view()
        };
        let _ = self
            .reports
            .send(Report::Run(self.ticket, Arc::new(view)))
            .await;
    }

    fn shown(&self, step: usize, state: &crate::sync::StepState) -> StepState {
        use crate::sync::StepState as State;
        match state {
            State::Pending => StepState::Waiting,
            State::Running => StepState::Running,
            State::Done | State::Gone => {
                StepState::Done(self.warnings.get(&step).cloned().unwrap_or_default())
            }
            State::Failed(problem) => StepState::Failed(problem.clone()),
            State::Skipped(_) => StepState::NotRun,
            State::InDoubt(problem) => StepState::Unknown(problem.clone()),
        }
    }

    fn place(&self, id: &AppId) -> Result<&Place, Problem> {
        self.places.get(&id.context).ok_or_else(|| {
            Problem::new(ProblemKind::Unreachable, "the cluster is not connected")
                .at(id.context.clone())
        })
    }

    /// Takes the App's lock and writes its record ahead.
    async fn begin(&mut self, id: &AppId) -> Result<(), Problem> {
        let place = self.place(id)?.clone();
        let drawn = self.drawn.get(id).cloned().ok_or_else(|| {
            Problem::new(
                ProblemKind::Internal,
                "the Plan does not say what it was drawn from",
            )
        })?;
        let holder = format!("{} ({})", place.who, std::process::id());
        let lock = Lock::take(
            (&place.connection, &place.writer),
            &drawn.app,
            &holder,
            &self.clock,
            &|waiting| {
                self.say(waiting);
                !self.stop.is_stopped()
            },
        )
        .await?;
        match self.write_ahead(id, &place, &drawn).await {
            Ok(written) => {
                self.records.insert(id.clone(), written);
                self.locks.insert(id.clone(), lock);
                Ok(())
            }
            Err(problem) => {
                lock.release().await;
                Err(problem)
            }
        }
    }

    /// Writes down what the App will hold, before anything is done. Gives the record and its resource version.
    async fn write_ahead(
        &self,
        id: &AppId,
        place: &Place,
        drawn: &Drawn,
    ) -> Result<(AppRecord, String), Problem> {
        let key = record_key(&drawn.app);
        let found = place
            .connection
            .read_record(&key.namespace, &key.name)
            .await?;
        let (old, version) = match &found {
            Some((config_map, version)) => (
                crate::sync::record::decode(&id.name, config_map)?,
                Some(version.as_str()),
            ),
            None => (AppRecord::default(), None),
        };
        // Somebody else synced between the Plan and the lock: what was drawn no longer holds.
        if drawn.record.clone().unwrap_or_default() != old {
            let who = old.history.last().map(|r| r.who.as_str());
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!(
                    "the App was synced by {} since the Plan was drawn",
                    who.unwrap_or("somebody else")
                ),
            )
            .hint("Draw the Plan again and look at its diff."));
        }
        let steps: Vec<PlanStep> = self
            .plan
            .steps
            .iter()
            .filter(|s| s.app == *id)
            .cloned()
            .collect();
        let run = self.record_of(drawn, &old, &place.who);
        let record = inventory::before(&old, &drawn.held, &steps, run, drawn.app.history_limit);
        let config_map = crate::sync::record::encode(&id.name, &key.namespace, &record)?;
        let written = place
            .writer
            .write_record(&key.namespace, &key.name, config_map, version)
            .await;
        let version = written.map_err(problem_of)?;
        Ok((record, version))
    }

    fn record_of(&self, drawn: &Drawn, old: &AppRecord, who: &str) -> SyncRecord {
        let source = &drawn.app.source;
        SyncRecord {
            id: inventory::next_id(old),
            kind: self.plan.kind,
            commit: drawn.commit.id.clone(),
            revision: drawn.revision.to_string(),
            repository: drawn.repository.identity(),
            path: source.path.to_string(),
            message: drawn.commit.summary.clone(),
            who: who.to_owned(),
            started: self.clock.now(),
            finished: None,
            outcome: Outcome::Running,
            reason: String::new(),
            applied: 0,
            pruned: 0,
            failed: 0,
            not_run: 0,
            selective: self.plan.selective,
        }
    }

    /// Writes what the App holds now and how it went, and lets the lock go.
    async fn end(&mut self, id: &AppId) -> Result<(), Problem> {
        self.see_off(id).await;
        let lock = self.locks.remove(id);
        let result = self.write_end(id).await;
        if let Some(lock) = lock {
            lock.release().await;
        }
        if let (Ok(()), Some(drawn)) = (&result, self.drawn.get(id)) {
            let cluster = self.places.get(&id.context).map(|p| p.cluster.as_str());
            let remembered = self.options.memory.remember(
                &drawn.app,
                &drawn.repository,
                cluster.unwrap_or_default(),
            );
            // What was done is done; the next sync will say where it goes.
            if let Err(problem) = remembered {
                let _ = self.events.send(Event::Forgetful(problem)).await;
            }
        }
        result
    }

    /// What a prune left to the garbage collector is gone a moment later: the record then need not name it any more.
    async fn see_off(&mut self, id: &AppId) {
        // What says why it stays was told already.
        let goes = |at: &usize| self.warnings.get(at).is_none_or(Vec::is_empty);
        let going: Vec<usize> = self.run.going(id).into_iter().filter(goes).collect();
        let key = |at: &usize| (id.clone(), self.plan.steps[*at].key.clone());
        let keys: Vec<(AppId, ObjectKey)> = going.iter().map(key).collect();
        if keys.is_empty() {
            return;
        }
        self.say(format!("{} to be gone", names(&keys)));
        if let Waited::Met = self.wait(&keys, LINGER, Wait::Gone).await {
            self.run.vanished(&going);
        }
    }

    async fn write_end(&mut self, id: &AppId) -> Result<(), Problem> {
        let place = self.place(id)?.clone();
        let (Some((ahead, version)), Some(drawn)) = (self.records.remove(id), self.drawn.get(id))
        else {
            return Ok(());
        };
        let summary = self.run.summary();
        let Some(of_app) = summary.of(id) else {
            return Ok(());
        };
        let record = inventory::after(
            &ahead,
            &drawn.held,
            id,
            &self.plan.steps,
            self.run.progress(),
            of_app,
            self.clock.now(),
        );
        let key = record_key(&drawn.app);
        let config_map = crate::sync::record::encode(&id.name, &key.namespace, &record)?;
        place
            .writer
            .write_record(&key.namespace, &key.name, config_map, Some(&version))
            .await
            .map(|_| ())
            .map_err(problem_of)
    }

    async fn step(&mut self, at: usize) -> StepResult {
        let step = self.run.plan().steps[at].clone();
        let place = match self.place(&step.app) {
            Ok(place) => place.clone(),
            Err(problem) => return StepResult::Lost(problem),
        };
        let mut acted = Box::pin(act(&place, &step)).await;
        if is_secret(&step.key) {
            step::mask(&place, &step, &mut acted).await;
        }
        match acted {
            Ok(Acted { warnings, gone }) => {
                self.warnings.insert(at, warnings);
                if gone {
                    StepResult::Gone
                } else {
                    StepResult::Done
                }
            }
            Err(Failure::Changed(problem)) => StepResult::Conflict(problem),
            Err(Failure::Refused(refusal)) => StepResult::Failed(refusal.problem),
            // What never reached the object is looked at again like what may have: the object itself tells.
            Err(Failure::NotDone(problem) | Failure::Weather(problem)) => StepResult::Lost(problem),
        }
    }

    async fn rediscover(&mut self, context: &str) {
        let Some(place) = self.places.get_mut(context) else {
            return;
        };
        if let Ok(discovery) = place.connection.discover().await {
            place.discovery = Arc::new(discovery);
        }
        let _ = self
            .events
            .send(Event::Rediscover(context.to_owned()))
            .await;
    }

    async fn reachable(&self) -> bool {
        for place in self.places.values() {
            if !place
                .connection
                .get("/readyz")
                .await
                .is_ok_and(|r| r.is_success())
            {
                return false;
            }
        }
        true
    }
}

fn is_secret(key: &ObjectKey) -> bool {
    key.group.is_empty() && key.kind == "Secret"
}

fn names(keys: &[(AppId, ObjectKey)]) -> String {
    match keys {
        [] => String::new(),
        [(_, key)] => key.to_string(),
        [(_, key), rest @ ..] => format!("{key} and {} more", rest.len()),
    }
}

fn problem_of(failure: Failure) -> Problem {
    failure.problem().clone()
}
