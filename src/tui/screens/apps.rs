//! The list of Apps, by context.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::{AppId, HealthStatus};
use crate::engine::{AppState, AppView, Reach, Snapshot, SyncStatus};

use super::super::fit;
use super::super::list::{self, Row};
use super::super::painter::{Painter, piece, pieces_width};
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;

/// A row of the list.
#[derive(Clone, Debug)]
pub enum AppRow {
    /// The context that the rows below it belong to, and whether it is out of reach.
    Context(String, bool),
    /// An App.
    App(Arc<AppView>),
}

impl Row for AppRow {
    type Id = AppId;
    fn id(&self) -> Option<&AppId> {
        match self {
            Self::Context(..) => None,
            Self::App(view) => Some(&view.app.id),
        }
    }
}

/// Whether an App differs from Git or is not well.
pub fn is_trouble(view: &AppView) -> bool {
    matches!(view.sync, SyncStatus::Drifted | SyncStatus::Failed)
        || view.counts.overridden > 0
        || view
            .health
            .as_ref()
            .is_some_and(|h| h.status == HealthStatus::Degraded)
}

/// The rows that the filters leave.
pub fn rows(
    data: &Snapshot,
    filter: &str,
    only_drift: bool,
    only_context: Option<&str>,
) -> Vec<AppRow> {
    let mut rows = Vec::with_capacity(data.apps.len() + data.clusters.len());
    let mut context: Option<&str> = None;
    for view in &data.apps {
        let id = &view.app.id;
        if only_context.is_some_and(|c| c != id.context)
            || only_drift && !is_trouble(view)
            || !filter.is_empty() && !list::fits(filter, &haystack(view))
        {
            continue;
        }
        if context != Some(&id.context) {
            context = Some(&id.context);
            let down = data
                .cluster(&id.context)
                .is_some_and(|c| matches!(c.reach, Reach::Down { .. }));
            rows.push(AppRow::Context(id.context.clone(), down));
        }
        rows.push(AppRow::App(view.clone()));
    }
    rows
}

/// What a filter looks at.
fn haystack(view: &AppView) -> String {
    let id = &view.app.id;
    let sync = wording::sync_word(view);
    let health = view
        .health
        .as_ref()
        .map_or("", |h| wording::health(h.status).0);
    let pinned = if view.pinned.is_some() { "pinned" } else { "" };
    format!(
        "{} {} {} {sync} {health} {pinned}",
        id.name, id.namespace, id.context
    )
}

/// Draws the pane.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect) {
    let focused = state.focus == Pane::Apps;
    let shown = state.app_rows.iter().filter(|r| r.id().is_some()).count();
    let mut title = vec![piece("Apps", title_label(focused))];
    for (set, text) in [
        (state.only_drift, "not in order".to_owned()),
        (
            state.only_context.is_some(),
            state.only_context.clone().unwrap_or_default(),
        ),
        (
            !state.apps.filter.is_empty(),
            format!("/{}", state.apps.filter),
        ),
    ] {
        if set {
            title.push(piece(format!(" {} ", p.glyphs.dot), Label::Faint));
            title.push(piece(text, Label::Accent));
        }
    }
    let total = state.data.apps.len();
    let count = if shown == total {
        total.to_string()
    } else {
        format!("{shown} of {total}")
    };
    let inner = p.frame(buf, area, &title, &[piece(count, Label::Dim)], focused);
    if state.app_rows.is_empty() {
        return draw_empty(state, p, buf, inner);
    }
    let rows = state.app_rows.iter().enumerate().skip(state.apps.offset);
    let mut y = inner.top();
    let mut unreachable = false;
    // The heading above the first row shown may be out of sight.
    for row in &state.app_rows[..state.apps.offset.min(state.app_rows.len())] {
        if let AppRow::Context(_, down) = row {
            unreachable = *down;
        }
    }
    for (line, row) in rows.take(usize::from(inner.height)) {
        match row {
            AppRow::Context(context, down) => {
                unreachable = *down;
                let label = if *down { Label::Bad } else { Label::Dim };
                let text = if *down {
                    format!("{} {context}", p.glyphs.down)
                } else {
                    context.clone()
                };
                let text = p.middle(&text, usize::from(inner.width).saturating_sub(2));
                p.put(buf, inner.left() + 1, inner.right(), y, &text, label);
            }
            AppRow::App(view) => {
                let row = Rect::new(inner.left(), y, inner.width, 1);
                let selected = line == state.apps.line();
                draw_app(state, p, buf, row, view, selected, unreachable);
            }
        }
        y += 1;
    }
}

/// Label of a pane's title.
pub fn title_label(focused: bool) -> Label {
    if focused { Label::Title } else { Label::Dim }
}

/// From this width on a row says its verdict also in a word.
const WITH_WORDS: u16 = 70;

/// Columns of a verdict with its word.
const SYNC_WITH_WORD: u16 = 15;

fn draw_app(
    state: &State,
    p: &Painter<'_>,
    buf: &mut Buffer,
    row: Rect,
    view: &AppView,
    selected: bool,
    unreachable: bool,
) {
    let (x, y, end) = (row.left(), row.y, row.right());
    let dim = unreachable || view.old_since.is_some() || view.state == AppState::Available;
    let changed = state.marked_changed_until(view.changed_at);
    if let Some(until) = changed {
        p.wake(until);
    }
    if state.marked.contains(&view.app.id) {
        p.put(buf, x + 1, end, y, p.glyphs.mark, Label::Accent);
    } else if changed.is_some() {
        p.put(buf, x + 1, end, y, p.glyphs.changed, Label::Accent);
    }

    let (word, mut label) = match &view.health {
        Some(health) => wording::health(health.status),
        None if view.state == AppState::Available => ("", Label::Dim),
        None => ("", Label::Dim),
    };
    let mut sync = wording::sync(view, p.glyphs);
    let mut flags = wording::flags(view, p.glyphs);
    if dim {
        label = Label::Faint;
        // What failed by itself is not made less of because it is old; a whole cluster has said so already.
        if unreachable || view.sync != SyncStatus::Failed {
            sync.iter_mut().for_each(|(_, label)| *label = Label::Faint);
        }
        flags
            .iter_mut()
            .for_each(|(_, label)| *label = Label::Faint);
    }
    let health_end = end.saturating_sub(1);
    let health_start = health_end.saturating_sub(8);
    p.put(buf, health_start, health_end, y, word, label);
    let sync_end = health_start.saturating_sub(2);
    let sync_start = if row.width >= WITH_WORDS {
        // Where there is room the sign is also said, so that signs need not be learned.
        let word = wording::sync_word(view);
        let label = if dim { Label::Faint } else { Label::Dim };
        sync.push(piece(format!(" {word}"), label));
        let start = sync_end.saturating_sub(SYNC_WITH_WORD);
        p.put_all(buf, start, sync_end, y, &sync);
        start
    } else {
        p.put_right(buf, x + 10, sync_end, y, &sync)
    };

    let name_x = x + 2;
    let flags_width = pieces_width(&flags);
    let room = usize::from(
        sync_start
            .min(sync_end.saturating_sub(4))
            .saturating_sub(name_x + 1),
    );
    let name_room = room.saturating_sub(flags_width + usize::from(flags_width > 0));
    let name = p.middle(&view.app.id.name, name_room);
    let label = match (dim, selected) {
        (true, _) => Label::Dim,
        (false, true) => Label::Strong,
        (false, false) => Label::Text,
    };
    let after = p.put(buf, name_x, end, y, &name, label);
    if flags_width > 0 {
        p.put_all(buf, after + 1, sync_start, y, &flags);
    }
    if selected {
        cursor(p, buf, row, state.focus == Pane::Apps);
    }
}

/// Draws the cursor of a list, over a row that is drawn already.
pub fn cursor(p: &Painter<'_>, buf: &mut Buffer, row: Rect, focused: bool) {
    let (fill, bar) = if focused {
        (Label::Selected, Label::Accent)
    } else {
        (Label::SelectedIdle, Label::Faint)
    };
    p.fill(buf, row, fill);
    p.put(buf, row.left(), row.right(), row.y, p.glyphs.bar, bar);
}

/// Says why the list is empty and what to press.
fn draw_empty(state: &State, p: &Painter<'_>, buf: &mut Buffer, inner: Rect) {
    let key = |command| state.keymap.key(state.context(), command);
    use super::super::keymap::Command;
    let mut lines: Vec<(String, Label)> = Vec::new();
    if !state.apps.filter.is_empty() || state.only_drift || state.only_context.is_some() {
        lines.push(("Nothing fits.".to_owned(), Label::Text));
        lines.push((
            format!("{} lists all Apps again.", key(Command::Back)),
            Label::Dim,
        ));
    } else if !state.data.problems.is_empty() {
        lines.push(("There is no App to show.".to_owned(), Label::Text));
        lines.push((
            format!("{} says what is wrong.", key(Command::Problems)),
            Label::Dim,
        ));
    } else if !state.data.settled {
        lines.push(("Looking for Apps.".to_owned(), Label::Dim));
    } else {
        lines.push(("There is nothing to deploy here.".to_owned(), Label::Text));
        lines.push((
            "A directory with Kubernetes manifests is an App. Give one, or a repository: trueup PATH|URL".to_owned(),
            Label::Dim,
        ));
        if !state.data.notices.is_empty() {
            lines.push((
                format!("{} lists what was found.", key(Command::Problems)),
                Label::Dim,
            ));
        }
    }
    draw_lines(p, buf, inner, &lines);
}

/// Draws sentences into the upper part of an empty pane.
pub fn draw_lines(p: &Painter<'_>, buf: &mut Buffer, area: Rect, lines: &[(String, Label)]) {
    let width = usize::from(area.width.saturating_sub(4)).max(1);
    let mut y = area.top() + u16::from(area.height > 4);
    for (text, label) in lines {
        for line in fit::wrap(text, width) {
            if y >= area.bottom() {
                return;
            }
            p.put(buf, area.left() + 2, area.right(), y, &line, *label);
            y += 1;
        }
    }
}
