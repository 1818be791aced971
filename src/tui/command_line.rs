//! The command line: names from the key table, with what may follow them.

use crate::domain::{AppId, Revision};
use crate::engine::{Draw, Moves};

use super::keymap::{Argument, COMMANDS, Command, CommandSpec};
use super::list::Row as _;
use super::message::Effect;
use super::state::{Pane, State};
use super::update;

/// Short names that people's fingers know.
const SHORT: &[(&str, &str)] = &[
    ("q", "quit"),
    ("q!", "quit"),
    ("revision", "rev"),
    ("context", "ctx"),
];

fn spec(name: &str) -> Option<&'static CommandSpec> {
    let name = SHORT
        .iter()
        .find(|(short, _)| *short == name)
        .map_or(name, |(_, long)| long);
    COMMANDS.iter().find(|c| c.typed && c.name == name)
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.trim_start().split_once(' ') {
        Some((name, rest)) => (name, Some(rest.trim())),
        None => (text.trim(), None),
    }
}

/// What could stand where the cursor is, best first.
pub fn candidates(state: &State, text: &str) -> Vec<String> {
    let (name, argument) = split(text);
    let mut all: Vec<String> = match argument {
        None => COMMANDS
            .iter()
            .filter(|c| c.typed && !(state.data.read_only && c.command.changes()))
            .map(|c| c.name.to_owned())
            .collect(),
        Some(_) => match spec(name).map(|s| s.argument) {
            Some(Argument::App) => state
                .data
                .apps
                .iter()
                .map(|a| a.app.id.name.clone())
                .collect(),
            Some(Argument::Context) => state
                .data
                .clusters
                .iter()
                .map(|c| c.context.clone())
                .collect(),
            Some(Argument::Record) => state
                .detail
                .record_rows
                .iter()
                .map(|r| r.0.id.to_string())
                .collect(),
            Some(Argument::Revision) => {
                let own = state.app().map(|a| a.app.source.revision.to_string());
                let synced = state
                    .detail
                    .record_rows
                    .iter()
                    .map(|r| r.0.commit.short().to_owned());
                ["worktree".to_owned()]
                    .into_iter()
                    .chain(own)
                    .chain(synced)
                    .collect()
            }
            Some(Argument::All) => vec!["all".to_owned()],
            Some(Argument::None) | None => Vec::new(),
        },
    };
    let typed = argument.unwrap_or(name);
    all.retain(|c| c.contains(typed));
    all.sort_by_key(|c| !c.starts_with(typed));
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|c| seen.insert(c.clone()));
    all.truncate(20);
    all
}

/// The text with its last word completed: as far as all candidates agree, else to the first.
pub fn complete(state: &State, text: &str) -> Option<String> {
    let candidates = candidates(state, text);
    let (name, argument) = split(text);
    let typed = argument.unwrap_or(name);
    let first = candidates.first()?;
    let starting: Vec<_> = candidates.iter().filter(|c| c.starts_with(typed)).collect();
    let agreed = starting.iter().fold(first.as_str(), |agreed, c| {
        let n = agreed
            .char_indices()
            .zip(c.chars())
            .take_while(|((_, a), b)| a == b)
            .last()
            .map_or(0, |((at, a), _)| at + a.len_utf8());
        &agreed[..n]
    });
    let done = if agreed.len() > typed.len() && !starting.is_empty() {
        agreed
    } else {
        first
    };
    Some(match argument {
        Some(_) => format!("{name} {done}"),
        None => {
            let takes = spec(done).is_some_and(|s| s.argument != Argument::None);
            let space = if takes && candidates.len() == 1 {
                " "
            } else {
                ""
            };
            format!("{done}{space}")
        }
    })
}

/// What the command that stands there does.
pub fn help(text: &str) -> Option<&'static str> {
    spec(split(text).0).map(|s| s.command.typed_help())
}

/// Runs a line.
pub fn run(state: &mut State, text: &str) -> Vec<Effect> {
    let (name, argument) = split(text);
    if name.is_empty() {
        return Vec::new();
    }
    let Some(spec) = spec(name) else {
        state.refuse(format!("There is no command `{name}`."));
        return Vec::new();
    };
    let argument = argument.filter(|a| !a.is_empty());
    if let Some(argument) = argument
        && !takes(spec.argument, argument)
    {
        state.refuse(usage(spec, argument));
        return Vec::new();
    }
    match (spec.command, argument) {
        (Command::Quit, _) if name == "q!" => update::interrupt(state),
        (Command::Quit, _) => update::ask_to_quit(state),
        (Command::Revision, Some(revision)) => {
            update::set_revision(state, Some(Revision::parse(revision)))
        }
        (Command::Refresh, Some("all")) => update::refresh_of(state, None),
        (Command::ContextOnly, Some(context)) => {
            if state.data.cluster(context).is_some() {
                update::only_context(state, Some(context.to_owned()));
            } else {
                state.refuse(format!("No cluster is reached by a context `{context}`."));
            }
            Vec::new()
        }
        (Command::Go, Some(name)) => {
            go(state, name);
            Vec::new()
        }
        (Command::Go, None) => {
            state.refuse("Which App?");
            Vec::new()
        }
        (Command::Sync, Some(name)) => {
            let apps: Vec<_> = named(state, name);
            match apps.as_slice() {
                [_] => update::draw_plan(state, Draw::sync(apps, Vec::new())),
                [] => {
                    state.refuse(format!("There is no App `{name}`."));
                    Vec::new()
                }
                _ => {
                    state.refuse(format!(
                        "Several Apps are called `{name}`: say which as context/namespace/name."
                    ));
                    Vec::new()
                }
            }
        }
        (Command::Rollback, Some(id)) => roll_back(state, id),
        (command, _) => update::run_command(state, command),
    }
}

/// Whether words may follow a command; names and revisions are looked up by whoever takes them.
fn takes(argument: Argument, words: &str) -> bool {
    match argument {
        Argument::None => false,
        Argument::All => words == "all",
        _ => !words.contains(char::is_whitespace),
    }
}

fn usage(spec: &CommandSpec, words: &str) -> String {
    let (name, hint) = (spec.name, spec.argument.hint());
    match spec.argument {
        Argument::None => format!("`:{name}` takes nothing after it."),
        _ => format!("`{words}` is not what `:{name}` takes: write `:{name}{hint}`."),
    }
}

/// Lines that were run in this session, to be had again.
#[derive(Clone, Debug, Default)]
pub struct History {
    lines: Vec<String>,
    /// The line that is shown, counted from the first, and what stood there before.
    shown: Option<(usize, String)>,
}

impl History {
    /// Keeps a line that was run.
    pub fn keep(&mut self, line: &str) {
        self.shown = None;
        let line = line.trim();
        if !line.is_empty() {
            self.lines.retain(|l| l != line);
            self.lines.push(line.to_owned());
        }
    }

    /// Forgets which line is shown: a new one is begun.
    pub fn begin(&mut self) {
        self.shown = None;
    }

    /// The line before the one that is shown, or after it; behind the last stands what was being typed.
    pub fn walk(&mut self, back: bool, typed: &str) -> Option<String> {
        let at = self.shown.as_ref().map_or(self.lines.len(), |(at, _)| *at);
        let next = if back {
            at.checked_sub(1)?
        } else {
            (at < self.lines.len()).then_some(at + 1)?
        };
        let draft = match self.shown.take() {
            Some((_, draft)) => draft,
            None => typed.to_owned(),
        };
        let Some(line) = self.lines.get(next) else {
            return Some(draft);
        };
        self.shown = Some((next, draft));
        Some(line.clone())
    }
}

/// Apps of a name, written alone or as `context/namespace/name`.
fn named(state: &State, name: &str) -> Vec<AppId> {
    state
        .data
        .apps
        .iter()
        .map(|a| &a.app.id)
        .filter(|id| id.name == name || id.to_string() == name)
        .cloned()
        .collect()
}

fn go(state: &mut State, name: &str) {
    let exact = named(state, name);
    let found = state
        .app_rows
        .iter()
        .filter_map(|row| row.id())
        .find(|id| exact.contains(id))
        .or_else(|| {
            state
                .app_rows
                .iter()
                .filter_map(|row| row.id())
                .find(|id| id.name.contains(name))
        })
        .cloned();
    match found {
        Some(id) => {
            state.apps.select(&state.app_rows, &id);
            state.focus = Pane::Apps;
            state.settle();
        }
        None if exact.is_empty() => state.refuse(format!("There is no App `{name}`.")),
        None => state.refuse("That App is not listed: a filter hides it."),
    }
}

fn roll_back(state: &mut State, id: &str) -> Vec<Effect> {
    let (Some(app), Ok(record)) = (
        state.apps.selected.clone(),
        id.trim_start_matches('#').parse(),
    ) else {
        state.refuse(format!("`{id}` is not the number of a Run."));
        return Vec::new();
    };
    if !state.detail.record_rows.iter().any(|r| r.0.id == record) {
        state.refuse(format!("The history of {} has no Run {id}.", app.name));
        return Vec::new();
    }
    update::draw_plan(
        state,
        Draw::Rollback {
            app,
            record,
            moves: Moves::default(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_had_again() {
        let mut history = History::default();
        assert_eq!(history.walk(true, "x"), None);
        for line in ["rev main", "drift", "rev main"] {
            history.keep(line);
        }
        assert_eq!(history.walk(false, "re"), None);
        assert_eq!(history.walk(true, "re").as_deref(), Some("rev main"));
        assert_eq!(history.walk(true, "rev main").as_deref(), Some("drift"));
        assert_eq!(history.walk(true, "drift"), None);
        assert_eq!(history.walk(false, "drift").as_deref(), Some("rev main"));
        // What was being typed is not lost.
        assert_eq!(history.walk(false, "rev main").as_deref(), Some("re"));
        assert_eq!(history.walk(false, "re"), None);
    }
}
