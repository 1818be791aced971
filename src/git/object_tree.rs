//! The files of a commit, read from the object database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind as Mode;

use crate::domain::tree::listing_id;
use crate::domain::{CommitId, Entry, EntryKind, Problem, ProblemKind, RepoPath, Result, Tree};

use super::revision::object_id;
use super::trouble::problem;

/// Decoded objects that the object database keeps at hand for this tree.
const OBJECT_CACHE_BYTES: usize = 4 << 20;
/// A symbolic link's target is a path: longer than any system takes, it is none.
const MAX_LINK_BYTES: u64 = 64 << 10;

/// The tree of one commit. Every directory is decoded once.
pub(super) struct ObjectTree {
    repo: Mutex<gix::Repository>,
    label: String,
    root: gix::ObjectId,
    dirs: Mutex<HashMap<RepoPath, Option<Arc<Dir>>>>,
}

/// A decoded directory.
#[derive(Default)]
struct Dir {
    /// By name.
    entries: Vec<(Entry, gix::ObjectId)>,
    /// The first name that is not UTF-8, as far as it can be shown.
    not_utf8: Option<String>,
    /// Its fingerprint, once somebody asked: hundreds of Apps ask about the directory that holds them.
    listing: OnceLock<String>,
}

impl Dir {
    fn find(&self, name: &str) -> Option<&(Entry, gix::ObjectId)> {
        let at = self
            .entries
            .binary_search_by(|(e, _)| e.name.as_str().cmp(name));
        at.ok().and_then(|at| self.entries.get(at))
    }
}

impl ObjectTree {
    pub(super) fn new(mut repo: gix::Repository, commit: &CommitId) -> Result<Self> {
        repo.object_cache_size_if_unset(OBJECT_CACHE_BYTES);
        let id = object_id(&repo, commit)?;
        let root = repo
            .find_commit(id)
            .and_then(|commit| Ok(commit.tree_id()?.detach()))
            .map_err(|e| missing(&e, "cannot read the commit").at(commit.short()))?;
        Ok(Self {
            repo: Mutex::new(repo),
            label: commit.short().to_owned(),
            root,
            dirs: Mutex::default(),
        })
    }

    fn repo(&self) -> MutexGuard<'_, gix::Repository> {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory at a path; `None` where there is none.
    fn dir(&self, path: &RepoPath) -> Result<Option<Arc<Dir>>> {
        let cached = |dirs: &Mutex<HashMap<_, Option<Arc<Dir>>>>| {
            let dirs = dirs.lock().unwrap_or_else(PoisonError::into_inner);
            dirs.get(path).cloned()
        };
        if let Some(dir) = cached(&self.dirs) {
            return Ok(dir);
        }
        let id = if path.is_root() {
            Some(self.root)
        } else {
            self.find(path)?
                .filter(|(kind, _)| *kind == EntryKind::Directory)
                .map(|(_, id)| id)
        };
        let dir = id
            .map(|id| self.decode(path, id))
            .transpose()?
            .map(Arc::new);
        let mut dirs = self.dirs.lock().unwrap_or_else(PoisonError::into_inner);
        dirs.insert(path.clone(), dir.clone());
        Ok(dir)
    }

    fn find(&self, path: &RepoPath) -> Result<Option<(EntryKind, gix::ObjectId)>> {
        let Some(parent) = path.parent() else {
            return Ok(Some((EntryKind::Directory, self.root)));
        };
        let Some(dir) = self.dir(&parent)? else {
            return Ok(None);
        };
        Ok(dir.find(path.name()).map(|(entry, id)| (entry.kind, *id)))
    }

    fn decode(&self, path: &RepoPath, id: gix::ObjectId) -> Result<Dir> {
        let repo = self.repo();
        let failed = |e: &gix::Error| missing(e, "cannot read the directory").at(self.place(path));
        let tree = repo.find_tree(id).map_err(|e| failed(&e))?;
        let mut dir = Dir::default();
        for entry in tree.iter() {
            let entry = entry.map_err(|e| failed(&e))?;
            let name = entry.filename();
            if !is_safe_name(name) {
                return Err(Problem::new(
                    ProblemKind::Invalid,
                    "the repository holds a name that may leave it",
                )
                .at(self.place(path))
                .because(format!("the entry is called {:?}", name.to_str_lossy())));
            }
            let Ok(name) = name.to_str() else {
                let shown = name.to_str_lossy().into_owned();
                if !matches!(entry.kind(), Mode::Blob | Mode::BlobExecutable)
                    || may_be_manifest(&shown)
                {
                    dir.not_utf8.get_or_insert(shown);
                }
                continue;
            };
            let kind = match entry.kind() {
                Mode::Tree => EntryKind::Directory,
                Mode::Blob | Mode::BlobExecutable => EntryKind::File,
                Mode::Link => EntryKind::Symlink,
                Mode::Commit => EntryKind::Submodule,
            };
            let name = name.to_owned();
            dir.entries
                .push((Entry { name, kind }, entry.oid().to_owned()));
        }
        // Git sorts directories as if their names ended in a slash.
        dir.entries.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        Ok(dir)
    }

    fn blob(&self, path: &RepoPath, id: gix::ObjectId, limit: u64) -> Result<Vec<u8>> {
        let repo = self.repo();
        let failed = |e: &gix::Error| missing(e, "cannot read the file").at(self.place(path));
        let size = repo.find_header(id).map_err(|e| failed(&e))?.size();
        if size > limit {
            return Err(too_large(size, limit).at(self.place(path)));
        }
        let mut blob = repo.find_blob(id).map_err(|e| failed(&e))?;
        Ok(blob.take_data())
    }

    fn place(&self, path: &RepoPath) -> String {
        format!("{path} at {}", self.label)
    }
}

impl Tree for ObjectTree {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>> {
        Ok(self.find(path)?.map(|(kind, _)| kind))
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<Entry>> {
        let found = self
            .dir(dir)?
            .ok_or_else(|| no_directory().at(self.place(dir)))?;
        if let Some(name) = &found.not_utf8 {
            return Err(not_utf8(name).at(self.place(dir)));
        }
        Ok(found
            .entries
            .iter()
            .map(|(entry, _)| entry.clone())
            .collect())
    }

    fn listing_id(&self, dir: &RepoPath) -> Result<Option<String>> {
        let Some(found) = self.dir(dir)? else {
            return Ok(None);
        };
        if let Some(id) = found.listing.get() {
            return Ok(Some(id.clone()));
        }
        let id = listing_id(&self.list(dir)?);
        Ok(Some(found.listing.get_or_init(|| id).clone()))
    }

    fn read(&self, file: &RepoPath, limit: u64) -> Result<Vec<u8>> {
        match self.find(file)? {
            Some((EntryKind::File, id)) => self.blob(file, id, limit),
            Some((kind, _)) => Err(not_a_file(kind).at(self.place(file))),
            None => Err(no_file().at(self.place(file))),
        }
    }

    fn link(&self, path: &RepoPath) -> Result<String> {
        match self.find(path)? {
            Some((EntryKind::Symlink, id)) => {
                String::from_utf8(self.blob(path, id, MAX_LINK_BYTES)?).map_err(|e| {
                    not_utf8(&String::from_utf8_lossy(e.as_bytes())).at(self.place(path))
                })
            }
            _ => Err(not_a_link().at(self.place(path))),
        }
    }

    fn content_id(&self, path: &RepoPath) -> Result<Option<String>> {
        Ok(self
            .find(path)?
            .filter(|(kind, _)| matches!(kind, EntryKind::File | EntryKind::Symlink))
            .map(|(_, id)| id.to_string()))
    }
}

/// Whether a name of a Git tree is one plain part of a path. Git itself refuses to check out any other.
fn is_safe_name(name: &[u8]) -> bool {
    !(name.is_empty()
        || name == b"."
        || name == b".."
        || name.eq_ignore_ascii_case(b".git")
        || name.contains(&b'/')
        || name.contains(&0))
}

/// An object that should be there and is not: a shallow or partial clone, or a damaged one.
fn missing(error: &gix::Error, summary: &str) -> Problem {
    let found = problem(error, summary);
    if error.is_not_found() {
        found.hint(
            "The clone may be shallow, partial or damaged; `git fetch --unshallow` or a new clone would help.",
        )
    } else {
        found
    }
}

pub(super) fn too_large(size: u64, limit: u64) -> Problem {
    Problem::new(ProblemKind::TooLarge, "the file is too large to be read")
        .because(format!("it has {size} bytes, the limit is {limit}"))
}

pub(super) fn no_directory() -> Problem {
    Problem::new(ProblemKind::NotFound, "no such directory")
}

pub(super) fn no_file() -> Problem {
    Problem::new(ProblemKind::NotFound, "no such file")
}

pub(super) fn not_a_file(kind: EntryKind) -> Problem {
    let what = match kind {
        EntryKind::File => "a file",
        EntryKind::Directory => "a directory",
        EntryKind::Symlink => "a symbolic link",
        EntryKind::Submodule => "a Git submodule, whose files are in another repository",
    };
    Problem::new(ProblemKind::Invalid, "not a regular file").because(format!("it is {what}"))
}

pub(super) fn not_a_link() -> Problem {
    Problem::new(ProblemKind::Invalid, "not a symbolic link")
}

/// Whether a file whose name is not UTF-8 could be read as a manifest. What could not is no loss.
pub(super) fn may_be_manifest(name: &str) -> bool {
    let ends = [".yaml", ".yml", ".json", ".jsonnet"];
    ends.iter().any(|end| name.ends_with(end))
}

pub(super) fn not_utf8(name: &str) -> Problem {
    Problem::new(ProblemKind::Invalid, "a name is not valid UTF-8")
        .because(format!("it reads like {name}"))
        .hint("Rename it, or leave its directory out.")
}
