//! What a checkout holds beside its commits: uncommitted changes and ignored files.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::Mode;
use gix::worktree::stack::state::ignore::Source;

use crate::domain::{RepoPath, Result};

use super::repo::Repo;
use super::trouble::{io_problem, problem};

impl Repo {
    /// Paths that differ from `HEAD`, sorted: staged, modified, deleted, and untracked ones that are not ignored.
    /// Submodules are not looked into. A name that is not UTF-8 is listed as far as it can be shown. A bare repository
    /// has none.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn changed_files(&self) -> Result<Vec<RepoPath>> {
        if self.is_bare() {
            return Ok(Vec::new());
        }
        let repo = self.gix();
        let failed = |e: &gix::Error| {
            problem(e, "cannot tell what is uncommitted").at(self.root().display().to_string())
        };
        let changes = repo
            .status(gix::progress::Discard)
            .and_then(|status| {
                status
                    .untracked_files(gix::status::UntrackedFiles::Files)
                    .index_worktree_submodules(None)
                    .index_worktree_rewrites(None)
                    .tree_index_track_renames(gix::status::tree_index::TrackRenames::Disabled)
                    .into_iter(None)
            })
            .map_err(|e| failed(&e))?;
        let mut paths = BTreeSet::new();
        for change in changes {
            let change = change.map_err(|e| failed(&e))?;
            // Entries that only need their cached times refreshed are no changes.
            if let gix::status::Item::IndexWorktree(item) = &change
                && item.summary().is_none()
            {
                continue;
            }
            paths.insert(RepoPath::parse(&change.location().to_str_lossy())?);
        }
        Ok(paths.into_iter().collect())
    }

    /// Whether one path is ignored. To ask for many, keep [`Repo::ignores`].
    ///
    /// # Errors
    /// The ignore files cannot be read.
    pub fn is_ignored(&self, path: &RepoPath, is_dir: bool) -> Result<bool> {
        self.ignores()?.is_ignored(path, is_dir)
    }

    /// What `.gitignore` files, `info/exclude` and the user's excludes say, read as they are needed and kept.
    ///
    /// # Errors
    /// The excludes or the index cannot be read.
    pub fn ignores(&self) -> Result<Ignores> {
        if self.is_bare() {
            return Ok(Ignores { inner: None });
        }
        let repo = self.gix();
        let failed = |e: &gix::Error| {
            problem(e, "cannot read the ignore files").at(self.root().display().to_string())
        };
        let index = repo.index_or_empty().map_err(|e| failed(&e))?;
        let stack = repo
            .excludes(&index, None, Source::WorktreeThenIdMappingIfNotSkipped)
            .map_err(|e| failed(&e))?
            .detach();
        Ok(Ignores {
            inner: Some(Mutex::new(Stack { repo, index, stack })),
        })
    }
}

/// Answers whether paths of a checkout are ignored, as of the moment it was made. Neighbouring paths are cheap.
pub struct Ignores {
    /// `None`: a bare repository ignores nothing.
    inner: Option<Mutex<Stack>>,
}

struct Stack {
    repo: gix::Repository,
    index: gix::worktree::Index,
    stack: gix::worktree::Stack,
}

impl Ignores {
    /// Whether Git would leave a path out: it matches an ignore rule, or a directory above it does, and nothing of it
    /// is tracked.
    ///
    /// # Errors
    /// An ignore file cannot be read.
    pub fn is_ignored(&self, path: &RepoPath, is_dir: bool) -> Result<bool> {
        let Some(inner) = &self.inner else {
            return Ok(false);
        };
        if path.is_root() {
            return Ok(false);
        }
        let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Stack { repo, index, stack } = &mut *inner;
        if is_tracked(index, path, is_dir) {
            return Ok(false);
        }
        let mode = is_dir.then_some(Mode::DIR);
        let name: &BStr = path.as_str().into();
        stack
            .at_path(name, mode, &repo.objects)
            .map(|found| found.is_excluded())
            .map_err(|e| {
                io_problem(
                    &e,
                    "cannot tell whether it is ignored",
                    Path::new(path.as_str()),
                )
            })
    }
}

fn is_tracked(index: &gix::index::State, path: &RepoPath, is_dir: bool) -> bool {
    let name: &BStr = path.as_str().into();
    if is_dir {
        let below = format!("{}/", path.as_str());
        index.prefixed_entries(below.as_str().into()).is_some()
            || index.entry_by_path(name).is_some()
    } else {
        index.entry_by_path(name).is_some()
    }
}
