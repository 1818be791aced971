//! The first line: the program, the clusters, how many Apps are how.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::HealthStatus;
use crate::engine::{Reach, SyncStatus};

use super::super::fit;
use super::super::painter::{Painter, piece};
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
    let failed = apps.iter().filter(|a| a.sync == SyncStatus::Failed).count();
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
        add(wording::count(apps.len(), "App", "Apps"), Label::Dim);
    }
    if drifted > 0 {
        add(format!("{drifted} drifted"), Label::Warn);
    }
    if failed > 0 {
        add(format!("{failed} failed"), Label::Bad);
    }
    if degraded > 0 {
        add(format!("{degraded} degraded"), Label::Bad);
    }
    if !state.data.problems.is_empty() {
        let n = wording::count(state.data.problems.len(), "problem", "problems");
        add(n, Label::Bad);
    }
    if !state.data.notices.is_empty() {
        let n = wording::count(state.data.notices.len(), "notice", "notices");
        add(n, Label::Dim);
    }
    if state.data.read_only {
        add(" READ-ONLY ".to_owned(), Label::Badge);
    }
    let end = area.right().saturating_sub(1);
    let start = p.put_right(buf, area.left() + 9, end, y, &right);
    let mut x = p.put(buf, area.left() + 1, start, y, "trueup", Label::Strong) + 2;
    let limit = start.saturating_sub(2);
    let n = state.data.clusters.len();
    for (i, cluster) in state.data.clusters.iter().enumerate() {
        let (glyph, label) = wording::reach(&cluster.reach, p.glyphs);
        let name = p.middle(&cluster.context, 20);
        let left = n - i;
        let room = usize::from(limit.saturating_sub(x));
        let more = if left > 1 { 5 } else { 0 };
        if 2 + fit::width(&name) + more > room {
            let hidden = &state.data.clusters[i..];
            let down = hidden.iter().any(|c| matches!(c.reach, Reach::Down { .. }));
            let (sign, label) = if down {
                (p.glyphs.down, Label::Bad)
            } else {
                ("", Label::Dim)
            };
            p.put(buf, x, limit, y, &format!("{sign}+{left}"), label);
            break;
        }
        x = p.put(buf, x, limit, y, glyph, label);
        x = p.put(buf, x + 1, limit, y, &name, Label::Dim) + 2;
    }
}
