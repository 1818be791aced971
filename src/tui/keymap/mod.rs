//! One table of keys. What a key does, the footer, the help, `docs/keys.md` and the completion of the command line are
//! all drawn from it.

mod press;
mod table;

use std::collections::{BTreeMap, HashMap};

use crate::domain::near::nearest;
use crate::domain::{Problem, ProblemKind, Result};

use super::glyphs;

pub use press::Press;
pub use table::{Argument, BINDINGS, COMMANDS, Command, CommandSpec, Context, PAIRS};

/// A row of the table, with the keys as they are after the user's own settings.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// What it does.
    pub command: Command,
    /// The keys.
    pub keys: Vec<Press>,
    /// What the footer calls it; empty: not in the footer.
    pub label: &'static str,
}

/// All keys.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bindings = BINDINGS
            .iter()
            .map(|&(context, command, keys, label)| Binding {
                context,
                command,
                // A test reads every key of the table.
                keys: keys.split(' ').filter_map(Press::parse).collect(),
                label,
            })
            .collect();
        Self { bindings }
    }
}

impl Keymap {
    /// The table with some commands on other keys, by command name; an empty list takes a command's keys away.
    ///
    /// # Errors
    /// An unknown command, a key that cannot be read, or one key for two commands in one place.
    pub fn with(overrides: &BTreeMap<String, Vec<String>>) -> Result<Self> {
        let mut keymap = Self::default();
        for (name, keys) in overrides {
            let place = format!("keys.{name}");
            let Some(spec) = COMMANDS.iter().find(|c| c.name == name) else {
                let problem =
                    Problem::new(ProblemKind::Config, "no command has this name").at(place);
                return Err(match nearest(name, COMMANDS.iter().map(|c| c.name)) {
                    Some(near) => problem.hint(format!("Did you mean `{near}`?")),
                    None => problem.hint("docs/keys.md lists the commands by their names."),
                });
            };
            let mut presses = Vec::new();
            for key in keys {
                presses.push(Press::parse(key).ok_or_else(|| {
                    Problem::new(ProblemKind::Config, format!("`{key}` is not a key"))
                        .at(place.clone())
                        .hint("A key is a character, `ctrl-` and a letter, or one of `enter`, `esc`, `space`, `tab`, `up`, `pgdn`, `f5` and the like.")
                })?);
            }
            for binding in &mut keymap.bindings {
                if binding.command == spec.command {
                    binding.keys.clone_from(&presses);
                }
            }
        }
        match keymap.conflict() {
            None => Ok(keymap),
            Some((key, a, b)) => Err(Problem::new(
                ProblemKind::Config,
                format!("`{key}` is bound to both `{}` and `{}`", a.name(), b.name()),
            )
            .at("keys")
            .hint("Give one of the two another key; an empty list takes its key away.")),
        }
    }

    /// A key that does two things in one place.
    pub fn conflict(&self) -> Option<(Press, Command, Command)> {
        for context in Context::ALL {
            let mut seen: HashMap<Press, Command> = HashMap::new();
            for binding in self.within(*context) {
                for key in &binding.keys {
                    if let Some(other) = seen.insert(*key, binding.command)
                        && other != binding.command
                    {
                        return Some((*key, other, binding.command));
                    }
                }
            }
        }
        None
    }

    /// The rows that hold in a context: its own first, then those of the contexts around it.
    pub fn within(&self, context: Context) -> impl Iterator<Item = &Binding> {
        context
            .chain()
            .iter()
            .flat_map(move |c| self.bindings.iter().filter(move |b| b.context == *c))
    }

    /// What a key does in a context.
    pub fn command(&self, context: Context, press: Press) -> Option<Command> {
        self.within(context)
            .find(|b| b.keys.contains(&press))
            .map(|b| b.command)
    }

    /// The first key of a command in a context, for texts that say what to press.
    pub fn key(&self, context: Context, command: Command) -> String {
        self.within(context)
            .find(|b| b.command == command)
            .and_then(|b| b.keys.first())
            .map_or_else(
                || match command.spec().typed {
                    true => format!(":{}", command.name()),
                    false => format!("`{}`, which has no key,", command.name()),
                },
                Press::to_string,
            )
    }

    /// The table as Markdown: `docs/keys.md`.
    pub fn document(&self) -> String {
        let mut text = String::from(
            "# Keys\n\n\
             Drawn from the key table of the console (`src/tui/keymap/table.rs`); a test keeps this file true. A command can be given\n\
             other keys under `keys` in the configuration file, by the name in the last column:\n\n\
             ```yaml\nkeys:\n  sync: [S]\n  next-pane: [tab, ctrl-w]\n```\n",
        );
        for context in Context::ALL {
            let rows: Vec<_> = self
                .bindings
                .iter()
                .filter(|b| b.context == *context)
                .collect();
            if rows.is_empty() {
                continue;
            }
            text += &format!(
                "\n## {}\n\n| keys | what it does | command |\n|---|---|---|\n",
                context.title()
            );
            for row in rows {
                let keys: Vec<_> = row
                    .keys
                    .iter()
                    .map(|k| format!("`{}`", k.to_string().replace('|', "\\|")))
                    .collect();
                text += &format!(
                    "| {} | {} | `{}` |\n",
                    keys.join(" "),
                    row.command.help(*context),
                    row.command.name()
                );
            }
        }
        text += "\n## The command line\n\n`:` opens it; `tab` completes, `up` and `down` bring back what was typed before.\n\n| command | what it does |\n|---|---|\n";
        for spec in COMMANDS.iter().filter(|c| c.typed) {
            text += &format!(
                "| `:{}{}` | {} |\n",
                spec.name,
                spec.argument.hint().replace('|', "\\|"),
                spec.command.typed_help()
            );
        }
        text +=
            "\n## Signs\n\nThe second column has what a terminal shows that draws ASCII alone.\n";
        for place in glyphs::PLACES {
            text += &format!("\n### {place}\n\n| sign | ASCII | what it says |\n|---|---|---|\n");
            for meaning in glyphs::legend(place) {
                let cell = |sign: &str| format!("`{}`", sign.replace('|', "\\|"));
                text += &format!(
                    "| {} | {} | {} |\n",
                    cell(meaning.unicode),
                    cell(meaning.ascii),
                    meaning.says
                );
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_read() {
        for (_, command, keys, _) in BINDINGS {
            for key in keys.split(' ').filter(|k| !k.is_empty()) {
                let press = Press::parse(key).unwrap_or_else(|| panic!("{command:?}: {key}"));
                assert_eq!(press.to_string(), key);
            }
        }
    }

    #[test]
    fn no_key_does_two_things_in_one_place() {
        assert_eq!(Keymap::default().conflict(), None);
    }

    #[test]
    fn commands_have_one_name_each() {
        for spec in COMMANDS {
            assert_eq!(
                COMMANDS.iter().filter(|c| c.name == spec.name).count(),
                1,
                "{}",
                spec.name
            );
            assert_eq!(spec.command.spec().name, spec.name);
            assert!(!spec.help.ends_with('.') && !spec.help.is_empty());
        }
    }

    #[test]
    fn what_a_key_does_in_a_place_is_said_of_a_key_that_is_there() {
        for (context, command, help) in table::HERE {
            let is_there = BINDINGS
                .iter()
                .any(|(c, b, ..)| (c, b) == (context, command));
            assert!(is_there, "{context:?} {command:?}");
            assert_ne!(*help, command.spec().help, "{context:?} {command:?}");
        }
        let mut rows: Vec<_> = BINDINGS
            .iter()
            .map(|(c, b, k, _)| (*c as u8, *b as u8, k))
            .collect();
        let n = rows.len();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), n, "a row stands twice in the table");
    }

    #[test]
    fn a_user_moves_keys() {
        let of = |name: &str, keys: &[&str]| {
            let keys = keys.iter().map(|k| (*k).to_owned()).collect();
            Keymap::with(&BTreeMap::from([(name.to_owned(), keys)]))
        };
        let keymap = of("sync", &["S", "f5"]).unwrap();
        let press = |key| Press::parse(key).unwrap();
        assert_eq!(
            keymap.command(Context::Apps, press("S")),
            Some(Command::Sync)
        );
        assert_eq!(
            keymap.command(Context::Apps, press("f5")),
            Some(Command::Sync)
        );
        assert_eq!(keymap.command(Context::Apps, press("s")), None);
        assert_eq!(
            of("sync", &["r"]).unwrap_err().summary,
            "`r` is bound to both `sync` and `refresh`"
        );
        let unknown = of("snyc", &[]).unwrap_err();
        assert_eq!(unknown.place, "keys.snyc");
        assert_eq!(unknown.hints, ["Did you mean `sync`?"]);
        assert_eq!(
            of("sync", &["hyper-x"]).unwrap_err().summary,
            "`hyper-x` is not a key"
        );
        let none = of("sync", &[]).unwrap();
        assert_eq!(none.key(Context::Apps, Command::Sync), ":sync");
    }
}
