//! A command's engine, and waiting for it.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use crate::cli::Cli;
use crate::cli::output::Style;
use crate::domain::text::visible;
use crate::domain::{Plan, Problem, ProblemKind};
use crate::engine::{
    Draw, Engine, Loan, Move, Reach, Report, Request, Snapshot, SyncStatus, Ticket,
};
use crate::tui;

use super::signals::{Caught, Signals};
use super::{Process, Setup, start, style};

/// After this long it is said what is waited for.
const SAY_AFTER: Duration = Duration::from_millis(300);

/// How long whoever asks the person something may take to put the terminal in order.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a Draw led to.
pub enum Drawn {
    /// A Plan.
    Plan(Arc<Plan>),
    /// None yet: these Apps would go elsewhere than before.
    Moves(Vec<Move>),
}

/// A command's engine.
pub struct Session {
    /// The engine.
    pub engine: Engine,
    /// The settings.
    pub setup: Setup,
    /// The process.
    pub process: Process,
    /// The signals that ask for an end.
    pub signals: Signals,
    /// The signal that asked for it, once one has.
    pub caught: Option<Caught>,
    said: bool,
    tickets: u64,
    /// Who has the terminal at the moment, to ask the person something.
    loan: Option<Loan>,
}

impl Session {
    /// Starts an engine that looks once. Where there is a person at a terminal, they may be asked for passwords.
    pub fn start(cli: &Cli, setup: &Setup, process: &Process) -> Self {
        Self {
            signals: Signals::listen(),
            caught: None,
            engine: start(cli, setup, process, (false, is_attended()), Vec::new()),
            setup: setup.clone(),
            process: process.clone(),
            said: false,
            tickets: 0,
            loan: None,
        }
    }

    /// How standard output is to look now.
    pub fn style(&self) -> Style {
        style(
            Some(&self.setup),
            std::io::stdout().is_terminal(),
            &self.process,
        )
    }

    /// Prints to standard output.
    pub fn print(&self, text: &str) -> Result<(), Vec<Problem>> {
        super::print(text).map(drop)
    }

    /// Says on standard error what is going on, where that is a terminal. The line is replaced by the next.
    fn say(&mut self, text: &str) {
        let mut stderr = std::io::stderr();
        if !stderr.is_terminal() || super::is_dumb(&self.process) {
            return;
        }
        // A line that the terminal breaks is not removed as one.
        let columns = tui::size().map_or(80, |(columns, _)| usize::from(columns));
        let text = visible(text);
        let shown = tui::fit::head(&text, columns.saturating_sub(1));
        let _ = write!(stderr, "\r\x1b[K{shown}");
        let _ = stderr.flush();
        self.said = true;
    }

    /// Removes what the line about what is going on left behind.
    pub fn unsay(&mut self) {
        if std::mem::take(&mut self.said) {
            let mut stderr = std::io::stderr();
            let _ = write!(stderr, "\r\x1b[K");
            let _ = stderr.flush();
        }
    }

    /// Waits for the first complete verdict on everything.
    pub async fn settled(&mut self) -> Result<Arc<Snapshot>, Vec<Problem>> {
        self.until(|snapshot| snapshot.settled).await
    }

    /// Waits until something is so.
    pub async fn until(
        &mut self,
        so: impl Fn(&Snapshot) -> bool,
    ) -> Result<Arc<Snapshot>, Vec<Problem>> {
        let began = tokio::time::Instant::now();
        loop {
            let snapshot = self.engine.snapshot();
            if so(&snapshot) {
                self.unsay();
                return Ok(snapshot);
            }
            if began.elapsed() > SAY_AFTER {
                self.say(&progress(&snapshot));
            }
            let report = tokio::select! {
                report = tokio::time::timeout(SAY_AFTER, self.engine.report()) => report,
                caught = self.signals.next() => return Err(self.interrupted(caught)),
            };
            match report {
                Ok(None) => return Err(ended()),
                Ok(Some(Report::Loan(loan))) => self.lend(loan).await?,
                Ok(Some(_)) | Err(_) => {}
            }
        }
    }

    /// Lends the terminal to somebody who asks the person something.
    async fn lend(&mut self, loan: Loan) -> Result<(), Vec<Problem>> {
        self.unsay();
        self.loan = Some(loan.clone());
        loan.begin();
        tokio::select! {
            () = loan.over() => {}
            caught = self.signals.next() => {
                self.take_back().await;
                return Err(self.interrupted(caught));
            }
        }
        self.loan = None;
        Ok(())
    }

    /// Ends a question that is being asked, so that the terminal is left in order.
    pub async fn take_back(&mut self) {
        if let Some(loan) = self.loan.take() {
            loan.cancel();
            let _ = tokio::time::timeout(PATIENCE, loan.over()).await;
        }
    }

    /// Asks a question on standard error and reads the answer; whether it is the one that is wanted.
    ///
    /// # Errors
    /// There is nothing to read from, or a signal came first.
    pub async fn ask(&mut self, question: &str, wanted: &str) -> Result<bool, Vec<Problem>> {
        self.unsay();
        let mut stderr = std::io::stderr();
        let _ = stderr.write_all(visible(question).as_bytes());
        let _ = stderr.flush();
        // A thread that waits for a line cannot be called off; the end of the program does not wait for it.
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        let answer = tokio::select! {
            answer = answer => answer.unwrap_or_else(|error| Err(std::io::Error::other(error))),
            caught = self.signals.next() => {
                let _ = stderr.write_all(b"\n");
                return Err(self.interrupted(caught));
            }
        };
        let line = answer.map_err(|error| {
            vec![Problem::new(ProblemKind::Local, "the answer cannot be read").because_of(&error)]
        })?;
        Ok(line.trim().eq_ignore_ascii_case(wanted))
    }

    /// Notes the signal that ends the command.
    pub fn interrupted(&mut self, caught: Caught) -> Vec<Problem> {
        self.unsay();
        self.caught = Some(caught);
        let what = format!("interrupted ({})", caught.name);
        vec![Problem::new(ProblemKind::Cancelled, what)]
    }

    /// A ticket that was not used before.
    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Has a Plan drawn. Where Apps would go elsewhere than before and somebody is to be asked, they are the answer.
    pub async fn draw(&mut self, what: Draw) -> Result<Drawn, Vec<Problem>> {
        let ticket = self.ticket();
        self.engine.send(Request::Draw(ticket, what));
        loop {
            let report = tokio::select! {
                report = self.engine.report() => report,
                caught = self.signals.next() => return Err(self.interrupted(caught)),
            };
            match report {
                None => return Err(ended()),
                Some(Report::Drawn(t, plan)) if t == ticket => {
                    self.unsay();
                    return plan.map(Drawn::Plan).map_err(|p| vec![p]);
                }
                Some(Report::Moves(t, moves)) if t == ticket => {
                    self.unsay();
                    return Ok(Drawn::Moves(moves));
                }
                Some(Report::Loan(loan)) => self.lend(loan).await?,
                Some(_) => self.say("drawing the Plan …"),
            }
        }
    }
}

/// Whether a person sits there who can be asked. Nobody is asked through a pipe.
fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Nothing more can be waited for.
pub fn ended() -> Vec<Problem> {
    vec![Problem::new(ProblemKind::Internal, "the engine has ended")]
}

fn progress(snapshot: &Snapshot) -> String {
    if let Some(work) = snapshot.work.first() {
        return work.clone();
    }
    let connecting = snapshot
        .clusters
        .iter()
        .find(|c| c.reach == Reach::Connecting);
    if let Some(cluster) = connecting {
        return format!("connecting to {} …", cluster.context);
    }
    let known = snapshot
        .apps
        .iter()
        .filter(|a| a.sync != SyncStatus::Checking)
        .count();
    format!("comparing, {known} of {} Apps …", snapshot.apps.len())
}
