//! A command's engine, and waiting for it.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use crate::cli::Cli;
use crate::cli::output::Style;
use crate::domain::{Plan, Problem, ProblemKind};
use crate::engine::{Draw, Engine, Report, Request, Snapshot, Ticket};

use super::{Process, Setup, engine, out, style, unwritable};

/// After this long it is said what is waited for.
const SAY_AFTER: Duration = Duration::from_millis(300);

/// A command's engine.
pub struct Session {
    /// The engine.
    pub engine: Engine,
    /// The settings.
    pub setup: Setup,
    /// The process.
    pub process: Process,
    said: bool,
    tickets: u64,
}

impl Session {
    /// Starts an engine that looks once.
    pub fn start(cli: &Cli, setup: &Setup, process: &Process) -> Self {
        Self {
            engine: engine(cli, setup, process, false),
            setup: setup.clone(),
            process: process.clone(),
            said: false,
            tickets: 0,
        }
    }

    /// How standard output is to look now.
    pub fn style(&self) -> Style {
        style(
            Some(&self.setup),
            std::io::stdout().is_terminal(),
            &*self.process.clock,
        )
    }

    /// Prints to standard output.
    pub fn print(&self, text: &str) -> Result<(), Vec<Problem>> {
        let mut out = out();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| unwritable(&e))
    }

    /// Says on standard error what is going on, where that is a terminal. The line is replaced by the next.
    fn say(&mut self, text: &str) {
        let mut stderr = std::io::stderr();
        if !stderr.is_terminal() {
            return;
        }
        let text = crate::domain::text::visible(text);
        let shown: String = text.chars().take(100).collect();
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
            let report = tokio::time::timeout(SAY_AFTER, self.engine.report()).await;
            if let Ok(None) = report {
                return Err(ended());
            }
        }
    }

    /// A ticket that was not used before.
    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Has a Plan drawn.
    pub async fn draw(&mut self, what: Draw) -> Result<Arc<Plan>, Vec<Problem>> {
        let ticket = self.ticket();
        self.engine.send(Request::Draw(ticket, what));
        loop {
            match self.engine.report().await {
                None => return Err(ended()),
                Some(Report::Drawn(t, plan)) if t == ticket => {
                    self.unsay();
                    return plan.map_err(|p| vec![p]);
                }
                Some(_) => self.say("drawing the Plan …"),
            }
        }
    }
}

fn ended() -> Vec<Problem> {
    vec![Problem::new(ProblemKind::Internal, "the engine has ended")]
}

fn progress(snapshot: &Snapshot) -> String {
    use crate::engine::{Reach, SyncStatus};
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
