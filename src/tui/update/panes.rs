//! Moving about in the panes: cursor, scrolling, tabs, filters, marks, folds.

use crate::domain::count;

use super::super::detail::{Tab, body};
use super::super::field::Field;
use super::super::layout::inner_height;
use super::super::list::Motion;
use super::super::screens::apps::{self, AppRow};
use super::super::state::{Pane, Prompt, State};

/// Moves the cursor of the pane in focus.
pub fn travel(state: &mut State, motion: Motion) {
    let height = state.content_height();
    let detail = &mut state.detail;
    match (state.focus, detail.tab) {
        (Pane::Apps, _) => state.apps.travel(&state.app_rows, motion),
        (Pane::Clusters, _) => state.clusters.travel(&state.cluster_rows, motion),
        (Pane::Detail, Tab::Resources) => detail.objects.travel(&detail.object_rows, motion),
        (Pane::Detail, Tab::History) => detail.records.travel(&detail.record_rows, motion),
        (Pane::Detail, Tab::Diff) => detail.diff.travel(motion, height),
        (Pane::Detail, Tab::Source) => detail.source.travel(motion, height),
    }
    state.settle();
}

/// Moves the cursor by a page.
pub fn page(state: &mut State, delta: isize) {
    let areas = state.areas();
    let lines = match state.focus {
        Pane::Apps => inner_height(areas.apps),
        Pane::Clusters => inner_height(areas.clusters) / usize::from(areas.cluster_lines.max(1)),
        Pane::Detail => usize::from(areas.content.height),
    };
    travel(state, Motion::By(delta * (lines as isize - 1).max(1)));
}

/// Moves a text sideways; without one in focus, goes between list and detail.
pub fn sideways(state: &mut State, delta: isize) {
    let before = body::before(state.detail.tab);
    let (width, height) = (state.areas().content.width, state.content_height());
    let width = usize::from(width.saturating_sub(before));
    if state.focus == Pane::Detail
        && let Some(reader) = state.detail.reader()
        && (reader.column > 0 || delta > 0)
    {
        reader.sideways(delta, width, height);
        return;
    }
    match state.focus {
        Pane::Detail if delta < 0 => state.focus = Pane::Apps,
        Pane::Apps if delta > 0 && state.app().is_some() => state.focus = Pane::Detail,
        _ => {}
    }
    state.settle();
}

/// Goes to the next pane.
pub fn next_pane(state: &mut State, back: bool) {
    let order = [Pane::Apps, Pane::Detail, Pane::Clusters];
    let at = order.iter().position(|p| *p == state.focus).unwrap_or(0);
    state.focus = order[(at + if back { 2 } else { 1 }) % 3];
    state.settle();
}

/// Shows a tab; in one column also goes to it.
pub fn show_tab(state: &mut State, tab: Tab) {
    state.detail.tab = tab;
    if state.areas().detail.width == 0 && state.app().is_some() {
        state.focus = Pane::Detail;
    }
    state.settle();
}

/// Goes to the diff; from the Resources tab, to that of the object under the cursor.
pub fn show_diff(state: &mut State) {
    if state.app().is_none() {
        return;
    }
    let wanted = (state.focus == Pane::Detail && state.detail.tab == Tab::Resources)
        .then(|| state.detail.objects.selected.clone())
        .flatten();
    state.detail.tab = Tab::Diff;
    state.focus = Pane::Detail;
    state.settle();
    let Some(key) = wanted else { return };
    let height = state.content_height();
    let reader = &mut state.detail.diff;
    let found = reader.document.sections().iter().position(
        |s| matches!(&s.id, super::super::document::SectionId::Object(_, k) if *k == key),
    );
    match found {
        Some(section) => {
            reader.document.fold(section, false);
            reader.go(section, height);
        }
        None => state.say(format!("{} {} does not differ.", key.kind, key.name)),
    }
}

/// Goes to the next App or object that differs.
pub fn seek(state: &mut State, back: bool) {
    let height = state.content_height();
    let found = match (state.focus, state.detail.tab) {
        (Pane::Apps, _) => state.apps.seek(
            &state.app_rows,
            back,
            |row| matches!(row, AppRow::App(view) if apps::is_trouble(view)),
        ),
        (Pane::Detail, Tab::Resources) => {
            state
                .detail
                .objects
                .seek(&state.detail.object_rows, back, |row| {
                    row.0.drift.is_drift()
                })
        }
        (Pane::Detail, Tab::Diff) => {
            state.detail.diff.seek(back, height);
            true
        }
        (Pane::Detail, Tab::Source) => {
            state.detail.source.seek(back, height);
            true
        }
        (Pane::Detail, Tab::History) | (Pane::Clusters, _) => true,
    };
    if !found {
        state.say("Nothing differs.");
    }
    state.settle();
}

/// Scrolls the text, wherever the focus is.
pub fn scroll(state: &mut State, delta: isize) {
    let height = state.content_height();
    if height == 0 {
        return travel(state, Motion::By(delta));
    }
    match state.detail.reader() {
        Some(reader) => reader.scroll(delta, height),
        None if state.focus == Pane::Detail => travel(state, Motion::By(delta)),
        None => {}
    }
}

/// The most unchanged lines shown around a change.
const MAX_CONTEXT: usize = 40;

/// Shows more or fewer unchanged lines.
pub fn context(state: &mut State, more: bool) {
    let n = &mut state.detail.options.context;
    *n = if more {
        (*n + 1).min(MAX_CONTEXT)
    } else {
        n.saturating_sub(1)
    };
    let n = *n;
    let n = count(n, "unchanged line");
    state.say(format!("{n} around a change."));
    state.settle();
}

/// Folds or unfolds the object under the cursor.
pub fn fold(state: &mut State) {
    let height = state.content_height();
    if let Some(reader) = state.detail.reader() {
        reader.fold(height);
    }
}

/// Folds or unfolds all objects.
pub fn fold_all(state: &mut State) {
    let height = state.content_height();
    if let Some(reader) = state.detail.reader() {
        reader.fold_all(height);
    }
}

/// Marks or unmarks what is under the cursor and goes on.
pub fn mark(state: &mut State) {
    let Some(app) = state.apps.selected.clone() else {
        return;
    };
    match (state.focus, state.detail.tab) {
        (Pane::Apps, _) => {
            state.marked_objects.clear();
            if !state.marked.remove(&app) {
                state.marked.insert(app);
            }
            // What a filter hides is listed for as long as it is marked.
            travel(state, Motion::By(1));
            state.list_apps();
            return;
        }
        (Pane::Detail, Tab::Resources) => {
            let Some(key) = state.detail.objects.selected.clone() else {
                return;
            };
            // A Plan covers whole Apps or single objects, not both.
            state.marked.clear();
            state.list_apps();
            let mark = (app, key);
            if !state.marked_objects.remove(&mark) {
                state.marked_objects.insert(mark);
            }
        }
        _ => return,
    }
    travel(state, Motion::By(1));
}

/// One step back: what narrows the view first, then marks, then the pane.
pub fn back(state: &mut State) {
    match state.focus {
        Pane::Detail if !state.detail.objects.filter.is_empty() => {
            state.detail.objects.filter.clear();
        }
        Pane::Detail if state.detail.reader().is_some_and(|r| r.column > 0) => {
            if let Some(reader) = state.detail.reader() {
                reader.column = 0;
            }
        }
        Pane::Detail if !state.marked_objects.is_empty() => state.marked_objects.clear(),
        Pane::Detail | Pane::Clusters => state.focus = Pane::Apps,
        Pane::Apps if !state.apps.filter.is_empty() => {
            state.apps.filter.clear();
            state.list_apps();
        }
        Pane::Apps if state.only_drift => {
            state.only_drift = false;
            state.list_apps();
        }
        Pane::Apps if state.only_context.is_some() => only_context(state, None),
        Pane::Apps => {
            state.marked.clear();
            state.marked_objects.clear();
            state.list_apps();
        }
    }
    state.settle();
}

/// Lists the Apps of one context, or of all.
pub fn only_context(state: &mut State, context: Option<String>) {
    state.only_context = context;
    state.focus = Pane::Apps;
    state.list_apps();
}

/// Opens the filter of the pane in focus.
pub fn open_filter(state: &mut State) {
    if !state.has_filter() {
        state.say("There is nothing to filter here.");
        return;
    }
    // Another filter begins empty; leaving the prompt brings back the one before.
    let before = std::mem::take(filter(state));
    state.prompt = Some(Prompt::Filter(Field::new(""), before));
    state.list_apps();
}

fn filter(state: &mut State) -> &mut String {
    match state.focus {
        Pane::Detail => &mut state.detail.objects.filter,
        Pane::Apps | Pane::Clusters => &mut state.apps.filter,
    }
}

/// Sets the filter of the pane in focus.
pub fn set_filter(state: &mut State, text: &str) {
    text.clone_into(filter(state));
    state.list_apps();
}

/// Takes the filter as it is typed so far.
pub fn filter_changed(state: &mut State) {
    if let Some(Prompt::Filter(field, _)) = &state.prompt {
        let text = field.text().to_owned();
        set_filter(state, &text);
    }
}
