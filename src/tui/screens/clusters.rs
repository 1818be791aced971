//! The list of clusters.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{ClusterMode, ClusterView, Reach, Rights, words};

use super::super::fit;
use super::super::list::Row;
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;
use super::apps::{cursor, draw_lines, title_label};
use crate::domain::{age, count};

/// A row of the list.
#[derive(Clone, Debug)]
pub struct ClusterRow(pub Arc<ClusterView>);

impl Row for ClusterRow {
    type Id = String;
    fn id(&self) -> Option<&String> {
        Some(&self.0.context)
    }
}

/// Draws the pane.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect) {
    let focused = state.focus == Pane::Clusters;
    let count = piece(state.cluster_rows.len().to_string(), Label::Dim);
    let title = [piece("Clusters", title_label(focused))];
    let inner = p.frame(buf, area, &title, &[count], focused);
    if state.cluster_rows.is_empty() {
        let text = if state.data.settled {
            "No cluster is in use."
        } else {
            "Reading the kubeconfig."
        };
        return draw_lines(p, buf, inner, &[(text.to_owned(), Label::Dim)]);
    }
    let lines = state.areas().cluster_lines.max(1);
    let columns = Columns::new(state, inner.width);
    let rows = state.cluster_rows.iter().enumerate();
    let n_shown = usize::from(inner.height / lines);
    for (i, (line, ClusterRow(view))) in rows.skip(state.clusters.offset).take(n_shown).enumerate()
    {
        let y = inner.top() + i as u16 * lines;
        let row = Rect::new(inner.left(), y, inner.width, lines);
        if lines > 1 {
            draw_in_two_lines(p, buf, row, view);
        } else {
            draw_in_a_line(p, buf, row, &columns, view);
        }
        if line == state.clusters.line() {
            cursor(p, buf, row, focused);
        }
    }
    let n_below = state
        .cluster_rows
        .len()
        .saturating_sub(state.clusters.offset + n_shown);
    p.hidden(buf, area, state.clusters.offset, n_below);
}

/// Columns of rows that say everything in a line, as wide as what is in them needs.
struct Columns {
    name: u16,
    version: u16,
    latency: u16,
    user: u16,
}

impl Columns {
    fn new(state: &State, width: u16) -> Self {
        let longest = |text: fn(&ClusterView) -> String, most: u16| {
            let views = state.cluster_rows.iter();
            let widths = views.map(|row| fit::width(&text(&row.0)) as u16);
            widths.max().unwrap_or(0).min(most)
        };
        Self {
            name: longest(|v| v.context.clone(), (width * 2 / 5).max(10)),
            version: longest(|v| v.version.clone(), 12),
            latency: longest(latency, 7),
            user: longest(|v| v.user.clone(), width / 5),
        }
    }
}

fn latency(view: &ClusterView) -> String {
    match view.reach {
        Reach::Up { latency } => age::latency(latency),
        Reach::Connecting | Reach::Down { .. } => String::new(),
    }
}

/// Sign and name; returns the column after them.
fn draw_name(p: &Painter<'_>, buf: &mut Buffer, row: Rect, view: &ClusterView, room: u16) -> u16 {
    let (x, end, y) = (row.left() + 1, row.right().saturating_sub(1), row.y);
    let (glyph, label) = wording::reach(&view.reach, p.glyphs);
    p.put(buf, x, end, y, glyph, label);
    let name = p.middle(&view.context, usize::from(room));
    let label = if view.is_down() {
        Label::Dim
    } else {
        Label::Text
    };
    p.put(buf, x + 2, end, y, &name, label)
}

/// What stands at the end of a row: how many Apps, or when a connection is tried again.
fn aside(p: &Painter<'_>, view: &ClusterView) -> Vec<Piece> {
    match &view.reach {
        Reach::Down { retry_at, .. } => {
            let retry = retry_at.map(|at| {
                let text = if at <= p.now {
                    "retrying now".to_owned()
                } else {
                    format!("retry in {}", p.countdown(at))
                };
                piece(text, Label::Dim)
            });
            retry.into_iter().collect()
        }
        Reach::Connecting | Reach::Up { .. } => {
            vec![piece(count(view.n_apps, "App"), Label::Dim)]
        }
    }
}

fn draw_in_a_line(
    p: &Painter<'_>,
    buf: &mut Buffer,
    row: Rect,
    columns: &Columns,
    view: &ClusterView,
) {
    let (end, y) = (row.right().saturating_sub(1), row.y);
    draw_name(p, buf, row, view, columns.name);
    let x = row.left() + 3 + columns.name + 2;
    let right = p.put_right(buf, x, end, y, &aside(p, view));
    let limit = right.saturating_sub(2);
    if let Reach::Down { problem, .. } = &view.reach {
        let text = p.end(&problem.summary, usize::from(limit.saturating_sub(x)));
        p.put(buf, x, limit, y, &text, Label::Bad);
        return;
    }
    // Where room is short, what is out of the ordinary goes before the plain facts.
    let remarks = joined(remarks(view));
    let rest = match pieces_width(&remarks) as u16 {
        0 => 0,
        width => width + 2,
    };
    let mut x = x;
    for (width, text) in [
        (columns.version, view.version.clone()),
        (columns.latency, latency(view)),
        (columns.user, view.user.clone()),
    ] {
        if width == 0 {
            continue;
        }
        if x + width + rest > limit {
            break;
        }
        p.put(
            buf,
            x,
            limit,
            y,
            &p.middle(&text, usize::from(width)),
            Label::Dim,
        );
        x += width + 2;
    }
    draw_cut(p, buf, x, limit, y, &remarks);
}

fn draw_in_two_lines(p: &Painter<'_>, buf: &mut Buffer, row: Rect, view: &ClusterView) {
    let (end, y) = (row.right().saturating_sub(1), row.y);
    let aside = aside(p, view);
    let room = usize::from(row.width).saturating_sub(6 + pieces_width(&aside));
    let x = draw_name(p, buf, row, view, room as u16);
    let right = p.put_right(buf, x + 1, end, y, &aside);
    let below = row.left() + 3;
    if let Reach::Down { problem, .. } = &view.reach {
        // Where the pane is no wider than a short sentence, it has the whole line.
        let long = fit::width(&problem.summary) > usize::from(end.saturating_sub(below));
        let (x, end) = if long {
            (row.left() + 2, row.right())
        } else {
            (below, end)
        };
        let text = p.end(&problem.summary, usize::from(end - x));
        p.put(buf, x, end, y + 1, &text, Label::Bad);
        return;
    }
    draw_cut(
        p,
        buf,
        x + 2,
        right.saturating_sub(2),
        y,
        &joined(remarks(view)),
    );
    let facts = [view.version.clone(), latency(view), view.user.clone()];
    let facts = facts.into_iter().filter(|text| !text.is_empty());
    let facts = facts.map(|text| piece(text, Label::Dim)).collect();
    draw_cut(p, buf, below, end, y + 1, &joined(facts));
}

fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut line: Vec<Piece> = Vec::new();
    for one in pieces {
        if !line.is_empty() {
            line.push(piece("  ", Label::Text));
        }
        line.push(one);
    }
    line
}

/// Draws pieces, and an ellipsis where they do not all fit.
fn draw_cut(p: &Painter<'_>, buf: &mut Buffer, x: u16, end: u16, y: u16, pieces: &[Piece]) {
    let mut x = x;
    for (text, label) in pieces {
        let room = usize::from(end.saturating_sub(x));
        let text_now = p.end(text, room);
        x = p.put(buf, x, end, y, &text_now, *label);
        if text_now.len() < text.len() {
            return;
        }
    }
}

/// What is out of the ordinary about a cluster that answers, in order of weight.
fn remarks(view: &ClusterView) -> Vec<Piece> {
    let mut remarks = Vec::new();
    if matches!(view.reach, Reach::Connecting) {
        remarks.push(piece(words::reach(&view.reach), Label::Dim));
    }
    if view.mode != ClusterMode::Normal {
        remarks.push(piece(words::mode(view.mode), Label::Warn));
    }
    match view.rights {
        Rights::Read => remarks.push(piece("may read", Label::Warn)),
        Rights::Partial => remarks.push(piece("some rights", Label::Dim)),
        Rights::Unknown | Rights::Full => {}
    }
    if !view.problems.is_empty() {
        let n = count(view.problems.len(), "problem");
        remarks.push(piece(n, Label::Warn));
    }
    if let Some(other) = &view.same_as {
        remarks.push(piece(format!("same cluster as {other}"), Label::Warn));
    }
    remarks
}
