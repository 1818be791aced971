//! Kinds from both forms of discovery, whole and broken.

use serde_json::{Value, json};

use super::*;
use crate::cluster::scripted::{Answer, answer, connection};

fn aggregated(items: Value) -> Answer {
    answer(
        200,
        json!({ "kind": "APIGroupDiscoveryList", "metadata": {}, "items": items }).to_string(),
    )
}

fn kind(kind: &str, plural: &str, scope: &str) -> Value {
    json!({
        "resource": plural, "responseKind": { "group": "", "version": "", "kind": kind }, "scope": scope,
        "verbs": ["get", "list", "watch"],
    })
}

fn groups() -> (Answer, Answer) {
    let deployments = kind("Deployment", "deployments", "Namespaced");
    let odd = json!({ "resource": "bindings", "scope": "Namespaced", "verbs": [] });
    let core = aggregated(
        json!([{ "versions": [{ "version": "v1", "freshness": "Current", "resources": [
            kind("Pod", "pods", "Namespaced"),
            kind("Event", "events", "Namespaced"),
            kind("Namespace", "namespaces", "Cluster"), odd,
        ]}]}]),
    );
    let named = aggregated(json!([
        { "metadata": { "name": "apps" }, "versions": [{ "version": "v1", "resources": [deployments] }] },
        { "metadata": { "name": "events.k8s.io" }, "versions": [
            { "version": "v1", "resources": [kind("Event", "events", "Namespaced")] }] },
        { "metadata": { "name": "autoscaling" }, "versions": [
            { "version": "v2", "resources": [kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "Namespaced")] },
            { "version": "v1", "resources": [kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "Namespaced")] }] },
        { "metadata": { "name": "metrics.k8s.io" }, "versions": [{ "version": "v1beta1", "freshness": "Stale" }] },
    ]));
    (core, named)
}

async fn discovered() -> Discovery {
    let (core, named) = groups();
    connection(vec![core, named]).0.discover().await.unwrap()
}

#[tokio::test]
async fn two_requests_tell_everything() {
    let (core, named) = groups();
    let (connection, asked) = connection(vec![core, named]);
    let discovery = connection.discover().await.unwrap();
    assert_eq!(asked.paths(), ["/api", "/apis"]);
    let hpa = GroupKind::new("autoscaling", "HorizontalPodAutoscaler");
    assert_eq!(discovery.preferred(&hpa).unwrap().gvk.version, "v2");
    let old = Gvk::from_api_version("autoscaling/v1", "HorizontalPodAutoscaler");
    assert_eq!(discovery.resource(&old).unwrap().gvk, old);
    assert_eq!(
        discovery.resource(&Gvk::from_api_version("v2", "Pod")),
        None
    );
    assert!(
        !discovery
            .resource(&Gvk::from_api_version("v1", "Namespace"))
            .unwrap()
            .namespaced
    );
    assert_eq!(discovery.all().count(), 7, "what has no kind is left out");
}

#[tokio::test]
async fn a_stale_group_is_unknown_and_not_absent() {
    let discovery = discovered().await;
    assert!(discovery.is_unsure("metrics.k8s.io") && !discovery.is_unsure("apps"));
    assert!(
        discovery.problems()[0]
            .summary
            .contains("metrics.k8s.io/v1beta1")
    );
}

#[tokio::test]
async fn old_servers_are_asked_group_by_group() {
    let resources = |list: Value| {
        answer(
            200,
            json!({ "kind": "APIResourceList", "resources": list }).to_string(),
        )
    };
    let hpa = json!([{ "name": "horizontalpodautoscalers", "singularName": "", "namespaced": true, "kind": "HorizontalPodAutoscaler", "verbs": ["list"] }]);
    let groups = json!({ "kind": "APIGroupList", "groups": [
        { "name": "autoscaling", "versions": [{ "groupVersion": "autoscaling/v1", "version": "v1" }, { "groupVersion": "autoscaling/v2", "version": "v2" }],
          "preferredVersion": { "groupVersion": "autoscaling/v2", "version": "v2" } },
        { "name": "metrics.k8s.io", "versions": [{ "version": "v1beta1" }], "preferredVersion": { "version": "v1beta1" } },
    ]});
    let (connection, asked) = connection(vec![
        answer(
            200,
            json!({ "kind": "APIVersions", "versions": ["v1"] }).to_string(),
        ),
        answer(200, groups.to_string()),
        resources(json!([
            { "name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["list"], "shortNames": ["po"] },
            { "name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"] },
            { "name": "replicationcontrollers", "namespaced": true, "kind": "ReplicationController" },
            { "name": "replicationcontrollers/scale", "group": "autoscaling", "version": "v1", "namespaced": true, "kind": "Scale" },
        ])),
        resources(hpa.clone()),
        resources(hpa),
        answer(503, "service unavailable"),
    ]);
    let discovery = connection.discover().await.unwrap();
    assert_eq!(
        asked.paths()[2..],
        [
            "/api/v1",
            "/apis/autoscaling/v2",
            "/apis/autoscaling/v1",
            "/apis/metrics.k8s.io/v1beta1"
        ]
    );
    let of: Vec<_> = discovery.all().map(|r| r.gvk.to_string()).collect();
    assert_eq!(
        of,
        [
            "v1 Pod",
            "v1 ReplicationController",
            "autoscaling/v2 HorizontalPodAutoscaler",
            "autoscaling/v1 HorizontalPodAutoscaler"
        ]
    );
    assert!(discovery.is_unsure("metrics.k8s.io"));
    assert_eq!(discovery.problems().len(), 1);
}

#[tokio::test]
async fn a_refusal_of_the_whole_is_a_problem() {
    for (code, body) in [(403, ""), (401, ""), (200, "<html>"), (200, "{}")] {
        let (connection, _) = connection(vec![answer(code, body), answer(code, body)]);
        assert!(connection.discover().await.is_err(), "{code} {body}");
    }
}
