//! A read-only view of a directory tree: one Git tree, or a working directory. Rendering sees files only through
//! it, so what a render depends on is exactly what it read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;

use super::{Problem, ProblemKind, Result};

/// A path inside a tree: relative, `/`-separated, without `.`, `..` or empty parts. The root is the empty path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(String);

impl RepoPath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// Normalises a path as people write it (`./a//b/../c`). Fails where it leaves the tree.
    pub fn parse(text: &str) -> Result<Self> {
        Self::root().join(text)
    }

    /// A path relative to this directory, as symbolic links and manifests write them. Fails where it is absolute,
    /// holds a NUL or leaves the tree.
    pub fn join(&self, relative: &str) -> Result<Self> {
        let leaves = || {
            Problem::new(ProblemKind::Invalid, "the path leaves the repository")
                .at(relative.to_owned())
        };
        if relative.starts_with('/') || relative.contains('\0') {
            return Err(leaves());
        }
        let mut parts: Vec<&str> = self.parts().collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or_else(leaves)?;
                }
                part => parts.push(part),
            }
        }
        Ok(Self(parts.join("/")))
    }

    /// The path of an entry of this directory. `name` is one part.
    #[must_use]
    pub fn entry(&self, name: &str) -> Self {
        if self.0.is_empty() {
            Self(name.to_owned())
        } else {
            Self(format!("{}/{name}", self.0))
        }
    }

    /// The path as text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Its parts, outermost first.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|p| !p.is_empty())
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The directory that holds it; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(
            self.0
                .rsplit_once('/')
                .map_or("", |(dir, _)| dir)
                .to_owned(),
        ))
    }

    /// Whether it is `dir` or lies below it.
    pub fn is_within(&self, dir: &Self) -> bool {
        dir.is_root()
            || self.0 == dir.0
            || self
                .0
                .strip_prefix(&dir.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for RepoPath {
    /// The path, `.` for the root.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

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

/// What a render read, with a fingerprint of what was there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReadRecord {
    /// The names and kinds in a directory; `None`: no such directory.
    Listing(RepoPath, Option<String>),
    /// The content of a file or the target of a link; `None`: no such file.
    Content(RepoPath, Option<String>),
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

/// A tree that remembers what was read from the tree behind it.
pub struct Recorder<'t> {
    tree: &'t dyn Tree,
    reads: Mutex<BTreeSet<ReadRecord>>,
}

impl<'t> Recorder<'t> {
    /// Starts a record.
    pub fn new(tree: &'t dyn Tree) -> Self {
        Self {
            tree,
            reads: Mutex::default(),
        }
    }

    /// Ends the record.
    pub fn finish(self) -> Vec<ReadRecord> {
        let reads = self.reads.into_inner();
        reads
            .unwrap_or_else(|e| e.into_inner())
            .into_iter()
            .collect()
    }

    fn note(&self, record: ReadRecord) {
        let mut reads = self.reads.lock().unwrap_or_else(|e| e.into_inner());
        reads.insert(record);
    }
}

impl Tree for Recorder<'_> {
    fn label(&self) -> String {
        self.tree.label()
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>> {
        // Whether something is there, and what, is part of its parent's listing.
        if let Some(parent) = path.parent() {
            let listing = self.tree.listing_id(&parent)?;
            self.note(ReadRecord::Listing(parent, listing));
        }
        self.tree.kind(path)
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<Entry>> {
        let entries = self.tree.list(dir)?;
        self.note(ReadRecord::Listing(dir.clone(), Some(listing_id(&entries))));
        Ok(entries)
    }

    fn read(&self, file: &RepoPath, limit: u64) -> Result<Vec<u8>> {
        self.note(ReadRecord::Content(
            file.clone(),
            self.tree.content_id(file)?,
        ));
        self.tree.read(file, limit)
    }

    fn link(&self, path: &RepoPath) -> Result<String> {
        self.note(ReadRecord::Content(
            path.clone(),
            self.tree.content_id(path)?,
        ));
        self.tree.link(path)
    }

    fn listing_id(&self, dir: &RepoPath) -> Result<Option<String>> {
        let id = self.tree.listing_id(dir)?;
        self.note(ReadRecord::Listing(dir.clone(), id.clone()));
        Ok(id)
    }

    fn content_id(&self, path: &RepoPath) -> Result<Option<String>> {
        let id = self.tree.content_id(path)?;
        self.note(ReadRecord::Content(path.clone(), id.clone()));
        Ok(id)
    }
}

/// Whether everything that a render read is the same in another tree, so that it would render the same.
pub fn reads_unchanged(reads: &[ReadRecord], tree: &dyn Tree) -> Result<bool> {
    for record in reads {
        let same = match record {
            ReadRecord::Content(path, id) => tree.content_id(path)? == *id,
            ReadRecord::Listing(dir, id) => tree.listing_id(dir)? == *id,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a [`MemoryTree`] holds at a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MemoryEntry {
    /// A regular file, by its content.
    File(Vec<u8>),
    /// A directory; those above an entry need not be given.
    Directory,
    /// A symbolic link, by its target.
    Symlink(String),
    /// A Git submodule.
    Submodule,
}

impl From<&str> for MemoryEntry {
    fn from(content: &str) -> Self {
        Self::File(content.into())
    }
}

impl From<Vec<u8>> for MemoryEntry {
    fn from(content: Vec<u8>) -> Self {
        Self::File(content)
    }
}

/// A tree that exists in memory alone.
#[derive(Clone, Debug)]
pub struct MemoryTree {
    label: String,
    directories: BTreeMap<RepoPath, BTreeMap<String, MemoryEntry>>,
}

impl Default for MemoryTree {
    fn default() -> Self {
        Self {
            label: "memory".to_owned(),
            directories: BTreeMap::from([(RepoPath::root(), BTreeMap::new())]),
        }
    }
}

impl MemoryTree {
    /// A tree of the given entries.
    ///
    /// # Errors
    /// A path that leaves the tree.
    pub fn new<'p, E: Into<MemoryEntry>>(
        entries: impl IntoIterator<Item = (&'p str, E)>,
    ) -> Result<Self> {
        let mut tree = Self::default();
        for (path, entry) in entries {
            tree.set(&RepoPath::parse(path)?, entry.into());
        }
        Ok(tree)
    }

    /// Puts an entry at a path, in the place of what was there, and makes the directories above it. Does nothing for the
    /// root.
    pub fn set(&mut self, path: &RepoPath, entry: MemoryEntry) {
        let Some(parent) = path.parent() else {
            return;
        };
        if !self.directories.contains_key(&parent) {
            self.set(&parent, MemoryEntry::Directory);
        }
        self.remove(path);
        if entry == MemoryEntry::Directory {
            self.directories.insert(path.clone(), BTreeMap::new());
        }
        let siblings = self.directories.entry(parent).or_default();
        siblings.insert(path.name().to_owned(), entry);
    }

    /// Removes what stands at a path, with all below it.
    pub fn remove(&mut self, path: &RepoPath) {
        let removed = path
            .parent()
            .and_then(|parent| self.directories.get_mut(&parent)?.remove(path.name()));
        if removed == Some(MemoryEntry::Directory) {
            self.directories.retain(|dir, _| !dir.is_within(path));
        }
    }

    fn entry(&self, path: &RepoPath) -> Option<&MemoryEntry> {
        match path.parent() {
            None => Some(&MemoryEntry::Directory),
            Some(parent) => self.directories.get(&parent)?.get(path.name()),
        }
    }
}

impl MemoryEntry {
    fn kind(&self) -> EntryKind {
        match self {
            Self::File(_) => EntryKind::File,
            Self::Directory => EntryKind::Directory,
            Self::Symlink(_) => EntryKind::Symlink,
            Self::Submodule => EntryKind::Submodule,
        }
    }
}

fn missing(what: &str, path: &RepoPath) -> Problem {
    Problem::new(ProblemKind::NotFound, format!("there is no such {what}")).at(path.to_string())
}

impl Tree for MemoryTree {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>> {
        Ok(self.entry(path).map(MemoryEntry::kind))
    }

    fn list(&self, dir: &RepoPath) -> Result<Vec<Entry>> {
        let entries = self.directories.get(dir);
        let entries = entries.ok_or_else(|| missing("directory", dir))?;
        let entry = |(name, entry): (&String, &MemoryEntry)| Entry {
            name: name.clone(),
            kind: entry.kind(),
        };
        Ok(entries.iter().map(entry).collect())
    }

    fn read(&self, file: &RepoPath, limit: u64) -> Result<Vec<u8>> {
        match self.entry(file) {
            Some(MemoryEntry::File(content)) if content.len() as u64 > limit => {
                let summary = format!("the file has more than {limit} bytes");
                Err(Problem::new(ProblemKind::TooLarge, summary).at(file.to_string()))
            }
            Some(MemoryEntry::File(content)) => Ok(content.clone()),
            _ => Err(missing("file", file)),
        }
    }

    fn link(&self, path: &RepoPath) -> Result<String> {
        match self.entry(path) {
            Some(MemoryEntry::Symlink(target)) => Ok(target.clone()),
            _ => Err(missing("symbolic link", path)),
        }
    }

    fn content_id(&self, path: &RepoPath) -> Result<Option<String>> {
        let entry = self.entry(path);
        let entry = entry.filter(|e| matches!(e, MemoryEntry::File(_) | MemoryEntry::Symlink(_)));
        Ok(entry.map(|entry| {
            let mut hasher = DefaultHasher::new();
            entry.hash(&mut hasher);
            format!("{:016x}", hasher.finish())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, EntryKind, MemoryEntry, MemoryTree, RepoPath, Tree as _};

    #[test]
    fn a_memory_tree_is_a_tree() {
        let path = |text| RepoPath::parse(text).unwrap();
        let mut tree = MemoryTree::new([("a/b/c.yaml", "one"), ("a/d", "two")]).unwrap();
        tree.set(&path("a/link"), MemoryEntry::Symlink("b/c.yaml".into()));
        let names = |tree: &MemoryTree, dir| -> Vec<String> {
            let entries = tree.list(&path(dir)).unwrap();
            entries.into_iter().map(|Entry { name, .. }| name).collect()
        };
        assert_eq!(names(&tree, "a"), ["b", "d", "link"]);
        assert_eq!(tree.kind(&path("a/b")), Ok(Some(EntryKind::Directory)));
        assert_eq!(tree.resolve(&path("a/link")), Ok(path("a/b/c.yaml")));
        assert_eq!(tree.read(&path("a/d"), 3), Ok(b"two".to_vec()));
        assert!(tree.read(&path("a/d"), 2).is_err());
        let before = tree.content_id(&path("a/d"));
        tree.set(&path("a/d"), "three".into());
        assert_ne!(tree.content_id(&path("a/d")), before);
        let listing = tree.listing_id(&path("a")).unwrap();
        tree.set(&path("a/d"), "four".into());
        assert_eq!(tree.listing_id(&path("a")), Ok(listing.clone()));
        tree.set(&path("a/e"), "five".into());
        assert_ne!(tree.listing_id(&path("a")), Ok(listing));
        assert_eq!(tree.listing_id(&path("a/e")), Ok(None));
        tree.set(&path("a"), "a file now".into());
        assert_eq!(names(&tree, ""), ["a"]);
        assert_eq!(tree.kind(&path("a/b/c.yaml")), Ok(None));
    }

    #[test]
    fn paths_stay_inside() {
        let ok = |text: &str| RepoPath::parse(text).map(|p| p.to_string()).ok();
        assert_eq!(ok("a/./b//../c/").as_deref(), Some("a/c"));
        assert_eq!(ok("").as_deref(), Some("."));
        assert_eq!(ok("../a"), None);
        assert_eq!(ok("a/../../b"), None);
        assert_eq!(ok("/etc/passwd"), None);
    }

    #[test]
    fn within_is_by_parts() {
        let path = |text| RepoPath::parse(text).unwrap();
        assert!(path("apps/web/x").is_within(&path("apps/web")));
        assert!(!path("apps/website").is_within(&path("apps/web")));
    }
}
