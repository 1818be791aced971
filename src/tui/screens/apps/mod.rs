//! The list of Apps, by context.

mod row;

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::{AppId, HealthStatus};
use crate::engine::{AppView, Snapshot, SyncStatus, words};

use super::super::fit;
use super::super::keymap::Command;
use super::super::list::{self, Row};
use super::super::painter::{Painter, piece};
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

/// What narrows the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrowed<'a> {
    /// Words that Apps must fit.
    pub filter: &'a str,
    /// Whether only Apps that differ or are not well are listed.
    pub only_drift: bool,
    /// The only context listed.
    pub only_context: Option<&'a str>,
}

impl Narrowed<'_> {
    fn leaves(&self, view: &AppView) -> bool {
        self.only_context.is_none_or(|c| c == view.app.id.context)
            && (!self.only_drift || is_trouble(view))
            && (self.filter.is_empty() || list::fits(self.filter, &haystack(view)))
    }
}

/// The rows that the filters leave, and those that are marked: a sync is of the marked ones, so they are always seen.
pub fn rows(data: &Snapshot, narrowed: Narrowed<'_>, marked: &BTreeSet<AppId>) -> Vec<AppRow> {
    let mut apps: Vec<&Arc<AppView>> = data
        .apps
        .iter()
        .filter(|view| marked.contains(&view.app.id) || narrowed.leaves(view))
        .collect();
    apps.sort_by_key(|view| {
        let id = &view.app.id;
        (id.context.is_empty(), &id.context, &id.name, &id.namespace)
    });
    let mut rows = Vec::with_capacity(apps.len() + data.clusters.len());
    let mut context: Option<&str> = None;
    for view in apps {
        let id = &view.app.id;
        if context != Some(&id.context) {
            context = Some(&id.context);
            let down = data.cluster(&id.context).is_some_and(|c| c.is_down());
            rows.push(AppRow::Context(id.context.clone(), down));
        }
        rows.push(AppRow::App(view.clone()));
    }
    rows
}

/// What a filter looks at.
fn haystack(view: &AppView) -> String {
    let id = &view.app.id;
    let sync = words::sync(view);
    let health = view
        .health
        .as_ref()
        .map_or_else(String::new, |h| h.status.to_string());
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
    let columns = row::Columns::new(state, inner.width);
    let (above, below) = state
        .app_rows
        .split_at(state.apps.offset.min(state.app_rows.len()));
    let below = below.get(usize::from(inner.height)..).unwrap_or_default();
    let n = |rows: &[AppRow]| rows.iter().filter(|row| row.id().is_some()).count();
    p.hidden(buf, area, n(above), n(below));
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
                let text = match (context.as_str(), down) {
                    ("", _) => wording::NO_CLUSTER.to_owned(),
                    (name, true) => format!("{} {name}", p.glyphs.down),
                    (name, false) => name.to_owned(),
                };
                let text = p.middle(&text, usize::from(inner.width).saturating_sub(2));
                p.put(buf, inner.left() + 1, inner.right(), y, &text, label);
            }
            AppRow::App(view) => {
                let row = Rect::new(inner.left(), y, inner.width, 1);
                let selected = line == state.apps.line();
                row::draw(state, p, buf, row, &columns, view, selected, unreachable);
            }
        }
        y += 1;
    }
}

/// Label of a pane's title.
pub fn title_label(focused: bool) -> Label {
    if focused { Label::Title } else { Label::Dim }
}

/// Draws the cursor of a list, over a row that is drawn already.
pub fn cursor(p: &Painter<'_>, buf: &mut Buffer, row: Rect, focused: bool) {
    let (fill, bar) = if focused {
        (Label::Selected, Label::Accent)
    } else {
        (Label::SelectedIdle, Label::Faint)
    };
    p.fill(buf, row, fill);
    for y in row.top()..row.bottom() {
        p.put(buf, row.left(), row.right(), y, p.glyphs.bar, bar);
    }
}

/// Says why the list is empty and what to press.
fn draw_empty(state: &State, p: &Painter<'_>, buf: &mut Buffer, inner: Rect) {
    let key = |command| state.key(command);
    let what_is_wrong = || format!("{} says what is wrong.", key(Command::Problems));
    let mut lines: Vec<(String, Label)> = Vec::new();
    if !state.apps.filter.is_empty() || state.only_drift || state.only_context.is_some() {
        lines.push(("Nothing fits.".to_owned(), Label::Text));
        lines.push((
            format!("{} lists all Apps again.", key(Command::Back)),
            Label::Dim,
        ));
    } else if !state.data.settled {
        lines.push(("Looking for Apps.".to_owned(), Label::Dim));
        if !state.data.problems.is_empty() {
            lines.push((what_is_wrong(), Label::Dim));
        }
    } else if !state.data.problems.is_empty() {
        lines.push(("There is no App to show.".to_owned(), Label::Text));
        lines.push((what_is_wrong(), Label::Dim));
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
