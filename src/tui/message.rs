//! What can happen to the console, and what it can ask for.

use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::engine::{Report, Request, Snapshot};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted. It goes into fields only; it is never taken for keys.
    Paste(String),
    /// The terminal has another size: columns and lines.
    Resize(u16, u16),
    /// The snapshot is a new one.
    Data(Arc<Snapshot>),
    /// The engine answered a Request.
    Report(Report),
    /// What was drawn is on screen now, and all keys pressed before it have been seen.
    Shown,
    /// The moment of the timer has come.
    Tick,
}

/// Something to be done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask the engine.
    Ask(Request),
    /// Give the terminal to the shell until it brings us back.
    Suspend,
    /// Leave.
    Quit,
}
