//! The rule for kinds that have none of their own, by what controllers commonly write: `observedGeneration` and
//! conditions. A table, read from the top. Sources: the kstatus conventions (`cli-utils`, `pkg/kstatus`: Reconciling,
//! Stalled, Ready), and what most of Argo CD's Lua rules do with Ready, Available and their like. Where the two differ
//! (Ready=False is Degraded in most of Argo CD's, in progress for kstatus) the reason decides.

use super::conditions::{Condition, conditions, stated_number};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing, Suspended};
use crate::domain::{Health, HealthStatus, Value};

/// Condition type, its status, and what that means. The first entry that matches a condition decides.
const TABLE: [(&str, &str, HealthStatus); 21] = [
    ("Terminating", "True", Progressing),
    ("Stalled", "True", Degraded),
    ("Failed", "True", Degraded),
    ("Degraded", "True", Degraded),
    ("Reconciling", "True", Progressing),
    ("Ready", "False", Degraded),
    ("Ready", "Unknown", Progressing),
    ("Available", "False", Degraded),
    ("Available", "Unknown", Progressing),
    ("Synced", "False", Degraded),
    ("Synced", "Unknown", Progressing),
    ("Healthy", "False", Degraded),
    ("Healthy", "Unknown", Progressing),
    ("Ready", "True", Healthy),
    ("Available", "True", Healthy),
    ("Healthy", "True", Healthy),
    ("Succeeded", "False", Degraded),
    ("Succeeded", "Unknown", Progressing),
    ("Succeeded", "True", Healthy),
    ("Complete", "True", Healthy),
    ("Synced", "True", Healthy),
];

/// Parts of a reason that say that a condition which is False is on its way rather than broken.
const ON_ITS_WAY: [&str; 15] = [
    "progress",
    "pending",
    "creating",
    "provisioning",
    "reconciling",
    "initializing",
    "initialising",
    "waiting",
    "starting",
    "issuing",
    "deploying",
    "updating",
    "scaling",
    "notready",
    "inprogress",
];

/// Health by convention; `None` where the object says nothing that the conventions know.
pub fn assess(object: &Value) -> Option<Health> {
    let generation = stated_number(object, "/metadata/generation");
    let conditions = conditions(object, "/status/conditions");
    let known = |c: &Condition<'_>| TABLE.iter().any(|(kind, ..)| *kind == c.kind());
    let observed = stated_number(object, "/status/observedGeneration");
    if !conditions.iter().any(known) && observed.is_none() {
        return None;
    }
    for field in ["/spec/suspend", "/spec/paused"] {
        if object.pointer(field).and_then(Value::as_bool) == Some(true) {
            return Some(Health::new(Suspended, "suspended by its spec"));
        }
    }
    if let (Some(generation), Some(observed)) = (generation, observed)
        && observed < generation
    {
        let message = format!(
            "Waiting for its controller: it has seen generation {observed} of {generation}"
        );
        return Some(Health::new(Progressing, message));
    }
    let (condition, status) = TABLE.iter().find_map(|(kind, status, health)| {
        let condition = conditions.iter().find(|c| c.is(kind, status))?;
        Some((*condition, *health))
    })?;
    let stale = match (generation, condition.observed_generation()) {
        (Some(generation), Some(observed)) => observed < generation,
        _ => false,
    };
    let status = match status {
        _ if stale => Progressing,
        Degraded if condition.status() == "False" && on_its_way(condition) => Progressing,
        status => status,
    };
    let message = match (condition.reason(), condition.message()) {
        ("", "") => format!("{} is {}", condition.kind(), condition.status()),
        (reason, "") => reason.to_owned(),
        (_, message) => message.to_owned(),
    };
    Some(Health::new(status, message))
}

fn on_its_way(condition: Condition<'_>) -> bool {
    let reason = condition.reason().to_ascii_lowercase();
    ON_ITS_WAY.iter().any(|word| reason.contains(word))
}
