//! A read-only view of a directory tree: one Git tree, or a working directory. Rendering sees files only through
//! it, so what a render depends on is exactly what it read.

mod memory;
mod path;
mod recorder;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{Problem, ProblemKind, Result};

pub use memory::{MemoryEntry, MemoryTree};
pub use path::RepoPath;
pub use recorder::{ReadRecord, Recorder, reads_unchanged};

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, not followed.
    Symlink,
    /// A Git submodule: a commit of another repository, whose files are not here.
    Submodule,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// Its name: one part of a path.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// A read-only directory tree. Implementations follow no symbolic link; [`Tree::resolve`] does, inside the tree.
pub trait Tree: Send + Sync {
    /// What to call this tree in messages: a short commit id, or `worktree`.
    fn label(&self) -> String;

    /// What stands at a path; `None`: nothing. The root is a directory.
    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>>;

    /// The entries of a directory, sorted by name. Names that are not UTF-8 are a Problem.
    fn list(&self, dir: &RepoPath) -> Result<Vec<Entry>>;

    /// The content of a regular file; [`ProblemKind::TooLarge`] when it has more than `limit` bytes, before it is
    /// read.
    fn read(&self, file: &RepoPath, limit: u64) -> Result<Vec<u8>>;

    /// The target of a symbolic link, as written.
    fn link(&self, path: &RepoPath) -> Result<String>;

    /// A fingerprint of the content of a file or link (a Git object id, or a hash of its bytes in the same form);
    /// `None` where there is none.
    fn content_id(&self, path: &RepoPath) -> Result<Option<String>>;

    /// A fingerprint of the names and kinds in a directory, blind to the content of what it lists; `None` where there
    /// is no such directory.
    fn listing_id(&self, dir: &RepoPath) -> Result<Option<String>> {
        match self.kind(dir)? {
            Some(EntryKind::Directory) => Ok(Some(listing_id(&self.list(dir)?))),
            _ => Ok(None),
        }
    }

    /// Follows symbolic links in every part of a path, inside the tree.
    ///
    /// # Errors
    /// A link that leaves the tree, forms a loop, or points nowhere.
    fn resolve(&self, path: &RepoPath) -> Result<RepoPath> {
        let mut at = RepoPath::root();
        let mut rest: Vec<String> = path.parts().rev().map(str::to_owned).collect();
        let mut n_links = 0;
        while let Some(part) = rest.pop() {
            let next = at.entry(&part);
            if self.kind(&next)? != Some(EntryKind::Symlink) {
                at = next;
                continue;
            }
            n_links += 1;
            if n_links > 40 {
                return Err(
                    Problem::new(ProblemKind::Invalid, "the symbolic link forms a loop")
                        .at(path.to_string()),
                );
            }
            let target = self.link(&next)?;
            let resolved = at.join(&target).map_err(|_| {
                Problem::new(
                    ProblemKind::Invalid,
                    "the symbolic link leaves the repository",
                )
                .at(next.to_string())
                .because(format!("it points to {target}"))
                .hint("Let it point to a file of the repository, or put the file in its place.")
            })?;
            rest.extend(resolved.parts().rev().map(str::to_owned));
            at = RepoPath::root();
        }
        Ok(at)
    }
}

/// [`Tree::listing_id`] of a directory with these entries. A hash: hundreds of Apps record the listing of one directory
/// that holds them all.
pub fn listing_id(entries: &[Entry]) -> String {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        (seed, entries).hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}
