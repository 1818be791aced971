//! With a real control plane: from start to a sync, a rollback and quit, by keys alone.

use std::path::Path;

use trueup::git::fixture::Fixture;

use super::super::controlplane::ControlPlane;
use super::pty::{Kind, Terminal};

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";

fn settings(level: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\ndata:\n  level: {level}\n"
    )
}

fn deployment(name: &str, selector: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n      labels:\n        app: {name}\n    spec:\n{selector}      containers:\n      - name: web\n        image: nginx:1.27\n"
    )
}

fn open(size: (u16, u16), kind: Kind, checkout: &Path, cluster: &ControlPlane) -> Terminal {
    let home = checkout.join("../home");
    std::fs::create_dir_all(&home).unwrap();
    Terminal::start(size, kind, checkout, &home, &cluster.kubeconfig(), &[])
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn from_start_to_a_sync_and_back_again() {
    let cluster = ControlPlane::full();
    for (n, (size, kind)) in [((80, 24), Kind::Sixteen), ((160, 45), Kind::True)]
        .into_iter()
        .enumerate()
    {
        let dir = tempfile::tempdir().unwrap();
        let checkout = dir.path().join("repo");
        let mut repo = Fixture::init(&checkout).unwrap();
        // Each round has its own App, so that the second finds the cluster as the first did.
        let at = |file: &str| format!("web{n}/{file}");
        let of = |text: String| text.replace("shop", &format!("shop{n}"));
        let files = [
            (at("namespace.yaml"), of(NAMESPACE.to_owned())),
            (at("settings.yaml"), of(settings("info"))),
            (at("web.yaml"), of(deployment("web", ""))),
        ];
        let files: Vec<_> = files
            .iter()
            .map(|(p, t)| (p.as_str(), t.as_str()))
            .collect();
        repo.commit("The shop opens", &files).unwrap();

        let mut terminal = open(size, kind, &checkout, &cluster);
        let app = format!("web{n}");
        terminal.sees(&app).sees("admin").sees("v1.");
        // A yes before there is a Plan is none.
        terminal
            .keys("sy")
            .sees("3 to create")
            .sees("Sync: 3 steps");
        terminal.sees("yes, run it");
        terminal.keys("y").sees("Sync succeeded.");
        terminal
            .sees(&format!("Health of {app}: "))
            .sees("✓ Healthy");
        terminal.keys("q").sees_no_more("Sync succeeded.");
        terminal.sees("Healthy");

        // An edit from elsewhere appears by itself, with what it changed.
        terminal.keys("<enter>").sees("Diff").sees("synced");
        let namespace = format!("shop{n}");
        let patch = r#"{"data":{"level":"debug"}}"#;
        cluster.kubectl(&["-n", &namespace, "patch", "cm", "settings", "-p", patch]);
        terminal
            .sees("level: debug")
            .sees("level: info")
            .sees("1 difference");

        // So does a commit.
        repo.commit(
            "Say less",
            &[(&at("settings.yaml"), &of(settings("error")))],
        )
        .unwrap();
        terminal.sees("level: error").sees("1 commit ahead");
        terminal.keys("s").sees("1 to change").sees("yes, run it");
        terminal.keys("y").sees("Sync succeeded.").sees("✓ Healthy");
        terminal.keys("q").sees_no_more("level: debug");

        // Back to the first Run, and it says that it stays there.
        terminal.keys("R").sees("The shop opens").sees("Say less");
        terminal
            .keys("G<enter>")
            .sees("Rollback")
            .sees("level: info")
            .sees("yes, run it");
        terminal.keys("y").sees("Rollback succeeded.");
        terminal
            .keys("q")
            .sees("pinned to")
            .sees("Git is 1 commit ahead");
        let level = [
            "-n",
            &namespace,
            "get",
            "cm",
            "settings",
            "-o",
            "jsonpath={.data.level}",
        ];
        assert_eq!(cluster.kubectl(&level), "info");

        terminal.keys("q").keys("q").sees("y yes").keys("y");
        assert!(terminal.ends());
        terminal.is_given_back();
    }
    what_does_not_get_well_says_why(&cluster);
}

fn what_does_not_get_well_says_why(cluster: &ControlPlane) {
    let dir = tempfile::tempdir().unwrap();
    let checkout = dir.path().join("repo");
    let mut repo = Fixture::init(&checkout).unwrap();
    let nowhere = "      nodeSelector:\n        disk: none-such\n";
    let all = format!("{NAMESPACE}---\n{}", deployment("stuck", nowhere)).replace("shop", "shelf");
    repo.commit("Nowhere to run", &[("stuck/all.yaml", &all)])
        .unwrap();
    let mut terminal = open((80, 24), Kind::True, &checkout, cluster);
    terminal.sees("stuck").sees("v1.");
    terminal
        .keys("s")
        .sees("yes, run it")
        .keys("y")
        .sees("Sync succeeded.");
    // The pod's own words, and the scheduler's.
    terminal
        .sees("Deployment shelf/stuck")
        .sees("Unschedulable");
}
