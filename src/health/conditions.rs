//! Reading status: conditions, numbers and texts, with what is missing or of a wrong type read as Go reads absent fields.

use crate::domain::Value;

/// The integer at a pointer; absent reads as 0, as in Go.
pub fn number(object: &Value, pointer: &str) -> i64 {
    stated_number(object, pointer).unwrap_or(0)
}

/// The integer at a pointer, where there is one.
pub fn stated_number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// The text at a pointer; absent reads as empty.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The items of the list at a pointer; absent reads as empty.
pub fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// One entry of a list of conditions.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a>(&'a Value);

impl<'a> Condition<'a> {
    fn text(self, field: &str) -> &'a str {
        self.0
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Its type.
    pub fn kind(self) -> &'a str {
        self.text("type")
    }

    /// Since when its status is so, as the server writes a time.
    pub fn since(self) -> &'a str {
        self.text("lastTransitionTime")
    }

    /// `True`, `False` or `Unknown`.
    pub fn status(self) -> &'a str {
        self.text("status")
    }

    /// Its reason.
    pub fn reason(self) -> &'a str {
        self.text("reason")
    }

    /// Its message; empty where there is none.
    pub fn message(self) -> &'a str {
        self.text("message")
    }

    /// Its message, or a text in its place.
    pub fn message_or(self, other: &str) -> String {
        match self.message() {
            "" => other.to_owned(),
            message => message.to_owned(),
        }
    }

    /// The generation that it speaks of.
    pub fn observed_generation(self) -> Option<i64> {
        self.0.get("observedGeneration").and_then(Value::as_i64)
    }

    /// Whether it is of a type and has a status.
    pub fn is(self, kind: &str, status: &str) -> bool {
        self.kind() == kind && self.status() == status
    }
}

/// The conditions in the list at a pointer. Entries that are not maps are read as empty ones.
pub fn conditions<'a>(object: &'a Value, pointer: &str) -> Vec<Condition<'a>> {
    items(object, pointer).iter().map(Condition).collect()
}
