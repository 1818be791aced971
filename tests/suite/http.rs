//! What the API servers of these tests have in common, which are a few lines of HTTP each and know ConfigMaps alone.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;

use serde_json::{Value, json};

/// Reads one request: its first line without the protocol, and its body. `None`: there is none any more.
pub fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let line = |reader: &mut BufReader<TcpStream>| {
        let mut line = String::new();
        let n = reader.read_line(&mut line).ok()?;
        (n > 0).then_some(line)
    };
    let first = line(reader)?;
    let mut length = 0;
    loop {
        let header = line(reader)?.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(n) = header.strip_prefix("content-length:") {
            length = n.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let first = first.trim().trim_end_matches(" HTTP/1.1").to_owned();
    Some((first, body))
}

/// The head of an answer that is a watch: its events follow as chunks.
pub const WATCH: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What such a server says of itself, whatever it holds; else that there is no such thing.
pub fn of_itself(method: &str, path: &str) -> (u16, Value) {
    let answer = match (method, path) {
        ("GET", "/version") => json!({ "major": "1", "minor": "36", "gitVersion": "v1.36.0" }),
        ("GET", "/api") => json!({ "kind": "APIVersions", "versions": ["v1"] }),
        ("GET", "/apis") => json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [] }),
        ("GET", "/api/v1") => json!({
            "kind": "APIResourceList", "groupVersion": "v1", "resources": [{
                "name": "configmaps", "singularName": "configmap", "namespaced": true, "kind": "ConfigMap",
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            }],
        }),
        ("GET", "/api/v1/namespaces/kube-system") => json!({
            "kind": "Namespace", "apiVersion": "v1", "metadata": { "name": "kube-system", "uid": "u-1" },
        }),
        _ => {
            let status = json!({ "kind": "Status", "code": 404, "reason": "NotFound", "message": "not found" });
            return (404, status);
        }
    };
    (200, answer)
}

/// A list of ConfigMaps.
pub fn list(items: Vec<Value>) -> Value {
    json!({
        "kind": "ConfigMapList", "apiVersion": "v1", "metadata": { "resourceVersion": "7" }, "items": items,
    })
}

/// Method and path of the first line of a request.
pub fn method_and_path(line: &str) -> (&str, &str) {
    let (method, target) = line.split_once(' ').unwrap_or_default();
    (method, target.split('?').next().unwrap_or_default())
}
