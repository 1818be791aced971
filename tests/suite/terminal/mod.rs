//! The built program in a pseudo-terminal, its screen as a terminal emulator understands it.

mod https;
mod plain;
mod prompts;
mod pty;
mod run;
