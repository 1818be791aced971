//! Commits and how they hang together.

use gix::bstr::ByteSlice;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;
use jiff::Timestamp;

use crate::domain::{Commit, CommitId, Problem, ProblemKind, Result};

use super::repo::Repo;
use super::revision::{commit_id, object_id};
use super::trouble::problem;

/// Beyond this many commits "ahead" and "behind" say no more.
const MAX_COUNT: usize = 1000;

/// The remote-tracking branch that the branch of `HEAD` follows, as last fetched by the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its short name, as in `origin/main`.
    pub name: String,
    /// Where it is.
    pub commit: CommitId,
    /// Commits of `HEAD` that it does not have; counted up to 1000.
    pub ahead: usize,
    /// Commits of it that `HEAD` does not have; counted up to 1000.
    pub behind: usize,
}

impl Repo {
    /// A commit.
    ///
    /// # Errors
    /// No such commit here.
    pub fn commit(&self, id: &CommitId) -> Result<Commit> {
        let repo = self.gix();
        read(&repo, object_id(&repo, id)?)
    }

    /// The parents of a commit.
    ///
    /// # Errors
    /// No such commit here.
    pub fn parents(&self, id: &CommitId) -> Result<Vec<CommitId>> {
        let repo = self.gix();
        let id = object_id(&repo, id)?;
        let found = repo
            .find_commit(id)
            .map_err(|e| problem(&e, "cannot read the commit").at(id.to_string()))?;
        Ok(found
            .parent_ids()
            .map(|id| commit_id(id.detach()))
            .collect())
    }

    /// The newest commits reachable from one, itself included, at most `limit`. A shallow clone's log ends early.
    ///
    /// # Errors
    /// No such commit here.
    pub fn log(&self, tip: &CommitId, limit: usize) -> Result<Vec<Commit>> {
        let repo = self.gix();
        walk(&repo, object_id(&repo, tip)?, &[], limit)?
            .into_iter()
            .map(|id| read(&repo, id))
            .collect()
    }

    /// The newest commits that are reachable from `to` and not from `from`, at most `limit`.
    ///
    /// # Errors
    /// One of the two is not here.
    pub fn commits_between(
        &self,
        from: &CommitId,
        to: &CommitId,
        limit: usize,
    ) -> Result<Vec<Commit>> {
        let repo = self.gix();
        let (from, to) = (object_id(&repo, from)?, object_id(&repo, to)?);
        walk(&repo, to, &[from], limit)?
            .into_iter()
            .map(|id| read(&repo, id))
            .collect()
    }

    /// What the branch of `HEAD` follows. `None`: `HEAD` is on no branch, the branch follows none, or what it follows
    /// was never fetched.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn upstream(&self) -> Result<Option<Upstream>> {
        let repo = self.gix();
        let failed = |e: &gix::Error| problem(e, "cannot read the upstream branch");
        let head = repo.head().map_err(|e| failed(&e))?;
        let (Some(branch), Some(head)) = (head.referent_name(), head.id()) else {
            return Ok(None);
        };
        let Some(Ok(name)) =
            repo.branch_remote_tracking_ref_name(branch, gix::remote::Direction::Fetch)
        else {
            return Ok(None);
        };
        let found = repo
            .try_find_reference(name.as_ref())
            .map_err(|e| failed(&e))?;
        let Some(mut found) = found else {
            return Ok(None);
        };
        let theirs = found.peel_to_commit().map_err(|e| failed(&e))?.id;
        let ours = head.detach();
        Ok(Some(Upstream {
            name: name.shorten().to_str_lossy().into_owned(),
            commit: commit_id(theirs),
            ahead: walk(&repo, ours, &[theirs], MAX_COUNT)?.len(),
            behind: walk(&repo, theirs, &[ours], MAX_COUNT)?.len(),
        }))
    }

    /// Whether any remote-tracking branch of origin contains a commit. `None`: there is no such branch, so nothing is
    /// known.
    ///
    /// # Errors
    /// No such commit here.
    pub fn remote_has(&self, commit: &CommitId) -> Result<Option<bool>> {
        let repo = self.gix();
        let failed = |e: &gix::Error| problem(e, "cannot read the remote-tracking branches");
        let references = repo.references().map_err(|e| failed(&e))?;
        let mut tips = Vec::new();
        for found in references
            .prefixed("refs/remotes/origin/")
            .map_err(|e| failed(&e))?
        {
            let mut found = found.map_err(|e| failed(&e))?;
            // A dangling `origin/HEAD` is common and says nothing.
            if let Ok(tip) = found.peel_to_commit() {
                tips.push(tip.id);
            }
        }
        if tips.is_empty() {
            return Ok(None);
        }
        let id = object_id(&repo, commit)?;
        Ok(Some(
            tips.contains(&id) || walk(&repo, id, &tips, 1)?.is_empty(),
        ))
    }
}

/// The newest commits reachable from `tip` and from none of `hidden`.
fn walk(
    repo: &gix::Repository,
    tip: gix::ObjectId,
    hidden: &[gix::ObjectId],
    limit: usize,
) -> Result<Vec<gix::ObjectId>> {
    for id in hidden.iter().chain([&tip]) {
        if !repo.has_object(id) {
            return Err(no_commit(&commit_id(*id)));
        }
    }
    let failed = |e: &gix::Error| problem(e, "cannot walk the history").at(tip.to_string());
    repo.rev_walk([tip])
        .with_hidden(hidden.iter().copied())
        .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst))
        .all()
        .map_err(|e| failed(&e))?
        .take(limit)
        .map(|found| found.map(|info| info.id).map_err(|e| failed(&e)))
        .collect()
}

fn no_commit(id: &CommitId) -> Problem {
    Problem::new(ProblemKind::NotFound, "no such commit in this repository")
        .at(id.0.clone())
        .hint("It may be on no branch or tag (any more), or not fetched yet.")
}

fn read(repo: &gix::Repository, id: gix::ObjectId) -> Result<Commit> {
    let failed = |e: &gix::Error| problem(e, "cannot read the commit").at(id.to_string());
    let Some(object) = repo.try_find_object(id).map_err(|e| failed(&e))? else {
        return Err(no_commit(&commit_id(id)));
    };
    let commit = object.try_into_commit().map_err(|e| failed(&e))?;
    let author = commit.author().map_err(|e| failed(&e))?;
    // A time that does not parse or is out of range is no reason to hide a commit.
    let seconds = author.seconds();
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let message = commit.message_raw().map_err(|e| failed(&e))?;
    let summary = message.lines().find(|line| !line.trim().is_empty());
    Ok(Commit {
        id: commit_id(id),
        author: author.name.trim().to_str_lossy().into_owned(),
        time,
        summary: summary
            .unwrap_or_default()
            .trim()
            .to_str_lossy()
            .into_owned(),
    })
}
