//! What a Run came to, in numbers and words: exactly what was done, what was not, and what nobody knows.

use super::{StepState, outcome};
use crate::domain::record::Outcome;
use crate::domain::{Action, AppId, Plan, Problem};

/// What was done to one App.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSummary {
    /// Which App.
    pub app: AppId,
    /// How it ended.
    pub outcome: Outcome,
    /// Objects created or changed.
    pub applied: u32,
    /// Objects pruned.
    pub pruned: u32,
    /// Steps that failed, and steps of which nobody knows whether they were done.
    pub failed: u32,
    /// Steps that were not run.
    pub not_run: u32,
    /// Why it failed or stopped; empty when it succeeded.
    pub reason: String,
}

/// What was done, by App in the order of the Plan. Refused Apps are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The Apps that had steps.
    pub apps: Vec<AppSummary>,
}

impl RunSummary {
    /// How it ended as a whole: as badly as the App that ended worst.
    pub fn outcome(&self) -> Outcome {
        let any = |wanted| self.apps.iter().any(|app| app.outcome == wanted);
        outcome(any(Outcome::Failed), any(Outcome::Stopped))
    }

    /// The part of one App.
    pub fn of(&self, app: &AppId) -> Option<&AppSummary> {
        self.apps.iter().find(|a| a.app == *app)
    }
}

/// A Run that waits for its connection: what was done, what was not, and what nobody knows, by number of step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// What happened to the connection.
    pub problem: Problem,
    /// Steps that were done.
    pub done: Vec<usize>,
    /// Steps that were sent, and of which no answer tells whether they were done.
    pub in_doubt: Vec<usize>,
    /// Steps that were not begun.
    pub not_done: Vec<usize>,
    /// How often the step at hand was sent and came to nothing.
    pub attempts: u32,
    /// How often it was looked in vain since, one after the other.
    pub looks: u32,
}

pub(super) fn pause(states: &[StepState], problem: Problem, attempts: u32, looks: u32) -> Pause {
    let which = |wanted: fn(&StepState) -> bool| {
        (0..states.len()).filter(|i| wanted(&states[*i])).collect()
    };
    Pause {
        problem,
        attempts,
        looks,
        done: which(StepState::succeeded),
        in_doubt: which(|s| matches!(s, StepState::InDoubt(_) | StepState::Running)),
        not_done: which(|s| {
            matches!(
                s,
                StepState::Pending | StepState::Skipped(_) | StepState::Failed(_)
            )
        }),
    }
}

pub(super) fn summarise(
    plan: &Plan,
    states: &[StepState],
    stopped: bool,
    reason: impl Fn(&AppId) -> Option<String>,
) -> RunSummary {
    let mut apps: Vec<AppSummary> = Vec::new();
    for (step, state) in plan.steps.iter().zip(states) {
        // The steps of one App stand together, so it is most often the last.
        let at = match apps.iter().rposition(|a| a.app == step.app) {
            Some(at) => at,
            None => {
                apps.push(AppSummary {
                    app: step.app.clone(),
                    outcome: Outcome::Succeeded,
                    applied: 0,
                    pruned: 0,
                    failed: 0,
                    not_run: 0,
                    reason: String::new(),
                });
                apps.len() - 1
            }
        };
        // The record is no object of the App's.
        if step.action == Action::Record && state.succeeded() {
            continue;
        }
        let count = match (state, step.action) {
            (StepState::Done | StepState::Gone, Action::Prune) => &mut apps[at].pruned,
            (StepState::Done | StepState::Gone, _) => &mut apps[at].applied,
            (StepState::Failed(_) | StepState::InDoubt(_), _) => &mut apps[at].failed,
            (StepState::Pending | StepState::Running | StepState::Skipped(_), _) => {
                &mut apps[at].not_run
            }
        };
        *count += 1;
    }
    for app in &mut apps {
        let why = reason(&app.app);
        let unfinished = app.failed > 0 || app.not_run > 0;
        app.outcome = outcome(
            why.is_some() || (app.failed > 0 && !stopped),
            stopped && unfinished,
        );
        app.reason = match (why, stopped && unfinished) {
            (Some(why), _) => why,
            (None, true) if app.failed == 1 => {
                "stopped on request; of 1 step nobody knows whether it was done".to_owned()
            }
            (None, true) if app.failed > 0 => format!(
                "stopped on request; of {} steps nobody knows whether they were done",
                app.failed
            ),
            (None, true) => "stopped on request".to_owned(),
            (None, false) => String::new(),
        };
    }
    RunSummary { apps }
}
