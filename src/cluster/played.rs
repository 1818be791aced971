//! A far end that plays recorded answers in order and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::json;

use super::access::Source;
use super::scripted::over;
use super::{Connection, Resource};
use crate::domain::{Gvk, SystemClock, Value};

pub(crate) fn resource(
    group: &str,
    version: &str,
    kind: &str,
    plural: &str,
    namespaced: bool,
) -> Resource {
    Resource {
        gvk: Gvk {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        },
        plural: plural.to_owned(),
        namespaced,
        verbs: Vec::new(),
    }
}

pub(crate) fn deployments() -> Resource {
    resource("apps", "v1", "Deployment", "deployments", true)
}

pub(crate) fn configmaps() -> Resource {
    resource("", "v1", "ConfigMap", "configmaps", true)
}

/// One request as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// Method, path and query.
    pub line: String,
    pub content_type: String,
    pub body: Value,
}

/// What was asked so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Asked>>>);

impl Log {
    pub fn all(&self) -> Vec<Asked> {
        self.0.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.all().into_iter().map(|asked| asked.line).collect()
    }
}

/// A connection whose far end gives these answers, one a request; one more request than answers is a broken
/// connection.
pub(crate) fn play(answers: Vec<(u16, Value)>) -> (Connection, Log) {
    let log = Log::default();
    let kept = log.clone();
    let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (log, answers) = (kept.clone(), answers.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let content_type = head.headers.get(http::header::CONTENT_TYPE);
            log.0.lock().unwrap().push(Asked {
                line: format!("{} {}", head.method, head.uri),
                content_type: content_type
                    .map(|v| v.to_str().unwrap().to_owned())
                    .unwrap_or_default(),
                body: serde_json::from_slice(&body).unwrap_or(Value::Null),
            });
            let (status, answer) = answers
                .lock()
                .unwrap()
                .pop_front()
                .ok_or("connection reset by peer")?;
            let text = match answer {
                Value::String(text) => text,
                json => json.to_string(),
            };
            let response = http::Response::builder()
                .status(status)
                .body(Body::from(text.into_bytes()))?;
            Ok::<_, tower::BoxError>(response)
        }
    });
    let client = kube::Client::new(service, "default");
    let nobody = Source::Fixed(None);
    let limit = Duration::from_secs(5);
    (over(client, nobody, Arc::new(SystemClock), limit), log)
}

/// A `Status` as the server sends it.
pub(crate) fn status(code: u16, reason: &str, message: &str, details: Value) -> (u16, Value) {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code,
    });
    (code, body)
}
