//! The Run: a pure state machine that executes a Plan exactly as drawn. It says what comes next and is told what came of
//! it; whoever drives it does the I/O. It never retries by itself what a cluster has not answered.
//!
//! Steps run one after another (Argo CD runs those of one kind at once). The steps of an App stand together in a Plan;
//! when one fails, the rest of that App is not run and the other Apps go on.

mod reasons;
mod settled;
mod step;
mod summary;

use std::collections::HashMap;

use crate::domain::record::Outcome;
use crate::domain::{Action, AppId, ObjectKey, Plan, PlanStep, Problem};
use crate::sync::order::is_definition;

pub use reasons::DRAW_AGAIN;
use reasons::{deleted, half_recreated, in_vain, moved_on, reason, too_busy, unseen};
pub use settled::{Settled, settled};
pub use step::{Redrawn, StepResult, StepState};
pub use summary::{AppSummary, Pause, RunSummary};

/// How often a step is drawn anew when somebody else was faster.
pub const MAX_REDRAWS: u32 = 10;

/// How often a step is sent that comes to nothing, and how often an object is looked at in vain, while the cluster
/// answers otherwise.
pub const MAX_ATTEMPTS: u32 = 10;

/// What the driver does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Take the App's lock and write its record ahead; answer with [`Run::recorded`]. Comes before the App's first step,
    /// or after it where that step creates the namespace that the record lives in.
    Begin(AppId),
    /// Do this step; answer with [`Run::report`].
    Do(usize),
    /// The step met a conflict, or nobody knows whether it was done: read the object again, ask the dry run again, and
    /// answer with [`Run::redrawn`].
    Redraw(usize),
    /// Wait until these CRDs are established; answer with [`Run::waited`].
    WaitEstablished(Vec<(AppId, ObjectKey)>),
    /// Wait until the objects of the waves before this one are healthy (see [`settled`]); answer with [`Run::waited`].
    WaitHealthy {
        /// The wave that is to begin.
        wave: i32,
        /// The objects to wait for.
        keys: Vec<(AppId, ObjectKey)>,
    },
    /// Wait until these pruned objects are gone; answer with [`Run::waited`].
    WaitGone(Vec<(AppId, ObjectKey)>),
    /// The App's part has ended: write its record and release its lock; answer with [`Run::recorded`].
    End(AppId),
    /// The connection was lost. Nothing happens until [`Run::resume`] or [`Run::stop`].
    Paused(Pause),
    /// All is over.
    Done(RunSummary),
}

/// What the Run is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Between two steps.
    Nothing,
    Beginning,
    Step(usize),
    Redrawing(usize),
    Waiting(Wait),
    Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Established,
    Healthy,
    Gone,
}

/// How an App stands within the Run.
#[derive(Clone, Debug, Default)]
struct Progress {
    begun: bool,
    ended: bool,
    failed: Option<String>,
    /// Steps whose health, establishment or end was waited for: all before this one.
    settled: usize,
    /// The gates of all waves before this one were waited for.
    gated: Option<i32>,
    established: usize,
}

/// A Run of one Plan.
#[derive(Clone, Debug)]
pub struct Run {
    plan: Plan,
    states: Vec<StepState>,
    redraws: HashMap<usize, u32>,
    /// How often each step came to nothing.
    attempts: HashMap<usize, u32>,
    /// What the last attempt at each came to.
    last: HashMap<usize, Problem>,
    /// How often it was looked in vain, one after the other.
    looks: u32,
    apps: HashMap<AppId, Progress>,
    /// The step that comes next.
    at: usize,
    doing: Doing,
    paused: Option<Problem>,
    stopped: bool,
}

impl Run {
    /// A Run of the Plan, before its first step. Refused Apps have no steps and so no part in it.
    pub fn new(plan: Plan) -> Self {
        Self {
            states: vec![StepState::Pending; plan.steps.len()],
            redraws: HashMap::new(),
            attempts: HashMap::new(),
            last: HashMap::new(),
            looks: 0,
            apps: HashMap::new(),
            at: 0,
            doing: Doing::Nothing,
            paused: None,
            stopped: false,
            plan,
        }
    }

    /// The Plan, with the guards as they are after redraws.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How each step of the Plan stands.
    pub fn progress(&self) -> &[StepState] {
        &self.states
    }

    /// What comes next. Asking twice without answering gives the same.
    #[expect(
        clippy::should_implement_trait,
        reason = "a Run is no iterator: what comes next depends on answers"
    )]
    pub fn next(&mut self) -> Next {
        if let Some(problem) = self.paused.clone() {
            return Next::Paused(self.pause(problem));
        }
        if self.doing == Doing::Nothing {
            self.advance();
        }
        match self.doing {
            Doing::Nothing => Next::Done(self.summary()),
            Doing::Beginning => self.with_app(Next::Begin),
            Doing::Ending => self.with_app(Next::End),
            Doing::Step(step) => Next::Do(step),
            Doing::Redrawing(step) => Next::Redraw(step),
            Doing::Waiting(wait) => self.wait_for(wait),
        }
    }

    /// Takes the result of a step. Results of steps that are not being done are stale and dropped.
    pub fn report(&mut self, step: usize, result: StepResult) {
        if self.doing != Doing::Step(step) {
            return;
        }
        self.doing = Doing::Nothing;
        match result {
            StepResult::Done => self.settle(step, StepState::Done),
            StepResult::Gone => self.settle(step, StepState::Gone),
            StepResult::Failed(problem) => self.fail(step, problem),
            StepResult::Conflict(problem) => {
                let redraws = self.redraws.entry(step).or_default();
                *redraws += 1;
                if *redraws > MAX_REDRAWS {
                    self.fail(step, too_busy(problem));
                } else {
                    self.doing = Doing::Redrawing(step);
                }
            }
            // Of a recreate the first half may be done.
            StepResult::NotDone(problem) if self.plan.steps[step].action != Action::Recreate => {
                self.states[step] = StepState::Pending;
                self.pause_at(step, problem);
            }
            StepResult::Lost(problem) | StepResult::NotDone(problem) => {
                self.states[step] = StepState::InDoubt(problem.clone());
                self.pause_at(step, problem);
            }
        }
    }

    fn pause_at(&mut self, step: usize, problem: Problem) {
        *self.attempts.entry(step).or_default() += 1;
        self.last.insert(step, problem.clone());
        self.doing = Doing::Redrawing(step);
        self.paused = Some(problem);
    }

    /// The steps of an App whose deletion the server took, while the object was still there.
    pub fn going(&self, app: &AppId) -> Vec<usize> {
        let steps = self.plan.steps.iter().zip(&self.states).enumerate();
        steps
            .filter(|(_, (step, state))| {
                step.app == *app && step.action == Action::Prune && **state == StepState::Done
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// Takes that what these steps deleted is gone by now, so that the record need not name it.
    pub fn vanished(&mut self, going: &[usize]) {
        for at in going {
            self.states[*at] = StepState::Gone;
        }
    }

    /// Takes what drawing a step anew came to.
    pub fn redrawn(&mut self, step: usize, redrawn: Redrawn) {
        if self.doing != Doing::Redrawing(step) {
            return;
        }
        self.doing = Doing::Nothing;
        self.looks = 0;
        let attempts = self.attempts.get(&step).copied().unwrap_or_default();
        match redrawn {
            Redrawn::Same { resource_version }
                if self.stopped
                    && resource_version.is_empty()
                    && self.plan.steps[step].action == Action::Recreate =>
            {
                self.fail(step, half_recreated());
            }
            // Asked to stop meanwhile: the step is known not to be done.
            Redrawn::Same { .. } if self.stopped => self.states[step] = StepState::Pending,
            Redrawn::Same { resource_version } if attempts >= MAX_ATTEMPTS => {
                let is_half_done =
                    resource_version.is_empty() && self.plan.steps[step].action == Action::Recreate;
                let last = self.last.remove(&step);
                self.fail(step, in_vain(last, is_half_done));
            }
            Redrawn::Same { resource_version } => {
                self.plan.steps[step].guard.resource_version = resource_version;
                self.begin_step(step);
            }
            Redrawn::AlreadyDone => self.settle(step, StepState::Done),
            Redrawn::Different => self.fail(step, moved_on()),
            Redrawn::Deleted => self.fail(step, deleted()),
            Redrawn::Failed(problem) => self.fail(step, problem),
        }
    }

    /// Takes what came of a wait: met, or why it will not be (something is Degraded, time is up).
    pub fn waited(&mut self, result: Result<(), Problem>) {
        let Doing::Waiting(wait) = self.doing else {
            return;
        };
        self.doing = Doing::Nothing;
        let Some(app) = self.current_app() else {
            return;
        };
        let at = self.at;
        self.looks = 0;
        match (result, wait) {
            (Ok(()), Wait::Established) => self.of(&app).established = at,
            (Ok(()), Wait::Healthy) => {
                let wave = self.plan.steps.get(at).map(|step| step.wave);
                let progress = self.of(&app);
                (progress.settled, progress.gated) = (at, wave);
            }
            (Ok(()), Wait::Gone) => {
                for step in self.pruned_before(&app) {
                    self.states[step] = StepState::Gone;
                }
            }
            (Err(problem), _) => self.give_up(&app, problem.to_string()),
        }
    }

    /// Takes what came of [`Next::Begin`] and [`Next::End`]. An App whose record cannot be written ahead is not synced.
    pub fn recorded(&mut self, result: Result<(), Problem>) {
        let doing = self.doing;
        if !matches!(doing, Doing::Beginning | Doing::Ending) {
            return;
        }
        self.doing = Doing::Nothing;
        let Some(app) = self.current_app() else {
            return;
        };
        match (doing, result) {
            (Doing::Beginning, Ok(())) => self.of(&app).begun = true,
            (Doing::Beginning, Err(problem)) => self.give_up(&app, problem.to_string()),
            (_, result) => {
                let progress = self.of(&app);
                progress.ended = true;
                if let Err(problem) = result {
                    progress.failed.get_or_insert(problem.to_string());
                }
            }
        }
    }

    /// The App's lock could not be renewed, or something else forbids going on with it: it stops before its next step.
    pub fn give_up(&mut self, app: &AppId, reason: String) {
        let progress = self.of(app);
        if progress.ended {
            return;
        }
        progress.failed.get_or_insert(reason);
    }

    /// Stops between steps. A step that is being done is waited for; a paused Run ends at once.
    pub fn stop(&mut self) {
        self.stopped = true;
        let paused = self.paused.take().is_some();
        match self.doing {
            Doing::Ending => {}
            Doing::Waiting(_) => self.doing = Doing::Nothing,
            _ if paused => self.doing = Doing::Nothing,
            _ => {}
        }
    }

    /// The connection is lost. A step that is being done is in doubt; after [`Run::resume`] it is looked at first.
    pub fn lost_connection(&mut self, problem: Problem) {
        if self.doing == Doing::Nothing && self.at >= self.plan.steps.len() {
            return;
        }
        match self.doing {
            Doing::Step(step) => self.report(step, StepResult::Lost(problem)),
            Doing::Redrawing(_) | Doing::Waiting(_) if self.looks + 1 >= MAX_ATTEMPTS => {
                self.looks = 0;
                self.cannot_see(problem);
            }
            Doing::Redrawing(_) | Doing::Waiting(_) => {
                self.looks += 1;
                self.paused.get_or_insert(problem);
            }
            _ => {
                self.paused.get_or_insert(problem);
            }
        }
    }

    /// Ends the App's part where what it needs to know cannot be had.
    fn cannot_see(&mut self, problem: Problem) {
        let (doing, app) = (self.doing, self.current_app());
        self.doing = Doing::Nothing;
        self.paused = None;
        match (doing, app) {
            (Doing::Redrawing(step), _) => {
                let is_in_doubt = matches!(self.states[step], StepState::InDoubt(_));
                let why = unseen(&problem, is_in_doubt);
                match is_in_doubt {
                    false => self.fail(step, why),
                    true => {
                        let app = self.plan.steps[step].app.clone();
                        let reason = reason(&self.plan.steps[step].key, &why);
                        self.settle(step, StepState::InDoubt(why));
                        self.give_up(&app, reason);
                    }
                }
            }
            (_, Some(app)) => self.give_up(&app, unseen(&problem, false).to_string()),
            (_, None) => {}
        }
    }

    /// The connection is back.
    pub fn resume(&mut self) {
        self.paused = None;
    }

    /// Whether all is over.
    pub fn is_done(&mut self) -> bool {
        matches!(self.next(), Next::Done(_))
    }

    /// What was done so far, by App.
    pub fn summary(&self) -> RunSummary {
        summary::summarise(&self.plan, &self.states, self.stopped, |app| {
            self.apps.get(app).and_then(|p| p.failed.clone())
        })
    }

    fn pause(&self, problem: Problem) -> Pause {
        let step = match self.doing {
            Doing::Redrawing(step) => self.attempts.get(&step).copied(),
            _ => None,
        };
        summary::pause(&self.states, problem, step.unwrap_or_default(), self.looks)
    }

    fn of(&mut self, app: &AppId) -> &mut Progress {
        self.apps.entry(app.clone()).or_default()
    }

    /// The App that the machine is at: that of the step before, as long as it has something to begin or to end, else
    /// that of the next step.
    fn current_app(&self) -> Option<AppId> {
        let before = self.at.checked_sub(1).map(|i| &self.plan.steps[i].app);
        before
            .filter(|app| self.is_open(app))
            .or_else(|| self.plan.steps.get(self.at).map(|s| &s.app))
            .cloned()
    }

    /// Whether the App's part was begun and not ended, or has done something that is to be recorded.
    fn is_open(&self, app: &AppId) -> bool {
        let progress = self.apps.get(app).cloned().unwrap_or_default();
        let did = || !self.done(app, 0, |_| true).is_empty();
        !progress.ended && (progress.begun || (progress.failed.is_none() && did()))
    }

    fn with_app(&self, next: impl Fn(AppId) -> Next) -> Next {
        self.current_app()
            .map_or_else(|| Next::Done(self.summary()), next)
    }

    /// Moves on until there is something to do; leaves `Doing::Nothing` when all is over.
    fn advance(&mut self) {
        while let Some(app) = self.current_app() {
            let next = self.plan.steps.get(self.at).filter(|s| s.app == app);
            let progress = self.apps.get(&app).cloned().unwrap_or_default();
            let Some(step) = next else {
                // An App whose only step made its own namespace has yet to be recorded.
                self.doing = if progress.begun {
                    Doing::Ending
                } else {
                    Doing::Beginning
                };
                return;
            };
            if self.stopped || progress.failed.is_some() {
                let why = match &progress.failed {
                    Some(_) => "an earlier step of this App failed",
                    None => "the run was stopped",
                };
                self.skip_rest(&app, why);
                continue;
            }
            if matches!(self.states[self.at], StepState::InDoubt(_)) {
                self.doing = Doing::Redrawing(self.at);
                return;
            }
            let makes_home = self.makes_home(step);
            if !progress.begun && !makes_home {
                self.doing = Doing::Beginning;
                return;
            }
            if let Some(wait) = self.needed_wait(&app, step, &progress) {
                self.doing = Doing::Waiting(wait);
                return;
            }
            if !is_definition(&self.plan.steps[self.at].key.group_kind()) {
                self.of(&app).established = self.at;
            }
            self.begin_step(self.at);
            return;
        }
    }

    /// Whether the step creates the namespace in which the App's record and lock live.
    fn makes_home(&self, step: &PlanStep) -> bool {
        let first = self.at == 0 || self.plan.steps[self.at - 1].app != step.app;
        let creates = matches!(step.action, Action::CreateNamespace | Action::Create);
        first && creates && step.key == ObjectKey::new("", "Namespace", "", &step.app.namespace)
    }

    fn begin_step(&mut self, step: usize) {
        self.states[step] = StepState::Running;
        self.doing = Doing::Step(step);
    }

    fn settle(&mut self, step: usize, state: StepState) {
        self.states[step] = state;
        self.at = self.at.max(step + 1);
    }

    fn fail(&mut self, step: usize, problem: Problem) {
        let app = self.plan.steps[step].app.clone();
        let reason = reason(&self.plan.steps[step].key, &problem);
        self.settle(step, StepState::Failed(problem));
        self.give_up(&app, reason);
        self.skip_rest(&app, "an earlier step of this App failed");
    }

    fn skip_rest(&mut self, app: &AppId, why: &str) {
        while self.plan.steps.get(self.at).is_some_and(|s| s.app == *app) {
            if self.states[self.at] == StepState::Pending {
                self.states[self.at] = StepState::Skipped(why.to_owned());
            }
            self.at += 1;
        }
    }

    /// What must hold before a step begins: CRDs are established before anything that is no CRD; before a new wave,
    /// what was pruned is gone and what was applied is healthy.
    fn needed_wait(&self, app: &AppId, step: &PlanStep, progress: &Progress) -> Option<Wait> {
        if !is_definition(&step.key.group_kind())
            && !self.crds_before(app, progress.established).is_empty()
        {
            return Some(Wait::Established);
        }
        let new_wave = self.at > 0
            && self.plan.steps[self.at - 1].app == *app
            && self.plan.steps[self.at - 1].wave != step.wave;
        if new_wave && !self.pruned_before(app).is_empty() {
            return Some(Wait::Gone);
        }
        let applied = || !self.applied_before(app, progress.settled).is_empty();
        let gated = || !self.gates_before(app, step.wave, progress.gated).is_empty();
        (new_wave && applied() || gated()).then_some(Wait::Healthy)
    }

    fn wait_for(&self, wait: Wait) -> Next {
        let Some(app) = self.current_app() else {
            return Next::Done(self.summary());
        };
        let progress = self.apps.get(&app).cloned().unwrap_or_default();
        let keys = |steps: Vec<usize>| {
            steps
                .into_iter()
                .map(|i| (app.clone(), self.plan.steps[i].key.clone()))
                .collect()
        };
        match wait {
            Wait::Established => {
                Next::WaitEstablished(keys(self.crds_before(&app, progress.established)))
            }
            Wait::Gone => Next::WaitGone(keys(self.pruned_before(&app))),
            Wait::Healthy => {
                let wave = self.plan.steps.get(self.at).map_or(0, |s| s.wave);
                let mut all = keys(self.applied_before(&app, progress.settled));
                let gates = self.gates_before(&app, wave, progress.gated);
                all.extend(gates.into_iter().map(|key| (app.clone(), key.clone())));
                Next::WaitHealthy { wave, keys: all }
            }
        }
    }

    fn done(&self, app: &AppId, from: usize, wanted: impl Fn(&PlanStep) -> bool) -> Vec<usize> {
        (from..self.at)
            .filter(|i| {
                let step = &self.plan.steps[*i];
                step.app == *app && self.states[*i].succeeded() && wanted(step)
            })
            .collect()
    }

    fn crds_before(&self, app: &AppId, from: usize) -> Vec<usize> {
        self.done(app, from, |s| {
            applies(s.action) && is_definition(&s.key.group_kind())
        })
    }

    fn applied_before(&self, app: &AppId, from: usize) -> Vec<usize> {
        self.done(app, from, |s| applies(s.action))
    }

    /// What is in sync and belongs to a wave before `wave` that was not waited for yet.
    fn gates_before(&self, app: &AppId, wave: i32, gated: Option<i32>) -> Vec<&ObjectKey> {
        let planned = self.plan.apps.iter().filter(|a| a.id == *app);
        planned
            .flat_map(|planned| &planned.gates)
            .filter(|gate| gate.wave < wave && gated.is_none_or(|before| gate.wave >= before))
            .map(|gate| &gate.key)
            .collect()
    }

    fn pruned_before(&self, app: &AppId) -> Vec<usize> {
        self.done(app, 0, |s| s.action == Action::Prune)
            .into_iter()
            .filter(|i| self.states[*i] == StepState::Done)
            .collect()
    }
}

fn applies(action: Action) -> bool {
    matches!(
        action,
        Action::Create | Action::Apply | Action::Replace | Action::Recreate
    )
}

/// How an App's part of a Run ended.
fn outcome(failed: bool, stopped: bool) -> Outcome {
    match (failed, stopped) {
        (true, _) => Outcome::Failed,
        (false, true) => Outcome::Stopped,
        (false, false) => Outcome::Succeeded,
    }
}

#[cfg(test)]
mod tests;
