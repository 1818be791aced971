//! The list of clusters.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{ClusterMode, ClusterView, Reach, Rights};

use super::super::list::Row;
use super::super::painter::{Painter, Piece, piece};
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;
use super::apps::{cursor, draw_lines, title_label};
use crate::domain::age;

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
    let rows = state.cluster_rows.iter().enumerate();
    for (i, (line, ClusterRow(view))) in rows
        .skip(state.clusters.offset)
        .take(usize::from(inner.height))
        .enumerate()
    {
        let row = Rect::new(inner.left(), inner.top() + i as u16, inner.width, 1);
        draw_cluster(p, buf, row, view);
        if line == state.clusters.line() {
            cursor(p, buf, row, focused);
        }
    }
}

fn draw_cluster(p: &Painter<'_>, buf: &mut Buffer, row: Rect, view: &ClusterView) {
    let (x, end, y) = (row.left() + 1, row.right().saturating_sub(1), row.y);
    let (glyph, label) = wording::reach(&view.reach, p.glyphs);
    p.put(buf, x, end, y, glyph, label);
    let room = usize::from(end.saturating_sub(x + 2));
    let down = matches!(view.reach, Reach::Down { .. });
    let name = p.middle(&view.context, (room * 2 / 5).max(10));
    let name_label = if down { Label::Dim } else { Label::Text };
    let mut x = p.put(buf, x + 2, end, y, &name, name_label) + 2;
    if let Reach::Down { problem, retry_at } = &view.reach {
        let retry = retry_at.map(|at| match p.countdown(at) {
            due if due == "now" => piece(due, Label::Dim),
            left => piece(format!("in {left}"), Label::Dim),
        });
        let right = p.put_right(buf, x, end, y, retry.as_slice());
        let text = p.end(&problem.summary, usize::from(right.saturating_sub(x + 1)));
        p.put(buf, x, right.saturating_sub(1), y, &text, Label::Bad);
        return;
    }
    let apps = piece(wording::count(view.n_apps, "App", "Apps"), Label::Dim);
    let right = p.put_right(buf, x, end, y, &[apps]);
    let end = right.saturating_sub(2);
    // What does not fit is left out from the end.
    for (text, label) in facts(view) {
        let width = super::super::fit::width(&text) as u16;
        if x + width > end {
            break;
        }
        x = p.put(buf, x, end, y, &text, label) + 2;
    }
}

/// What is worth knowing of a cluster, in order of weight.
fn facts(view: &ClusterView) -> Vec<Piece> {
    let mut facts = Vec::new();
    if matches!(view.reach, Reach::Connecting) {
        facts.push(piece("connecting", Label::Dim));
    }
    match view.mode {
        ClusterMode::Normal => {}
        ClusterMode::Guarded => facts.push(piece("guarded", Label::Warn)),
        ClusterMode::ReadOnly => facts.push(piece("read-only", Label::Warn)),
    }
    match view.rights {
        Rights::Read => facts.push(piece("viewer", Label::Warn)),
        Rights::Partial => facts.push(piece("some rights", Label::Dim)),
        Rights::Unknown | Rights::Full => {}
    }
    if !view.problems.is_empty() {
        let n = wording::count(view.problems.len(), "problem", "problems");
        facts.push(piece(n, Label::Warn));
    }
    if let Some(other) = &view.same_as {
        facts.push(piece(format!("= {other}"), Label::Warn));
    }
    facts.push(piece(view.version.clone(), Label::Dim));
    if let Reach::Up { latency } = view.reach {
        facts.push(piece(age::latency(latency), Label::Dim));
    }
    if !view.user.is_empty() {
        facts.push(piece(view.user.clone(), Label::Dim));
    }
    facts.retain(|(text, _)| !text.is_empty());
    facts
}
