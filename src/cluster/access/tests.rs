//! Plugins are shell scripts here, each printing how often it ran.
#![cfg(unix)]

use std::sync::Mutex as StdMutex;
use std::time::Instant as StdInstant;

use serde_json::Value;

use super::*;
use crate::cluster::connect::kubeconfig::ExecEntry;
use crate::cluster::scripted::{Answer, answer, connection_as};

/// A clock that stands still until it is moved.
struct Still(StdMutex<Timestamp>, StdInstant);

impl Still {
    fn new() -> Arc<Self> {
        Arc::new(Self(
            StdMutex::new(START.parse().unwrap()),
            StdInstant::now(),
        ))
    }

    fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
    fn instant(&self) -> StdInstant {
        let since = self.now().duration_since(START.parse().unwrap());
        self.1 + since.unsigned_abs()
    }
}

const START: &str = "2026-01-01T00:00:00Z";

/// A plugin that gives `t1`, `t2`, ... with an expiry, and fails where `text` says so.
fn counting(dir: &tempfile::TempDir, text: &str, expires: &str) -> Source {
    let file = dir.path().join("count");
    let script = format!(
        r#"n=$(($(cat {0} 2>/dev/null || echo 0) + 1)); echo $n > {0}; {text}
           echo '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"t'$n'"{expires}}}}}'"#,
        file.display()
    );
    let entry = ExecEntry {
        api_version: "client.authentication.k8s.io/v1".into(),
        command: "sh".into(),
        args: vec!["-c".into(), script],
        ..ExecEntry::default()
    };
    Source::Exec(Box::new(
        Plugin::new(entry, Value::Null, Duration::from_secs(20)).unwrap(),
    ))
}

fn fine(n: usize) -> Vec<Answer> {
    (0..n).map(|_| answer(200, "{}")).collect()
}

#[tokio::test]
async fn a_plugin_runs_once_for_many_requests() {
    let dir = tempfile::tempdir().unwrap();
    let source = counting(&dir, "", "");
    let (connection, asked) = connection_as(source, Still::new(), fine(3));
    let (a, b, c) = tokio::join!(
        connection.get("/a"),
        connection.get("/b"),
        connection.get("/c")
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(asked.credentials(), ["Bearer t1", "Bearer t1", "Bearer t1"]);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let dir = tempfile::tempdir().unwrap();
    let source = counting(&dir, "", r#","expirationTimestamp":"2026-01-01T01:00:00Z""#);
    let clock = Still::new();
    let (connection, asked) = connection_as(source, clock.clone(), fine(3));
    connection.get("/").await.unwrap();
    clock.forward(58 * 60);
    connection.get("/").await.unwrap();
    clock.forward(61);
    connection.get("/").await.unwrap();
    assert_eq!(asked.credentials(), ["Bearer t1", "Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let dir = tempfile::tempdir().unwrap();
    let source = counting(&dir, "", "");
    let answers = vec![
        answer(401, ""),
        answer(200, "{}"),
        answer(401, ""),
        answer(401, ""),
    ];
    let (connection, asked) = connection_as(source, Still::new(), answers);
    assert_eq!(connection.get("/").await.unwrap().status, 200);
    assert_eq!(connection.get("/").await.unwrap().status, 401);
    assert_eq!(
        asked.credentials(),
        ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]
    );
}

#[tokio::test]
async fn many_refusals_of_one_token_renew_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let source = counting(&dir, "", "");
    let answers = vec![
        answer(401, ""),
        answer(401, ""),
        answer(200, ""),
        answer(200, ""),
    ];
    let (connection, asked) = connection_as(source, Still::new(), answers);
    let (a, b) = tokio::join!(connection.get("/a"), connection.get("/b"));
    assert_eq!((a.unwrap().status, b.unwrap().status), (200, 200));
    assert_eq!(
        asked.credentials(),
        ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]
    );
}

#[tokio::test]
async fn the_same_token_is_not_sent_again_after_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let source = counting(&dir, "n=0;", "");
    let (connection, asked) =
        connection_as(source, Still::new(), vec![answer(401, ""), answer(200, "")]);
    assert_eq!(connection.get("/").await.unwrap().status, 401);
    assert_eq!(asked.credentials(), ["Bearer t0"]);
}

#[tokio::test]
async fn a_plugin_that_has_nothing_better_is_not_run_for_every_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let count = || std::fs::read_to_string(dir.path().join("count")).unwrap();
    let source = counting(&dir, "n=same;", "");
    let clock = Still::new();
    let answers = (0..9).map(|_| answer(401, "")).collect();
    let (connection, asked) = connection_as(source, clock.clone(), answers);
    for _ in 0..4 {
        assert_eq!(connection.get("/").await.unwrap().status, 401);
    }
    assert_eq!((count().as_str(), asked.paths().len()), ("2\n", 4));
    clock.forward(5);
    assert_eq!(connection.get("/").await.unwrap().status, 401);
    assert_eq!(count(), "3\n");
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_moment() {
    let dir = tempfile::tempdir().unwrap();
    let count = || std::fs::read_to_string(dir.path().join("count")).unwrap();
    let source = counting(&dir, "[ $n -gt 1 ] || exit 1;", "");
    let clock = Still::new();
    let (connection, asked) = connection_as(source, clock.clone(), fine(1));
    let first = connection.get("/").await.unwrap_err();
    assert_eq!(connection.get("/").await.unwrap_err(), first);
    assert_eq!((count().as_str(), asked.paths().len()), ("1\n", 0));
    clock.forward(5);
    assert!(connection.get("/").await.is_ok());
    assert_eq!(count(), "2\n");
}

#[tokio::test]
async fn a_token_file_is_read_again_and_may_be_gone_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let clock = Still::new();
    let (connection, asked) =
        connection_as(Source::TokenFile(path.clone()), clock.clone(), fine(4));
    let problem = connection.get("/").await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unauthenticated);
    assert_eq!(
        asked.paths().len(),
        0,
        "nothing is sent without credentials"
    );

    let (connection, asked) =
        connection_as(Source::TokenFile(path.clone()), clock.clone(), fine(5));
    std::fs::write(&path, "one\n").unwrap();
    connection.get("/").await.unwrap();
    std::fs::write(&path, "two").unwrap();
    connection.get("/").await.unwrap();
    clock.forward(60);
    connection.get("/").await.unwrap();
    std::fs::write(&path, "\n").unwrap();
    clock.forward(60);
    connection.get("/").await.unwrap();
    std::fs::remove_file(&path).unwrap();
    clock.forward(60);
    connection.get("/").await.unwrap();
    assert_eq!(
        asked.credentials(),
        [
            "Bearer one",
            "Bearer one",
            "Bearer two",
            "Bearer two",
            "Bearer two"
        ]
    );
}

#[tokio::test]
async fn fixed_credentials_are_never_sent_twice() {
    let source = Source::Fixed(Some(bearer("x").unwrap()));
    let (connection, asked) =
        connection_as(source, Still::new(), vec![answer(401, ""), answer(200, "")]);
    assert_eq!(connection.get("/").await.unwrap().status, 401);
    assert_eq!(asked.credentials(), ["Bearer x"]);
}

#[test]
fn short_lives_are_renewed_late() {
    let at = |seconds| Timestamp::from_second(seconds).unwrap();
    assert_eq!(renewal(at(0), at(3600)), at(3540));
    assert_eq!(renewal(at(0), at(10)), at(8));
    assert_eq!(renewal(at(100), at(10)), at(10), "expired already");
}

#[test]
fn tokens_are_sensitive_and_of_one_line() {
    let header = bearer("s3cret").unwrap();
    assert!(!format!("{header:?}").contains("s3cret"));
    let problem = bearer("two\nlines s3cret").unwrap_err();
    assert!(!format!("{problem:?}").contains("s3cret"));
}
