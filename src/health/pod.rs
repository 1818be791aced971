//! Pods: their health (gitops-engine `health_pod.go`), and why one does not come up, in words.

use jiff::Timestamp;

use super::conditions::{conditions, items, number, text};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing, Unknown};
use crate::domain::{Health, Value};

const STATUSES: &str = "/status/containerStatuses";

/// `v1` Pod.
pub fn pod(object: &Value) -> Health {
    let annotation = |name| {
        object
            .pointer("/metadata/annotations")
            .and_then(|a| a.get(name))
            .and_then(Value::as_str)
    };
    let policy = text(object, "/spec/restartPolicy");
    let is_hook = ["argocd.argoproj.io/hook", "helm.sh/hook"]
        .into_iter()
        .any(|name| annotation(name).is_some());
    // A hook's pod that cannot pull its image may still run later; it must not be called failed before it has.
    let as_always = policy == "Always"
        || (!is_hook && annotation("argocd.argoproj.io/ignore-restart-policy") == Some("true"));
    let message = text(object, "/status/message");
    if as_always {
        let broken: Vec<&str> = items(object, STATUSES)
            .iter()
            .filter(|c| is_broken(text(c, "/state/waiting/reason")))
            .map(|c| text(c, "/state/waiting/message"))
            .collect();
        if !broken.is_empty() {
            return Health::new(Degraded, broken.join(", "));
        }
    }
    match (text(object, "/status/phase"), policy) {
        ("Pending", _) => Health::new(Progressing, message),
        ("Succeeded", _) => Health::new(Healthy, message),
        ("Failed", _) if !message.is_empty() => Health::new(Degraded, message),
        ("Failed", _) => {
            let failure = items(object, "/status/initContainerStatuses")
                .iter()
                .chain(items(object, STATUSES))
                .map(failure)
                .find(|m| !m.is_empty());
            Health::new(Degraded, failure.unwrap_or_default())
        }
        ("Running", "Always") => {
            let ready = conditions(object, "/status/conditions")
                .iter()
                .any(|c| c.is("Ready", "True"));
            let ended = items(object, STATUSES)
                .iter()
                .any(|c| c.pointer("/lastState/terminated").is_some());
            let status = match (ready, ended) {
                (true, _) => Healthy,
                (false, true) => Degraded,
                (false, false) => Progressing,
            };
            Health::new(status, message)
        }
        // Such pods have a finite life: running is not yet the end of it.
        ("Running", "OnFailure" | "Never") => Health::new(Progressing, message),
        _ => Health::new(Unknown, message),
    }
}

fn is_broken(reason: &str) -> bool {
    reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff")
}

fn failure(container: &Value) -> String {
    let terminated = |field: &str| text(container, &format!("/state/terminated/{field}"));
    let code = number(container, "/state/terminated/exitCode");
    if !terminated("message").is_empty() {
        terminated("message").to_owned()
    } else if terminated("reason") == "OOMKilled" {
        "OOMKilled".to_owned()
    } else if code != 0 {
        let name = text(container, "/name");
        format!("container {name:?} failed with exit code {code}")
    } else {
        String::new()
    }
}

/// Where a pod's status lists its containers, with what a person calls them.
const LISTS: [(&str, &str); 3] = [
    ("/status/initContainerStatuses", "init container"),
    ("/status/containerStatuses", "container"),
    ("/status/ephemeralContainerStatuses", "ephemeral container"),
];

/// What a pod waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// A sentence, in the cluster's own words, raw.
    pub text: String,
    /// Since when, as the pod says.
    pub since: Option<Timestamp>,
}

/// Why a pod has not come up, one sentence a reason: that it cannot be placed, what each container waits for, and how it
/// last ended. Empty when nothing is wrong.
pub fn waiting_reasons(pod: &Value) -> Vec<Waiting> {
    let mut reasons = Vec::new();
    let mut add = |text, since: &str| {
        reasons.push(Waiting {
            text,
            since: since.parse().ok(),
        });
    };
    let (reason, message) = (text(pod, "/status/reason"), text(pod, "/status/message"));
    if !reason.is_empty() || !message.is_empty() {
        add(sentence("pod", reason, message), "");
    }
    let mut unready = "";
    for condition in conditions(pod, "/status/conditions") {
        if condition.is("PodScheduled", "False") {
            add(
                sentence("not scheduled", condition.reason(), condition.message()),
                condition.since(),
            );
        }
        if condition.is("ContainersReady", "False") {
            unready = condition.since();
        }
    }
    for (list, noun) in LISTS {
        for container in items(pod, list) {
            container_reasons(container, noun, unready, &mut add);
        }
    }
    reasons
}

/// `unready`: since when the pod's containers are not ready.
fn container_reasons(
    container: &Value,
    noun: &str,
    unready: &str,
    add: &mut impl FnMut(String, &str),
) {
    let name = text(container, "/name");
    if container.pointer("/state/waiting").is_some() {
        let reason = text(container, "/state/waiting/reason");
        // Every container waits so while the init containers run: they have the reason.
        if reason != "PodInitializing" {
            let message = text(container, "/state/waiting/message");
            let start = format!("{noun} {name} is waiting");
            add(sentence(&start, reason, message), unready);
        }
    }
    for (state, verb) in [("/state", "ended"), ("/lastState", "last ended")] {
        let at = |field: &str| format!("{state}/terminated/{field}");
        if container.pointer(&format!("{state}/terminated")).is_none() {
            continue;
        }
        let code = number(container, &at("exitCode"));
        let reason = text(container, &at("reason"));
        if code == 0 && matches!(reason, "Completed" | "") {
            continue;
        }
        let start = format!("{noun} {name} {verb} with exit code {code}");
        add(
            sentence(&start, reason, text(container, &at("message"))),
            text(container, &at("finishedAt")),
        );
    }
}

/// `start: reason: message`, without what is empty.
fn sentence(start: &str, reason: &str, message: &str) -> String {
    [start, reason, message.trim()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}
