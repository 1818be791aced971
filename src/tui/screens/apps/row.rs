//! A row of the list of Apps: its columns by the width that there is.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{AppState, AppView, SyncStatus, words};

use super::super::super::fit;
use super::super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::super::state::{Pane, State};
use super::super::super::theme::Label;
use super::super::super::wording;
use super::cursor;

/// From this width on a row says what was synced last, and when.
const WITH_SYNCED: u16 = 52;

/// From this width on it says its verdict also in a word, and has its namespace in a column of its own.
const WITH_WORDS: u16 = 76;

/// Columns that a namespace is cut to at the least; below that it is left out.
const LEAST_NAMESPACE: usize = 4;

/// Columns of a verdict's signs, of its word, of a commit, of an age.
const SIGNS: u16 = 8;
const WORD: u16 = 10;
const COMMIT: u16 = 7;
const AGE: u16 = 4;

/// Columns of the health, or of a word in its place.
const STATE: u16 = 11;

/// Which columns there are, by width alone: what is in them never moves them.
pub(super) struct Columns<'a> {
    words: bool,
    synced: bool,
    /// Columns of the namespace, where rows are wide enough to set it apart.
    namespace: u16,
    /// Contexts with Apps in several namespaces.
    several: BTreeSet<&'a str>,
    /// Contexts with names of Apps that stand in several of their namespaces.
    namesakes: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Columns<'a> {
    /// The columns of rows of a width.
    pub(super) fn new(state: &'a State, width: u16) -> Self {
        let mut first: BTreeMap<&str, &str> = BTreeMap::new();
        let mut several = BTreeSet::new();
        let (mut seen, mut namesakes) = (BTreeSet::new(), BTreeSet::new());
        let mut longest = 0;
        for view in &state.data.apps {
            let id = &view.app.id;
            longest = longest.max(fit::width(&id.namespace));
            let name = (id.context.as_str(), id.name.as_str());
            if !seen.insert(name) {
                namesakes.insert(name);
            }
            if *first.entry(&id.context).or_insert(&id.namespace) != id.namespace {
                several.insert(id.context.as_str());
            }
        }
        let words = width >= WITH_WORDS;
        let namespace = if words && !several.is_empty() {
            (longest as u16).min(width / 5)
        } else {
            0
        };
        Self {
            words,
            synced: width >= WITH_SYNCED,
            namespace,
            several,
            namesakes,
        }
    }
}

/// Draws a row.
#[allow(clippy::too_many_arguments, reason = "one row, drawn in one place")]
pub(super) fn draw(
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
    let state_x = at.saturating_sub(STATE);
    let mut signs = wording::sync(view, p.glyphs);
    let sign_label = match signs.first() {
        _ if view.app.orphaned => Label::Warn,
        Some((_, label)) => *label,
        None => Label::Dim,
    };
    let word = words::sync(view);
    // Without a health, the verdict is all that there is to say; of an App that is gone it is what matters.
    let health = view.health.as_ref();
    let verdict_first = view.app.orphaned || view.sync == SyncStatus::Failed;
    match health.filter(|_| columns.words || !verdict_first) {
        Some(health) => {
            let text = health.status.to_string();
            let label = if dim {
                Label::Faint
            } else {
                wording::health(health.status)
            };
            p.put(buf, state_x, at, y, &text, label);
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
    let namespace = &view.app.id.namespace;
    let mut name_end = limit;
    if columns.namespace > 0 {
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
    if state.is_changing(&view.app.id) {
        flags.insert(0, piece(p.glyphs.changing, Label::Busy));
    }
    let taken = fit::width(&view.app.id.name) + pieces_width(&flags) + 4;
    add(flags);
    if several && columns.namespace == 0 {
        // What the name leaves; a third of the room where the name alone does not say which.
        let name = (view.app.id.context.as_str(), view.app.id.name.as_str());
        let least = match columns.namesakes.contains(&name) {
            true => room / 3,
            false => 0,
        };
        let text = p.middle(namespace, room.saturating_sub(taken).max(least));
        if fit::width(&text) >= fit::width(namespace).min(LEAST_NAMESPACE) {
            let dot = format!("{} ", p.glyphs.dot);
            add(vec![piece(dot, Label::Faint), piece(text, Label::Faint)]);
        }
    }

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
