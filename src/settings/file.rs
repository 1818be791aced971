//! The config file as text: one YAML document, with the place of each setting.

use std::path::Path;
use std::sync::Arc;

use crate::domain::{self, Position, Problem, ProblemKind, Result, Value};
use crate::yaml::Limits;

/// More than this is no config file.
const MAX_BYTES: u64 = 1 << 20;

/// A config file is small; an alias bomb is none.
const LIMITS: Limits = Limits {
    max_depth: 16,
    max_nodes: 100_000,
    max_bytes: 4 << 20,
};

/// A config file that could be read as YAML.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Its path, as shown.
    pub path: String,
    /// Its content; a map, empty where the file is.
    pub value: Value,
    places: Arc<domain::Places>,
}

impl ConfigFile {
    /// Reads the text of a config file.
    ///
    /// # Errors
    /// It is not YAML, holds several documents, or is not a map.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let invalid = |at: Option<Position>, why: String| {
            let place = at.map_or_else(|| path.to_owned(), |at| format!("{path}:{at}"));
            Problem::new(ProblemKind::Config, "the config file is not valid YAML")
                .at(place)
                .because(why)
        };
        let documents = crate::yaml::load(text, &LIMITS)
            .map_err(|error| invalid(error.at, error.message.clone()))?;
        let mut documents = documents.into_iter();
        let Some(document) = documents.next() else {
            return Ok(Self {
                path: path.to_owned(),
                value: Value::Object(serde_json::Map::new()),
                places: Arc::default(),
            });
        };
        if let Some(second) = documents.next() {
            let why = "it holds a second document".to_owned();
            return Err(invalid(Some(second.start), why));
        }
        if let Some(twice) = document.duplicates.first() {
            let why = format!("`{}` is given twice", twice.pointer.trim_start_matches('/'));
            return Err(invalid(Some(twice.at), why));
        }
        if !document.value.is_object() {
            let place = format!("{path}:{}", document.start);
            let what = "the config file is not a map of settings";
            return Err(Problem::new(ProblemKind::Config, what).at(place));
        }
        let (value, places) = (document.value, Arc::new(document.places));
        Ok(Self {
            path: path.to_owned(),
            value,
            places,
        })
    }

    /// Reads a config file. `Ok(None)`: there is none.
    ///
    /// # Errors
    /// It cannot be read, or see [`ConfigFile::parse`].
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let shown = path.display().to_string();
        let failed = |error: &std::io::Error| {
            Problem::new(ProblemKind::Config, "the config file cannot be read")
                .at(shown.clone())
                .because(error.to_string())
        };
        let size = match std::fs::metadata(path) {
            Ok(meta) => meta.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        if size > MAX_BYTES {
            return Err(
                Problem::new(ProblemKind::TooLarge, "the config file is too large")
                    .at(shown)
                    .because(format!("it has {size} bytes, {MAX_BYTES} are allowed")),
            );
        }
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        Self::parse(&shown, &text).map(Some)
    }

    /// Where the setting at an RFC 6901 pointer stands; the nearest that is known around it.
    pub fn position(&self, pointer: &str) -> Option<Position> {
        let mut pointer = pointer;
        loop {
            if let Some(at) = self.places.at(pointer) {
                return Some(at);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    /// The place of a setting, as `file:line:column`.
    pub fn place(&self, pointer: &str) -> String {
        match self.position(pointer) {
            Some(at) => format!("{}:{at}", self.path),
            None => self.path.clone(),
        }
    }
}
