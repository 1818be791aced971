//! One cluster, reached through one kubeconfig context.

pub(super) mod backoff;
mod busy;
mod recent;
pub(super) mod transport;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WARNING};
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use super::access::{Access, Grant};
use super::connect::origin::Origin;
use super::refusal::status;
use super::rights::Ask;
use crate::domain::{Clock, GroupKind, Gvk, ObjectKey, Problem, ProblemKind, Result, Value};
use backoff::Jitter;
use busy::Busy;
use recent::Recent;
use transport::{AuthKind, Endpoint};

/// A body larger than this is refused before it fills the memory.
const MAX_BODY: usize = 512 << 20;
/// An API that knows dry runs does not unlearn them; one that is replaced does so rarely.
const DRY_RUN_KNOWN: Duration = Duration::from_secs(3600);
/// How long one question waits in all because the server asks it to; dry runs all together, if no other answer comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to one cluster. Cheap to clone. It can read and ask; what changes something needs a writer.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
    origin: Option<Arc<Origin>>,
}

struct Inner {
    endpoint: Endpoint,
    access: Access,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    n_requests: AtomicU64,
    n_bytes: AtomicU64,
    n_events: AtomicU64,
    woken: Notify,
    /// Rights that were granted a moment ago.
    granted: Recent<Ask, bool>,
    /// What a kind held a moment ago.
    names: Recent<GroupKind, Arc<Vec<ObjectKey>>>,
    /// Kinds whose API knows dry runs.
    dry_runs: Recent<Gvk, bool>,
    /// Whether the server asks to slow down, whatever dry run is asked for.
    busy: Busy,
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
        serde_json::from_slice(&self.body).map_err(|error| not_json(&error))
    }

    /// The body as an object.
    pub fn value(&self) -> Result<Value> {
        self.json()
    }
}

/// Why no answer came.
pub(super) struct Lost {
    pub problem: Problem,
    /// Whether the request may have arrived. Without a connection or credentials it was never sent.
    pub sent: bool,
}

fn unsent(problem: Problem) -> Lost {
    Lost {
        problem,
        sent: false,
    }
}

fn sent(problem: Problem) -> Lost {
    Lost {
        problem,
        sent: true,
    }
}

/// A body that does not parse. Which parts do not is told, what they hold is not.
pub(super) fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(
        ProblemKind::Unreachable,
        "the server's answer is not the JSON that it should be",
    )
    .because(format!(
        "{} at line {} column {}",
        match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Data => "a field has another type than it should",
            _ => "it is not JSON",
        },
        error.line(),
        error.column()
    ))
    .hint("A proxy or gateway may have answered in the server's place.")
}

impl Connection {
    pub(super) fn assemble(
        endpoint: Endpoint,
        access: Access,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        jitter: Jitter,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                endpoint,
                access,
                timeout,
                clock,
                jitter,
                n_requests: AtomicU64::new(0),
                n_bytes: AtomicU64::new(0),
                n_events: AtomicU64::new(0),
                woken: Notify::new(),
                granted: Recent::default(),
                names: Recent::default(),
                dry_runs: Recent::for_as_long_as(DRY_RUN_KNOWN),
                busy: Busy::default(),
            }),
            origin: None,
        }
    }

    pub(super) fn made_from(self, origin: Origin) -> Self {
        let origin = Some(Arc::new(origin));
        Self { origin, ..self }
    }

    /// What it was made from; `None` where that was no kubeconfig.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// Makes watches that wait before they try again try now.
    pub fn wake(&self) {
        self.inner.woken.notify_waiters();
    }

    /// Waits, unless the connection is woken.
    pub(super) async fn rest(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.inner.woken.notified()).await;
    }

    /// The kubeconfig context that it was made from.
    pub fn context(&self) -> &str {
        &self.inner.endpoint.context
    }

    /// The API server's URL; empty where it is not known.
    pub fn server(&self) -> &str {
        &self.inner.endpoint.server
    }

    /// Name of the kubeconfig's user entry; may be empty.
    pub fn user(&self) -> &str {
        &self.inner.endpoint.user
    }

    /// The namespace of the context.
    pub fn namespace(&self) -> &str {
        &self.inner.endpoint.namespace
    }

    /// How the user proves who they are.
    pub fn auth(&self) -> AuthKind {
        self.inner.endpoint.auth
    }

    /// Whether a Problem of this connection is one for which the person at a terminal could be asked to log in: the
    /// credential plugin may use a terminal, and gave nothing that the server takes.
    pub fn asking_may_help(&self, problem: &Problem) -> bool {
        problem.kind == ProblemKind::Unauthenticated && self.inner.access.may_ask()
    }

    /// Has the credential plugin ask the person at the terminal of this process, which is lent to it until `stop` ends.
    ///
    /// # Errors
    /// The plugin gave nothing, or was stopped.
    pub async fn log_in(&self, stop: impl Future<Output = ()>) -> Result<()> {
        self.inner.access.ask(self.endpoint(), stop).await
    }

    /// Requests sent so far, watches included.
    pub fn n_requests(&self) -> u64 {
        self.inner.n_requests.load(Ordering::Relaxed)
    }

    /// Bytes of bodies received so far, after decompression.
    pub fn n_bytes(&self) -> u64 {
        self.inner.n_bytes.load(Ordering::Relaxed)
    }

    /// Watch events received so far, also those that were dropped.
    pub fn n_events(&self) -> u64 {
        self.inner.n_events.load(Ordering::Relaxed)
    }

    pub(super) fn count_bytes(&self, n: usize) {
        self.inner.n_bytes.fetch_add(n as u64, Ordering::Relaxed);
    }

    pub(super) fn count_event(&self) {
        self.inner.n_events.fetch_add(1, Ordering::Relaxed);
    }

    /// Rights that were granted a moment ago.
    pub(super) fn granted(&self) -> &Recent<Ask, bool> {
        &self.inner.granted
    }

    /// Kinds whose API was seen to know dry runs.
    pub(super) fn dry_runs(&self) -> &Recent<Gvk, bool> {
        &self.inner.dry_runs
    }

    /// What a kind held a moment ago.
    pub(super) fn names(&self) -> &Recent<GroupKind, Arc<Vec<ObjectKey>>> {
        &self.inner.names
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    pub(super) fn jitter(&self) -> Jitter {
        self.inner.jitter.clone()
    }

    /// Sends one request and reads the whole answer. It is sent once; only where the server refused an outdated
    /// credential (401, so nothing was done) and a newer one is to be had, once more with that. A question that changes
    /// nothing is put again where the server asks for a short wait (429 with `Retry-After`); a long one is told.
    ///
    /// # Errors
    /// Only where no answer came: not reachable, timed out, cut off, no credentials. A status that tells of an error
    /// is a [`Reply`].
    pub async fn request(
        &self,
        method: Method,
        path_and_query: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Reply> {
        self.attempt(method, path_and_query, content_type, body)
            .await
            .map_err(|lost| lost.problem)
    }

    /// [`Connection::request`], and where no answer came, whether the request may have arrived.
    pub(super) async fn attempt(
        &self,
        method: Method,
        path_and_query: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Reply, Lost> {
        let mut headers = vec![(ACCEPT, "application/json")];
        headers.extend(content_type.map(|t| (CONTENT_TYPE, t)));
        self.request_with(method, path_and_query, &headers, body)
            .await
    }

    /// A GET of a path.
    pub async fn get(&self, path_and_query: &str) -> Result<Reply> {
        self.request(Method::GET, path_and_query, None, Vec::new())
            .await
    }

    /// [`Connection::request`] with headers of one's own.
    pub(super) async fn request_with(
        &self,
        method: Method,
        path_and_query: &str,
        headers: &[(HeaderName, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, Lost> {
        let limit = self.inner.timeout;
        let is_dry_run = path_and_query.contains("dryRun=All");
        // Who we are and what we may do is asked by a POST (authentication.k8s.io, authorization.k8s.io).
        let is_review = path_and_query.contains("/selfsubject");
        let is_question = method == Method::GET || is_dry_run || is_review;
        let mut patience = PATIENCE;
        loop {
            if let Some(reply) = self
                .inner
                .busy
                .answer(self.clock().instant(), PATIENCE)
                .filter(|_| is_dry_run)
            {
                return Ok(reply);
            }
            // On the heap: what waits for a request is itself waited for, many deep, and each holds all that it waits for.
            let response = self
                .send(method.clone(), path_and_query, headers, body.clone())
                .boxed()
                .await?;
            let reply = tokio::time::timeout(limit, self.collect(response).boxed())
                .await
                .unwrap_or_else(|_| Err(transport::timed_out(self.endpoint(), limit)))
                .map_err(sent)?;
            let asked = reply.retry_after.filter(|_| reply.status == 429);
            // A wait of 0 s is one all the same: a server that is overloaded is not to be hurried.
            let wait = asked.map(|wait| wait.max(Duration::from_secs(1)));
            if is_dry_run {
                let now = self.clock().instant();
                self.inner.busy.note(now, &reply, wait);
                patience = patience.min(PATIENCE.saturating_sub(self.inner.busy.lasts(now)));
            }
            match wait.filter(|wait| is_question && *wait <= patience) {
                Some(wait) => {
                    patience -= wait;
                    tokio::time::sleep(wait).await;
                }
                None => return Ok(reply),
            }
        }
    }

    /// Sends one request and returns as soon as the answer begins.
    pub(super) async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        headers: &[(HeaderName, &str)],
        body: Vec<u8>,
    ) -> Result<Response<Body>, Lost> {
        let access = &self.inner.access;
        let again = access.is_renewable().then(|| body.clone());
        let grant = access.grant(self.endpoint()).await.map_err(unsent)?;
        let response = self
            .send_once(&grant, &method, path_and_query, headers, body)
            .await?;
        // What is refused with 401 was not looked at: as good as not sent.
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(body) = again
            && let Some(grant) = access
                .after_refusal(&grant, self.endpoint())
                .await
                .map_err(unsent)?
        {
            return self
                .send_once(&grant, &method, path_and_query, headers, body)
                .await;
        }
        Ok(response)
    }

    async fn send_once(
        &self,
        grant: &Grant,
        method: &Method,
        path_and_query: &str,
        headers: &[(HeaderName, &str)],
        body: Vec<u8>,
    ) -> Result<Response<Body>, Lost> {
        let mut request = http::Request::builder().method(method).uri(path_and_query);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if let Some(value) = &grant.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Body::from(body)).map_err(|error| {
            unsent(
                Problem::new(ProblemKind::Internal, "the request could not be built")
                    .at(self.context())
                    .because_of(&error),
            )
        })?;
        self.inner.n_requests.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(self.inner.timeout, grant.client.send(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Lost {
                problem: transport::broken(self.endpoint(), &error),
                sent: !transport::is_unconnected(&error),
            }),
            Err(_) => Err(sent(transport::timed_out(
                self.endpoint(),
                self.inner.timeout,
            ))),
        }
    }

    /// Reads the whole of an answer.
    pub(super) async fn collect(&self, response: Response<Body>) -> Result<Reply> {
        let (parts, body) = response.into_parts();
        let body = http_body_util::Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<http_body_util::LengthLimitError>() {
                    Problem::new(ProblemKind::TooLarge, "the server's answer is too large")
                        .at(self.context())
                        .because(format!("it is larger than {} MiB", MAX_BODY >> 20))
                } else {
                    transport::cut(self.endpoint(), &*error)
                }
            })?
            .to_bytes();
        self.count_bytes(body.len());
        let header = |name: HeaderName| parts.headers.get(name)?.to_str().ok();
        Ok(Reply {
            status: parts.status.as_u16(),
            body: body.to_vec(),
            warnings: parts
                .headers
                .get_all(WARNING)
                .iter()
                .filter_map(|v| v.to_str().ok())
                .map(warning_text)
                .collect(),
            retry_after: header(RETRY_AFTER)
                .and_then(|v| v.parse().ok())
                .map(Duration::from_secs),
        })
    }

    /// The Problem that an answer other than success is, with what to do about a refused login. `doing` completes
    /// "cannot ...".
    pub fn refused(&self, reply: &Reply, doing: &str) -> Problem {
        let problem = status::problem(reply, doing, self.context());
        if reply.status == 401 {
            problem.hint(self.auth().hint())
        } else {
            problem
        }
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
