//! One kind of a cluster, followed for as long as somebody listens: list, watch, and back again after whatever happens.
//!
//! A watch never ends and never gives up; it says when what it told may be old. It asks nobody else and keeps no
//! objects, only the keys of those that it told of.

mod lines;
pub(super) mod live;
pub(super) mod page;

#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::connection::backoff::Backoff;
use super::connection::not_json;
use super::resource::query;
use super::{Connection, Reply, Resource, Status};
use crate::domain::{ObjectKey, Problem, ProblemKind, Result};
use lines::{Line, Lines};
use live::{Head, Live};
use page::{Failure, Keep, shown};

/// How long the server may keep one watch open; each asks for this and up to as much again, as client-go does.
const WATCH_SECONDS: f64 = 300.0;
/// Bookmarks arrive about every minute. A longer silence means that the connection may be dead.
const IDLE: Duration = Duration::from_secs(100);
/// A watch that ends sooner than this, having said nothing, is not worth much.
const SHORT: Duration = Duration::from_secs(5);
/// How often a kind is listed that cannot be watched.
const POLL: Duration = Duration::from_secs(30);

/// What happened to the objects of a kind, or to the knowledge of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// All that is kept of the kind: everything else of it is gone, or not kept.
    Listed(Vec<Arc<Live>>),
    /// An object is new or has changed.
    Applied(Arc<Live>),
    /// An object is gone; the text is its UID.
    Deleted(ObjectKey, String),
    /// An object exists still, but is no longer one that is kept.
    Left(ObjectKey),
    /// The watch is broken and will be tried again: what was told may be old. Said again only when the reason
    /// changes. [`ProblemKind::Forbidden`] and [`ProblemKind::NotFound`] do not mend by waiting alone.
    Trouble(Problem),
    /// The trouble is over.
    Current,
}

impl Connection {
    /// Follows the objects of a kind that `keep` keeps, in one namespace or, without one, in all. `keep` is asked
    /// about each object as it arrives; when its answers change otherwise, start a new watch.
    ///
    /// The stream never ends. Dropping it ends the watch.
    pub fn watch(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        keep: Keep,
    ) -> impl Stream<Item = WatchEvent> + Send + use<> {
        let watch = Watch {
            connection: self.clone(),
            namespace: namespace.unwrap_or("").to_owned(),
            resource: resource.clone(),
            keep,
            backoff: Backoff::new(self.jitter()),
            expiries: Backoff::new(self.jitter()),
            known: HashSet::new(),
            phase: Phase::List,
            told: VecDeque::new(),
            trouble: None,
        };
        futures::stream::unfold(watch, |mut watch| async move {
            loop {
                if let Some(event) = watch.told.pop_front() {
                    return Some((event, watch));
                }
                watch.advance().await;
            }
        })
    }
}

struct Watch {
    connection: Connection,
    resource: Resource,
    namespace: String,
    keep: Keep,
    backoff: Backoff,
    /// Apart from failures: a server that was away for long has most often forgotten our version as well, and the list
    /// that follows should not wait for it.
    expiries: Backoff,
    /// What the listener believes to exist.
    known: HashSet<ObjectKey>,
    phase: Phase,
    told: VecDeque<WatchEvent>,
    /// The trouble that was told last and is not over.
    trouble: Option<Box<Problem>>,
}

/// What to do next.
enum Phase {
    List,
    /// Open a watch from a resource version.
    Open(String),
    Read(Box<Reading>),
    Wait(Duration, Box<Phase>),
}

/// An open watch.
struct Reading {
    lines: Lines,
    resource_version: String,
    since: Instant,
    spoke: bool,
}

/// One line of a watch.
#[derive(Deserialize)]
struct Event<'l> {
    #[serde(rename = "type")]
    kind: &'l str,
    #[serde(borrow)]
    object: &'l RawValue,
}

impl Watch {
    async fn advance(&mut self) {
        self.phase = match std::mem::replace(&mut self.phase, Phase::List) {
            Phase::Wait(time, then) => {
                self.connection.rest(time).await;
                *then
            }
            Phase::List => self.list().await,
            Phase::Open(version) => match self.open(&version).await {
                Ok(lines) => {
                    self.recovered();
                    Phase::Read(Box::new(Reading {
                        lines,
                        resource_version: version,
                        since: Instant::now(),
                        spoke: false,
                    }))
                }
                Err(failure) if failure.expired => {
                    Phase::Wait(self.expiries.next(), Phase::List.into())
                }
                Err(failure) => self.failed(failure, Phase::Open(version)),
            },
            Phase::Read(reading) => self.read(reading).await,
        };
    }

    async fn list(&mut self) -> Phase {
        let listed = self
            .connection
            .list(&self.resource, &self.namespace, &[], &self.keep)
            .await;
        let listing = match listed {
            Ok(listing) => listing,
            Err(failure) => return self.failed(failure, Phase::List),
        };
        self.known = listing.items.iter().map(|live| live.key.clone()).collect();
        self.told.push_back(WatchEvent::Listed(listing.items));
        self.recovered();
        if self.resource.verbs.iter().any(|verb| verb == "watch") {
            Phase::Open(listing.resource_version)
        } else {
            Phase::Wait(POLL, Phase::List.into())
        }
    }

    async fn open(&mut self, version: &str) -> Result<Lines, Failure> {
        let seconds = format!("{:.0}", WATCH_SECONDS * (1.0 + self.backoff.share()));
        let path = query::with(
            &self.resource.collection(&self.namespace),
            &[
                ("watch", "1"),
                ("resourceVersion", version),
                ("allowWatchBookmarks", "true"),
                ("timeoutSeconds", &seconds),
            ],
        );
        // Compressed watches of Kubernetes 1.37 are one gzip member per event, of which the client reads the first.
        let headers = [(ACCEPT, "application/json"), (ACCEPT_ENCODING, "identity")];
        let connection = self.connection.clone();
        let response = connection
            .send(Method::GET, &path, &headers, Vec::new())
            .await
            .map_err(|lost| lost.problem)?;
        if response.status().is_success() {
            return Ok(Lines::new(response.into_body()));
        }
        let reply = self.rest(response).await?;
        let status = Status::of(&reply);
        Err(Failure {
            problem: Box::new(
                connection.refused(&reply, &format!("watch {}", shown(&self.resource))),
            ),
            code: reply.status,
            expired: status.is_expired(),
            retry_after: status.retry_after,
        })
    }

    /// The body of a refusal, within the time that it deserves.
    async fn rest(&mut self, response: http::Response<kube::client::Body>) -> Result<Reply> {
        let status = response.status().as_u16();
        let reading = self.connection.collect(response);
        tokio::time::timeout(SHORT, reading)
            .await
            .unwrap_or_else(|_| {
                Ok(Reply {
                    status,
                    body: Vec::new(),
                    warnings: Vec::new(),
                    retry_after: None,
                })
            })
    }

    async fn read(&mut self, mut reading: Box<Reading>) -> Phase {
        let connection = &self.connection;
        let count = |n| connection.count_bytes(n);
        let line = match reading.lines.next(IDLE, count).await {
            Line::Text(line) => line,
            Line::End => return self.reopen(&reading),
            Line::TooLong => {
                let problem =
                    Problem::new(ProblemKind::TooLarge, "an event of a watch is too large")
                        .at(connection.context());
                return self.failed(problem.into(), Phase::List);
            }
            Line::Silent => {
                tracing::debug!(
                    context = connection.context(),
                    kind = %self.resource.gvk,
                    "a watch fell silent and is opened again"
                );
                return Phase::Open(reading.resource_version);
            }
        };
        connection.count_event();
        match self.take(&line, &mut reading.resource_version) {
            Ok(()) => {
                reading.spoke = true;
                self.backoff.reset();
                self.expiries.reset();
                Phase::Read(reading)
            }
            Err(failure) if failure.expired => {
                Phase::Wait(self.expiries.next(), Phase::List.into())
            }
            Err(failure) => self.failed(failure, Phase::List),
        }
    }

    /// After the end of a watch, which is ordinary: from where it ended. One that said nothing is not hurried.
    fn reopen(&mut self, reading: &Reading) -> Phase {
        let again = Phase::Open(reading.resource_version.clone());
        if reading.spoke || reading.since.elapsed() > SHORT {
            self.backoff.reset();
            again
        } else {
            Phase::Wait(self.backoff.next(), again.into())
        }
    }

    /// Takes one line in. Its resource version counts only when all of it was understood.
    fn take(&mut self, line: &[u8], version: &mut String) -> Result<(), Failure> {
        let place = self.connection.context();
        let garbage = |error| not_json(&error).at(place);
        let event: Event = serde_json::from_slice(line).map_err(garbage)?;
        let json = event.object.get().as_bytes();
        if event.kind == "ERROR" {
            return Err(self.error(json));
        }
        let meta = Head::read(json).map_err(|p| p.at(place))?.metadata;
        if event.kind == "BOOKMARK" {
            if !meta.resource_version.is_empty() {
                *version = meta.resource_version;
            }
            return Ok(());
        }
        let key = meta.key(&self.resource).map_err(|p| p.at(place))?;
        match event.kind {
            "ADDED" | "MODIFIED" if (self.keep)(&key, meta.tracking()) => {
                let live = Live::new(&self.resource, json).map_err(|p| p.at(place))?;
                self.known.insert(key);
                self.told.push_back(WatchEvent::Applied(Arc::new(live)));
            }
            "ADDED" | "MODIFIED" => {
                if self.known.remove(&key) {
                    self.told.push_back(WatchEvent::Left(key));
                }
            }
            "DELETED" => {
                if self.known.remove(&key) {
                    self.told.push_back(WatchEvent::Deleted(key, meta.uid));
                }
            }
            other => {
                return Err(Problem::new(
                    ProblemKind::Unsupported,
                    "the server sent an event of a kind that is not known",
                )
                .at(place)
                .because(other.to_owned())
                .into());
            }
        }
        if !meta.resource_version.is_empty() {
            *version = meta.resource_version;
        }
        Ok(())
    }

    /// An ERROR event: a `Status` inside a watch that began well.
    fn error(&self, json: &[u8]) -> Failure {
        let status = Status::parse(json).unwrap_or_default();
        let reply = Reply {
            status: if status.code == 0 { 500 } else { status.code },
            body: json.to_vec(),
            warnings: Vec::new(),
            retry_after: None,
        };
        Failure {
            problem: Box::new(
                self.connection
                    .refused(&reply, &format!("watch {}", shown(&self.resource))),
            ),
            code: reply.status,
            expired: status.is_expired(),
            retry_after: status.retry_after,
        }
    }

    fn failed(&mut self, failure: Failure, then: Phase) -> Phase {
        let wait = match (failure.retry_after, failure.code) {
            (Some(wait), _) => self.backoff.asked(wait),
            (None, 401 | 403 | 404 | 405) => self.backoff.long(),
            _ => self.backoff.next(),
        };
        if self.trouble.as_ref() != Some(&failure.problem) {
            self.told
                .push_back(WatchEvent::Trouble((*failure.problem).clone()));
            self.trouble = Some(failure.problem);
        }
        Phase::Wait(wait, then.into())
    }

    fn recovered(&mut self) {
        if self.trouble.take().is_some() {
            self.told.push_back(WatchEvent::Current);
        }
    }
}
