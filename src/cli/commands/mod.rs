//! What commands do: start an engine, wait for what they need, print it. Formats nothing itself.

mod change;
mod checks;
mod session;
mod show;
mod signals;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::{Clock, Notice, Problem, ProblemKind, Revision};
use crate::engine::{Engine, Machine, Snapshot, assemble};
use crate::settings::{ColorWhen, Loaded, Places, load};

pub use crate::cluster::end_plugins;

use super::output::{Style, problem};
use super::{Cli, Command, Exit, Format, Pipe, complete};
pub use session::Session;

/// What the process was given, beside its arguments.
#[derive(Clone)]
pub struct Process {
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// `KUBECONFIG`, which need not be Unicode.
    pub kubeconfig: Option<OsString>,
    /// The directory that it was started in.
    pub here: PathBuf,
    /// Name of the machine.
    pub host: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The settings of this call, and where trueup's own files are.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The settings.
    pub loaded: Loaded,
    /// The places.
    pub places: Places,
}

/// Reads the settings.
///
/// # Errors
/// Everything that is wrong in config file, environment and flags.
pub fn setup(cli: &Cli, process: &Process) -> Result<Setup, Vec<Problem>> {
    cli.check().map_err(|p| vec![p])?;
    // The console would open, and show nothing but that there is no such directory.
    if let Some(word) = &cli.sources.first()
        && let Some(meant) = Cli::mistyped_command(word)
        && !process.here.join(word).exists()
    {
        let what = "there is no such command, and no such directory";
        return Err(vec![
            Problem::new(ProblemKind::Config, what)
                .at(word.as_str())
                .hint(meant),
        ]);
    }
    let places =
        Places::find(&process.environment, cli.globals.config.clone()).map_err(|p| vec![p])?;
    let loaded = load(&places, &process.environment, &cli.flags())?;
    let mut problems = checks::keys(&loaded);
    problems.extend(checks::log(&loaded));
    match problems.is_empty() {
        true => Ok(Setup { loaded, places }),
        false => Err(problems),
    }
}

/// Prints what became of a line that is no command: help and version, to standard output and with success, or what is
/// wrong with it.
pub fn tell(error: &clap::Error) -> Exit {
    use std::io::ErrorKind;
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    match (printed, error.use_stderr()) {
        (_, true) => Exit::Error,
        (Ok(()), false) => Exit::Success,
        (Err(e), false) if e.kind() == ErrorKind::BrokenPipe => Exit::Success,
        (Err(e), false) => {
            let style = Style {
                color: false,
                now: crate::domain::SystemClock.now(),
            };
            let text = problem::all(&unwritable(&e), &style);
            let _ = std::io::stderr().write_all(text.as_bytes());
            Exit::Error
        }
    }
}

/// Starts the engine of a console that lends its terminal: it keeps looking, and tells what went wrong before it was
/// there. Must be called inside a Tokio runtime.
pub fn engine(cli: &Cli, setup: &Setup, process: &Process, problems: Vec<Problem>) -> Engine {
    start(cli, setup, process, (true, true), problems)
}

/// Starts an engine: one that keeps looking where `live`, else one that looks once; `lends` says whether whoever takes its
/// reports lends a terminal to prompts.
fn start(
    cli: &Cli,
    setup: &Setup,
    process: &Process,
    (live, lends): (bool, bool),
    problems: Vec<Problem>,
) -> Engine {
    let machine = Machine {
        here: process.here.clone(),
        kubeconfig: process.kubeconfig.clone(),
        places: setup.places.clone(),
        host: process.host.clone(),
        live,
        needs_source: cli.command.as_ref().is_none_or(Command::needs_source),
        revision: cli.globals.revision.as_deref().map(Revision::parse),
    };
    let (mut options, connector) = assemble(&setup.loaded.settings, &machine);
    options.lends = lends;
    options.problems.extend(problems);
    Engine::start(options, connector, process.clock.clone())
}

/// How text is to look on a stream.
fn style(setup: Option<&Setup>, is_terminal: bool, process: &Process) -> Style {
    // Before there are settings, as where they are wrong.
    let no_color = process.environment.get("NO_COLOR");
    let unset = match no_color.is_some_and(|value| !value.is_empty()) {
        true => ColorWhen::Never,
        false => ColorWhen::Auto,
    };
    let when = setup.map_or(unset, |s| s.loaded.settings.color);
    let color = match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => is_terminal && !is_dumb(process),
    };
    Style {
        color,
        now: process.clock.now(),
    }
}

/// Whether the terminal says that it can neither colour a line nor write it anew.
pub fn is_dumb(process: &Process) -> bool {
    let mut environment = process.environment.iter();
    environment.any(|(name, value)| name == "TERM" && value == "dumb")
}

/// Prints Problems to standard error.
pub fn complain(setup: Option<&Setup>, process: &Process, problems: &[Problem]) {
    let stderr = std::io::stderr();
    let style = style(setup, stderr.is_terminal(), process);
    let _ = stderr
        .lock()
        .write_all(problem::all(problems, &style).as_bytes());
}

/// Runs a command to its end.
pub async fn run(cli: &Cli, command: &Command, setup: &Setup, process: &Process) -> Exit {
    let done = match command {
        Command::Completions { shell } => print(complete::script(*shell)),
        Command::Complete { words } => show::complete(cli, setup, process, words).await,
        Command::Config => show::config(cli, setup, process),
        Command::Render { directory, recurse } => show::render(setup, process, directory, *recurse),
        command => {
            let mut session = Session::start(cli, setup, process);
            let done = in_session(&mut session, cli, command).await;
            session.take_back().await;
            if let Some(caught) = session.caught {
                complain(Some(setup), process, &done.err().unwrap_or_default());
                return Exit::Signal(caught.number);
            }
            done
        }
    };
    done.unwrap_or_else(|problems| {
        complain(Some(setup), process, &problems);
        Exit::Error
    })
}

async fn in_session(
    session: &mut Session,
    cli: &Cli,
    command: &Command,
) -> Result<Exit, Vec<Problem>> {
    let format = cli.globals.output.unwrap_or(Format::Text);
    match command {
        Command::Apps { apps } => show::apps(session, apps, format).await,
        Command::Diff {
            apps,
            foreign,
            unified,
        } => show::diff(session, apps, *foreign, *unified, format).await,
        Command::History { app } => show::history(session, app, format).await,
        Command::Clusters => show::clusters(session, format).await,
        Command::Doctor => show::doctor(session, format).await,
        Command::Sync(sync) => change::sync(session, sync, format).await,
        Command::Rollback { app, to, run } => change::rollback(session, app, to, run, format).await,
        _ => Err(vec![Problem::new(
            ProblemKind::Internal,
            "this command needs no session",
        )]),
    }
}

/// Prints notices to standard error.
fn remark(setup: &Setup, process: &Process, notices: &[Notice]) {
    let stderr = std::io::stderr();
    let style = style(Some(setup), stderr.is_terminal(), process);
    let text: String = notices.iter().map(|n| problem::notice(n, &style)).collect();
    let _ = stderr.lock().write_all(text.as_bytes());
}

/// Prints to standard output, for which a closed pipe is no error.
fn print(text: &str) -> Result<Exit, Vec<Problem>> {
    let mut out = Pipe::new(std::io::stdout());
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| unwritable(&e))?;
    Ok(Exit::Success)
}

/// Why an App is missing is most likely among what went wrong on the way.
fn with_reasons(mut problems: Vec<Problem>, snapshot: &Snapshot) -> Vec<Problem> {
    problems.retain(|p| !snapshot.problems.iter().any(|whole| whole.tells(p)));
    problems.extend(snapshot.problems.iter().cloned());
    problems
}

fn unwritable(error: &std::io::Error) -> Vec<Problem> {
    vec![Problem::new(ProblemKind::Local, "standard output cannot be written").because_of(error)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_was_sent_colours() {
        let color = |environment: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let process = Process {
                environment: environment.iter().map(owned).collect(),
                kubeconfig: None,
                here: ".".into(),
                host: String::new(),
                clock: Arc::new(crate::domain::SystemClock),
            };
            style(None, true, &process).color
        };
        assert!(color(&[("TERM", "xterm-256color")]));
        assert!(!color(&[("TERM", "dumb")]));
        assert!(!color(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
        assert!(color(&[("TERM", "xterm"), ("NO_COLOR", "")]));
    }
}
