//! What is in sync and yet holds up later waves: Argo CD waits for the health of a whole wave, whether its objects were
//! changed or not (reference: gitops-engine `pkg/sync/sync_context.go`).

use std::collections::HashMap;

use super::Candidate;
use crate::domain::plan::Gate;
use crate::domain::{HealthStatus, ObjectKey, PlanStep};
use crate::sync::order::Task;

/// Those of the ordered tasks that are in sync and have a health.
pub fn gates(tasks: &[Task], in_sync: &[&Candidate]) -> Vec<Gate> {
    let health: HashMap<&ObjectKey, _> = in_sync
        .iter()
        .filter_map(|c| Some((&c.drift.key, c.live.as_ref()?.health.clone()?)))
        .collect();
    tasks
        .iter()
        .filter_map(|task| {
            Some(Gate {
                key: task.key.clone(),
                wave: task.wave,
                health: health.get(&task.key)?.clone(),
            })
        })
        .collect()
}

/// What will be waited for before the first step behind it, or will stop the App there.
pub fn warnings(gates: &[Gate], steps: &[PlanStep]) -> Vec<String> {
    let first_behind = |gate: &Gate| {
        let mut waves = steps.iter().map(|step| step.wave);
        waves.find(|wave| *wave > gate.wave)
    };
    gates
        .iter()
        .filter_map(|gate| {
            let (key, status) = (&gate.key, gate.health.status);
            let wave = first_behind(gate)?;
            match status {
                HealthStatus::Healthy => None,
                HealthStatus::Degraded => Some(format!(
                    "{key} is {status}: unless it recovers before, nothing of wave {wave} and later is run"
                )),
                _ => Some(format!("{key} is {status}: wave {wave} waits for it")),
            }
        })
        .collect()
}
