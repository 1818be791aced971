//! The built console in a pseudo-terminal: its first frame, its memory, its silence, and how soon an edit shows.

use std::fs;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::shop::{NAMESPACE, Shop};
use super::world::{admin, patch};
use crate::controlplane::ControlPlane;

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap()
}

/// What a terminal has been sent.
#[derive(Default)]
pub struct Sent {
    parser: vt100::Parser,
    bytes: usize,
    first: Option<Instant>,
}

impl Sent {
    /// The text on screen.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// The line of the list that is marked as selected.
    pub fn selected(&self) -> Option<u16> {
        let screen = self.parser.screen();
        let marked = |row: &u16| (0..2).any(|column| cell(screen, *row, column) == "▌");
        (0..40).find(marked)
    }
}

fn cell(screen: &vt100::Screen, row: u16, column: u16) -> &str {
    screen.cell(row, column).map_or("", |cell| cell.contents())
}

/// The console in a terminal of 120x40.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn std::io::Write + Send>,
    sent: Arc<(Mutex<Sent>, Condvar)>,
    began: Instant,
}

impl Pty {
    pub fn start(shop: &Shop, kubeconfig: &Path, args: &[&str]) -> Self {
        let size = PtySize {
            rows: 40,
            cols: 120,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trueup"));
        command.args(["--namespace", NAMESPACE]);
        command.args(args);
        command.cwd(shop.files());
        command.env("KUBECONFIG", kubeconfig);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        for (name, path) in shop.environment() {
            command.env(name, path);
        }
        let sent = Sent {
            parser: vt100::Parser::new(cells(40), cells(120), 0),
            ..Sent::default()
        };
        let sent = Arc::new((Mutex::new(sent), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let into = sent.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                let mut sent = into.0.lock().unwrap();
                sent.parser.process(&buffer[..n]);
                sent.bytes += n;
                if sent.first.is_none() && sent.parser.screen().contents().contains("trueup") {
                    sent.first = Some(Instant::now());
                }
                into.1.notify_all();
            }
        });
        Self {
            child,
            _master: pair.master,
            keys,
            sent,
            began,
        }
    }

    /// Waits until the screen is so.
    pub fn until(&self, so: impl Fn(&Sent) -> bool) {
        let mut sent = self.sent.0.lock().unwrap();
        let by = Instant::now() + Duration::from_secs(120);
        while !so(&sent) {
            let left = by.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{}", sent.parser.screen().contents());
            sent = self.sent.1.wait_timeout(sent, left).unwrap().0;
        }
    }

    /// The line of the list that is marked as selected.
    pub fn selected(&self) -> Option<u16> {
        self.sent.0.lock().unwrap().selected()
    }

    pub fn bytes(&self) -> usize {
        self.sent.0.lock().unwrap().bytes
    }

    pub fn key(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until it does nothing any more: its verdicts are complete then.
    pub async fn rest(&self) {
        let mut ticks = self.ticks();
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let now = self.ticks();
            if now - ticks < 3 {
                return;
            }
            ticks = now;
        }
    }

    /// One line of `/proc/PID/status`.
    pub fn status(&self, line: &str) -> String {
        let pid = self.child.process_id().unwrap();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let found = status.lines().find(|l| l.starts_with(line));
        found
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Processor time so far, in ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        let pid = self.child.process_id().unwrap();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect();
        fields[11..13]
            .iter()
            .filter_map(|f| f.parse::<u64>().ok())
            .sum()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "prints how soon the first frame comes; use --profile bench"]
fn first_frame_before_any_answer() {
    let shop = Shop::new(100, 50);
    // An address that swallows packets: nothing answers, nothing refuses.
    let kubeconfig = shop.files().join("../kubeconfig");
    fs::write(
        &kubeconfig,
        "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://192.0.2.1:6443'}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\n",
    )
    .unwrap();
    let mut times = Vec::new();
    for _ in 0..20 {
        let pty = Pty::start(&shop, &kubeconfig, &[]);
        pty.until(|sent| sent.first.is_some());
        let first = pty.sent.0.lock().unwrap().first.unwrap();
        times.push(first - pty.began);
    }
    times.sort();
    println!("first frame: p50 {:.1?} max {:.1?}", times[10], times[19]);
}

/// Measures a console over a shop.
pub async fn measure(plane: &ControlPlane, shop: &Shop) {
    let mut pty = Pty::start(shop, &plane.kubeconfig(), &[]);
    pty.until(|sent| sent.parser.screen().contents().contains("100 Apps"));
    pty.rest().await;
    println!("{}, {}", pty.status("VmRSS"), pty.status("VmHWM"));

    let (bytes, ticks) = (pty.bytes(), pty.ticks());
    tokio::time::sleep(Duration::from_secs(60)).await;
    println!(
        "a minute without a change: {} bytes, {} ms of processor time",
        pty.bytes() - bytes,
        (pty.ticks() - ticks) * 10
    );
    for key in ["j", "j", "j", "k"] {
        let bytes = pty.bytes();
        pty.key(key);
        tokio::time::sleep(Duration::from_millis(500)).await;
        println!("{key}: {} bytes", pty.bytes() - bytes);
    }

    // Edits of the App that is looked at.
    pty.key("g");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let connection = admin(plane).await;
    let path = format!("/api/v1/namespaces/{NAMESPACE}/configmaps/app-000-00");
    let mut times = Vec::new();
    for i in 0..40 {
        let value = format!("moon-{i}-base");
        let began = Instant::now();
        patch(
            &connection,
            &path,
            &format!(r#"{{"data":{{"REGION":"{value}"}}}}"#),
        )
        .await;
        pty.until(|sent| sent.parser.screen().contents().contains(&value));
        times.push(began.elapsed());
    }
    times.sort();
    println!(
        "an edit until it is on screen: p50 {:.0?} p95 {:.0?}",
        times[19], times[37]
    );
    println!("{}, {}", pty.status("VmRSS"), pty.status("VmHWM"));

    // In sync again: what follows counts from there.
    patch(&connection, &path, r#"{"data":{"REGION":"eu-west-1"}}"#).await;
    pty.until(|sent| !sent.text().contains("moon-"));

    // Commits of the App that is looked at. The clock runs while `git commit` does.
    let file = shop.files().join("app-000/00.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let mut times = Vec::new();
    for i in 0..20 {
        let value = format!("mars-{i}-base");
        fs::write(&file, text.replace("eu-west-1", &value)).unwrap();
        shop.stage();
        // What the files on disk say is no news any more.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        shop.commit_staged("another region");
        pty.until(|sent| sent.text().contains(&value));
        times.push(began.elapsed());
    }
    fs::write(&file, text).unwrap();
    shop.commit("the first region");
    pty.until(|sent| !sent.text().contains("mars-"));
    times.sort();
    println!(
        "a commit until it is on screen: p50 {:.0?} p95 {:.0?}",
        times[9], times[18]
    );
    pty.key("q");
}
