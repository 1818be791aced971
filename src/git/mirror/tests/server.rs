//! Servers on loopback: one that refuses, and Git's own over http.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::git::fixture::Fixture;
use crate::git::mirror::Mirror;

/// Answers every connection with what `answer` makes of it, on loopback.
pub(super) fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut first = String::new();
        if stream.read_line(&mut first).ok()? == 0 {
            return None;
        }
        let mut words = first.split_whitespace();
        let method = words.next()?.to_owned();
        let target = words.next()?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self {
            method,
            path,
            query,
            headers,
            body: Vec::new(),
        };
        if let Some(length) = request
            .header("content-length")
            .and_then(|l| l.parse().ok())
        {
            request.body = vec![0; length];
            stream.read_exact(&mut request.body).ok()?;
        } else if request.header("transfer-encoding").is_some() {
            loop {
                let mut size = String::new();
                stream.read_line(&mut size).ok()?;
                let size = usize::from_str_radix(size.trim(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk).ok()?;
                request.body.extend(&chunk[..size]);
                if size == 0 {
                    break;
                }
            }
        }
        Some(request)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

pub(super) fn refusing(status: &'static str) -> SocketAddr {
    serve(move |stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while Request::read(&mut reader).is_some() {
            let extra = if status.starts_with("401") {
                "www-authenticate: Basic realm=x\r\n"
            } else {
                ""
            };
            let _ = write!(
                &stream,
                "HTTP/1.1 {status}\r\n{extra}content-length: 0\r\n\r\n"
            );
        }
    })
}

/// Git's own server side, over http.
pub(super) struct GitServer {
    pub(super) root: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) sent: Arc<AtomicUsize>,
    /// Cut answers to a POST after so many bytes.
    pub(super) cut: Arc<AtomicUsize>,
}

impl GitServer {
    pub(super) fn start(root: &Path) -> Self {
        let (sent, cut) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicUsize::new(usize::MAX)),
        );
        let (dir, counter, limit) = (root.to_owned(), sent.clone(), cut.clone());
        let address = serve(move |stream| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while let Some(request) = Request::read(&mut reader) {
                let mut answer = backend(&dir, &request);
                let body_at = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                let body = answer.split_off(body_at);
                counter.fetch_add(body.len(), Ordering::SeqCst);
                let head = String::from_utf8(answer).unwrap();
                let _ = write!(
                    &stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{head}",
                    body.len()
                );
                let limit = limit.load(Ordering::SeqCst);
                if request.method == "POST" && body.len() > limit {
                    let _ = (&stream).write_all(&body[..limit]);
                    return;
                }
                let _ = (&stream).write_all(&body);
            }
        });
        Self {
            root: root.to_owned(),
            address,
            sent,
            cut,
        }
    }

    pub(super) fn fixture(&self) -> Fixture {
        let fixture = Fixture::init_bare(&self.root.join("x.git")).unwrap();
        fs::write(self.root.join("x.git/git-daemon-export-ok"), "").unwrap();
        fixture
    }

    pub(super) fn mirror(&self, cache: &Path) -> Mirror {
        Mirror::open(cache, &format!("http://{}/x.git", self.address)).unwrap()
    }
}

pub(super) fn backend(root: &Path, request: &Request) -> Vec<u8> {
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", &request.path)
        .env("QUERY_STRING", &request.query)
        .env(
            "CONTENT_TYPE",
            request.header("content-type").unwrap_or_default(),
        )
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env(
            "HTTP_CONTENT_ENCODING",
            request.header("content-encoding").unwrap_or_default(),
        )
        .env(
            "GIT_PROTOCOL",
            request.header("git-protocol").unwrap_or_default(),
        )
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&request.body)
        .unwrap();
    child.wait_with_output().unwrap().stdout
}
