//! The terminal: entered and left as a whole, restored on every way out, written to only when something changed.

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::sync::Notify;

use crate::domain::{Problem, ProblemKind, Result};

/// Frames and bytes sent so far.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    inner: Arc<(AtomicU64, AtomicU64)>,
}

impl Counters {
    /// Frames in which something was sent.
    pub fn frames(&self) -> u64 {
        self.inner.0.load(Ordering::Relaxed)
    }

    /// Bytes sent.
    pub fn bytes(&self) -> u64 {
        self.inner.1.load(Ordering::Relaxed)
    }
}

/// A writer that counts.
#[derive(Debug)]
pub struct Counted<W> {
    writer: W,
    counters: Counters,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.writer.write(buf)?;
        self.counters.inner.1.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A backend that sends a frame as one synchronised update, and nothing at all where no cell differs.
#[derive(Debug)]
pub struct Screen<W: Write> {
    backend: CrosstermBackend<Counted<W>>,
    counters: Counters,
    cursor_hidden: bool,
}

impl<W: Write> Screen<W> {
    /// A screen that writes to a writer, best a buffered one.
    pub fn new(writer: W, counters: Counters) -> Self {
        let writer = Counted {
            writer,
            counters: counters.clone(),
        };
        Self {
            backend: CrosstermBackend::new(writer),
            counters,
            cursor_hidden: false,
        }
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.counters.inner.0.fetch_add(1, Ordering::Relaxed);
        queue!(self.backend, BeginSynchronizedUpdate)?;
        self.backend.draw(content)?;
        queue!(self.backend, EndSynchronizedUpdate)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor_hidden {
            return Ok(());
        }
        self.cursor_hidden = true;
        self.backend.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.cursor_hidden = false;
        self.backend.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.backend.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.backend.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.backend.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.backend.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.backend.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.backend.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.backend)
    }
}

/// Whether the terminal is ours at the moment, so that it is given back once.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Sets the panic hook once, however often the terminal is taken.
static HOOK: Once = Once::new();

/// Told of a panic while the terminal was ours.
static PANICKED: Notify = Notify::const_new();

/// The terminal while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal: raw mode, the alternate screen, pastes as such. A panic gives it back before it is reported.
    ///
    /// # Errors
    /// Standard input or output is not a terminal, or it refuses.
    pub fn enter() -> Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(
                Problem::new(ProblemKind::Local, "the console needs a terminal")
                    .because("standard input or output is not one")
                    .hint("In a script, use the commands: trueup apps, diff, sync and the others of `trueup --help`."),
            );
        }
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let ours = restore();
                previous(info);
                if ours {
                    PANICKED.notify_one();
                }
            }));
        });
        let guard = Self(());
        take().map_err(|error| broken(&error))?;
        Ok(guard)
    }
}

/// Why the console cannot be drawn.
pub(super) fn broken(error: &io::Error) -> Problem {
    Problem::new(ProblemKind::Local, "the terminal cannot be used").because_of(error)
}

/// Makes the terminal ours.
fn take() -> io::Result<()> {
    ENTERED.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    stop_other_writers();
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        Clear(crossterm::terminal::ClearType::All),
        EnableBracketedPaste,
        cursor::Hide
    )
}

/// Ends when something has panicked while the terminal was ours, on whatever thread: the terminal is given back by
/// then, so nothing more may be drawn.
pub async fn panicked() {
    PANICKED.notified().await;
}

/// Gives the terminal to the shell, stops the process as Ctrl-Z would, and takes the terminal again when it goes on.
/// Where nobody could make it go on, it does not stop.
///
/// # Errors
/// The terminal cannot be taken again.
#[cfg(unix)]
pub fn suspend() -> Result<()> {
    restore();
    // The whole group, as the terminal itself would: a shell waits for all of a job.
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
    take().map_err(|error| broken(&error))
}

/// Gives the terminal to somebody who asks the person something, as the shell would have it, and says who it is. What
/// was typed before is no answer. Says whether it was ours to give.
pub fn lend(why: &str) -> bool {
    let ours = restore();
    if ours {
        forget_typed();
        let why = crate::domain::text::visible(why);
        let _ = writeln!(io::stdout(), "trueup: {why}. Ctrl-C goes back.");
    }
    ours
}

/// Makes a lent terminal ours again. What was typed into it after the last answer is not for us.
///
/// # Errors
/// It cannot be taken again.
pub fn take_back() -> Result<()> {
    forget_typed();
    take().map_err(|error| broken(&error))
}

fn forget_typed() {
    #[cfg(unix)]
    {
        let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once; says whether it was ours. Nothing more can be done where that fails: the terminal
/// may be gone.
pub fn restore() -> bool {
    let ours = ENTERED.swap(false, Ordering::SeqCst);
    if ours {
        let _ = execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = disable_raw_mode();
    }
    ours
}

/// A program that is run in the background (a credential plugin, a credential helper) may open the terminal itself and
/// write its question across the screen. It is stopped instead, until its deadline ends it and says so. Leaving raw mode
/// takes this back with the rest.
fn stop_other_writers() {
    #[cfg(unix)]
    {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        if let Ok(mut modes) = tcgetattr(io::stdin()) {
            modes.local_modes |= LocalModes::TOSTOP;
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
        }
    }
}

/// Columns and rows of the terminal; `None`: there is none.
pub fn size() -> Option<(u16, u16)> {
    crossterm::terminal::size().ok()
}
