//! trueup: a GitOps console for the terminal. `docs/architecture.md` explains the rooms; layers point downward only.

pub mod domain;

pub mod merge;
pub mod yaml;

pub mod drift;
pub mod health;
pub mod sync;

pub mod cluster;
pub mod git;
pub mod render;
pub mod settings;

pub mod log;
pub mod providers;

pub mod engine;

pub mod cli;
pub mod tui;
