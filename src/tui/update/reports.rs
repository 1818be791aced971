//! Answers of the engine. One whose ticket is not wanted any more is dropped.

use std::sync::Arc;

use crate::engine::{Report, Request, RunView, Ticket};

use super::super::dialogs::{self, About, Dialog};
use super::super::message::Effect;
use super::super::state::State;

/// Takes an answer.
pub fn on_report(state: &mut State, report: Report) -> Vec<Effect> {
    match report {
        // Who lends the terminal is the loop.
        Report::Changed | Report::Loan(_) => {}
        Report::Drawn(ticket, result) => {
            let (width, _) = dialogs::text_size(state.size);
            let glyphs = state.glyphs;
            for dialog in &mut state.dialogs {
                if let Dialog::Plan(plan) = dialog
                    && plan.ticket == ticket
                {
                    plan.drawn(result, width, &glyphs);
                    state.touch();
                    break;
                }
            }
        }
        Report::Moves(ticket, moves) => super::dialogs::ask_moves(state, ticket, moves),
        Report::Run(ticket, view) => return on_run(state, ticket, view),
        Report::Reasons(ticket, result) => {
            for dialog in &mut state.dialogs {
                if let Dialog::Text(text) = dialog
                    && let About::Object {
                        ticket: wanted,
                        reasons,
                        ..
                    } = &mut text.about
                    && *wanted == ticket
                {
                    *reasons = Some(result.clone());
                    state.touch();
                    break;
                }
            }
            if let Some(run) = &mut state.run
                && run.explained(ticket, result.ok())
            {
                state.touch();
            }
            rewrite(state);
        }
    }
    Vec::new()
}

fn on_run(state: &mut State, ticket: Ticket, view: Arc<RunView>) -> Vec<Effect> {
    let Some(run) = state.run.as_mut().filter(|run| run.ticket == ticket) else {
        return Vec::new();
    };
    let was_under_way = run.is_under_way();
    run.view = Some(view);
    state.touch();
    if was_under_way && !state.is_running() {
        // A question whether to stop has answered itself.
        state.dialogs.retain(
            |d| !matches!(d, Dialog::Question(q) if matches!(q.intent, dialogs::Intent::Stop(_))),
        );
    }
    rewrite(state);
    ask_reasons(state)
}

/// Asks why objects are not well after a Run, for as long as its end is on screen.
pub fn ask_reasons(state: &mut State) -> Vec<Effect> {
    let watched = state.dialogs.iter().any(|d| matches!(d, Dialog::Run));
    let Some(run) = state.run.as_ref().filter(|_| watched) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    for (app, key) in run.unexplained(state) {
        let ticket = state.ticket();
        let health = state.data.app(&app).and_then(|view| {
            let found = view.objects.iter().find(|o| o.drift.key == key);
            found.and_then(|o| o.health.clone())
        });
        let now = state.now;
        if let Some(run) = &mut state.run {
            run.asks((app.clone(), key.clone()), health, ticket, now);
        }
        effects.push(Effect::Ask(Request::Explain(ticket, app, key)));
    }
    effects
}

/// Writes open texts anew, after what they are about has changed.
pub fn rewrite(state: &mut State) {
    let (width, height) = dialogs::text_size(state.size);
    let watched = state.dialogs.iter().any(|d| matches!(d, Dialog::Run));
    if let Some(run) = &state.run
        && watched
    {
        let sections = run.sections(state);
        if let Some(run) = &mut state.run {
            run.reader.replace(sections);
            run.keep_up(height);
        }
    }
    for i in 0..state.dialogs.len() {
        let sections = match &state.dialogs[i] {
            Dialog::Text(text) => text.sections(state),
            Dialog::Plan(plan) => match &plan.stage {
                dialogs::plan::Stage::Ready(plan) => {
                    dialogs::plan::sections(plan, width, &state.glyphs)
                }
                _ => continue,
            },
            _ => continue,
        };
        match &mut state.dialogs[i] {
            Dialog::Text(text) => {
                text.reader.replace(sections);
                text.reader.show(height);
            }
            Dialog::Plan(plan) => {
                plan.reader.replace(sections);
                plan.reader.show(height);
            }
            _ => {}
        }
    }
}
