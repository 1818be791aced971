//! Lists of objects: page by page, each item parsed only as far as needed to decide whether it is kept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::live::{Head, Live};
use crate::cluster::connection::not_json;
use crate::cluster::resource::query;
use crate::cluster::{Connection, Resource, Status};
use crate::domain::{ObjectKey, Problem, ProblemKind, Result};

/// Items of one page, as kubectl asks for.
const PAGE: &str = "500";

/// Decides by key and tracking-id whether an object is kept in memory.
pub type Keep = Arc<dyn Fn(&ObjectKey, Option<&str>) -> bool + Send + Sync>;

/// A complete list of one moment.
pub(in crate::cluster) struct Listing {
    pub items: Vec<Arc<Live>>,
    pub resource_version: String,
}

/// Why a list or a watch did not come about.
pub(in crate::cluster) struct Failure {
    pub problem: Box<Problem>,
    /// HTTP status; 0 where no answer came.
    pub code: u16,
    /// The resource version or continue token is too old.
    pub expired: bool,
    pub retry_after: Option<Duration>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            code: 0,
            expired: false,
            retry_after: None,
        }
    }
}

#[derive(Deserialize)]
struct Page<'b> {
    kind: Option<String>,
    #[serde(default)]
    metadata: PageMeta,
    #[serde(borrow)]
    items: Option<Vec<&'b RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PageMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}

impl Connection {
    /// Lists what `keep` keeps. `selectors` are pairs of query parameters.
    pub(in crate::cluster) async fn list(
        &self,
        resource: &Resource,
        namespace: &str,
        selectors: &[(&str, &str)],
        keep: &Keep,
    ) -> Result<Listing, Failure> {
        let path = query::with(&resource.collection(namespace), selectors);
        match self.pages(resource, &path, PAGE, keep).await {
            // A continue token lives for some minutes only. In one piece it needs none.
            Err(failure) if failure.expired => self.pages(resource, &path, "", keep).await,
            other => other,
        }
    }

    async fn pages(
        &self,
        resource: &Resource,
        path: &str,
        limit: &str,
        keep: &Keep,
    ) -> Result<Listing, Failure> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let reply = self
                .get(&query::with(path, &[("limit", limit), ("continue", &next)]))
                .await?;
            if !reply.is_success() {
                let status = Status::of(&reply);
                let doing = format!("list {}", shown(resource));
                return Err(Failure {
                    problem: Box::new(self.refused(&reply, &doing)),
                    code: reply.status,
                    expired: status.is_expired(),
                    retry_after: status.retry_after,
                });
            }
            let page: Page = serde_json::from_slice(&reply.body)
                .map_err(|error| not_json(&error).at(self.context()))?;
            // An object of another kind has no items either: it must not pass for an empty list.
            let is_list = page.kind.is_some_and(|kind| kind.ends_with("List"));
            let Some(raw) = page
                .items
                .or_else(|| is_list.then(Vec::new))
                .filter(|_| is_list)
            else {
                return Err(self.not_a_list(resource).into());
            };
            for item in raw {
                let json = item.get().as_bytes();
                let meta = Head::read(json).map_err(|p| p.at(self.context()))?.metadata;
                let key = meta.key(resource).map_err(|p| p.at(self.context()))?;
                if keep(&key, meta.tracking()) {
                    let live = Live::new(resource, json).map_err(|p| p.at(self.context()))?;
                    items.push(Arc::new(live));
                }
            }
            if page.metadata.next.is_empty() {
                return Ok(Listing {
                    items,
                    resource_version: page.metadata.resource_version,
                });
            }
            next = page.metadata.next;
        }
    }

    fn not_a_list(&self, resource: &Resource) -> Problem {
        Problem::new(
            ProblemKind::Unreachable,
            format!("the answer is not a list of {}", shown(resource)),
        )
        .at(self.context())
        .hint("A proxy or gateway may have answered in the server's place.")
    }

    /// All objects of a kind, in one namespace or, without one, in all. `labels` is a label selector; empty: all.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn list_objects(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        labels: &str,
    ) -> Result<Vec<Arc<Live>>> {
        let all: Keep = Arc::new(|_, _| true);
        let selectors = [("labelSelector", labels)];
        self.list(resource, namespace.unwrap_or(""), &selectors, &all)
            .await
            .map(|listing| listing.items)
            .map_err(|failure| *failure.problem)
    }

    /// The keys of all objects of a kind, as they were a moment ago: the Apps of one Plan share a list.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn names_of(&self, resource: &Resource) -> Result<Arc<Vec<ObjectKey>>> {
        let now = self.clock().instant();
        let listed = async {
            // No object is kept: there can be very many, and nothing but their names is asked for.
            let keys = Arc::new(Mutex::new(Vec::new()));
            let noted = keys.clone();
            let note: Keep = Arc::new(move |key, _| {
                let mut keys = noted.lock().unwrap_or_else(PoisonError::into_inner);
                keys.push(key.clone());
                false
            });
            match self.list(resource, "", &[], &note).await {
                Ok(_) => Ok(std::mem::take(
                    &mut *keys.lock().unwrap_or_else(PoisonError::into_inner),
                )),
                Err(failure) => Err(*failure.problem),
            }
        };
        let kind = resource.group_kind();
        let shared = async { listed.await.map(Arc::new) }.boxed();
        self.names().get(kind, now, |_| true, shared).await
    }

    /// One object; `None` where it does not exist.
    ///
    /// # Errors
    /// No answer, a refusal, or a kind that is not served at this version.
    pub async fn get_object(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Live>> {
        let reply = self.get(&resource.object(namespace, name)).await?;
        if reply.is_success() {
            return Live::new(resource, &reply.body)
                .map(Some)
                .map_err(|p| p.at(self.context()));
        }
        // A path that is not served answers 404, too, but names nothing.
        if reply.status == 404 && Status::of(&reply).name == name {
            return Ok(None);
        }
        Err(self.refused(&reply, &format!("get {} {name}", shown(resource))))
    }
}

/// A kind in messages: `deployments.apps`.
pub(in crate::cluster) fn shown(resource: &Resource) -> String {
    if resource.gvk.group.is_empty() {
        resource.plural.clone()
    } else {
        format!("{}.{}", resource.plural, resource.gvk.group)
    }
}
