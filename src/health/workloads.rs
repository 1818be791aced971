//! Deployment, StatefulSet, ReplicaSet and DaemonSet (gitops-engine `pkg/health/health_*.go`).

use super::conditions::{conditions, number, stated_number, text};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing, Suspended};
use crate::domain::{Health, Value};

const GENERATION: &str = "/metadata/generation";
const OBSERVED: &str = "/status/observedGeneration";

fn lags(object: &Value) -> bool {
    number(object, GENERATION) > number(object, OBSERVED)
}

fn flag(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// `apps/v1` Deployment.
pub fn deployment(object: &Value) -> Health {
    if flag(object, "/spec/paused") {
        return Health::new(Suspended, "Deployment is paused");
    }
    if lags(object) {
        return Health::new(
            Progressing,
            "Waiting for rollout to finish: observed deployment generation less than desired generation",
        );
    }
    let deadline = conditions(object, "/status/conditions")
        .into_iter()
        .find(|c| c.kind() == "Progressing")
        .is_some_and(|c| c.reason() == "ProgressDeadlineExceeded");
    if deadline {
        let name = text(object, "/metadata/name");
        let message = format!("Deployment {name:?} exceeded its progress deadline");
        return Health::new(Degraded, message);
    }
    let updated = number(object, "/status/updatedReplicas");
    let total = number(object, "/status/replicas");
    let available = number(object, "/status/availableReplicas");
    let waiting = match stated_number(object, "/spec/replicas") {
        Some(wanted) if updated < wanted => {
            format!("{updated} out of {wanted} new replicas have been updated...")
        }
        _ if total > updated => {
            format!(
                "{} old replicas are pending termination...",
                total.saturating_sub(updated)
            )
        }
        _ if available < updated => {
            format!("{available} of {updated} updated replicas are available...")
        }
        _ => return Health::default(),
    };
    Health::new(
        Progressing,
        format!("Waiting for rollout to finish: {waiting}"),
    )
}

/// `apps/v1` ReplicaSet.
pub fn replica_set(object: &Value) -> Health {
    if lags(object) {
        return Health::new(
            Progressing,
            "Waiting for rollout to finish: observed replica set generation less than desired generation",
        );
    }
    let failure = conditions(object, "/status/conditions")
        .into_iter()
        .find(|c| c.kind() == "ReplicaFailure");
    if let Some(failure) = failure.filter(|c| c.status() == "True") {
        return Health::new(Degraded, failure.message());
    }
    let available = number(object, "/status/availableReplicas");
    match stated_number(object, "/spec/replicas") {
        Some(wanted) if available < wanted => Health::new(
            Progressing,
            format!(
                "Waiting for rollout to finish: {available} out of {wanted} new replicas are available..."
            ),
        ),
        _ => Health::default(),
    }
}

/// `apps/v1` DaemonSet.
pub fn daemon_set(object: &Value) -> Health {
    if lags(object) {
        return Health::new(
            Progressing,
            "Waiting for rollout to finish: observed daemon set generation less than desired generation",
        );
    }
    let name = text(object, "/metadata/name");
    let desired = number(object, "/status/desiredNumberScheduled");
    let updated = number(object, "/status/updatedNumberScheduled");
    let available = number(object, "/status/numberAvailable");
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        let message = format!("daemon set {updated} out of {desired} new pods have been updated");
        return Health::new(Healthy, message);
    }
    let waiting = if updated < desired {
        format!("{updated} out of {desired} new pods have been updated...")
    } else if available < desired {
        format!("{available} of {desired} updated pods are available...")
    } else {
        return Health::default();
    };
    let message = format!("Waiting for daemon set {name:?} rollout to finish: {waiting}");
    Health::new(Progressing, message)
}

/// `apps/v1` StatefulSet.
pub fn stateful_set(object: &Value) -> Health {
    if number(object, OBSERVED) == 0 || lags(object) {
        return Health::new(
            Progressing,
            "Waiting for statefulset spec update to be observed...",
        );
    }
    let wanted = stated_number(object, "/spec/replicas");
    let ready = number(object, "/status/readyReplicas");
    let updated = number(object, "/status/updatedReplicas");
    if let Some(wanted) = wanted.filter(|wanted| ready < *wanted) {
        let message = format!(
            "Waiting for {} pods to be ready...",
            wanted.saturating_sub(ready)
        );
        return Health::new(Progressing, message);
    }
    let strategy = text(object, "/spec/updateStrategy/type");
    let rolling = object
        .pointer("/spec/updateStrategy/rollingUpdate")
        .is_some_and(|r| !r.is_null());
    if strategy == "RollingUpdate" && rolling {
        let partition = stated_number(object, "/spec/updateStrategy/rollingUpdate/partition");
        if let (Some(wanted), Some(partition)) = (wanted, partition) {
            let wanted = wanted.saturating_sub(partition);
            if updated < wanted {
                return Health::new(
                    Progressing,
                    format!(
                        "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated..."
                    ),
                );
            }
        }
        let message =
            format!("partitioned roll out complete: {updated} new pods have been updated...");
        return Health::new(Healthy, message);
    }
    if strategy == "OnDelete" {
        return Health::new(Healthy, format!("statefulset has {ready} ready pods"));
    }
    let update = text(object, "/status/updateRevision");
    let current = text(object, "/status/currentRevision");
    if update != current {
        return Health::new(
            Progressing,
            format!(
                "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
            ),
        );
    }
    let pods = number(object, "/status/currentReplicas");
    let message =
        format!("statefulset rolling update complete {pods} pods at revision {current}...");
    Health::new(Healthy, message)
}
