//! Commands in a Plan: the answer to it, and what changes the question.

use std::sync::Arc;

use crate::domain::{Plan, count};
use crate::engine::{Draw, Move, Moves, Request, Ticket};

use super::super::super::dialogs::question::Then;
use super::super::super::dialogs::{self, Dialog, Intent, PlanDialog, Running, Typed};
use super::super::super::field::Field;
use super::super::super::keymap::{Command, Context};
use super::super::super::message::Effect;
use super::super::super::state::State;
use super::super::commands;
use super::moved;

pub(super) fn in_plan(state: &mut State, command: Command) -> Vec<Effect> {
    let (_, height) = dialogs::text_size(state.size);
    let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut() else {
        return Vec::new();
    };
    if moved(&mut dialog.reader, command, height, true) {
        return Vec::new();
    }
    match command {
        Command::Left | Command::Right | Command::NextPane => dialog.chosen = !dialog.chosen,
        Command::LessContext | Command::MoreContext => {
            super::super::panes::context(state, command == Command::MoreContext);
            let options = state.detail.options;
            if let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut() {
                dialog
                    .reader
                    .set_options(super::super::super::document::BodyOptions {
                        revealed: dialog.is_revealed(),
                        ..options
                    });
            }
        }
        Command::Back | Command::Quit => return leave(state),
        Command::Accept => return accept(state),
        Command::Open => {
            return if dialog.chosen && dialog.plan().is_some_and(|p| !p.steps.is_empty()) {
                accept(state)
            } else {
                leave(state)
            };
        }
        Command::Refresh => {
            let draw = dialog.draw.clone();
            if !matches!(dialog.stage, dialogs::plan::Stage::Drawing(_)) {
                return redraw(state, draw);
            }
        }
        Command::Reveal => reveal(state),
        Command::Prune => return prune(state),
        Command::Adopt => return adopt(state),
        _ => {}
    }
    Vec::new()
}

/// Closes the Plan. One that is not drawn yet need not be drawn any more.
fn leave(state: &mut State) -> Vec<Effect> {
    match state.dialogs.pop() {
        Some(Dialog::Plan(plan)) if matches!(plan.stage, dialogs::plan::Stage::Drawing(_)) => {
            vec![Effect::Ask(Request::LeaveDraw(plan.ticket))]
        }
        _ => Vec::new(),
    }
}

pub(super) fn plan_dialog(state: &State) -> Option<&PlanDialog> {
    match state.dialogs.last() {
        Some(Dialog::Plan(dialog)) => Some(dialog),
        _ => None,
    }
}

/// Shows the secret values of a Plan, after asking, or masks them again.
fn reveal(state: &mut State) {
    let key = state.keymap.key(Context::Plan, Command::Reveal);
    let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut() else {
        return;
    };
    if dialog.is_revealed() {
        dialog.reveal(false);
        return;
    }
    if !dialog.has_secret() {
        state.say("This Plan has no Secret: there is nothing to reveal.");
        return;
    }
    let text = format!(
        "The values of the Secrets in this Plan will be readable on this screen until it closes; {key} masks them again."
    );
    let question = super::super::super::dialogs::Question::new(
        "Show secret values?",
        text,
        "Show them",
        Intent::RevealPlan(dialog.ticket),
    );
    state.dialogs.push(Dialog::Question(question));
}

/// Takes a yes, if it may count as one: asks for the names of guarded clusters first.
fn accept(state: &mut State) -> Vec<Effect> {
    let Some(dialog) = plan_dialog(state) else {
        return Vec::new();
    };
    let Some(plan) = dialog.plan().cloned() else {
        return Vec::new();
    };
    if !dialog.can_run(state) {
        return Vec::new();
    }
    if state.is_running() {
        state.refuse("A Run is under way: let it end first.");
        return Vec::new();
    }
    let guarded: Vec<String> = state.data.guarded(&plan).into_iter().cloned().collect();
    let Some((name, rest)) = guarded.split_first() else {
        return start(state, plan);
    };
    ask_guarded(state, name.clone(), rest.to_vec(), plan);
    Vec::new()
}

pub(super) fn ask_guarded(state: &mut State, name: String, rest: Vec<String>, plan: Arc<Plan>) {
    state.dialogs.push(Dialog::Typed(Box::new(Typed {
        title: format!("{name} is guarded"),
        text: format!(
            "{} will change this cluster. Type its name to go on: {name}",
            count(plan.steps.len(), "step")
        ),
        name,
        field: Field::new(""),
        then: Then::Run(plan, rest),
    })));
}

/// Runs a Plan and shows the Run.
pub(super) fn start(state: &mut State, plan: Arc<Plan>) -> Vec<Effect> {
    let Some(draw) = state.dialogs.iter().find_map(|dialog| match dialog {
        Dialog::Plan(dialog) => Some(dialog.draw.clone()),
        _ => None,
    }) else {
        return Vec::new();
    };
    state.dialogs.clear();
    state.marked.clear();
    state.marked_objects.clear();
    let ticket = state.ticket();
    state.run = Some(Running::new(ticket, plan.clone(), draw));
    state.dialogs.push(Dialog::Run);
    super::super::reports::rewrite(state);
    vec![Effect::Ask(Request::Run(ticket, plan))]
}

/// Draws the Plan again with another question.
pub(super) fn redraw(state: &mut State, draw: Draw) -> Vec<Effect> {
    state.dialogs.retain(|d| !matches!(d, Dialog::Plan(_)));
    commands::draw_plan(state, draw)
}

/// Asks whether Apps are meant to go elsewhere than before; only then their Plan is drawn.
pub fn ask_moves(state: &mut State, ticket: Ticket, moves: Vec<Move>) {
    let place = state
        .dialogs
        .iter()
        .position(|d| matches!(d, Dialog::Plan(plan) if plan.ticket == ticket));
    let Some(place) = place else { return };
    let Dialog::Plan(plan) = state.dialogs.remove(place) else {
        return;
    };
    let text = super::super::super::wording::moves(&moves);
    let draw = plan.draw.with_moves(Moves::Confirmed(moves));
    let question = super::super::super::dialogs::Question::new(
        "Another destination?",
        text,
        "Go there",
        Intent::Move(Box::new(draw)),
    );
    state.dialogs.insert(place, Dialog::Question(question));
    state.touch();
}

fn prune(state: &mut State) -> Vec<Effect> {
    let Some(dialog) = plan_dialog(state).filter(|d| d.can_prune()) else {
        state.say("There is nothing to prune.");
        return Vec::new();
    };
    let Draw::Sync {
        apps,
        only,
        prune,
        adopt,
        moves,
        ..
    } = dialog.draw.clone()
    else {
        return Vec::new();
    };
    let draw = |prune, prune_all| Draw::Sync {
        apps: apps.clone(),
        only: only.clone(),
        prune,
        prune_all,
        adopt,
        moves: moves.clone(),
    };
    if prune {
        return redraw(state, draw(false, None));
    }
    let everything: Vec<String> = dialog.plan().map_or_else(Vec::new, |plan| {
        plan.apps
            .iter()
            .filter(|a| a.takes_everything)
            .map(|a| a.id.name.clone())
            .collect()
    });
    match everything.as_slice() {
        [] => redraw(state, draw(true, None)),
        [name] if apps.len() == 1 => {
            state.dialogs.push(Dialog::Typed(Box::new(Typed {
                title: "Delete everything?".to_owned(),
                text: format!(
                    "Git has nothing of {name} any more: pruning deletes all that it holds. Type its name to see that Plan: {name}"
                ),
                name: name.clone(),
                field: Field::new(""),
                then: Then::Draw(draw(true, Some(name.clone()))),
            })));
            Vec::new()
        }
        _ => {
            state.refuse(format!(
                "Pruning would delete everything of {}: sync it alone.",
                everything.join(", ")
            ));
            Vec::new()
        }
    }
}

fn adopt(state: &mut State) -> Vec<Effect> {
    let Some(dialog) = plan_dialog(state).filter(|d| d.can_adopt()) else {
        state.say("There is nothing to adopt.");
        return Vec::new();
    };
    let Draw::Sync {
        apps, only, moves, ..
    } = dialog.draw.clone()
    else {
        return Vec::new();
    };
    redraw(
        state,
        Draw::Sync {
            apps,
            only,
            prune: false,
            prune_all: None,
            adopt: true,
            moves,
        },
    )
}
