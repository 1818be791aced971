//! Answers of the engine. One whose ticket is not wanted any more is dropped.

use std::sync::Arc;

use crate::engine::{Report, Request, RunView, Ticket};

use super::super::dialogs::{self, About, Dialog};
use super::super::message::Effect;
use super::super::state::State;

/// Takes an answer.
pub fn on_report(state: &mut State, report: Report) -> Vec<Effect> {
    match report {
        Report::Changed => {}
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
                && let Some(key) = run.asked.get(&ticket).cloned()
                && let Ok(reasons) = result
            {
                run.reasons.retain(|(k, _)| *k != key);
                if !reasons.is_empty() {
                    run.reasons.push((key, reasons));
                }
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

/// Asks why objects of a finished Run are not well, each once.
pub fn ask_reasons(state: &mut State) -> Vec<Effect> {
    let Some(run) = &state.run else {
        return Vec::new();
    };
    let unwell: Vec<_> = run
        .unwell(state)
        .into_iter()
        .filter(|(_, key)| !run.asked.values().any(|k| k == key))
        .collect();
    let mut effects = Vec::new();
    for (app, key) in unwell {
        let ticket = state.ticket();
        if let Some(run) = &mut state.run {
            run.asked.insert(ticket, key.clone());
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
            run.reader.show(height);
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
