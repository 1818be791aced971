//! The Run: a pure state machine that executes a Plan exactly as drawn. It says what comes next and is told what came of
//! it; whoever drives it does the I/O. It never retries by itself what a cluster has not answered.
//!
//! Steps run one after another (Argo CD runs those of one kind at once). The steps of an App stand together in a Plan;
//! when one fails, the rest of that App is not run and the other Apps go on.

mod ahead;
mod pause;
mod reasons;
mod settled;
mod step;
mod summary;

use std::collections::HashMap;

use crate::domain::record::Outcome;
use crate::domain::{Action, AppId, ObjectKey, Plan, Problem};

pub use reasons::DRAW_AGAIN;
use reasons::{deleted, half_recreated, in_vain, moved_on, reason, too_busy};
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
            Redrawn::Different(what) => self.fail(step, moved_on(what)),
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
