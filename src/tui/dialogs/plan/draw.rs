//! Draws a Plan that waits for an answer, or that is being drawn.

use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::record::RunKind;
use crate::domain::text::visible;
use crate::domain::{Action, AppId, Plan, count};
use crate::engine::Draw;

use super::super::super::detail::body;
use super::super::super::keymap::{Command, Context};
use super::super::super::layout;
use super::super::super::painter::{Painter, Piece, piece};
use super::super::super::state::State;
use super::super::super::theme::Label;
use super::super::super::wording;
use super::{Moved, PlanDialog, Stage, is_grave};

/// What moves while a Plan is drawn does so this often.
const TURN: SignedDuration = SignedDuration::from_millis(250);

/// From this age on, waiting for a Plan says so.
const PATIENCE: SignedDuration = SignedDuration::from_millis(300);

/// Draws the dialog.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, dialog: &PlanDialog) {
    let kind = wording::kind(match (&dialog.stage, &dialog.draw) {
        (Stage::Ready(plan), _) => plan.kind,
        (_, Draw::Rollback { .. }) => RunKind::Rollback,
        (_, Draw::Sync { adopt: true, .. }) => RunKind::Adopt,
        (_, Draw::Sync { .. }) => RunKind::Sync,
    });
    let title = title(&kind, dialog, state, p.glyphs.dot);
    let mut right = dialog.plan().map_or_else(String::new, |plan| counts(plan));
    if dialog.is_revealed() {
        right = format!("secrets shown {} {right}", p.glyphs.dot);
    }
    let inner = super::super::open(state, p, buf, None, &title, &right);
    let text = Rect::new(
        inner.left(),
        inner.top(),
        inner.width,
        inner.height.saturating_sub(2),
    );
    match &dialog.stage {
        Stage::Drawing(since) => {
            let due = *since + PATIENCE;
            if p.now >= due {
                for (y, line) in (text.top() + 1..text.bottom()).zip(waiting(state, p, dialog)) {
                    p.put_all(buf, text.left() + 2, text.right(), y, &line);
                }
            } else {
                p.wake(due);
            }
        }
        Stage::Ready(_) | Stage::Failed(_) => {
            body::draw(&dialog.reader, p, buf, text, true);
            let position = dialog
                .reader
                .position(usize::from(text.height), p.glyphs.dot);
            p.edge(buf, layout::dialog(state.size, None), &position);
        }
    }
    if let Some(moved) = dialog.moved {
        let what = match moved {
            Moved::Cluster => "The cluster has moved",
            Moved::Git => "Git has moved",
        };
        let key = state.keymap.key(Context::Plan, Command::Refresh);
        let line = format!(
            "{} {what} since this was drawn: {key} draws it again.",
            p.glyphs.warning
        );
        p.put(
            buf,
            text.left() + 1,
            text.right(),
            text.bottom(),
            &line,
            Label::Warn,
        );
    }
    let (yes, grave) = match &dialog.stage {
        Stage::Ready(plan) if !plan.steps.is_empty() && !state.data.read_only => (
            format!("{kind}: {}", count(plan.steps.len(), "step")),
            is_grave(plan),
        ),
        _ => (String::new(), false),
    };
    let chosen = dialog.chosen && !yes.is_empty();
    super::super::buttons(p, buf, inner, ["Cancel", &yes], chosen, grave);
}

fn title(kind: &str, dialog: &PlanDialog, state: &State, dot: &str) -> String {
    match &dialog.draw {
        Draw::Sync { apps, only, .. } => {
            let what = match apps.as_slice() {
                [one] => wording::app(one, dot),
                many => format!("{} Apps", many.len()),
            };
            // Marks win over the cursor: the title says so where they do.
            let marked = apps.iter().all(|id| state.marked.contains(id));
            if !only.is_empty() {
                let n = count(only.len(), "marked object");
                format!("{kind} {n} of {what}")
            } else if marked {
                let n = count(apps.len(), "marked App");
                match apps.as_slice() {
                    [_] => format!("{kind} {n}: {what}"),
                    _ => format!("{kind} {n}"),
                }
            } else {
                format!("{kind} {what}")
            }
        }
        // The first line says which commit that is.
        Draw::Rollback { app, record, .. } => {
            format!("{kind} {} to #{record}", wording::app(app, dot))
        }
    }
}

/// What is said while a Plan is drawn; something in it moves.
fn waiting(state: &State, p: &Painter<'_>, dialog: &PlanDialog) -> Vec<Vec<Piece>> {
    let Stage::Drawing(since) = dialog.stage else {
        return Vec::new();
    };
    let elapsed = p.now.duration_since(since);
    let turn = (elapsed.as_millis() / TURN.as_millis()).unsigned_abs() as usize;
    p.wake(p.now + TURN);
    let spinner = p.glyphs.spinner[turn % p.glyphs.spinner.len()];
    let what = match &dialog.awaits {
        Some(awaited) => format!("Waiting for {}", visible(awaited)),
        None => format!(
            "Asking {} what would change",
            clusters_of(dialog.draw.apps())
        ),
    };
    let mut first = vec![
        piece(format!("{spinner} "), Label::Busy),
        piece(what, Label::Text),
    ];
    if elapsed.as_secs() > 0 {
        first.push(piece(format!("  {} s", elapsed.as_secs()), Label::Dim));
    }
    let mut lines = vec![first];
    if let Some((done, total)) = dialog.progress {
        let text = format!("  {done} of {total} objects answered");
        lines.push(vec![piece(text, Label::Dim)]);
    }
    if let Some(work) = state.data.work.first() {
        lines.push(vec![piece(format!("  {work}"), Label::Dim)]);
    }
    lines
}

/// The cluster of Apps by its name, or how many there are.
fn clusters_of(apps: &[AppId]) -> String {
    let mut contexts: Vec<&str> = apps.iter().map(|id| id.context.as_str()).collect();
    contexts.sort_unstable();
    contexts.dedup();
    match contexts.as_slice() {
        [one] => (*one).to_owned(),
        many => count(many.len(), "cluster"),
    }
}

fn counts(plan: &Plan) -> String {
    let n = |test: fn(Action) -> bool| plan.steps.iter().filter(|s| test(s.action)).count();
    let parts = [
        (
            n(|a| matches!(a, Action::Create | Action::CreateNamespace)),
            "to create",
        ),
        (
            n(|a| matches!(a, Action::Apply | Action::Replace | Action::Recreate)),
            "to change",
        ),
        (n(|a| a == Action::Adopt), "to adopt"),
        (n(|a| a == Action::Prune), "to delete"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    parts.join(", ")
}
