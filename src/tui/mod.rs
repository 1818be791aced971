//! The console: state, message, update, view, keymap, theme. No I/O but the terminal; the engine is all it talks to.
//!
//! Start reading at [`run`], then [`update()`] and [`view`]. Every text from outside reaches the screen through
//! [`painter::Painter`], which makes control characters visible.

pub mod command_line;
pub mod detail;
pub mod dialogs;
pub mod document;
pub mod field;
pub mod fit;
pub mod glyphs;
pub mod keymap;
pub mod layout;
mod link;
pub mod list;
pub mod message;
pub mod painter;
mod run;
pub mod screens;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;
pub mod wording;

pub use keymap::Keymap;
pub use message::{Effect, Message};
pub use run::{EngineLink, Exit, Options, run};
pub use state::State;
pub use terminal::Counters;
pub use terminal::size;
pub use theme::{Background, Depth, Theme};
pub use update::update;
