//! A hash of what an object says, for telling whether it changed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::domain::Value;

/// A hash of a JSON value, for telling whether it changed.
pub(in crate::engine) fn content_hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_into(value, &mut hasher);
    hasher.finish()
}

fn hash_into(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => 0u8.hash(hasher),
        Value::Bool(b) => (1u8, b).hash(hasher),
        Value::Number(n) => (2u8, n.to_string()).hash(hasher),
        Value::String(s) => (3u8, s).hash(hasher),
        Value::Array(items) => {
            (4u8, items.len()).hash(hasher);
            items.iter().for_each(|item| hash_into(item, hasher));
        }
        Value::Object(fields) => {
            (5u8, fields.len()).hash(hasher);
            for (name, value) in fields {
                name.hash(hasher);
                hash_into(value, hasher);
            }
        }
    }
}
