//! Health of one object by Argo CD's rules, and its roll-up to an App.
//!
//! Pure: reads objects as they came from a cluster and nothing else. The rules are a table from kind to function, with
//! Argo CD's own words as messages (gitops-engine `pkg/health` and the built-in Lua under `resource_customizations`),
//! and one general rule by conditions for every kind that has none.

mod batch;
mod conditions;
mod gateway;
mod general;
mod pod;
mod rollup;
mod services;
mod workloads;

use crate::domain::{Gvk, Health, HealthStatus, Value};

pub use pod::{Waiting, waiting_reasons};
pub use rollup::{AppObject, Live, roll_up};

/// Annotation that keeps an object's health out of its App's.
const IGNORE_ANNOTATION: &str = "argocd.argoproj.io/ignore-healthcheck";

/// A rule for one kind.
type Rule = fn(&Value) -> Health;

/// Group, kind, the versions that the rule can read (empty: any), and the rule.
const RULES: [(&str, &str, &[&str], Rule); 24] = [
    ("", "Pod", &["v1"], pod::pod),
    ("", "Service", &["v1"], services::service),
    ("", "PersistentVolumeClaim", &["v1"], services::claim),
    ("apps", "Deployment", &["v1"], workloads::deployment),
    ("apps", "StatefulSet", &["v1"], workloads::stateful_set),
    ("apps", "ReplicaSet", &["v1"], workloads::replica_set),
    ("apps", "DaemonSet", &["v1"], workloads::daemon_set),
    ("batch", "Job", &["v1"], batch::job),
    ("batch", "CronJob", &[], batch::cron_job),
    ("networking.k8s.io", "Ingress", &[], services::ingress),
    ("extensions", "Ingress", &[], services::ingress),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        &["v1"],
        services::autoscaler_v1,
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        &["v2", "v2beta1", "v2beta2"],
        services::autoscaler,
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        &["v1", "v1beta1"],
        services::api_service,
    ),
    (
        "policy",
        "PodDisruptionBudget",
        &[],
        services::disruption_budget,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &[],
        services::crd,
    ),
    ("argoproj.io", "Workflow", &[], batch::workflow),
    (
        "gateway.networking.k8s.io",
        "Gateway",
        &[],
        gateway::gateway,
    ),
    (
        "gateway.networking.k8s.io",
        "GatewayClass",
        &[],
        gateway::gateway_class,
    ),
    (
        "gateway.networking.k8s.io",
        "HTTPRoute",
        &[],
        gateway::http_route,
    ),
    (
        "gateway.networking.k8s.io",
        "GRPCRoute",
        &[],
        gateway::grpc_route,
    ),
    (
        "gateway.networking.k8s.io",
        "TLSRoute",
        &[],
        gateway::tls_route,
    ),
    (
        "gateway.networking.k8s.io",
        "ListenerSet",
        &[],
        gateway::listener_set,
    ),
    (
        "gateway.networking.k8s.io",
        "BackendTLSPolicy",
        &[],
        gateway::backend_tls_policy,
    ),
];

/// How well an object runs. `None`: this kind has no health, and counts for nothing in its App's.
pub fn assess(object: &Value) -> Option<Health> {
    let gvk = Gvk::of(object)?;
    if let Some(going) = crate::domain::deletion::of(object) {
        let message = match going.finalizers.is_empty() {
            true => "Pending deletion".to_owned(),
            false => format!("Pending deletion, {}", going.why()),
        };
        return Some(Health::new(HealthStatus::Progressing, message));
    }
    let mut known = false;
    for (group, kind, versions, rule) in &RULES {
        if *group == gvk.group && *kind == gvk.kind {
            if versions.is_empty() || versions.contains(&gvk.version.as_str()) {
                return Some(rule(object));
            }
            known = true;
        }
    }
    if known {
        let text = format!("unsupported {} GVK: {}", gvk.kind, gvk);
        return Some(Health::new(HealthStatus::Unknown, text));
    }
    general::assess(object)
}

/// Whether an object asks to be left out of its App's health.
pub fn ignored(object: &Value) -> bool {
    object
        .pointer("/metadata/annotations")
        .and_then(|a| a.get(IGNORE_ANNOTATION))
        .and_then(Value::as_str)
        == Some("true")
}

#[cfg(test)]
mod tests;
