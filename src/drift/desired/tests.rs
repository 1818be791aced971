//! What becomes of a manifest, and what is refused.

use super::*;
use crate::drift::tests::{app, manifest};
use serde_json::json;

fn made(value: Value, namespaced: bool) -> Prepared {
    prepare(&manifest(value), &app("shop"), namespaced).unwrap()
}

#[test]
fn what_the_server_owns_is_dropped_and_the_rest_kept() {
    let made = made(
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "status": {"x": 1}, "spec": {"replicas": 1}, "metadata": {
            "name": "web", "uid": "u", "resourceVersion": "1", "generation": 2, "creationTimestamp": null,
            "selfLink": "x", "managedFields": [], "labels": {"a": "b"}, "annotations": {"n": "1"}}}),
        true,
    );
    assert_eq!(
        *made.manifest.value,
        json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 1}, "metadata": {
            "name": "web", "namespace": "dest", "labels": {"a": "b"},
            "annotations": {"n": "1", "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:dest/web"}}})
    );
    assert_eq!(made.key.to_string(), "apps/Deployment/dest/web");
    assert!(made.notices.is_empty() && !made.hook);
}

#[test]
fn namespaces_follow_the_scope() {
    let object = |kind: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "own"}});
    assert_eq!(made(object("ConfigMap"), true).key.namespace, "own");
    let cluster = made(object("Namespace"), false);
    assert_eq!(cluster.key.namespace, "");
    assert_eq!(cluster.manifest.namespace(), "");
    assert_eq!(cluster.notices.len(), 1);
    assert_eq!(
        cluster.manifest.annotation(tracking::ANNOTATION),
        Some("shop:/Namespace:dest/x")
    );
}

#[test]
fn definitions_of_kinds_are_not_tracked() {
    let made = made(
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}),
        false,
    );
    assert_eq!(made.manifest.annotation(tracking::ANNOTATION), None);
}

#[test]
fn string_data_becomes_data_and_keeps_its_place() {
    let at = |line| Position { line, column: 3 };
    let mut secret = manifest(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "data": {"a": "b2xk", "kept": "eA=="}, "stringData": {"a": "new", "b/c": null}}),
    );
    secret.origin.places = Arc::new(crate::domain::Places::new([
        ("/data/a", at(5)),
        ("/stringData/a", at(9)),
        ("/stringData/b~1c", at(10)),
        ("/data/kept", at(6)),
    ]));
    let made = prepare(&secret, &app("shop"), true).unwrap().manifest;
    assert_eq!(
        made.value["data"],
        json!({"a": "bmV3", "b/c": "", "kept": "eA=="})
    );
    assert_eq!(made.value.get("stringData"), None);
    let places = &made.origin.places;
    assert_eq!(
        (
            places.at("/data/a"),
            places.at("/data/b~1c"),
            places.at("/data/kept")
        ),
        (Some(at(9)), Some(at(10)), Some(at(6)))
    );
}

#[test]
fn aggregated_roles_lose_their_rules() {
    let role = |aggregation: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "r"}, "aggregationRule": aggregation, "rules": [{"verbs": ["get"]}]})
    };
    assert_eq!(
        made(role(json!({"clusterRoleSelectors": []})), false)
            .manifest
            .value
            .get("rules"),
        None
    );
    assert!(
        made(role(Value::Null), false)
            .manifest
            .value
            .get("rules")
            .is_some()
    );
}

#[test]
fn hooks_are_told_apart() {
    let job = |annotation: &str, value: &str| {
        json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"generateName": "m-", "annotations": {annotation: value}}})
    };
    let hook = made(job("argocd.argoproj.io/hook", "PreSync"), true);
    assert!(hook.hook);
    assert_eq!(hook.key.name, "m-");
    assert!(made(job("helm.sh/hook", "test"), true).hook);
    assert!(
        prepare(
            &manifest(job("helm.sh/hook", "crd-install")),
            &app("shop"),
            true
        )
        .is_err()
    );
}

#[test]
fn wrong_metadata_is_told_with_its_place() {
    for (metadata, summary) in [
        (json!({}), "a ConfigMap has no metadata.name"),
        (Value::Null, "a ConfigMap has no metadata.name"),
        (json!([]), "metadata of a ConfigMap is not a map"),
        (
            json!({"name": 1}),
            "metadata.name of a ConfigMap is not a string",
        ),
        (
            json!({"name": "x", "namespace": true}),
            "metadata.namespace of a ConfigMap is not a string",
        ),
        (
            json!({"generateName": "x-"}),
            "a ConfigMap with generateName can't be compared",
        ),
        (
            json!({"name": "x", "annotations": []}),
            "metadata.annotations of ConfigMap/dest/x is not a map",
        ),
    ] {
        let manifest =
            manifest(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}));
        let problem = prepare(&manifest, &app("shop"), true).unwrap_err();
        assert_eq!(
            (problem.summary.as_str(), problem.place.as_str()),
            (summary, "app.yaml:7")
        );
    }
}

#[test]
fn one_key_twice_is_a_problem() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
    let mut other = object.clone();
    other["metadata"]["namespace"] = json!("dest");
    let all = [made(object, true), made(other, true)];
    let problems = duplicates(&all);
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].to_string(),
        "app.yaml:7: two manifests define ConfigMap/dest/x: it is defined first at app.yaml:7"
    );
    assert!(duplicates(&all[..1]).is_empty());
}
