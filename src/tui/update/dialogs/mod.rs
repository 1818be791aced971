//! Commands in dialogs.

mod plan;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use crate::domain::text::visible;
use crate::engine::{Request, Takeover, Ticket};

use super::super::dialogs::question::Then;
use super::super::dialogs::{self, About, Dialog, Intent, PlanDialog, Running};
use super::super::document::Reader;
use super::super::keymap::Command;
use super::super::list::Motion;
use super::super::message::Effect;
use super::super::state::State;
use super::commands;

use plan::{ask_guarded, in_plan, plan_dialog, redraw, start};

pub use plan::ask_moves;

/// Runs a command in the uppermost dialog.
pub fn run(state: &mut State, command: Command) -> Vec<Effect> {
    match (command, state.dialogs.last()) {
        // On the keys themselves it closes them.
        (Command::Help, Some(Dialog::Text(text))) if matches!(text.about, About::Keys(_)) => {
            state.dialogs.pop();
            return Vec::new();
        }
        (Command::Help, Some(_)) => {
            commands::text(state, About::Keys(state.context()));
            return Vec::new();
        }
        (Command::Problems, Some(_)) => {
            commands::text(state, About::Problems(state.apps.selected.clone()));
            return Vec::new();
        }
        _ => {}
    }
    match state.dialogs.last() {
        Some(Dialog::Plan(_)) => in_plan(state, command),
        Some(Dialog::Run) => in_run(state, command),
        Some(Dialog::Question(_)) => in_question(state, command),
        Some(Dialog::Text(_)) => in_text(state, command),
        Some(Dialog::Typed(_)) | None => Vec::new(),
    }
}

/// Moves about in a text; says whether the command was one that does.
fn moved(reader: &mut Reader, command: Command, height: usize, cursor: bool) -> bool {
    use Command as C;
    let page = (height as isize - 1).max(1);
    let mut go = |delta| {
        if cursor {
            reader.travel(Motion::By(delta), height);
        } else {
            reader.scroll(delta, height);
        }
    };
    match command {
        C::Up => go(-1),
        C::Down => go(1),
        C::PageUp => go(-page),
        C::PageDown => go(page),
        C::ScrollUp => reader.scroll(-(page / 2).max(1), height),
        C::ScrollDown => reader.scroll((page / 2).max(1), height),
        C::Top => reader.travel(Motion::First, height),
        C::Bottom => reader.travel(Motion::Last, height),
        C::NextDifference => reader.seek(false, height),
        C::PreviousDifference => reader.seek(true, height),
        C::Fold => reader.fold(height),
        C::FoldAll => reader.fold_all(height),
        _ => return false,
    }
    true
}

fn in_text(state: &mut State, command: Command) -> Vec<Effect> {
    let (_, height) = dialogs::text_size(state.size);
    if let Some(Dialog::Text(text)) = state.dialogs.last_mut()
        && !moved(&mut text.reader, command, height, false)
        && matches!(command, Command::Open | Command::Back | Command::Quit)
    {
        state.dialogs.pop();
    }
    Vec::new()
}

fn in_question(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(Dialog::Question(question)) = state.dialogs.last_mut() else {
        return Vec::new();
    };
    match command {
        Command::Left | Command::Right | Command::NextPane => {
            question.chosen = !question.chosen;
            Vec::new()
        }
        Command::Accept | Command::Open if !question.shown => Vec::new(),
        Command::Accept | Command::Open if question.chosen || command == Command::Accept => {
            let intent = question.intent.clone();
            state.dialogs.pop();
            carry_out(state, intent)
        }
        Command::Open | Command::Back | Command::Quit => {
            let declined = match &question.intent {
                // Somebody waits for the answer.
                Intent::TakeOver(ticket) => Some(Request::TakeOver(*ticket, false)),
                _ => None,
            };
            state.dialogs.pop();
            declined.into_iter().map(Effect::Ask).collect()
        }
        _ => Vec::new(),
    }
}

fn carry_out(state: &mut State, intent: Intent) -> Vec<Effect> {
    match intent {
        Intent::Quit => {
            let stop = state
                .run
                .as_ref()
                .filter(|run| run.is_under_way())
                .map(|run| Effect::Ask(Request::StopRun(run.ticket)));
            stop.into_iter().chain([Effect::Quit]).collect()
        }
        Intent::Reveal(app) => {
            // The question was about one App; it holds for no other.
            if state.apps.selected.as_ref() == Some(&app) {
                state.detail.options.revealed = true;
                state.settle();
            }
            Vec::new()
        }
        Intent::RevealPlan(ticket) => {
            for dialog in &mut state.dialogs {
                if let Dialog::Plan(plan) = dialog
                    && plan.ticket == ticket
                {
                    plan.reveal(true);
                }
            }
            Vec::new()
        }
        Intent::TakeOver(ticket) => vec![Effect::Ask(Request::TakeOver(ticket, true))],
        Intent::Move(draw) => commands::draw_plan(state, *draw),
        Intent::Stop(ticket) => {
            if let Some(run) = &mut state.run
                && run.ticket == ticket
                && run.is_under_way()
            {
                run.stopping = true;
                return vec![Effect::Ask(Request::StopRun(ticket))];
            }
            Vec::new()
        }
    }
}

/// Asks whether the lock that a Run has come upon is taken over from whoever holds it.
pub fn ask_takeover(state: &mut State, ticket: Ticket, takeover: &Takeover) {
    let is_ours = |run: &Running| run.ticket == ticket && run.is_under_way();
    if !state.run.as_ref().is_some_and(is_ours) {
        return;
    }
    let question = super::super::dialogs::Question::new(
        "Take the lock over?",
        visible(&format!(
            "{takeover}. Take it over? If that run still lives, both would change the same objects."
        ))
        .into_owned(),
        "Take over",
        Intent::TakeOver(ticket),
    );
    state.dialogs.push(Dialog::Question(question));
    state.touch();
}

fn in_run(state: &mut State, command: Command) -> Vec<Effect> {
    let (_, height) = dialogs::text_size(state.size);
    let Some(run) = &mut state.run else {
        state.dialogs.pop();
        return Vec::new();
    };
    if moved(&mut run.reader, command, height, false) {
        run.follows = false;
        return Vec::new();
    }
    match command {
        Command::Stop if run.is_under_way() && !run.stopping => {
            let ticket = run.ticket;
            let text =
                "The step under way is finished, the rest is not begun. What is done stays done."
                    .to_owned();
            let question = super::super::dialogs::Question::new(
                "Stop the Run?",
                text,
                "Stop",
                Intent::Stop(ticket),
            );
            state.dialogs.push(Dialog::Question(question));
        }
        Command::Open if run.leads_to_sync() => {
            // There is nothing left to move: asked again, the same is the sync.
            let draw = run.draw.clone();
            state.dialogs.pop();
            return commands::draw_plan(state, draw);
        }
        Command::Refresh if run.can_draw_again() => {
            let draw = run.draw.clone();
            state.dialogs.pop();
            return commands::draw_plan(state, draw);
        }
        Command::Back | Command::Quit | Command::Open => {
            state.dialogs.pop();
            if state.is_running() {
                let key = state.key(Command::WatchRun);
                state.say(format!("The Run goes on; {key} shows it again."));
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Takes a key of a name being typed.
pub fn on_typed_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let Some(Dialog::Typed(typed)) = state.dialogs.last_mut() else {
        return Vec::new();
    };
    match key.code {
        KeyCode::Esc => {
            state.dialogs.pop();
        }
        KeyCode::Enter if typed.field.text() == typed.name => {
            let Some(Dialog::Typed(typed)) = state.dialogs.pop() else {
                return Vec::new();
            };
            return match typed.then {
                Then::Draw(draw) => redraw(state, draw),
                Then::Run(plan, mut rest) if !rest.is_empty() => {
                    let name = rest.remove(0);
                    ask_guarded(state, name, rest, plan);
                    Vec::new()
                }
                Then::Run(plan, _) => {
                    // The Plan that was shown is the one that runs, or none.
                    let same = plan_dialog(state)
                        .and_then(PlanDialog::plan)
                        .is_some_and(|shown| Arc::ptr_eq(shown, &plan));
                    if same { start(state, plan) } else { Vec::new() }
                }
            };
        }
        KeyCode::Enter => state.refuse("That is not the name."),
        _ => {
            typed.field.key(key);
        }
    }
    Vec::new()
}
