//! The last line: what is being typed, what was said in passing, or the keys that hold here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::record::Outcome;
use crate::domain::{AppId, ObjectKey, count};
use crate::engine::{AppView, ClusterMode, ClusterView, Rights};

use super::super::command_line;
use super::super::detail::Tab;
use super::super::dialogs::Dialog;
use super::super::document::{Reader, SectionId};
use super::super::field::Field;
use super::super::fit;
use super::super::keymap::{Binding, Command, PAIRS};
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::state::{Pane, Prompt, State};
use super::super::theme::Label;
use super::apps::{AppRow, is_trouble};

/// Draws the line.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect) {
    let (x, y, end) = (area.left() + 1, area.y, area.right().saturating_sub(1));
    match &state.prompt {
        Some(Prompt::Filter(field, _)) => {
            let x = p.put(buf, x, end, y, "/", Label::Accent);
            let x = draw_field(p, buf, x, end, y, field) + 2;
            let hint = [
                piece("enter", Label::Accent),
                piece(" keep  ", Label::Dim),
                piece("esc", Label::Accent),
                piece(" undo  ", Label::Dim),
                piece("!word leaves out", Label::Dim),
            ];
            p.put_right(buf, x, end, y, &hint);
            return;
        }
        Some(Prompt::Command(field)) => {
            let x = p.put(buf, x, end, y, ":", Label::Accent);
            let x = draw_field(p, buf, x, end, y, field) + 2;
            draw_candidates(state, p, buf, x, end, y, field);
            return;
        }
        None => {}
    }
    if let Some(remark) = &state.remark {
        p.wake(remark.until);
        let label = if remark.refusal {
            Label::Warn
        } else {
            Label::Text
        };
        p.put(
            buf,
            x,
            end,
            y,
            &p.end(&remark.text, usize::from(end - x)),
            label,
        );
        return;
    }
    if let Some(Dialog::Typed(_)) = state.dialogs.last() {
        // What is typed is text; these two keys alone are none, wherever the commands are.
        let hint = [
            piece("enter", Label::Accent),
            piece(" go on  ", Label::Dim),
            piece("esc", Label::Accent),
            piece(" cancel", Label::Dim),
        ];
        p.put_all(buf, x, end, y, &hint);
        return;
    }
    let right = status(state);
    let right_start = p.put_right(buf, x, end, y, &right);
    draw_keys(state, p, buf, x, right_start.saturating_sub(2), y);
}

/// What is marked, and what is being worked on.
fn status(state: &State) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |text: String, label| {
        if !pieces.is_empty() {
            pieces.push(piece("  ", Label::Text));
        }
        pieces.push((text, label));
    };
    if let Some(work) = state.data.work.first() {
        let more = state.data.work.len() - 1;
        let text = fit::end(work, 40, state.glyphs.ellipsis);
        let text = if more > 0 {
            format!("{text} +{more}")
        } else {
            text.into_owned()
        };
        add(text, Label::Dim);
    }
    if !state.marked_objects.is_empty() {
        let n = count(state.marked_objects.len(), "object");
        let listed = |(app, key): &(AppId, ObjectKey)| {
            let rows = &state.detail.object_rows;
            state.apps.selected.as_ref() == Some(app) && rows.iter().any(|r| r.0.drift.key == *key)
        };
        let hidden = state.marked_objects.iter().filter(|m| !listed(m)).count();
        let hidden = match hidden {
            0 => String::new(),
            n if n == state.marked_objects.len() => ", hidden".to_owned(),
            n => format!(", {n} hidden"),
        };
        add(format!("{n} marked{hidden}"), Label::Accent);
    } else if !state.marked.is_empty() {
        let n = count(state.marked.len(), "App");
        add(format!("{n} marked"), Label::Accent);
    }
    pieces
}

/// What goes first where not all keys fit in the panes.
const FIRST_TO_GO: &[Command] = {
    use Command as C;
    &[
        C::Foreign,
        C::NextDifference,
        C::ShowDiff,
        C::NextPane,
        C::Rollback,
        C::Refresh,
        C::Problems,
        C::CommandLine,
        C::Filter,
        C::MoreContext,
        C::NextTab,
    ]
};

/// What goes first in a dialog: there the answers weigh most, and what changes the question.
const FIRST_TO_GO_IN_DIALOGS: &[Command] = {
    use Command as C;
    &[
        C::MoreContext,
        C::NextDifference,
        C::Fold,
        C::ScrollDown,
        C::Open,
    ]
};

/// What goes first here. Fetching and looking again is the way out where an App is old: then it goes last.
fn first_to_go(state: &State) -> Vec<Command> {
    if !state.dialogs.is_empty() {
        return FIRST_TO_GO_IN_DIALOGS.to_vec();
    }
    // At the root leaving is what everybody finds.
    let at_root = (state.focus != Pane::Detail).then_some(Command::Quit);
    let mut order: Vec<Command> = at_root.into_iter().collect();
    order.extend(FIRST_TO_GO);
    if state.app().is_some_and(|app| app.old_since.is_some()) {
        order.retain(|command| *command != Command::Refresh);
        order.push(Command::Refresh);
    }
    order
}

/// Draws the keys that hold, as far as they fit.
fn draw_keys(state: &State, p: &Painter<'_>, buf: &mut Buffer, x: u16, end: u16, y: u16) {
    let context = state.context();
    let mut offered: Vec<(Command, Vec<Piece>)> = state
        .keymap
        .within(context)
        .filter(|b| !b.label.is_empty() && !b.keys.is_empty() && is_open(state, b.command))
        .map(|b| (b.command, key_and_label(state, b)))
        .collect();
    let room = usize::from(end.saturating_sub(x));
    let width = |offered: &[(Command, Vec<Piece>)]| {
        let keys = offered.iter().map(|(_, pieces)| pieces_width(pieces) + 2);
        keys.sum::<usize>().saturating_sub(2)
    };
    for command in first_to_go(state) {
        if width(&offered) <= room {
            break;
        }
        offered.retain(|(c, _)| *c != command);
    }
    // What tells all the others has its place even then.
    while width(&offered) > room
        && let Some(last) = offered.iter().rposition(|(c, _)| *c != Command::Help)
    {
        offered.remove(last);
    }
    let mut x = x;
    for (_, pieces) in &offered {
        x = p.put_all(buf, x, end, y, pieces) + 2;
    }
}

fn key_and_label(state: &State, binding: &Binding) -> Vec<Piece> {
    let context = state.context();
    let first = |b: &Binding| b.keys.first().map(ToString::to_string);
    let opposite = PAIRS
        .iter()
        .find(|(_, second)| *second == binding.command)
        .and_then(|(other, _)| {
            let mut bindings = state.keymap.within(context);
            bindings.find(|b| b.command == *other).and_then(first)
        });
    let keys: Vec<String> = opposite.into_iter().chain(first(binding)).collect();
    let plan = match state.dialogs.last() {
        Some(Dialog::Plan(dialog)) => Some(dialog),
        _ => None,
    };
    let label = match (binding.command, state.focus) {
        (Command::Reveal, _) if plan.is_some_and(|p| p.is_revealed()) => "mask",
        (Command::Prune, _) if plan.is_some_and(|p| p.prunes()) => "keep",
        _ if !state.dialogs.is_empty() => binding.label,
        (Command::Problems, _) if !is_anything_wrong(state) => "notices",
        (Command::Quit, Pane::Apps | Pane::Clusters) => "quit",
        (Command::Open, Pane::Clusters) if state.cluster().is_some_and(|c| c.is_down()) => "why",
        _ => binding.label,
    };
    vec![
        piece(keys.join(" "), Label::Accent),
        piece(" ", Label::Text),
        piece(label, Label::Dim),
    ]
}

/// Whether a command can do something at all: what is never possible here is not offered.
fn is_open(state: &State, command: Command) -> bool {
    use Command as C;
    if let Some(dialog) = state.dialogs.last() {
        return dialog.offers(state, command);
    }
    let tab = (state.focus == Pane::Detail).then_some(state.detail.tab);
    let detail = &state.detail;
    let reader = match tab {
        Some(Tab::Diff) => Some(&detail.diff),
        Some(Tab::Source) => Some(&detail.source),
        _ => None,
    };
    match command {
        command if state.data.read_only && command.changes() => false,
        C::Sync => {
            let mut apps = state.to_sync().into_iter();
            let goes = |app: &AppView| may_change(state, app);
            apps.any(|id| state.data.app(id).is_some_and(|app| goes(app)))
        }
        C::Mark if tab == Some(Tab::Resources) => !detail.object_rows.is_empty(),
        C::Mark => state.app().is_some(),
        C::Rollback => {
            let has_run = |app: &AppView| app.record.iter().any(|r| !r.history.is_empty());
            let goes = |app: &AppView| has_run(app) && may_change(state, app);
            tab != Some(Tab::History) && state.app().is_some_and(|app| goes(app))
        }
        C::ShowDiff => state.app().is_some() && tab != Some(Tab::Diff),
        // In one column the list hides the tabs.
        C::NextTab => state.app().is_some() && state.areas().detail.width > 0,
        C::Open if tab == Some(Tab::History) => {
            let chosen = detail.record_rows.get(detail.records.line());
            let is_over = chosen.is_some_and(|row| row.0.outcome != Outcome::Running);
            let goes = |app: &AppView| may_change(state, app);
            !state.data.read_only && is_over && state.app().is_some_and(|app| goes(app))
        }
        C::Open if tab == Some(Tab::Resources) => !detail.object_rows.is_empty(),
        C::Open if reader.is_some() => reader.is_some_and(Reader::has_folds),
        C::LessContext | C::MoreContext => reader.is_some_and(Reader::has_context),
        C::Open | C::Details if state.focus == Pane::Clusters => state.clusters.selected.is_some(),
        C::Open => state.app().is_some(),
        C::Filter => state.has_filter() && has_rows(state),
        C::NextDifference => has_next(state),
        C::Foreign => {
            tab == Some(Tab::Diff) && state.app().is_some_and(|app| app.counts.foreign > 0)
        }
        C::Problems => is_anything_wrong(state) || is_anything_noticed(state),
        _ => true,
    }
}

/// Whether a sync of an App can come to anything: it has a cluster, and one that this user may change.
fn may_change(state: &State, app: &AppView) -> bool {
    let cluster = state.data.cluster(&app.app.id.context);
    let is_open = |c: &ClusterView| c.mode != ClusterMode::ReadOnly && c.rights != Rights::Read;
    !app.is_undecided() && cluster.is_none_or(|c| is_open(c))
}

/// Whether the pane in focus has something to narrow, or is narrowed to nothing.
fn has_rows(state: &State) -> bool {
    let filter = match state.focus {
        Pane::Detail => &state.detail.objects.filter,
        Pane::Apps | Pane::Clusters => &state.apps.filter,
    };
    let has_some = match (state.focus, state.detail.tab) {
        (Pane::Detail, Tab::Diff) => {
            let mut sections = state.detail.diff.document.sections().iter();
            sections.any(|section| matches!(section.id, SectionId::Object(..)))
        }
        (Pane::Detail, Tab::Resources) => !state.detail.object_rows.is_empty(),
        (Pane::Detail, _) => !state.detail.source.document.is_empty(),
        (Pane::Apps | Pane::Clusters, _) => !state.data.apps.is_empty(),
    };
    has_some || !filter.is_empty()
}

/// Whether there is a next App or object that differs.
fn has_next(state: &State) -> bool {
    let detail = &state.detail;
    match (state.focus, detail.tab) {
        (Pane::Apps, _) => {
            let mut rows = state.app_rows.iter();
            rows.any(|row| matches!(row, AppRow::App(view) if is_trouble(view)))
        }
        (Pane::Detail, Tab::Diff) => detail.diff.can_seek(),
        (Pane::Detail, Tab::Source) => detail.source.can_seek(),
        (Pane::Detail, Tab::Resources) => {
            let mut rows = detail.object_rows.iter();
            rows.any(|row| row.0.drift.is_drift())
        }
        (Pane::Detail, Tab::History) | (Pane::Clusters, _) => false,
    }
}

fn is_anything_noticed(state: &State) -> bool {
    let apps = &state.data.apps;
    !state.data.notices.is_empty() || apps.iter().any(|app| !app.notices.is_empty())
}

fn is_anything_wrong(state: &State) -> bool {
    let data = &state.data;
    let has_some = |app: &AppView| {
        !app.problems.is_empty() || app.counts.refused > 0 || app.counts.unknown > 0
    };
    !data.problems.is_empty()
        || data.apps.iter().any(|app| has_some(app))
        || data
            .clusters
            .iter()
            .any(|c| c.all_problems().next().is_some())
}

/// Draws a field with its cursor; returns the column after it.
pub fn draw_field(
    p: &Painter<'_>,
    buf: &mut Buffer,
    x: u16,
    end: u16,
    y: u16,
    field: &Field,
) -> u16 {
    let room = usize::from(end.saturating_sub(x)).saturating_sub(1);
    let before = fit::width(field.before());
    let text = fit::skip_whole(field.text(), before.saturating_sub(room));
    let after = p.put(buf, x, end, y, text, Label::Text);
    let hidden = fit::width(field.text()) - fit::width(text);
    let column = x + before.saturating_sub(hidden) as u16;
    if let Some(cell) = buf.cell_mut((column, y)) {
        cell.modifier |= ratatui::style::Modifier::REVERSED;
    }
    after.max(column + 1)
}

fn draw_candidates(
    state: &State,
    p: &Painter<'_>,
    buf: &mut Buffer,
    x: u16,
    end: u16,
    y: u16,
    field: &Field,
) {
    let candidates = command_line::candidates(state, field.text());
    let mut x = x;
    for (i, candidate) in candidates.iter().enumerate() {
        let text = p.middle(candidate, 24);
        if usize::from(x) + fit::width(&text) > usize::from(end) {
            p.put(buf, x, end, y, p.glyphs.ellipsis, Label::Dim);
            return;
        }
        let label = if i == 0 { Label::Accent } else { Label::Dim };
        x = p.put(buf, x, end, y, &text, label) + 2;
    }
    if candidates.len() == 1
        && let Some(help) = command_line::help(field.text())
    {
        p.put(buf, x, end, y, help, Label::Faint);
    }
}
