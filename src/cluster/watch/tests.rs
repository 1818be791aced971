//! Watches against a scripted server: lists, bookmarks, 410 and weather.

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::*;
use crate::cluster::scripted::{Answer, Asked, Piece, answer, connection, fails, hangs, pieces};
use crate::domain::Gvk;

fn pods() -> Resource {
    Resource {
        gvk: Gvk::from_api_version("v1", "Pod"),
        plural: "pods".into(),
        namespaced: true,
        verbs: vec!["list".into(), "watch".into()],
    }
}

fn pod(name: &str, version: u32, tracking: &str) -> Value {
    json!({ "metadata": {
        "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": version.to_string(),
        "annotations": { "argocd.argoproj.io/tracking-id": tracking },
    }})
}

fn list(version: u32, next: &str, items: &[Value]) -> Answer {
    let metadata = json!({ "resourceVersion": version.to_string(), "continue": next });
    let list =
        json!({ "kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items });
    answer(200, list.to_string())
}

fn line(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({ "type": kind, "object": object }))
}

fn data(text: impl Into<String>) -> Piece {
    Piece::Data(text.into())
}

fn gone(reason: &str) -> String {
    json!({ "kind": "Status", "code": 410, "reason": reason, "message": "too old" }).to_string()
}

/// The first `n` events, each in a few words.
async fn told(answers: Vec<Answer>, n: usize) -> (Vec<String>, Asked) {
    let (connection, asked) = connection(answers);
    let keep: Keep = Arc::new(|_, tracking| tracking.is_some_and(|t| t.starts_with("mine")));
    let events = connection.watch(&pods(), None, keep).take(n);
    let words = events.map(|event| match event {
        WatchEvent::Listed(items) => {
            let names = items.iter().map(|live| live.key.name.clone());
            format!("listed {}", names.collect::<Vec<_>>().join(" "))
                .trim_end()
                .to_owned()
        }
        WatchEvent::Applied(live) => format!("applied {}@{}", live.key.name, live.resource_version),
        WatchEvent::Deleted(key, uid) => format!("deleted {} {uid}", key.name),
        WatchEvent::Left(key) => format!("left {}", key.name),
        WatchEvent::Trouble(problem) => format!("trouble {:?}: {}", problem.kind, problem.summary),
        WatchEvent::Current => "current".to_owned(),
    });
    (words.collect().await, asked)
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_and_only_what_is_kept_is_told() {
    let answers = vec![
        list(7, "next/page", &[pod("a", 1, "mine"), pod("b", 2, "yours")]),
        list(7, "", &[pod("c", 3, "mine:x")]),
    ];
    let (told, asked) = told(answers, 1).await;
    assert_eq!(told, ["listed a c"]);
    assert_eq!(
        asked.paths(),
        [
            "/api/v1/pods?limit=500",
            "/api/v1/pods?limit=500&continue=next%2Fpage"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_continue_token_that_expires_starts_over_in_one_piece() {
    let answers = vec![
        list(7, "old", &[pod("a", 1, "mine")]),
        answer(410, gone("Expired")),
        list(9, "", &[pod("b", 8, "mine")]),
    ];
    let (told, asked) = told(answers, 1).await;
    assert_eq!(told, ["listed b"], "nothing of the first attempt is left");
    assert_eq!(asked.paths()[2], "/api/v1/pods");
}

#[tokio::test(start_paused = true)]
async fn lines_may_come_in_any_pieces() {
    let text = line("ADDED", &pod("a", 2, "mine"))
        + "\r\n\n"
        + &line("MODIFIED", &pod("a", 3, "mine"))
        + &line(
            "BOOKMARK",
            &json!({ "metadata": { "resourceVersion": "9" } }),
        )
        + &line("DELETED", &pod("a", 10, "mine"));
    let mut split: Vec<Piece> = text.chars().map(|c| data(c.to_string())).collect();
    split.push(Piece::Silence);
    let (told, _) = told(vec![list(1, "", &[]), pieces(200, split)], 4).await;
    assert_eq!(
        told,
        ["listed", "applied a@2", "applied a@3", "deleted a uid-a"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_slowly_is_not_begun_anew_for_ever() {
    let text = line("ADDED", &pod("a", 2, "mine"));
    let (first, rest) = text.split_at(20);
    let minute = Piece::Later(Duration::from_secs(60));
    let answers = vec![
        list(1, "", &[]),
        pieces(
            200,
            vec![
                data(first),
                minute.clone(),
                data(&rest[..20]),
                minute,
                data(&rest[20..]),
                Piece::Silence,
            ],
        ),
    ];
    let (told, asked) = told(answers, 2).await;
    assert_eq!(told, ["listed", "applied a@2"]);
    assert_eq!(asked.paths().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_kept_is_told_once_and_strangers_never() {
    let text = line("MODIFIED", &pod("a", 2, "yours"))
        + &line("MODIFIED", &pod("a", 3, "yours"))
        + &line("ADDED", &pod("stranger", 4, "yours"))
        + &line("DELETED", &pod("stranger", 5, "yours"))
        + &line("DELETED", &pod("b", 6, "yours"))
        + &line("MODIFIED", &pod("a", 7, "mine"));
    let answers = vec![
        list(1, "", &[pod("a", 1, "mine"), pod("b", 1, "mine")]),
        pieces(200, vec![data(text), Piece::Silence]),
    ];
    let (told, _) = told(answers, 4).await;
    assert_eq!(
        told,
        ["listed a b", "left a", "deleted b uid-b", "applied a@7"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_from_the_last_version_that_was_understood() {
    let bookmark = line(
        "BOOKMARK",
        &json!({ "metadata": { "resourceVersion": "20" } }),
    );
    let half = &line("ADDED", &pod("b", 30, "mine"))[..40];
    let answers = vec![
        list(1, "", &[]),
        // Ends as watches do after some minutes.
        pieces(200, vec![data(line("ADDED", &pod("a", 2, "mine")))]),
        // Cut in the middle of a line.
        pieces(200, vec![data(bookmark), data(half), Piece::Cut]),
        pieces(
            200,
            vec![data(line("ADDED", &pod("b", 30, "mine"))), Piece::Silence],
        ),
    ];
    let (told, asked) = told(answers, 3).await;
    assert_eq!(
        told,
        ["listed", "applied a@2", "applied b@30"],
        "no trouble is told of"
    );
    let paths = asked.paths();
    let version = |path: &str| {
        path.split("resourceVersion=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    };
    let versions: Vec<String> = paths[1..].iter().map(|p| version(p)).collect();
    assert_eq!(versions, ["1", "2", "20"]);
    assert!(
        paths[1].contains("watch=1&")
            && paths[1].contains("&allowWatchBookmarks=true&timeoutSeconds=600")
    );
}

#[tokio::test(start_paused = true)]
async fn a_version_too_old_lists_again_however_it_is_said() {
    let as_event = line("ERROR", &serde_json::from_str(&gone("Gone")).unwrap());
    let answers = vec![
        list(1, "", &[pod("a", 1, "mine")]),
        pieces(200, vec![data(as_event), Piece::Silence]),
        list(5, "", &[pod("b", 4, "mine")]),
        answer(410, gone("Expired")),
        list(6, "", &[]),
    ];
    let (told, _) = told(answers, 3).await;
    assert_eq!(told, ["listed a", "listed b", "listed"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_comes_back_without_memory_is_listed_soon() {
    let mut answers = vec![list(1, "", &[]), pieces(200, vec![])];
    answers.extend((0..6).map(|_| fails(std::io::ErrorKind::ConnectionRefused)));
    answers.extend([answer(410, gone("Expired")), list(5, "", &[])]);
    let (connection, _) = connection(answers);
    let mut events = Box::pin(connection.watch(&pods(), None, Arc::new(|_, _| true)));
    events.next().await;
    let start = Instant::now();
    events.next().await;
    assert_eq!(events.next().await, Some(WatchEvent::Listed(Vec::new())));
    let failures = [200, 400, 800, 1600, 3200, 6400, 12800];
    let expected: u64 = failures.iter().sum::<u64>() + 200;
    assert_eq!(start.elapsed(), Duration::from_millis(expected));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_always_forgets_is_not_hurried() {
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.extend([list(1, "", &[]), answer(410, gone("Expired"))]);
    }
    answers.push(list(1, "", &[]));
    let start = Instant::now();
    told(answers, 6).await;
    assert_eq!(start.elapsed(), Duration::from_millis(200 * 31));
}

#[tokio::test(start_paused = true)]
async fn silence_opens_the_watch_again() {
    let answers = vec![
        list(1, "", &[]),
        pieces(200, vec![Piece::Silence]),
        pieces(
            200,
            vec![data(line("ADDED", &pod("a", 2, "mine"))), Piece::Silence],
        ),
    ];
    let start = Instant::now();
    let (told, _) = told(answers, 2).await;
    assert_eq!(told, ["listed", "applied a@2"]);
    assert_eq!(start.elapsed(), IDLE);
}

#[tokio::test(start_paused = true)]
async fn trouble_is_told_once_and_its_end_is_told() {
    let answers = vec![
        list(1, "", &[]),
        pieces(200, vec![]),
        fails(std::io::ErrorKind::ConnectionRefused),
        fails(std::io::ErrorKind::ConnectionRefused),
        answer(503, "<html>bad gateway</html>"),
        pieces(
            200,
            vec![data(line("ADDED", &pod("a", 2, "mine"))), Piece::Silence],
        ),
    ];
    let (told, _) = told(answers, 5).await;
    assert_eq!(
        told,
        [
            "listed",
            "trouble Unreachable: the API server refuses connections",
            "trouble Unreachable: cannot watch pods now: the server is not available",
            "current",
            "applied a@2",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn refusals_can_be_told_apart() {
    let forbidden =
        json!({ "kind": "Status", "code": 403, "reason": "Forbidden", "message": "no" });
    let table = [
        (
            answer(403, forbidden.to_string()),
            "trouble Forbidden: not allowed to list pods",
        ),
        (
            answer(404, "404 page not found"),
            "trouble NotFound: cannot list pods: there is no such thing",
        ),
        (
            answer(401, ""),
            "trouble Unauthenticated: the server does not accept the credentials to list pods",
        ),
        (
            answer(200, "<html>login</html>"),
            "trouble Unreachable: the server's answer is not the JSON that it should be",
        ),
        (
            answer(200, "{}"),
            "trouble Unreachable: the answer is not a list of pods",
        ),
        (
            answer(200, r#"{"kind":"Pod","items":[]}"#),
            "trouble Unreachable: the answer is not a list of pods",
        ),
        (
            answer(200, ""),
            "trouble Unreachable: the server's answer is not the JSON that it should be",
        ),
        (
            pieces(200, vec![data("{\"kind\":"), Piece::Cut]),
            "trouble Unreachable: the server's answer was cut off",
        ),
        (
            pieces(200, vec![Piece::Silence]),
            "trouble Unreachable: the API server did not answer within 30 s",
        ),
        (
            hangs(),
            "trouble Unreachable: the API server did not answer within 30 s",
        ),
    ];
    for (refusal, expected) in table {
        let (told, _) = told(vec![refusal, list(1, "", &[])], 3).await;
        assert_eq!(told, [expected, "listed", "current"]);
    }
}

#[tokio::test(start_paused = true)]
async fn waits_are_those_that_the_server_asks_for() {
    let too_many = answer(429, "").with("retry-after", "17");
    let start = Instant::now();
    let (words, _) = told(vec![too_many, list(1, "", &[])], 2).await;
    assert_eq!(
        words[0],
        "trouble Unreachable: cannot list pods now: the server asks to slow down"
    );
    // A quarter more, as the jitter of the test is at its largest.
    assert_eq!(start.elapsed(), Duration::from_secs(17).mul_f64(1.25));

    let start = Instant::now();
    let failing = || fails(std::io::ErrorKind::ConnectionReset);
    let answers = vec![failing(), failing(), failing(), list(1, "", &[])];
    told(answers, 2).await;
    assert_eq!(start.elapsed(), Duration::from_millis(200 + 400 + 800));
}

#[tokio::test(start_paused = true)]
async fn watches_that_end_at_once_are_not_hurried() {
    let mut answers = vec![list(1, "", &[])];
    answers.extend((0..5).map(|_| pieces(200, vec![])));
    answers.push(pieces(
        200,
        vec![data(line("ADDED", &pod("a", 2, "mine"))), Piece::Silence],
    ));
    let start = Instant::now();
    told(answers, 2).await;
    assert_eq!(start.elapsed(), Duration::from_millis(200 * 31));
}

#[tokio::test(start_paused = true)]
async fn garbage_in_a_watch_lists_again() {
    let garbage = [
        "<html>\n",
        "{\"type\":\"ADDED\"}\n",
        "{\"type\":\"PARTY\",\"object\":{}}\n",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":1}}}\n",
    ];
    for text in garbage {
        let answers = vec![
            list(1, "", &[pod("a", 1, "mine")]),
            pieces(200, vec![data(text), Piece::Silence]),
            list(2, "", &[]),
        ];
        let (told, _) = told(answers, 4).await;
        assert_eq!(told[0], "listed a");
        assert!(told[1].starts_with("trouble"), "{text}: {told:?}");
        assert_eq!(told[2..], ["listed", "current"], "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_without_watch_is_listed_again() {
    let (connection, _) = connection(vec![list(1, "", &[pod("a", 1, "x")]), list(2, "", &[])]);
    let mut resource = pods();
    resource.verbs = vec!["list".into()];
    let start = Instant::now();
    let events = connection.watch(&resource, Some("shop"), Arc::new(|_, _| true));
    let events: Vec<_> = events.take(2).collect().await;
    assert_eq!(events[1], WatchEvent::Listed(Vec::new()));
    assert_eq!(start.elapsed(), POLL);
}

#[tokio::test(start_paused = true)]
async fn bytes_and_events_are_counted() {
    let text = line("ADDED", &pod("a", 2, "yours")) + &line("ADDED", &pod("b", 3, "mine"));
    let size = text.len() as u64;
    let answers = vec![
        list(1, "", &[]),
        pieces(200, vec![data(text), Piece::Silence]),
    ];
    let (connection, _) = connection(answers);
    let keep: Keep = Arc::new(|_, tracking| tracking == Some("mine"));
    let mut events = Box::pin(connection.watch(&pods(), None, keep));
    events.next().await;
    let before = connection.n_bytes();
    assert!(matches!(events.next().await, Some(WatchEvent::Applied(_))));
    assert_eq!(connection.n_bytes() - before, size);
    assert_eq!((connection.n_events(), connection.n_requests()), (2, 2));
}
