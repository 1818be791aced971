//! The console: state, message, update, view, keymap, theme. No I/O but the terminal; the engine is all it talks to.
//!
//! Start reading at [`run`], then [`update()`] and [`view`]. Every text from outside reaches the screen through
//! `painter::Painter`, which makes control characters visible.

mod command_line;
mod detail;
mod dialogs;
mod document;
mod field;
pub mod fit;
pub mod glyphs;
pub mod keymap;
mod layout;
mod link;
mod list;
mod message;
mod painter;
mod run;
mod screens;
mod state;
pub mod terminal;
pub mod theme;
mod update;
pub mod view;
mod wording;

pub use keymap::Keymap;
pub use layout::LEAST;
pub use message::{Effect, Message};
pub use run::{EngineLink, Exit, Options, run};
pub use state::State;
pub use terminal::Counters;
pub use terminal::size;
pub use theme::{Background, Depth, Theme};
pub use update::update;
