//! Record, lock, rights and OpenAPI against recorded answers.

use serde_json::json;

use super::tests::{CM, WET, absent, live, stale};
use crate::cluster::played::{deployments, play, resource, status};
use crate::cluster::*;
use crate::domain::{ProblemKind, Value};

#[tokio::test]
async fn a_record_is_made_once_and_replaced_by_version() {
    let (connection, log) = play(vec![absent(), (201, live("3")), (200, live("4")), stale()]);
    assert_eq!(connection.read_record("shop", "env").await, Ok(None));
    let writer = connection.writer();
    let data = json!({"data": {"history": "x"}});
    assert_eq!(
        writer
            .write_record("shop", "env", data.clone(), None)
            .await
            .as_deref(),
        Ok("3")
    );
    assert_eq!(
        writer
            .write_record("shop", "env", data.clone(), Some("3"))
            .await
            .as_deref(),
        Ok("4")
    );
    let lost = writer.write_record("shop", "env", data, Some("3")).await;
    assert!(matches!(lost, Err(Failure::Changed(_))));
    assert_eq!(
        log.lines(),
        [
            format!("GET {CM}"),
            format!("POST /api/v1/namespaces/shop/configmaps?{WET}"),
            format!("PUT {CM}?{WET}"),
            format!("PUT {CM}?{WET}"),
        ]
    );
    assert_eq!(log.all()[2].body["metadata"]["resourceVersion"], "3");
    assert_eq!(
        log.all()[1].body["metadata"],
        json!({"namespace": "shop", "name": "env"})
    );
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_not_an_absent_one() {
    for answer in [
        (404, json!("404 page not found\n")),
        status(
            403,
            "Forbidden",
            "configmaps \"env\" is forbidden: User \"x\" cannot get resource \"configmaps\"",
            json!({"name": "env", "kind": "configmaps"}),
        ),
        status(500, "", "x", json!({})),
    ] {
        let (connection, _) = play(vec![answer.clone()]);
        assert!(
            connection.read_record("shop", "env").await.is_err(),
            "{answer:?}"
        );
    }
}

fn lease(holder: &str, version: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "lock", "namespace": "shop", "uid": "l-1", "resourceVersion": version},
        "spec": {"holderIdentity": holder, "acquireTime": "2026-11-21T12:00:00.000000Z",
                 "renewTime": "2026-11-21T12:00:30.500000Z", "leaseDurationSeconds": 60, "leaseTransitions": 2},
    })
}

#[tokio::test]
async fn a_lock_is_taken_only_when_free_and_always_by_version() {
    let now = "2026-11-21T13:00:00.25Z".parse().unwrap();
    let path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/lock";
    let gone = status(
        404,
        "NotFound",
        "leases.coordination.k8s.io \"lock\" not found",
        json!({"name": "lock", "group": "coordination.k8s.io", "kind": "leases"}),
    );

    let (connection, log) = play(vec![gone, (201, lease("me", "5"))]);
    let state = connection
        .writer()
        .acquire("shop", "lock", "me", now)
        .await
        .unwrap();
    let LeaseState::Ours(ours) = state else {
        panic!("{state:?}")
    };
    assert_eq!(
        (
            ours.resource_version.as_str(),
            ours.uid.as_str(),
            ours.transitions
        ),
        ("5", "l-1", 2)
    );
    assert_eq!(
        log.lines()[1],
        format!("POST /apis/coordination.k8s.io/v1/namespaces/shop/leases?{WET}")
    );
    assert_eq!(
        log.all()[1].body["spec"],
        json!({"holderIdentity": "me", "acquireTime": "2026-11-21T13:00:00.250000Z",
               "renewTime": "2026-11-21T13:00:00.250000Z", "leaseDurationSeconds": 60, "leaseTransitions": 0})
    );

    let (connection, log) = play(vec![(200, lease("them", "5"))]);
    let state = connection
        .writer()
        .acquire("shop", "lock", "me", now)
        .await
        .unwrap();
    let LeaseState::Held(theirs) = state else {
        panic!("{state:?}")
    };
    assert_eq!(theirs.holder, "them");
    assert_eq!(log.lines().len(), 1);

    let (connection, log) = play(vec![(200, lease("", "5")), stale()]);
    let lost = connection.writer().acquire("shop", "lock", "me", now).await;
    assert!(matches!(lost, Err(Failure::Changed(_))));
    assert_eq!(log.lines()[1], format!("PUT {path}?{WET}"));
    assert_eq!(
        log.all()[1].body["metadata"],
        json!({"namespace": "shop", "name": "lock", "uid": "l-1", "resourceVersion": "5"})
    );
    assert_eq!(log.all()[1].body["spec"]["leaseTransitions"], 3);

    let (connection, log) = play(vec![
        (200, lease("me", "6")),
        stale(),
        (200, lease("me", "9")),
        (200, lease("", "10")),
    ]);
    let writer = connection.writer();
    let renewed = writer.renew(&theirs, now).await.unwrap();
    assert_eq!(renewed.resource_version, "6");
    assert_eq!(
        log.all()[0].body["spec"]["acquireTime"],
        "2026-11-21T12:00:00.000000Z"
    );
    assert!(matches!(
        writer.renew(&theirs, now).await,
        Err(Failure::Changed(_))
    ));
    writer.takeover(&theirs, "me", now).await.unwrap();
    assert_eq!(log.all()[2].body["spec"]["holderIdentity"], "me");
    writer.release(&renewed, now).await.unwrap();
    assert_eq!(log.all()[3].body["spec"]["holderIdentity"], "");
}

#[tokio::test]
async fn missing_rights_to_record_or_lock_are_named() {
    let allowed = |yes| {
        (
            201,
            json!({"kind": "SelfSubjectAccessReview", "status": {"allowed": yes}}),
        )
    };
    let (connection, log) = play((0..6).map(|_| allowed(true)).collect());
    assert_eq!(connection.may_sync("shop", "r", "l").await, Ok(None));
    assert_eq!(log.lines().len(), 6);
    assert!(
        log.lines()
            .iter()
            .all(|l| l == "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
    );
    // Another App of the namespace, a moment later.
    assert_eq!(connection.may_sync("shop", "s", "m").await, Ok(None));
    assert_eq!(log.lines().len(), 6);
    // A right to one name is asked for where there is none to all.
    let (connection, log) = play((0..10).map(|_| allowed(false)).collect());
    let problem = connection
        .may_sync("shop", "r", "l")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(problem.kind, ProblemKind::Forbidden);
    assert_eq!(problem.causes.len(), 6);
    assert_eq!(problem.causes[4], "you may not create leases (its lock)");
    assert_eq!(log.lines().len(), 10);
}

#[tokio::test]
async fn openapi_tells_whether_a_patch_honours_dry_run() {
    let index = json!({"paths": {"apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=AB"}}});
    let document = |name: &str| {
        json!({"paths": {"/apis/apps/v1/namespaces/{namespace}/deployments/{name}": {
            "parameters": [{"name": "namespace"}],
            "patch": {"parameters": [{"$ref": "#/components/parameters/one"}, {"name": "force"}]}}},
            "components": {"parameters": {"one": {"name": name}}}})
    };
    for (name, known) in [("dryRun", true), ("fieldManager", false)] {
        let (connection, log) = play(vec![(200, index.clone()), (200, document(name))]);
        assert_eq!(
            connection.patch_supports_dry_run(&deployments()).await,
            Ok(known)
        );
        assert_eq!(
            log.lines(),
            ["GET /openapi/v3", "GET /openapi/v3/apis/apps/v1?hash=AB"]
        );
    }
    let metrics = resource("metrics.k8s.io", "v1", "PodMetrics", "pods", true);
    let (connection, _) = play(vec![(200, index)]);
    assert_eq!(connection.patch_supports_dry_run(&metrics).await, Ok(false));
    // A document elsewhere than under /openapi/ is not fetched.
    let (connection, log) = play(vec![(
        200,
        json!({"paths": {"apis/apps/v1": {"serverRelativeURL": "/api/v1/secrets"}}}),
    )]);
    assert_eq!(
        connection.patch_supports_dry_run(&deployments()).await,
        Ok(false)
    );
    assert_eq!(log.lines().len(), 1);
}
