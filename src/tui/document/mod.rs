//! A long text of foldable sections, of which only what is looked at is built, and the reader's place in it, which
//! stays on the same object and field when the text changes under it.

mod lines;
mod reader;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{AppId, FieldPath, ObjectDrift, ObjectKey};
use crate::engine::PackedManifest;

use super::painter::Piece;

pub use lines::{Body, Lines, SourceLine};
pub use reader::{Reader, Row};

/// What tells sections apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SectionId {
    /// An object of an App.
    Object(AppId, ObjectKey),
    /// Something else, by a name of its own.
    Part(String),
}

/// A section: a heading that always shows and a body that folds.
#[derive(Clone, Debug)]
pub struct Section {
    /// Which one.
    pub id: SectionId,
    /// The heading, from the left.
    pub left: Vec<Piece>,
    /// The heading, from the right; it yields first.
    pub right: Vec<Piece>,
    /// Lines before the body.
    pub intro: Vec<Vec<Piece>>,
    /// What it is about.
    pub body: Content,
    /// Whether it is folded until the reader says otherwise; `None`: it does not fold.
    pub folded: Option<bool>,
    /// Whether a jump to the next difference stops here.
    pub stop: bool,
}

/// What a section's body is built from.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// The lines of a comparison.
    Drift(Arc<ObjectDrift>),
    /// The lines of a manifest.
    Source(Arc<PackedManifest>),
}

impl Section {
    /// A section of plain lines without a heading.
    pub fn text(name: impl Into<String>, intro: Vec<Vec<Piece>>) -> Self {
        Self {
            id: SectionId::Part(name.into()),
            left: Vec::new(),
            right: Vec::new(),
            intro,
            body: Content::Empty,
            folded: None,
            stop: false,
        }
    }

    fn has_head(&self) -> bool {
        !self.left.is_empty()
    }

    /// Whether there is something under its heading that folds.
    pub fn can_fold(&self) -> bool {
        self.folded.is_some()
            && self.has_head()
            && (!self.intro.is_empty() || !matches!(self.body, Content::Empty))
    }
}

/// How bodies are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyOptions {
    /// Unchanged lines around a change.
    pub context: usize,
    /// Whether what others added is shown.
    pub foreign: bool,
    /// Whether secret values are shown as they are.
    pub revealed: bool,
}

impl Default for BodyOptions {
    fn default() -> Self {
        Self {
            context: 3,
            foreign: true,
            revealed: false,
        }
    }
}

/// Bodies that are kept built. Only what was on screen is built, so this is many screens full.
const MAX_BUILT: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub struct Document {
    sections: Vec<Section>,
    folds: HashMap<SectionId, bool>,
    options: BodyOptions,
    built: RefCell<HashMap<(usize, BodyOptions), Arc<Lines>>>,
}

/// A line of a document: the section's number and the line within it, its heading first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    /// Number of the section.
    pub section: usize,
    /// Line within it.
    pub line: usize,
}

/// A line of a document by what it says, to find it again in another state of the document.
#[derive(Clone, Debug)]
pub struct Anchor {
    at: Pos,
    id: Option<SectionId>,
    path: Option<FieldPath>,
}

impl Document {
    /// The sections.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Replaces the sections. Bodies whose objects are the same stay built.
    pub fn set_sections(&mut self, sections: Vec<Section>) {
        self.sections = sections;
        let mut built = self.built.borrow_mut();
        if built.len() > MAX_BUILT {
            built.clear();
        }
    }

    /// Forgets what the reader folded.
    pub fn forget_folds(&mut self) {
        self.folds.clear();
    }

    /// How bodies are built.
    pub fn options(&self) -> BodyOptions {
        self.options
    }

    /// Replaces the options; says whether they are others than before.
    pub fn set_options(&mut self, options: BodyOptions) -> bool {
        let other = self.options != options;
        self.options = options;
        other
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Whether a section is folded.
    pub fn is_folded(&self, section: usize) -> bool {
        self.sections.get(section).is_some_and(|s| {
            let folded = self.folds.get(&s.id).copied().or(s.folded);
            s.can_fold() && folded == Some(true)
        })
    }

    /// Folds or unfolds a section.
    pub fn fold(&mut self, section: usize, folded: bool) {
        if let Some(s) = self.sections.get(section)
            && s.can_fold()
        {
            self.folds.insert(s.id.clone(), folded);
        }
    }

    /// Folds all sections, or unfolds them where all are folded.
    pub fn fold_all(&mut self) {
        let n = self.sections.len();
        let any_open = (0..n).any(|i| self.sections[i].can_fold() && !self.is_folded(i));
        for i in 0..n {
            self.fold(i, any_open);
        }
    }

    /// The built body of a section.
    pub fn body(&self, section: usize) -> Arc<Lines> {
        let Some(content) = self.sections.get(section).map(|s| &s.body) else {
            return Arc::default();
        };
        let address = match content {
            Content::Empty => return Arc::default(),
            Content::Drift(drift) => Arc::as_ptr(drift).addr(),
            Content::Source(manifest) => Arc::as_ptr(manifest).addr(),
        };
        let key = (address, self.options);
        if let Some(lines) = self.built.borrow().get(&key) {
            return lines.clone();
        }
        let lines = Arc::new(Lines::build(content.clone(), self.options));
        self.built.borrow_mut().insert(key, lines.clone());
        lines
    }

    /// Number of bodies that are built.
    pub fn n_built(&self) -> usize {
        self.built.borrow().len()
    }

    /// Number of lines of a section, folded or not.
    pub fn height(&self, section: usize) -> usize {
        let Some(s) = self.sections.get(section) else {
            return 0;
        };
        let head = usize::from(s.has_head());
        if self.is_folded(section) {
            head
        } else {
            head + s.intro.len() + self.body(section).len()
        }
    }

    /// The line after a line.
    pub fn next(&self, at: Pos) -> Option<Pos> {
        if at.line + 1 < self.height(at.section) {
            return Some(Pos {
                line: at.line + 1,
                ..at
            });
        }
        (at.section + 1..self.sections.len())
            .find(|&i| self.height(i) > 0)
            .map(|section| Pos { section, line: 0 })
    }

    /// The line before a line.
    pub fn previous(&self, at: Pos) -> Option<Pos> {
        if at.line > 0 {
            return Some(Pos {
                line: at.line - 1,
                ..at
            });
        }
        (0..at.section).rev().find_map(|section| {
            let line = self.height(section).checked_sub(1)?;
            Some(Pos { section, line })
        })
    }

    /// The first line.
    pub fn first(&self) -> Pos {
        let section = (0..self.sections.len())
            .find(|&i| self.height(i) > 0)
            .unwrap_or(0);
        Pos { section, line: 0 }
    }

    /// The last line.
    pub fn last(&self) -> Pos {
        let end = Pos {
            section: self.sections.len(),
            line: 0,
        };
        self.previous(end).unwrap_or_default()
    }

    /// The nearest line that exists.
    pub fn clamp(&self, at: Pos) -> Pos {
        match self.height(at.section) {
            0 => {
                let at = Pos {
                    section: at.section,
                    line: 0,
                };
                self.next(at).unwrap_or_else(|| self.last())
            }
            height => Pos {
                line: at.line.min(height - 1),
                ..at
            },
        }
    }

    /// A line, moved by a number of lines; stops at the ends.
    pub fn moved(&self, at: Pos, delta: isize) -> Pos {
        let mut at = self.clamp(at);
        for _ in 0..delta.unsigned_abs() {
            let next = if delta < 0 {
                self.previous(at)
            } else {
                self.next(at)
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// Index into the body of a section's line, where it is one of the body.
    fn body_line(&self, at: Pos) -> Option<usize> {
        let s = self.sections.get(at.section)?;
        at.line
            .checked_sub(usize::from(s.has_head()) + s.intro.len())
    }

    /// The field that a line shows.
    pub fn path(&self, at: Pos) -> Option<FieldPath> {
        let line = self.body_line(at)?;
        self.body(at.section).path(line).cloned()
    }

    /// What a line says.
    pub fn anchor(&self, at: Pos) -> Anchor {
        Anchor {
            at,
            id: self.sections.get(at.section).map(|s| s.id.clone()),
            path: self.path(at),
        }
    }

    /// Finds a line again: the same field of the same section, else the nearest.
    pub fn find(&self, anchor: &Anchor) -> Pos {
        let same = anchor
            .id
            .as_ref()
            .and_then(|id| self.sections.iter().position(|s| s.id == *id));
        let Some(section) = same else {
            return self.clamp(Pos {
                section: anchor.at.section,
                line: 0,
            });
        };
        let mut at = Pos {
            section,
            line: anchor.at.line,
        };
        if let Some(path) = &anchor.path
            && !self.is_folded(section)
            && let Some(s) = self.sections.get(section)
        {
            let before = usize::from(s.has_head()) + s.intro.len();
            let body = self.body(section);
            if let Some(line) = (0..body.len())
                .filter(|&i| body.path(i) == Some(path))
                .min_by_key(|&i| (i + before).abs_diff(anchor.at.line))
            {
                at.line = line + before;
            }
        }
        self.clamp(at)
    }
}
