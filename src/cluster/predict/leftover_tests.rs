//! Leftovers against recorded objects: which are found, what is asked, and what is claimed.

use serde_json::{Value, json};

use super::foreseen::foreseen;
use crate::cluster::played::{deployments, play, status};
use crate::cluster::{Connection, Failure, RefusalKind};
use crate::domain::drift::Conflict;

fn live(entries: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7", "managedFields": entries},
        "spec": {"replicas": 2, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}},
    })
}

fn desired() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"strategy": {"type": "Recreate"}}})
}

fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
}

fn kubectl() -> Value {
    entry(
        "kubectl-client-side-apply",
        "Update",
        json!({"f:spec": {"f:replicas": {},
        "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}}, "f:type": {}}}}),
    )
}

fn no() -> (u16, Value) {
    status(
        422,
        "Invalid",
        "Deployment.apps \"web\" is invalid",
        json!({"name": "web", "causes": [
        {"reason": "FieldValueForbidden", "field": "spec.strategy.rollingUpdate",
         "message": "Forbidden: may not be specified when strategy `type` is 'Recreate'"}]}),
    )
}

#[tokio::test]
async fn a_leftover_is_predicted_by_a_dry_run_patch_and_claimed_by_version() {
    let live = live(json!([kubectl()]));
    let (connection, log) = play(vec![no(), (200, live.clone()), (200, live.clone()), no()]);
    let prediction = connection
        .predict(&deployments(), &desired(), Some(&live))
        .await
        .unwrap();
    assert_eq!(prediction.leftovers, ["/spec/strategy/rollingUpdate"]);
    assert_eq!(prediction.refusal, None);
    assert_eq!(prediction.n_requests, 2);
    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    let asked = log.all();
    assert_eq!(
        asked[1].line,
        format!("PATCH {path}?dryRun=All&fieldManager=trueup&fieldValidation=Strict")
    );
    assert_eq!(asked[1].content_type, "application/json-patch+json");
    assert_eq!(
        asked[1].body,
        json!([{"op": "add", "path": "/spec", "value": {"replicas": 2, "strategy": {"type": "Recreate"}}}])
    );

    let writer = connection.writer();
    writer
        .claim_leftovers(&deployments(), &live, &prediction.leftovers)
        .await
        .unwrap();
    let claim = &log.all()[2];
    assert_eq!(
        claim.line,
        format!("PATCH {path}?fieldManager=trueup&fieldValidation=Strict")
    );
    assert_eq!(
        claim.body,
        json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
            {"op": "replace", "path": "/metadata/managedFields", "value": [
                entry("kubectl-client-side-apply", "Update", json!({"f:spec": {"f:replicas": {}, "f:strategy": {"f:type": {}}}})),
                entry("trueup", "Apply", json!({"f:spec": {"f:strategy": {"f:rollingUpdate": {}}}})),
            ]},
        ])
    );
    let nowhere = writer
        .claim_leftovers(&deployments(), &live, &["/spec/nothing".to_owned()])
        .await;
    assert!(matches!(nowhere, Err(Failure::Changed(_))));
    assert_eq!(log.lines().len(), 3);
}

async fn refused(connection: Connection, live: &Value) -> (RefusalKind, Vec<String>) {
    let prediction = connection
        .predict(&deployments(), &desired(), Some(live))
        .await
        .unwrap();
    assert_eq!(prediction.object, None);
    assert!(prediction.leftovers.is_empty());
    let refusal = prediction.refusal.unwrap();
    (refusal.kind, refusal.problem.causes)
}

#[tokio::test]
async fn what_somebody_put_in_the_way_is_a_conflict_and_is_taken_from_all_who_hold_it() {
    let theirs = json!({"f:spec": {"f:strategy": {"f:rollingUpdate": {"f:maxSurge": {}}}}});
    for (operation, words) in [
        ("Update", "\"somebody\" using apps/v1"),
        ("Apply", "\"somebody\""),
    ] {
        let live = live(json!([
            kubectl(),
            entry("somebody", operation, theirs.clone())
        ]));
        let (connection, log) = play(vec![no(), (200, live.clone()), (200, live.clone())]);
        let prediction = connection
            .predict(&deployments(), &desired(), Some(&live))
            .await
            .unwrap();
        assert_eq!(prediction.leftovers, ["/spec/strategy/rollingUpdate"]);
        assert_eq!(
            prediction.conflicts,
            [Conflict {
                field: ".spec.strategy.rollingUpdate".to_owned(),
                manager: words.to_owned(),
            }]
        );
        connection
            .writer()
            .claim_leftovers(&deployments(), &live, &prediction.leftovers)
            .await
            .unwrap();
        let entries = log.all()[2].body[1]["value"].clone();
        assert_eq!(
            entries,
            json!([
                entry(
                    "kubectl-client-side-apply",
                    "Update",
                    json!({"f:spec": {"f:replicas": {}, "f:strategy": {"f:type": {}}}})
                ),
                entry(
                    "trueup",
                    "Apply",
                    json!({"f:spec": {"f:strategy": {"f:rollingUpdate": {}}}})
                ),
            ])
        );
    }
}

/// A Deployment with a request in Git, and limits in the cluster that somebody's hand put there.
fn limited() -> (Value, Value) {
    let object = |resources: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"template": {"spec": {"containers": [{"name": "web", "resources": resources}]}}}})
    };
    let limits = json!({"f:limits": {".": {}, "f:cpu": {}, "f:memory": {}}});
    let mut live =
        object(json!({"requests": {"cpu": "20m"}, "limits": {"cpu": "50m", "memory": "1Gi"}}));
    live["metadata"]["managedFields"] = json!([entry(
        "kubectl-edit",
        "Update",
        json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {"f:resources": limits}}}}}}),
    )]);
    (live, object(json!({"requests": {"cpu": "100m"}})))
}

#[tokio::test]
async fn of_what_stands_around_the_field_only_what_must_go_is_claimed() {
    let (live, desired) = limited();
    let no = |field: &str| {
        status(
            422,
            "Invalid",
            "Deployment.apps \"web\" is invalid",
            json!({"name": "web", "causes": [{"reason": "FieldValueInvalid", "field": field,
                "message": "Invalid value: \"100m\": must be less than or equal to cpu limit of 50m"}]}),
        )
    };
    let requests = "spec.template.spec.containers[0].resources.requests";
    let yes = || (200, live.clone());
    // Both limits, then cpu and memory by name, without cpu, without memory, and once more what is needed.
    let (connection, log) = play(vec![no(requests), yes(), yes(), no(requests), yes()]);
    let prediction = connection
        .predict(&deployments(), &desired, Some(&live))
        .await
        .unwrap();
    let resources = "/spec/template/spec/containers/0/resources";
    assert_eq!(
        prediction.leftovers,
        [format!("{resources}/limits/cpu")],
        "{:?}",
        log.lines()
    );
    assert_eq!(prediction.n_requests, 5);
    let left = |i: usize| {
        let body = &log.all()[i].body[0]["value"];
        body.pointer("/template/spec/containers/0/resources/limits")
            .cloned()
    };
    assert_eq!(left(1), None);
    assert_eq!(left(2), Some(json!({})));
    assert_eq!(left(3), Some(json!({"cpu": "50m"})));
    assert_eq!(left(4), Some(json!({"memory": "1Gi"})));
}

#[tokio::test]
async fn a_refusal_that_no_leftover_explains_stays() {
    // Removing it does not help: the first answer is shown, not that of the trial.
    let live = live(json!([kubectl()]));
    let (connection, log) = play(vec![no(), no(), no()]);
    assert_eq!(refused(connection, &live).await.0, RefusalKind::Invalid);
    assert_eq!(log.lines().len(), 3);
    // The field that is wrong is Git's own.
    let wrong = status(
        422,
        "Invalid",
        "x",
        json!({"causes": [
        {"reason": "FieldValueInvalid", "field": "spec.strategy.type", "message": "Invalid value: \"R\": no such strategy"}]}),
    );
    // It is tried without what others hold there, and without all that they hold.
    let (connection, log) = play(vec![wrong, no(), no()]);
    assert_eq!(refused(connection, &live).await.0, RefusalKind::Invalid);
    assert_eq!(log.lines().len(), 3);
}

/// Live with a field `x` under spec, held as given; what is foreseen for a desired `x`.
fn merged(held: Value, live: Value, desired: Value) -> Option<Value> {
    let live = json!({"metadata": {"managedFields": held}, "spec": {"x": live}});
    let mut wanted = json!({"spec": {"x": desired}});
    if wanted["spec"]["x"].is_null() {
        wanted = json!({"spec": {}});
    }
    foreseen(&live, &wanted, &[]).map(|object| object["spec"]["x"].clone())
}

#[test]
fn lists_and_maps_are_merged_as_their_holders_show_them() {
    let by = |manager: &str, x: Value| {
        entry(
            manager,
            if manager == "trueup" {
                "Apply"
            } else {
                "Update"
            },
            json!({"f:spec": {"f:x": x}}),
        )
    };
    let keyed_by = |names: &str| {
        let item = |c| (format!("k:{{\"n\":\"{c}\"}}"), json!({".": {}, "f:n": {}}));
        Value::Object(names.chars().map(item).collect())
    };
    let keyed = keyed_by("abc");
    let n =
        |names: &str| Value::Array(names.chars().map(|c| json!({"n": c.to_string()})).collect());
    let cases = [
        // Keyed: Git's order, and what is the cluster's alone keeps its place.
        (
            json!([by("hpa", keyed.clone())]),
            n("abc"),
            n("cz"),
            Some(n("abcz")),
        ),
        (
            json!([by("hpa", keyed.clone())]),
            n("abc"),
            n("bza"),
            Some(n("bcza")),
        ),
        // Orders that a server made.
        (
            json!([by("hpa", keyed_by("abcd"))]),
            n("abcd"),
            n("zdb"),
            Some(n("aczdb")),
        ),
        (
            json!([by("hpa", keyed_by("abcd"))]),
            n("abcd"),
            n("bad"),
            Some(n("bcad")),
        ),
        (
            json!([by("hpa", keyed_by("abcde"))]),
            n("abcde"),
            n("eya"),
            Some(n("bcdeya")),
        ),
        (
            json!([by("hpa", keyed_by("abcdef"))]),
            n("abcdef"),
            n("cfae"),
            Some(n("bcdfae")),
        ),
        (
            json!([by("hpa", keyed_by("abc"))]),
            n("abc"),
            n("xyz"),
            Some(n("abcxyz")),
        ),
        // What trueup alone holds goes; what another holds too stays.
        (
            json!([by("trueup", keyed.clone())]),
            n("abc"),
            n("b"),
            Some(n("b")),
        ),
        (
            json!([by("trueup", keyed.clone()), by("hpa", keyed.clone())]),
            n("abc"),
            n("b"),
            Some(n("abc")),
        ),
        (
            json!([by("hpa", json!({"v:\"p\"": {}}))]),
            json!(["p", "q"]),
            json!(["r"]),
            Some(json!(["p", "q", "r"])),
        ),
        (
            json!([by("hpa", json!({}))]),
            json!(["p", "q"]),
            json!(["r"]),
            Some(json!(["r"])),
        ),
        // A map held as a whole is replaced, one held by its fields is merged.
        (
            json!([by("hpa", json!({}))]),
            json!({"p": 1}),
            json!({"q": 2}),
            Some(json!({"q": 2})),
        ),
        (
            json!([by("hpa", json!({"f:p": {}}))]),
            json!({"p": 1}),
            json!({"q": 2}),
            Some(json!({"p": 1, "q": 2})),
        ),
        (
            json!([by("trueup", json!({"f:p": {}}))]),
            json!({"p": 1}),
            Value::Null,
            Some(Value::Null),
        ),
        (
            json!([
                by("trueup", json!({"f:p": {}})),
                by("hpa", json!({"f:r": {}}))
            ]),
            json!({"p": 1, "r": 3}),
            Value::Null,
            Some(json!({"r": 3})),
        ),
        // Nobody recorded the list: nothing is guessed.
        (json!([]), n("ab"), n("c"), None),
    ];
    for (i, (held, live, desired, expected)) in cases.into_iter().enumerate() {
        assert_eq!(merged(held, live, desired), expected, "{i}");
    }
}
