//! Completion of the last word of a line, for bash, zsh and fish alike.
//!
//! The shells' scripts hold no knowledge: they ask `trueup __complete -- WORDS...`, which answers from the same
//! definitions that parse the line, and with the names of Apps.

use clap::{ArgAction, Command as Clap, CommandFactory as _};

use super::args::{Cli, Shell, flag_named, takes_value};

/// What may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidates {
    /// Words, each with what it is for.
    pub words: Vec<(String, String)>,
    /// Whether files and directories may stand here too.
    pub files: bool,
}

/// Where names come from that only this moment knows.
pub struct Names<'n> {
    /// Names of Apps.
    pub apps: &'n dyn Fn() -> Vec<String>,
    /// Names of kubeconfig contexts.
    pub contexts: &'n dyn Fn() -> Vec<String>,
    /// Records of Apps, each with what it is.
    pub records: &'n dyn Fn() -> Vec<(String, String)>,
    /// Objects of Apps, as `--resource` takes them.
    pub objects: &'n dyn Fn() -> Vec<String>,
}

/// What may stand in place of the last of these words. The first is the program's name.
pub fn candidates(words: &[String], names: &Names<'_>) -> Candidates {
    let mut root = Cli::command();
    root.build();
    let (last, before) = match words.split_last() {
        Some((last, [_, before @ ..])) => (last.as_str(), before),
        _ => ("", &[] as &[String]),
    };
    let line = Line::read(&root, before);
    let mut found = Candidates {
        words: Vec::new(),
        files: false,
    };
    if let Some(flag) = line.awaits {
        found.value(flag, last, names);
    } else if let Some((flag, typed)) = last.split_once('=').filter(|_| last.starts_with("--")) {
        // `--flag=value`: the shells replace the whole word.
        if let Some(arg) = flag_named(line.command, flag) {
            found.value(arg, typed, names);
            for (word, _) in &mut found.words {
                *word = format!("{flag}={word}");
            }
        }
    } else if last.starts_with('-') && !line.is_escaped {
        found.flags(line.command);
    } else {
        found.positional(&line, last, names);
    }
    found.words.retain(|(word, _)| word.starts_with(last));
    found
}

/// What stands before the word that is completed.
struct Line<'c> {
    command: &'c Clap,
    awaits: Option<&'c clap::Arg>,
    is_root: bool,
    is_escaped: bool,
    n_positionals: usize,
}

impl<'c> Line<'c> {
    fn read(root: &'c Clap, words: &[String]) -> Self {
        let mut line = Self {
            command: root,
            awaits: None,
            is_root: true,
            is_escaped: false,
            n_positionals: 0,
        };
        for word in words {
            if line.awaits.take().is_some() {
                continue;
            }
            if line.is_escaped || !word.starts_with('-') || word == "-" {
                let command = line
                    .command
                    .get_subcommands()
                    .find(|c| c.get_name() == word);
                match command.filter(|_| line.is_root && line.n_positionals == 0) {
                    Some(command) => (line.command, line.is_root) = (command, false),
                    None => line.n_positionals += 1,
                }
            } else if word == "--" {
                line.is_escaped = true;
            } else if !word.contains('=') {
                line.awaits = flag_named(line.command, word).filter(|a| takes_value(a));
            }
        }
        line
    }
}

impl Candidates {
    fn flags(&mut self, command: &Clap) {
        for arg in command.get_arguments().filter(|a| !a.is_hide_set()) {
            if let Some(long) = arg.get_long() {
                let help = arg.get_help().map(ToString::to_string);
                self.words
                    .push((format!("--{long}"), help.unwrap_or_default()));
            }
        }
    }

    fn positional(&mut self, line: &Line<'_>, typed: &str, names: &Names<'_>) {
        if line.is_root && line.n_positionals == 0 && !line.is_escaped {
            for command in line.command.get_subcommands().filter(|c| !c.is_hide_set()) {
                let about = command.get_about().map(ToString::to_string);
                self.words
                    .push((command.get_name().to_owned(), about.unwrap_or_default()));
            }
        }
        let mut positionals = line.command.get_positionals();
        let many = |a: &clap::Arg| matches!(a.get_action(), ArgAction::Append);
        let arg = match line.command.get_positionals().last() {
            Some(last) if many(last) => Some(last),
            _ => positionals.nth(line.n_positionals),
        };
        if let Some(arg) = arg {
            self.value(arg, typed, names);
        }
    }

    /// The values of a flag or positional, told by what the help calls them. `typed` is what there is of it.
    fn value(&mut self, arg: &clap::Arg, typed: &str, names: &Names<'_>) {
        for value in arg.get_possible_values() {
            let help = value.get_help().map(ToString::to_string);
            self.words
                .push((value.get_name().to_owned(), help.unwrap_or_default()));
        }
        let mut add = |kind: &str, names: Vec<String>| {
            self.words
                .extend(names.into_iter().map(|name| (name, kind.to_owned())));
        };
        let called = arg
            .get_value_names()
            .and_then(|names| names.first())
            .map_or("", |name| name.as_str());
        match (arg.get_id().as_str(), called) {
            ("context", _) => add("context", (names.contexts)()),
            (_, "APP") | ("prune_all", _) => add("App", (names.apps)()),
            ("to", _) => self.words.extend((names.records)()),
            ("resource", _) => {
                let mut objects = (names.objects)();
                // Who begins with the kind leaves the group out.
                if is_kind(typed) {
                    objects.iter_mut().for_each(|object| {
                        if let Some((_, rest)) = object.split_once('/').filter(|(g, _)| !is_kind(g))
                        {
                            *object = rest.to_owned();
                        }
                    });
                }
                add("object", objects);
            }
            (_, "SOURCE" | "FILE" | "DIR" | "FILE|DIR") => self.files = true,
            _ => {}
        }
    }
}

/// Whether a part of an object's key is its kind: kinds begin with a capital, groups do not.
fn is_kind(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_uppercase())
}

/// The answer as the scripts read it: a line `word<TAB>what it is for` each, and a line of a single `:` where files may stand.
/// Words that would break the line are left out.
pub fn answer(found: &Candidates) -> String {
    let mut text = String::new();
    for (word, about) in &found.words {
        if word.chars().any(char::is_control) {
            continue;
        }
        let about: String = about.chars().filter(|c| !c.is_control()).collect();
        text.push_str(&format!("{word}\t{about}\n"));
    }
    if found.files {
        text.push_str(":\n");
    }
    text
}

/// The script that a shell loads.
pub fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("trueup.bash"),
        Shell::Zsh => include_str!("trueup.zsh"),
        Shell::Fish => include_str!("trueup.fish"),
    }
}

#[cfg(test)]
mod tests;
