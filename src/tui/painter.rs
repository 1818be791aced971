//! The brush that all screens draw with: labels instead of styles, hostile text made visible, and a note of when the
//! first text on screen will change by itself.

use std::cell::Cell;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::text::visible;
use crate::drift::redact;

use super::fit;
use super::glyphs::Glyphs;
use super::theme::{Label, Theme};
use crate::domain::age;

/// A piece of text with its meaning.
pub type Piece = (String, Label);

/// A piece of text, owned.
pub fn piece(text: impl Into<String>, label: Label) -> Piece {
    (text.into(), label)
}

/// Columns that pieces take together on screen, where control characters are written out.
pub fn pieces_width(pieces: &[Piece]) -> usize {
    let texts = pieces.iter().map(|(text, _)| visible(text));
    texts.map(|text| fit::width(&text)).sum()
}

/// See the module.
pub struct Painter<'a> {
    /// Styles.
    pub theme: &'a Theme,
    /// Signs.
    pub glyphs: &'a Glyphs,
    /// The present.
    pub now: Timestamp,
    next: Cell<Timestamp>,
}

/// The next full ten seconds of the clock.
fn on_the_beat(at: Timestamp) -> Timestamp {
    const BEAT: i64 = 10;
    let late = at.as_second().rem_euclid(BEAT);
    let whole = late == 0 && at.subsec_nanosecond() == 0;
    let seconds = at.as_second() + if whole { 0 } else { BEAT - late };
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

impl<'a> Painter<'a> {
    /// A brush for one frame.
    pub fn new(theme: &'a Theme, glyphs: &'a Glyphs, now: Timestamp) -> Self {
        Self {
            theme,
            glyphs,
            now,
            next: Cell::new(Timestamp::MAX),
        }
    }

    /// When something of what was drawn changes by itself.
    pub fn next_change(&self) -> Option<Timestamp> {
        Some(self.next.get()).filter(|t| *t < Timestamp::MAX)
    }

    /// Asks for a frame at a moment.
    pub fn wake(&self, at: Timestamp) {
        if at > self.now {
            self.next.set(self.next.get().min(at));
        }
    }

    /// How long ago something was. However many ages are on screen, they change together, at most every ten seconds.
    pub fn age(&self, then: Timestamp) -> String {
        let (text, next) = age::age(then, self.now);
        self.wake(on_the_beat(next));
        text
    }

    /// How long until something is.
    pub fn countdown(&self, then: Timestamp) -> String {
        let (text, next) = age::countdown(then, self.now);
        self.wake(next);
        text
    }

    /// Draws text from `x`, at most up to `end`, and returns the column after it. Every text that reaches the screen
    /// passes here.
    pub fn put(&self, buf: &mut Buffer, x: u16, end: u16, y: u16, text: &str, label: Label) -> u16 {
        if x >= end || y >= buf.area.bottom() {
            return x;
        }
        let mut text = visible(text);
        // The run of a masked value has an ASCII twin, like every sign.
        if self.glyphs.mask_run != redact::MASK && text.contains(redact::MASK) {
            text = text.replace(redact::MASK, self.glyphs.mask_run).into();
        }
        buf.set_stringn(x, y, text, usize::from(end - x), self.theme.style(label))
            .0
    }

    /// Draws pieces one after the other.
    pub fn put_all(&self, buf: &mut Buffer, x: u16, end: u16, y: u16, pieces: &[Piece]) -> u16 {
        pieces
            .iter()
            .fold(x, |x, (text, label)| self.put(buf, x, end, y, text, *label))
    }

    /// Draws pieces so that they end at `end`, if they fit after `x`; returns the column where they begin.
    pub fn put_right(&self, buf: &mut Buffer, x: u16, end: u16, y: u16, pieces: &[Piece]) -> u16 {
        let width = pieces_width(pieces);
        let room = usize::from(end.saturating_sub(x));
        if width == 0 || width > room {
            return end;
        }
        let start = end - width as u16;
        self.put_all(buf, start, end, y, pieces);
        start
    }

    /// A text cut in its middle to a number of columns.
    pub fn middle(&self, text: &str, columns: usize) -> String {
        fit::middle(&visible(text), columns, self.glyphs.ellipsis).into_owned()
    }

    /// A text cut at its end to a number of columns.
    pub fn end(&self, text: &str, columns: usize) -> String {
        fit::end(&visible(text), columns, self.glyphs.ellipsis).into_owned()
    }

    /// Says in a frame's lower edge how much there is above and below what it shows.
    pub fn hidden(&self, buf: &mut Buffer, frame: Rect, above: usize, below: usize) {
        self.edge(buf, frame, &fit::hidden(above, below, self.glyphs.dot));
    }

    /// Says something in a frame's lower edge.
    pub fn edge(&self, buf: &mut Buffer, frame: Rect, text: &str) {
        if !text.is_empty() && frame.height > 1 {
            let (x, end) = (frame.left() + 2, frame.right().saturating_sub(2));
            let text = piece(format!(" {text} "), Label::Dim);
            self.put_right(buf, x, end, frame.bottom() - 1, &[text]);
        }
    }

    /// Gives an area the fill of a label.
    pub fn fill(&self, buf: &mut Buffer, area: Rect, label: Label) {
        buf.set_style(area, self.theme.style(label));
    }

    /// Empties an area.
    pub fn clear(&self, buf: &mut Buffer, area: Rect) {
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// Draws a frame with a title on its left and a count on its right, and returns what is inside.
    pub fn frame(
        &self,
        buf: &mut Buffer,
        area: Rect,
        title: &[Piece],
        right: &[Piece],
        focused: bool,
    ) -> Rect {
        if area.width < 2 || area.height < 2 {
            return Rect::default();
        }
        let [tl, tr, bl, br, h, v] = self.glyphs.frame;
        let edge = if focused { Label::Dim } else { Label::Faint };
        let (left, last, top, bottom) =
            (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        for x in left + 1..last {
            self.put(buf, x, last, top, h, edge);
            self.put(buf, x, last, bottom, h, edge);
        }
        for y in top + 1..bottom {
            self.put(buf, left, last, y, v, edge);
            self.put(buf, last, last + 1, y, v, edge);
        }
        for (x, y, corner) in [
            (left, top, tl),
            (last, top, tr),
            (left, bottom, bl),
            (last, bottom, br),
        ] {
            self.put(buf, x, x + 1, y, corner, edge);
        }
        let mut end = last.saturating_sub(1);
        if !right.is_empty() {
            let start = self.put_right(buf, left + 2, end.saturating_sub(1), top, right);
            if start < end.saturating_sub(1) {
                self.put(buf, start - 1, start, top, " ", edge);
                self.put(buf, end - 1, end, top, " ", edge);
                end = start.saturating_sub(2);
            }
        }
        if !title.is_empty() && left + 2 < end {
            self.put(buf, left + 1, end, top, " ", edge);
            let x = self.put_all(buf, left + 2, end.saturating_sub(1), top, title);
            self.put(buf, x, end, top, " ", edge);
        }
        Rect::new(left + 1, top + 1, area.width - 2, area.height - 2)
    }
}
