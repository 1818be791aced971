//! An API server that knows one kind, ConfigMaps, and does as it is told: a few lines of HTTP on loopback.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http;

/// What to answer in place of the truth.
#[derive(Clone)]
pub enum Weather {
    /// A status, more headers, and a body.
    Says(u16, &'static str, String),
    /// Half of the truth.
    CutOff,
    /// Nothing, until the weather turns.
    Silence,
}

/// Weather for requests whose line contains a text; it passes after so many requests.
pub struct Spell(pub &'static str, pub Weather, pub usize);

/// A running server. It ends with the process.
pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
    spells: Arc<Mutex<Vec<Spell>>>,
}

/// A `Status` as the API server says no.
pub fn status(code: u16, reason: &str, message: &str) -> Weather {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message,
    });
    Weather::Says(code, "", body.to_string())
}

impl Server {
    /// Starts one that has this object, or each of an array, in its namespace `shop`.
    pub fn start(live: Value, spells: Vec<Spell>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let spells = Arc::new(Mutex::new(spells));
        let server = Self {
            url,
            asked: asked.clone(),
            spells: spells.clone(),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (live, log, spells) = (live.clone(), asked.clone(), spells.clone());
                std::thread::spawn(move || serve(stream, &live, &log, &spells));
            }
        });
        server
    }

    /// From now on the weather is this.
    pub fn turn(&self, spells: Vec<Spell>) {
        *self.spells.lock().unwrap() = spells;
    }

    /// The lines of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, live: &Value, log: &Mutex<Vec<String>>, spells: &Mutex<Vec<Spell>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some((line, body)) = http::request(&mut reader) {
        log.lock().unwrap().push(line.clone());
        let weather_now = || {
            let mut spells = spells.lock().unwrap();
            let spell = spells.iter_mut().find(|s| s.2 > 0 && line.contains(s.0));
            spell.map(|spell| {
                spell.2 -= 1;
                spell.1.clone()
            })
        };
        let weather = loop {
            match weather_now() {
                Some(Weather::Silence) => std::thread::sleep(Duration::from_millis(10)),
                weather => break weather,
            }
        };
        if line.contains("watch=1") && weather.is_none() {
            let _ = stream.write_all(http::WATCH.as_bytes());
            continue;
        }
        let (code, truth) = truth(&line, live, &body);
        let (code, headers, text, sent) = match weather {
            None => (code, "", truth.to_string(), None),
            Some(Weather::Says(code, headers, text)) => (code, headers, text, None),
            Some(Weather::CutOff | Weather::Silence) => {
                let text = truth.to_string();
                let half = text.len() / 2;
                (code, "", text, Some(half))
            }
        };
        let head = format!(
            "HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
            text.len()
        );
        let sent = &text.as_bytes()[..sent.unwrap_or(text.len())];
        if stream.write_all(&[head.as_bytes(), sent].concat()).is_err() || sent.len() < text.len() {
            return;
        }
    }
}

fn truth(line: &str, live: &Value, body: &[u8]) -> (u16, Value) {
    match http::method_and_path(line) {
        ("GET", "/api/v1/configmaps") => {
            let all = live.as_array().cloned();
            (200, http::list(all.unwrap_or_else(|| vec![live.clone()])))
        }
        ("PATCH", _) => {
            let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
            let mut made = live.get(0).unwrap_or(live).clone();
            made["data"] = wanted["data"].clone();
            (200, made)
        }
        ("GET", "/api/v1/namespaces/shop/configmaps/trueup-web") => {
            let absent = json!({
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound",
                "message": "configmaps \"trueup-web\" not found",
                "details": { "name": "trueup-web", "kind": "configmaps" },
            });
            (404, absent)
        }
        ("GET", "/api/v1/namespaces/shop") => {
            let namespace = json!({
                "kind": "Namespace", "apiVersion": "v1", "metadata": { "name": "shop", "uid": "u-3" },
            });
            (200, namespace)
        }
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => {
            let mut review: Value = serde_json::from_slice(body).unwrap_or_default();
            review["status"] = json!({ "allowed": true });
            (201, review)
        }
        (method, path) => http::of_itself(method, path),
    }
}
