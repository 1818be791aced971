//! A tree in memory.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{Entry, EntryKind, RepoPath, Tree};
use crate::domain::{Problem, ProblemKind, Result};

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
}
