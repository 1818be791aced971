//! What comes after an adoption, foretold from recorded objects: what leaves, who is in the way, and what is asked.

use serde_json::{Value, json};

use crate::cluster::played::{deployments, play, status};
use crate::cluster::{Connection, Prediction};

const PATH: &str = "PATCH /apis/apps/v1/namespaces/shop/deployments/web";
const QUERY: &str = "dryRun=All&fieldManager=trueup&fieldValidation=Strict";

fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
}

/// A Deployment that trueup has just adopted, and of which an autoscaler holds the replicas.
fn adopted() -> Value {
    let ours = json!({"f:metadata": {"f:annotations": {"f:old": {}}}, "f:spec": {
        "f:paused": {}, "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}}, "f:type": {}}}});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7", "annotations": {"old": "1"},
            "managedFields": [
                entry("trueup", "Apply", ours),
                entry("autoscaler", "Update", json!({"f:spec": {"f:replicas": {}}})),
            ]},
        "spec": {"replicas": 5, "paused": true, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}},
    })
}

fn desired() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2, "strategy": {"type": "Recreate"}}})
}

fn conflicts(holders: &[(&str, &str)]) -> (u16, Value) {
    let causes: Vec<Value> = holders
        .iter()
        .map(|(field, holder)| {
            json!({"reason": "FieldManagerConflict", "field": field, "message": format!("conflict with {holder}")})
        })
        .collect();
    status(
        409,
        "Conflict",
        "Apply failed",
        json!({"name": "web", "causes": causes}),
    )
}

fn invalid(field: &str) -> (u16, Value) {
    let cause =
        json!({"reason": "FieldValueForbidden", "field": field, "message": "Forbidden: no"});
    status(
        422,
        "Invalid",
        "Deployment.apps \"web\" is invalid",
        json!({"name": "web", "causes": [cause]}),
    )
}

async fn foretold(connection: &Connection, live: &Value) -> Option<Prediction> {
    connection
        .predict_adopted(&deployments(), &desired(), live)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_only_the_former_applier_held_leaves_and_it_is_in_nobodys_way() {
    let in_the_way = conflicts(&[
        (
            ".spec.strategy.type",
            "\"kubectl-client-side-apply\" using apps/v1",
        ),
        (".spec.replicas", "\"autoscaler\" using apps/v1"),
        (
            ".spec.paused",
            "\"kubectl\" with subresource \"scale\" using apps/v1",
        ),
        (".spec.paused", "\"argocd-controller\""),
    ]);
    let (connection, log) = play(vec![in_the_way, (200, adopted())]);
    let prediction = foretold(&connection, &adopted()).await.unwrap();
    let left: Vec<_> = prediction.conflicts.iter().map(|c| &c.manager).collect();
    assert_eq!(
        left,
        [
            "\"kubectl\" with subresource \"scale\" using apps/v1",
            "\"autoscaler\" using apps/v1"
        ]
    );
    assert_eq!((prediction.n_requests, prediction.refusal), (2, None));
    assert_eq!(
        log.lines(),
        [format!("{PATH}?{QUERY}"), format!("{PATH}?{QUERY}")]
    );
    assert_eq!(
        log.all()[1].body,
        json!([
            {"op": "remove", "path": "/metadata/annotations"},
            {"op": "add", "path": "/spec", "value": {"replicas": 2, "strategy": {"type": "Recreate"}}},
        ])
    );
}

#[tokio::test]
async fn what_would_be_invalid_today_may_be_well_afterwards() {
    let (connection, log) = play(vec![
        invalid("spec.strategy.rollingUpdate"),
        (200, adopted()),
    ]);
    let prediction = foretold(&connection, &adopted()).await.unwrap();
    assert_eq!(prediction.refusal, None);
    assert_eq!(prediction.leftovers, Vec::<String>::new());
    assert_eq!(log.lines().len(), 2);
}

#[tokio::test]
async fn what_the_server_refuses_anyway_is_asked_once() {
    let unknown = status(
        500,
        "",
        "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.nope: field not declared in schema",
        json!({}),
    );
    let (connection, log) = play(vec![unknown]);
    let prediction = foretold(&connection, &adopted()).await.unwrap();
    assert!(prediction.refusal.is_some());
    assert_eq!(log.lines().len(), 1);
}

#[tokio::test]
async fn a_list_that_nobody_recorded_cannot_be_foretold() {
    let with = |mut object: Value, list: Value| {
        object["spec"]["list"] = list;
        object
    };
    let (connection, log) = play(Vec::new());
    let live = with(adopted(), json!([{"a": 1}]));
    let desired = with(desired(), json!([{"a": 2}]));
    let prediction = connection
        .predict_adopted(&deployments(), &desired, &live)
        .await
        .unwrap();
    assert_eq!(prediction, None);
    assert_eq!(log.lines(), Vec::<String>::new());
}
