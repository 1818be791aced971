//! The loader and the emitter, held against recorded answers of Kubernetes' own tools.

mod emit;
mod load;
mod table;

use super::*;

/// The documents of a text that is known to be good.
fn values(text: &str) -> Vec<Value> {
    let documents = load(text, &Limits::default()).unwrap_or_else(|e| panic!("{text:?}: {e}"));
    documents.into_iter().map(|d| d.value).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn at(line: u32, column: u32) -> Option<Position> {
    Some(Position { line, column })
}
