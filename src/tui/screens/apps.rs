//! The list of Apps, by context.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::{AppId, HealthStatus};
use crate::engine::{AppState, AppView, Reach, Snapshot, SyncStatus};

use super::super::fit;
use super::super::list::{self, Row};
use super::super::painter::{Painter, Piece, piece, pieces_width};
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
        (id.context.is_empty(), &id.context, &id.namespace, &id.name)
    });
    let mut rows = Vec::with_capacity(apps.len() + data.clusters.len());
    let mut context: Option<&str> = None;
    for view in apps {
        let id = &view.app.id;
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
        .map_or("", |h| wording::health_in_full(h.status));
    let pinned = if view.pinned.is_some() { "pinned" } else { "" };
    let gone = if view.app.orphaned { "gone" } else { "" };
    format!(
        "{} {} {} {sync} {health} {pinned} {gone}",
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
    let columns = Columns::new(state, inner.width);
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
                draw_app(state, p, buf, row, &columns, view, selected, unreachable);
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
const WITH_WORDS: u16 = 52;

/// From this width on a row says what was synced last, and when.
const WITH_SYNCED: u16 = 76;

/// Columns of a verdict's signs, of its word, of a commit, of an age.
const SIGNS: u16 = 8;
const WORD: u16 = 10;
const COMMIT: u16 = 7;
const AGE: u16 = 4;

/// Which columns there are, by width alone: what is in them never moves them.
struct Columns<'a> {
    words: bool,
    synced: bool,
    /// Columns of the health, or of a word in its place.
    state: u16,
    /// Columns of the namespace, where rows are wide enough to set it apart.
    namespace: u16,
    /// Contexts with Apps in several namespaces.
    several: BTreeSet<&'a str>,
}

impl<'a> Columns<'a> {
    fn new(state: &'a State, width: u16) -> Self {
        let mut first: BTreeMap<&str, &str> = BTreeMap::new();
        let mut several = BTreeSet::new();
        let mut longest = 0;
        for view in &state.data.apps {
            let id = &view.app.id;
            longest = longest.max(fit::width(&id.namespace));
            if *first.entry(&id.context).or_insert(&id.namespace) != id.namespace {
                several.insert(id.context.as_str());
            }
        }
        let words = width >= WITH_WORDS;
        let namespace = if width >= WITH_SYNCED && !several.is_empty() {
            (longest as u16).min(width / 5)
        } else {
            0
        };
        Self {
            words,
            synced: width >= WITH_SYNCED,
            state: if words { 11 } else { 10 },
            namespace,
            several,
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "one row, drawn in one place")]
fn draw_app(
    state: &State,
    p: &Painter<'_>,
    buf: &mut Buffer,
    row: Rect,
    columns: &Columns<'_>,
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
    // What failed by itself is not made less of because it is old; a whole cluster has said so already.
    let faint = dim && (unreachable || view.sync != SyncStatus::Failed);
    let or_faint = |label| if faint { Label::Faint } else { label };

    // From the right: what was synced, the health, the verdict; the name has the rest.
    let mut at = end.saturating_sub(1);
    if columns.synced {
        let synced = view.record.as_ref().and_then(|r| r.last_synced());
        let age_x = at.saturating_sub(AGE);
        let commit_x = age_x.saturating_sub(COMMIT + 2);
        if let Some(record) = synced {
            let age = piece(p.age(record.started), Label::Faint);
            p.put_right(buf, age_x, at, y, &[age]);
            p.put(buf, commit_x, age_x, y, record.commit.short(), Label::Faint);
        }
        at = commit_x.saturating_sub(2);
    }
    let state_x = at.saturating_sub(columns.state);
    let mut signs = wording::sync(view, p.glyphs);
    let sign_label = match signs.first() {
        _ if view.app.orphaned => Label::Warn,
        Some((_, label)) => *label,
        None => Label::Dim,
    };
    let word = wording::sync_word(view);
    // Without a health, the verdict is all that there is to say; of an App that is gone it is what matters.
    let health = view.health.as_ref();
    match health.filter(|_| columns.words || !view.app.orphaned) {
        Some(health) => {
            let (short, label) = wording::health(health.status);
            let text = if columns.words {
                wording::health_in_full(health.status)
            } else {
                short
            };
            let label = if dim { Label::Faint } else { label };
            p.put(buf, state_x, at, y, text, label);
        }
        None if !columns.words => {
            p.put(buf, state_x, at, y, word, or_faint(sign_label));
        }
        None => {}
    }
    if faint {
        signs.iter_mut().for_each(|(_, l)| *l = Label::Faint);
    }
    let signs_width = pieces_width(&signs) as u16;
    let signs_end = if columns.words {
        let word_x = state_x.saturating_sub(WORD + 2);
        if signs_width <= SIGNS {
            let label = match view.sync {
                SyncStatus::Synced | SyncStatus::Checking if !view.app.orphaned => Label::Dim,
                _ => sign_label,
            };
            p.put(buf, word_x, state_x, y, word, or_faint(label));
            word_x.saturating_sub(1)
        } else {
            word_x.saturating_sub(1 + SIGNS) + signs_width
        }
    } else {
        state_x.saturating_sub(1)
    };
    let signs_x = p.put_right(buf, x + 10, signs_end, y, &signs);
    let limit = signs_x.min(signs_end.saturating_sub(4)).saturating_sub(1);

    let several = columns.several.contains(view.app.id.context.as_str());
    let namespace = if several { &view.app.id.namespace } else { "" };
    let mut name_end = limit;
    if several && columns.namespace > 0 {
        let namespace_end = state_x.saturating_sub(WORD + 3 + SIGNS + 1).min(limit);
        name_end = namespace_end.saturating_sub(columns.namespace + 1);
        let text = p.middle(namespace, usize::from(columns.namespace));
        p.put(buf, name_end + 1, namespace_end, y, &text, Label::Faint);
    }
    let mut beside = Vec::new();
    let mut add = |pieces: Vec<Piece>| {
        if !pieces.is_empty() {
            beside.push(piece(" ", Label::Text));
            beside.extend(pieces);
        }
    };
    let room = usize::from(name_end.saturating_sub(x + 2));
    let mut flags = wording::flags(view, p.glyphs);
    if dim {
        flags.iter_mut().for_each(|(_, l)| *l = Label::Faint);
    }
    if several && columns.namespace == 0 {
        // A third of the room, or what the name leaves.
        let taken = fit::width(&view.app.id.name) + pieces_width(&flags) + 3;
        let text = p.middle(namespace, (room / 3).max(room.saturating_sub(taken)));
        add(vec![piece(text, Label::Faint)]);
    }
    add(flags);

    let name_room = room.saturating_sub(pieces_width(&beside));
    let name = p.middle(&view.app.id.name, name_room);
    let label = match (dim, selected) {
        (true, _) => Label::Dim,
        (false, true) => Label::Strong,
        (false, false) => Label::Text,
    };
    let after = p.put(buf, x + 2, name_end, y, &name, label);
    p.put_all(buf, after, name_end, y, &beside);
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
    for y in row.top()..row.bottom() {
        p.put(buf, row.left(), row.right(), y, p.glyphs.bar, bar);
    }
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
