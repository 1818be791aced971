//! Job, CronJob and Argo's Workflow.

use super::conditions::{conditions, items, text};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing, Suspended, Unknown};
use crate::domain::{Health, Value};

/// `batch/v1` Job (gitops-engine `health_job.go`).
pub fn job(object: &Value) -> Health {
    let (mut complete, mut failed, mut suspended) = (false, None, false);
    let mut message = "";
    for condition in conditions(object, "/status/conditions") {
        match condition.kind() {
            "Failed" => failed = Some(condition.message()),
            "Complete" => message = condition.message(),
            "Suspended" => {
                message = condition.message();
                suspended |= condition.status() == "True";
            }
            _ => continue,
        }
        complete = true;
    }
    match (complete, failed, suspended) {
        (false, ..) => Health::new(Progressing, message),
        (true, Some(failure), _) => Health::new(Degraded, failure),
        (true, None, true) => Health::new(Suspended, message),
        (true, None, false) => Health::new(Healthy, message),
    }
}

/// CronJob (`resource_customizations/batch/CronJob/health.lua`; the spelling of the messages is Argo CD's).
pub fn cron_job(object: &Value) -> Health {
    if object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        return Health::new(Suspended, "CronJob is Suspended");
    }
    if !object.get("status").is_some_and(Value::is_object) {
        return Health::new(Progressing, "Waiting for CronJob");
    }
    let scheduled = text(object, "/status/lastScheduleTime");
    let succeeded = text(object, "/status/lastSuccessfulTime");
    let running = !items(object, "/status/active").is_empty();
    // Times of one form and zone: they compare as texts.
    match (scheduled, succeeded, running) {
        ("", ..) => Health::new(Healthy, "CronJob has not been scheduled yet"),
        (_, "", _) => Health::new(
            Healthy,
            "The Cronjob never completed succesfully. It may not be healthy",
        ),
        (.., true) => Health::new(
            Healthy,
            "The job is running. Its last execution may not have been successful",
        ),
        (scheduled, succeeded, false) if succeeded < scheduled => Health::new(
            Degraded,
            "CronJob has not completed its last execution successfully",
        ),
        _ => Health::new(
            Healthy,
            "CronJob has completed its last execution successfully",
        ),
    }
}

/// `argoproj.io` Workflow (gitops-engine `health_argo.go`).
pub fn workflow(object: &Value) -> Health {
    let status = match text(object, "/status/phase") {
        "" | "Pending" | "Running" => Progressing,
        "Succeeded" => Healthy,
        "Failed" | "Error" => Degraded,
        _ => Unknown,
    };
    Health::new(status, text(object, "/status/message"))
}
