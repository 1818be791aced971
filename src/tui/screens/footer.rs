//! The last line: what is being typed, what was said in passing, or the keys that hold here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::command_line;
use super::super::field::Field;
use super::super::fit;
use super::super::keymap::{Binding, Command, Context};
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::state::{Prompt, State};
use super::super::theme::Label;
use super::super::wording;

/// Draws the line.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect) {
    let (x, y, end) = (area.left() + 1, area.y, area.right().saturating_sub(1));
    match &state.prompt {
        Some(Prompt::Filter(field, _)) => {
            let x = p.put(buf, x, end, y, "/", Label::Accent);
            draw_field(p, buf, x, end, y, field);
            return;
        }
        Some(Prompt::Command(field)) => {
            let x = p.put(buf, x, end, y, ":", Label::Accent);
            let x = draw_field(p, buf, x, end, y, field) + 2;
            draw_candidates(state, p, buf, x, end, y, field);
            return;
        }
        None => {}
    }
    if let Some(remark) = &state.remark {
        let label = if remark.refusal {
            Label::Warn
        } else {
            Label::Text
        };
        p.put(
            buf,
            x,
            end,
            y,
            &p.end(&remark.text, usize::from(end - x)),
            label,
        );
        return;
    }
    let right = status(state);
    let right_start = p.put_right(buf, x, end, y, &right);
    draw_keys(state, p, buf, x, right_start.saturating_sub(2), y);
}

/// What is marked, and what is being worked on.
fn status(state: &State) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |text: String, label| {
        if !pieces.is_empty() {
            pieces.push(piece("  ", Label::Text));
        }
        pieces.push((text, label));
    };
    if let Some(work) = state.data.work.first() {
        let more = state.data.work.len() - 1;
        let text = fit::end(work, 40, state.glyphs.ellipsis);
        let text = if more > 0 {
            format!("{text} +{more}")
        } else {
            text.into_owned()
        };
        add(text, Label::Dim);
    }
    if !state.marked_objects.is_empty() {
        let n = wording::count(state.marked_objects.len(), "object", "objects");
        add(format!("{n} marked"), Label::Accent);
    } else if !state.marked.is_empty() {
        let n = wording::count(state.marked.len(), "App", "Apps");
        add(format!("{n} marked"), Label::Accent);
    }
    pieces
}

/// Draws keys as far as they fit. What tells the others has its place even where not all do.
fn draw_keys(state: &State, p: &Painter<'_>, buf: &mut Buffer, mut x: u16, end: u16, y: u16) {
    let offered = state.keymap.within(state.context()).filter(|binding| {
        !binding.label.is_empty() && !binding.keys.is_empty() && is_open(state, binding.command)
    });
    let pieces = |binding: &Binding| {
        let key = binding.keys.first().map(ToString::to_string);
        [
            piece(key.unwrap_or_default(), Label::Accent),
            piece(" ", Label::Text),
            piece(binding.label, Label::Dim),
        ]
    };
    let (help, others): (Vec<_>, Vec<_>) = offered.partition(|b| b.command == Command::Help);
    let help = help.first().map(|b| pieces(b));
    let kept = help.as_ref().map_or(0, |h| pieces_width(h) as u16 + 2);
    for binding in others {
        let pieces = pieces(binding);
        if x + pieces_width(&pieces) as u16 + kept > end {
            break;
        }
        x = p.put_all(buf, x, end, y, &pieces) + 2;
    }
    if let Some(help) = help {
        p.put_all(buf, x, end, y, &help);
    }
}

/// Whether a command can do something at all: what is never possible here is not offered.
fn is_open(state: &State, command: Command) -> bool {
    use Command as C;
    match command {
        C::Sync | C::Rollback => !state.data.read_only,
        C::Open if state.context() == Context::History => {
            !state.data.read_only && !state.detail.record_rows.is_empty()
        }
        _ => state
            .dialogs
            .last()
            .is_none_or(|dialog| dialog.offers(state, command)),
    }
}

/// Draws a field with its cursor; returns the column after it.
pub fn draw_field(
    p: &Painter<'_>,
    buf: &mut Buffer,
    x: u16,
    end: u16,
    y: u16,
    field: &Field,
) -> u16 {
    let room = usize::from(end.saturating_sub(x)).saturating_sub(1);
    let before = fit::width(field.before());
    let text = fit::skip(field.text(), before.saturating_sub(room));
    let after = p.put(buf, x, end, y, text, Label::Text);
    let column = x + before.min(room) as u16;
    if let Some(cell) = buf.cell_mut((column, y)) {
        cell.modifier |= ratatui::style::Modifier::REVERSED;
    }
    after.max(column + 1)
}

fn draw_candidates(
    state: &State,
    p: &Painter<'_>,
    buf: &mut Buffer,
    x: u16,
    end: u16,
    y: u16,
    field: &Field,
) {
    let candidates = command_line::candidates(state, field.text());
    let mut x = x;
    for (i, candidate) in candidates.iter().enumerate() {
        let text = p.middle(candidate, 24);
        if usize::from(x) + fit::width(&text) > usize::from(end) {
            p.put(buf, x, end, y, p.glyphs.ellipsis, Label::Dim);
            return;
        }
        let label = if i == 0 { Label::Accent } else { Label::Dim };
        x = p.put(buf, x, end, y, &text, label) + 2;
    }
    if candidates.len() == 1
        && let Some(help) = command_line::help(field.text())
    {
        p.put(buf, x, end, y, help, Label::Faint);
    }
}
