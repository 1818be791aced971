//! The built body of a section: lines of a comparison or of a manifest.

use crate::domain::text::visible;
use crate::domain::{FieldPath, Manifest, ObjectDrift, Position};
use crate::drift::{self, lines as drift_lines, redact};

use super::super::fit;
use super::{BodyOptions, Content};

/// A line of a manifest as Git renders it.
#[derive(Clone, Debug)]
pub struct SourceLine {
    /// Columns that it is indented by.
    pub indent: u16,
    /// The text.
    pub text: String,
    /// Where Git states it.
    pub position: Option<Position>,
}

/// What the lines are of.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// A comparison.
    Drift(Vec<drift_lines::Line>),
    /// A manifest.
    Source(Vec<SourceLine>),
}

/// A built body, with what it was built from: as long as it is kept, no other object can have its address.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// The lines.
    pub body: Body,
    _content: Option<Content>,
}

impl Lines {
    /// Builds a body.
    pub fn build(content: Content, options: BodyOptions) -> Self {
        let body = match &content {
            Content::Empty => Body::Empty,
            Content::Drift(drift) => Body::Drift(of_drift(drift, options)),
            Content::Source(packed) => {
                let manifest = packed.manifest();
                Body::Source(of_source(&manifest, options))
            }
        };
        Self {
            body,
            _content: Some(content),
        }
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Empty => 0,
            Body::Drift(lines) => lines.len(),
            Body::Source(lines) => lines.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Columns of a line, its indentation included.
    pub fn width(&self, line: usize) -> usize {
        match &self.body {
            Body::Empty => 0,
            Body::Drift(lines) => lines.get(line).map_or(0, |l| {
                let text = l.spans.iter().map(|s| fit::width(&visible(&s.text)));
                usize::from(l.indent) + text.sum::<usize>()
            }),
            Body::Source(lines) => lines
                .get(line)
                .map_or(0, |l| usize::from(l.indent) + fit::width(&visible(&l.text))),
        }
    }

    /// The field that a line shows.
    pub fn path(&self, line: usize) -> Option<&FieldPath> {
        match &self.body {
            Body::Drift(lines) => lines.get(line).map(|l| &l.path),
            _ => None,
        }
    }
}

fn of_drift(object: &ObjectDrift, options: BodyOptions) -> Vec<drift_lines::Line> {
    let how = drift_lines::LineOptions {
        context: options.context,
        foreign: options.foreign,
    };
    if options.revealed {
        drift_lines::build(&drift::revealed(object), &how)
    } else {
        drift_lines::build(&redact::masked(object), &how)
    }
}

fn of_source(manifest: &Manifest, options: BodyOptions) -> Vec<SourceLine> {
    let value = if options.revealed {
        drift::revealed_object(&manifest.value)
    } else {
        redact::mask_object(&manifest.value)
    };
    let places = &manifest.origin.places;
    // What Git states as stringData is known as the data that it becomes.
    let stated = |pointer: &str| {
        let rest = pointer.strip_prefix("/stringData/")?;
        places.at(&format!("/data/{rest}"))
    };
    let mut before = String::new();
    crate::yaml::emit_lines_placed(&value, places)
        .into_iter()
        .map(|line| {
            // A text of several lines is stated where it begins.
            let goes_on = line.pointer == before;
            let position = places.at(&line.pointer).or_else(|| stated(&line.pointer));
            before = line.pointer;
            SourceLine {
                indent: line.indent,
                position: position.filter(|_| !goes_on),
                text: crate::yaml::readable(&line.text).into_owned(),
            }
        })
        .collect()
}
