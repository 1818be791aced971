//! What commands print: pure functions from what the engine knows to text, JSON and Markdown.
//!
//! Texts from outside are made visible here, Secrets are masked here, and nothing is coloured that was not asked to be.

pub mod apps;
pub mod clusters;
pub mod codes;
pub mod config;
pub mod diff;
pub mod doctor;
pub mod history;
pub mod inks;
pub mod json;
pub mod markdown;
pub mod plan;
pub mod problem;
pub mod run;
pub mod style;
pub mod table;

pub use style::{Ink, Style};

#[cfg(test)]
mod printed;
#[cfg(test)]
pub(in crate::cli) mod samples;
