//! Draws the lines of a document: headings, changed lines with their words, owners and places beside them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::drift::lines::{Line, LineKind, Note};

use super::super::document::{Body, Pos, Reader, Row, Section, SourceLine};
use super::super::fit;
use super::super::glyphs::Glyphs;
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::theme::Label;
use super::super::wording;

/// Draws what is on screen of a document. With `focused` the cursor's line is marked.
pub fn draw(reader: &Reader, p: &Painter<'_>, buf: &mut Buffer, area: Rect, focused: bool) {
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
            let (x, end) = (line.left() + 1, line.right());
            p.put_all(buf, x, end, line.y, pieces);
        }
        Row::Body(index) => match &reader.document.body(at.section).body {
            Body::Empty => {}
            Body::Drift(lines) => {
                if let Some(l) = lines.get(index) {
                    draw_change(p, buf, line, l, reader.column);
                }
            }
            Body::Source(_, lines) => {
                if let Some(l) = lines.get(index) {
                    draw_source(p, buf, line, l, reader.column);
                }
            }
        },
    }
}

fn draw_head(p: &Painter<'_>, buf: &mut Buffer, line: Rect, section: &Section, folded: bool) {
    let (x, y, end) = (line.left() + 1, line.y, line.right().saturating_sub(1));
    let sign = if folded {
        p.glyphs.folded
    } else {
        p.glyphs.open
    };
    p.put(buf, x, end, y, sign, Label::Faint);
    let left = pieces_width(&section.left) as u16;
    // Names are worth more than what stands on the right, up to a point.
    let least = (line.width / 2).min(left);
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

fn draw_change(p: &Painter<'_>, buf: &mut Buffer, row: Rect, line: &Line, column: usize) {
    let (y, end) = (row.y, row.right());
    let (sign, label, word) = look(&line.kind, p.glyphs);
    if matches!(line.kind, LineKind::Removed | LineKind::Added) {
        let fill = Rect::new(row.left() + 1, y, row.width - 1, 1);
        p.fill(buf, fill, label);
    }
    if let LineKind::Fold(n) = line.kind {
        let text = wording::count(n, "line", "lines");
        let indent = usize::from(line.indent).saturating_sub(column);
        let x = row.left() + BEFORE + indent.min(40) as u16;
        let text = format!("{} {text}", p.glyphs.ellipsis);
        p.put(buf, x, end, y, &text, Label::Faint);
        return;
    }
    p.put(buf, row.left() + 1, end, y, sign, label);
    let width: usize = usize::from(line.indent)
        + line
            .spans
            .iter()
            .map(|s| fit::width(&s.text))
            .sum::<usize>();
    let shown = width.saturating_sub(column);
    let mut limit = end;
    if let Some(note) = &line.note {
        let room = usize::from(row.width.saturating_sub(BEFORE)).saturating_sub(shown + 2);
        for mut pieces in notes(p, note, &line.kind) {
            // On the fill of a line, what is dim elsewhere could not be read.
            for (_, label) in pieces.iter_mut().filter(|(_, l)| *l == Label::Note) {
                *label = match line.kind {
                    LineKind::Removed => Label::RemovedNote,
                    LineKind::Added => Label::AddedNote,
                    _ => *label,
                };
            }
            let needed = pieces_width(&pieces);
            if needed > 0 && needed <= room {
                limit = p.put_right(buf, row.left() + BEFORE, end.saturating_sub(1), y, &pieces);
                break;
            }
        }
    }
    let mut x = row.left() + BEFORE;
    let mut skip = column;
    let indent = usize::from(line.indent);
    x += indent.saturating_sub(skip).min(usize::from(row.width)) as u16;
    skip = skip.saturating_sub(indent);
    for span in &line.spans {
        let width = fit::width(&span.text);
        if skip >= width && width > 0 {
            skip -= width;
            continue;
        }
        let text = fit::skip(&span.text, skip);
        skip = 0;
        let label = if span.emphasis { word } else { label };
        x = p.put(buf, x, limit, y, text, label);
    }
    if shown > usize::from(row.width.saturating_sub(BEFORE)) {
        p.put(buf, end - 1, end, y, p.glyphs.ellipsis, Label::Faint);
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
    let indent = usize::from(line.indent);
    let x = row.left() + 6 + indent.saturating_sub(column).min(usize::from(row.width)) as u16;
    let text = fit::skip(&line.text, column.saturating_sub(indent));
    let colon = text.find(": ").map(|i| i + 1).or_else(|| {
        let bare = text.strip_suffix(':')?;
        (!bare.is_empty()).then_some(text.len())
    });
    match colon {
        // A quoted or spaced beginning is a value that holds a colon, not a name.
        Some(at)
            if !text[..at]
                .trim_start_matches("- ")
                .contains([' ', '"', '\'']) =>
        {
            let x = p.put(buf, x, end, y, &text[..at], Label::Name);
            p.put(buf, x, end, y, &text[at..], Label::Text);
        }
        _ => {
            p.put(buf, x, end, y, text, Label::Text);
        }
    }
}
