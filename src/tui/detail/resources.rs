//! The Resources tab: every object with its verdict, health and age.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::ObjectKey;
use crate::engine::{AppView, ObjectView, SyncStatus};

use super::super::glyphs;
use super::super::list::{self, Row};
use super::super::painter::{Painter, piece};
use super::super::screens::apps::{cursor, draw_lines};
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;
use super::diff;

/// A row of the tab.
#[derive(Clone, Debug)]
pub struct ObjectRow(pub Arc<ObjectView>);

impl Row for ObjectRow {
    type Id = ObjectKey;
    fn id(&self) -> Option<&ObjectKey> {
        Some(&self.0.drift.key)
    }
}

/// The rows that the filter leaves.
pub fn rows(app: Option<&AppView>, filter: &str) -> Vec<ObjectRow> {
    app.map_or_else(Vec::new, |view| {
        view.objects
            .iter()
            .filter(|o| {
                filter.is_empty() || list::fits(filter, &diff::haystack(view, o, &glyphs::UNICODE))
            })
            .cloned()
            .map(ObjectRow)
            .collect()
    })
}

const VERDICT: u16 = 15;
const HEALTH: u16 = 11;
const AGE: u16 = 5;

/// Draws the tab.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect, view: &AppView) {
    let detail = &state.detail;
    if detail.object_rows.is_empty() {
        let text = if !detail.objects.filter.is_empty() {
            "No object fits the filter."
        } else if !view.problems.is_empty() {
            "No object is known: the Diff tab says why."
        } else if view.sync == SyncStatus::Checking {
            "No object is known yet."
        } else {
            "There is no object: neither in Git nor in the cluster."
        };
        return draw_lines(p, buf, area, &[(text.to_owned(), Label::Dim)]);
    }
    let (left, end) = (area.left(), area.right());
    let age_x = end.saturating_sub(AGE + 1);
    let health_x = age_x.saturating_sub(HEALTH + 1);
    let verdict_x = health_x.saturating_sub(VERDICT + 1);
    let head = area.y;
    p.put(buf, left + 2, verdict_x, head, "object", Label::Faint);
    p.put(buf, verdict_x, end, head, "state", Label::Faint);
    p.put(buf, health_x, end, head, "health", Label::Faint);
    p.put_right(buf, age_x, end - 1, head, &[piece("age", Label::Faint)]);
    let focused = state.focus == Pane::Detail;
    let shown = detail.object_rows.iter().enumerate();
    let height = usize::from(area.height.saturating_sub(1));
    for (i, (line, ObjectRow(object))) in shown.skip(detail.objects.offset).take(height).enumerate()
    {
        let row = Rect::new(left, area.top() + 1 + i as u16, area.width, 1);
        let y = row.y;
        let drift = &object.drift;
        let marked = (view.app.id.clone(), drift.key.clone());
        if state.marked_objects.contains(&marked) {
            p.put(buf, left + 1, end, y, p.glyphs.mark, Label::Accent);
        }
        let room = usize::from(verdict_x.saturating_sub(left + 3));
        let kind = p.end(&drift.key.kind, room.min(26));
        let x = p.put(buf, left + 2, verdict_x, y, &kind, Label::Dim) + 1;
        let home = &view.app.destination.namespace;
        let name = if drift.key.namespace.is_empty() || drift.key.namespace == *home {
            drift.key.name.clone()
        } else {
            format!("{}/{}", drift.key.namespace, drift.key.name)
        };
        let name = p.middle(&name, usize::from(verdict_x.saturating_sub(x + 1)));
        p.put(buf, x, verdict_x, y, &name, Label::Text);
        let (sign, word, label) = wording::object_state(view, drift, p.glyphs);
        let x = p.put(buf, verdict_x, health_x, y, sign, label);
        let label = if matches!(label, Label::Good) {
            Label::Dim
        } else {
            label
        };
        let x = p.put(buf, x + 1, health_x, y, word, label);
        if object.asking {
            p.put(buf, x, health_x, y, p.glyphs.checking, Label::Dim);
        } else if !drift.confirmed {
            p.put(buf, x, health_x, y, p.glyphs.unconfirmed, Label::Dim);
        }
        if let Some(health) = &object.health {
            let word = health.status.to_string();
            p.put(
                buf,
                health_x,
                age_x,
                y,
                &word,
                wording::health(health.status),
            );
        }
        if let Some(created) = object.created {
            let age = piece(p.age(created), Label::Dim);
            p.put_right(buf, age_x, end - 1, y, &[age]);
        }
        if line == detail.objects.line() {
            cursor(p, buf, row, focused);
        }
    }
}
