//! The selected App in detail: its tabs and what each shows.

pub mod body;
pub mod diff;
pub mod history;
pub mod resources;
pub mod source;
pub mod why;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::text::visible;
use crate::domain::{Commit, ObjectDrift, ObjectKey, Verdict, count};
use crate::engine::{AppView, Distance, SyncStatus, words};

use super::document::{BodyOptions, Reader};
use super::fit;
use super::glyphs::Glyphs;
use super::keymap::Keymap;
use super::layout::Areas;
use super::list::List;
use super::painter::{Painter, Piece, piece, pieces_width};
use super::screens::apps::{draw_lines, title_label};
use super::state::{Pane, State};
use super::theme::Label;

/// What the detail pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What differs.
    #[default]
    Diff,
    /// Every object.
    Resources,
    /// Every Run.
    History,
    /// What Git says.
    Source,
}

impl Tab {
    /// All tabs, in their order.
    pub const ALL: [Self; 4] = [Self::Diff, Self::Resources, Self::History, Self::Source];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Diff => "Diff",
            Self::Resources => "Resources",
            Self::History => "History",
            Self::Source => "Source",
        }
    }

    /// The tab that many places on, round the ends.
    #[must_use]
    pub fn moved(self, delta: isize) -> Self {
        let n = Self::ALL.len() as isize;
        let at = Self::ALL.iter().position(|t| *t == self).unwrap_or(0) as isize;
        Self::ALL[(at + delta).rem_euclid(n) as usize]
    }
}

/// The selected App, and the place in each of its tabs.
#[derive(Debug, Default)]
pub struct Detail {
    /// The tab shown.
    pub tab: Tab,
    /// The App, as it was last shown.
    pub app: Option<Arc<AppView>>,
    /// The Diff tab.
    pub diff: Reader,
    /// The Source tab.
    pub source: Reader,
    /// The Resources tab.
    pub objects: List<ObjectKey>,
    /// Its rows.
    pub object_rows: Vec<resources::ObjectRow>,
    /// The History tab.
    pub records: List<u64>,
    /// Its rows, newest first.
    pub record_rows: Vec<history::RecordRow>,
    /// Why the App is not well.
    pub why: why::Why,
    /// How texts are built.
    pub options: BodyOptions,
    /// Whether it is Git's side that is old: its repository could not be fetched or read.
    pub git_is_old: bool,
    built_for: (u16, String, bool, u64, bool),
}

impl Detail {
    /// Shows an App as it is now. The same App keeps its places; another starts from the top, its secrets masked.
    pub fn follow(
        &mut self,
        app: Option<Arc<AppView>>,
        width: u16,
        height: usize,
        glyphs: &Glyphs,
        keymap: &Keymap,
    ) {
        let same_app = match (&self.app, &app) {
            (Some(a), Some(b)) => a.app.id == b.app.id,
            (None, None) => true,
            _ => false,
        };
        if !same_app {
            self.options.revealed = false;
            self.objects = List::default();
            self.records = List::default();
        }
        let built_for = (
            width,
            self.objects.filter.clone(),
            self.options.foreign,
            self.why.revision,
            self.git_is_old,
        );
        let unchanged = match (&self.app, &app) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if !unchanged || built_for != self.built_for {
            let (diff, source) = match &app {
                Some(view) => (
                    diff::sections(view, self, usize::from(width), glyphs, keymap),
                    source::sections(view, &self.objects.filter, glyphs),
                ),
                None => Default::default(),
            };
            if same_app {
                self.diff.replace(diff);
                self.source.replace(source);
            } else {
                self.diff.restart(diff);
                self.source.restart(source);
            }
            self.object_rows = resources::rows(app.as_deref(), &self.objects.filter);
            self.record_rows = history::rows(app.as_deref());
            self.built_for = built_for;
        }
        self.app = app;
        self.diff.set_options(self.options);
        self.source.set_options(self.options);
        self.objects.keep(&self.object_rows);
        self.records.keep(&self.record_rows);
        self.objects
            .show(self.object_rows.len(), height.saturating_sub(1));
        self.records
            .show(self.record_rows.len(), height.saturating_sub(1));
        // Out of sight, one column showing the list, a text must not be scrolled to its cursor.
        if height > 1 {
            self.diff.show(height);
            self.source.show(height);
        }
    }

    /// The text of the tab shown, where it is one.
    pub fn reader(&mut self) -> Option<&mut Reader> {
        match self.tab {
            Tab::Diff => Some(&mut self.diff),
            Tab::Source => Some(&mut self.source),
            Tab::Resources | Tab::History => None,
        }
    }
}

/// Draws the pane.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, areas: &Areas) {
    let focused = state.focus == Pane::Detail;
    let Some(view) = &state.detail.app else {
        let inner = p.frame(buf, areas.detail, &[], &[], focused);
        let lines = [("Choose an App to see it here.".to_owned(), Label::Dim)];
        return draw_lines(p, buf, inner, &lines);
    };
    let id = &view.app.id;
    let room = usize::from(areas.detail.width.saturating_sub(8));
    let dot = format!(" {} ", p.glyphs.dot);
    let mut title = vec![piece(p.middle(&id.name, room), title_label(focused))];
    for text in [&id.context, &view.app.destination.namespace] {
        if !text.is_empty() && pieces_width(&title) + 3 + fit::width(text) <= room {
            title.push(piece(dot.clone(), Label::Faint));
            title.push(piece(text.clone(), Label::Dim));
        }
    }
    let inner = p.frame(buf, areas.detail, &title, &[], focused);
    draw_position(state, p, buf, areas);
    draw_tabs(state, p, buf, inner);
    draw_revision(p, buf, inner, view);
    let content = areas.content;
    match state.detail.tab {
        Tab::Diff => diff::draw(state, p, buf, content, view),
        Tab::Resources => resources::draw(state, p, buf, content, view),
        Tab::History => history::draw(state, p, buf, content, view),
        Tab::Source => source::draw(state, p, buf, content, view),
    }
}

/// Says in the lower edge where in the tab the reader is.
fn draw_position(state: &State, p: &Painter<'_>, buf: &mut Buffer, areas: &Areas) {
    let detail = &state.detail;
    let height = usize::from(areas.content.height);
    let rows = |len: usize, offset: usize| {
        let below = len.saturating_sub(offset + height.saturating_sub(1));
        fit::hidden(offset, below, p.glyphs.dot)
    };
    let of_text = |reader: &Reader| {
        let position = reader.position(height, p.glyphs.dot);
        match (reader.column, position.is_empty()) {
            (0, _) => position,
            (column, true) => format!("from column {}", column + 1),
            (column, false) => format!("from column {} {} {position}", column + 1, p.glyphs.dot),
        }
    };
    let text = match detail.tab {
        Tab::Diff => of_text(&detail.diff),
        Tab::Source => of_text(&detail.source),
        Tab::Resources => rows(detail.object_rows.len(), detail.objects.offset),
        Tab::History => rows(detail.record_rows.len(), detail.records.offset),
    };
    p.edge(buf, areas.detail, &text);
}

fn draw_tabs(state: &State, p: &Painter<'_>, buf: &mut Buffer, inner: Rect) {
    let (mut x, y, end) = (inner.left() + 1, inner.top(), inner.right());
    for tab in Tab::ALL {
        let label = if tab == state.detail.tab {
            Label::Title
        } else {
            Label::Dim
        };
        x = p.put(buf, x, end, y, tab.name(), label) + 3;
    }
    let detail = &state.detail;
    let mut right = Vec::new();
    let mut add = |text: String, label| {
        if !right.is_empty() {
            right.push(piece("  ", Label::Text));
        }
        right.push((text, label));
    };
    if !detail.objects.filter.is_empty() {
        add(format!("/{}", detail.objects.filter), Label::Accent);
    }
    if detail.options.revealed {
        add("secrets shown".to_owned(), Label::Bad);
    }
    if detail.tab == Tab::Diff && !detail.options.foreign {
        add("foreign hidden".to_owned(), Label::Dim);
    }
    if detail.tab == Tab::Diff {
        // What was not compared is no difference; the list of Apps counts alike.
        let n = |test: fn(&ObjectDrift) -> bool| {
            let rows = detail.object_rows.iter();
            rows.filter(|row| test(&row.0.drift)).count()
        };
        let differs =
            n(|d| d.is_drift() || d.verdict == Verdict::InSync && !d.overridden.is_empty());
        let unknown = n(|d| d.verdict == Verdict::Unknown);
        if unknown > 0 {
            add(format!("{unknown} not compared"), Label::Warn);
        }
        if differs > 0 {
            let text = count(differs, "difference");
            add(text, Label::Dim);
        } else if let Some(app) = &detail.app
            && app.sync == SyncStatus::Synced
            && app.counts.unconfirmed == 0
            && detail.objects.filter.is_empty()
            && !detail.diff.document.is_empty()
        {
            // What stands below is no difference: only foreign fields, or how it fares.
            add(words::verdict(Verdict::InSync).to_owned(), Label::Good);
        }
    }
    p.put_right(buf, x, end.saturating_sub(1), y, &right);
}

/// Draws the line that says what the App is compared with, and what was synced.
fn draw_revision(p: &Painter<'_>, buf: &mut Buffer, inner: Rect, view: &AppView) {
    let (x, y, end) = (
        inner.left() + 1,
        inner.top() + 1,
        inner.right().saturating_sub(1),
    );
    let synced = view.record.as_ref().and_then(|r| r.last_synced());
    let mut right = Vec::new();
    if view.pinned.is_some() {
        // The left side says it in full.
    } else if let Some(record) = synced {
        right.push(piece("synced ", Label::Dim));
        right.push(piece(record.commit.short(), Label::Dim));
        right.push(piece(format!(" {}", p.age(record.started)), Label::Dim));
    } else {
        right.push(piece(words::unsynced(view), Label::Dim));
    }
    let left = revision(p, view, synced.map(|r| r.commit.short()));
    if let Some(since) = view.old_since {
        // Since when yields to what is compared with what.
        let taken = pieces_width(&left) + pieces_width(&right) + 2;
        let whole = format!("  {} {}", p.glyphs.old, words::old(&p.age(since)));
        let old = match taken + fit::width(&whole) > usize::from(end - x) {
            true => format!("  {} old", p.glyphs.old),
            false => whole,
        };
        right.push(piece(old, Label::Warn));
    }
    let right_start = p.put_right(buf, x + 12, end, y, &right);
    let limit = if right_start < end {
        right_start.saturating_sub(2)
    } else {
        end
    };
    let mut at = x;
    for (text, label) in left {
        let room = usize::from(limit.saturating_sub(at));
        if room < 2 {
            return;
        }
        at = p.put(buf, at, limit, y, &p.end(&text, room), label);
    }
    if let Some(target) = &view.target
        && view.unresolved.is_none()
    {
        draw_commit(p, buf, (at + 2, limit, y), &target.commit);
    }
}

/// Columns that the message of a commit keeps before who made it gives way.
const LEAST_MESSAGE: usize = 16;

/// Draws what a commit says of itself, its message shortened rather than its age, and no number without its unit.
fn draw_commit(p: &Painter<'_>, buf: &mut Buffer, (x, end, y): (u16, u16, u16), commit: &Commit) {
    let room = usize::from(end.saturating_sub(x));
    if room < 4 {
        return;
    }
    let age = p.age(commit.time);
    let summary = visible(&commit.summary);
    let least = fit::width(&summary).min(LEAST_MESSAGE);
    let author = p.end(&commit.author, 24);
    let forms = [format!(" ({author}, {age})"), format!(" ({age})")];
    let fits = |form: &&String| least + fit::width(form) <= room;
    let who = forms.iter().find(fits).map_or("", String::as_str);
    let message = p.end(&summary, room - fit::width(who));
    let x = p.put(buf, x, end, y, &message, Label::Dim);
    p.put(buf, x, end, y, who, Label::Faint);
}

fn revision(p: &Painter<'_>, view: &AppView, synced: Option<&str>) -> Vec<Piece> {
    if let Some(asked) = &view.unresolved {
        let own = &view.app.source.revision;
        let mut pieces = vec![
            piece(asked.to_string(), Label::Bad),
            piece(format!(" instead of {own}: not resolved"), Label::Bad),
        ];
        if let Some(target) = &view.target {
            let old = words::target(target);
            pieces.push(piece(format!("  {} {old}", p.glyphs.old), Label::Warn));
            pieces.push(piece(" as it was before", Label::Dim));
        }
        return pieces;
    }
    let Some(target) = &view.target else {
        let text = format!("{} not resolved", view.app.source.revision);
        return vec![piece(text, Label::Dim)];
    };
    let mut status = Vec::new();
    let moved = synced.is_some_and(|s| s != target.commit.id.short());
    // Commits that touch nothing of this App are no news for it.
    let moved = moved && view.distance != Some(Distance::default());
    let ahead = view.distance.filter(|_| moved).and_then(words::distance);
    if let Some(pinned) = &view.pinned {
        let ahead = ahead.map_or_else(String::new, |text| format!(", Git is {text}"));
        status.push(piece(
            format!(
                "{} pinned to {} by a rollback{ahead}  ",
                p.glyphs.pinned,
                pinned.short()
            ),
            Label::Warn,
        ));
    } else if moved {
        let ahead = ahead.map_or_else(|| " Git moved".to_owned(), |text| format!(" {text}"));
        status.push(piece(format!("{}{ahead}  ", p.glyphs.git), Label::Git));
    }
    // That something else is looked at than what the App means stands before everything.
    let mut pieces = Vec::new();
    if target.override_of.is_none() {
        pieces.append(&mut status);
    }
    pieces.push(piece(
        words::target(target),
        if target.override_of.is_some() {
            Label::Accent
        } else {
            Label::Text
        },
    ));
    if let Some(own) = &target.override_of {
        pieces.push(piece(format!(" instead of {own}  "), Label::Accent));
        pieces.append(&mut status);
    }
    for (set, text) in [
        (
            target.uncommitted > 0,
            format!(
                "  {} {}",
                p.glyphs.uncommitted,
                count(target.uncommitted, "uncommitted file")
            ),
        ),
        (
            target.unpushed,
            format!("  {} not pushed", p.glyphs.unpushed),
        ),
        (
            target.behind > 0,
            format!("  {} behind the remote", target.behind),
        ),
    ] {
        if set {
            pieces.push(piece(text, Label::Warn));
        }
    }
    pieces
}
