//! How soon a key shows while five hundred objects a second change.

use std::fs;
use std::time::{Duration, Instant};

use super::console::Pty;
use super::feed::{Feed, manifest};
use super::shop::Shop;

const N_APPS: usize = 1000;
const N_OBJECTS: usize = 10;
const EVENTS_A_SECOND: u32 = 500;

/// From a key that is sent into the terminal until the frame that shows it has come out of it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures the built console in a storm of watch events; use --profile bench"]
async fn key_to_frame_in_a_storm() {
    let shop = Shop::of(N_APPS, N_OBJECTS, |_, name| manifest(name));
    let name = |i| format!("app-{:03}-{:02}", i / N_OBJECTS, i % N_OBJECTS);
    let feed = Feed::start((0..N_APPS * N_OBJECTS).map(name).collect(), EVENTS_A_SECOND);
    let kubeconfig = shop.files().join("../kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: '{}'}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\ncurrent-context: c\n",
        feed.url
    );
    fs::write(&kubeconfig, text).unwrap();
    let mut pty = Pty::start(&shop, &kubeconfig, &[]);
    pty.until(|sent| sent.text().contains("1000 Apps"));
    pty.rest().await;
    println!("at rest: {}, {}", pty.status("VmRSS"), pty.status("VmHWM"));
    keys(&mut pty, "without a storm").await;

    feed.blow(true);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (began, events) = (Instant::now(), feed.n_events());
    let (bytes, ticks) = (pty.bytes(), pty.ticks());
    keys(&mut pty, "in a storm").await;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "a second: {:.0} events, {:.0} bytes to the terminal, {:.0} ms of processor time; {}",
        (feed.n_events() - events) as f64 / seconds,
        (pty.bytes() - bytes) as f64 / seconds,
        (pty.ticks() - ticks) as f64 * 10.0 / seconds,
        pty.status("VmRSS")
    );
    feed.blow(false);
    pty.key("q");
}

/// Walks down and up the list, a key at a time.
async fn keys(pty: &mut Pty, when: &str) {
    let mut times = Vec::new();
    for i in 0..600 {
        let key = if i / 20 % 2 == 0 { "j" } else { "k" };
        let before = pty.selected();
        let began = Instant::now();
        pty.key(key);
        pty.until(|sent| sent.selected() != before);
        times.push(began.elapsed());
        // No beat that events, snapshots and keys could share.
        tokio::time::sleep(Duration::from_millis(15 + i % 13)).await;
    }
    times.sort();
    println!(
        "key to frame {when}: p50 {:.1?} p99 {:.1?} max {:.1?}",
        times[300], times[593], times[599]
    );
}
