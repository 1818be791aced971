//! What is said of Apps is so: of what cannot be read, is gone, is another's, or was never synced.

use super::ground::Ground;
use super::shop::config_map;

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn an_app_that_is_named_is_asked_about_though_it_was_never_synced() {
    let mut g = Ground::with_namespace("named");
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wrong}\ndatta: {a: b}\n";
    g.commit(
        "Two Apps",
        &[
            ("good/a.yaml", &config_map("a", &[("x", "1")])),
            ("bad/b.yaml", wrong),
        ],
    );
    g.trueup("diff bad").exits(2).says("datta");
    g.trueup("diff good").exits(1);
    // One that cannot be is not asked about.
    g.run("diff good -n Bad_NS")
        .exits(2)
        .says("cannot be a namespace");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn manifests_that_cannot_be_read_are_not_gone() {
    let mut g = Ground::with_namespace("unread");
    let json = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}"#;
    g.commit("One", &[("a/a.json", json), ("b/b.yaml", json)]);
    g.trueup("sync a --yes").exits(0);
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    for broken in [&json[..40], pointer] {
        g.commit("A slip", &[("a/a.json", broken)]);
        let ran = g.trueup("diff a").exits(2);
        assert!(!ran.to_string().contains("prune"), "{ran}");
        g.trueup("sync a --yes --prune-all a").exits(2);
        assert!(g.exists("configmap a"));
    }
    g.remove("Gone", &["a/a.json"]);
    g.trueup("diff a").exits(1).says("--prune-all a");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_history_that_was_rewound_is_behind_and_not_ahead() {
    let mut g = Ground::with_namespace("rewound");
    let app = |x: &str| config_map("a", &[("x", x)]);
    let one = g.commit("One", &[("app/a.yaml", &app("1"))]);
    g.commit("Two", &[("app/a.yaml", &app("2"))]);
    g.trueup("sync app --yes").exits(0);
    g.commit("A sibling", &[("tools/b.yaml", &config_map("b", &[]))]);
    let view = |g: &Ground| g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(
        (view(&g)["ahead"].clone(), view(&g)["behind"].clone()),
        (0.into(), 0.into())
    );
    g.git.reset(&trueup::domain::CommitId(one)).unwrap();
    assert_eq!(
        (view(&g)["ahead"].clone(), view(&g)["behind"].clone()),
        (0.into(), 1.into())
    );
    g.trueup("apps app").says("Git is behind by 1 commit");
    g.commit("Three", &[("app/a.yaml", &app("3"))]);
    g.trueup("apps app")
        .says("history was rewritten: 1 commit ahead, 1 behind");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_another_app_claims_is_told_of_the_object_itself() {
    let mut g = Ground::with_namespace("claimed");
    g.commit(
        "Two Apps, one object",
        &[
            ("tools/a.yaml", &config_map("a", &[("x", "1")])),
            ("bad/a.yaml", &config_map("a", &[("x", "2")])),
        ],
    );
    g.trueup("sync tools --yes").exits(0);
    g.trueup("diff bad").exits(1).says("claimed by App tools");
    let ran = g.trueup("diff tools").exits(0);
    assert!(!ran.to_string().contains("claimed by"), "{ran}");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn an_extra_object_that_asks_not_to_be_counted_is_not() {
    let mut g = Ground::with_namespace("ignored");
    let kept = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n  annotations: {argocd.argoproj.io/compare-options: IgnoreExtraneous}\n";
    g.commit(
        "Two",
        &[("app/a.yaml", &config_map("a", &[])), ("app/b.yaml", kept)],
    );
    g.trueup("sync app --yes").exits(0);
    g.remove("One", &["app/b.yaml"]);
    g.trueup("diff app").exits(0).says("IgnoreExtraneous");
    g.trueup("sync app --yes --prune").exits(0);
    assert!(!g.exists("configmap b"), "a sync prunes it all the same");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn that_a_record_is_gone_is_said() {
    let mut g = Ground::with_namespace("lost");
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: \"@NS@\"}\nrules: []\n";
    g.commit(
        "One",
        &[("app/a.yaml", &config_map("a", &[])), ("app/r.yaml", role)],
    );
    g.trueup("sync app --yes").exits(0);
    g.k("delete configmap -l app.kubernetes.io/managed-by=trueup");
    g.k("delete configmap a");
    g.trueup("diff app").says("the record is gone");
    g.trueup("sync app --yes --adopt");
    g.kubectl(&["delete", "clusterrole", &g.ns]);
}
