//! The command line: headless commands, text, JSON, Markdown, exit codes.
//!
//! Everything here is a function from what the engine knows to text; what starts the engine and waits for it does not
//! format, and what formats does no I/O.

mod args;
pub mod commands;
mod complete;
mod exit;
mod output;
mod pipe;
mod select;

pub use args::{Cli, Command, Format, Globals, Shell};
pub use exit::Exit;
pub use pipe::Pipe;
