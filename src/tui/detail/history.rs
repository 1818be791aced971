//! The History tab: every recorded Run, the newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::SyncRecord;
use crate::engine::{AppState, AppView, SyncStatus, words};

use super::super::fit;
use super::super::list::Row;
use super::super::painter::{Painter, piece};
use super::super::screens::apps::{cursor, draw_lines};
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;

/// A row of the tab.
#[derive(Clone, Debug)]
pub struct RecordRow(pub SyncRecord);

impl Row for RecordRow {
    type Id = u64;
    fn id(&self) -> Option<&u64> {
        Some(&self.0.id)
    }
}

/// The rows, newest first.
pub fn rows(app: Option<&AppView>) -> Vec<RecordRow> {
    app.and_then(|view| view.record.as_ref())
        .map_or_else(Vec::new, |record| {
            record
                .history
                .iter()
                .rev()
                .cloned()
                .map(RecordRow)
                .collect()
        })
}

/// Draws the tab.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect, view: &AppView) {
    let detail = &state.detail;
    if detail.record_rows.is_empty() {
        let never = matches!(view.state, AppState::Available | AppState::Unmanaged);
        let context = &view.app.id.context;
        let text = if never || view.record.is_some() {
            "This App was never synced by trueup.".to_owned()
        } else if state.data.cluster(context).is_some_and(|c| c.is_down()) {
            format!("No history is known: {context} does not answer.")
        } else if view.sync == SyncStatus::Checking {
            "No history is known yet.".to_owned()
        } else {
            "No history is known: there is none, or it could not be read.".to_owned()
        };
        return draw_lines(p, buf, area, &[(text, Label::Dim)]);
    }
    let (left, end) = (area.left(), area.right().saturating_sub(1));
    let head = area.y;
    let wide = area.width >= 70;
    let (id_end, commit_x, kind_x) = (left + 5, left + 7, left + 16);
    // As wide as the longest, so that the message has the rest.
    let rows = || detail.record_rows.iter().map(|row| &row.0);
    let kinds = rows().map(|record| words::recorded(record).len());
    let result_x = kind_x + kinds.max().unwrap_or(0) as u16 + 2;
    let what_x = result_x + 12;
    let whos = rows().map(|record| fit::width(&record.who));
    let who_width = if wide {
        whos.max().unwrap_or(0).clamp(3, 22) as u16
    } else {
        0
    };
    let when_x = end.saturating_sub(5);
    let who_x = when_x.saturating_sub(who_width + u16::from(wide));
    for (x, text) in [
        (left + 4, "#"),
        (commit_x, "commit"),
        (kind_x, "run"),
        (result_x, "result"),
        (what_x, "message"),
    ] {
        p.put(buf, x, end, head, text, Label::Faint);
    }
    if wide {
        p.put(buf, who_x, when_x, head, "who", Label::Faint);
    }
    p.put_right(buf, when_x, end, head, &[piece("when", Label::Faint)]);
    let current = view
        .record
        .as_ref()
        .and_then(|r| r.last_synced())
        .map(|r| r.id);
    let focused = state.focus == Pane::Detail;
    let height = usize::from(area.height.saturating_sub(1));
    let rows = detail.record_rows.iter().enumerate();
    for (i, (line, RecordRow(record))) in rows.skip(detail.records.offset).take(height).enumerate()
    {
        let row = Rect::new(left, area.top() + 1 + i as u16, area.width, 1);
        let y = row.y;
        let is_current = current == Some(record.id);
        let id = piece(record.id.to_string(), Label::Dim);
        p.put_right(buf, left + 1, id_end, y, &[id]);
        let label = if is_current {
            Label::Strong
        } else {
            Label::Text
        };
        p.put(buf, commit_x, kind_x, y, record.commit.short(), label);
        let kind = words::recorded(record);
        p.put(buf, kind_x, result_x, y, kind, Label::Dim);
        let (sign, word, label) = wording::outcome(record.outcome, p.glyphs);
        let x = p.put(buf, result_x, what_x, y, sign, label);
        p.put(buf, x + 1, what_x, y, word, label);
        let what = if record.reason.is_empty() {
            &record.message
        } else {
            &record.reason
        };
        let room = usize::from(who_x.saturating_sub(what_x + 1));
        p.put(buf, what_x, who_x, y, &p.end(what, room), Label::Text);
        if wide {
            let who = p.middle(&record.who, usize::from(who_width));
            p.put(buf, who_x, when_x, y, &who, Label::Dim);
        }
        let when = piece(p.age(record.started), Label::Dim);
        p.put_right(buf, when_x, end, y, &[when]);
        if line == detail.records.line() {
            cursor(p, buf, row, focused);
        }
    }
}
