//! What a Run does next: the step that comes, and what must hold before it begins.

use crate::domain::{Action, AppId, ObjectKey, PlanStep};
use crate::sync::order::is_definition;

use super::{Doing, Next, Progress, Run, StepState, Wait};

impl Run {
    /// Moves on until there is something to do; leaves `Doing::Nothing` when all is over.
    pub(super) fn advance(&mut self) {
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

    pub(super) fn wait_for(&self, wait: Wait) -> Next {
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

    pub(super) fn done(
        &self,
        app: &AppId,
        from: usize,
        wanted: impl Fn(&PlanStep) -> bool,
    ) -> Vec<usize> {
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

    pub(super) fn pruned_before(&self, app: &AppId) -> Vec<usize> {
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
