//! What happens changes the state and asks for effects. Nothing here draws, waits or does I/O.

mod commands;
mod dialogs;
mod panes;
mod reports;

pub(super) use commands::{
    ask_to_quit, draw_plan, interrupt, refresh_of, run as run_command, set_revision,
};
pub(super) use panes::only_context;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use crate::engine::{Report, Request};

use super::command_line;
use super::dialogs::Dialog;
use super::keymap::{Command, Context, Press};
use super::layout;
use super::message::{Effect, Message};
use super::state::{Prompt, State};

/// Takes one message.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    let before = state.apps.selected.clone();
    let mut effects = match message {
        Message::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(key) => on_key(state, key),
        Message::Paste(text) => {
            on_paste(state, &text);
            Vec::new()
        }
        Message::Resize(width, height) => {
            state.size = ratatui::layout::Size::new(width, height);
            state.touch();
            state.settle();
            reports::rewrite(state);
            Vec::new()
        }
        Message::Data(data) => {
            if !Arc::ptr_eq(&data, &state.data) {
                state.set_data(data);
                state.touch();
                reports::rewrite(state);
                reports::ask_reasons(state)
            } else {
                Vec::new()
            }
        }
        Message::Report(Report::Changed) => Vec::new(),
        Message::Report(report) => reports::on_report(state, report),
        Message::Shown => {
            on_shown(state);
            Vec::new()
        }
        Message::Tick => {
            state.touch();
            let now = state.now;
            state.remark.take_if(|remark| remark.until <= now);
            reports::rewrite(state);
            reports::ask_reasons(state)
        }
    };
    effects.extend(reports::ask_why(state));
    if state.apps.selected != before {
        effects.push(Effect::Ask(Request::Select(state.apps.selected.clone())));
    }
    effects
}

/// Notes that what asks for an answer has been on screen. The footer then offers the answer.
fn on_shown(state: &mut State) {
    let shown = match state.dialogs.last_mut() {
        Some(Dialog::Plan(plan)) if plan.plan().is_some() => &mut plan.shown,
        Some(Dialog::Question(question)) => &mut question.shown,
        _ => return,
    };
    if !*shown {
        *shown = true;
        state.touch();
    }
}

fn on_paste(state: &mut State, text: &str) {
    let changed = match (&mut state.prompt, state.dialogs.last_mut()) {
        (Some(Prompt::Filter(field, _) | Prompt::Command(field)), _) => field.paste(text),
        (None, Some(Dialog::Typed(typed))) => typed.field.paste(text),
        (None, _) => false,
    };
    if changed {
        state.touch();
        panes::filter_changed(state);
    }
}

fn on_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let press = Press::of(key);
    state.is_used = true;
    if state.remark.take().is_some() {
        state.touch();
    }
    let anywhere = state.keymap.command(Context::Anywhere, press);
    let interrupt = anywhere == Some(Command::Interrupt);
    if state.size.width < layout::LEAST.width || state.size.height < layout::LEAST.height {
        // Nobody sees what a key would do; only leaving is possible.
        let quit = interrupt || state.keymap.command(Context::Panes, press) == Some(Command::Quit);
        return if quit && !state.is_running() {
            vec![Effect::Quit]
        } else {
            Vec::new()
        };
    }
    if interrupt {
        state.touch();
        return commands::interrupt(state);
    }
    if anywhere == Some(Command::Suspend) {
        state.touch();
        if state.is_running() {
            // Asleep, it could not renew the lock.
            state.refuse("A Run is under way: let it end first.");
            return Vec::new();
        }
        return vec![Effect::Suspend];
    }
    if state.prompt.is_some() {
        state.touch();
        return on_prompt_key(state, key);
    }
    if let Some(Dialog::Typed(_)) = state.dialogs.last() {
        state.touch();
        return dialogs::on_typed_key(state, key);
    }
    let Some(command) = state.keymap.command(state.context(), press) else {
        return Vec::new();
    };
    state.touch();
    if state.dialogs.is_empty() {
        commands::run(state, command)
    } else {
        dialogs::run(state, command)
    }
}

fn on_prompt_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let Some(prompt) = state.prompt.take() else {
        return Vec::new();
    };
    match (prompt, key.code) {
        (Prompt::Filter(_, before), KeyCode::Esc) => {
            panes::set_filter(state, &before);
            Vec::new()
        }
        (Prompt::Filter(..), KeyCode::Enter) => Vec::new(),
        (Prompt::Filter(mut field, before), _) => {
            field.key(key);
            state.prompt = Some(Prompt::Filter(field, before));
            panes::filter_changed(state);
            Vec::new()
        }
        (Prompt::Command(_), KeyCode::Esc) => Vec::new(),
        (Prompt::Command(field), KeyCode::Enter) => {
            state.commands.keep(field.text());
            command_line::run(state, field.text())
        }
        (Prompt::Command(mut field), KeyCode::Up | KeyCode::Down) => {
            if let Some(text) = state.commands.walk(key.code == KeyCode::Up, field.text()) {
                field.set(&text);
            }
            state.prompt = Some(Prompt::Command(field));
            Vec::new()
        }
        (Prompt::Command(mut field), KeyCode::Tab) => {
            if let Some(text) = command_line::complete(state, field.text()) {
                field.set(&text);
            }
            state.prompt = Some(Prompt::Command(field));
            Vec::new()
        }
        (Prompt::Command(mut field), code) => {
            let empty = field.text().is_empty();
            field.key(key);
            if !(empty && code == KeyCode::Backspace) {
                state.prompt = Some(Prompt::Command(field));
            }
            Vec::new()
        }
    }
}
