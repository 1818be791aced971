//! The loop: keys, reports and one timer in; everything that is ready is taken, then one frame is drawn.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, Write};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use ratatui::Terminal;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::domain::{Clock, Result};
use crate::engine::{Loan, Report, Request, Snapshot};

use super::keymap::Keymap;
use super::message::{Effect, Message};
use super::state::State;
use super::terminal::{Counters, Guard, Screen, broken};
use super::theme::{Background, Depth, Theme};
use super::update::update;
use super::view::view;

/// The engine as the console sees it.
pub trait EngineLink {
    /// Asks for something; never waits.
    fn send(&self, request: Request);
    /// What is known at the moment.
    fn snapshot(&self) -> Arc<Snapshot>;
    /// The next report; `None` once the engine has ended. A future that is dropped early must lose no report.
    fn next_report(&mut self) -> impl Future<Output = Option<Report>>;
}

/// How the console looks and is operated.
#[derive(Clone)]
pub struct Options {
    /// The keys.
    pub keymap: Keymap,
    /// How many colours there are.
    pub depth: Depth,
    /// What lies behind the text.
    pub background: Background,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Frames and bytes sent, to be read by whoever keeps a clone.
    pub counters: Counters,
}

impl Options {
    /// The looks that the environment asks for, read through `variable`: `NO_COLOR`, `TERM`, `COLORTERM`, `COLORFGBG`
    /// and the locale.
    pub fn from_environment(
        clock: Arc<dyn Clock>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let get = |name: &str| variable(name).unwrap_or_default();
        let depth = Depth::from_environment(&variable);
        // `COLORFGBG` is `foreground;background` in numbers of the sixteen colours; 7 and 9 to 15 are light.
        let background = match get("COLORFGBG").rsplit(';').next().map(str::parse::<u8>) {
            Some(Ok(0..=6 | 8)) => Background::Dark,
            Some(Ok(7 | 9..=15)) => Background::Light,
            _ => Background::Unknown,
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .map(|name| get(name))
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_lowercase();
        let ascii = get("TERM") == "linux" || matches!(locale.as_str(), "c" | "posix");
        Self {
            keymap: Keymap::default(),
            depth,
            background,
            ascii,
            clock,
            counters: Counters::default(),
        }
    }
}

/// How long a signal may come after what it ended.
const AFTERMATH: Duration = Duration::from_millis(30);
/// How long whoever holds the lent terminal may take to put it in order.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The user left.
    Quit,
    /// The signal of this number asked for it (SIGTERM, SIGHUP, SIGINT).
    Signal(u8),
    /// The terminal was closed.
    Closed,
    /// The engine ended.
    Engine,
    /// Something panicked; it is on the screen that was given back.
    Panic,
}

/// Runs the console until it is left. The terminal is given back on every way out.
///
/// # Errors
/// There is no terminal, or it cannot be used.
pub async fn run(engine: impl EngineLink, options: Options) -> Result<Exit> {
    let guard = Guard::enter()?;
    let writer = io::BufWriter::with_capacity(64 << 10, io::stdout());
    let screen = Screen::new(writer, options.counters.clone());
    let terminal = Terminal::new(screen).map_err(|error| broken(&error))?;
    let exit = Console::new(engine, terminal, &options)?
        .run(EventStream::new)
        .await;
    drop(guard);
    exit
}

/// The signals that ask the console to end.
struct Signals([(SignalKind, Signal); 3]);

impl Signals {
    fn listen() -> Result<Self> {
        let on = |kind| Ok((kind, signal(kind).map_err(|error| broken(&error))?));
        Ok(Self([
            on(SignalKind::terminate())?,
            on(SignalKind::hangup())?,
            on(SignalKind::interrupt())?,
        ]))
    }

    /// The number of the next one. Dropping the future early loses none.
    async fn next(&mut self) -> u8 {
        let kind = std::future::poll_fn(|context| {
            let mut all = self.0.iter_mut();
            match all.find_map(|(kind, s)| s.poll_recv(context).is_ready().then_some(*kind)) {
                Some(kind) => Poll::Ready(kind),
                None => Poll::Pending,
            }
        });
        u8::try_from(kind.await.as_raw_value()).unwrap_or_default()
    }
}

struct Console<E, W: Write> {
    engine: E,
    terminal: Terminal<Screen<W>>,
    state: State,
    clock: Arc<dyn Clock>,
    next_change: Option<Timestamp>,
    /// Who waits for the terminal.
    loans: VecDeque<Loan>,
}

/// What is typed, let go of while somebody else reads the terminal.
struct Keys<S, F> {
    open: F,
    stream: Option<S>,
}

impl<S, F: FnMut() -> S> Keys<S, F> {
    fn let_go(&mut self) {
        self.stream = None;
    }
}

impl<S: Stream + Unpin, F: FnMut() -> S + Unpin> Stream for Keys<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let keys = self.get_mut();
        let stream = keys.stream.get_or_insert_with(&mut keys.open);
        Pin::new(stream).poll_next(cx)
    }
}

impl<E: EngineLink, W: Write> Console<E, W> {
    fn new(engine: E, mut terminal: Terminal<Screen<W>>, options: &Options) -> Result<Self> {
        let size = terminal.get_frame().area().as_size();
        let theme = Theme::new(options.depth, options.background);
        let state = State::new(
            engine.snapshot(),
            size,
            options.clock.now(),
            options.keymap.clone(),
            theme,
            options.ascii,
        );
        engine.send(Request::Select(state.apps.selected.clone()));
        Ok(Self {
            engine,
            terminal,
            state,
            clock: options.clock.clone(),
            next_change: None,
            loans: VecDeque::new(),
        })
    }

    /// Attends to everything until it is left, gives the terminal back, and stops a Run that is under way.
    async fn run<S: Stream<Item = io::Result<Event>> + Unpin>(
        mut self,
        open: impl FnMut() -> S + Unpin,
    ) -> Result<Exit> {
        let mut signals = Signals::listen()?;
        let exit = self.attend(open, &mut signals).await;
        if !matches!(exit, Ok(Exit::Panic | Exit::Engine)) {
            super::terminal::restore();
            self.stop_run(&mut signals).await;
        }
        exit
    }

    /// A Run that nobody looks after would leave its lock and its record as they are: it is stopped before its next
    /// step, and waited for until the next signal.
    async fn stop_run(&mut self, signals: &mut Signals) {
        let running = self.state.run.as_ref().filter(|run| run.is_under_way());
        let Some(ticket) = running.map(|run| run.ticket) else {
            return;
        };
        self.engine.send(Request::StopRun(ticket));
        let _ = writeln!(io::stderr(), "The Run stops before its next step …");
        loop {
            let report = tokio::select! {
                report = self.engine.next_report() => report,
                _ = signals.next() => return,
            };
            match report {
                None => return,
                Some(Report::Run(of, view)) if of == ticket && view.outcome.is_some() => return,
                Some(_) => {}
            }
        }
    }

    async fn attend<S: Stream<Item = io::Result<Event>> + Unpin>(
        &mut self,
        open: impl FnMut() -> S + Unpin,
        signals: &mut Signals,
    ) -> Result<Exit> {
        let mut events = Keys { open, stream: None };
        let mut inbox = VecDeque::new();
        loop {
            if self.state.take_dirty() {
                if self.draw().is_err() {
                    return Ok(Exit::Closed);
                }
                // Keys that were pressed before this frame was on screen must not answer what it asks.
                if take_ready(&mut events, &mut inbox).await {
                    return Ok(Exit::Closed);
                }
                inbox.push_back(Message::Shown);
            }
            if inbox.is_empty() {
                let timer = self.until_next_change();
                tokio::select! {
                    event = events.next() => match event {
                        Some(Ok(event)) => inbox.extend(message(event)),
                        Some(Err(_)) | None => return Ok(Exit::Closed),
                    },
                    report = self.engine.next_report() => match report {
                        Some(report) => inbox.extend(self.translate(report)),
                        None => return Ok(Exit::Engine),
                    },
                    () = sleep(timer) => inbox.push_back(Message::Tick),
                    number = signals.next() => return Ok(Exit::Signal(number)),
                    () = super::terminal::panicked() => return Ok(Exit::Panic),
                }
            }
            if take_ready(&mut events, &mut inbox).await {
                return Ok(Exit::Closed);
            }
            while let Poll::Ready(report) = ready(self.engine.next_report()).await {
                match report {
                    Some(report) => {
                        let message = self.translate(report);
                        inbox.extend(message);
                    }
                    None => return Ok(Exit::Engine),
                }
            }
            self.state.now = self.clock.now();
            for message in inbox.drain(..) {
                for effect in update(&mut self.state, message) {
                    match effect {
                        Effect::Ask(request) => self.engine.send(request),
                        Effect::Quit => return Ok(Exit::Quit),
                        Effect::Suspend => self.suspend()?,
                    }
                }
            }
            while let Some(loan) = self.loans.pop_front() {
                events.let_go();
                if let Some(exit) = self.lend(&loan, &mut inbox, signals).await? {
                    // Whoever asks puts the terminal in order first.
                    loan.cancel();
                    let _ = tokio::time::timeout(PATIENCE, loan.over()).await;
                    return Ok(exit);
                }
                // What ended a question is no reason to leave.
                *signals = Signals::listen()?;
            }
        }
    }

    /// Lends the terminal until whoever asks the person something is done; an interrupt ends that. Everything is sent
    /// anew then. Says why the console is to end, if it is.
    async fn lend(
        &mut self,
        loan: &Loan,
        inbox: &mut VecDeque<Message>,
        signals: &mut Signals,
    ) -> Result<Option<Exit>> {
        let ours = super::terminal::lend(loan.why());
        loan.begin();
        let over = loan.over();
        let mut over = pin!(over);
        loop {
            tokio::select! {
                () = &mut over => break,
                number = signals.next() => {
                    if i32::from(number) != SignalKind::interrupt().as_raw_value() {
                        return Ok(Some(Exit::Signal(number)));
                    }
                    loan.cancel();
                }
                report = self.engine.next_report() => match report {
                    Some(report) => inbox.extend(self.translate(report)),
                    None => return Ok(Some(Exit::Engine)),
                },
            }
        }
        // An interrupt goes to whoever asked and to us: it may end that before it is seen here.
        tokio::time::sleep(AFTERMATH).await;
        if ours {
            super::terminal::take_back()?;
            self.send_anew()?;
        }
        Ok(None)
    }

    /// Gives the terminal to the shell; once it is ours again, everything is sent anew.
    fn suspend(&mut self) -> Result<()> {
        super::terminal::suspend()?;
        self.send_anew()
    }

    /// The terminal shows nothing of ours: the next frame is a whole one.
    fn send_anew(&mut self) -> Result<()> {
        let again = |error| broken(&error);
        let size = self.terminal.size().map_err(again)?;
        self.terminal.resize(size.into()).map_err(again)?;
        self.state.touch();
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        self.state.now = self.clock.now();
        let mut next = None;
        self.terminal.draw(|frame| {
            let area = frame.area();
            if area.as_size() != self.state.size {
                update(&mut self.state, Message::Resize(area.width, area.height));
                self.state.take_dirty();
            }
            next = view(&self.state, frame);
        })?;
        self.next_change = next;
        Ok(())
    }

    fn translate(&mut self, report: Report) -> Option<Message> {
        match report {
            Report::Changed => Some(Message::Data(self.engine.snapshot())),
            Report::Loan(loan) => {
                self.loans.push_back(loan);
                None
            }
            report => Some(Message::Report(report)),
        }
    }

    fn until_next_change(&self) -> Option<Duration> {
        let next = self.next_change?;
        let wait = next.duration_since(self.clock.now());
        Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
    }
}

async fn sleep(timer: Option<Duration>) {
    match timer {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Looks once whether something is there already. It is asked with the waker of the task: a terminal's event stream
/// keeps the first waker that it is given and would otherwise wake nobody.
async fn ready<F: Future>(future: F) -> Poll<F::Output> {
    futures::poll!(pin!(future))
}

/// Takes all events that are there already; says whether the terminal is closed.
async fn take_ready(
    events: &mut (impl Stream<Item = io::Result<Event>> + Unpin),
    inbox: &mut VecDeque<Message>,
) -> bool {
    while let Poll::Ready(event) = ready(events.next()).await {
        match event {
            Some(Ok(event)) => inbox.extend(message(event)),
            Some(Err(_)) | None => return true,
        }
    }
    false
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => Some(Message::Key(key)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(width, height) => Some(Message::Resize(width, height)),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

#[cfg(test)]
mod tests;
