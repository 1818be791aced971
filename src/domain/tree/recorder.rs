//! What was read of a tree, so that the same need not be rendered twice.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::{Entry, EntryKind, RepoPath, Tree, listing_id};
use crate::domain::Result;

/// What a render read, with a fingerprint of what was there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReadRecord {
    /// The names and kinds in a directory; `None`: no such directory.
    Listing(RepoPath, Option<String>),
    /// What stands at a path; `None`: nothing.
    Kind(RepoPath, Option<EntryKind>),
    /// The content of a file or the target of a link; `None`: no such file.
    Content(RepoPath, Option<String>),
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
        let kind = self.tree.kind(path)?;
        self.note(ReadRecord::Kind(path.clone(), kind));
        Ok(kind)
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
            ReadRecord::Kind(path, kind) => tree.kind(path)? == *kind,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}
