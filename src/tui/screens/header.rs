//! The first line: the program, the clusters, how many Apps are how.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::{HealthStatus, count};
use crate::engine::{ClusterView, SyncStatus};

use super::super::fit;
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::state::State;
use super::super::theme::Label;
use super::super::wording;

/// Draws the line.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect) {
    let y = area.y;
    let mut right = Vec::new();
    let mut add = |text: String, label| {
        if !right.is_empty() {
            right.push(piece("  ", Label::Text));
        }
        right.push((text, label));
    };
    let apps = &state.data.apps;
    let drifted = apps
        .iter()
        .filter(|a| a.sync == SyncStatus::Drifted)
        .count();
    let (undecided, failed): (Vec<_>, Vec<_>) = apps
        .iter()
        .filter(|a| a.sync == SyncStatus::Failed)
        .partition(|a| a.is_undecided());
    let degraded = apps
        .iter()
        .filter(|a| {
            a.health
                .as_ref()
                .is_some_and(|h| h.status == HealthStatus::Degraded)
        })
        .count();
    if let Some(run) = &state.run
        && run.is_under_way()
    {
        add(run.progress(), Label::Busy);
    }
    // Where room is dear, the list's own title says how many there are.
    if area.width >= super::super::layout::TWO_COLUMNS {
        add(count(apps.len(), "App"), Label::Dim);
    }
    if drifted > 0 {
        add(format!("{drifted} drifted"), Label::Warn);
    }
    if !failed.is_empty() {
        add(format!("{} failed", failed.len()), Label::Bad);
    }
    if !undecided.is_empty() {
        add(format!("{} no cluster", undecided.len()), Label::Warn);
    }
    if degraded > 0 {
        add(format!("{degraded} degraded"), Label::Bad);
    }
    if !state.data.problems.is_empty() {
        let n = count(state.data.problems.len(), "problem");
        add(n, Label::Bad);
    }
    if !state.data.notices.is_empty() {
        let n = count(state.data.notices.len(), "notice");
        add(n, Label::Dim);
    }
    if state.data.read_only {
        add(" READ-ONLY ".to_owned(), Label::Badge);
    }
    let end = area.right().saturating_sub(1);
    let start = p.put_right(buf, area.left() + 9, end, y, &right);
    let x = p.put(buf, area.left() + 1, start, y, "trueup", Label::Strong) + 2;
    draw_clusters(state, p, buf, x, start.saturating_sub(2), y);
}

/// Draws the clusters by name as far as they fit, and counts the rest by how they are.
fn draw_clusters(state: &State, p: &Painter<'_>, buf: &mut Buffer, x: u16, limit: u16, y: u16) {
    let mut x = x;
    let clusters = &state.data.clusters;
    for (i, cluster) in clusters.iter().enumerate() {
        let (glyph, label) = wording::reach(&cluster.reach, p.glyphs);
        let name = p.middle(&cluster.context, 20);
        let rest = counted(p, &clusters[i + 1..]);
        let more = match pieces_width(&rest) {
            0 => 0,
            width => 2 + width,
        };
        let room = usize::from(limit.saturating_sub(x));
        if 2 + fit::width(&name) + more > room {
            if i > 0 {
                x = p.put(buf, x, limit, y, "+", Label::Dim);
            }
            p.put_all(buf, x, limit, y, &counted(p, &clusters[i..]));
            return;
        }
        x = p.put(buf, x, limit, y, glyph, label);
        x = p.put(buf, x + 1, limit, y, &name, Label::Dim) + 2;
    }
}

/// How many clusters are how: `●3 ✗1`.
fn counted(p: &Painter<'_>, clusters: &[Arc<ClusterView>]) -> Vec<Piece> {
    let mut counts: Vec<((&str, Label), usize)> = Vec::new();
    for cluster in clusters {
        let sign = wording::reach(&cluster.reach, p.glyphs);
        match counts.iter_mut().find(|(s, _)| *s == sign) {
            Some((_, n)) => *n += 1,
            None => counts.push((sign, 1)),
        }
    }
    let mut pieces = Vec::new();
    for ((glyph, label), n) in counts {
        if !pieces.is_empty() {
            pieces.push(piece(" ", Label::Text));
        }
        pieces.push(piece(glyph, label));
        pieces.push(piece(n.to_string(), Label::Dim));
    }
    pieces
}
