//! What of an object is content, and what the server's bookkeeping.

use serde_json::Map;

use crate::domain::Value;
use crate::merge::MANAGER;

/// Fields of `metadata` that the server alone writes and that say nothing about content.
pub const BOOKKEEPING: [&str; 6] = [
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// An annotation in which the server counts the versions of a DaemonSet's template.
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// A copy without status and bookkeeping: what is compared and shown.
pub fn normalised(object: &Value) -> Value {
    without_status(object, |metadata| {
        let mut metadata = without(metadata, &BOOKKEEPING);
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.remove(TEMPLATE_GENERATION);
        }
        metadata
    })
}

/// A copy without status and with what is made of its metadata.
fn without_status(
    object: &Value,
    metadata: impl Fn(&Map<String, Value>) -> Map<String, Value>,
) -> Value {
    let Some(map) = object.as_object() else {
        return object.clone();
    };
    let kept = map.iter().filter(|(key, _)| *key != "status");
    let kept = kept.map(|(key, value)| match value.as_object() {
        Some(map) if key == "metadata" => (key.clone(), Value::Object(metadata(map))),
        _ => (key.clone(), value.clone()),
    });
    Value::Object(kept.collect())
}

/// Whether two objects are the same but for status and bookkeeping. Copies nothing.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_object(), b.as_object()) {
        (Some(a), Some(b)) => equal_but(a, b, &["status"], |key, a, b| {
            match (a.as_object(), b.as_object()) {
                (Some(a), Some(b)) if key == "metadata" => {
                    equal_but(a, b, &BOOKKEEPING, |_, a, b| a == b)
                }
                _ => a == b,
            }
        }),
        _ => a == b,
    }
}

fn equal_but(
    a: &Map<String, Value>,
    b: &Map<String, Value>,
    but: &[&str],
    same: impl Fn(&str, &Value, &Value) -> bool,
) -> bool {
    let mut a = a.iter().filter(|(key, _)| !but.contains(&key.as_str()));
    let mut b = b.iter().filter(|(key, _)| !but.contains(&key.as_str()));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some((k, v)), Some((l, w))) if k == l && same(k, v, w) => {}
            _ => return false,
        }
    }
}

/// What of a live object decides whether the server has to be asked about it again: everything but status,
/// `resourceVersion`, `generation`, and of each entry of `managedFields` the time. Entries of the status subresource
/// are left out. Who owns which field stays, because Foreign fields and conflicts hang on it, and so does the uid: an
/// object deleted and made again is another one, with other guards.
pub fn significant(object: &Value) -> Value {
    without_status(object, significant_metadata)
}

const MOVING: [&str; 3] = ["generation", "managedFields", "resourceVersion"];

fn significant_metadata(metadata: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = without(metadata, &MOVING);
    let entries: Vec<Value> = significant_entries(metadata.get("managedFields"))
        .map(|entry| {
            entry
                .as_object()
                .map_or(entry.clone(), |e| Value::Object(without(e, &["time"])))
        })
        .collect();
    if !entries.is_empty() {
        kept.insert("managedFields".to_owned(), Value::Array(entries));
    }
    kept
}

fn significant_entries(managed: Option<&Value>) -> impl Iterator<Item = &Value> {
    let entries = managed.and_then(Value::as_array).into_iter().flatten();
    entries.filter(|entry| entry.get("subresource").and_then(Value::as_str) != Some("status"))
}

/// Whether anybody but trueup and the status subresource has an entry in `managedFields`.
pub fn has_other_owners(object: &Value) -> bool {
    let managed = object.get("metadata").and_then(|m| m.get("managedFields"));
    let is = |entry: &Value, field, text| entry.get(field).and_then(Value::as_str) == Some(text);
    significant_entries(managed)
        .any(|entry| !is(entry, "manager", MANAGER) || !is(entry, "operation", "Apply"))
}

fn without(map: &Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    map.iter()
        .filter(|(key, _)| !keys.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object() -> Value {
        json!({"kind": "ConfigMap", "data": {"a": "1"}, "status": {"x": 1}, "metadata": {
            "name": "c", "uid": "u", "resourceVersion": "5", "generation": 2, "creationTimestamp": "t",
            "managedFields": [
                {"manager": "trueup", "operation": "Apply", "time": "1", "fieldsV1": {"f:data": {}}},
                {"manager": "kcm", "operation": "Update", "subresource": "status", "time": "1", "fieldsV1": {"f:status": {}}}]}})
    }

    #[test]
    fn only_content_counts() {
        let cases: [(&str, Value, bool); 8] = [
            ("/status", json!({"x": 2}), true),
            ("/metadata/resourceVersion", json!("6"), true),
            ("/metadata/generation", json!(3), true),
            ("/metadata/managedFields/0/time", json!("2"), true),
            ("/metadata/managedFields/1/fieldsV1", json!({}), true),
            (
                "/metadata/managedFields/0/fieldsV1",
                json!({"f:data": {"f:a": {}}}),
                false,
            ),
            ("/metadata/uid", json!("v"), false),
            ("/data/a", json!("2"), false),
        ];
        for (pointer, value, same) in cases {
            let mut other = object();
            *other.pointer_mut(pointer).unwrap() = value;
            assert_eq!(
                significant(&object()) == significant(&other),
                same,
                "{pointer}"
            );
        }
        assert!(!has_other_owners(&object()));
        let mut by_hand = object();
        by_hand["metadata"]["managedFields"][0]["operation"] = json!("Update");
        assert!(has_other_owners(&by_hand));
    }

    #[test]
    fn normalised_objects_are_equal_when_content_is() {
        let mut other = object();
        other["metadata"]["managedFields"] = json!([]);
        other["metadata"]["uid"] = json!("v");
        assert!(equal(&object(), &other));
        assert_eq!(normalised(&object()), normalised(&other));
        other["data"]["b"] = json!("");
        assert!(!equal(&object(), &other));
    }
}
