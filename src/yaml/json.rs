//! JSON as Kubernetes reads it, with the place of each field.

use serde_json::Number;

use crate::domain::{Places, Position, Value};

use super::nodes::Part;
use super::text::position;
use super::{Document, Limits, LoadError, number, stream};

/// Reads a text that is exactly one JSON value. Numbers become what Kubernetes makes of them: integers of 64 bits signed,
/// and floats. `value` may be null here.
///
/// # Errors
/// The first place that is not JSON, or that follows the value.
pub fn load_json(text: &str, limits: &Limits) -> Result<Document, LoadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text).map_err(|e| syntax(&e))?;
    Ok(placed(value, text, position(1, 0), limits))
}

/// What serde_json says, with its place beside it.
pub fn syntax(error: &serde_json::Error) -> LoadError {
    let message = error.to_string();
    let message = match message.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => message,
    };
    let column = error.column().saturating_sub(1);
    LoadError::new(message, position(error.line().max(1), column))
}

/// The document of a value that `text` is as JSON, which starts at `at`.
pub fn placed(mut value: Value, text: &str, at: Position, limits: &Limits) -> Document {
    normalise(&mut value);
    let is_json = true;
    // Nearly all JSON is YAML, whose reader knows places. Where it is not, the value counts and places are unknown.
    match stream::load_part(Part { text, at, is_json }, limits) {
        Ok(Some(document)) if document.value == value => document,
        _ => Document {
            value,
            index: 0,
            start: at,
            places: Places::default(),
            duplicates: Vec::new(),
        },
    }
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
