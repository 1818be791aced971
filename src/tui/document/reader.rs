//! The reader's place in a document: the line at the top, the line under the cursor, the first column shown.

use super::super::fit;
use super::super::list::Motion;
use super::{BodyOptions, Content, Document, Piece, Pos, Section, SectionId};

/// Open sections that are built to count their lines; each is an object, and most texts have fewer.
const MAX_COUNTED: usize = 64;

/// Lines before the first section that is a difference, as many as a glance takes in.
const FEW_LINES: usize = 6;

/// A document with the reader's place in it.
#[derive(Debug, Default)]
pub struct Reader {
    /// The document.
    pub document: Document,
    /// The line at the top.
    pub top: Pos,
    /// The line under the cursor.
    pub cursor: Pos,
    /// The first column shown.
    pub column: usize,
}

/// A line to be drawn.
#[derive(Clone, Copy, Debug)]
pub enum Row<'d> {
    /// The heading of a section, and whether it is folded.
    Head(&'d Section, bool),
    /// A line before the body.
    Intro(&'d [Piece]),
    /// A line of the body, by its index.
    Body(usize),
}

impl Reader {
    /// Replaces the sections and stays at the same field of the same section; a reader who has not left the beginning
    /// stays there, whatever comes in before what stood there first. What is said newly above all objects is seen by
    /// whoever has the first line on screen.
    pub fn replace(&mut self, sections: Vec<Section>) {
        let has_begun = (self.top, self.cursor) != self.beginning();
        let (top, cursor) = (
            self.document.anchor(self.top),
            self.document.anchor(self.cursor),
        );
        let is_at_start = self.top == self.document.first() && !self.document.is_empty();
        let is_news = sections.first().is_some_and(|first| {
            let mut before = self.document.sections().iter();
            matches!(first.id, SectionId::Part(_)) && before.all(|section| section.id != first.id)
        });
        self.document.set_sections(sections);
        (self.top, self.cursor) = match has_begun {
            true => (self.document.find(&top), self.document.find(&cursor)),
            false => self.beginning(),
        };
        if is_at_start && is_news {
            self.top = self.document.first();
        }
    }

    /// Another text: from its beginning, nothing folded by hand.
    pub fn restart(&mut self, sections: Vec<Section>) {
        self.document.forget_folds();
        self.document.set_sections(sections);
        (self.top, self.cursor) = self.beginning();
        self.column = 0;
    }

    /// Where reading begins: the first line, and the cursor on what something can be done with, unless much that is to be
    /// read stands before it.
    fn beginning(&self) -> (Pos, Pos) {
        let top = self.document.first();
        let stop = self.document.sections().iter().position(|s| s.stop);
        let above = stop.map(|stop| (0..stop).map(|i| self.document.height(i)).sum::<usize>());
        let cursor = match (stop, above) {
            (Some(section), Some(0..=FEW_LINES)) => Pos { section, line: 0 },
            _ => self.without_blank(top, 1),
        };
        (top, cursor)
    }

    /// How bodies are built.
    pub fn options(&self) -> BodyOptions {
        self.document.options()
    }

    /// Changes how bodies are built, and stays at the same field.
    pub fn set_options(&mut self, options: BodyOptions) -> bool {
        let (top, cursor) = (
            self.document.anchor(self.top),
            self.document.anchor(self.cursor),
        );
        let other = self.document.set_options(options);
        if other {
            self.top = self.document.find(&top);
            self.cursor = self.document.find(&cursor);
        }
        other
    }

    /// Moves the cursor.
    pub fn travel(&mut self, motion: Motion, height: usize) {
        match motion {
            Motion::By(delta) => self.step(delta, height),
            Motion::First => self.end(false, height),
            Motion::Last => self.end(true, height),
        }
    }

    /// Moves the cursor by lines, past those that say nothing, and keeps it on screen.
    fn step(&mut self, delta: isize, height: usize) {
        let before = self.cursor;
        self.cursor = self.document.moved(self.cursor, delta);
        self.leave_blank(delta);
        if self.is_blank(self.cursor) {
            self.cursor = before;
        }
        self.show(height);
    }

    /// Takes the cursor from an empty line to the next one that says something in a direction.
    fn leave_blank(&mut self, direction: isize) {
        self.cursor = self.without_blank(self.cursor, direction);
    }

    /// The next line that says something in a direction, beginning with this one.
    fn without_blank(&self, mut at: Pos, direction: isize) -> Pos {
        while self.is_blank(at) {
            let next = if direction < 0 {
                self.document.previous(at)
            } else {
                self.document.next(at)
            };
            let Some(next) = next else { break };
            at = next;
        }
        at
    }

    /// Whether nothing stands on a line, so that the cursor has no business there.
    fn is_blank(&self, at: Pos) -> bool {
        matches!(self.row(at), Some(Row::Intro([])))
    }

    /// Moves the text sideways, not past the end of the longest line on screen.
    pub fn sideways(&mut self, delta: isize, width: usize, height: usize) {
        let longest = self
            .rows(height)
            .filter_map(|(at, row)| match row {
                Row::Body(line) => Some(self.document.body(at.section).width(line)),
                Row::Head(..) | Row::Intro(_) => None,
            })
            .max()
            .unwrap_or(0);
        let last = longest
            .saturating_sub(width)
            .max(self.column * usize::from(delta < 0));
        self.column = self.column.saturating_add_signed(delta).min(last);
    }

    /// Scrolls by lines; the cursor stays on screen.
    pub fn scroll(&mut self, delta: isize, height: usize) {
        let last = self.last_top(height);
        self.top = self.document.moved(self.top, delta).min(last);
        let bottom = self
            .document
            .moved(self.top, height.saturating_sub(1) as isize);
        self.cursor = self.cursor.clamp(self.top, bottom.max(self.top));
        let before = self.cursor;
        self.leave_blank(delta);
        if self.cursor < self.top || self.cursor > bottom || self.is_blank(self.cursor) {
            self.cursor = before;
            self.leave_blank(-delta);
        }
    }

    /// Goes to the first line, or to the last.
    fn end(&mut self, last: bool, height: usize) {
        self.cursor = if last {
            self.document.last()
        } else {
            self.document.first()
        };
        self.leave_blank(if last { -1 } else { 1 });
        self.show(height);
    }

    /// Goes to the heading of the next section that is a difference, or of the one before, round the ends.
    pub fn seek(&mut self, back: bool, height: usize) {
        let n = self.document.sections().len();
        let at = self.cursor.section;
        let found = (1..=n)
            .map(|i| {
                if back {
                    (at + n * 2 - i) % n
                } else {
                    (at + i) % n
                }
            })
            .find(|&i| self.document.sections()[i].stop);
        if let Some(section) = found {
            self.go(section, height);
        }
    }

    /// Whether there is a section to seek, other than the one under the cursor.
    pub fn can_seek(&self) -> bool {
        let sections = self.document.sections().iter().enumerate();
        let mut stops = sections.filter(|(_, section)| section.stop);
        stops.any(|(i, _)| i != self.cursor.section)
    }

    /// Whether something in it folds.
    pub fn has_folds(&self) -> bool {
        self.document.sections().iter().any(Section::can_fold)
    }

    /// Whether there are unchanged lines around a change, to be shown or not.
    pub fn has_context(&self) -> bool {
        let is_change = |section: &Section| match &section.body {
            Content::Drift(drift) => drift.live.is_some() && drift.predicted.is_some(),
            Content::Empty | Content::Source(_) => false,
        };
        self.document.sections().iter().any(is_change)
    }

    /// Goes to the heading of a section and shows as much of it as fits, and so many lines before it.
    pub fn go_behind(&mut self, section: usize, before: usize, height: usize) {
        self.go(section, height);
        let top = self
            .document
            .moved(self.cursor, -(before.min(height / 2) as isize));
        self.top = self.top.min(top);
        self.show(height);
    }

    /// Goes to the heading of a section and shows as much of it as fits.
    pub fn go(&mut self, section: usize, height: usize) {
        self.cursor = Pos { section, line: 0 };
        self.top = self.cursor.min(self.last_top(height));
        self.show(height);
    }

    /// Folds or unfolds the section under the cursor.
    pub fn fold(&mut self, height: usize) {
        let section = self.cursor.section;
        let folded = self.document.is_folded(section);
        self.document.fold(section, !folded);
        if !folded {
            self.cursor.line = 0;
        }
        self.show(height);
        if folded {
            // What was unfolded at the lower edge comes into view.
            let wanted = self.document.height(section).min(height * 2 / 3);
            let last = Pos {
                section,
                line: wanted.saturating_sub(1),
            };
            let least = self.document.moved(last, -(height as isize - 1));
            self.top = self.top.max(least.min(self.cursor));
        }
    }

    /// Folds all sections or unfolds them.
    pub fn fold_all(&mut self, height: usize) {
        self.document.fold_all();
        self.cursor = self.document.clamp(self.cursor);
        self.show(height);
    }

    /// Scrolls so that the cursor is on screen and no line is wasted below the end.
    pub fn show(&mut self, height: usize) {
        if height == 0 || self.document.is_empty() {
            return;
        }
        self.cursor = self.document.clamp(self.cursor);
        self.top = self.document.clamp(self.top).min(self.cursor);
        let least = self.document.moved(self.cursor, -(height as isize - 1));
        self.top = self.top.max(least).min(self.last_top(height));
    }

    /// The lines on screen.
    pub fn rows(&self, height: usize) -> impl Iterator<Item = (Pos, Row<'_>)> {
        let mut next = (self.document.height(self.top.section) > 0).then_some(self.top);
        std::iter::from_fn(move || {
            let at = next?;
            next = self.document.next(at);
            Some((at, self.row(at)?))
        })
        .take(height)
    }

    /// How many lines there are above those on screen, likewise for short documents.
    pub fn above(&self) -> usize {
        let before = 0..self.top.section.min(self.document.sections().len());
        let lines: usize = before.map(|i| self.document.height(i)).sum();
        lines + self.top.line
    }

    /// How many lines there are below those on screen. Unbuilt bodies are built for it, so it is for short documents.
    pub fn below(&self, height: usize) -> usize {
        let sections = self.document.sections().len();
        let all: usize = (self.top.section..sections)
            .map(|i| self.document.height(i))
            .sum();
        all.saturating_sub(self.top.line + height)
    }

    /// How far the text is read, for the edge of its frame: the lines above and below, or, of a text too long to be built
    /// whole, how much of it is above. Empty where all of it is on screen.
    pub fn position(&self, height: usize, dot: &str) -> String {
        let sections = self.document.sections().len();
        let open = (0..sections)
            .filter(|i| !self.document.is_folded(*i))
            .nth(MAX_COUNTED);
        if open.is_some() {
            return format!("{} %", self.top.section * 100 / sections.max(1));
        }
        fit::hidden(self.above(), self.below(height), dot)
    }

    fn row(&self, at: Pos) -> Option<Row<'_>> {
        let section = self.document.sections().get(at.section)?;
        let mut line = at.line;
        if section.has_head() {
            if line == 0 {
                return Some(Row::Head(section, self.document.is_folded(at.section)));
            }
            line -= 1;
        }
        Some(match section.intro.get(line) {
            Some(pieces) => Row::Intro(pieces),
            None => Row::Body(line - section.intro.len()),
        })
    }

    fn last_top(&self, height: usize) -> Pos {
        let last = self.document.last();
        self.document
            .moved(last, -(height.saturating_sub(1) as isize))
    }
}
