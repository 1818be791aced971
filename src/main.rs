//! trueup: wires the rooms together.

use std::process::ExitCode;
use std::sync::Arc;

use trueup::cli::commands::{self, Process, Setup};
use trueup::cli::{Cli, Exit};
use trueup::domain::{Clock, Problem, ProblemKind, SystemClock};
use trueup::{log, tui};

fn main() -> ExitCode {
    // Errors that nobody foresaw are shown with where they come from; Problems have their own words.
    let _ = color_eyre::install();
    // The one TLS provider, for clusters and for Git alike.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::read(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(error) => return commands::tell(&error).into(),
    };
    let process = Process {
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        kubeconfig: std::env::var_os("KUBECONFIG"),
        here: std::env::current_dir().unwrap_or_else(|_| ".".into()),
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        clock: Arc::new(SystemClock),
    };
    let setup = match commands::setup(&cli, &process) {
        Ok(setup) => setup,
        Err(problems) => {
            commands::complain(None, &process, &problems);
            return Exit::Error.into();
        }
    };
    let mut problems = Vec::new();
    if let Err(problem) = log::start(&setup.places.log_file, &setup.loaded.settings.log) {
        problems.push(problem);
    }
    // The console would cover it: there it is among what is wrong.
    if cli.command.is_some() {
        commands::complain(Some(&setup), &process, &problems);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem = Problem::new(ProblemKind::Local, "no threads can be started");
            commands::complain(Some(&setup), &process, &[problem.because_of(&error)]);
            return Exit::Error.into();
        }
    };
    let exit = runtime.block_on(async {
        match &cli.command {
            Some(command) => commands::run(&cli, command, &setup, &process).await,
            None => console(&cli, &setup, &process, problems).await,
        }
    });
    commands::end_plugins();
    // Work that nobody waits for (a fetch) does not keep the program.
    runtime.shutdown_background();
    exit.into()
}

async fn console(cli: &Cli, setup: &Setup, process: &Process, problems: Vec<Problem>) -> Exit {
    let clock: Arc<dyn Clock> = process.clock.clone();
    let variable = |name: &str| process.environment.get(name).cloned();
    let options = match tui::Options::from_settings(&setup.loaded.settings, clock, variable) {
        Ok(options) => options,
        Err(problem) => {
            commands::complain(Some(setup), process, &[problem]);
            return Exit::Error;
        }
    };
    let engine = commands::engine(cli, setup, process, problems);
    match tui::run(engine, options).await {
        // The panic has spoken for itself, on the screen that was given back.
        Ok(tui::Exit::Panic) => Exit::Error,
        Ok(tui::Exit::Engine) => {
            let problem = Problem::new(ProblemKind::Internal, "what feeds the console has ended")
                .hint("The log says more; `trueup config` names its place.");
            commands::complain(Some(setup), process, &[problem]);
            Exit::Error
        }
        Ok(tui::Exit::Signal(number)) => Exit::Signal(number),
        Ok(tui::Exit::Quit | tui::Exit::Closed) => Exit::Success,
        Err(problem) => {
            commands::complain(Some(setup), process, &[problem]);
            Exit::Error
        }
    }
}
