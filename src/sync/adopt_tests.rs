//! Adoption patches from managed fields.

use serde_json::json;

use super::*;

fn entry(manager: &str, operation: &str, api_version: &str, fields: Value) -> Value {
    json!({
        "manager": manager,
        "operation": operation,
        "apiVersion": api_version,
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    })
}

fn live(entries: Vec<Value>) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "42", "managedFields": entries},
        "spec": {"replicas": 3},
    })
}

#[test]
fn former_appliers_become_one_entry_and_others_stay() {
    let mut status = entry("kubectl", "Update", "apps/v1", json!({"f:status": {}}));
    status["subresource"] = json!("status");
    let autoscaler = entry(
        "hpa",
        "Update",
        "apps/v1",
        json!({"f:spec": {"f:replicas": {}}}),
    );
    let mut later = entry(
        "helm",
        "Apply",
        "apps/v1",
        json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}}}),
    );
    later["time"] = json!("2026-02-01T00:00:00Z");
    let live = live(vec![
        entry(
            "trueup",
            "Apply",
            "apps/v1",
            json!({"f:metadata": {"f:labels": {"f:a": {}}}}),
        ),
        entry(
            "kubectl-client-side-apply",
            "Update",
            "apps/v1",
            json!({"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:name": {}}}}}}}),
        ),
        later,
        autoscaler.clone(),
        status.clone(),
    ]);
    assert_eq!(
        former_appliers(&live),
        ["kubectl-client-side-apply", "helm"]
    );
    let patch = adoption(&live).unwrap().unwrap();
    assert_eq!(
        patch,
        json!([
            {"op": "replace", "path": "/metadata/resourceVersion", "value": "42"},
            {"op": "replace", "path": "/metadata/managedFields", "value": [
                {
                    "manager": "trueup",
                    "operation": "Apply",
                    "apiVersion": "apps/v1",
                    "time": "2026-02-01T00:00:00Z",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {
                        "f:metadata": {"f:labels": {"f:a": {}}},
                        "f:spec": {
                            "f:replicas": {},
                            "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}}}}},
                        },
                    },
                },
                autoscaler,
                status,
            ]},
        ])
    );
}

#[test]
fn nothing_to_move_is_no_patch() {
    let ours = entry("trueup", "Apply", "apps/v1", json!({}));
    let edit = entry("kubectl-edit", "Update", "apps/v1", json!({}));
    for entries in [
        vec![],
        vec![ours.clone()],
        vec![edit.clone()],
        vec![ours, edit],
    ] {
        assert_eq!(adoption(&live(entries)).unwrap(), None);
    }
}

#[test]
fn entries_of_several_versions_are_refused_unless_metadata_alone_differs() {
    let spec = |version| {
        entry(
            "helm",
            "Update",
            version,
            json!({"f:spec": {"f:replicas": {}}}),
        )
    };
    let problem = adoption(&live(vec![spec("apps/v1beta1"), spec("apps/v1")])).unwrap_err();
    assert!(problem.causes[0].contains("apps/v1, apps/v1beta1"));
    assert!(!problem.hints.is_empty());
    let metadata = entry(
        "kubectl",
        "Apply",
        "apps/v1beta1",
        json!({"f:metadata": {"f:labels": {"f:a": {}}}}),
    );
    let patch = adoption(&live(vec![metadata, spec("apps/v1")]))
        .unwrap()
        .unwrap();
    assert_eq!(patch[1]["value"][0]["apiVersion"], "apps/v1");
}

#[test]
fn an_object_without_resource_version_is_not_adopted_unguarded() {
    let mut live = live(vec![entry("helm", "Update", "apps/v1", json!({}))]);
    live["metadata"]["resourceVersion"] = Value::Null;
    assert!(adoption(&live).is_err());
}

#[test]
fn hostile_entries_do_no_harm() {
    for entries in [
        json!("text"),
        json!([1, null, {"manager": 7}]),
        json!([{"manager": "helm", "fieldsV1": "x"}]),
    ] {
        let mut live = live(vec![]);
        live["metadata"]["managedFields"] = entries;
        let _ = adoption(&live);
    }
}
