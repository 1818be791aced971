//! Tables of objects with the health that Argo CD gives them.

mod gateways;
mod services;
mod workloads;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::HealthStatus::{Degraded, Healthy, Missing, Progressing, Suspended, Unknown};
use crate::domain::ObjectKey;

/// An object of a kind, with what else it has.
fn object(api_version: &str, kind: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}});
    for (field, value) in rest.as_object().unwrap() {
        match (field.as_str(), value) {
            ("metadata", Value::Object(meta)) => {
                for (name, value) in meta {
                    object["metadata"][name] = value.clone();
                }
            }
            _ => object[field] = value.clone(),
        }
    }
    object
}

type Case = (&'static str, Value, HealthStatus, &'static str);

fn check(api_version: &str, kind: &str, cases: Vec<Case>) {
    for (what, rest, status, message) in cases {
        let health = assess(&object(api_version, kind, rest));
        assert_eq!(health, Some(Health::new(status, message)), "{kind}: {what}");
    }
}

/// A status with conditions of `type`, `status`, `reason` and `message`.
fn conditions(list: &[(&str, &str, &str, &str)]) -> Value {
    let list: Vec<Value> = list
        .iter()
        .map(|(kind, status, reason, message)| {
            json!({"type": kind, "status": status, "reason": reason, "message": message})
        })
        .collect();
    json!({"status": {"conditions": list}})
}

#[test]
fn other_kinds_by_their_conditions() {
    let lag = json!({"metadata": {"generation": 3}, "status": {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]}});
    let stale = json!({
        "metadata": {"generation": 3},
        "status": {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 2, "message": "old news"}]},
    });
    let mut suspended = conditions(&[("Ready", "False", "Off", "")]);
    suspended["spec"] = json!({"suspend": true});
    check(
        "example.com/v1",
        "Widget",
        vec![
            (
                "ready",
                conditions(&[("Ready", "True", "Ok", "serving")]),
                Healthy,
                "serving",
            ),
            (
                "not ready",
                conditions(&[("Ready", "False", "Broken", "no disk")]),
                Degraded,
                "no disk",
            ),
            (
                "not ready yet",
                conditions(&[("Ready", "False", "Provisioning", "")]),
                Progressing,
                "Provisioning",
            ),
            (
                "unknown",
                conditions(&[("Ready", "Unknown", "", "")]),
                Progressing,
                "Ready is Unknown",
            ),
            (
                "stalled",
                conditions(&[
                    ("Ready", "True", "", ""),
                    ("Stalled", "True", "Quota", "over"),
                ]),
                Degraded,
                "over",
            ),
            (
                "reconciling",
                conditions(&[
                    ("Ready", "False", "Broken", "x"),
                    ("Reconciling", "True", "Busy", ""),
                ]),
                Progressing,
                "Busy",
            ),
            (
                "available",
                conditions(&[
                    ("Available", "True", "", ""),
                    ("Progressing", "True", "", ""),
                ]),
                Healthy,
                "Available is True",
            ),
            (
                "synced, not ready",
                conditions(&[
                    ("Synced", "True", "", ""),
                    ("Ready", "False", "Creating", ""),
                ]),
                Progressing,
                "Creating",
            ),
            (
                "not synced",
                conditions(&[
                    ("Synced", "False", "ReconcileError", "denied"),
                    ("Ready", "True", "", ""),
                ]),
                Degraded,
                "denied",
            ),
            (
                "lag",
                lag,
                Progressing,
                "Waiting for its controller: it has seen generation 2 of 3",
            ),
            ("stale", stale, Progressing, "old news"),
            ("suspended", suspended, Suspended, "suspended by its spec"),
        ],
    );
    for rest in [
        json!({}),
        json!({"status": {}}),
        json!({"data": {"a": "b"}}),
        conditions(&[("Dangling", "False", "Found", "fine")]),
        json!({"status": {"conditions": "text"}}),
        json!({"spec": {"suspend": true}}),
    ] {
        assert_eq!(
            assess(&object("example.com/v1", "Widget", rest.clone())),
            None,
            "{rest}"
        );
    }
}

#[test]
fn what_is_being_deleted_is_on_its_way() {
    let deleted = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    for (api_version, kind) in [
        ("v1", "ConfigMap"),
        ("apps/v1", "Deployment"),
        ("example.com/v1", "Widget"),
    ] {
        check(
            api_version,
            kind,
            vec![("deleted", deleted.clone(), Progressing, "Pending deletion")],
        );
    }
}

#[test]
fn a_version_that_no_rule_reads_is_unknown() {
    let old = assess(&object("apps/v1beta1", "Deployment", json!({}))).unwrap();
    assert_eq!(
        old,
        Health::new(
            Unknown,
            "unsupported Deployment GVK: apps/v1beta1 Deployment"
        )
    );
    assert_eq!(assess(&object("v1", "ConfigMap", json!({}))), None);
    assert_eq!(assess(&json!({"kind": "Pod"})), None);
}

#[test]
fn ignoring_is_asked_for_by_annotation() {
    for (value, expected) in [
        (json!("true"), true),
        (json!("false"), false),
        (json!(true), false),
    ] {
        let annotations = json!({"argocd.argoproj.io/ignore-healthcheck": value});
        assert_eq!(
            ignored(&json!({"metadata": {"annotations": annotations}})),
            expected
        );
    }
    assert!(!ignored(&json!({})));
}

#[test]
fn an_app_is_as_ill_as_its_worst_object() {
    let keys: Vec<ObjectKey> = (0..6)
        .map(|i| ObjectKey::new("", "Pod", "shop", &format!("p{i}")))
        .collect();
    let child = ObjectKey::new("argoproj.io", "Application", "argocd", "child");
    let health = |status, message: &str| Health::new(status, message);
    let roll = |objects: &[(&ObjectKey, Option<Health>, bool, bool)]| {
        roll_up(
            objects
                .iter()
                .map(|(key, health, missing, ignored)| AppObject {
                    key,
                    health: health.as_ref(),
                    presence: if *missing { Live::Missing } else { Live::There },
                    ignored: *ignored,
                }),
        )
    };
    let fine = || Some(Health::default());
    assert_eq!(roll(&[]), Health::default());
    assert_eq!(roll(&[(&keys[0], None, false, false)]), Health::default());
    assert_eq!(
        roll(&[
            (
                &keys[0],
                Some(health(Progressing, "starting")),
                false,
                false
            ),
            (&keys[1], Some(health(Degraded, "crashing")), false, false),
            (&keys[2], fine(), false, false),
            (&keys[3], Some(health(Degraded, "")), false, false),
        ]),
        health(Degraded, "Pod/shop/p1: crashing; Pod/shop/p3")
    );
    let five: Vec<_> = keys
        .iter()
        .take(5)
        .map(|k| (k, Some(health(Suspended, "")), false, false))
        .collect();
    assert_eq!(
        roll(&five),
        health(
            Suspended,
            "Pod/shop/p0; Pod/shop/p1; Pod/shop/p2; and 2 more"
        )
    );
    // A missing object is drift, not illness, unless nothing is left.
    assert_eq!(
        roll(&[
            (&keys[0], None, true, false),
            (&keys[1], fine(), false, false)
        ]),
        Health::default()
    );
    assert_eq!(
        roll(&[(&keys[0], None, true, false), (&keys[1], None, true, false)]),
        health(Missing, "none of its 2 objects is in the cluster")
    );
    assert_eq!(
        roll(&[
            (&keys[0], None, true, false),
            (&keys[1], Some(health(Degraded, "x")), false, true)
        ]),
        Health::default(),
        "an ignored object lives, and its health does not count"
    );
    assert_eq!(
        roll(&[(&child, Some(health(Unknown, "")), false, false)]),
        Health::default()
    );
    assert_eq!(
        roll(&[(&child, Some(health(Degraded, "x")), false, false)]).status,
        Degraded
    );
}

/// Any JSON, with the fields that rules look at likely to be there and likely to be of a wrong type.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z]{0,8}".prop_map(Value::from),
    ];
    let names = vec![
        "status",
        "spec",
        "metadata",
        "conditions",
        "type",
        "replicas",
        "generation",
        "observedGeneration",
        "phase",
        "containerStatuses",
        "state",
        "waiting",
        "terminated",
        "parents",
        "loadBalancer",
        "ingress",
        "updateStrategy",
        "rollingUpdate",
        "partition",
        "annotations",
        "ancestors",
        "listeners",
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names.clone()), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_is_too_odd(rest in any_json(), rule in 0..RULES.len()) {
        let (group, kind, versions, _) = RULES[rule];
        let version = versions.first().unwrap_or(&"v1");
        let api_version = if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
        let mut object = rest;
        if !object.is_object() {
            object = json!({"status": object});
        }
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(kind);
        prop_assert!(assess(&object).is_some());
        object["kind"] = json!("Widget");
        let _ = assess(&object);
        let _ = waiting_reasons(&object);
    }
}

#[test]
fn an_app_of_which_something_cannot_be_read_is_not_missing() {
    let key = ObjectKey::new("", "Secret", "shop", "s");
    let roll = |all: &[Live]| {
        roll_up(all.iter().map(|presence| AppObject {
            key: &key,
            health: None,
            presence: *presence,
            ignored: false,
        }))
        .status
    };
    assert_eq!(roll(&[Live::Unknown]), Unknown);
    assert_eq!(roll(&[Live::Missing, Live::Unknown]), Unknown);
    assert_eq!(roll(&[Live::Missing]), Missing);
    assert_eq!(roll(&[Live::There, Live::Unknown]), Healthy);
}
