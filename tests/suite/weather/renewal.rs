//! A kubeconfig that is written anew under a running console.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trueup::cli::Cli;
use trueup::cli::commands::{self, Process};
use trueup::domain::{ProblemKind, SystemClock};
use trueup::engine::{ClusterView, Engine, Reach, Request, SyncStatus};

use super::input::MAP;
use super::machine::Machine;
use super::server::{Server, Spell, status};

pub const DEADLINE: Duration = Duration::from_secs(60);

pub fn live(color: &str) -> Value {
    json!({
        "kind": "ConfigMap", "apiVersion": "v1", "data": { "color": color },
        "metadata": { "name": "a", "namespace": "shop", "uid": "u-2", "resourceVersion": "5" },
    })
}

/// The engine of a console in the repository of this machine.
pub fn engine(machine: &Machine) -> Engine {
    let cli = Cli::read(vec!["trueup".into()]).unwrap();
    let place = |name: &str| machine.path(name).display().to_string();
    let environment = [
        ("TRUEUP_CONFIG".to_owned(), place("config.yaml")),
        ("TRUEUP_CACHE_DIR".to_owned(), place("cache")),
        ("TRUEUP_STATE_DIR".to_owned(), place("state")),
    ];
    let process = Process {
        environment: environment.into_iter().collect(),
        kubeconfig: Some(machine.path("kubeconfig").into_os_string()),
        here: machine.path("shop"),
        host: "test".to_owned(),
        clock: Arc::new(SystemClock),
    };
    let setup = commands::setup(&cli, &process).unwrap();
    commands::engine(&cli, &setup, &process, Vec::new())
}

/// Waits until the one cluster and the one App are so.
pub async fn until(
    engine: &mut Engine,
    what: &str,
    so: impl Fn(&ClusterView, Option<&SyncStatus>) -> bool,
) {
    let wait = async {
        loop {
            let snapshot = engine.snapshot();
            let cluster = snapshot.clusters.first();
            if cluster.is_some_and(|c| so(c, snapshot.apps.first().map(|a| &a.sync))) {
                return;
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), engine.report()).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, wait).await;
    if waited.is_err() {
        let snapshot = engine.snapshot();
        let apps: Vec<_> = snapshot.apps.iter().map(|a| &a.sync).collect();
        panic!("in vain for {what}: {:?} {apps:?}", snapshot.clusters);
    }
}

pub fn is_known(app: Option<&SyncStatus>) -> bool {
    matches!(app, Some(SyncStatus::Drifted | SyncStatus::Available))
}

pub fn is_up(cluster: &ClusterView) -> bool {
    matches!(cluster.reach, Reach::Up { .. })
}

pub fn is_down(cluster: &ClusterView, kind: ProblemKind) -> bool {
    matches!(&cluster.reach, Reach::Down { problem, .. } if problem.kind == kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_kubeconfig_is_read_under_a_running_console() {
    let first = Server::start(live("red"), Vec::new());
    let second = Server::start(live("red"), Vec::new());
    let machine = Machine::new();
    machine.cluster(&first.url).shop(&[("web/a.yaml", MAP)]);
    let mut engine = engine(&machine);
    until(&mut engine, "the App", |c, app| is_up(c) && is_known(app)).await;

    // The token expires; what is open stays open.
    let no = status(401, "Unauthorized", "Unauthorized");
    first.turn(vec![Spell("", no.clone(), usize::MAX)]);
    engine.send(Request::Refresh(None));
    until(&mut engine, "the refusal", |c, _| {
        is_down(c, ProblemKind::Unauthenticated)
    })
    .await;

    // Whoever renewed it need not tell trueup.
    machine.cluster(&second.url);
    until(&mut engine, "the new server", |c, app| {
        is_up(c) && c.server == second.url && is_known(app)
    })
    .await;

    // What has not changed keeps its connection, whatever asks for a look at it.
    let n_found = |server: &Server| {
        server
            .asked()
            .iter()
            .filter(|l| l.ends_with("/version"))
            .count()
    };
    let before = n_found(&second);
    engine.send(Request::Refresh(None));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(n_found(&second), before, "{:?}", second.asked());

    // A file that is just being written is not yet another one.
    let good = std::fs::read_to_string(machine.path("kubeconfig")).unwrap();
    std::fs::write(machine.path("kubeconfig"), "").unwrap();
    engine.send(Request::Refresh(None));
    tokio::time::sleep(Duration::from_millis(500)).await;
    until(&mut engine, "the same server", |c, _| is_up(c)).await;

    // A context that is gone is not used any more, and one that is back is.
    let renamed = good.replace("name: prod", "name: other");
    std::fs::write(machine.path("kubeconfig"), renamed).unwrap();
    engine.send(Request::Refresh(None));
    until(&mut engine, "the Problem", |c, _| {
        is_down(c, ProblemKind::NotFound)
    })
    .await;
    std::fs::write(machine.path("kubeconfig"), good).unwrap();
    engine.send(Request::Refresh(None));
    until(&mut engine, "the end of it", |c, app| {
        is_up(c) && is_known(app)
    })
    .await;
}
