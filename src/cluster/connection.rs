//! One cluster, reached through one kubeconfig context.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::de::DeserializeOwned;

use crate::domain::{Problem, ProblemKind, Result, Value};

/// A body larger than this is refused before it fills the memory.
const MAX_BODY: usize = 512 << 20;

/// A connection to one cluster. Cheap to clone. It can read and ask; what changes something needs a writer.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

struct Inner {
    context: String,
    client: kube::Client,
    timeout: Duration,
    n_requests: AtomicU64,
}

/// An answer of the API server, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// The body as sent.
    pub body: Vec<u8>,
    /// Texts of `Warning` headers.
    pub warnings: Vec<String>,
    /// `Retry-After`, where the server gave one in seconds.
    pub retry_after: Option<Duration>,
}

impl Reply {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON. A body that is not JSON is a Problem.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Problem::new(
                ProblemKind::Unreachable,
                "the server's answer is not the JSON that it should be",
            )
            .because(error.to_string())
            .hint("A proxy or gateway may have answered in the server's place.")
        })
    }

    /// The body as an object.
    pub fn value(&self) -> Result<Value> {
        self.json()
    }
}

impl Connection {
    /// A connection through a client that is made already. `timeout` bounds each request but watches. Must be
    /// called inside a Tokio runtime.
    pub fn from_client(context: &str, client: kube::Client, timeout: Duration) -> Self {
        Self {
            inner: Arc::new(Inner {
                context: context.to_owned(),
                client,
                timeout,
                n_requests: AtomicU64::new(0),
            }),
        }
    }

    /// The kubeconfig context that it was made from.
    pub fn context(&self) -> &str {
        &self.inner.context
    }

    /// The client, for what needs more than [`Connection::request`].
    pub(super) fn client(&self) -> &kube::Client {
        self.inner.n_requests.fetch_add(1, Ordering::Relaxed);
        &self.inner.client
    }

    /// Requests sent so far, watches included.
    pub fn n_requests(&self) -> u64 {
        self.inner.n_requests.load(Ordering::Relaxed)
    }

    /// Sends one request, once, and reads the whole answer.
    ///
    /// # Errors
    /// Only where no answer came: not reachable, timed out, cut off. A status that tells of an error is a [`Reply`].
    pub async fn request(
        &self,
        method: http::Method,
        path_and_query: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Reply> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path_and_query)
            .header(http::header::ACCEPT, "application/json");
        if let Some(content_type) = content_type {
            request = request.header(http::header::CONTENT_TYPE, content_type);
        }
        let request = request.body(Body::from(body)).map_err(|error| {
            Problem::new(ProblemKind::Internal, "the request could not be built").because_of(&error)
        })?;
        let answer = tokio::time::timeout(self.inner.timeout, self.exchange(request)).await;
        match answer {
            Ok(reply) => reply,
            Err(_) => Err(Problem::new(
                ProblemKind::Unreachable,
                format!(
                    "the API server did not answer within {} s",
                    self.inner.timeout.as_secs()
                ),
            )
            .at(self.context().to_owned())),
        }
    }

    /// A GET of a path.
    pub async fn get(&self, path_and_query: &str) -> Result<Reply> {
        self.request(http::Method::GET, path_and_query, None, Vec::new())
            .await
    }

    async fn exchange(&self, request: http::Request<Body>) -> Result<Reply> {
        let response = self
            .client()
            .send(request)
            .await
            .map_err(|error| self.broken(&error))?;
        let (parts, body) = response.into_parts();
        let body = http_body_util::Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(|error| {
                Problem::new(ProblemKind::Unreachable, "the server's answer was cut off")
                    .at(self.context().to_owned())
                    .because(error.to_string())
            })?
            .to_bytes();
        let header = |name: http::header::HeaderName| parts.headers.get(name)?.to_str().ok();
        Ok(Reply {
            status: parts.status.as_u16(),
            body: body.to_vec(),
            warnings: parts
                .headers
                .get_all(http::header::WARNING)
                .iter()
                .filter_map(|v| v.to_str().ok())
                .map(warning_text)
                .collect(),
            retry_after: header(http::header::RETRY_AFTER)
                .and_then(|v| v.parse().ok())
                .map(Duration::from_secs),
        })
    }

    fn broken(&self, error: &kube::Error) -> Problem {
        Problem::new(ProblemKind::Unreachable, "the API server cannot be reached")
            .at(self.context().to_owned())
            .because_of(error)
    }
}

/// The text of a `Warning: 299 - "text"` header (RFC 7234, 5.5).
fn warning_text(header: &str) -> String {
    let quoted = header.find('"').and_then(|start| {
        let rest = &header[start + 1..];
        rest.rfind('"').map(|end| &rest[..end])
    });
    quoted.unwrap_or(header).replace("\\\"", "\"")
}
