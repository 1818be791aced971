//! The figures of `docs/performance.md`, measured against a real API server.
//!
//! Each prints what it found; what is asserted is counted, never timed. Run as that document says.

mod console;
mod feed;
mod renders;
mod shop;
mod storm;
mod verdict;
mod world;

use std::sync::Arc;
use std::time::Duration;

use trueup::engine::{Engine, Snapshot};

use crate::controlplane::ControlPlane;
use shop::Shop;

const N_APPS: usize = 100;
const N_OBJECTS: usize = 50;

/// Waits until something is so.
async fn until(engine: &mut Engine, so: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let wait = async {
        loop {
            let snapshot = engine.snapshot();
            if so(&snapshot) {
                return snapshot;
            }
            engine.report().await.expect("the engine lives");
        }
    };
    tokio::time::timeout(Duration::from_secs(300), wait)
        .await
        .expect("it comes to pass")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS); measures, use --profile bench"]
async fn figures_on_a_real_server() {
    let plane = ControlPlane::bare();
    let shop = Shop::new(N_APPS, N_OBJECTS);
    verdict::measure(&plane, &shop, (N_APPS * N_OBJECTS) as u64);
    console::measure(&plane, &shop).await;
    world::measure(&plane, &shop).await;
}
