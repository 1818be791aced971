//! Draws the lines of a document: headings, changed lines with their words, owners and places beside them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::count;
use crate::domain::text::visible;
use crate::drift::lines::{Line, LineKind, Note};

use super::super::document::{Body, Pos, Reader, Row, Section, SourceLine};
use super::super::fit;
use super::super::glyphs::Glyphs;
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::theme::Label;
use super::super::wording;
use super::Tab;

/// Draws what is on screen of a document. With `focused` the cursor's line is marked.
pub fn draw(reader: &Reader, p: &Painter<'_>, buf: &mut Buffer, area: Rect, focused: bool) {
    // Nothing of a line fits beside its cursor; the terminal may have another size by now than we were told.
    if area.width <= BEFORE {
        return;
    }
    let rows = reader.rows(usize::from(area.height));
    for (i, (at, row)) in rows.enumerate() {
        let line = Rect::new(area.left(), area.top() + i as u16, area.width, 1);
        draw_row(reader, p, buf, line, at, row);
        if focused && at == reader.cursor {
            if matches!(row, Row::Head(..)) {
                p.fill(buf, line, Label::Selected);
            }
            let (x, end) = (line.left(), line.right());
            p.put(buf, x, end, line.y, p.glyphs.bar, Label::Accent);
        }
    }
}

fn draw_row(reader: &Reader, p: &Painter<'_>, buf: &mut Buffer, line: Rect, at: Pos, row: Row<'_>) {
    match row {
        Row::Head(section, folded) => draw_head(p, buf, line, section, folded),
        Row::Intro(pieces) => {
            put_line(
                p,
                buf,
                (line.left() + 1, line.right(), line.y),
                0,
                pieces,
                0,
            );
        }
        Row::Body(index) => match &reader.document.body(at.section).body {
            Body::Empty => {}
            Body::Drift(lines) => {
                if let Some(l) = lines.get(index) {
                    draw_change(p, buf, line, l, reader.column);
                }
            }
            Body::Source(lines) => {
                if let Some(l) = lines.get(index) {
                    draw_source(p, buf, line, l, reader.column);
                }
            }
        },
    }
}

/// Columns that the name in a heading keeps beside what stands on its right.
const LEAST_NAME: u16 = 28;

fn draw_head(p: &Painter<'_>, buf: &mut Buffer, line: Rect, section: &Section, folded: bool) {
    let (x, y, end) = (line.left() + 1, line.y, line.right().saturating_sub(1));
    if section.can_fold() {
        let sign = if folded {
            p.glyphs.folded
        } else {
            p.glyphs.open
        };
        p.put(buf, x, end, y, sign, Label::Faint);
    }
    let left = pieces_width(&section.left) as u16;
    // A name is worth more than what stands on the right, up to a point.
    let name = section.left.last().map_or(0, |(text, _)| fit::width(text)) as u16;
    let least = left - name + name.min(LEAST_NAME);
    let start = p.put_right(buf, x + 2 + least + 2, end, y, &section.right);
    let limit = if start < end {
        start.saturating_sub(2)
    } else {
        end
    };
    let mut at = x + 2;
    let mut rest = left;
    for (text, label) in &section.left {
        let room = limit.saturating_sub(at);
        if rest <= room {
            at = p.put(buf, at, limit, y, text, *label);
            rest = rest.saturating_sub(fit::width(text) as u16);
        } else {
            at = p.put(
                buf,
                at,
                limit,
                y,
                &p.middle(text, usize::from(room)),
                *label,
            );
        }
    }
}

/// Sign, text label and label of changed words of a kind of line.
fn look(kind: &LineKind, glyphs: &Glyphs) -> (&'static str, Label, Label) {
    match kind {
        LineKind::Removed => (glyphs.line_removed, Label::Removed, Label::RemovedWord),
        LineKind::Added => (glyphs.line_added, Label::Added, Label::AddedWord),
        LineKind::Foreign => (glyphs.line_foreign, Label::Foreign, Label::Foreign),
        LineKind::Overridden => (glyphs.line_overridden, Label::Overridden, Label::Overridden),
        LineKind::Heading => (" ", Label::Strong, Label::Strong),
        LineKind::Context | LineKind::Fold(_) => (" ", Label::Dim, Label::Dim),
    }
}

/// Columns before the text of a change: cursor, sign, space.
const BEFORE: u16 = 3;

/// Columns before the text of a source line: cursor, number, space.
const NUMBERED: u16 = 6;

/// Columns before the text of a line of a tab.
pub fn before(tab: Tab) -> u16 {
    if tab == Tab::Source { NUMBERED } else { BEFORE }
}

/// Columns that who is behind a line keeps beside one that is too long.
const LEAST_NOTE: usize = 16;

fn draw_change(p: &Painter<'_>, buf: &mut Buffer, row: Rect, line: &Line, column: usize) {
    let (y, end) = (row.y, row.right());
    let (sign, label, word) = look(&line.kind, p.glyphs);
    if matches!(line.kind, LineKind::Removed | LineKind::Added) {
        let fill = Rect::new(row.left() + 1, y, row.width - 1, 1);
        p.fill(buf, fill, label);
    }
    if let LineKind::Fold(n) = line.kind {
        let text = count(n, "line");
        let text = format!("{} {text}", p.glyphs.ellipsis);
        let text = fit::skip(&text, column);
        p.put(buf, row.left() + BEFORE, end, y, text, Label::Faint);
        return;
    }
    p.put(buf, row.left() + 1, end, y, sign, label);
    let pieces: Vec<Piece> = line
        .spans
        .iter()
        .map(|s| {
            let label = if s.emphasis { word } else { label };
            piece(visible(&s.text), label)
        })
        .collect();
    let width = usize::from(line.indent) + pieces_width(&pieces);
    let shown = width.saturating_sub(column);
    let mut limit = end;
    if let Some(note) = &line.note {
        let all = usize::from(row.width.saturating_sub(BEFORE));
        let room = all.saturating_sub(shown + 2);
        let forms = notes(p, note, &line.kind);
        let fits = |pieces: &&Vec<Piece>| (1..=room).contains(&pieces_width(pieces));
        let mut chosen = match (forms.iter().find(fits), forms.last()) {
            (Some(pieces), _) => pieces.clone(),
            // Who is behind a line is worth more than its end, until the end is looked for.
            (None, Some(shortest)) if column == 0 => {
                shortened(p, shortest, LEAST_NOTE.min(all / 3))
            }
            (None, _) => Vec::new(),
        };
        // On the fill of a line, what is dim elsewhere could not be read.
        for (_, label) in &mut chosen {
            *label = match (&line.kind, *label) {
                (LineKind::Removed, Label::Note) => Label::RemovedNote,
                (LineKind::Added, Label::Note) => Label::AddedNote,
                (LineKind::Removed, Label::Cluster) => Label::RemovedSide,
                (LineKind::Added, Label::Git) => Label::AddedSide,
                (LineKind::Added, Label::Warn) => Label::RemovedSide,
                (_, other) => other,
            };
        }
        let start = p.put_right(buf, row.left() + BEFORE, end.saturating_sub(1), y, &chosen);
        if start < end.saturating_sub(1) {
            limit = start.saturating_sub(1);
        }
    }
    put_line(
        p,
        buf,
        (row.left() + BEFORE, limit, y),
        line.indent,
        &pieces,
        column,
    );
}

/// A note in so many columns; its sign stays whole.
fn shortened(p: &Painter<'_>, note: &[Piece], columns: usize) -> Vec<Piece> {
    let Some(((text, label), signs)) = note.split_last() else {
        return Vec::new();
    };
    let room = columns.saturating_sub(pieces_width(signs));
    let mut pieces = signs.to_vec();
    pieces.push(piece(p.middle(text, room), *label));
    pieces
}

/// Draws a line of text from a column of it on; one that goes on past `end` ends in an ellipsis.
fn put_line(
    p: &Painter<'_>,
    buf: &mut Buffer,
    (x, end, y): (u16, u16, u16),
    indent: u16,
    pieces: &[Piece],
    column: usize,
) {
    let indent = usize::from(indent);
    let room = usize::from(end.saturating_sub(x));
    let is_cut = (indent + pieces_width(pieces)).saturating_sub(column) > room;
    let limit = end.saturating_sub(u16::from(is_cut));
    let mut at = x + indent.saturating_sub(column).min(room) as u16;
    let mut skip = column.saturating_sub(indent);
    for (text, label) in pieces {
        let width = fit::width(text);
        if skip >= width && width > 0 {
            skip -= width;
            continue;
        }
        at = p.put(buf, at, limit, y, fit::skip(text, skip), *label);
        skip = 0;
    }
    if is_cut {
        p.put(buf, limit, end, y, p.glyphs.ellipsis, Label::Faint);
    }
}

/// What stands beside a line, from the fullest to the shortest.
fn notes(p: &Painter<'_>, note: &Note, kind: &LineKind) -> Vec<Vec<Piece>> {
    let mut forms = Vec::new();
    match (kind, &note.owner, &note.place) {
        (LineKind::Added, _, Some((file, at))) => {
            let (sign, _, label) = wording::cause(note.cause, p.glyphs);
            let sign = match note.cause {
                crate::domain::Cause::Git | crate::domain::Cause::Both => {
                    piece(format!("{sign} "), label)
                }
                _ => piece("", label),
            };
            for file in [file.as_str(), file.name()] {
                forms.push(vec![
                    sign.clone(),
                    piece(format!("{file}:{}", at.line), Label::Note),
                ]);
            }
        }
        (_, Some(owner), _) => {
            let sign = match (kind, note.cause) {
                (LineKind::Removed, crate::domain::Cause::Cluster | crate::domain::Cause::Both) => {
                    piece(format!("{} ", p.glyphs.cluster), Label::Cluster)
                }
                _ => piece("", Label::Note),
            };
            let who = if owner.subresource.is_empty() {
                owner.manager.clone()
            } else {
                format!("{} ({})", owner.manager, owner.subresource)
            };
            if let Some(time) = owner.time {
                let text = format!("{who} {} {}", p.glyphs.dot, p.age(time));
                forms.push(vec![sign.clone(), piece(text, Label::Note)]);
            }
            forms.push(vec![sign.clone(), piece(who, Label::Note)]);
            // The last form is what stays beside a line that is too long.
            forms.push(vec![sign, piece(owner.manager.clone(), Label::Note)]);
        }
        _ => {}
    }
    forms
}

fn draw_source(p: &Painter<'_>, buf: &mut Buffer, row: Rect, line: &SourceLine, column: usize) {
    let (y, end) = (row.y, row.right());
    let number = line
        .position
        .map_or_else(String::new, |at| format!("{:>4}", at.line));
    p.put(buf, row.left() + 1, end, y, &number, Label::Faint);
    let text = visible(&line.text);
    let colon = text.find(": ").map(|i| i + 1).or_else(|| {
        let bare = text.strip_suffix(':')?;
        (!bare.is_empty()).then_some(text.len())
    });
    let pieces = match colon {
        // A quoted or spaced beginning is a value that holds a colon, not a name.
        Some(at)
            if !text[..at]
                .trim_start_matches("- ")
                .contains([' ', '"', '\'']) =>
        {
            vec![
                piece(&text[..at], Label::Name),
                piece(&text[at..], Label::Text),
            ]
        }
        _ => vec![piece(text, Label::Text)],
    };
    let place = (row.left() + NUMBERED, end, y);
    put_line(p, buf, place, line.indent, &pieces, column);
}
