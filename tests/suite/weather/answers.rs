//! A server that answers badly: each answer is told for what it is, nothing hangs, and nothing of it is believed.

use serde_json::json;

use super::input::MAP;
use super::machine::{Machine, Said};
use super::server::{Server, Spell, Weather, status};

const LIST: &str = "GET /api/v1/configmaps?limit";
const DRY_RUN: &str = "PATCH /api/v1/namespaces/shop/configmaps/a?dryRun=All";
const ALWAYS: usize = usize::MAX;

/// The App's one object lives, and is red where Git says blue.
fn diff(spells: Vec<Spell>) -> (Said, Vec<String>) {
    let live = json!({
        "kind": "ConfigMap", "apiVersion": "v1", "data": { "color": "red" },
        "metadata": { "name": "a", "namespace": "shop", "uid": "u-2", "resourceVersion": "5" },
    });
    let server = Server::start(live, spells);
    let machine = Machine::new();
    machine.cluster(&server.url).shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["diff", "web"]);
    said.sends_nothing_to_the_terminal();
    let told = said.all() + &machine.left_behind();
    assert!(!told.contains("TOKEN-VALUE"), "{told}");
    (said, server.asked())
}

fn html() -> Weather {
    Weather::Says(200, "", "<html>\u{1b}[2J hello".into())
}

#[test]
fn fair_weather() {
    let (said, _) = diff(Vec::new());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out.contains("-   color: red") && said.out.contains("+   color: blue"),
        "{said:?}"
    );
}

#[test]
fn a_dry_run_that_fails_leaves_the_object_unknown_and_the_cluster_up() {
    for (weather, words) in [
        (
            status(500, "InternalError", "etcd \u{1b}[2J broke"),
            "etcd \\e[2J broke",
        ),
        (
            status(503, "ServiceUnavailable", "later"),
            "the API server failed (503)",
        ),
        (
            status(409, "Conflict", "changed"),
            "the object changed meanwhile (409)",
        ),
        (
            status(401, "Unauthorized", "Unauthorized"),
            "did not accept the credentials",
        ),
        (html(), "is not the JSON that it should be"),
        (
            Weather::Says(200, "", "{}".into()),
            "is not the object that was asked about",
        ),
        (
            Weather::Says(200, "", r#"{"kind":"Status","status":"Success"}"#.into()),
            "is not the object that was asked about",
        ),
    ] {
        let (said, _) = diff(vec![Spell(DRY_RUN, weather, ALWAYS)]);
        said.fails_with(&["ConfigMap/shop/a: not compared", words]);
        assert!(
            !said.out.contains("old"),
            "the cluster is there: {}",
            said.out
        );
    }
}

#[test]
fn a_list_that_is_no_list_ends_the_waiting_for_it() {
    for (weather, words) in [
        (html(), "is not the JSON that it should be"),
        (Weather::CutOff, "the server's answer was cut off"),
        (
            Weather::Says(200, "", "{}".into()),
            "the answer is not a list",
        ),
        (status(500, "", "broke"), "cannot list configmaps now"),
        (
            status(403, "Forbidden", "no"),
            "not allowed to list configmaps",
        ),
        (status(404, "NotFound", "no"), "cannot list configmaps"),
    ] {
        let (said, _) = diff(vec![
            Spell("GET /api/v1/configmaps", weather, ALWAYS),
            Spell(
                "/namespaces/shop/configmaps?limit",
                status(403, "Forbidden", "no"),
                ALWAYS,
            ),
        ]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(
            said.out.contains(words) || said.out.contains("not allowed"),
            "{words}: {said:?}"
        );
    }
}

#[test]
fn a_busy_server_is_waited_for() {
    let busy = || Weather::Says(429, "Retry-After: 1\r\n", "slow".into());
    let (said, asked) = diff(vec![Spell(LIST, busy(), 1), Spell(DRY_RUN, busy(), 1)]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        asked.iter().filter(|line| line.contains(LIST)).count() >= 2,
        "{asked:?}"
    );
}

#[test]
fn a_server_that_is_busy_for_ever_is_given_up_however_many_objects_there_are() {
    let maps = 0..60;
    let live = maps.clone().map(|i| {
        json!({
            "kind": "ConfigMap", "apiVersion": "v1", "data": { "color": "red" },
            "metadata": { "name": format!("a{i}"), "namespace": "shop", "uid": format!("u-{i}"), "resourceVersion": "5" },
        })
    });
    let files = maps.map(|i| MAP.replace("name: a", &format!("name: a{i}")));
    let busy = Weather::Says(429, "Retry-After: 5\r\n", "slow".into());
    let server = Server::start(live.collect(), vec![Spell("dryRun=All", busy, ALWAYS)]);
    let machine = Machine::new();
    let file = files.collect::<Vec<_>>().join("---\n");
    machine.cluster(&server.url).shop(&[("web/a.yaml", &file)]);
    let said = machine.run("shop", &["diff", "web"]);
    said.fails_with(&["asks to slow down (429)"]);
    // Those that came first waited and asked again; the others do not each begin from the start.
    let asked = server.asked();
    let n_asked = asked.iter().filter(|l| l.contains("dryRun=All")).count();
    assert!(n_asked <= 3 * 16 + 16, "{n_asked}: {asked:?}");
}

#[test]
fn an_expired_page_is_listed_in_one_piece() {
    let (said, _) = diff(vec![Spell(LIST, status(410, "Expired", "too old"), 1)]);
    assert_eq!(said.code, Some(1), "{said:?}");
}

#[test]
fn who_may_not_patch_gets_a_verdict_all_the_same() {
    let message = "configmaps \"a\" is forbidden: User \"u\" cannot patch resource \"configmaps\" in API group \"\"";
    let (said, _) = diff(vec![Spell(
        DRY_RUN,
        status(403, "Forbidden", message),
        ALWAYS,
    )]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out.contains("color: red") && said.out.contains("not confirmed"),
        "{said:?}"
    );
}
