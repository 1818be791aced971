//! How far Git is from what was last synced, counted in the commits that touch an App.

use std::sync::Arc;

use crate::domain::{CommitId, EntryKind, Problem, ReadRecord, Tree};
use crate::engine::snapshot::Distance;
use crate::git::Repo;

/// Beyond this many commits the walk ends.
const MAX_COMMITS: usize = 100;

/// What is counted by.
pub(super) struct Touch<'a> {
    pub repo: &'a Repo,
    /// What rendering reads.
    pub reads: &'a [ReadRecord],
    /// Whether directories in a listing are read, too.
    pub recurse: bool,
}

/// A commit's tree.
pub(super) type TreeOf<'a> = dyn FnMut(&CommitId) -> Result<Arc<dyn Tree>, Problem> + 'a;

impl Touch<'_> {
    /// The way from the commit that was synced to the one that is looked at. `None`: one of them is gone.
    pub fn distance(
        &self,
        synced: &CommitId,
        target: &CommitId,
        tree: &mut TreeOf<'_>,
    ) -> Option<Distance> {
        Some(Distance {
            ahead: self.count(synced, target, tree)?,
            behind: self.count(target, synced, tree)?,
        })
    }

    /// How many of the commits that `to` has and `from` has not change what is read.
    fn count(&self, from: &CommitId, to: &CommitId, tree: &mut TreeOf<'_>) -> Option<usize> {
        let commits = self.repo.commits_between(from, to, MAX_COMMITS).ok()?;
        let touches = commits.iter().filter(|c| self.touches(&c.id, tree));
        Some(touches.count())
    }

    /// Whether a commit differs from each of its parents: a merge that took one side whole changes nothing itself.
    fn touches(&self, commit: &CommitId, tree: &mut TreeOf<'_>) -> bool {
        let Ok(newer) = tree(commit) else {
            return true;
        };
        let parents = self.repo.parents(commit).unwrap_or_default();
        !parents.iter().any(|parent| {
            // Cut off by a shallow clone: nobody knows.
            tree(parent).is_ok_and(|older| self.same(&*older, &*newer))
        })
    }

    fn same(&self, older: &dyn Tree, newer: &dyn Tree) -> bool {
        self.reads.iter().all(|record| {
            let ids = (self.id_there(record, older), self.id_there(record, newer));
            matches!(ids, (Ok(a), Ok(b)) if a == b)
        })
    }

    /// The fingerprint that a tree has for one thing that was read.
    fn id_there(&self, record: &ReadRecord, tree: &dyn Tree) -> Result<Option<String>, Problem> {
        match record {
            ReadRecord::Content(path, _) => tree.content_id(path),
            ReadRecord::Kind(path, _) => Ok(tree.kind(path)?.map(|kind| format!("{kind:?}"))),
            ReadRecord::Listing(dir, _) if self.recurse => tree.listing_id(dir),
            ReadRecord::Listing(dir, _) => match tree.kind(dir)? {
                Some(EntryKind::Directory) => {
                    let mut entries = tree.list(dir)?;
                    entries.retain(|entry| entry.kind != EntryKind::Directory);
                    Ok(Some(crate::domain::tree::listing_id(&entries)))
                }
                _ => Ok(None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DirectoryOptions, Recorder, RepoPath};
    use crate::git::fixture::Fixture;

    fn reads(repo: &Repo, at: &CommitId, path: &str, recurse: bool) -> Vec<ReadRecord> {
        let tree = repo.tree(at).unwrap();
        let recorder = Recorder::new(&*tree);
        let options = DirectoryOptions {
            recurse,
            ..DirectoryOptions::default()
        };
        let path = RepoPath::parse(path).unwrap();
        assert!(
            crate::render::directory(&recorder, &path, &options)
                .problems
                .is_empty()
        );
        recorder.finish()
    }

    #[test]
    fn only_commits_that_change_what_the_app_reads_are_counted() {
        let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
        let dir = tempfile::tempdir().unwrap();
        let mut git = Fixture::init(dir.path()).unwrap();
        let first = git
            .commit("One", &[("app/a.yaml", manifest), ("c.yaml", manifest)])
            .unwrap();
        git.commit("A sibling comes", &[("tools/b.yaml", other)])
            .unwrap();
        git.commit("A directory that is not read", &[("app/in/b.yaml", other)])
            .unwrap();
        git.commit("The App", &[("app/a.yaml", &format!("# said\n{manifest}"))])
            .unwrap();
        git.remove("tools/b.yaml");
        let main = git.commit("The sibling goes", &[]).unwrap();
        git.detach(&first).unwrap();
        let side = git.commit("Aside", &[("app/b.yaml", other)]).unwrap();
        git.switch("main").unwrap();
        let merge = git
            .commit_with_parents("Merge", &[("app/b.yaml", other)], &[&side])
            .unwrap();
        let repo = Repo::open(dir.path()).unwrap();
        // (path, recursive, synced, target, ahead, behind)
        for (path, recurse, synced, target, ahead, behind) in [
            ("app", false, &first, &main, 1, 0),
            ("app", true, &first, &main, 2, 0),
            ("", false, &first, &main, 0, 0),
            // Rewound, and parted.
            ("app", false, &main, &first, 0, 1),
            ("app", false, &main, &side, 1, 1),
            // The merge joins two commits and is one more, because it is neither of the two.
            ("app", false, &first, &merge, 3, 0),
            ("app", false, &main, &main, 0, 0),
        ] {
            let reads = reads(&repo, target, path, recurse);
            let touch = Touch {
                repo: &repo,
                reads: &reads,
                recurse,
            };
            let found = touch.distance(synced, target, &mut |id| repo.tree(id));
            let wanted = Some(Distance { ahead, behind });
            assert_eq!(found, wanted, "{path:?} {recurse} {synced} {target}");
        }
    }
}
