//! Runs a Plan: does what the pure Run of the `sync` room says comes next, and tells it what came of it.
//!
//! The only part of the program that holds a Writer. Nothing is retried here; a lost connection pauses.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::cluster::{Connection, Deletion, Discovery, Done, Failure, Resource, Writer};
use crate::domain::plan::Guard;
use crate::domain::record::{AppRecord, Outcome, SyncRecord};
use crate::domain::{
    Action, AppId, Clock, Health, ObjectKey, Plan, PlanStep, Problem, ProblemKind, Repository,
    Value,
};
use crate::git::normalise_url;
use crate::sync::run::{Redrawn, Settled, settled};
use crate::sync::{Next, Run, StepResult, inventory};

use super::compare::tracked_by;
use super::core::{Core, Event, Events};
use super::draw::Drawn;
use super::lock::Lock;
use super::report::{Report, RunView, StepState};
use super::request::Ticket;
use super::snapshot::ClusterMode;
use super::{EngineOptions, record_key};

/// How often a wait looks again.
const LOOK: Duration = Duration::from_millis(400);
/// A CRD that is not established by then will not be.
const ESTABLISH: Duration = Duration::from_secs(60);
/// Finalizers may take their time.
const VANISH: Duration = Duration::from_secs(300);

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
        return refuse(super::read_only());
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
            return refuse(super::read_only().at(id.context.clone()));
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

/// A cluster that may be changed.
#[derive(Clone)]
struct Place {
    writer: Writer,
    connection: Connection,
    discovery: Arc<Discovery>,
    who: String,
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

    async fn tell(&self, next: &Next) {
        let waiting = match next {
            Next::Begin(id) => format!("taking the lock and writing the record of {}", id.name),
            Next::End(id) => format!("writing the record of {}", id.name),
            Next::WaitEstablished(keys) => format!("{} to be established", names(keys)),
            Next::WaitHealthy { wave, keys } => {
                format!("{} to be healthy before wave {wave}", names(keys))
            }
            Next::WaitGone(keys) => format!("{} to be gone", names(keys)),
            Next::Paused(_) => "the connection".to_owned(),
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
        let steps = self
            .run
            .progress()
            .iter()
            .enumerate()
            .map(|(i, state)| self.shown(i, state))
            .collect();
        let view = RunView {
            plan: self.plan.clone(),
            steps,
            waiting,
            outcome,
            problem,
            health: None,
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
            &place.connection,
            &place.writer,
            &drawn.app,
            &holder,
            &self.clock,
        )
        .await?;
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
            lock.release().await;
            return Err(Problem::new(
                ProblemKind::Conflict,
                "the App was synced by somebody else since the Plan was drawn",
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
        let run = self.record_of(&drawn, &old, &place.who);
        let record = inventory::before(&old, &drawn.held, &steps, run, drawn.app.history_limit);
        let config_map = crate::sync::record::encode(&id.name, &key.namespace, &record)?;
        let written = place
            .writer
            .write_record(&key.namespace, &key.name, config_map, version)
            .await;
        match written {
            Ok(version) => {
                self.records.insert(id.clone(), (record, version));
                self.locks.insert(id.clone(), lock);
                Ok(())
            }
            Err(failure) => {
                lock.release().await;
                Err(problem_of(failure))
            }
        }
    }

    fn record_of(&self, drawn: &Drawn, old: &AppRecord, who: &str) -> SyncRecord {
        let source = &drawn.app.source;
        SyncRecord {
            id: inventory::next_id(old),
            kind: self.plan.kind,
            commit: drawn.commit.id.clone(),
            revision: drawn.revision.to_string(),
            repository: match &source.repository {
                Repository::Remote(url) => normalise_url(url),
                Repository::Local(path) => path.display().to_string(),
            },
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
            selective: self.plan.selective,
        }
    }

    /// Writes what the App holds now and how it went, and lets the lock go.
    async fn end(&mut self, id: &AppId) -> Result<(), Problem> {
        let lock = self.locks.remove(id);
        let result = self.write_end(id).await;
        if let Some(lock) = lock {
            lock.release().await;
        }
        if let (Ok(()), Some(drawn)) = (&result, self.drawn.get(id)) {
            self.options.memory.remember(&drawn.app)?;
        }
        result
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
        match act(&place, &step).await {
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

    /// Asks the dry run again: may the step go on as it was shown?
    async fn redraw(&mut self, at: usize) -> Result<Redrawn, Problem> {
        let step = self.run.plan().steps[at].clone();
        let place = self.place(&step.app)?.clone();
        let resource = resource_of(&place, &step)?;
        let live = place
            .connection
            .get_object(&resource, &step.key.namespace, &step.key.name)
            .await?;
        let same_object = live.as_ref().is_some_and(|l| l.uid == step.guard.uid);
        let Some(manifest) = &step.manifest else {
            // A prune: gone is what was wanted; still the same object, still ours, may go.
            let ours = live.as_ref().is_some_and(|l| tracked_by(l, &step.app.name));
            return Ok(match live {
                None => Redrawn::AlreadyDone,
                Some(live) if same_object && ours => Redrawn::Same {
                    resource_version: live.resource_version.clone(),
                },
                Some(_) => Redrawn::Different,
            });
        };
        if step.guard.uid.is_empty() != live.is_none() && step.action != Action::Create {
            return Ok(Redrawn::Different);
        }
        if live.is_some() && !step.guard.uid.is_empty() && !same_object {
            return Ok(Redrawn::Different);
        }
        let drawn = self.drawn.get(&step.app);
        let question = super::compare::Question {
            connection: place.connection.clone(),
            id: step.app.clone(),
            key: step.key.clone(),
            resource,
            desired: manifest.clone(),
            live: live.clone().map(Arc::new),
            base: None,
            ignore: drawn.map(|d| d.app.ignore.clone()).unwrap_or_default(),
            may_patch: true,
            replace: drawn.is_some_and(|d| super::compare::replaces(&d.app, manifest)),
            inputs: super::world::Inputs {
                desired: 0,
                live: 0,
                base: 0,
                managed: true,
            },
        };
        let asked = question.put().await?;
        if live.is_some() && !asked.drift.is_drift() {
            return Ok(Redrawn::AlreadyDone);
        }
        if step.guard.uid.is_empty() && live.is_some() {
            return Ok(Redrawn::Different);
        }
        let same = same_change(&asked.drift, &step.drift);
        let version = asked
            .prediction
            .map(|p| p.resource_version)
            .unwrap_or_default();
        Ok(if same {
            Redrawn::Same {
                resource_version: version,
            }
        } else {
            Redrawn::Different
        })
    }

    async fn wait(&self, keys: &[(AppId, ObjectKey)], patience: Duration, wait: Wait) -> Waited {
        let began = self.clock.instant();
        loop {
            if self.stop.is_stopped() {
                return Waited::Stopped;
            }
            let mut looked = Vec::new();
            for (id, key) in keys {
                match self.look(id, key).await {
                    Ok(value) => looked.push((key, value)),
                    Err(problem) => return Waited::Lost(problem),
                }
            }
            let still = match wait {
                Wait::Gone => first(looked.iter().filter(|(_, v)| v.is_some()).map(|(k, _)| *k)),
                Wait::Established => first(
                    looked
                        .iter()
                        .filter(|(_, v)| !established(v.as_ref()))
                        .map(|(k, _)| *k),
                ),
                Wait::Healthy => {
                    let health: Vec<(&ObjectKey, Option<Health>)> = looked
                        .iter()
                        .map(|(k, v)| (*k, v.as_ref().and_then(crate::health::assess)))
                        .collect();
                    match settled(health.iter().map(|(k, h)| (*k, h.as_ref()))) {
                        Settled::Yes => None,
                        Settled::NotYet(_, example) => Some(example),
                        Settled::Never(problem) => return Waited::Never(problem),
                    }
                }
            };
            let Some(still) = still else {
                return Waited::Met;
            };
            if self.clock.instant().saturating_duration_since(began) > patience {
                return Waited::Never(
                    Problem::new(
                        ProblemKind::Rejected,
                        format!("waited {} s in vain", patience.as_secs()),
                    )
                    .because(still)
                    .hint("Look at its events; what was applied stays. Sync again once the cause is mended."),
                );
            }
            self.stop.pause(LOOK).await;
        }
    }

    async fn look(&self, id: &AppId, key: &ObjectKey) -> Result<Option<Value>, Problem> {
        let place = self.place(id)?;
        let Some(resource) = place.discovery.preferred(&key.group_kind()) else {
            return Ok(None);
        };
        let live = place
            .connection
            .get_object(resource, &key.namespace, &key.name)
            .await?;
        Ok(live.map(|l| l.value()))
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

#[derive(Clone, Copy)]
enum Wait {
    Established,
    Healthy,
    Gone,
}

enum Waited {
    Met,
    Never(Problem),
    Lost(Problem),
    Stopped,
}

struct Acted {
    warnings: Vec<String>,
    gone: bool,
}

/// Does one step, once.
async fn act(place: &Place, step: &PlanStep) -> Result<Acted, Failure> {
    let writer = &place.writer;
    let resource = resource_of(place, step).map_err(Failure::NotDone)?;
    let object = || -> Result<&Value, Failure> {
        step.manifest.as_ref().map(|m| &*m.value).ok_or_else(|| {
            Failure::Weather(Problem::new(
                ProblemKind::Internal,
                "the step has nothing to send",
            ))
        })
    };
    let (namespace, name) = (&step.key.namespace, &step.key.name);
    let done = match step.action {
        Action::CreateNamespace => writer.create_namespace(name, &Default::default()).await?,
        Action::Create => writer.create(&resource, object()?).await?,
        Action::Apply => {
            let mut guard = step.guard.clone();
            if !step.leftovers.is_empty() {
                let claimed = claim(place, &resource, step).await?;
                guard.resource_version = claimed.resource_version;
            }
            writer.apply(&resource, object()?, &guard).await?
        }
        Action::Replace => {
            let replaced = writer.replace(&resource, object()?, &step.guard).await?;
            let guard = Guard {
                resource_version: replaced.resource_version.clone(),
                ..step.guard.clone()
            };
            writer.claim(&resource, object()?, &guard).await?;
            replaced
        }
        Action::Recreate => {
            writer
                .delete(
                    &resource,
                    namespace,
                    name,
                    &step.guard.uid,
                    &step.guard.resource_version,
                    step.propagation,
                )
                .await?;
            vanished(place, &resource, &step.key).await?;
            writer.create(&resource, object()?).await?
        }
        Action::Adopt => {
            let warnings = adopt(place, &resource, step).await?;
            return Ok(Acted {
                warnings,
                gone: false,
            });
        }
        Action::Prune => {
            let done = writer
                .delete(
                    &resource,
                    namespace,
                    name,
                    &step.guard.uid,
                    &step.guard.resource_version,
                    step.propagation,
                )
                .await?;
            let left = place
                .connection
                .get_object(&resource, namespace, name)
                .await;
            let gone = done == Deletion::Gone || matches!(left, Ok(None));
            return Ok(Acted {
                warnings: Vec::new(),
                gone,
            });
        }
    };
    Ok(Acted {
        warnings: done.warnings,
        gone: false,
    })
}

/// Waits for a deleted object to be gone, so that it can be made anew.
async fn vanished(place: &Place, resource: &Resource, key: &ObjectKey) -> Result<(), Failure> {
    let began = tokio::time::Instant::now();
    loop {
        let left = place
            .connection
            .get_object(resource, &key.namespace, &key.name)
            .await;
        match left {
            Ok(None) => return Ok(()),
            Err(problem) => return Err(Failure::Weather(problem)),
            Ok(Some(_)) if began.elapsed() > VANISH => {
                let problem = Problem::new(ProblemKind::Conflict, "it was deleted to be made anew, and does not go")
                    .at(key.to_string())
                    .hint("A finalizer holds it; look at metadata.finalizers. Sync again once it is gone.");
                return Err(Failure::Changed(problem));
            }
            Ok(Some(_)) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// The object as it is at this moment, whole: what is kept of it in memory lacks part of its managedFields.
async fn whole(place: &Place, resource: &Resource, step: &PlanStep) -> Result<Value, Failure> {
    let path = resource.object(&step.key.namespace, &step.key.name);
    let reply = place
        .connection
        .get(&path)
        .await
        .map_err(Failure::NotDone)?;
    let live = reply.value().map_err(Failure::NotDone)?;
    if live.pointer("/metadata/uid").and_then(Value::as_str) != Some(step.guard.uid.as_str()) {
        return Err(changed(step));
    }
    Ok(live)
}

fn changed(step: &PlanStep) -> Failure {
    Failure::Changed(
        Problem::new(
            ProblemKind::Conflict,
            "the object is no longer what the Plan was drawn from",
        )
        .at(step.key.to_string()),
    )
}

/// Makes trueup the holder of what stands in the way, so that the apply after it removes it.
async fn claim(place: &Place, resource: &Resource, step: &PlanStep) -> Result<Done, Failure> {
    let live = whole(place, resource, step).await?;
    let version = live
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str);
    if version != Some(step.guard.resource_version.as_str()) {
        return Err(changed(step));
    }
    place
        .writer
        .claim_leftovers(resource, &live, &step.leftovers)
        .await
}

/// Moves ownership, from the object as it is at this moment.
async fn adopt(
    place: &Place,
    resource: &Resource,
    step: &PlanStep,
) -> Result<Vec<String>, Failure> {
    let live = whole(place, resource, step).await?;
    match crate::sync::adopt::adoption(&live).map_err(Failure::NotDone)? {
        Some(patch) => {
            let adopted = place.writer.adopt(resource, &live, &patch).await?;
            let moved =
                |part: &String| format!("{part} changed although only ownership was to change");
            Ok(adopted
                .changed
                .iter()
                .map(moved)
                .chain(adopted.done.warnings.clone())
                .collect())
        }
        None => Ok(Vec::new()),
    }
}

fn resource_of(place: &Place, step: &PlanStep) -> Result<Resource, Problem> {
    let found = match &step.manifest {
        Some(manifest) => place.discovery.resource(&manifest.gvk),
        None => place.discovery.preferred(&step.key.group_kind()),
    };
    found.cloned().ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            "the cluster does not know this kind (any more)",
        )
        .at(step.key.to_string())
    })
}

/// Whether two comparisons would make the same change.
fn same_change(now: &crate::domain::ObjectDrift, shown: &crate::domain::ObjectDrift) -> bool {
    let change = |drift: &crate::domain::ObjectDrift| {
        let fields: Vec<_> = drift
            .fields
            .iter()
            .map(|f| (f.path.clone(), f.live.clone(), f.predicted.clone()))
            .collect();
        (drift.verdict, fields, drift.conflicts.clone())
    };
    change(now) == change(shown)
}

fn established(crd: Option<&Value>) -> bool {
    let conditions = crd
        .and_then(|c| c.pointer("/status/conditions"))
        .and_then(Value::as_array);
    conditions.is_some_and(|conditions| {
        conditions.iter().any(|c| {
            c.get("type").and_then(Value::as_str) == Some("Established")
                && c.get("status").and_then(Value::as_str) == Some("True")
        })
    })
}

fn first<'a>(mut keys: impl Iterator<Item = &'a ObjectKey>) -> Option<String> {
    keys.next().map(ToString::to_string)
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
