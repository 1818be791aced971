//! A stream cut into documents as Kubernetes cuts it, line by line and before anything is understood: its
//! `YAMLOrJSONDecoder` (k8s.io/apimachinery, pkg/util/yaml/decoder.go), by which Argo CD reads files and kubectl too.

use std::borrow::Cow;

use crate::domain::{Position, Value};

use super::load::{self, Budget};
use super::nodes::{Part, Reading};
use super::quirk::Quirk;
use super::text::{self, behind, position};
use super::{Document, Limits, LoadError, json};

/// Reads all documents of a stream as Kubernetes does (go-yaml v2 by way of `sigs.k8s.io/yaml`). Documents without
/// content are left out.
///
/// # Errors
/// The first place that is not YAML, that JSON cannot express, or that exceeds a limit.
pub fn load(text: &str, limits: &Limits) -> Result<Vec<Document>, LoadError> {
    match load_until_error(text, limits) {
        (documents, None) => Ok(documents),
        (_, Some(error)) => Err(error),
    }
}

/// As [`load`], with the documents that stand before the first error.
pub fn load_until_error(text: &str, limits: &Limits) -> (Vec<Document>, Option<LoadError>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut stream = Stream::new(limits);
    let result = stream.read(text);
    (stream.documents, result.err())
}

/// Reads a part of a file that is one document.
pub fn load_part(part: Part<'_>, limits: &Limits) -> Result<Option<Document>, LoadError> {
    let mut stream = Stream::new(limits);
    stream.part(part)?;
    Ok(stream.documents.pop())
}

/// How far Kubernetes looks for the brace that makes a stream JSON, in bytes.
const LOOKS_AHEAD: usize = 4096;

/// How much text is read again for the sake of [`super::quirk`].
const MAX_REREAD_BYTES: usize = 32 << 20;

struct Stream<'l> {
    limits: &'l Limits,
    budget: Budget,
    reread_left: usize,
    documents: Vec<Document>,
    /// How many documents were there, those without content too.
    n_seen: usize,
}

impl<'l> Stream<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            budget: Budget::new(*limits),
            reread_left: MAX_REREAD_BYTES,
            documents: Vec::new(),
            n_seen: 0,
        }
    }

    fn read(&mut self, text: &str) -> Result<(), LoadError> {
        let blank = text.len() - text.trim_start().len();
        let mut from = 0;
        if blank < LOOKS_AHEAD && text[blank..].starts_with('{') {
            match self.json(text)? {
                Some(end) => from = end,
                None => return Ok(()),
            }
        }
        self.yaml(&text[from..], behind(&text[..from], position(1, 0)))
    }

    /// Reads JSON objects, one after another. Where the rest is YAML, tells where that begins: what follows two objects
    /// is not looked at so.
    fn json(&mut self, text: &str) -> Result<Option<usize>, LoadError> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let (mut end, mut at) = (0, position(1, 0));
        while let Some(value) = values.next() {
            let value = match value {
                Ok(value) => value,
                Err(error) => {
                    let n_blank = blank_before_yaml(&text[end..]).filter(|_| self.n_seen < 2);
                    return n_blank.map(|n| Some(end + n)).ok_or_else(|| {
                        let mut error = json::syntax(&error);
                        error.message = format!("what follows JSON is no JSON: {}", error.message);
                        error
                    });
                }
            };
            let written = &text[end..values.byte_offset()];
            let object = written.trim_start();
            at = behind(&written[..written.len() - object.len()], at);
            if !value.is_null() {
                let mut document = json::placed(value, object, at, self.limits);
                document.index = self.n_seen;
                self.documents.push(document);
            }
            at = behind(object, at);
            end = values.byte_offset();
            self.n_seen += 1;
        }
        Ok(None)
    }

    /// Reads YAML, document by document.
    fn yaml(&mut self, text: &str, at: Position) -> Result<(), LoadError> {
        let is_json = false;
        let (mut start, mut at, mut here) = (0, at, 0);
        for line in text.split_inclusive('\n') {
            if let Some(rest) = line.strip_prefix("---") {
                let text = &text[start..here];
                // The first line of a document may be a separator itself.
                if !text.is_empty() {
                    self.part(Part { text, at, is_json })?;
                    at = behind(text, at);
                    start = here;
                }
                let rest = rest.trim();
                if !rest.is_empty() && !rest.starts_with('#') {
                    let message = "Kubernetes takes nothing but a comment behind `---`; put it on the next line";
                    return Err(LoadError::new(message, at));
                }
                if !text.is_empty() {
                    at = behind(line, at);
                    start += line.len();
                }
            }
            here += line.len();
        }
        let text = &text[start..];
        match text.is_empty() {
            true => Ok(()),
            false => self.part(Part { text, at, is_json }),
        }
    }

    /// Reads one document.
    fn part(&mut self, part: Part<'_>) -> Result<(), LoadError> {
        let mut text = Cow::Borrowed(part.text.strip_prefix('\u{feff}').unwrap_or(part.text));
        // Kubernetes ends the last line; a text that it ends keeps the line break.
        if !text.ends_with('\n') {
            text.to_mut().push('\n');
        }
        text::check(&text)
            .and_then(|()| check_start(&text))
            .map_err(|error| error.within(part.at))?;
        let mut mended_up_to = (0, 0);
        loop {
            let part = Part {
                text: &text,
                ..part
            };
            let (error, quirk) = match self.document(part) {
                Ok(()) => return Ok(()),
                Err(stopped) => stopped,
            };
            let quirk = quirk.filter(|quirk| quirk.is_behind(mended_up_to));
            match quirk.and_then(|quirk| Some((quirk, quirk.mended(&text)?))) {
                Some((quirk, mended)) if self.reread_left >= mended.len() => {
                    mended_up_to = (quirk.line, quirk.column);
                    self.reread_left -= mended.len();
                    text = Cow::Owned(mended);
                }
                _ => return Err(error),
            }
        }
    }

    fn document(&mut self, part: Part<'_>) -> Result<(), (LoadError, Option<Quirk>)> {
        let mut budget = self.budget;
        let mut reading = Reading::new(part, self.limits);
        let nodes = reading.nodes().map_err(|error| (error, reading.quirk))?;
        let document = load::document(&nodes, self.n_seen, &mut budget);
        self.documents
            .extend(document.map_err(|error| (error, None))?);
        self.budget = budget;
        // Comments in front of the first separator are no document.
        self.n_seen += usize::from(!nodes.is_empty() || self.n_seen > 0);
        Ok(())
    }
}

/// Refuses what stands in front of a document: directives, which Kubernetes cuts off, and the end of one that was not
/// begun.
fn check_start(text: &str) -> Result<(), LoadError> {
    let is_blank = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let blank = text.split_inclusive('\n').take_while(is_blank);
    let n_blank = blank.map(str::len).sum();
    let first = &text[n_blank..];
    let ends = first.strip_prefix("...");
    let message = if first.starts_with('%') {
        "Kubernetes takes no directives such as `%YAML`; leave the line out"
    } else if ends.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
        "nothing was begun that `...` could end"
    } else {
        return Ok(());
    };
    Err(LoadError::new(
        message,
        behind(&text[..n_blank], position(1, 0)),
    ))
}

/// How much white space Kubernetes leaves out between JSON and YAML: up to the first line break. It gives up on less
/// than four bytes.
fn blank_before_yaml(text: &str) -> Option<usize> {
    let mut n_blank = 0;
    for c in text.chars() {
        if text.len() - n_blank < 4 {
            return None;
        }
        if !c.is_whitespace() {
            return Some(n_blank);
        }
        n_blank += c.len_utf8();
        if c == '\n' {
            return Some(n_blank);
        }
    }
    None
}
