//! How much a commit makes the engine do, counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use trueup::cli::Cli;
use trueup::cli::commands::{self, Process};
use trueup::domain::SystemClock;
use trueup::engine::Snapshot;
use trueup::git::fixture::Fixture;

use super::until;

const N_APPS: usize = 20;

#[tokio::test]
async fn a_commit_that_touches_one_app_renders_one() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let home = tempfile::tempdir().unwrap();
    let place = |name: &str| home.path().join(name);
    std::fs::write(place("config.yaml"), "{}\n").unwrap();
    // Nobody listens there: what Git says is known all the same.
    let kubeconfig = "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\n";
    std::fs::write(place("kubeconfig"), kubeconfig).unwrap();
    let mut shop = Fixture::init(&place("shop")).unwrap();
    let manifest = |app: usize, value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app-{app}}}\ndata: {{key: {value}}}\n"
        )
    };
    for app in 0..N_APPS {
        shop.write(&format!("app-{app}/a.yaml"), manifest(app, "one"))
            .unwrap();
    }
    let first = shop.commit("all of them", &[]).unwrap();

    let environment: BTreeMap<String, String> = [
        ("TRUEUP_CONFIG", "config.yaml"),
        ("TRUEUP_CACHE_DIR", "cache"),
        ("TRUEUP_STATE_DIR", "state"),
    ]
    .map(|(name, path)| (name.to_owned(), place(path).display().to_string()))
    .into();
    let cli = Cli::read(vec!["trueup".into()]).unwrap();
    let process = Process {
        environment,
        kubeconfig: Some(place("kubeconfig").into_os_string()),
        here: place("shop"),
        host: "test".into(),
        clock: Arc::new(SystemClock),
    };
    let setup = commands::setup(&cli, &process).unwrap();
    let mut engine = commands::engine(&cli, &setup, &process, Vec::new());
    let at = |s: &Snapshot, commit| {
        let is_at = |target: &trueup::engine::Target| target.commit.id == commit;
        s.apps.len() == N_APPS && s.apps.iter().all(|a| a.target.as_ref().is_some_and(is_at))
    };
    let before = until(&mut engine, |s| at(s, first.clone())).await;
    shop.write("app-7/a.yaml", manifest(7, "two")).unwrap();
    let second = shop.commit("one of them", &[]).unwrap();
    let after = until(&mut engine, |s| at(s, second.clone())).await;
    // News that come while it is rendered have it rendered once more; no other is.
    let n_renders = after.counters.renders - before.counters.renders;
    assert!((1..=3).contains(&n_renders), "{n_renders} renders");
}
