//! Objects as files state them, with the place that each field came from.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::{Gvk, RepoPath, Value};

/// A line and a column in a file, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Where each field of one document stands in its file. Compact: twelve to sixteen bytes a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<(u64, Position)>);

impl Places {
    /// Collects pairs of RFC 6901 pointer and position. A pointer given twice keeps its last position.
    pub fn new<S: AsRef<str>>(pairs: impl IntoIterator<Item = (S, Position)>) -> Self {
        let mut builder = PlacesBuilder::default();
        for (pointer, at) in pairs {
            builder.note(pointer.as_ref(), at);
        }
        builder.build()
    }

    /// A copy in which further pointers have positions, or known ones another position.
    #[must_use]
    pub fn with<S: AsRef<str>>(&self, pairs: impl IntoIterator<Item = (S, Position)>) -> Self {
        let mut places = Self::new(pairs).0;
        places.extend_from_slice(&self.0);
        // Stable: what was given now stands first.
        places.sort_by_key(|(digest, _)| *digest);
        places.dedup_by_key(|(digest, _)| *digest);
        Self(places)
    }

    /// The position of the field at an RFC 6901 pointer; for a field of a map, that of its name.
    pub fn at(&self, pointer: &str) -> Option<Position> {
        let wanted = digest(pointer);
        let i = self.0.binary_search_by_key(&wanted, |(d, _)| *d).ok()?;
        Some(self.0[i].1)
    }

    /// Where the first line of the text at an RFC 6901 pointer stands, if each of its lines is a line of the file.
    pub fn text_at(&self, pointer: &str) -> Option<Position> {
        let at = self.at(&format!("{pointer}{TEXT}"))?;
        (at.line > 0).then_some(at)
    }
}

/// Stands behind the pointer of a text: nothing else is below one.
const TEXT: &str = "/|";

/// Collects [`Places`] one by one, without keeping the pointers.
#[derive(Clone, Debug, Default)]
pub struct PlacesBuilder(Vec<(u64, Position)>);

impl PlacesBuilder {
    /// Notes where the field at an RFC 6901 pointer stands.
    pub fn note(&mut self, pointer: &str, at: Position) {
        self.0.push((digest(pointer), at));
    }

    /// Notes where the first line of the text at an RFC 6901 pointer stands; `None`: its lines are not those of the file.
    pub fn note_text(&mut self, pointer: &str, at: Option<Position>) {
        self.note(&format!("{pointer}{TEXT}"), at.unwrap_or_default());
    }

    /// The places noted. A pointer noted twice keeps its last position.
    pub fn build(self) -> Places {
        let mut places = self.0;
        places.reverse();
        places.sort_by_key(|(digest, _)| *digest);
        places.dedup_by_key(|(digest, _)| *digest);
        places.shrink_to_fit();
        Places(places)
    }
}

fn digest(pointer: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    pointer.hash(&mut hasher);
    hasher.finish()
}

/// Where a manifest comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// File, relative to the root of its tree.
    pub file: RepoPath,
    /// Number of the document within the file, from 0.
    pub document: usize,
    /// Where the object starts.
    pub start: Position,
    /// Where each field stands.
    pub places: Arc<Places>,
}

/// One object as its file states it: nothing defaulted, nothing added.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Kind and version; both are always present.
    pub gvk: Gvk,
    /// The whole object.
    pub value: Arc<Value>,
    /// File, line and column.
    pub origin: Origin,
}

impl std::fmt::Display for Position {
    /// `line:column`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Manifest {
    /// `metadata.name`, empty where there is none.
    pub fn name(&self) -> &str {
        self.meta("name")
    }

    /// `metadata.namespace` as the file states it, empty where there is none.
    pub fn namespace(&self) -> &str {
        self.meta("namespace")
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.value
            .get("metadata")?
            .get("annotations")?
            .get(name)?
            .as_str()
    }

    fn meta(&self, field: &str) -> &str {
        self.value
            .get("metadata")
            .and_then(|m| m.get(field))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}
