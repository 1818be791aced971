//! Commands in the panes, from keys and from the command line.

use std::sync::Arc;

use crate::domain::record::Outcome;
use crate::domain::{AppId, Revision};
use crate::engine::{AppView, Draw, Moves, Request};

use super::super::detail::Tab;
use super::super::dialogs::{About, Dialog, Intent, PlanDialog, Question, TextDialog};
use super::super::field::Field;
use super::super::keymap::Command;
use super::super::list::Motion;
use super::super::message::Effect;
use super::super::state::{Pane, Prompt, State};
use super::panes;

/// Runs a command in the panes.
pub fn run(state: &mut State, command: Command) -> Vec<Effect> {
    use Command as C;
    match command {
        C::Up => panes::travel(state, Motion::By(-1)),
        C::Down => panes::travel(state, Motion::By(1)),
        C::PageUp => panes::page(state, -1),
        C::PageDown => panes::page(state, 1),
        C::Top => panes::travel(state, Motion::First),
        C::Bottom => panes::travel(state, Motion::Last),
        C::Left => panes::sideways(state, -4),
        C::Right => panes::sideways(state, 4),
        C::LineStart => {
            if let Some(reader) = state.detail.reader() {
                reader.column = 0;
            }
        }
        C::NextPane => panes::next_pane(state, false),
        C::PreviousPane => panes::next_pane(state, true),
        C::NextTab => panes::show_tab(state, state.detail.tab.moved(1)),
        C::PreviousTab => panes::show_tab(state, state.detail.tab.moved(-1)),
        C::ShowDiff => panes::show_diff(state),
        C::NextDifference => panes::seek(state, false),
        C::PreviousDifference => panes::seek(state, true),
        C::ScrollUp => panes::scroll(state, -(state.content_height() as isize / 2).max(1)),
        C::ScrollDown => panes::scroll(state, (state.content_height() as isize / 2).max(1)),
        C::LineUp => panes::scroll(state, -1),
        C::LineDown => panes::scroll(state, 1),
        C::LessContext | C::MoreContext => panes::context(state, command == C::MoreContext),
        C::Fold => panes::fold(state),
        C::FoldAll => panes::fold_all(state),
        C::Mark => panes::mark(state),
        C::Back => panes::back(state),
        C::Quit => return quit(state),
        C::Open => return open(state),
        C::Interrupt => return interrupt(state),
        C::Sync => return sync(state),
        C::Refresh => return refresh(state),
        C::Rollback => rollback(state),
        C::Foreign => {
            state.detail.options.foreign = !state.detail.options.foreign;
            state.settle();
        }
        C::Reveal => reveal(state),
        C::Filter => panes::open_filter(state),
        C::CommandLine => {
            state.commands.begin();
            state.prompt = Some(Prompt::Command(Field::new("")));
        }
        C::Help => text(state, About::Keys(state.context())),
        C::Details => {
            if let Some(context) = state.clusters.selected.clone() {
                text(state, About::Cluster(context));
            }
        }
        C::Problems => text(state, About::Problems(state.apps.selected.clone())),
        C::WatchRun => return watch(state),
        C::Drift => {
            state.only_drift = !state.only_drift;
            state.list_apps();
        }
        C::ContextOnly => {
            state.only_context = None;
            state.list_apps();
        }
        C::Revision => return set_revision(state, None),
        C::Go | C::Accept | C::Prune | C::Adopt | C::Stop | C::Suspend => {}
    }
    Vec::new()
}

/// Opens a text.
pub fn text(state: &mut State, about: About) {
    let dialog = TextDialog::new(about, state);
    state.dialogs.push(Dialog::Text(Box::new(dialog)));
}

/// Goes into what is under the cursor.
fn open(state: &mut State) -> Vec<Effect> {
    match (state.focus, state.detail.tab) {
        (Pane::Apps, _) => {
            if state.app().is_some() {
                state.focus = Pane::Detail;
                state.settle();
            }
        }
        (Pane::Clusters, _) => {
            let Some(cluster) = state.cluster().cloned() else {
                return Vec::new();
            };
            let context = cluster.context.clone();
            if cluster.is_down() {
                text(state, About::Cluster(context));
            } else {
                panes::only_context(state, Some(context));
            }
        }
        (Pane::Detail, Tab::Diff | Tab::Source) => panes::fold(state),
        (Pane::Detail, Tab::Resources) => return explain(state),
        (Pane::Detail, Tab::History) => return roll_back_to_selected(state),
    }
    Vec::new()
}

/// Says why an object is as it is.
fn explain(state: &mut State) -> Vec<Effect> {
    let (Some(app), Some(key)) = (
        state.apps.selected.clone(),
        state.detail.objects.selected.clone(),
    ) else {
        return Vec::new();
    };
    let ticket = state.ticket();
    text(
        state,
        About::Object {
            app: app.clone(),
            key: key.clone(),
            ticket,
            reasons: None,
        },
    );
    vec![Effect::Ask(Request::Explain(ticket, app, key))]
}

/// Draws the Plan of a sync of what is marked, else of the selected App.
fn sync(state: &mut State) -> Vec<Effect> {
    let only: Vec<_> = state.marked_objects.iter().cloned().collect();
    let apps: Vec<AppId> = state.to_sync().into_iter().cloned().collect();
    if apps.is_empty() {
        state.refuse("There is no App to sync.");
        return Vec::new();
    }
    draw_plan(state, Draw::sync(apps, only))
}

/// Asks for a Plan and opens its dialog.
pub fn draw_plan(state: &mut State, draw: Draw) -> Vec<Effect> {
    if state.data.read_only {
        state.refuse("Nothing can be changed: trueup runs read-only.");
        return Vec::new();
    }
    if let Some(app) = draw.apps().iter().find(|id| state.is_changing(id)) {
        let text = under_way(state, app);
        state.refuse(text);
        return Vec::new();
    }
    let draw = match draw.moves() {
        Moves::Refuse => draw.with_moves(Moves::Ask),
        Moves::Ask | Moves::Confirmed(_) => draw,
    };
    let ticket = state.ticket();
    let dialog = PlanDialog::new(ticket, draw.clone(), state.detail.options, state.now);
    state.dialogs.push(Dialog::Plan(Box::new(dialog)));
    vec![Effect::Ask(Request::Draw(ticket, draw))]
}

/// What is said where something has to wait for the Run that is changing an App.
fn under_way(state: &State, app: &AppId) -> String {
    let key = state.key(Command::WatchRun);
    format!("A Run of {} is under way; {key} shows it.", app.name)
}

fn rollback(state: &mut State) {
    if state.data.read_only {
        state.refuse("Nothing can be changed: trueup runs read-only.");
    } else if let Some(app) = state.app().map(|view| view.app.id.clone()) {
        if state.detail.tab != Tab::History {
            state.detail.records.restart();
        }
        panes::show_tab(state, Tab::History);
        state.focus = Pane::Detail;
        state.settle();
        let mut records = state.detail.record_rows.iter().map(|row| &row.0);
        let is_any = records.len() > 0;
        if state.is_changing(&app) {
            let text = under_way(state, &app);
            state.refuse(text);
        } else if is_any && records.all(|record| record.outcome == Outcome::Running) {
            state.refuse(format!(
                "A Run of {} is under way: there is none before it to go back to.",
                app.name
            ));
        } else if is_any {
            let key = state.key(Command::Open);
            state.say(format!(
                "Choose the Run to go back to; {key} shows what that would change."
            ));
        }
    }
}

/// Draws the Plan that goes back to the chosen Run.
fn roll_back_to_selected(state: &mut State) -> Vec<Effect> {
    match (state.apps.selected.clone(), state.detail.records.selected) {
        (Some(app), Some(record)) => draw_plan(
            state,
            Draw::Rollback {
                app,
                record,
                moves: Moves::default(),
            },
        ),
        _ => Vec::new(),
    }
}

fn refresh(state: &mut State) -> Vec<Effect> {
    let app = match state.focus {
        Pane::Clusters => None,
        Pane::Apps | Pane::Detail => state.apps.selected.clone(),
    };
    refresh_of(state, app)
}

/// Has an App looked at anew, or everything.
pub fn refresh_of(state: &mut State, app: Option<AppId>) -> Vec<Effect> {
    match &app {
        Some(app) => state.say_begun(format!("Refreshing {}.", app.name)),
        None => state.say_begun("Refreshing everything."),
    }
    vec![Effect::Ask(Request::Refresh(app))]
}

/// Compares the selected App with another revision, or with its own.
pub fn set_revision(state: &mut State, revision: Option<Revision>) -> Vec<Effect> {
    let Some(app) = state.apps.selected.clone() else {
        state.refuse("There is no App to compare.");
        return Vec::new();
    };
    vec![Effect::Ask(Request::SetRevision(app, revision))]
}

fn reveal(state: &mut State) {
    if state.detail.options.revealed {
        state.detail.options.revealed = false;
        state.settle();
        return;
    }
    let has_secret = |view: &Arc<AppView>| view.objects.iter().any(|o| o.drift.key.is_secret());
    if !state.app().is_some_and(has_secret) {
        state.say("This App has no Secret: there is nothing to reveal.");
        return;
    }
    if let Some(app) = state.apps.selected.clone() {
        let text = format!(
            "The values of {}'s Secrets will be readable on this screen until you go to another App; {} masks them again.",
            app.name,
            state.key(Command::Reveal)
        );
        let question = Question::new(
            "Show secret values?",
            text,
            "Show them",
            Intent::Reveal(app),
        );
        state.dialogs.push(Dialog::Question(question));
    }
}

fn watch(state: &mut State) -> Vec<Effect> {
    let Some(run) = &mut state.run else {
        state.refuse("There was no Run yet.");
        return Vec::new();
    };
    run.follows = true;
    state.dialogs.push(Dialog::Run);
    super::reports::rewrite(state);
    super::reports::ask_reasons(state)
}

/// One step back; at the root it asks.
pub fn quit(state: &mut State) -> Vec<Effect> {
    if state.focus == Pane::Detail {
        state.focus = Pane::Apps;
        state.settle();
        return Vec::new();
    }
    ask_to_quit(state)
}

/// Asks whether to leave.
pub fn ask_to_quit(state: &mut State) -> Vec<Effect> {
    let text = match &state.run {
        Some(run) if run.is_under_way() => run.leaving(),
        _ => "Leave trueup?".to_owned(),
    };
    let mut question = Question::new("Leave?", text, "Leave", Intent::Quit);
    question.chosen = !state.is_running();
    state.dialogs.push(Dialog::Question(question));
    Vec::new()
}

/// Leaves at once, but asks while a Run is under way.
pub fn interrupt(state: &mut State) -> Vec<Effect> {
    if !state.is_running() {
        return vec![Effect::Quit];
    }
    state.prompt = None;
    let asked = state
        .dialogs
        .iter()
        .any(|d| matches!(d, Dialog::Question(q) if q.intent == Intent::Quit));
    if asked {
        return Vec::new();
    }
    ask_to_quit(state)
}
