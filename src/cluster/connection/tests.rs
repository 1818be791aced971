//! Requests against a scripted server: what is sent, and what becomes of bad answers.

use serde_json::json;

use super::*;
use crate::cluster::scripted::{Piece, answer, connection, fails, hangs, pieces};
use crate::cluster::{Ask, Resource};
use crate::domain::{Gvk, ObjectKey};

fn status(code: u16, reason: &str, name: &str) -> String {
    json!({ "kind": "Status", "code": code, "reason": reason, "message": "m", "details": { "name": name } }).to_string()
}

fn maps() -> Resource {
    Resource {
        gvk: Gvk::from_api_version("v1", "ConfigMap"),
        plural: "configmaps".into(),
        namespaced: true,
        verbs: Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_a_problem_and_any_answer_a_reply() {
    let (connection, asked) = connection(vec![
        answer(500, "oops")
            .with("retry-after", "3")
            .with("warning", "299 - \"old \\\"api\\\"\""),
        fails(std::io::ErrorKind::ConnectionReset),
        pieces(200, vec![Piece::Data("{".into()), Piece::Cut]),
        pieces(200, vec![Piece::Data("{".into()), Piece::Silence]),
        hangs(),
    ]);
    let reply = connection.get("/a").await.unwrap();
    assert_eq!(
        (reply.status, reply.retry_after),
        (500, Some(Duration::from_secs(3)))
    );
    assert_eq!(reply.warnings, ["old \"api\""]);
    for summary in [
        "the connection to the API server was cut off",
        "the server's answer was cut off",
        "the API server did not answer within 30 s",
        "the API server did not answer within 30 s",
    ] {
        let problem = connection.get("/b").await.unwrap_err();
        assert_eq!(
            (problem.summary.as_str(), problem.place.as_str()),
            (summary, "prod")
        );
        assert_eq!(problem.kind, ProblemKind::Unreachable);
    }
    assert_eq!(asked.paths().len(), 5, "each was sent once");
    assert_eq!(connection.n_requests(), 5);
    assert_eq!(
        connection.get("/a b\n").await.unwrap_err().kind,
        ProblemKind::Internal
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_slow_down_is_asked_again_for_questions_alone() {
    let slow = || answer(429, "slow").with("retry-after", "3");
    let (connection, asked) = connection(vec![
        slow(),
        slow(),
        answer(200, "{}"),
        slow(),
        answer(200, "{}"),
        slow(),
        answer(429, "slow").with("retry-after", "17"),
        answer(429, "slow"),
        slow(),
        answer(201, "{}"),
    ]);
    let patch = |path| connection.request(Method::PATCH, path, None, Vec::new());
    assert_eq!(connection.get("/a").await.unwrap().status, 200);
    assert_eq!(patch("/b?dryRun=All").await.unwrap().status, 200);
    // What changes something is sent once.
    assert_eq!(patch("/c").await.unwrap().status, 429);
    // A longer wait is told, and nobody waits without being asked to.
    assert_eq!(connection.get("/d").await.unwrap().status, 429);
    assert_eq!(connection.get("/e").await.unwrap().status, 429);
    let who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = connection.request(Method::POST, who, None, Vec::new());
    assert_eq!(review.await.unwrap().status, 201);
    assert_eq!(asked.paths().len(), 10);
}

#[tokio::test]
async fn an_absent_object_is_told_from_an_absent_kind() {
    let found = json!({ "kind": "ConfigMap", "apiVersion": "v1", "metadata": { "name": "a", "namespace": "n", "uid": "u" } });
    let (connection, asked) = connection(vec![
        answer(200, found.to_string()),
        answer(404, status(404, "NotFound", "a?x")),
        answer(404, "404 page not found\n"),
        answer(404, status(404, "NotFound", "")),
        answer(403, status(403, "Forbidden", "a?x")),
    ]);
    let live = connection
        .get_object(&maps(), "n", "a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(live.key, ObjectKey::new("", "ConfigMap", "n", "a"));
    assert_eq!(
        connection.get_object(&maps(), "n", "a?x").await.unwrap(),
        None
    );
    for kind in [
        ProblemKind::NotFound,
        ProblemKind::NotFound,
        ProblemKind::Forbidden,
    ] {
        assert_eq!(
            connection
                .get_object(&maps(), "n", "a?x")
                .await
                .unwrap_err()
                .kind,
            kind
        );
    }
    assert_eq!(asked.paths()[1], "/api/v1/namespaces/n/configmaps/a%3Fx");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_the_uid_of_kube_system_and_nothing_that_changes_with_the_weather() {
    let version = || answer(200, json!({ "gitVersion": "v1.36.3" }).to_string());
    let home = json!({ "metadata": { "uid": "u-1" } }).to_string();
    let who = json!({ "status": { "userInfo": { "username": "ada" } } }).to_string();
    let (full, _) = connection(vec![version(), answer(200, home), answer(201, who)]);
    let identity = full.identify().await.unwrap();
    assert_eq!(
        (
            identity.uid.as_str(),
            identity.version.as_str(),
            identity.user.as_str()
        ),
        ("u-1", "v1.36.3", "ada")
    );
    let (poor, _) = connection(vec![answer(403, ""), answer(403, ""), answer(404, "")]);
    let identity = poor.identify().await.unwrap();
    assert_eq!(
        (identity.uid.as_str(), identity.version.as_str()),
        ("https://api.example", "")
    );
    for code in [401, 429, 500, 503] {
        let (bad, _) = connection(vec![version(), answer(code, ""), answer(200, "{}")]);
        assert!(bad.identify().await.is_err(), "{code}");
    }
    let (html, _) = connection(vec![answer(200, "<html>")]);
    assert!(html.identify().await.is_err());
}

#[tokio::test]
async fn rights_are_asked_and_not_guessed() {
    let (connection, _) = connection(vec![
        answer(201, json!({ "status": { "allowed": true } }).to_string()),
        answer(201, json!({ "status": { "allowed": false, "denied": true } }).to_string()),
        answer(201, json!({ "status": {} }).to_string()),
        answer(403, ""),
        answer(201, json!({ "status": { "resourceRules": null, "nonResourceRules": [], "incomplete": true } }).to_string()),
    ]);
    let ask = Ask::default();
    assert!(connection.may(&ask).await.unwrap());
    assert!(!connection.may(&ask).await.unwrap());
    assert!(connection.may(&ask).await.is_err());
    assert_eq!(
        connection.may(&ask).await.unwrap_err().kind,
        ProblemKind::Forbidden
    );
}

#[tokio::test]
async fn events_are_asked_by_object() {
    let event = |reason: &str, time: &str| json!({ "reason": reason, "lastTimestamp": time });
    let list = json!({ "items": [event("b", "2026-01-02T00:00:00Z"), event("a", "2026-01-01T00:00:00Z")] });
    let (connection, asked) = connection(vec![answer(200, list.to_string())]);
    let key = ObjectKey::new("", "Node", "", "n,1");
    let events = connection.events_of(&key, "").await.unwrap();
    let reasons: Vec<&str> = events.iter().map(|e| e.reason.as_str()).collect();
    assert_eq!(reasons, ["a", "b"], "newest last");
    assert_eq!(
        asked.paths()[0],
        "/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DNode%2CinvolvedObject.name%3Dn%5C%2C1&limit=500"
    );
}

#[tokio::test]
async fn who_waits_for_a_request_keeps_its_stack() {
    let (connection, _) = connection(Vec::new());
    let sizes = [
        size_of_val(&connection.get("/version")),
        size_of_val(&connection.may(&Ask::default())),
        size_of_val(&connection.may_sync("n", "r", "l")),
    ];
    assert!(sizes.iter().all(|size| *size <= 2048), "{sizes:?}");
}
