//! The only thing that can change a cluster. Read-only mode never constructs it.
//!
//! Every mutation is sent once and carries what must still hold; nothing is retried here. What a real server (1.36)
//! answers, which the guards rest on: an apply with `resourceVersion: "1"` is a 201 where the object is absent and a
//! 409 where it is not, forced or not; one with a uid is a 409 where the object is gone and a 422 on `metadata.uid`
//! where another has its name; one with a stale resource version is a 409, also when forced; without a uid, a resource
//! version alone would bring a deleted object back.

pub(super) mod adopt;
mod answer;
mod claim;
pub(super) mod lease;
pub(super) mod records;
#[cfg(test)]
mod records_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use http::Method;
use serde_json::json;

use crate::domain::app::Propagation;
use crate::domain::plan::Guard;
use crate::domain::{Gvk, ObjectKey, Problem, ProblemKind, Result, Value};

use super::predict::{APPLY, JSON, QUERY, bytes, guarded, meta};
use super::resource::target::Target;
use super::{Connection, Refusal, RefusalKind, Reply, Resource, Status};
use answer::{deletion, done_to, failure, is_of, unknown};

/// Changes objects of one cluster.
#[derive(Clone)]
pub struct Writer {
    pub(super) connection: Connection,
}

/// A change that the server confirmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The object as it is now.
    pub object: Value,
    /// Its resource version.
    pub resource_version: String,
    /// Its UID.
    pub uid: String,
    /// Whether this made it.
    pub created: bool,
    /// Texts of `Warning` headers.
    pub warnings: Vec<String>,
}

/// How a delete went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone, or was so already.
    Gone,
    /// It is marked for deletion and waits for these finalizers, or for its grace period where there are none.
    Going(Vec<String>),
}

/// Why a change was not made, or is not known to have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What the change was guarded by no longer holds. Nothing was changed: ask the dry run again.
    Changed(Problem),
    /// The server said no. Nothing was changed.
    Refused(Box<Refusal>),
    /// It never reached the object: no connection, credentials not accepted, the server asks to slow down. Nothing was
    /// changed, and waiting may help.
    NotDone(Problem),
    /// The connection or the server failed on the way: **it is not known whether the change was made.**
    Weather(Problem),
}

impl Failure {
    /// What to show.
    pub fn problem(&self) -> &Problem {
        match self {
            Self::Changed(problem) | Self::NotDone(problem) | Self::Weather(problem) => problem,
            Self::Refused(refusal) => &refusal.problem,
        }
    }

    /// A request that trueup itself will not send.
    pub(super) fn unsendable(problem: Problem) -> Self {
        Self::Refused(Box::new(Refusal {
            kind: RefusalKind::Other,
            problem,
            fields: Vec::new(),
        }))
    }
}

impl Connection {
    /// What can change this cluster. Never called in read-only mode.
    pub fn writer(&self) -> Writer {
        Writer {
            connection: self.clone(),
        }
    }
}

impl Writer {
    /// Creates an object by an apply that succeeds only where there is none.
    ///
    /// # Errors
    /// [`Failure::Changed`] where it exists by now.
    pub async fn create(&self, resource: &Resource, object: &Value) -> Result<Done, Failure> {
        let target = Target::of(resource, object).map_err(Failure::unsendable)?;
        self.apply_once(resource, &target, &guarded(object, "", "1"), false)
            .await
    }

    /// Applies to the object that has the guard's uid. Unforced, any edit by others of a field that it sets is a 409;
    /// forced, any change of the object since the guard's resource version is.
    ///
    /// # Errors
    /// [`Failure::Changed`] where the guard does not hold.
    pub async fn apply(
        &self,
        resource: &Resource,
        object: &Value,
        guard: &Guard,
    ) -> Result<Done, Failure> {
        let target = Target::of(resource, object).map_err(Failure::unsendable)?;
        require(guard, guard.force, &target.key)?;
        let version = if guard.force {
            guard.resource_version.as_str()
        } else {
            ""
        };
        self.apply_once(
            resource,
            &target,
            &guarded(object, &guard.uid, version),
            guard.force,
        )
        .await
    }

    /// Puts the whole object in the place of the one that the guard names. Fields of its that others held stay
    /// theirs, and its own are held by an update: follow it by [`Writer::claim`].
    ///
    /// # Errors
    /// [`Failure::Changed`] where the object is another, changed or gone.
    pub async fn replace(
        &self,
        resource: &Resource,
        object: &Value,
        guard: &Guard,
    ) -> Result<Done, Failure> {
        let target = Target::of(resource, object).map_err(Failure::unsendable)?;
        // Some kinds (Service, Lease) would create on update where neither is given.
        require(guard, true, &target.key)?;
        let body = guarded(object, &guard.uid, &guard.resource_version);
        let reply = self
            .send(Method::PUT, &target.with(QUERY), JSON, &body)
            .await?;
        done_to(&reply, resource, &target.key, &guard.uid)
    }

    /// Deletes the object that has this uid and resource version. An object that is not there counts as gone.
    ///
    /// # Errors
    /// [`Failure::Changed`] where it is another or has changed.
    pub async fn delete(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        uid: &str,
        resource_version: &str,
        propagation: Propagation,
    ) -> Result<Deletion, Failure> {
        let target = Target::named(resource, namespace, name).map_err(Failure::unsendable)?;
        let guard = Guard {
            uid: uid.to_owned(),
            resource_version: resource_version.to_owned(),
            force: false,
        };
        require(&guard, true, &target.key)?;
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
            "propagationPolicy": match propagation {
                Propagation::Foreground => "Foreground",
                Propagation::Background => "Background",
                Propagation::Orphan => "Orphan",
            },
        });
        let reply = self
            .send(Method::DELETE, &target.path, JSON, &options)
            .await?;
        if !reply.is_success() {
            let status = Status::of(&reply);
            if status.is_absent(&target.key) {
                return Ok(Deletion::Gone);
            }
            return Err(failure(&reply, resource, &target.key));
        }
        let answer = reply.value().map_err(unknown)?;
        let text = |field| answer.get(field).and_then(Value::as_str);
        let is_done = text("kind") == Some("Status") && text("status") == Some("Success");
        if !is_done {
            is_of(&answer, resource, &target.key, uid)?;
        }
        Ok(deletion(&answer))
    }

    /// Creates a namespace. One that exists is left as it is.
    ///
    /// # Errors
    /// [`Failure::Changed`] where it exists by now.
    pub async fn create_namespace(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Done, Failure> {
        let mut namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        if !labels.is_empty() {
            namespace["metadata"]["labels"] = json!(labels);
        }
        self.create(&namespaces(), &namespace).await
    }

    async fn apply_once(
        &self,
        resource: &Resource,
        target: &Target,
        body: &Value,
        force: bool,
    ) -> Result<Done, Failure> {
        let force = if force { "&force=true" } else { "" };
        let path = target.with(&format!("{QUERY}{force}"));
        let reply = self.send(Method::PATCH, &path, APPLY, body).await?;
        done_to(&reply, resource, &target.key, &meta(body, "uid"))
    }

    /// Sends a mutation, once.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> Result<Reply, Failure> {
        let sent = self
            .connection
            .attempt(method, path, Some(content_type), bytes(body))
            .await;
        sent.map_err(|lost| match lost.sent {
            true => unknown(lost.problem),
            false => Failure::NotDone(lost.problem.hint("The change was not made.")),
        })
    }
}

/// A guard that lacks what it guards by would let anything through.
fn require(guard: &Guard, version: bool, key: &ObjectKey) -> Result<(), Failure> {
    if guard.uid.is_empty() || version && guard.resource_version.is_empty() {
        return Err(Failure::unsendable(
            Problem::new(
                ProblemKind::Internal,
                "a change to an existing object needs its uid, and a forced one its resource version",
            )
            .at(key.to_string()),
        ));
    }
    Ok(())
}

fn namespaces() -> Resource {
    Resource {
        gvk: Gvk::from_api_version("v1", "Namespace"),
        plural: "namespaces".to_owned(),
        namespaced: false,
        verbs: Vec::new(),
    }
}
