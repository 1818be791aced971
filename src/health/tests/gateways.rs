//! The kinds of the Gateway API.

use serde_json::{Value, json};

use super::{assess, check, conditions, object};
use crate::domain::Health;
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing};

#[test]
fn gateways_and_routes() {
    let listener = |c: Value| json!({"status": {"conditions": [], "listeners": [{"conditions": c["status"]["conditions"]}]}});
    check(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        vec![
            ("new", json!({}), Progressing, "Waiting for Gateway status"),
            (
                "refused",
                conditions(&[("Accepted", "False", "", "no class")]),
                Degraded,
                "no class",
            ),
            (
                "programming",
                conditions(&[
                    ("Accepted", "True", "", ""),
                    ("Programmed", "Unknown", "", ""),
                ]),
                Progressing,
                "Gateway is still being programmed",
            ),
            (
                "listener",
                listener(conditions(&[(
                    "ResolvedRefs",
                    "False",
                    "",
                    "no certificate",
                )])),
                Degraded,
                "Listener: no certificate",
            ),
            (
                "there",
                conditions(&[("Accepted", "True", "", ""), ("Programmed", "True", "", "")]),
                Healthy,
                "Gateway is healthy",
            ),
        ],
    );
    let stale = json!({
        "metadata": {"generation": 2},
        "status": {"conditions": [{"type": "Accepted", "status": "True", "observedGeneration": 1, "message": "old"}]},
    });
    check(
        "gateway.networking.k8s.io/v1",
        "GatewayClass",
        vec![
            (
                "new",
                json!({}),
                Progressing,
                "Waiting for GatewayClass status",
            ),
            (
                "accepted",
                conditions(&[("Accepted", "True", "", "")]),
                Healthy,
                "GatewayClass is accepted",
            ),
            (
                "refused",
                conditions(&[("Accepted", "False", "", "parameters")]),
                Degraded,
                "parameters",
            ),
            (
                "unknown",
                conditions(&[("Accepted", "Unknown", "", "")]),
                Progressing,
                "Waiting for GatewayClass status",
            ),
            (
                "stale",
                stale,
                Progressing,
                "Waiting for GatewayClass status",
            ),
        ],
    );
    let parents = |generation: i64, list: &[(&str, &str)]| {
        let conditions: Vec<Value> = list
            .iter()
            .map(|(kind, status)| json!({"type": kind, "status": status, "observedGeneration": generation}))
            .collect();
        json!({"metadata": {"generation": 2}, "status": {"parents": [{"parentRef": {"name": "gw"}, "conditions": conditions}]}})
    };
    for kind in ["HTTPRoute", "GRPCRoute"] {
        check(
            "gateway.networking.k8s.io/v1",
            kind,
            vec![
                (
                    "refused",
                    parents(2, &[("Accepted", "False")]),
                    Degraded,
                    "Parent gw: Failed condition: Accepted",
                ),
                (
                    "no backend",
                    parents(2, &[("Accepted", "True"), ("ResolvedRefs", "False")]),
                    Degraded,
                    "Parent gw: Failed condition: ResolvedRefs",
                ),
                (
                    "programming",
                    parents(2, &[("Programmed", "False")]),
                    Progressing,
                    "Parent gw: Route is still being programmed",
                ),
            ],
        );
    }
    let waiting = |kind: &str| format!("Waiting for {kind} status");
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute"] {
        for rest in [
            json!({}),
            parents(1, &[("Accepted", "False")]),
            json!({"status": {"parents": []}}),
        ] {
            let health = assess(&object("gateway.networking.k8s.io/v1", kind, rest)).unwrap();
            assert_eq!(health, Health::new(Progressing, waiting(kind)));
        }
        let both = parents(2, &[("Accepted", "True"), ("ResolvedRefs", "True")]);
        let health = assess(&object("gateway.networking.k8s.io/v1", kind, both)).unwrap();
        assert_eq!(health, Health::new(Healthy, format!("{kind} is healthy")));
    }
    let half = parents(2, &[("Accepted", "True")]);
    check(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        vec![("half", half.clone(), Healthy, "HTTPRoute is healthy")],
    );
    check(
        "gateway.networking.k8s.io/v1",
        "TLSRoute",
        vec![(
            "half",
            half,
            Progressing,
            "Parent gw: Waiting for TLSRoute conditions",
        )],
    );
}

#[test]
fn sets_of_listeners() {
    let set = |kind: &str, status: &str, seen: i64| {
        let condition = json!({"type": kind, "status": status, "observedGeneration": 2});
        json!({
            "metadata": {"generation": 2},
            "status": {
                "conditions": [{"type": "Accepted", "status": "True", "observedGeneration": seen}],
                "listeners": [{"name": "https", "conditions": [condition]}],
            },
        })
    };
    let waiting = "Waiting for ListenerSet status";
    check(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        vec![
            ("new", json!({}), Progressing, waiting),
            (
                "no listener",
                conditions(&[("Accepted", "True", "", "")]),
                Progressing,
                waiting,
            ),
            (
                "refused",
                conditions(&[("Accepted", "False", "", "no")]),
                Degraded,
                "no",
            ),
            ("stale", set("Programmed", "True", 1), Progressing, waiting),
            (
                "there",
                set("Programmed", "True", 2),
                Healthy,
                "ListenerSet is healthy",
            ),
            (
                "conflict",
                set("Conflicted", "True", 2),
                Degraded,
                "Listener: Listener is conflicted",
            ),
            (
                "reference",
                set("ResolvedRefs", "False", 2),
                Degraded,
                "Listener: Failed condition: ResolvedRefs",
            ),
            (
                "programming",
                set("Programmed", "Unknown", 2),
                Progressing,
                "Listener: Listener is still being programmed",
            ),
        ],
    );
}

#[test]
fn policies_of_gateways() {
    let ancestors = |list: &[(&str, &str, &str, i64)]| {
        let list: Vec<Value> = list
            .iter()
            .map(|(kind, status, reason, seen)| {
                json!({"ancestorRef": {"name": "gw"}, "conditions": [
                    {"type": kind, "status": status, "reason": reason, "message": "told", "observedGeneration": seen},
                ]})
            })
            .collect();
        json!({"metadata": {"generation": 2}, "status": {"ancestors": list}})
    };
    let waiting = "Waiting for BackendTLSPolicy status";
    check(
        "gateway.networking.k8s.io/v1",
        "BackendTLSPolicy",
        vec![
            ("new", json!({}), Progressing, waiting),
            (
                "accepted",
                ancestors(&[("Accepted", "True", "", 2)]),
                Healthy,
                "BackendTLSPolicy is healthy",
            ),
            (
                "refused",
                ancestors(&[("Accepted", "False", "Invalid", 2)]),
                Degraded,
                "Ancestor gw: told",
            ),
            (
                "stale",
                ancestors(&[("Accepted", "True", "", 1)]),
                Progressing,
                "Waiting for Ancestor gw to update BackendTLSPolicy status",
            ),
            (
                "another's",
                ancestors(&[("Accepted", "False", "TargetNotFound", 2)]),
                Progressing,
                waiting,
            ),
            (
                "one of two",
                ancestors(&[
                    ("Accepted", "False", "TargetNotFound", 2),
                    ("Accepted", "True", "", 2),
                ]),
                Healthy,
                "BackendTLSPolicy is healthy",
            ),
        ],
    );
}
