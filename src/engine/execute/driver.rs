//! Drives a Run: does what it says comes next, and tells it what came of it.

use super::Driver;
use super::step::{Acted, LOOK, Place, VANISH, act, mask, resource_of};
use super::wait::{Wait, Waited};
use crate::cluster::Failure;
use crate::domain::{AppId, GroupKind, ObjectKey, PlanStep, Problem, ProblemKind};
use crate::engine::core::Event;
use crate::engine::report::{Report, RunView, StepState};
use crate::sync::lock::EXPIRES_AFTER;
use crate::sync::order::defines;
use crate::sync::run::{MAX_ATTEMPTS, Pause};
use crate::sync::{Next, RunSummary, StepResult};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

/// A CRD that is not established by then will not be.
const ESTABLISH: Duration = Duration::from_secs(60);
/// How long the kind of an established CRD may take to be served.
const DISCOVER: Duration = Duration::from_secs(15);

impl Driver {
    pub(super) async fn drive(mut self) {
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
                    let contexts: BTreeSet<&String> =
                        keys.iter().map(|(id, _)| &id.context).collect();
                    for context in contexts {
                        self.rediscover(context, &keys).await;
                    }
                    self.waited(result);
                }
                Next::WaitHealthy { wave, keys } => {
                    // What was made so far is looked at meanwhile: this may take minutes.
                    let apps: BTreeSet<AppId> = keys.iter().map(|(id, _)| id.clone()).collect();
                    self.rest(&apps, true).await;
                    let result = self
                        .wait(&keys, self.options.wave_timeout, Wait::Healthy(wave))
                        .await;
                    self.rest(&apps, false).await;
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
                Next::Paused(pause) => {
                    let now = self.clock.instant();
                    let since = *self.paused_since.get_or_insert(now);
                    if self.is_hopeless(now.saturating_duration_since(since)) {
                        for id in self.drawn.keys() {
                            self.run.give_up(id, pause.problem.to_string());
                        }
                        self.run.stop();
                        continue;
                    }
                    // What comes to nothing again and again is given ever more time.
                    let times = pause.attempts.max(pause.looks).clamp(1, 5);
                    self.stop.pause(Duration::from_secs(2) * times).await;
                    if self.reachable().await {
                        self.paused_since = None;
                        self.run.resume();
                    }
                }
                Next::Done(_) => break,
            }
        }
        let apps: Vec<AppId> = self.drawn.keys().cloned().collect();
        let _ = self.events.send(Event::RunEnded(self.ticket, apps)).await;
    }

    /// Whether there is nothing to come back to: the locks are lost, or there is none and nobody answers for as long as
    /// one would have lasted.
    fn is_hopeless(&self, paused: Duration) -> bool {
        match self.locks.is_empty() {
            true => paused >= EXPIRES_AFTER,
            false => self.locks.values().all(|lock| lock.lost().is_some()),
        }
    }

    async fn rest(&self, apps: &BTreeSet<AppId>, waits: bool) {
        for id in apps {
            let _ = self.events.send(Event::AppWaits(id.clone(), waits)).await;
        }
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

    /// Tells what is waited for, in words; false where nobody comes round to reading it.
    pub(super) fn say(&self, waiting: String) -> bool {
        let view = RunView {
            waiting,
            ..self.view()
        };
        let report = Report::Run(self.ticket, Arc::new(view));
        self.reports.try_send(report).is_ok()
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
            // Whoever looks knows what is waited for, if anything.
            Next::WaitHealthy { .. } => String::new(),
            Next::WaitGone(keys) => format!("{} to be gone", names(keys)),
            Next::Paused(pause) => pause_words(pause),
            Next::Do(_) | Next::Redraw(_) | Next::Done(_) => String::new(),
        };
        let summary = matches!(next, Next::Done(_)).then(|| self.run.summary());
        let outcome = summary.as_ref().map(RunSummary::outcome);
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

    pub(super) fn place(&self, id: &AppId) -> Result<&Place, Problem> {
        self.places.get(&id.context).ok_or_else(|| {
            Problem::new(ProblemKind::Unreachable, "the cluster is not connected")
                .at(id.context.clone())
        })
    }

    async fn step(&mut self, at: usize) -> StepResult {
        let step = self.run.plan().steps[at].clone();
        let place = match self.place(&step.app) {
            Ok(place) => place.clone(),
            Err(problem) => return StepResult::NotDone(problem),
        };
        let mut acted = Box::pin(act(&place, &step)).await;
        if step.key.is_secret() {
            mask(&place, &step, &mut acted).await;
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
            Err(Failure::NotDone(problem)) => StepResult::NotDone(problem),
            Err(Failure::Weather(problem)) => StepResult::Lost(problem),
        }
    }

    /// Reads a cluster's kinds anew. Its discovery tells of a kind only a moment after the definition is established.
    async fn rediscover(&mut self, context: &str, established: &[(AppId, ObjectKey)]) {
        let steps = || self.run.plan().steps.iter();
        let is_new = |step: &&PlanStep| established.iter().any(|(_, key)| *key == step.key);
        let defined: BTreeSet<GroupKind> = steps()
            .filter(is_new)
            .filter_map(|step| defines(&step.manifest.as_ref()?.value))
            .collect();
        let needed: Vec<PlanStep> = steps()
            .filter(|step| step.app.context == context)
            .filter(|step| defined.contains(&step.key.group_kind()))
            .cloned()
            .collect();
        let began = self.clock.instant();
        loop {
            let Some(place) = self.places.get_mut(context) else {
                return;
            };
            if let Ok(discovery) = place.connection.discover().await {
                place.discovery = Arc::new(discovery);
            }
            let are_known = needed.iter().all(|step| resource_of(place, step).is_ok());
            let waited = self.clock.instant().saturating_duration_since(began);
            if are_known || self.stop.is_stopped() || waited > DISCOVER {
                break;
            }
            self.stop.pause(LOOK).await;
        }
        let _ = self
            .events
            .send(Event::Rediscover(context.to_owned()))
            .await;
    }

    async fn reachable(&mut self) -> bool {
        let contexts: Vec<String> = self.places.keys().cloned().collect();
        for context in contexts {
            if !self.answers(&context).await && !self.renew(&context).await {
                return false;
            }
        }
        true
    }

    async fn answers(&self, context: &str) -> bool {
        let Some(place) = self.places.get(context) else {
            return false;
        };
        let reply = place.connection.get("/readyz").await;
        reply.is_ok_and(|reply| reply.is_success())
    }

    /// Takes the connection that a cluster has by now: a kubeconfig that was written anew may lead there again. Only to the
    /// very cluster, and as the same user: for nobody else was the Plan drawn. Whether it was taken, and leads there.
    async fn renew(&mut self, context: &str) -> bool {
        let (sender, answer) = oneshot::channel();
        let event = Event::Place(context.to_owned(), sender);
        if self.events.send(event).await.is_err() {
            return false;
        }
        let (Ok(Some(mut now)), Some(place)) = (answer.await, self.places.get_mut(context)) else {
            return false;
        };
        let is_same = now.cluster == place.cluster && now.who == place.who;
        if !is_same || now.cluster.is_empty() {
            return false;
        }
        match now.connection.discover().await {
            Ok(discovery) => now.discovery = Arc::new(discovery),
            Err(_) => return false,
        }
        let locks = self.locks.iter().filter(|(id, _)| id.context == context);
        for (_, lock) in locks {
            lock.go_on_by(&now.connection, &now.writer);
        }
        *place = now;
        true
    }
}

/// What a paused Run waits for.
fn pause_words(pause: &Pause) -> String {
    let tries = |n: u32| {
        format!(
            "{n} of {MAX_ATTEMPTS} came to nothing: {}",
            pause.problem.summary
        )
    };
    match (pause.problem.kind, pause.looks, pause.attempts) {
        (ProblemKind::Unauthenticated, ..) => {
            format!("credentials that are accepted ({})", pause.problem.summary)
        }
        (_, 0, 0) => format!("the connection to come back ({})", pause.problem.summary),
        (_, 0, attempts) => format!("the next attempt; {}", tries(attempts)),
        (_, looks, _) => format!("the next look at the object; {}", tries(looks)),
    }
}

pub(super) fn names(keys: &[(AppId, ObjectKey)]) -> String {
    match keys {
        [] => String::new(),
        [(_, key)] => key.to_string(),
        [(_, key), rest @ ..] => format!("{key} and {} more", rest.len()),
    }
}
