//! YAML as Kubernetes reads and writes it: a loader over granit-parser's events with go-yaml v2's rules, and an emitter
//! in go-yaml v2's style. Pure; knows nothing of files.

mod emit;
mod json;
mod load;
mod nodes;
mod number;
mod quirk;
mod quote;
mod resolve;
mod stream;
mod text;

#[cfg(test)]
mod tests;

pub use emit::{Emitted, emit, emit_lines, emit_lines_placed, scalar};
pub use json::load_json;
pub use load::push_token;
pub use quote::readable;
pub use stream::{load, load_until_error};
pub use text::decode;

use std::fmt;

use crate::domain::{Places, Position, Problem, ProblemKind, Value};

/// How much one YAML stream may ask for. What exceeds a limit is a [`LoadError`], never cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep maps and lists may nest. Nothing that Kubernetes serves nests deeper than 60.
    pub max_depth: usize,
    /// How many values the stream may hold, those that aliases repeat counted each time.
    pub max_nodes: usize,
    /// How many bytes of text the values may hold, those that aliases repeat counted each time.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 128,
            max_nodes: 1_000_000,
            max_bytes: 64 << 20,
        }
    }
}

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its content. Never null: documents without content are left out.
    pub value: Value,
    /// Number of the document within its stream, from 0; those left out count.
    pub index: usize,
    /// Where its content starts.
    pub start: Position,
    /// Where each field stands, by RFC 6901 pointer: for an entry of a map its key, for an item of a list the item.
    /// What a merge key or an alias brought in stands where it is written.
    pub places: Places,
    /// Keys given more than once in one map, with the place of each repetition. The last one holds, as in Kubernetes.
    pub duplicates: Vec<Duplicate>,
}

/// A key that its map had already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// RFC 6901 pointer of the entry.
    pub pointer: String,
    /// Where the repetition stands.
    pub at: Position,
}

/// Why a text is not YAML, or not YAML that Kubernetes takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// Where.
    pub at: Option<Position>,
    /// Whether a limit was exceeded rather than a rule broken.
    pub too_large: bool,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LoadError {}

impl LoadError {
    fn new(message: impl Into<String>, at: Position) -> Self {
        Self {
            message: message.into(),
            at: Some(at),
            too_large: false,
        }
    }

    fn too_large(message: impl Into<String>, at: Position) -> Self {
        Self {
            too_large: true,
            ..Self::new(message, at)
        }
    }

    /// The error of a part of a file that starts at `from`.
    fn within(mut self, from: Position) -> Self {
        self.at = self.at.map(|at| text::within(at, from));
        self
    }

    /// This error as a Problem about a file, placed at `file:line:column`.
    pub fn problem(&self, file: &str) -> Problem {
        let kind = if self.too_large {
            ProblemKind::TooLarge
        } else {
            ProblemKind::Invalid
        };
        let place = match self.at {
            Some(at) => format!("{file}:{at}"),
            None => file.to_owned(),
        };
        Problem::new(kind, "the YAML cannot be read")
            .at(place)
            .because(self.message.clone())
    }
}
