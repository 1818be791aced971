//! The only thing that can change a cluster. Read-only mode never constructs it.
//!
//! Every mutation is sent once and carries what must still hold; nothing is retried here. What a real server (1.36)
//! answers, which the guards rest on: an apply with `resourceVersion: "1"` is a 201 where the object is absent and a
//! 409 where it is not, forced or not; one with a uid is a 409 where the object is gone and a 422 on `metadata.uid`
//! where another has its name; one with a stale resource version is a 409, also when forced; without a uid, a resource
//! version alone would bring a deleted object back.

pub(super) mod adopt;
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
use crate::merge::MANAGER;

use super::predict::{APPLY, JSON, JSON_PATCH, QUERY, another_answer, bytes, guarded, meta};
use super::resource::target::Target;
use super::{Connection, Refusal, RefusalKind, Reply, Resource, Status};

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

    /// Makes trueup's apply the holder of all that `object` states, after a [`Writer::replace`] of the same object that
    /// answered `replaced`. The update that the replace left behind is dropped from the ownership, because a field that
    /// it holds too would stay when it leaves Git. Controllers write to an object that was just replaced: the claim goes
    /// on as long as nobody touches a field that the replace set.
    ///
    /// # Errors
    /// [`Failure::Changed`] where somebody did. However it fails, the replaced object stands.
    pub async fn claim(
        &self,
        resource: &Resource,
        object: &Value,
        replaced: &Done,
    ) -> Result<Done, Failure> {
        let target = Target::of(resource, object).map_err(Failure::unsendable)?;
        let put = own_update(&replaced.object).cloned();
        let mut version = replaced.resource_version.clone();
        let mut attempts = 0;
        let mut done = loop {
            let guard = Guard {
                uid: replaced.uid.clone(),
                resource_version: version,
                force: true,
            };
            match self.apply(resource, object, &guard).await {
                Err(Failure::Changed(problem)) => {
                    attempts += 1;
                    let now = self.look(resource, &target, &replaced.uid).await?;
                    let fields =
                        |entry: Option<&Value>| entry.and_then(|e| e.get("fieldsV1")).cloned();
                    let is_untouched = fields(own_update(&now)) == fields(put.as_ref());
                    if !is_untouched || attempts >= MAX_CLAIMS {
                        return Err(Failure::Changed(problem));
                    }
                    version = meta(&now, "resourceVersion");
                }
                applied => break applied?,
            }
        };
        loop {
            let entries = done
                .object
                .pointer("/metadata/managedFields")
                .and_then(Value::as_array);
            let Some(entries) = entries.filter(|entries| entries.iter().any(is_own_update)) else {
                return Ok(done);
            };
            let kept: Vec<_> = entries.iter().filter(|e| !is_own_update(e)).collect();
            let patch = json!([
                {"op": "test", "path": "/metadata/resourceVersion", "value": done.resource_version},
                {"op": "replace", "path": "/metadata/managedFields", "value": kept},
            ]);
            let (namespace, name) = (&target.key.namespace, &target.key.name);
            match self
                .patch_ownership(resource, namespace, name, &patch)
                .await
            {
                Err(Failure::Changed(_)) if attempts < MAX_CLAIMS => {
                    attempts += 1;
                    done.object = self.look(resource, &target, &replaced.uid).await?;
                    done.resource_version = meta(&done.object, "resourceVersion");
                }
                patched => return patched,
            }
        }
    }

    /// The object as it is now, whole, as long as it is the one with this uid.
    async fn look(
        &self,
        resource: &Resource,
        target: &Target,
        uid: &str,
    ) -> Result<Value, Failure> {
        let reply = self.connection.get(&target.path).await;
        let reply = reply.map_err(Failure::NotDone)?;
        let now = done(&reply, resource, &target.key)?;
        match now.uid == uid {
            true => Ok(now.object),
            false => Err(Failure::Changed(
                Problem::new(ProblemKind::Conflict, "another object has its name now")
                    .at(target.key.to_string()),
            )),
        }
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

    /// Sends a JSON patch that touches nothing but `metadata.managedFields` and begins by a `test` of the resource
    /// version. Any other patch is not sent.
    ///
    /// # Errors
    /// [`Failure::Changed`] where the object changed since, or is gone.
    pub async fn patch_ownership(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        json_patch: &Value,
    ) -> Result<Done, Failure> {
        let target = Target::named(resource, namespace, name).map_err(Failure::unsendable)?;
        if !is_guarded_ownership_patch(json_patch) {
            return Err(Failure::unsendable(
                Problem::new(
                    ProblemKind::Internal,
                    "a patch of ownership must test the resource version and touch managedFields alone",
                )
                .at(target.key.to_string()),
            ));
        }
        let path = target.with(QUERY);
        let reply = self
            .send(Method::PATCH, &path, JSON_PATCH, json_patch)
            .await?;
        let status = Status::of(&reply);
        if status.is_patch_misfit() || status.is_absent(&target.key) {
            return Err(Failure::Changed(changed(&status, &target.key)));
        }
        done(&reply, resource, &target.key)
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

/// How often a claim is tried while others write to the object.
const MAX_CLAIMS: u32 = 10;

/// What a PUT of trueup's own holds.
fn own_update(object: &Value) -> Option<&Value> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    entries.iter().find(|entry| is_own_update(entry))
}

fn is_own_update(entry: &Value) -> bool {
    entry.get("manager").and_then(Value::as_str) == Some(MANAGER)
        && entry.get("operation").and_then(Value::as_str) == Some("Update")
        && entry.get("subresource").is_none()
}

/// Whether a patch is what [`Writer::patch_ownership`] takes.
fn is_guarded_ownership_patch(patch: &Value) -> bool {
    let text = |op: &Value, field: &str| {
        op.get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let Some((first, rest)) = patch.as_array().and_then(|ops| ops.split_first()) else {
        return false;
    };
    // A `replace` of the resource version guards too: the server compares it when it writes.
    ["test", "replace"].contains(&text(first, "op").as_str())
        && text(first, "path") == "/metadata/resourceVersion"
        && rest.iter().all(|op| {
            let path = text(op, "path");
            // A move or copy could carry a value in from elsewhere.
            ["test", "add", "replace", "remove"].contains(&text(op, "op").as_str())
                && (path == "/metadata/managedFields"
                    || path.starts_with("/metadata/managedFields/"))
        })
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

/// Reads the answer to a mutation.
pub(super) fn done(reply: &Reply, resource: &Resource, key: &ObjectKey) -> Result<Done, Failure> {
    if !reply.is_success() {
        return Err(failure(reply, resource, key));
    }
    let object = reply.value().map_err(unknown)?;
    is_of(&object, resource, key, "")?;
    Ok(Done {
        resource_version: meta(&object, "resourceVersion"),
        uid: meta(&object, "uid"),
        created: reply.status == 201,
        warnings: reply.warnings.clone(),
        object,
    })
}

/// Whether a success speaks of the object that was sent: what does not confirms nothing.
fn is_of(answer: &Value, resource: &Resource, key: &ObjectKey, uid: &str) -> Result<(), Failure> {
    let is_kind = answer.get("kind").and_then(Value::as_str) == Some(resource.gvk.kind.as_str());
    let is_uid = uid.is_empty() || meta(answer, "uid") == uid;
    match is_kind && is_uid && meta(answer, "name") == key.name {
        true => Ok(()),
        false => Err(unknown(another_answer().at(key.to_string()))),
    }
}

/// A success that has to speak of exactly this object.
pub(super) fn done_to(
    reply: &Reply,
    resource: &Resource,
    key: &ObjectKey,
    uid: &str,
) -> Result<Done, Failure> {
    let done = done(reply, resource, key)?;
    is_of(&done.object, resource, key, uid)?;
    Ok(done)
}

/// What an error answer to a mutation means.
pub(super) fn failure(reply: &Reply, resource: &Resource, key: &ObjectKey) -> Failure {
    let status = Status::of(reply);
    if status.is_stale() || status.is_absent(key) {
        return Failure::Changed(changed(&status, key));
    }
    if let Some(refusal) = status.refusal(resource, key) {
        return Failure::Refused(Box::new(refusal));
    }
    let problem = status.weather(reply.retry_after).at(key.to_string());
    match reply.status {
        // Turned away before the object was reached.
        401 | 429 => Failure::NotDone(problem.hint("The change was not made.")),
        _ => unknown(problem),
    }
}

fn changed(status: &Status, key: &ObjectKey) -> Problem {
    let mut problem = Problem::new(
        ProblemKind::Conflict,
        "the object is no longer what the plan was drawn from",
    )
    .at(key.to_string());
    let conflicts = status.conflicts();
    for conflict in &conflicts {
        problem = problem.because(format!(
            "{} is now held by {}",
            conflict.field.trim_start_matches('.'),
            conflict.manager
        ));
    }
    if conflicts.is_empty() && !status.message.is_empty() {
        problem = problem.because(status.message.clone());
    }
    problem
}

pub(super) fn unknown(problem: Problem) -> Failure {
    Failure::Weather(problem.hint("It is not known whether the change was made."))
}

/// An object in the answer still lives; a bare `Status` means that it is gone.
fn deletion(answer: &Value) -> Deletion {
    match crate::domain::deletion::of(answer) {
        Some(going) => Deletion::Going(going.finalizers),
        None => Deletion::Gone,
    }
}

fn namespaces() -> Resource {
    Resource {
        gvk: Gvk::from_api_version("v1", "Namespace"),
        plural: "namespaces".to_owned(),
        namespaced: false,
        verbs: Vec::new(),
    }
}
