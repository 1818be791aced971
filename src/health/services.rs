//! Service, claim, Ingress, autoscaler, APIService, disruption budget and CRD (gitops-engine `pkg/health`, and Argo CD's
//! `resource_customizations` for the last two).

use super::conditions::{Condition, conditions, items, text};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing, Unknown};
use crate::domain::{Health, Value};

const CONDITIONS: &str = "/status/conditions";
const BALANCERS: &str = "/status/loadBalancer/ingress";

/// `v1` Service: one that asks for a load balancer waits for its address.
pub fn service(object: &Value) -> Health {
    balanced(object, text(object, "/spec/type") == "LoadBalancer")
}

/// Ingress: it waits for its address.
pub fn ingress(object: &Value) -> Health {
    balanced(object, true)
}

/// Argo CD gives no reason here; a person wants one.
fn balanced(object: &Value, wanted: bool) -> Health {
    if wanted && items(object, BALANCERS).is_empty() {
        Health::new(Progressing, "no load balancer has given it an address yet")
    } else {
        Health::new(Healthy, "")
    }
}

/// `v1` PersistentVolumeClaim.
pub fn claim(object: &Value) -> Health {
    let status = match text(object, "/status/phase") {
        "Bound" => Healthy,
        "Pending" => Progressing,
        "Lost" => Degraded,
        _ => Unknown,
    };
    Health::new(status, "")
}

/// Conditions of an autoscaler that mean it cannot work: type and reason.
const AUTOSCALER_FAILURES: [(&str, &str); 8] = [
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "FailedGetObjectMetric"),
    ("ScalingActive", "FailedGetPodsMetric"),
    ("ScalingActive", "FailedGetExternalMetric"),
    ("ScalingActive", "FailedComputeMetricsReplicas"),
    ("ScalingActive", "InvalidSelector"),
];

/// `autoscaling/v2` HorizontalPodAutoscaler.
pub fn autoscaler(object: &Value) -> Health {
    autoscaler_conditions(&conditions(object, CONDITIONS))
}

/// `autoscaling/v1` HorizontalPodAutoscaler: its conditions stand in an annotation.
pub fn autoscaler_v1(object: &Value) -> Health {
    let annotation = object
        .pointer("/metadata/annotations")
        .and_then(|a| a.get("autoscaling.alpha.kubernetes.io/conditions"))
        .and_then(Value::as_str);
    let list = match annotation.map(serde_json::from_str::<Value>) {
        None => Value::Null,
        Some(Ok(list @ Value::Array(_))) => list,
        Some(Ok(_)) => {
            let message = "failed to convert conditions annotation to typed: it is no list";
            return Health::new(Unknown, message);
        }
        Some(Err(error)) => {
            let message = format!("failed to convert conditions annotation to typed: {error}");
            return Health::new(Unknown, message);
        }
    };
    autoscaler_conditions(&conditions(&list, ""))
}

/// The first condition that says something decides.
fn autoscaler_conditions(conditions: &[Condition<'_>]) -> Health {
    for condition in conditions {
        let failed = AUTOSCALER_FAILURES.contains(&(condition.kind(), condition.reason()));
        if failed {
            return Health::new(Degraded, condition.message());
        }
        let works = ["AbleToScale", "ScalingLimited"].contains(&condition.kind());
        if works && condition.status() == "True" {
            return Health::new(Healthy, condition.message());
        }
    }
    Health::new(Progressing, "Waiting to Autoscale")
}

/// APIService.
pub fn api_service(object: &Value) -> Health {
    let available = conditions(object, CONDITIONS)
        .into_iter()
        .find(|c| c.kind() == "Available");
    let Some(available) = available else {
        return Health::new(Progressing, "Waiting to be processed");
    };
    let status = match available.status() {
        "True" => Healthy,
        _ => Progressing,
    };
    let message = format!("{}: {}", available.reason(), available.message());
    Health::new(status, message)
}

/// PodDisruptionBudget. Too few pods may be on purpose and is not held against it.
pub fn disruption_budget(object: &Value) -> Health {
    let mut health = Health::new(Progressing, "Waiting for status");
    for condition in conditions(object, CONDITIONS) {
        let message = format!("PodDisruptionBudget has {}", condition.reason());
        if condition.status() == "False" && condition.reason() != "InsufficientPods" {
            return Health::new(Degraded, message);
        }
        health = Health::new(Healthy, message);
    }
    health
}

/// CustomResourceDefinition.
pub fn crd(object: &Value) -> Health {
    let conditions = conditions(object, CONDITIONS);
    if conditions.is_empty() {
        return Health::new(Progressing, "Status conditions not found");
    }
    let find = |kind, status| conditions.iter().find(|c| c.is(kind, status));
    if let Some(condition) = find("Terminating", "True") {
        let message = format!("CRD is terminating: {}", condition.message());
        return Health::new(Progressing, message);
    }
    if let Some(condition) = find("NamesAccepted", "False") {
        let message = format!("CRD names have not been accepted: {}", condition.message());
        return Health::new(Degraded, message);
    }
    if find("Established", "True").is_none() {
        return Health::new(Degraded, "CRD is not established");
    }
    if let Some(condition) = find("NonStructuralSchema", "True") {
        let message = format!("Schema violations found: {}", condition.message());
        return Health::new(Degraded, message);
    }
    Health::new(Healthy, "CRD is healthy")
}
