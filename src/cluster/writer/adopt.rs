//! Moving ownership without moving anything else.
//!
//! Tried on a real server (1.36): a JSON patch that replaces `metadata.managedFields` is taken as it stands, leaves
//! values and `generation` alone, and is not itself recorded as an update; an entry may change from `Update` to
//! `Apply`. A `test` of the resource version that fails is a 422 with one sentence and no causes. The server does not
//! check that the fields named are there.

use http::Method;

use crate::domain::{Problem, ProblemKind, Result, Value};

use super::answer::{changed, done};
use super::{Done, Failure, Writer};
use crate::cluster::predict::{JSON_PATCH, QUERY};
use crate::cluster::resource::target::Target;
use crate::cluster::{Resource, Status};

/// What a change of ownership came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopted {
    /// The server's confirmation.
    pub done: Done,
    /// Top-level parts of the object (`spec`, `metadata.labels`, `metadata.generation`) that changed although nothing
    /// but ownership was to change, as a mutating webhook can bring about. Should be empty.
    pub changed: Vec<String>,
}

impl Writer {
    /// Sends a patch of ownership that was built from `live`, and compares the answer with it.
    ///
    /// # Errors
    /// As for [`Writer::patch_ownership`].
    pub async fn adopt(
        &self,
        resource: &Resource,
        live: &Value,
        json_patch: &Value,
    ) -> Result<Adopted, Failure> {
        let target = Target::of(resource, live).map_err(Failure::unsendable)?;
        let done = self
            .patch_ownership(
                resource,
                &target.key.namespace,
                &target.key.name,
                json_patch,
            )
            .await?;
        let changed = changed_parts(live, &done.object);
        Ok(Adopted { done, changed })
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

/// Parts that differ, but for what a change of ownership itself moves.
fn changed_parts(before: &Value, after: &Value) -> Vec<String> {
    let empty = serde_json::Map::new();
    let fields = |v: &'_ Value| v.as_object().cloned().unwrap_or_default();
    let (mut old, mut new) = (fields(before), fields(after));
    let meta = |object: &mut serde_json::Map<String, Value>| {
        object
            .remove("metadata")
            .map(|m| fields(&m))
            .unwrap_or(empty.clone())
    };
    let (old_meta, new_meta) = (meta(&mut old), meta(&mut new));
    let differ = |a: &serde_json::Map<String, Value>, b: &serde_json::Map<String, Value>| {
        let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).cloned().collect();
        names
            .into_iter()
            .filter(|n| a.get(n) != b.get(n))
            .collect::<Vec<_>>()
    };
    let mut changed: Vec<_> = differ(&old_meta, &new_meta)
        .into_iter()
        .filter(|n| n != "managedFields" && n != "resourceVersion")
        .map(|n| format!("metadata.{n}"))
        .collect();
    // Status moves by itself between the read and the patch only when the resource version does, which is tested.
    changed.extend(differ(&old, &new));
    changed
}
