//! A user who may only look, and a program that is told to.

use super::ground::Ground;
use super::shop::SHOP;

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_viewer_sees_the_same_drift_unconfirmed_and_changes_nothing() {
    let mut g = Ground::new("viewer");
    // The standard role `view` shows neither Secrets nor roles, nor kinds of its own.
    let seen: Vec<_> = SHOP
        .into_iter()
        .filter(|(path, _)| {
            !["secret", "role", "crd", "coupon", "namespace"]
                .iter()
                .any(|p| path.starts_with(&format!("shop/{p}")))
        })
        .collect();
    g.kubectl(&["create", "namespace", &g.ns]);
    g.commit("The shop", &seen);
    g.trueup("sync shop --yes --context admin").exits(0);
    let clean = g
        .trueup("diff shop --context viewer -o json")
        .exits(0)
        .json();
    let drifted = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .filter(|l| !l.contains("not confirmed"))
            .collect()
    };
    assert_eq!(drifted(super::ground::told(&clean)), Vec::<String>::new());

    g.k("scale deployment web --replicas=5");
    g.patch("configmap web", r#"{"data":{"mode":"test"}}"#);
    g.k("delete service web");
    let admin = g.drift("shop --context admin");
    let ran = g.trueup("diff shop --context viewer -o json").exits(1);
    let viewer = super::ground::told(&ran.json());
    assert_eq!(drifted(viewer.clone()), drifted(admin), "{ran}");
    assert!(
        viewer.iter().any(|l| l == "Deployment/web: not confirmed"),
        "{viewer:#?}"
    );
    g.trueup("diff shop --context viewer")
        .exits(1)
        .says("not confirmed");
    let clusters = g.run("clusters --context viewer -o json").exits(0).json();
    assert_eq!(clusters["clusters"][0]["context"], "viewer");
    let apps = g.trueup("apps --context viewer -o json").json();
    assert!(
        apps["apps"][0]["counts"]["unconfirmed"].as_u64().unwrap() > 0,
        "{apps}"
    );

    g.trueup("sync shop --yes --context viewer")
        .exits(2)
        .says("may not");
    assert_eq!(g.field("deployment web", "/spec/replicas"), 5);
    g.trueup("rollback shop --to 1 --yes --context viewer")
        .exits(2)
        .says("may not");
    assert!(!g.exists("service web"));
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_viewer_of_the_whole_shop_is_told_what_may_not_be_read() {
    let mut g = Ground::new("viewall");
    g.commit("The shop", &SHOP);
    g.trueup("sync shop --yes --context admin").exits(0);
    let ran = g.trueup("diff shop --context viewer -o json").exits(2);
    let told = super::ground::told(&ran.json());
    assert!(told.iter().any(|l| l == "Secret/web: unknown"), "{told:#?}");
    assert!(
        !told
            .iter()
            .any(|l| l.contains("drifted") || l.contains(" -> ")),
        "{told:#?}"
    );
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn in_read_only_mode_nothing_is_changed() {
    let mut g = Ground::new("readonly");
    g.commit("The shop", &SHOP);
    g.trueup("sync shop --yes --read-only")
        .exits(2)
        .says("read-only");
    assert!(!g.exists("namespace @NS@"));
    let config = g.path("config.yaml");
    std::fs::write(&config, "contexts:\n  admin:\n    mode: read-only\n").unwrap();
    let ran = g
        .trueup(&format!("sync shop --yes --config {}", config.display()))
        .exits(2);
    assert!(ran.err.contains("read-only"), "{ran}");
    assert!(!g.exists("namespace @NS@"));
}
