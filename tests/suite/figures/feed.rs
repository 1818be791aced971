//! An API server of ConfigMaps, thousands of them, that somebody edits all the time: a few lines of HTTP on loopback.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::shop::NAMESPACE;
use crate::http;

/// What the objects are called, and which of them are edited at the moment.
struct Objects {
    names: Vec<String>,
    edited: Vec<bool>,
}

/// A running server. It ends with the process.
pub struct Feed {
    pub url: String,
    objects: Arc<Mutex<Objects>>,
    /// Whether objects are being edited.
    blowing: Arc<AtomicBool>,
    n_events: Arc<AtomicU64>,
}

impl Feed {
    /// Starts one that has ConfigMaps of these names; while it storms, so many events a second come.
    pub fn start(names: Vec<String>, events_a_second: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let edited = vec![false; names.len()];
        let feed = Self {
            url,
            objects: Arc::new(Mutex::new(Objects { names, edited })),
            blowing: Arc::default(),
            n_events: Arc::default(),
        };
        let every = Duration::from_secs(1) / events_a_second;
        let shared = (
            feed.objects.clone(),
            feed.blowing.clone(),
            feed.n_events.clone(),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (objects, blowing, n_events) = shared.clone();
                std::thread::spawn(move || serve(stream, &objects, &blowing, &n_events, every));
            }
        });
        feed
    }

    /// Begins or ends the storm.
    pub fn blow(&self, on: bool) {
        self.blowing.store(on, Ordering::Relaxed);
    }

    /// Events sent so far.
    pub fn n_events(&self) -> u64 {
        self.n_events.load(Ordering::Relaxed)
    }
}

/// An object as `kubectl apply --server-side` left it.
fn object(name: &str, edited: bool, version: u64) -> Value {
    let region = if edited { "moon-1" } else { "eu-west-1" };
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": name, "namespace": NAMESPACE, "uid": format!("u-{name}"), "resourceVersion": version.to_string(),
            "creationTimestamp": "2026-01-01T00:00:00Z", "labels": { "team": "shop" },
            "managedFields": [{
                "manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": { "f:data": { "f:LOG_LEVEL": {}, "f:REGION": {} }, "f:metadata": { "f:labels": { "f:team": {} } } },
            }],
        },
        "data": { "LOG_LEVEL": "info", "REGION": region },
    })
}

/// The same as a manifest.
pub fn manifest(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  labels: {{team: shop}}\ndata:\n  LOG_LEVEL: info\n  REGION: eu-west-1\n"
    )
}

fn serve(
    stream: TcpStream,
    objects: &Mutex<Objects>,
    blowing: &AtomicBool,
    n_events: &AtomicU64,
    every: Duration,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let _ = stream.set_nodelay(true);
    while let Some((line, body)) = http::request(&mut reader) {
        if line.contains("watch=1") {
            watch(&mut stream, objects, blowing, n_events, every);
            return;
        }
        let (code, answer) = answer(&line, &body, objects);
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        if stream
            .write_all(&[head.as_bytes(), text.as_bytes()].concat())
            .is_err()
        {
            return;
        }
    }
}

/// Every second event is an edit that changes a value or takes the change back; the others change nothing that counts.
fn watch(
    stream: &mut TcpStream,
    objects: &Mutex<Objects>,
    blowing: &AtomicBool,
    n_events: &AtomicU64,
    every: Duration,
) {
    if stream.write_all(http::WATCH.as_bytes()).is_err() {
        return;
    }
    let mut next = Instant::now();
    let mut random: u64 = 7;
    loop {
        if !blowing.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
            next = Instant::now();
            continue;
        }
        next += every;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        // Knuth's MMIX generator: the same storm each time.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let version = 100 + n_events.fetch_add(1, Ordering::Relaxed);
        let event = {
            let mut objects = objects.lock().unwrap();
            let at = (random >> 33) as usize % objects.names.len();
            objects.edited[at] ^= version.is_multiple_of(2);
            let object = object(&objects.names[at], objects.edited[at], version);
            format!("{}\n", json!({ "type": "MODIFIED", "object": object }))
        };
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        if stream.write_all(chunk.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(line: &str, body: &[u8], objects: &Mutex<Objects>) -> (u16, Value) {
    let objects = objects.lock().unwrap();
    match http::method_and_path(line) {
        ("GET", "/api/v1/configmaps") => {
            let all = objects.names.iter().zip(&objects.edited);
            let items = all.map(|(name, edited)| object(name, *edited, 1));
            (200, http::list(items.collect()))
        }
        // A dry run: what is asked for, beside what is there.
        ("PATCH", path) => {
            let name = path.rsplit('/').next().unwrap_or_default();
            let mut made = object(name, false, 1);
            let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
            made["data"] = wanted["data"].clone();
            (200, made)
        }
        (method, path) => http::of_itself(method, path),
    }
}
