//! A drift as lines of text: what a console shows and a command prints.
//!
//! `-` is the live side, `+` what a sync would make of it. The text is YAML in Kubernetes' own order of fields, but for
//! list items, which start with the fields that identify them. A long text (a ConfigMap's file) is compared line by
//! line. Pure and deterministic. Texts are raw: whoever shows them passes them through `domain::text::visible`, and
//! masks Secrets first ([`super::redact::masked`]).

mod fold;
mod layout;
mod text;
mod words;
mod writer;

use crate::domain::{Cause, FieldPath, ObjectDrift, Owner, Position, RepoPath};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// The same on both sides.
    Context,
    /// Live, and gone or changed after a sync.
    Removed,
    /// There after a sync.
    Added,
    /// The same on both sides, added by somebody else and left alone by a sync.
    Foreign,
    /// What Git wants and the server will not let have: on neither side. It follows the line that stands in its place.
    Overridden,
    /// So many unchanged lines are left out here.
    Fold(usize),
    /// A title, for whoever strings several objects together; [`build`] makes none.
    Heading,
}

/// A stretch of a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Raw text.
    pub text: String,
    /// Whether it is what changed within the line.
    pub emphasis: bool,
}

/// Who and what is behind a line. It stands on the first line of each field and side only; places also on each run of
/// changed lines of a text that has a line of the file for each of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who holds the live field: on Removed, Foreign and Overridden lines.
    pub owner: Option<Owner>,
    /// Where Git states the field: on Added and Overridden lines, and on Removed ones that no Added line follows.
    pub place: Option<(RepoPath, Position)>,
    /// Which side moved.
    pub cause: Cause,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Columns of indentation, not in `spans`.
    pub indent: u16,
    /// Its text.
    pub spans: Vec<Span>,
    /// The field that it belongs to; empty for a fold.
    pub path: FieldPath,
    /// Who and what is behind it.
    pub note: Option<Note>,
}

impl Line {
    /// The text with its indentation, without any mark.
    pub fn text(&self) -> String {
        let mut text = " ".repeat(usize::from(self.indent));
        self.spans.iter().for_each(|span| text.push_str(&span.text));
        text
    }
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LineOptions {
    /// Unchanged lines around every change; `usize::MAX` for all of them.
    pub context: usize,
    /// Whether Foreign fields are marked and shown like changes.
    pub foreign: bool,
}

impl Default for LineOptions {
    /// Three lines of context, Foreign fields shown.
    fn default() -> Self {
        Self {
            context: 3,
            foreign: true,
        }
    }
}

/// The lines of one object. The parents of a change are always among them. None where there is nothing to show.
pub fn build(drift: &ObjectDrift, options: &LineOptions) -> Vec<Line> {
    let layout = layout::Layout::of(drift, options.foreign);
    fold::fold(&layout, drift, options.context)
}

#[cfg(test)]
mod tests;
