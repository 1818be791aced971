//! Answers of the engine. One whose ticket is not wanted any more is dropped.

use std::sync::Arc;

use crate::engine::{Report, Request, RunView, Ticket};

use super::super::detail::Tab;
use super::super::dialogs::plan::Stage;
use super::super::dialogs::{self, About, Dialog, Intent, PlanDialog};
use super::super::message::Effect;
use super::super::state::State;

/// Takes an answer.
pub fn on_report(state: &mut State, report: Report) -> Vec<Effect> {
    match report {
        // Who lends the terminal is the loop.
        Report::Changed | Report::Loan(_) => {}
        Report::Awaiting(ticket, what) => {
            if let Some(plan) = plan_of(state, ticket) {
                plan.awaits = Some(what);
                state.touch();
            }
        }
        Report::Drawing(ticket, done, total) => {
            let progress = Some((done, total)).filter(|_| total > 0);
            if let Some(plan) = plan_of(state, ticket) {
                plan.awaits = None;
                plan.progress = progress;
                state.touch();
            }
        }
        Report::Drawn(ticket, result) => {
            let Some(draw) = plan_of(state, ticket).map(|plan| plan.draw.clone()) else {
                return Vec::new();
            };
            let (width, _) = dialogs::text_size(state.size);
            let sections = match &result {
                Ok(plan) => dialogs::plan::sections(plan, state, width),
                Err(problem) => dialogs::plan::failure(problem, &draw, state, width),
            };
            let data = state.data.clone();
            if let Some(plan) = plan_of(state, ticket) {
                plan.drawn(result, sections, &data);
                state.touch();
            }
        }
        Report::Moves(ticket, moves) => super::dialogs::ask_moves(state, ticket, moves),
        Report::Takeover(ticket, takeover) => {
            super::dialogs::ask_takeover(state, ticket, &takeover);
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
            if state.detail.why.explained(ticket, result.as_deref().ok()) {
                state.settle();
                state.touch();
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

/// The open Plan that a ticket belongs to.
fn plan_of(state: &mut State, ticket: Ticket) -> Option<&mut PlanDialog> {
    state.dialogs.iter_mut().find_map(|dialog| match dialog {
        Dialog::Plan(plan) if plan.ticket == ticket => Some(&mut **plan),
        _ => None,
    })
}

/// Asks why the App shown is not well, once the cursor stays on it.
pub fn ask_why(state: &mut State) -> Vec<Effect> {
    let app = state.detail.app.clone();
    let id = app.as_ref().map(|view| &view.app.id);
    state.detail.why.turn(id, state.now);
    let visible = state.areas().detail.width > 0 && state.detail.tab == Tab::Diff;
    let Some(view) = app.filter(|_| visible && state.dialogs.is_empty()) else {
        return Vec::new();
    };
    let Some(key) = state.detail.why.wanted(&view, state.now) else {
        return Vec::new();
    };
    let ticket = state.ticket();
    let now = state.now;
    state.detail.why.asks(&view, ticket, now);
    let id = view.app.id.clone();
    vec![Effect::Ask(Request::Explain(ticket, id, key))]
}

fn on_run(state: &mut State, ticket: Ticket, view: Arc<RunView>) -> Vec<Effect> {
    let Some(run) = state.run.as_mut().filter(|run| run.ticket == ticket) else {
        return Vec::new();
    };
    let was_under_way = run.is_under_way();
    run.view = Some(view);
    state.touch();
    if was_under_way && !state.is_running() {
        // A question whether to stop it, or to leave in spite of it, has answered itself.
        let is_over = |d: &Dialog| match d {
            Dialog::Question(q) => {
                matches!(
                    q.intent,
                    Intent::Stop(_) | Intent::TakeOver(_) | Intent::Quit
                )
            }
            _ => false,
        };
        if state.dialogs.iter().any(is_over) {
            state.dialogs.retain(|d| !is_over(d));
            state.say("The Run has ended meanwhile.");
        }
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
    let data = state.data.clone();
    let leaving = state.run.as_ref().filter(|run| run.is_under_way());
    let leaving = leaving.map(dialogs::Running::leaving);
    for dialog in &mut state.dialogs {
        match dialog {
            Dialog::Plan(plan) => plan.look(&data),
            Dialog::Question(q) if q.intent == Intent::Quit => {
                if let Some(text) = &leaving {
                    q.text.clone_from(text);
                }
            }
            _ => {}
        }
    }
    for i in 0..state.dialogs.len() {
        let sections = match &state.dialogs[i] {
            Dialog::Text(text) => text.sections(state),
            Dialog::Plan(dialog) => match &dialog.stage {
                Stage::Ready(plan) => dialogs::plan::sections(plan, state, width),
                Stage::Failed(problem) => {
                    dialogs::plan::failure(problem, &dialog.draw, state, width)
                }
                Stage::Drawing(_) => continue,
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
