//! JSON as Kubernetes reads it, with the place of each field.

use serde_json::Number;

use crate::domain::{Places, Value};

use super::text::position;
use super::{Document, Limits, LoadError, load, number};

/// Reads a text that is exactly one JSON value. Numbers become what Kubernetes makes of them: integers of 64 bits signed,
/// and floats. `value` may be null here.
///
/// # Errors
/// The first place that is not JSON, or that follows the value.
pub fn load_json(text: &str, limits: &Limits) -> Result<Document, LoadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut value: Value = serde_json::from_str(text).map_err(|e| {
        let message = e.to_string();
        // The position is told beside the message.
        let message = match message.rsplit_once(" at line ") {
            Some((message, _)) => message.to_owned(),
            None => message,
        };
        LoadError::new(
            message,
            position(e.line().max(1), e.column().saturating_sub(1)),
        )
    })?;
    normalise(&mut value);
    // Nearly all JSON is YAML, whose reader knows places. Where it is not, the value counts and places are unknown.
    let as_yaml = load(text, limits)
        .ok()
        .and_then(|mut documents| documents.pop());
    Ok(match as_yaml {
        Some(document) if document.value == value => document,
        _ => Document {
            value,
            index: 0,
            start: position(1, 0),
            places: Places::default(),
            duplicates: Vec::new(),
        },
    })
}

fn normalise(value: &mut Value) {
    match value {
        Value::Number(n) if n.is_i64() => {}
        Value::Number(n) => {
            if let Some(same) = n.as_f64().and_then(number::from_float) {
                *n = same;
            } else {
                *n = Number::from(0);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(map) => map.values_mut().for_each(normalise),
        _ => {}
    }
}
