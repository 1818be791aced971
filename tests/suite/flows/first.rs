//! From nothing to in sync: the whole shop in one go.

use super::ground::Ground;
use super::shop::{SHOP, config_map};

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn the_shop_is_available_and_one_sync_brings_all_of_it() {
    let mut g = Ground::new("first");
    g.commit("The shop", &SHOP);
    let apps = g.trueup("apps -o json").exits(0).json();
    assert_eq!(apps["apps"].as_array().unwrap().len(), 1);
    let app = &apps["apps"][0];
    assert_eq!(app["name"], "shop");
    assert_eq!(app["state"], "available");
    assert_eq!(app["counts"]["objects"], 16);
    // Left out where all Apps are meant.
    g.trueup("diff").exits(0).says("trueup apps");
    g.trueup("sync --all --yes").exits(2).says("no App to sync");
    g.trueup("sync shop").exits(2).says("--yes");
    g.trueup("sync shop --dry-run").exits(0);
    assert!(!g.exists("configmap web"), "a dry run changes nothing");

    g.trueup("sync shop --yes").exits(0);
    let diff = g.trueup("diff shop").exits(0);
    assert_eq!((diff.out.lines().count(), diff.err.as_str()), (1, ""));
    assert!(diff.out.ends_with("synced\n"), "{diff}");
    assert_eq!(g.drift("shop"), Vec::<String>::new());
    let app = &g.trueup("apps -o json").exits(0).json()["apps"][0];
    assert_eq!(app["state"], "managed");
    assert_eq!(app["sync"], "synced");
    assert_eq!(app["counts"]["objects"], 16);
    assert_eq!(app["counts"]["unconfirmed"], 0);
    // Nothing to do is done.
    g.trueup("sync shop --yes").exits(0);
    assert_eq!(g.field("deployment web", "/metadata/generation"), 1);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn waiting_for_health_ends_when_everything_runs() {
    let mut g = Ground::with_namespace("wait");
    let wanted = ["deployment", "serviceaccount", "secret"];
    let files: Vec<_> = SHOP
        .into_iter()
        .filter(|(path, _)| wanted.iter().any(|w| path.contains(w)))
        .collect();
    g.commit("The web shop", &files);
    g.trueup("sync shop --yes --wait --timeout 80s").exits(0);
    assert_eq!(g.field("deployment web", "/status/readyReplicas"), 2);
    let app = &g.trueup("apps -o json").exits(0).json()["apps"][0];
    assert_eq!(app["health"]["status"], "Healthy");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn several_apps_in_one_plan_and_all_of_them_at_once() {
    let mut g = Ground::with_namespace("several");
    g.commit(
        "Two Apps",
        &[
            ("one/a.yaml", &config_map("one", &[("a", "1")])),
            ("one/whole.yaml", &config_map("whole", &[("a", "1")])),
            ("two/b.yaml", &config_map("two", &[("b", "1")])),
            ("two/c.yaml", &config_map("three", &[("c", "1")])),
        ],
    );
    g.trueup("sync one --yes").exits(0);
    g.trueup("sync --all --yes").exits(0);
    assert!(!g.exists("configmap two"), "available Apps are left out");
    g.trueup("sync --all --available --yes --resource ConfigMap/two")
        .exits(0);
    assert!(g.exists("configmap two") && !g.exists("configmap three"));
    assert_eq!(g.drift("two"), ["ConfigMap/three: missing"]);
    g.trueup("sync one two --yes").exits(0);
    g.trueup("diff").exits(0);
    // One of them goes wrong: the other one counts all the same.
    g.commit(
        "Break one",
        &[("one/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: [")],
    );
    g.trueup("diff one").exits(2);
    g.trueup("diff two").exits(0);
    g.trueup("diff").exits(2);
}
