//! Predicting and writing against recorded answers: what is sent, that it is sent once, and what the answers come to.
//! Every answer here is one that a kube-apiserver 1.36 gave.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cluster::played::{configmaps, play, status};
use crate::cluster::*;
use crate::domain::app::Propagation;
use crate::domain::plan::Guard;
use crate::domain::{ProblemKind, Value};

const DRY: &str = "dryRun=All&fieldManager=trueup&fieldValidation=Strict";
pub(super) const WET: &str = "fieldManager=trueup&fieldValidation=Strict";
pub(super) const CM: &str = "/api/v1/namespaces/shop/configmaps/env";

fn cm() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "env", "namespace": "shop"}, "data": {"a": "1"}})
}

pub(super) fn live(version: &str) -> Value {
    let mut object = cm();
    object["metadata"]["uid"] = json!("u-1");
    object["metadata"]["resourceVersion"] = json!(version);
    object
}

fn guard(force: bool) -> Guard {
    Guard {
        uid: "u-1".into(),
        resource_version: "7".into(),
        force,
    }
}

fn conflict() -> (u16, Value) {
    status(
        409,
        "Conflict",
        "Apply failed with 2 conflicts: conflicts with \"kubectl\" with subresource \"scale\" using apps/v1:\n- .spec.replicas\n…",
        json!({"causes": [
            {"reason": "FieldManagerConflict", "field": ".spec.replicas",
             "message": "conflict with \"kubectl\" with subresource \"scale\" using apps/v1"},
            {"reason": "FieldManagerConflict", "field": ".spec.template.spec.containers[name=\"web\"].image",
             "message": "conflict with \"kubectl-edit\" using apps/v1"},
        ]}),
    )
}

pub(super) fn stale() -> (u16, Value) {
    status(
        409,
        "Conflict",
        "Operation cannot be fulfilled on configmaps \"env\": the object has been modified; please apply your changes to the latest version and try again",
        json!({"name": "env", "kind": "configmaps"}),
    )
}

pub(super) fn absent() -> (u16, Value) {
    status(
        404,
        "NotFound",
        "configmaps \"env\" not found",
        json!({"name": "env", "kind": "configmaps"}),
    )
}

#[tokio::test]
async fn a_dry_run_is_asked_once_unforced_and_says_what_it_answered_from() {
    let (connection, log) = play(vec![(200, live("7"))]);
    let prediction = connection
        .predict(&configmaps(), &cm(), None)
        .await
        .unwrap();
    let asked = log.all();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, format!("PATCH {CM}?{DRY}"));
    assert_eq!(asked[0].content_type, "application/apply-patch+yaml");
    assert_eq!(asked[0].body, cm());
    assert_eq!(prediction.object, Some(live("7")));
    assert_eq!(
        (
            prediction.uid.as_str(),
            prediction.resource_version.as_str()
        ),
        ("u-1", "7")
    );
    assert_eq!(prediction.n_requests, 1);
}

#[tokio::test]
async fn a_create_has_no_uid_to_guard_by() {
    let (connection, _) = play(vec![(201, live("1"))]);
    let prediction = connection
        .predict(&configmaps(), &cm(), None)
        .await
        .unwrap();
    assert_eq!(
        (
            prediction.uid.as_str(),
            prediction.resource_version.as_str()
        ),
        ("", "")
    );
}

#[tokio::test]
async fn only_conflicts_are_asked_again_with_force() {
    let (connection, log) = play(vec![conflict(), (200, live("7"))]);
    let prediction = connection
        .predict(&configmaps(), &cm(), None)
        .await
        .unwrap();
    assert_eq!(
        log.lines(),
        [
            format!("PATCH {CM}?{DRY}"),
            format!("PATCH {CM}?{DRY}&force=true")
        ]
    );
    let conflicts: Vec<_> = prediction
        .conflicts
        .iter()
        .map(|c| (c.field.as_str(), c.manager.as_str()))
        .collect();
    assert_eq!(
        conflicts,
        [
            (
                ".spec.replicas",
                "\"kubectl\" with subresource \"scale\" using apps/v1"
            ),
            (
                ".spec.template.spec.containers[name=\"web\"].image",
                "\"kubectl-edit\" using apps/v1"
            ),
        ]
    );
    assert!(prediction.object.is_some());

    let (connection, log) = play(vec![stale()]);
    let problem = connection
        .predict(&configmaps(), &cm(), None)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Conflict);
    assert_eq!(log.lines().len(), 1);
}

#[tokio::test]
async fn weather_is_an_error_and_never_asked_again() {
    let answers = [
        (
            status(429, "TooManyRequests", "Too many requests", json!({})),
            ProblemKind::Unreachable,
        ),
        (
            status(
                503,
                "ServiceUnavailable",
                "apiserver is shutting down",
                json!({}),
            ),
            ProblemKind::Unreachable,
        ),
        (
            status(
                500,
                "InternalError",
                "etcdserver: request timed out",
                json!({}),
            ),
            ProblemKind::Unreachable,
        ),
        (
            status(401, "Unauthorized", "Unauthorized", json!({})),
            ProblemKind::Unauthenticated,
        ),
        (
            (200, json!("<html>welcome</html>")),
            ProblemKind::Unreachable,
        ),
        (
            (502, json!("<html>bad gateway</html>")),
            ProblemKind::Unreachable,
        ),
    ];
    for (answer, kind) in answers {
        let (connection, log) = play(vec![answer]);
        let problem = connection
            .predict(&configmaps(), &cm(), None)
            .await
            .unwrap_err();
        assert_eq!(problem.kind, kind, "{problem}");
        assert_eq!(log.lines().len(), 1);
    }
    let (connection, log) = play(vec![]);
    assert!(
        connection
            .predict(&configmaps(), &cm(), None)
            .await
            .is_err()
    );
    assert_eq!(log.lines().len(), 1);
}

#[tokio::test]
async fn a_hostile_name_is_never_sent() {
    let mut object = cm();
    object["metadata"]["name"] = json!("env?force=true&x=");
    let (connection, log) = play(vec![]);
    let prediction = connection
        .predict(&configmaps(), &object, None)
        .await
        .unwrap();
    assert_eq!(prediction.refusal.unwrap().kind, RefusalKind::Invalid);
    assert!(matches!(
        connection.writer().create(&configmaps(), &object).await,
        Err(Failure::Refused(_))
    ));
    assert!(log.lines().is_empty());
}

#[tokio::test]
async fn a_replace_is_predicted_by_a_put_of_the_present_version() {
    let (connection, log) = play(vec![stale(), (200, live("9")), (200, live("9"))]);
    let prediction = connection
        .predict_replace(&configmaps(), &cm(), &live("7"))
        .await
        .unwrap();
    assert_eq!(
        log.lines(),
        [
            format!("PUT {CM}?{DRY}"),
            format!("GET {CM}"),
            format!("PUT {CM}?{DRY}")
        ]
    );
    assert_eq!(log.all()[0].body, live("7"));
    assert_eq!(log.all()[2].body, live("9"));
    assert_eq!(prediction.n_requests, 3);

    let (connection, _) = play(vec![absent(), absent(), (201, live("1"))]);
    let prediction = connection
        .predict_replace(&configmaps(), &cm(), &live("7"))
        .await
        .unwrap();
    assert_eq!(prediction.n_requests, 3);
}

#[tokio::test]
async fn each_write_is_sent_once_with_its_guard() {
    let (connection, log) = play(vec![
        (201, live("8")),
        (200, live("8")),
        (200, live("8")),
        (200, live("8")),
    ]);
    let writer = connection.writer();
    let done = writer.create(&configmaps(), &live("7")).await.unwrap();
    assert!(done.created);
    assert_eq!(
        (done.uid.as_str(), done.resource_version.as_str()),
        ("u-1", "8")
    );
    writer
        .apply(&configmaps(), &cm(), &guard(false))
        .await
        .unwrap();
    writer
        .apply(&configmaps(), &cm(), &guard(true))
        .await
        .unwrap();
    writer
        .replace(&configmaps(), &cm(), &guard(false))
        .await
        .unwrap();
    let asked = log.all();
    let lines: Vec<_> = asked.iter().map(|a| a.line.clone()).collect();
    assert_eq!(
        lines,
        [
            format!("PATCH {CM}?{WET}"),
            format!("PATCH {CM}?{WET}"),
            format!("PATCH {CM}?{WET}&force=true"),
            format!("PUT {CM}?{WET}"),
        ]
    );
    let guards: Vec<_> = asked
        .iter()
        .map(|a| {
            (
                a.body["metadata"]["uid"].as_str(),
                a.body["metadata"]["resourceVersion"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        guards,
        [
            (None, Some("1")),
            (Some("u-1"), None),
            (Some("u-1"), Some("7")),
            (Some("u-1"), Some("7"))
        ]
    );
}

#[tokio::test]
async fn nothing_is_sent_without_a_guard() {
    let (connection, log) = play(vec![]);
    let writer = connection.writer();
    let none = Guard::default();
    let no_version = Guard {
        force: true,
        uid: "u-1".into(),
        ..Guard::default()
    };
    assert!(writer.apply(&configmaps(), &cm(), &none).await.is_err());
    assert!(
        writer
            .apply(&configmaps(), &cm(), &no_version)
            .await
            .is_err()
    );
    assert!(
        writer
            .replace(&configmaps(), &cm(), &no_version)
            .await
            .is_err()
    );
    for (uid, version) in [("", "7"), ("u-1", "")] {
        let sent = writer
            .delete(
                &configmaps(),
                "shop",
                "env",
                uid,
                version,
                Propagation::Background,
            )
            .await;
        assert!(sent.is_err());
    }
    for patch in [
        json!([]),
        json!([{"op": "replace", "path": "/metadata/managedFields", "value": []}]),
        json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "7"}, {"op": "remove", "path": "/spec"}]),
        json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
               {"op": "move", "from": "/spec", "path": "/metadata/managedFields/0"}]),
    ] {
        assert!(
            writer
                .patch_ownership(&configmaps(), "shop", "env", &patch)
                .await
                .is_err(),
            "{patch}"
        );
    }
    assert!(log.lines().is_empty());
}

#[tokio::test]
async fn a_broken_guard_is_told_from_a_refusal_and_from_weather() {
    let uid = |message: &str| {
        status(
            422,
            "Invalid",
            message,
            json!({"name": "env", "kind": "ConfigMap", "causes": [
            {"reason": "FieldValueInvalid", "message": "Invalid value: \"u-1\": field is immutable", "field": "metadata.uid"}]}),
        )
    };
    let changed = [
        conflict(),
        stale(),
        uid(
            "ConfigMap \"env\" is invalid: metadata.uid: Invalid value: \"u-1\": field is immutable",
        ),
        status(412, "", "", json!({})),
        absent(),
    ];
    for answer in changed {
        let (connection, log) = play(vec![answer.clone()]);
        let failure = connection
            .writer()
            .apply(&configmaps(), &cm(), &guard(false))
            .await
            .unwrap_err();
        assert!(
            matches!(failure, Failure::Changed(_)),
            "{answer:?}: {failure:?}"
        );
        assert_eq!(log.lines().len(), 1);
    }
    let (connection, _) = play(vec![status(
        403,
        "Forbidden",
        "configmaps \"env\" is forbidden: User \"viewer\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"shop\"",
        json!({"name": "env", "kind": "configmaps"}),
    )]);
    let failure = connection
        .writer()
        .apply(&configmaps(), &cm(), &guard(false))
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Refused(r) if r.kind == RefusalKind::Forbidden));
    for (code, known) in [
        (429, true),
        (401, true),
        (500, false),
        (502, false),
        (503, false),
        (504, false),
    ] {
        let (connection, log) = play(vec![status(code, "", "x", json!({}))]);
        let failure = connection
            .writer()
            .apply(&configmaps(), &cm(), &guard(false))
            .await
            .unwrap_err();
        assert_eq!(matches!(failure, Failure::NotDone(_)), known, "{code}");
        assert_eq!(matches!(failure, Failure::Weather(_)), !known, "{code}");
        assert_eq!(log.lines().len(), 1);
    }
    // A success whose body does not come through is unknown too.
    let (connection, _) = play(vec![(200, json!("{\"kind\": \"Conf"))]);
    let failure = connection
        .writer()
        .apply(&configmaps(), &cm(), &guard(false))
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Weather(_)));
    let (connection, log) = play(vec![]);
    let failure = connection
        .writer()
        .apply(&configmaps(), &cm(), &guard(false))
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Weather(_)));
    assert_eq!(log.lines().len(), 1);
}

/// What a PUT answered.
fn replaced(entries: Value) -> Done {
    let mut object = live("7");
    object["metadata"]["managedFields"] = entries;
    Done {
        resource_version: "7".to_owned(),
        uid: "u-1".to_owned(),
        created: false,
        warnings: Vec::new(),
        object,
    }
}

#[tokio::test]
async fn a_controller_that_writes_after_a_replace_does_not_undo_its_claim() {
    let entry = |manager: &str, fields: Value| json!({"manager": manager, "operation": "Update", "fieldsV1": fields});
    let put = entry("trueup", json!({"f:data": {"f:a": {}}}));
    let revision = entry("kube-controller-manager", json!({"f:metadata": {}}));
    let stale = || status(409, "Conflict", "the object has been modified", json!({}));
    let mut moved = live("8");
    moved["metadata"]["managedFields"] = json!([put, revision]);
    let (connection, log) = play(vec![stale(), (200, moved), (200, live("9"))]);
    let writer = connection.writer();
    let put = replaced(json!([put]));
    let done = writer.claim(&configmaps(), &cm(), &put).await;
    assert_eq!(done.unwrap().resource_version, "9");
    assert_eq!(log.all()[2].body["metadata"]["resourceVersion"], "8");
    // Somebody who edited what was just put is not overrun.
    let mut edited = live("8");
    edited["metadata"]["managedFields"] =
        json!([entry("kubectl-edit", json!({"f:data": {"f:a": {}}}))]);
    let (connection, log) = play(vec![stale(), (200, edited)]);
    let writer = connection.writer();
    let done = writer.claim(&configmaps(), &cm(), &put).await;
    assert!(matches!(done, Err(Failure::Changed(_))));
    assert_eq!(log.lines().len(), 2);
}

#[tokio::test]
async fn a_claim_drops_the_update_that_the_replace_left() {
    let mut applied = live("8");
    let apply =
        json!({"manager": "trueup", "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}});
    let other =
        json!({"manager": "hpa", "operation": "Update", "subresource": "scale", "fieldsV1": {}});
    let update =
        json!({"manager": "trueup", "operation": "Update", "fieldsV1": {"f:data": {"f:a": {}}}});
    applied["metadata"]["managedFields"] = json!([apply, other, update]);
    let (connection, log) = play(vec![(200, applied), (200, live("9"))]);
    let done = connection
        .writer()
        .claim(&configmaps(), &cm(), &replaced(json!([])))
        .await
        .unwrap();
    assert_eq!(done.resource_version, "9");
    let asked = log.all();
    assert_eq!(asked[0].line, format!("PATCH {CM}?{WET}&force=true"));
    assert_eq!(asked[0].body["metadata"]["resourceVersion"], "7");
    assert_eq!(asked[1].line, format!("PATCH {CM}?{WET}"));
    assert_eq!(asked[1].content_type, "application/json-patch+json");
    assert_eq!(
        asked[1].body,
        json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": "8"},
            {"op": "replace", "path": "/metadata/managedFields", "value": [apply, other]},
        ])
    );
    // Nothing to drop: one request.
    let (connection, log) = play(vec![(200, live("8"))]);
    connection
        .writer()
        .claim(&configmaps(), &cm(), &replaced(json!([])))
        .await
        .unwrap();
    assert_eq!(log.lines().len(), 1);
}

#[tokio::test]
async fn an_object_that_is_gone_or_another_while_it_is_claimed_is_not_claimed() {
    let update =
        json!({"manager": "trueup", "operation": "Update", "fieldsV1": {"f:data": {"f:a": {}}}});
    let mut applied = live("8");
    applied["metadata"]["managedFields"] = json!([update]);
    let mut other = live("9");
    other["metadata"]["uid"] = json!("u-2");
    for now in [absent(), (200, other)] {
        let (connection, log) = play(vec![(200, applied.clone()), stale(), now]);
        let done = connection
            .writer()
            .claim(&configmaps(), &cm(), &replaced(json!([update])))
            .await;
        assert!(matches!(done, Err(Failure::Changed(_))), "{done:?}");
        assert_eq!(log.lines().len(), 3);
    }
}

#[tokio::test]
async fn a_delete_is_guarded_and_says_whether_it_is_over() {
    let delete = |answer| async move {
        let (connection, log) = play(vec![answer]);
        let went = connection
            .writer()
            .delete(
                &configmaps(),
                "shop",
                "env",
                "u-1",
                "7",
                Propagation::Foreground,
            )
            .await;
        assert_eq!(log.lines(), [format!("DELETE {CM}")]);
        (went, log.all()[0].body.clone())
    };
    let gone = json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "details": {"name": "env"}});
    let (went, body) = delete((200, gone)).await;
    assert_eq!(went, Ok(Deletion::Gone));
    assert_eq!(
        body["preconditions"],
        json!({"uid": "u-1", "resourceVersion": "7"})
    );
    assert_eq!(body["propagationPolicy"], "Foreground");
    let mut going = live("8");
    going["metadata"]["deletionTimestamp"] = json!("2026-11-21T12:06:56Z");
    going["metadata"]["finalizers"] = json!(["foregroundDeletion"]);
    assert_eq!(
        delete((200, going)).await.0,
        Ok(Deletion::Going(vec!["foregroundDeletion".into()]))
    );
    assert_eq!(delete(absent()).await.0, Ok(Deletion::Gone));
    assert!(matches!(delete(stale()).await.0, Err(Failure::Changed(_))));
    // A kind that is not served at this version says nothing about the object.
    assert!(matches!(
        delete((404, json!("404 page not found\n"))).await.0,
        Err(Failure::Refused(_))
    ));
}

#[tokio::test]
async fn a_namespace_is_created_and_never_applied_to() {
    let (connection, log) = play(vec![stale()]);
    let labels = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
    let failure = connection
        .writer()
        .create_namespace("shop", &labels)
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Changed(_)));
    assert_eq!(
        log.lines(),
        [format!("PATCH /api/v1/namespaces/shop?{WET}")]
    );
    assert_eq!(
        log.all()[0].body["metadata"],
        json!({"name": "shop", "labels": {"team": "a"}, "resourceVersion": "1"})
    );
}

#[tokio::test]
async fn an_answer_that_is_not_the_object_was_taken_for_success() {
    let another = |field: &str, value: &str| {
        let mut object = live("8");
        object["metadata"][field] = json!(value);
        object
    };
    let answers = [
        json!({}),
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure"}),
        another("name", "other"),
        another("uid", "u-2"),
    ];
    let resource = configmaps();
    for answer in answers {
        for what in ["create", "apply", "replace", "delete", "record"] {
            // A create does not know the uid yet.
            if what == "create" && answer.pointer("/metadata/uid") == Some(&json!("u-2")) {
                continue;
            }
            let (connection, log) = play(vec![(200, answer.clone())]);
            let writer = connection.writer();
            let failed = match what {
                "create" => writer.create(&resource, &cm()).await.err(),
                "apply" => writer.apply(&resource, &cm(), &guard(false)).await.err(),
                "replace" => writer.replace(&resource, &cm(), &guard(true)).await.err(),
                "delete" => writer
                    .delete(
                        &resource,
                        "shop",
                        "env",
                        "u-1",
                        "7",
                        Propagation::Background,
                    )
                    .await
                    .err(),
                _ => writer
                    .write_record("shop", "env", live("7"), Some("7"))
                    .await
                    .err(),
            };
            assert!(
                matches!(failed, Some(Failure::Weather(_))),
                "{what}: {answer}: {failed:?}"
            );
            assert_eq!(log.lines().len(), 1);
        }
    }
}
