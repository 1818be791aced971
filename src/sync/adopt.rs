//! Adoption: moving ownership of fields from a former applier to trueup by rewriting `metadata.managedFields`. No value
//! and no generation changes; what leaves with the former applier is for the Plan after it.

use serde_json::{Map, json};

use crate::domain::{Problem, ProblemKind, Value};
use crate::merge::{MANAGER, is_former_applier};

fn is_former(entry: &Value) -> bool {
    let text = |field| entry.get(field).and_then(Value::as_str).unwrap_or_default();
    text("subresource").is_empty() && is_former_applier(text("manager"))
}

fn is_ours(entry: &Value) -> bool {
    let text = |field| entry.get(field).and_then(Value::as_str).unwrap_or_default();
    text("manager") == MANAGER && text("operation") == "Apply" && text("subresource").is_empty()
}

fn managed_fields(live: &Value) -> &[Value] {
    live.pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The former appliers that hold fields of a live object, by field manager, each once.
pub fn former_appliers(live: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for entry in managed_fields(live).iter().filter(|e| is_former(e)) {
        if let Some(manager) = entry["manager"].as_str()
            && !found.iter().any(|m| m == manager)
        {
            found.push(manager.to_owned());
        }
    }
    found
}

/// The JSON patch (RFC 6902) that makes trueup the applier of everything that former appliers hold. `None`: there is
/// nothing to move. The resource version stands in the patch as a value, so that the server answers 409 when the object
/// has changed since it was read; a `test` operation would make that a 422, which a refusal looks like, too.
///
/// # Errors
/// A Problem where the entries speak of different API versions, so that their fields cannot be put together without
/// converting them, and where the object does not say what is needed.
pub fn adoption(live: &Value) -> Result<Option<Value>, Problem> {
    let Some(entries) = moved_entries(live)? else {
        return Ok(None);
    };
    let Some(resource_version) = live
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str)
    else {
        return Err(Problem::new(
            ProblemKind::Internal,
            "the live object has no resourceVersion, so that its adoption could not be guarded",
        ));
    };
    Ok(Some(json!([
        { "op": "replace", "path": "/metadata/resourceVersion", "value": resource_version },
        { "op": "replace", "path": "/metadata/managedFields", "value": entries },
    ])))
}

/// A live object as [`adoption`] would leave it. `None`: there is nothing to move.
///
/// # Errors
/// As for [`adoption`].
pub fn adopted(live: &Value) -> Result<Option<Value>, Problem> {
    let Some(entries) = moved_entries(live)? else {
        return Ok(None);
    };
    let mut adopted = live.clone();
    adopted["metadata"]["managedFields"] = Value::Array(entries);
    Ok(Some(adopted))
}

/// `managedFields` with everything that former appliers hold in one entry of trueup's.
fn moved_entries(live: &Value) -> Result<Option<Vec<Value>>, Problem> {
    let entries = managed_fields(live);
    let (moved, kept): (Vec<&Value>, Vec<&Value>) =
        entries.iter().partition(|e| is_former(e) || is_ours(e));
    if !moved.iter().any(|e| is_former(e)) {
        return Ok(None);
    }
    let api_version = one_api_version(&moved)?;
    let mut fields = Map::new();
    for entry in &moved {
        if let Some(more) = entry.get("fieldsV1").and_then(Value::as_object) {
            union(&mut fields, more);
        }
    }
    let time = moved
        .iter()
        .filter_map(|e| e.get("time").and_then(Value::as_str))
        .max();
    let mut ours = json!({
        "manager": MANAGER,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    });
    if let Some(time) = time {
        ours["time"] = json!(time);
    }
    let mut all: Vec<Value> = vec![ours];
    all.extend(kept.into_iter().cloned());
    Ok(Some(all))
}

/// The API version that all entries share. Entries that hold metadata alone agree with any: metadata is the same in
/// every version. The server keeps one entry for an applier whatever its versions, so that two could not stand side by
/// side.
fn one_api_version(entries: &[&Value]) -> Result<String, Problem> {
    let version = |e: &Value| e["apiVersion"].as_str().unwrap_or_default().to_owned();
    let mut speaking: Vec<String> = entries
        .iter()
        .filter(|e| !metadata_only(e))
        .map(|e| version(e))
        .collect();
    speaking.sort();
    speaking.dedup();
    match speaking.as_slice() {
        [] => Ok(entries.last().map(|e| version(e)).unwrap_or_default()),
        [one] => Ok(one.clone()),
        several => Err(Problem::new(
            ProblemKind::Unsupported,
            "the ownership of its fields was recorded at several API versions and cannot be moved as one",
        )
        .because(format!("recorded at {}", several.join(", ")))
        .hint("Apply the object once more with the tool that made it, at the apiVersion that Git states, then adopt it.")),
    }
}

fn metadata_only(entry: &Value) -> bool {
    entry
        .get("fieldsV1")
        .and_then(Value::as_object)
        .is_none_or(|fields| fields.keys().all(|k| k == "f:metadata"))
}

/// Unites two field sets in the form of FieldsV1: a tree whose leaves are empty maps.
fn union(into: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, below) in more {
        let Some(below) = below.as_object() else {
            continue;
        };
        let at = into
            .entry(name.clone())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(at) = at.as_object_mut() {
            union(at, below);
        }
    }
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
mod tests;
