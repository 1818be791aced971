//! The first complete verdict on many Apps in sync, against `kubectl diff` on the same files.

use std::process::{Command, Stdio};
use std::time::Instant;

use super::shop::{NAMESPACE, Shop, n_requests};
use crate::controlplane::{ControlPlane, kubectl};

const N_APPS: usize = 100;
const N_OBJECTS: usize = 50;

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS); measures, use --profile bench"]
fn first_complete_verdict() {
    let plane = ControlPlane::bare();
    let shop = Shop::new(N_APPS, N_OBJECTS);
    let objects = (N_APPS * N_OBJECTS) as u64;
    let before = n_requests(&plane);
    let took = shop.sync(&plane);
    let requests = n_requests(&plane) - before;
    println!("sync --all --available --yes: {took:.1?}, {requests} requests");

    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = n_requests(&plane);
        let (output, took) = shop.trueup(&plane, &["diff"]);
        let requests = n_requests(&plane) - before;
        least = least.min(requests);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        println!("trueup diff: {took:.2?}, {requests} requests");
    }

    let before = n_requests(&plane);
    let began = Instant::now();
    let status = Command::new(kubectl())
        .args(["diff", "--server-side", "-R"])
        .args(["-n", NAMESPACE, "-f", "."])
        .current_dir(shop.files())
        .env("KUBECONFIG", plane.kubeconfig())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let took = began.elapsed();
    let requests = n_requests(&plane) - before;
    println!("kubectl diff --server-side -R -f: {took:.2?}, {requests} requests, {status}");

    // Lists, watches and discovery are some dozens; of dry runs there is one an object.
    assert!(
        least <= objects + 100,
        "{least} requests for {objects} objects"
    );
}
