//! What serves, scales and defines.

use serde_json::json;

use super::{Case, assess, check, conditions, object};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing, Unknown};

#[test]
fn services_claims_and_ingresses() {
    let address = json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}});
    let mut balanced = address.clone();
    balanced["spec"] = json!({"type": "LoadBalancer"});
    check(
        "v1",
        "Service",
        vec![
            (
                "cluster",
                json!({"spec": {"type": "ClusterIP"}}),
                Healthy,
                "",
            ),
            (
                "waiting",
                json!({"spec": {"type": "LoadBalancer"}}),
                Progressing,
                "no load balancer has given it an address yet",
            ),
            ("balanced", balanced, Healthy, ""),
        ],
    );
    for group in ["networking.k8s.io/v1", "extensions/v1beta1"] {
        check(
            group,
            "Ingress",
            vec![
                (
                    "waiting",
                    json!({}),
                    Progressing,
                    "no load balancer has given it an address yet",
                ),
                ("there", address.clone(), Healthy, ""),
            ],
        );
    }
    let phase = |phase: &str| json!({"status": {"phase": phase}});
    check(
        "v1",
        "PersistentVolumeClaim",
        vec![
            ("bound", phase("Bound"), Healthy, ""),
            ("pending", phase("Pending"), Progressing, ""),
            ("lost", phase("Lost"), Degraded, ""),
            ("new", json!({}), Unknown, ""),
        ],
    );
}

#[test]
fn autoscalers() {
    let cases = || {
        vec![
            (
                "no metric",
                conditions(&[(
                    "ScalingActive",
                    "False",
                    "FailedGetResourceMetric",
                    "no metrics",
                )]),
                Degraded,
                "no metrics",
            ),
            (
                "no target",
                conditions(&[("AbleToScale", "False", "FailedGetScale", "no target")]),
                Degraded,
                "no target",
            ),
            (
                "able",
                conditions(&[
                    ("AbleToScale", "True", "ReadyForNewScale", "fine"),
                    ("ScalingActive", "False", "InvalidSelector", "late"),
                ]),
                Healthy,
                "fine",
            ),
            (
                "limited",
                conditions(&[("ScalingLimited", "True", "TooFewReplicas", "at least 2")]),
                Healthy,
                "at least 2",
            ),
            (
                "idle",
                conditions(&[("ScalingActive", "False", "ScalingDisabled", "none")]),
                Progressing,
                "Waiting to Autoscale",
            ),
            ("new", json!({}), Progressing, "Waiting to Autoscale"),
        ]
    };
    check("autoscaling/v2", "HorizontalPodAutoscaler", cases());
    check("autoscaling/v2beta2", "HorizontalPodAutoscaler", cases());
    let in_annotation: Vec<Case> = cases()
        .into_iter()
        .map(|(what, rest, status, message)| {
            let list = rest
                .pointer("/status/conditions")
                .cloned()
                .unwrap_or(json!([]));
            let annotations =
                json!({"autoscaling.alpha.kubernetes.io/conditions": list.to_string()});
            (
                what,
                json!({"metadata": {"annotations": annotations}}),
                status,
                message,
            )
        })
        .collect();
    check("autoscaling/v1", "HorizontalPodAutoscaler", in_annotation);
    check(
        "autoscaling/v1",
        "HorizontalPodAutoscaler",
        vec![("new", json!({}), Progressing, "Waiting to Autoscale")],
    );
    for broken in ["{", "{}"] {
        let annotations = json!({"autoscaling.alpha.kubernetes.io/conditions": broken});
        let hpa = object(
            "autoscaling/v1",
            "HorizontalPodAutoscaler",
            json!({"metadata": {"annotations": annotations}}),
        );
        assert_eq!(assess(&hpa).unwrap().status, Unknown);
    }
}

#[test]
fn services_of_the_api() {
    check(
        "apiregistration.k8s.io/v1",
        "APIService",
        vec![
            ("new", json!({}), Progressing, "Waiting to be processed"),
            (
                "there",
                conditions(&[("Available", "True", "Passed", "all checks passed")]),
                Healthy,
                "Passed: all checks passed",
            ),
            (
                "away",
                conditions(&[("Available", "False", "MissingEndpoints", "none")]),
                Progressing,
                "MissingEndpoints: none",
            ),
        ],
    );
    check(
        "policy/v1",
        "PodDisruptionBudget",
        vec![
            ("new", json!({}), Progressing, "Waiting for status"),
            (
                "enough",
                conditions(&[("DisruptionAllowed", "True", "SufficientPods", "")]),
                Healthy,
                "PodDisruptionBudget has SufficientPods",
            ),
            (
                "too few",
                conditions(&[("DisruptionAllowed", "False", "InsufficientPods", "")]),
                Healthy,
                "PodDisruptionBudget has InsufficientPods",
            ),
            (
                "failed",
                conditions(&[("DisruptionAllowed", "False", "SyncFailed", "")]),
                Degraded,
                "PodDisruptionBudget has SyncFailed",
            ),
        ],
    );
    let established = ("Established", "True", "", "ok");
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        vec![
            ("new", json!({}), Progressing, "Status conditions not found"),
            (
                "established",
                conditions(&[("NamesAccepted", "True", "", "fine"), established]),
                Healthy,
                "CRD is healthy",
            ),
            (
                "not yet",
                conditions(&[("Established", "False", "", "")]),
                Degraded,
                "CRD is not established",
            ),
            (
                "names",
                conditions(&[established, ("NamesAccepted", "False", "", "taken")]),
                Degraded,
                "CRD names have not been accepted: taken",
            ),
            (
                "schema",
                conditions(&[established, ("NonStructuralSchema", "True", "", "odd")]),
                Degraded,
                "Schema violations found: odd",
            ),
            (
                "going",
                conditions(&[established, ("Terminating", "True", "", "bye")]),
                Progressing,
                "CRD is terminating: bye",
            ),
        ],
    );
}
