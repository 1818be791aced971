//! A Run whose cluster does not answer: what it waits for, and when it gives up.

use crate::domain::Problem;

use super::reasons::{reason, unseen};
use super::{Doing, MAX_ATTEMPTS, Pause, Run, StepResult, StepState, summary};

impl Run {
    /// A step came to nothing: it waits for the cluster, then for a look at the object.
    pub(super) fn pause_at(&mut self, step: usize, problem: Problem) {
        let attempts = self.attempts.entry(step).or_default();
        *attempts += 1;
        let is_last = *attempts >= MAX_ATTEMPTS;
        self.last.insert(step, problem.clone());
        self.doing = Doing::Redrawing(step);
        // No attempt follows the last one: the object is looked at, and that says how the step ended.
        self.paused = Some(problem).filter(|_| !is_last);
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

    pub(super) fn pause(&self, problem: Problem) -> Pause {
        let step = match self.doing {
            Doing::Redrawing(step) => self.attempts.get(&step).copied(),
            _ => None,
        };
        summary::pause(&self.states, problem, step.unwrap_or_default(), self.looks)
    }
}
