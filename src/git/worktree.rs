//! The files of a checkout as they are on disk, never outside of it.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::ByteSlice;

use crate::domain::{Entry, EntryKind, Problem, ProblemKind, RepoPath, Result, Tree};

use super::object_tree::{
    may_be_manifest, no_directory, no_file, not_a_file, not_a_link, not_utf8, too_large,
};
use super::trouble::{io_problem, problem};

/// The files of a directory, whether or not it is in a repository. The directory itself may be reached by links.
///
/// # Errors
/// There is no such directory.
pub fn directory(root: &Path) -> Result<Arc<dyn Tree>> {
    let refused =
        |summary: &str| Problem::new(ProblemKind::NotFound, summary).at(root.display().to_string());
    match root.canonicalize() {
        Ok(real) if real.is_dir() => Ok(Arc::new(Worktree::plain(real))),
        Ok(_) => Err(refused("this is not a directory")),
        Err(e) if is_absent(&e) => Err(refused("there is no such directory")),
        Err(e) => Err(io_problem(&e, "cannot look at the directory", root)),
    }
}

/// A work tree. No symbolic link is followed on the way to anything: one in the middle of a path means that nothing
/// stands there. Repositories inside it are submodules; what is neither file, directory nor link is not seen.
pub(super) struct Worktree {
    root: PathBuf,
    hash: gix::hash::Kind,
    /// Submodules that are not checked out are empty directories: only the index knows them.
    submodules: HashSet<RepoPath>,
}

impl Worktree {
    pub(super) fn new(repo: &gix::Repository, root: &Path) -> Result<Self> {
        let index = repo
            .index_or_empty()
            .map_err(|e| problem(&e, "cannot read the index").at(root.display().to_string()))?;
        let submodules = index
            .entries()
            .iter()
            .filter(|entry| entry.mode.is_submodule())
            .filter_map(|entry| RepoPath::parse(entry.path(&index).to_str().ok()?).ok())
            .collect();
        Ok(Self {
            root: root.to_owned(),
            hash: repo.object_hash(),
            submodules,
        })
    }

    /// The files of a directory that is in no repository.
    fn plain(root: PathBuf) -> Self {
        Self {
            root,
            hash: gix::hash::Kind::Sha1,
            submodules: HashSet::new(),
        }
    }

    fn on_disk(&self, path: &RepoPath) -> PathBuf {
        let mut found = self.root.clone();
        found.extend(path.parts());
        found
    }

    /// What stands at a path, reached through directories of this work tree only.
    fn metadata(&self, path: &RepoPath) -> Result<Option<(EntryKind, Metadata)>> {
        let mut at = RepoPath::root();
        let mut found = self.look(&at)?;
        for part in path.parts() {
            if !matches!(found, Some((EntryKind::Directory, _))) || is_invisible(part) {
                return Ok(None);
            }
            at = at.entry(part);
            found = self.look(&at)?;
        }
        Ok(found)
    }

    fn look(&self, path: &RepoPath) -> Result<Option<(EntryKind, Metadata)>> {
        let on_disk = self.on_disk(path);
        let metadata = match fs::symlink_metadata(&on_disk) {
            Ok(metadata) => metadata,
            Err(e) if is_absent(&e) => return Ok(None),
            Err(e) => return Err(io_problem(&e, "cannot look at the file", &on_disk)),
        };
        Ok(self
            .kind_of(path, &on_disk, &metadata)
            .map(|kind| (kind, metadata)))
    }

    fn kind_of(&self, path: &RepoPath, on_disk: &Path, metadata: &Metadata) -> Option<EntryKind> {
        let kind = metadata.file_type();
        if kind.is_symlink() {
            Some(EntryKind::Symlink)
        } else if kind.is_file() {
            Some(EntryKind::File)
        } else if !kind.is_dir() {
            None
        } else if !path.is_root()
            && (self.submodules.contains(path) || on_disk.join(".git").symlink_metadata().is_ok())
        {
            Some(EntryKind::Submodule)
        } else {
            Some(EntryKind::Directory)
        }
    }

    /// Opens a file that `metadata` was seen of, and makes sure that it is still that one.
    fn open(&self, path: &RepoPath, seen: &Metadata) -> Result<File> {
        let on_disk = self.on_disk(path);
        let failed = |e: &io::Error| io_problem(e, "cannot read the file", &on_disk);
        let file = File::open(&on_disk).map_err(|e| failed(&e))?;
        let opened = file.metadata().map_err(|e| failed(&e))?;
        if !is_same_file(seen, &opened) {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "the file was replaced while it was read",
            )
            .at(on_disk.display().to_string()));
        }
        Ok(file)
    }

    fn target(&self, path: &RepoPath) -> Result<PathBuf> {
        let on_disk = self.on_disk(path);
        fs::read_link(&on_disk).map_err(|e| io_problem(&e, "cannot read the link", &on_disk))
    }
}

impl Tree for Worktree {
    fn label(&self) -> String {
        "worktree".to_owned()
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>> {
        Ok(self.metadata(path)?.map(|(kind, _)| kind))
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<Entry>> {
        if !matches!(self.metadata(dir)?, Some((EntryKind::Directory, _))) {
            return Err(no_directory().at(dir.to_string()));
        }
        let on_disk = self.on_disk(dir);
        let failed = |e: &io::Error| io_problem(e, "cannot list the directory", &on_disk);
        let mut entries = Vec::new();
        for found in fs::read_dir(&on_disk).map_err(|e| failed(&e))? {
            let found = found.map_err(|e| failed(&e))?;
            let name = match found.file_name().into_string() {
                Ok(name) => name,
                Err(name) => {
                    let shown = name.to_string_lossy();
                    if found.file_type().is_ok_and(|kind| kind.is_file())
                        && !may_be_manifest(&shown)
                    {
                        continue;
                    }
                    return Err(not_utf8(&shown).at(dir.to_string()));
                }
            };
            if is_invisible(&name) {
                continue;
            }
            if let Some((kind, _)) = self.look(&dir.entry(&name))? {
                entries.push(Entry { name, kind });
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn read(&self, file: &RepoPath, limit: u64) -> Result<Vec<u8>> {
        let metadata = match self.metadata(file)? {
            Some((EntryKind::File, metadata)) => metadata,
            Some((kind, _)) => return Err(not_a_file(kind).at(file.to_string())),
            None => return Err(no_file().at(file.to_string())),
        };
        if metadata.len() > limit {
            return Err(too_large(metadata.len(), limit).at(file.to_string()));
        }
        let mut bytes = Vec::new();
        // It may grow while it is read.
        self.open(file, &metadata)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|e| io_problem(&e, "cannot read the file", &self.on_disk(file)))?;
        if bytes.len() as u64 > limit {
            return Err(too_large(bytes.len() as u64, limit).at(file.to_string()));
        }
        Ok(bytes)
    }

    fn link(&self, path: &RepoPath) -> Result<String> {
        if !matches!(self.metadata(path)?, Some((EntryKind::Symlink, _))) {
            return Err(not_a_link().at(path.to_string()));
        }
        let target = self.target(path)?.into_os_string();
        target
            .into_string()
            .map_err(|target| not_utf8(&target.to_string_lossy()).at(path.to_string()))
    }

    fn content_id(&self, path: &RepoPath) -> Result<Option<String>> {
        let id = match self.metadata(path)? {
            Some((EntryKind::File, metadata)) => {
                blob_id(self.hash, self.open(path, &metadata)?, metadata.len())
            }
            Some((EntryKind::Symlink, _)) => {
                let target = self.target(path)?;
                let target = gix::path::into_bstr(&target)
                    .map_err(|e| problem(&e, "cannot read the link").at(path.to_string()))?;
                blob_id(self.hash, target.as_bytes(), target.len() as u64)
            }
            _ => return Ok(None),
        };
        id.map(Some).map_err(|e| e.at(path.to_string()))
    }
}

/// The name under which Git would store these bytes, without reading them into memory at once.
fn blob_id(hash: gix::hash::Kind, content: impl Read, size: u64) -> Result<String> {
    let failed = |e: &dyn std::error::Error| {
        Problem::new(ProblemKind::Local, "cannot compute the file's id").because(e.to_string())
    };
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(&gix::objs::encode::loose_header(
        gix::objs::Kind::Blob,
        size,
    ));
    let mut content = io::BufReader::with_capacity(64 << 10, content);
    loop {
        let bytes = io::BufRead::fill_buf(&mut content).map_err(|e| failed(&e))?;
        if bytes.is_empty() {
            break;
        }
        hasher.update(bytes);
        let n = bytes.len();
        io::BufRead::consume(&mut content, n);
    }
    let id = hasher.try_finalize().map_err(|e| failed(&e))?;
    Ok(id.to_string())
}

/// Git's own directory, or the file that points to it. Case does not tell it apart on every file system.
fn is_invisible(name: &str) -> bool {
    name.eq_ignore_ascii_case(".git")
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

#[cfg(unix)]
fn is_same_file(seen: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    seen.dev() == opened.dev() && seen.ino() == opened.ino()
}

#[cfg(not(unix))]
fn is_same_file(_seen: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}
