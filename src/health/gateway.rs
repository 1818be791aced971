//! The kinds of the Gateway API (Argo CD's `resource_customizations/gateway.networking.k8s.io`).

use super::conditions::{Condition, conditions, items, text};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing};
use crate::domain::{Health, Value};

fn generation(object: &Value) -> Option<i64> {
    object
        .pointer("/metadata/generation")
        .and_then(Value::as_i64)
}

/// A refusal or an unfinished programming among conditions; `None` when they say nothing of the kind.
fn trouble(conditions: &[Condition<'_>], prefix: &str, noun: &str) -> Option<Health> {
    for kind in ["ResolvedRefs", "Accepted"] {
        if let Some(condition) = conditions.iter().find(|c| c.is(kind, "False")) {
            let message = condition.message_or(&format!("Failed condition: {kind}"));
            return Some(Health::new(Degraded, format!("{prefix}{message}")));
        }
    }
    let programming = conditions
        .iter()
        .find(|c| c.kind() == "Programmed" && c.status() != "True")?;
    let message = programming.message_or(&format!("{noun} is still being programmed"));
    Some(Health::new(Progressing, format!("{prefix}{message}")))
}

/// Gateway: its own conditions, then those of its listeners.
pub fn gateway(object: &Value) -> Health {
    let own = conditions(object, "/status/conditions");
    if let Some(health) = trouble(&own, "", "Gateway") {
        return health;
    }
    let listeners = items(object, "/status/listeners");
    let found = listeners
        .iter()
        .find_map(|l| trouble(&conditions(l, "/conditions"), "Listener: ", "Listener"));
    if let Some(health) = found {
        return health;
    }
    if object.pointer("/status/conditions").is_some() || !listeners.is_empty() {
        return Health::new(Healthy, "Gateway is healthy");
    }
    Health::new(Progressing, "Waiting for Gateway status")
}

/// ListenerSet: its own conditions, unless they speak of an earlier generation, then those of its listeners.
pub fn listener_set(object: &Value) -> Health {
    let waiting = Health::new(Progressing, "Waiting for ListenerSet status");
    let own = conditions(object, "/status/conditions");
    let stale = own.iter().any(|c| {
        let observed = c.observed_generation();
        observed.is_some() && generation(object).is_some() && observed != generation(object)
    });
    if stale {
        return waiting;
    }
    if let Some(health) = trouble(&own, "", "ListenerSet") {
        return health;
    }
    let listeners = items(object, "/status/listeners");
    for listener in listeners {
        let conditions = conditions(listener, "/conditions");
        if let Some(conflict) = conditions.iter().find(|c| c.is("Conflicted", "True")) {
            let message = conflict.message_or("Listener is conflicted");
            return Health::new(Degraded, format!("Listener: {message}"));
        }
        if let Some(health) = trouble(&conditions, "Listener: ", "Listener") {
            return health;
        }
    }
    if listeners.is_empty() {
        return waiting;
    }
    Health::new(Healthy, "ListenerSet is healthy")
}

/// GatewayClass: whether a controller has accepted its present generation.
pub fn gateway_class(object: &Value) -> Health {
    let accepted = conditions(object, "/status/conditions")
        .into_iter()
        .filter(|c| c.kind() == "Accepted")
        .find(|c| match (generation(object), c.observed_generation()) {
            (Some(generation), Some(observed)) => generation == observed,
            _ => true,
        });
    let waiting = "Waiting for GatewayClass status";
    let Some(accepted) = accepted else {
        return Health::new(Progressing, waiting);
    };
    let (status, otherwise) = match accepted.status() {
        "True" => (Healthy, "GatewayClass is accepted"),
        "False" => (Degraded, "GatewayClass is not accepted"),
        _ => (Progressing, waiting),
    };
    Health::new(status, accepted.message_or(otherwise))
}

/// HTTPRoute.
pub fn http_route(object: &Value) -> Health {
    route(object, "HTTPRoute", |_| true)
}

/// GRPCRoute.
pub fn grpc_route(object: &Value) -> Health {
    route(object, "GRPCRoute", |_| true)
}

/// TLSRoute: healthy only when a parent says both that it is accepted and that its references resolve.
pub fn tls_route(object: &Value) -> Health {
    route(object, "TLSRoute", |conditions| {
        ["Accepted", "ResolvedRefs"]
            .into_iter()
            .all(|kind| conditions.iter().any(|c| c.is(kind, "True")))
    })
}

/// A route, by what its parents that have seen its present generation say.
fn route(object: &Value, kind: &str, complete: fn(&[Condition<'_>]) -> bool) -> Health {
    let current: Vec<_> = items(object, "/status/parents")
        .iter()
        .map(|parent| {
            let name = text(parent, "/parentRef/name");
            (name, conditions(parent, "/conditions"))
        })
        .filter(|(_, conditions)| observed(object, conditions))
        .collect();
    let found = current
        .iter()
        .find_map(|(name, conditions)| trouble(conditions, &format!("Parent {name}: "), "Route"));
    if let Some(health) = found {
        return health;
    }
    if current.iter().any(|(_, conditions)| complete(conditions)) {
        return Health::new(Healthy, format!("{kind} is healthy"));
    }
    match current.first() {
        Some((name, _)) => {
            let message = format!("Parent {name}: Waiting for {kind} conditions");
            Health::new(Progressing, message)
        }
        None => Health::new(Progressing, format!("Waiting for {kind} status")),
    }
}

fn observed(object: &Value, conditions: &[Condition<'_>]) -> bool {
    match generation(object) {
        None => !conditions.is_empty(),
        Some(generation) => conditions
            .iter()
            .any(|c| c.observed_generation() == Some(generation)),
    }
}

/// BackendTLSPolicy. Every controller writes an entry; one that does not know the target is not the one that counts.
pub fn backend_tls_policy(object: &Value) -> Health {
    let ancestors: Vec<_> = items(object, "/status/ancestors")
        .iter()
        .map(|a| (text(a, "/ancestorRef/name"), conditions(a, "/conditions")))
        .collect();
    if let Some(generation) = generation(object) {
        let stale = ancestors.iter().find(|(_, conditions)| {
            conditions.iter().any(|c| {
                c.observed_generation()
                    .is_some_and(|seen| seen != generation)
            })
        });
        if let Some((name, _)) = stale {
            let message = format!("Waiting for Ancestor {name} to update BackendTLSPolicy status");
            return Health::new(Progressing, message);
        }
    }
    let mut health = Health::new(Progressing, "Waiting for BackendTLSPolicy status");
    for (name, conditions) in &ancestors {
        let elsewhere = conditions.iter().any(|c| {
            c.kind() == "Accepted" && c.status() != "True" && c.reason() == "TargetNotFound"
        });
        if elsewhere {
            continue;
        }
        for condition in conditions {
            if !matches!(condition.kind(), "Accepted" | "ResolvedRefs") {
                continue;
            }
            if condition.status() != "True" {
                let message = format!("Ancestor {name}: {}", condition.message());
                return Health::new(Degraded, message);
            }
            if condition.kind() == "Accepted" {
                health = Health::new(Healthy, "BackendTLSPolicy is healthy");
            }
        }
    }
    health
}
