//! What the answer to a mutation means: done, not done, or not known.

use crate::domain::{ObjectKey, Problem, ProblemKind, Result, Value};

use super::{Deletion, Done, Failure};
use crate::cluster::predict::{another_answer, meta};
use crate::cluster::{Reply, Resource, Status};

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
pub(super) fn is_of(
    answer: &Value,
    resource: &Resource,
    key: &ObjectKey,
    uid: &str,
) -> Result<(), Failure> {
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

pub(super) fn changed(status: &Status, key: &ObjectKey) -> Problem {
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
pub(super) fn deletion(answer: &Value) -> Deletion {
    match crate::domain::deletion::of(answer) {
        Some(going) => Deletion::Going(going.finalizers),
        None => Deletion::Gone,
    }
}
