//! Going back, and what the history tells.

use super::ground::Ground;
use super::shop::config_map;

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_rollback_goes_back_and_is_pinned_until_the_next_sync() {
    let mut g = Ground::with_namespace("back");
    let one = g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    g.trueup("sync app --yes").exits(0);
    let two = g.commit(
        "Two",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "2")])),
            ("app/b.yaml", &config_map("b", &[("x", "2")])),
        ],
    );
    g.trueup("sync app --yes").exits(0);

    g.trueup("rollback app --to 99 --yes")
        .exits(2)
        .says("history");
    g.trueup("rollback app --to 1 --dry-run")
        .exits(0)
        .says("\"2\"");
    assert_eq!(g.field("configmap a", "/data/x"), "2");
    g.trueup("rollback app --to 1 --yes").exits(0);
    assert_eq!(g.field("configmap a", "/data/x"), "1");
    assert!(g.exists("configmap b"), "a rollback prunes nothing");

    let app = g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(app["pinned"], one);
    assert_eq!(app["ahead"], 1);
    assert_eq!(app["target"]["commit"]["id"], two);
    g.trueup("apps app").says("pinned");
    let drift = g.drift("app");
    assert_eq!(drift, ["ConfigMap/a data.x: \"1\" -> \"2\" (git, trueup)"]);

    let history = g.trueup("history app -o json").exits(0).json();
    let told: Vec<_> = history["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            format!(
                "{} {} {} {} {}",
                r["id"],
                r["kind"].as_str().unwrap(),
                r["outcome"].as_str().unwrap(),
                r["message"].as_str().unwrap(),
                r["applied"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 sync succeeded One 1",
            "2 sync succeeded Two 2",
            "3 rollback succeeded One 1"
        ]
    );
    assert_eq!(history["records"][2]["commit"], one);
    assert!(
        history["records"][0]["who"]
            .as_str()
            .unwrap()
            .starts_with("admin@")
    );
    g.trueup("history app").exits(0).says("rollback");

    g.trueup("sync app --yes").exits(0);
    let app = g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(app["pinned"], serde_json::Value::Null);
    assert_eq!(app["sync"], "synced");
    // By revision as well as by number.
    g.trueup(&format!("rollback app --to {} --yes", &one[..8]))
        .exits(0);
    assert_eq!(g.field("configmap a", "/data/x"), "1");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn the_history_is_bounded_and_a_commit_that_is_gone_is_said_to_be() {
    let mut g = Ground::with_namespace("bounded");
    let one = g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    g.trueup("sync app --yes").exits(0);
    // A force push: what was synced is in no branch any more, and another history is.
    g.git.switch("other").unwrap();
    g.commit("Other", &[("app/a.yaml", &config_map("a", &[("x", "9")]))]);
    let app = g.trueup("apps app -o json").exits(0).json()["apps"][0].clone();
    assert_eq!(app["sync"], "drifted");
    let drift = g.drift("app");
    assert_eq!(
        drift,
        ["ConfigMap/a data.x: \"1\" -> \"9\" (git, trueup)"],
        "the object is still in the repository"
    );
    g.trueup("sync app --yes").exits(0);
    // Now the commit itself is gone, as after a fresh clone of a force-pushed branch.
    let object = g
        .git
        .path()
        .join(".git/objects")
        .join(&one[..2])
        .join(&one[2..]);
    std::fs::remove_file(object).unwrap();
    g.git.unpoint("refs/heads/main").unwrap();
    g.trueup("diff app").exits(0);
    g.trueup("rollback app --to 1 --yes")
        .exits(2)
        .says(&one[..7]);
    assert_eq!(g.field("configmap a", "/data/x"), "9");
}
