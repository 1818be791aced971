//! The command line as typed: commands, flags, and what they mean for the settings.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use serde_json::json;

use crate::domain::near::nearest;
use crate::domain::{Problem, ProblemKind};
use crate::settings::{Flag, duration};

use super::select::ResourcePattern;

/// A GitOps console for the terminal: what Git says, what the clusters run, where they differ, and both brought
/// together again.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "trueup",
    version,
    subcommand_precedence_over_arg = true,
    infer_long_args = false,
    after_help = "Without a command, the console opens. A directory that is named like a command is written ./apps."
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do; without it the console opens.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Repositories to open: paths or URLs, with @revision or without [default: the checkout here, and those of the
    /// config file]
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,
}

/// Where help lists what holds for every command: after the command's own options.
const EVERYWHERE: &str = "Options of every command";

/// What holds for every command, wherever it stands on the line.
#[derive(Clone, Debug, Default, Args)]
pub struct Globals {
    /// Repository to look at: path or URL, with @revision or without (repeatable)
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "SOURCE")]
    pub source: Vec<String>,
    /// File or directory of Argo CD Application manifests (repeatable)
    #[arg(long = "apps", global = true, help_heading = EVERYWHERE, value_name = "FILE|DIR")]
    pub app_files: Vec<PathBuf>,
    /// Kubeconfig context to use (repeatable)
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME")]
    pub context: Vec<String>,
    /// Namespace of Apps found in a repository
    #[arg(long, short, global = true, help_heading = EVERYWHERE, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Kubeconfig file
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Revision to compare with: branch, tag, commit, semver constraint, or `worktree`
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Change nothing, anywhere
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub read_only: bool,
    /// Config file
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// When to colour
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "WHEN")]
    pub color: Option<Color>,
    /// Do not colour (the same as --color never)
    #[arg(long, global = true, help_heading = EVERYWHERE, conflicts_with = "color")]
    pub no_color: bool,
    /// Form of the output
    #[arg(long, short, global = true, help_heading = EVERYWHERE, value_name = "FORM")]
    pub output: Option<Format>,
    /// Write more to the log file
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub debug: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs, documented and stable
    Json,
    /// For comments on changes (diff only)
    Markdown,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List the Apps and how they are
    Apps {
        /// Apps to list: NAME, NAMESPACE/NAME, CONTEXT/NAMESPACE/NAME or a pattern [default: all]
        #[arg(value_name = "APP")]
        apps: Vec<String>,
    },
    /// Show what a sync would change; exits 0 when that is nothing, 1 when it is something, 2 on error
    Diff {
        /// Apps to compare [default: all but available ones]
        #[arg(value_name = "APP")]
        apps: Vec<String>,
        /// Show and count fields that others added, too
        #[arg(long)]
        foreign: bool,
        /// Unchanged lines around each change
        #[arg(long, short = 'U', value_name = "N", default_value_t = 3)]
        unified: usize,
    },
    /// Bring Apps to their revision
    #[command(
        override_usage = "trueup sync [OPTIONS] <APP>...\n       trueup sync [OPTIONS] --all"
    )]
    Sync(Sync),
    /// Bring an App back to a revision that it had
    Rollback {
        /// The App
        #[arg(value_name = "APP")]
        app: String,
        /// Number of the record in its history, or the revision recorded there
        #[arg(long, value_name = "ID|REVISION")]
        to: String,
        /// Whether to ask, and how long to wait
        #[command(flatten)]
        run: Run,
    },
    /// Show what was synced, when, by whom and from which revision
    History {
        /// The App
        #[arg(value_name = "APP")]
        app: String,
    },
    /// Print the manifests of a directory as a YAML stream; needs neither cluster nor repository
    Render {
        /// The directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Descend into subdirectories
        #[arg(long, short = 'R')]
        recurse: bool,
    },
    /// List the clusters and what may be done there
    Clusters,
    /// Check terminal, kubeconfig, clusters and repositories, and say what to do
    Doctor,
    /// Print the settings that hold, and where each comes from
    Config,
    /// Print a completion script
    Completions {
        /// The shell that it is for
        shell: Shell,
    },
    /// Print completions of the last word
    #[command(name = "__complete", hide = true)]
    Complete {
        /// The words of the line up to the cursor, the program's name first
        #[arg(last = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
}

/// What a sync is to cover and how.
#[derive(Clone, Debug, Default, Args)]
pub struct Sync {
    /// Apps to sync
    #[arg(
        value_name = "APP",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub apps: Vec<String>,
    /// Sync all Apps but available ones
    #[arg(long)]
    pub all: bool,
    /// With --all: available ones, too
    #[arg(long)]
    pub available: bool,
    /// Delete what the App holds and Git no longer has
    #[arg(long)]
    pub prune: bool,
    /// Allow that everything is deleted that the App of this name holds
    #[arg(long, value_name = "NAME")]
    pub prune_all: Option<String>,
    /// Take over objects that somebody else manages
    #[arg(long)]
    pub adopt: bool,
    /// Only this object: [group/]Kind/[namespace/]name, the name with * or without (repeatable)
    #[arg(long, value_name = "OBJECT", value_parser = ResourcePattern::parse)]
    pub resource: Vec<ResourcePattern>,
    /// Whether to ask, and how long to wait
    #[command(flatten)]
    pub run: Run,
}

/// How a Plan is run.
#[derive(Clone, Debug, Default, Args)]
pub struct Run {
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Print the Plan and stop
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Wait until the Apps are healthy
    #[arg(long)]
    pub wait: bool,
    /// How long the Run and the wait after it may take (30s, 10m) [default: as long as the Run takes, then 10m]
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    pub timeout: Option<Duration>,
}

/// A shell that completions are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// Fish
    Fish,
}

impl Command {
    /// Whether it is about Apps, so that it is an error when no source is named and none is here.
    pub fn needs_source(&self) -> bool {
        !matches!(self, Self::Clusters | Self::Doctor)
    }

    /// Whether it can print in a form.
    pub fn prints(&self, format: Format) -> bool {
        match format {
            Format::Text => true,
            Format::Markdown => matches!(self, Self::Diff { .. }),
            Format::Json => !matches!(
                self,
                Self::Render { .. } | Self::Completions { .. } | Self::Complete { .. }
            ),
        }
    }
}

/// Number of the word that is the command, the program's name being 0; `None` where there is none.
///
/// What stands before it are flags with their values.
pub fn command_at(root: &clap::Command, words: &[String]) -> Option<usize> {
    let mut is_value = false;
    for (i, word) in words.iter().enumerate().skip(1) {
        if std::mem::take(&mut is_value) {
            continue;
        }
        if word == "--" {
            return None;
        }
        if !word.starts_with('-') {
            return root.find_subcommand(word).map(|_| i);
        }
        is_value = !word.contains('=') && flag_named(root, word).is_some_and(takes_value);
    }
    None
}

/// The flag that a word names; of short ones in a row the last.
pub fn flag_named<'c>(command: &'c clap::Command, word: &str) -> Option<&'c clap::Arg> {
    command
        .get_arguments()
        .find(|arg| match word.strip_prefix("--") {
            Some(long) => arg.get_long() == Some(long),
            None => word
                .strip_prefix('-')
                .and_then(|rest| rest.chars().next_back())
                .is_some_and(|short| arg.get_short() == Some(short)),
        })
}

/// Whether the word after a flag is its value.
pub fn takes_value(arg: &clap::Arg) -> bool {
    matches!(
        arg.get_action(),
        clap::ArgAction::Set | clap::ArgAction::Append
    )
}

impl Cli {
    /// A line that is being typed, without its last word, as far as it can be understood.
    pub fn of_words(words: &[String]) -> Option<Self> {
        let (_, before) = words.split_last()?;
        (1..=before.len())
            .rev()
            .find_map(|n| Self::read(before[..n].iter().map(Into::into).collect()).ok())
    }

    /// Reads the words of the line, the program's name first.
    ///
    /// # Errors
    /// What clap says; help and version are among it.
    pub fn read(words: Vec<std::ffi::OsString>) -> Result<Self, clap::Error> {
        let mut root = Self::command();
        root.build();
        let texts: Vec<String> = words
            .iter()
            .map(|w| w.to_string_lossy().into_owned())
            .collect();
        let mut words = words;
        // Clap forgets the values that a repeated global flag has before the command when it has others after it.
        if let Some(at) = command_at(&root, &texts)
            && let Some(head) = words.get_mut(1..=at)
        {
            head.rotate_right(1);
        }
        let matches = Self::command().try_get_matches_from(words)?;
        Self::from_arg_matches(&matches)
    }

    /// Checks what clap cannot.
    ///
    /// # Errors
    /// A form that the command has not, a sync of the work tree, sources before a command.
    pub fn check(&self) -> Result<(), Problem> {
        let config = |what: &str| Problem::new(ProblemKind::Config, what);
        let Some(command) = &self.command else {
            if self.globals.output.is_some() {
                return Err(config("the console has no -o")
                    .hint("Give a command, as in `trueup apps -o json`."));
            }
            return Ok(());
        };
        if let Some(source) = self.sources.first() {
            return Err(config("a source stands before the command")
                .at(source.clone())
                .hint(format!("With a command, write --source {source}.")));
        }
        let format = self.globals.output.unwrap_or_default();
        if !command.prints(format) {
            let only = match format {
                Format::Markdown => "Only `trueup diff` prints Markdown.",
                _ => "This command prints text alone.",
            };
            return Err(config("the command does not print in this form").hint(only));
        }
        if matches!(command, Command::Sync(_) | Command::Rollback { .. })
            && self.globals.revision.as_deref() == Some("worktree")
        {
            return Err(config(
                "the work tree cannot be synced: nobody else could see what was synced",
            )
            .hint("Commit first. `trueup diff --revision worktree` compares it."));
        }
        if let Command::Sync(sync) = command
            && sync.available
            && !sync.all
        {
            return Err(config("--available goes with --all")
                .hint("An App that is named is synced whether or not it is merely available."));
        }
        if matches!(command, Command::Rollback { .. }) && self.globals.revision.is_some() {
            return Err(
                config("a rollback takes its revision from --to").hint("Leave --revision out.")
            );
        }
        Ok(())
    }

    /// What may be wrong with a source that is neither there nor a URL: a mistyped command, most likely.
    pub fn mistyped_command(source: &str) -> Option<String> {
        let names: Vec<String> = Self::command()
            .get_subcommands()
            .filter(|c| !c.is_hide_set())
            .map(|c| c.get_name().to_owned())
            .collect();
        let near = nearest(source, names.iter().map(String::as_str))?;
        Some(format!("Did you mean `trueup {near}`?"))
    }

    /// The flags that stand for settings.
    pub fn flags(&self) -> Vec<Flag> {
        let globals = &self.globals;
        let mut flags = Vec::new();
        let mut set = |setting, value: serde_json::Value, flag: &str| {
            flags.push(Flag {
                setting,
                value,
                flag: flag.to_owned(),
            });
        };
        let sources: Vec<&String> = self.sources.iter().chain(&globals.source).collect();
        if !sources.is_empty() {
            let flag = if self.sources.is_empty() {
                "--source"
            } else {
                "SOURCE"
            };
            set("repositories", json!(sources), flag);
        }
        if !globals.app_files.is_empty() {
            let paths: Vec<_> = globals
                .app_files
                .iter()
                .map(|p| p.to_string_lossy())
                .collect();
            set("apps", json!(paths), "--apps");
        }
        if !globals.context.is_empty() {
            set("context", json!(globals.context), "--context");
        }
        if let Some(namespace) = &globals.namespace {
            set("namespace", json!(namespace), "--namespace");
        }
        if let Some(file) = &globals.kubeconfig {
            set("kubeconfig", json!(file.to_string_lossy()), "--kubeconfig");
        }
        if globals.read_only {
            set("read-only", json!(true), "--read-only");
        }
        match (globals.no_color, globals.color) {
            (true, _) => set("color", json!("never"), "--no-color"),
            (_, Some(Color::Auto)) => set("color", json!("auto"), "--color"),
            (_, Some(Color::Always)) => set("color", json!("always"), "--color"),
            (_, Some(Color::Never)) => set("color", json!("never"), "--color"),
            _ => {}
        }
        if globals.debug {
            set("log", json!("debug"), "--debug");
        }
        flags
    }
}

#[cfg(test)]
mod tests;
