//! One fetch at a time into a mirror.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::domain::{Problem, ProblemKind, Result};

use super::super::trouble::io_problem;
use super::beside;

const RETRY: Duration = Duration::from_millis(50);

/// The right to write a mirror, until it is dropped. The operating system holds it by the open file, so it cannot
/// outlive the process; the file itself stays and means nothing.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock beside a mirror until `stop` says otherwise.
    pub(super) fn acquire(mirror: &Path, stop: &dyn Fn() -> Option<Problem>) -> Result<Self> {
        let path = beside(mirror, ".lock");
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)
                .map_err(|e| unusable(&e, "cannot make the cache directory", dir))?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| unusable(&e, "cannot open the lock file", &path))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(e)) => {
                    return Err(io_problem(&e, "cannot lock the mirror", &path));
                }
            }
            match stop() {
                Some(problem) if problem.kind == ProblemKind::Cancelled => return Err(problem),
                Some(_) => return Err(held(&path)),
                None => {}
            }
            std::thread::sleep(RETRY);
        }
    }
}

/// The cache directory is of no use.
pub(super) fn unusable(error: &std::io::Error, summary: &str, path: &Path) -> Problem {
    io_problem(error, summary, path)
        .hint("Mirrors are kept in the cache directory: TRUEUP_CACHE_DIR names another one.")
}

fn held(path: &Path) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "another fetch of this repository has not ended yet",
    )
    .at(path.display().to_string())
    .because("another trueup, or a fetch of this one that was given up, holds the lock")
    .hint("Try again; if it stays so, end the other trueup.")
}

/// Removes what a killed fetch left in a mirror whose lock is held: lock files of single references, and packs that
/// were never finished. What cannot be removed shows itself in the fetch.
pub(super) fn sweep(mirror: &Path) {
    sweep_dir(mirror, &|name| name.ends_with(".lock"));
    sweep_tree(&mirror.join("refs"));
    sweep_dir(&mirror.join("objects").join("pack"), &|name| {
        !(name.starts_with("pack-") || name.starts_with("multi-pack-index"))
            || name.ends_with(".keep")
    });
}

fn sweep_tree(dir: &Path) {
    sweep_dir(dir, &|name| name.ends_with(".lock"));
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_tree(&entry.path());
        }
    }
}

fn sweep_dir(dir: &Path, is_leftover: &dyn Fn(&str) -> bool) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_leftover(&entry.file_name().to_string_lossy()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
