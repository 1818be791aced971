//! The log: a file in the state directory, never the screen. Nothing secret is given to it.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use crate::domain::{Problem, ProblemKind, Result};

/// A log that has grown beyond this is put aside and begun anew.
const LARGE: u64 = 8 << 20;

/// What is wrong with a tracing filter; `None` where it can be read.
pub fn wrong_filter(filter: &str) -> Option<String> {
    let error = EnvFilter::try_new(filter).err()?;
    Some(error.to_string())
}

/// Starts logging. `filter` is a tracing filter (`info`, `trueup=debug`).
///
/// # Errors
/// The file cannot be written; nothing is logged then.
pub fn start(file: &Path, filter: &str) -> Result<()> {
    let failed = |error: &dyn std::error::Error| {
        Problem::new(ProblemKind::Local, "the log cannot be written")
            .at(file.display().to_string())
            .because(error.to_string())
            .hint("Make the state directory writable, make room on its disk, or name another with TRUEUP_STATE_DIR: where an App was synced to from here is remembered there, too.")
    };
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).map_err(|e| failed(&e))?;
    }
    if fs::metadata(file).is_ok_and(|m| m.len() > LARGE) {
        let _ = fs::rename(file, file.with_extension("log.1"));
    }
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .map_err(|e| failed(&e))?;
    let filter = EnvFilter::try_new(filter).map_err(|e| failed(&e))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Mutex::new(log))
        .with_ansi(false)
        // A disk that is full must not be told on the screen, line by line.
        .log_internal_errors(false)
        .try_init()
        .map_err(|e| {
            Problem::new(ProblemKind::Internal, "logging was started twice").because(e.to_string())
        })
}
