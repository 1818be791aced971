//! Facts and claims read from objects.

use serde_json::json;

use super::*;
use crate::domain::HealthStatus;

fn service(meta: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": meta})
}

fn key() -> ObjectKey {
    ObjectKey::new("", "Service", "shop", "web")
}

fn applied() -> Value {
    json!([{"manager": "trueup", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {}}])
}

#[test]
fn facts_are_read_from_the_object() {
    let facts = LiveFacts::of(&service(json!({
        "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "9",
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"a": "b", "odd": 3},
        "annotations": {
            "argocd.argoproj.io/tracking-id": "app:/Service:shop/web",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
        },
        "ownerReferences": [{"kind": "Operator", "name": "o"}],
        "managedFields": [
            {"manager": "helm", "operation": "Update", "time": "2026-01-01T00:00:00Z"},
            {"manager": "kubectl", "operation": "Update", "subresource": "status"},
        ],
    })));
    assert_eq!(
        (facts.uid.as_str(), facts.resource_version.as_str()),
        ("u", "9")
    );
    assert!(
        facts.deletion_pending && facts.contents == Contents::None && !facts.applied_by_trueup()
    );
    assert_eq!(facts.owner.as_deref(), Some("Operator/o"));
    assert_eq!(facts.former_appliers, ["helm"]);
    assert_eq!(facts.managers.len(), 2);
    assert_eq!(facts.labels.len(), 1);
    assert_eq!(facts.annotations.len(), 1);
    assert!(facts.tracked_by("app", &key()));
    assert!(!facts.tracked_by("other", &key()));
}

#[test]
fn what_is_left_out_of_its_apps_health_held_up_no_wave() {
    for ignore in ["true", "false"] {
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"},
            "metadata": {"name": "v", "annotations": {"argocd.argoproj.io/ignore-healthcheck": ignore}},
        });
        let health = LiveFacts::of(&volume).health.map(|h| h.status);
        assert_eq!(health, Some(HealthStatus::Progressing), "{ignore}");
    }
}

#[test]
fn what_takes_others_along_is_assumed_to_hold_some() {
    for (api_version, kind, holds) in [
        ("v1", "Namespace", true),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", true),
        ("example.com/v1", "Namespace", false),
        ("v1", "Service", false),
    ] {
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
        let contents = LiveFacts::of(&object).contents;
        assert_eq!(contents == Contents::Unknown, holds, "{kind}");
    }
}

#[test]
fn claims_are_recognised() {
    let tracking = |id: &str| json!({"annotations": {"argocd.argoproj.io/tracking-id": id}});
    let with = |mut meta: Value, field: &str, value: Value| {
        meta[field] = value;
        meta
    };
    let owner = json!([{"kind": "Operator", "name": "o"}]);
    let helm = json!({
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "shop"},
    });
    let flux = |prefix: &str| json!({"labels": {format!("{prefix}/name"): "apps", format!("{prefix}/namespace"): "flux-system"}});
    let own = "app:/Service:shop/web";
    for (what, meta, claim) in [
        ("nobody", json!({}), None),
        ("us", tracking(own), None),
        (
            "another App",
            tracking("other:/Service:shop/web"),
            Some("App other"),
        ),
        (
            "a copy of another's",
            tracking("other:/Service:elsewhere/web"),
            None,
        ),
        (
            "owner",
            with(json!({}), "ownerReferences", owner.clone()),
            Some("its owner Operator/o"),
        ),
        (
            "owner, tracked but not applied",
            with(tracking(own), "ownerReferences", owner.clone()),
            Some("its owner Operator/o"),
        ),
        (
            "owner of what we applied",
            with(
                with(tracking(own), "ownerReferences", owner),
                "managedFields",
                applied(),
            ),
            None,
        ),
        ("Helm", helm.clone(), Some("Helm release shop")),
        (
            "Helm's label alone",
            json!({"labels": helm["labels"]}),
            None,
        ),
        (
            "Kustomization",
            flux("kustomize.toolkit.fluxcd.io"),
            Some("Flux Kustomization flux-system/apps"),
        ),
        (
            "HelmRelease",
            flux("helm.toolkit.fluxcd.io"),
            Some("Flux HelmRelease flux-system/apps"),
        ),
        (
            "another App, though we applied it",
            with(
                tracking("other:/Service:shop/web"),
                "managedFields",
                applied(),
            ),
            Some("App other"),
        ),
    ] {
        let facts = LiveFacts::of(&service(meta));
        let found = facts.claim("app", &key()).map(|c| c.to_string());
        assert_eq!(found.as_deref(), claim, "{what}");
    }
}

#[test]
fn an_object_that_says_nothing_is_read_as_saying_nothing() {
    for object in [
        json!(null),
        json!({"metadata": 3}),
        json!({"metadata": {"labels": []}}),
    ] {
        let facts = LiveFacts::of(&object);
        assert_eq!(facts, LiveFacts::default());
    }
}
