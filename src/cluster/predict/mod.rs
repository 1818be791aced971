//! What a sync would make of an object, by the API server's own dry run. Asks, and changes nothing.
//!
//! What a real server (1.36) answers, which the rules here rest on: unknown fields are a 500 whatever
//! `fieldValidation` says; an unforced apply that meets other managers is a 409 with one cause a field, and conflicts
//! are found before validation; a dry run of something absent is a 201 whose uid, ports and addresses are invented;
//! one in an absent namespace is a 404 about the namespace; one in a terminating namespace is a 403 for what would be
//! new, and works for what is there.

mod foreseen;
mod held;
mod leftover;
#[cfg(test)]
mod leftover_tests;
mod moved;
#[cfg(test)]
mod moved_tests;
mod suspects;
mod unasked;

use http::Method;

use crate::domain::drift::Conflict;
use crate::domain::{Problem, ProblemKind, Result, Value};

use super::resource::target::Target;
use super::{Connection, Refusal, RefusalKind, Reply, Resource, Status};

/// Content type of a server-side apply. JSON is YAML, and no server refuses it.
pub(super) const APPLY: &str = "application/apply-patch+yaml";
/// Content type of an RFC 6902 patch.
pub(super) const JSON_PATCH: &str = "application/json-patch+json";
/// Content type of a whole object.
pub(super) const JSON: &str = "application/json";
/// Query of every write, and of every dry run but for `dryRun`. Strict, so that a PUT names unknown fields instead of
/// dropping them; an apply refuses them anyway.
pub(super) const QUERY: &str = "fieldManager=trueup&fieldValidation=Strict";

/// What the server answered to a dry run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// The object as it would be; `None` where the server refused.
    pub object: Option<Value>,
    /// What the apply would take from other managers.
    pub conflicts: Vec<Conflict>,
    /// Why the server would not take it.
    pub refusal: Option<Refusal>,
    /// Texts of `Warning` headers.
    pub warnings: Vec<String>,
    /// UID of the live object that it answered from; empty for a create.
    pub uid: String,
    /// Resource version of the live object that it answered from; empty for a create.
    pub resource_version: String,
    /// JSON pointers, into the live object that was given, of leftovers that must be claimed before the apply can
    /// succeed. Not empty: `object` is what claim and apply would make together, and its managedFields are not.
    pub leftovers: Vec<String>,
    /// Requests that it took.
    pub n_requests: u32,
}

impl Prediction {
    fn refused(refusal: Refusal) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::default()
        }
    }

    /// Takes in an answer: the object, or the refusal.
    pub(super) fn take(
        &mut self,
        reply: &Reply,
        resource: &Resource,
        target: &Target,
    ) -> Result<()> {
        if !reply.is_success() {
            let status = Status::of(reply);
            self.refusal = Some(
                status
                    .refusal(resource, &target.key)
                    .ok_or_else(|| status.weather(reply.retry_after).at(target.key.to_string()))?,
            );
            return Ok(());
        }
        let object = reply.value().map_err(|p| p.at(target.key.to_string()))?;
        if object.get("kind").and_then(Value::as_str) != Some(resource.gvk.kind.as_str())
            || meta(&object, "name") != target.key.name
        {
            return Err(another_answer().at(target.key.to_string()));
        }
        // The uid and version of a dry-run create are invented.
        if reply.status != 201 {
            self.uid = meta(&object, "uid");
            self.resource_version = meta(&object, "resourceVersion");
        }
        self.warnings.clone_from(&reply.warnings);
        self.refusal = None;
        self.object = Some(object);
        Ok(())
    }
}

impl Connection {
    /// Asks what a server-side apply of `object` would make, unforced first; only where that meets other managers it
    /// is asked again with force. `object` carries its final namespace, and no server-owned fields. `live`, with its
    /// managedFields, serves to find leftovers that make the apply fail.
    ///
    /// # Errors
    /// Where there is no answer about the object: not reachable, overloaded, not authenticated. A refusal is data.
    pub async fn predict(
        &self,
        resource: &Resource,
        object: &Value,
        live: Option<&Value>,
    ) -> Result<Prediction> {
        let target = match self.askable(resource, object).await? {
            Ok(target) => target,
            Err(refusal) => return Ok(Prediction::refused(refusal)),
        };
        let mut prediction = Prediction::default();
        let mut reply = self
            .dry_apply(&target, object, false, &mut prediction)
            .await?;
        if reply.status == 409 {
            prediction.conflicts = Status::of(&reply).conflicts();
            if !prediction.conflicts.is_empty() {
                reply = self
                    .dry_apply(&target, object, true, &mut prediction)
                    .await?;
            }
        }
        prediction.take(&reply, resource, &target)?;
        if let (Some(live), Some(refusal)) = (live, &prediction.refusal)
            && matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::Duplicate)
        {
            let status = Status::of(&reply);
            self.predict_leftovers(resource, &target, object, live, &status, &mut prediction)
                .await?;
        }
        Ok(prediction)
    }

    /// Asks what a PUT of `object` over `live` would make, for steps with `Replace` or `Force`. Where the object went
    /// meanwhile, what a create would make.
    ///
    /// # Errors
    /// As for [`Connection::predict`], and where the object changes faster than it can be asked about.
    pub async fn predict_replace(
        &self,
        resource: &Resource,
        object: &Value,
        live: &Value,
    ) -> Result<Prediction> {
        let target = match self.askable(resource, object).await? {
            Ok(target) => target,
            Err(refusal) => return Ok(Prediction::refused(refusal)),
        };
        let mut prediction = Prediction::default();
        let mut reply = self.dry_put(&target, object, live, &mut prediction).await?;
        let mut status = Status::of(&reply);
        if reply.status == 409 || status.is_absent(&target.key) {
            // What was given is older than what the cluster has; custom kinds want the version to be right.
            prediction.n_requests += 1;
            let fresh = self.get(&target.path).await?;
            if Status::of(&fresh).is_absent(&target.key) {
                let mut created = self.predict(resource, object, None).await?;
                created.n_requests += prediction.n_requests;
                return Ok(created);
            }
            if !fresh.is_success() {
                return Err(Status::of(&fresh)
                    .weather(fresh.retry_after)
                    .at(target.key.to_string()));
            }
            reply = self
                .dry_put(&target, object, &fresh.value()?, &mut prediction)
                .await?;
            status = Status::of(&reply);
        }
        if status.is_absent(&target.key) {
            return Err(
                Problem::new(ProblemKind::Conflict, "the object was deleted meanwhile")
                    .at(target.key.to_string()),
            );
        }
        prediction.take(&reply, resource, &target)?;
        Ok(prediction)
    }

    /// Whether the server would take `object` if there were none of its name: `None`, or why not. It is asked under
    /// another name, and without what only one object at a time can have (a Service's addresses and node ports).
    ///
    /// # Errors
    /// As for [`Connection::predict`].
    pub async fn predict_anew(
        &self,
        resource: &Resource,
        object: &Value,
    ) -> Result<Option<Refusal>> {
        let object = elsewhere(object);
        let target = match self.askable(resource, &object).await? {
            Ok(target) => target,
            Err(refusal) => return Ok(Some(refusal)),
        };
        let mut prediction = Prediction::default();
        // The version is what makes it a create: an object of that name is not touched.
        let body = guarded(&object, "", "1");
        let reply = self
            .dry_apply(&target, &body, false, &mut prediction)
            .await?;
        prediction.take(&reply, resource, &target)?;
        Ok(prediction.refusal)
    }

    /// One dry-run apply.
    pub(super) async fn dry_apply(
        &self,
        target: &Target,
        object: &Value,
        force: bool,
        prediction: &mut Prediction,
    ) -> Result<Reply> {
        prediction.n_requests += 1;
        let force = if force { "&force=true" } else { "" };
        let path = target.with(&format!("dryRun=All&{QUERY}{force}"));
        self.request(Method::PATCH, &path, Some(APPLY), bytes(object))
            .await
    }

    async fn dry_put(
        &self,
        target: &Target,
        object: &Value,
        live: &Value,
        prediction: &mut Prediction,
    ) -> Result<Reply> {
        prediction.n_requests += 1;
        let body = guarded(object, &meta(live, "uid"), &meta(live, "resourceVersion"));
        let path = target.with(&format!("dryRun=All&{QUERY}"));
        self.request(Method::PUT, &path, Some(JSON), bytes(&body))
            .await
    }
}

/// The object under a name that nobody has, as good as any that its kind takes.
fn elsewhere(object: &Value) -> Value {
    let mut object = object.clone();
    let start: String = meta(&object, "name").chars().take(40).collect();
    object["metadata"]["name"] = Value::from(format!("{start}-trueup-anew"));
    let is_service = object.get("kind").and_then(Value::as_str) == Some("Service")
        && object.get("apiVersion").and_then(Value::as_str) == Some("v1");
    if let Some(spec) = object.get_mut("spec").filter(|_| is_service) {
        if spec.get("clusterIP").and_then(Value::as_str) != Some("None")
            && let Some(spec) = spec.as_object_mut()
        {
            spec.remove("clusterIP");
            spec.remove("clusterIPs");
            spec.remove("healthCheckNodePort");
        }
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten() {
            if let Some(port) = port.as_object_mut() {
                port.remove("nodePort");
            }
        }
    }
    object
}

/// A success that speaks of something else confirms nothing.
pub(super) fn another_answer() -> Problem {
    Problem::new(
        ProblemKind::Unreachable,
        "the server's answer is not the object that was asked about",
    )
    .hint("A proxy or gateway may have answered in the server's place.")
}

/// A text of `metadata`, empty where there is none.
pub(super) fn meta(object: &Value, field: &str) -> String {
    object
        .get("metadata")
        .and_then(|meta| meta.get(field))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The object with exactly this uid and resource version; empty ones are left out.
pub(super) fn guarded(object: &Value, uid: &str, resource_version: &str) -> Value {
    let mut object = object.clone();
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for (field, value) in [("uid", uid), ("resourceVersion", resource_version)] {
            if value.is_empty() {
                meta.remove(field);
            } else {
                meta.insert(field.to_owned(), Value::from(value));
            }
        }
    }
    object
}

/// The body of a request. A `Value` always has a JSON form. The server reads an apply as YAML, which has no place for some
/// characters that JSON takes as they are; they can only stand in strings, so that they may be written as escapes.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let json = value.to_string();
    let is_banned = |c| {
        matches!(
            c,
            '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
    };
    if !json.contains(is_banned) {
        return json.into_bytes();
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_banned(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_yaml_does_not_take_are_sent_as_escapes() {
        let value = serde_json::json!({ "a": "x\u{9b}31m\u{7f}\u{feff}\u{1b} 日本\u{a0}" });
        let sent = String::from_utf8(bytes(&value)).unwrap();
        assert_eq!(
            sent,
            "{\"a\":\"x\\u009b31m\\u007f\\ufeff\\u001b 日本\u{a0}\"}"
        );
        assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), value);
    }
}
