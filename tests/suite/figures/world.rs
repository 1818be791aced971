//! A live engine over many Apps: what it asks while nothing changes, and what one change costs.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trueup::cli::Cli;
use trueup::cli::commands::{self, Process};
use trueup::cluster::{ConnectOptions, Connection, Kubeconfigs};
use trueup::domain::SystemClock;
use trueup::engine::{Counters, Engine, Snapshot, SyncStatus};

use super::shop::{NAMESPACE, Shop};
use super::until;
use crate::controlplane::ControlPlane;

/// An engine as `trueup --namespace load` starts it in the checkout.
fn engine(plane: &ControlPlane, shop: &Shop) -> Engine {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::read(
        ["trueup", "--namespace", NAMESPACE]
            .map(Into::into)
            .to_vec(),
    )
    .unwrap();
    let environment: BTreeMap<String, String> = shop
        .environment()
        .map(|(name, path)| (name.to_owned(), path.display().to_string()))
        .into();
    let process = Process {
        environment,
        kubeconfig: Some(plane.kubeconfig().into_os_string()),
        here: shop.files(),
        host: "bench".into(),
        clock: Arc::new(SystemClock),
    };
    let setup = commands::setup(&cli, &process).unwrap();
    commands::engine(&cli, &setup, &process, Vec::new())
}

/// All that the engine has reported, taken out, after a while without a change.
async fn rest(engine: &mut Engine, time: Duration) -> Counters {
    let quiet = async { while engine.report().await.is_some() {} };
    let _ = tokio::time::timeout(time, quiet).await;
    engine.snapshot().counters
}

fn n_drifted(snapshot: &Snapshot) -> usize {
    let drifted = |app: &&Arc<trueup::engine::AppView>| app.sync == SyncStatus::Drifted;
    snapshot.apps.iter().filter(drifted).count()
}

/// Measures a shop in sync; forty objects and a commit differ after it.
pub async fn measure(plane: &ControlPlane, shop: &Shop) {
    let began = Instant::now();
    let mut engine = engine(plane, shop);
    let settled = until(&mut engine, |s| s.settled && !s.apps.is_empty()).await;
    println!("settled: {:.2?}, {:?}", began.elapsed(), settled.counters);
    assert_eq!(n_drifted(&settled), 0);
    // An App whose rendering was overtaken by news is rendered again.
    assert!((100..105).contains(&settled.counters.renders));

    let before = rest(&mut engine, Duration::from_secs(3)).await;
    let after = rest(&mut engine, Duration::from_secs(60)).await;
    println!("a minute without a change: {before:?} -> {after:?}");
    assert_eq!(before.requests, after.requests);

    // A commit that touches one object of one App.
    let file = shop.files().join("app-050/00.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("LOG_LEVEL: info", "LOG_LEVEL: debug")).unwrap();
    let began = Instant::now();
    shop.commit("one App says more");
    until(&mut engine, |s| n_drifted(s) == 1).await;
    println!("a commit until it shows: {:.0?}", began.elapsed());
    let now = rest(&mut engine, Duration::from_secs(3)).await;
    println!("a commit: {after:?} -> {now:?}");
    assert!((1..=3).contains(&(now.renders - after.renders)));
    assert_eq!(now.dry_runs - after.dry_runs, 1);

    // Edits in the cluster, each of another object.
    let connection = admin(plane).await;
    let mut times = Vec::new();
    for i in 0..40 {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/configmaps/app-{i:03}-00");
        let began = Instant::now();
        patch(&connection, &path, r#"{"data":{"REGION":"moon-1"}}"#).await;
        until(&mut engine, |s| n_drifted(s) == i + 2).await;
        times.push(began.elapsed());
    }
    times.sort();
    println!(
        "an edit until it shows: p50 {:.0?} p95 {:.0?}",
        times[19], times[37]
    );
    let last = rest(&mut engine, Duration::from_secs(3)).await;
    println!("40 edits: {now:?} -> {last:?}");
    // One unforced dry run that meets another manager's field, and one with force.
    assert!(last.dry_runs - now.dry_runs <= 80);
}

/// A connection of the cluster's administrator.
pub async fn admin(plane: &ControlPlane) -> Connection {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfigs = Kubeconfigs::load(Some(plane.kubeconfig().as_os_str()), None).unwrap();
    Connection::open(&kubeconfigs, "admin", &ConnectOptions::default())
        .await
        .unwrap()
}

/// Edits an object as anybody might.
pub async fn patch(connection: &Connection, path: &str, body: &str) {
    let kind = Some("application/merge-patch+json");
    let body = body.as_bytes().to_vec();
    let reply = connection
        .request(http::Method::PATCH, path, kind, body)
        .await
        .unwrap();
    assert!(reply.is_success(), "{}", reply.status);
}
