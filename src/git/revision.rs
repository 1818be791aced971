//! From a revision as somebody asked for it to a commit.

use std::collections::{BTreeSet, HashSet};

use gix::bstr::ByteSlice;

use crate::domain::near::nearest;
use crate::domain::{CommitId, Problem, ProblemKind, Result, Revision};

use super::repo::Repo;
use super::semver::Constraint;
use super::trouble::problem;

/// Git's own least number of digits for a short id, and Argo CD's.
const MIN_SHORT_ID: usize = 7;

/// What a revision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The commit.
    pub commit: CommitId,
    /// The short name of the branch or tag that led to it (`origin/main` for a remote-tracking branch), or the short
    /// id.
    pub name: String,
    /// What led to it.
    pub kind: RefKind,
}

/// What led from a revision to its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefKind {
    /// A branch.
    Branch,
    /// A remote-tracking branch of a checkout.
    RemoteBranch,
    /// A tag, named or chosen by a version constraint.
    Tag,
    /// Any other reference, by its full name.
    Other,
    /// The id itself, or a `HEAD` that is on no branch.
    Commit,
}

impl Repo {
    /// Resolves a revision, in Argo CD's order: full id; version constraint, on tags alone; branch or tag by full or
    /// short name, a branch before a tag; short id. In a checkout a branch means the local one first, then origin's
    /// remote-tracking one. Annotated tags are peeled. The working tree's commit is `HEAD`'s.
    ///
    /// # Errors
    /// Nothing by that name (with near names as a hint), a short id of several commits, a name that leads to something
    /// else than a commit, a repository without commits.
    pub fn resolve(&self, revision: &Revision) -> Result<Resolved> {
        let repo = self.gix();
        match revision {
            Revision::Head | Revision::Worktree => head(&repo),
            Revision::Named(name) => named(&repo, name).map_err(|problem| {
                let is_beyond = self.is_mirror() && is_not_mirrored(name);
                if is_beyond && problem.kind == ProblemKind::NotFound {
                    not_mirrored(name)
                } else {
                    problem
                }
            }),
        }
        .map_err(|problem| {
            let place = match (problem.place.as_str(), revision) {
                ("", _) => self.name().to_owned(),
                // Several repositories may be looked at, and only one lacks it.
                (place, Revision::Named(name)) if place == name => {
                    format!("{}@{name}", self.name())
                }
                (place, _) => place.to_owned(),
            };
            problem.at(place)
        })
    }
}

/// The object id that a [`CommitId`] spells.
pub(super) fn object_id(repo: &gix::Repository, commit: &CommitId) -> Result<gix::ObjectId> {
    gix::ObjectId::from_hex(commit.0.as_bytes())
        .ok()
        .filter(|id| id.kind() == repo.object_hash())
        .ok_or_else(|| {
            Problem::new(ProblemKind::Invalid, "not the full id of a commit").at(commit.0.clone())
        })
}

pub(super) fn commit_id(id: impl Into<gix::ObjectId>) -> CommitId {
    CommitId(id.into().to_string())
}

fn head(repo: &gix::Repository) -> Result<Resolved> {
    let failed = |e: &gix::Error| problem(e, "cannot read HEAD");
    let mut head = repo.head().map_err(|e| failed(&e))?;
    if head.is_unborn() {
        let branch = head
            .referent_name()
            .map(|name| name.shorten().to_string())
            .unwrap_or_default();
        return Err(unborn(repo, &branch));
    }
    let branch = head.referent_name().map(ToOwned::to_owned);
    let id = head.peel_to_commit().map_err(|e| failed(&e))?.id;
    Ok(match branch {
        Some(name) => resolved(name.as_ref(), id),
        None => by_id(id),
    })
}

fn unborn(repo: &gix::Repository, branch: &str) -> Problem {
    let names = names(repo);
    if names.is_empty() {
        return Problem::new(ProblemKind::NotFound, "the repository has no commits yet")
            .hint("Commit something first.");
    }
    Problem::new(
        ProblemKind::NotFound,
        format!("the default branch {branch} has no commits"),
    )
    .hint(format!(
        "Name a revision. There are: {}.",
        first_few(names.iter().map(String::as_str))
    ))
}

fn named(repo: &gix::Repository, name: &str) -> Result<Resolved> {
    if is_hex(name)
        && name.len() == repo.object_hash().len_in_hex()
        && let Ok(id) = gix::ObjectId::from_hex(name.as_bytes())
    {
        return full_id(repo, id);
    }
    if let Some(constraint) = Constraint::parse(name) {
        let tags = short_names(repo, "refs/tags/");
        if let Some(tag) = constraint.highest(tags.iter().map(String::as_str))
            && let Some(found) = reference(repo, &format!("refs/tags/{tag}"))?
        {
            return Ok(found);
        }
    }
    for prefix in [
        "",
        "refs/heads/",
        "refs/tags/",
        "refs/remotes/origin/",
        "refs/remotes/",
    ] {
        // Without a prefix only full names count: `HEAD~1`, `index` and `config` are no references.
        if (!prefix.is_empty() || name.starts_with("refs/"))
            && let Some(found) = reference(repo, &format!("{prefix}{name}"))?
        {
            return Ok(found);
        }
    }
    if is_hex(name)
        && name.len() >= MIN_SHORT_ID
        && let Some(found) = short_id(repo, name)?
    {
        return Ok(found);
    }
    Err(no_such(repo, name))
}

fn is_hex(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_hexdigit())
}

fn reference(repo: &gix::Repository, full_name: &str) -> Result<Option<Resolved>> {
    // Names that cannot be references are simply not there.
    let Ok(name) = gix::refs::FullName::try_from(full_name) else {
        return Ok(None);
    };
    let failed = |e: &gix::Error| problem(e, "cannot read the reference").at(full_name.to_owned());
    let found = repo
        .try_find_reference(name.as_ref())
        .map_err(|e| failed(&e))?;
    // The search by parts of a name may have found `refs/heads/refs/heads/x`.
    let Some(mut found) = found.filter(|r| r.name().as_bstr() == full_name) else {
        return Ok(None);
    };
    let id = found.peel_to_id().map_err(|e| failed(&e))?.detach();
    let id = commit_of(repo, id)?.ok_or_else(|| {
        Problem::new(ProblemKind::Invalid, "the reference leads to no commit")
            .at(full_name.to_owned())
    })?;
    Ok(Some(resolved(name.as_ref(), id)))
}

fn resolved(name: &gix::refs::FullNameRef, id: gix::ObjectId) -> Resolved {
    use gix::refs::Category;
    let kind = match name.category() {
        Some(Category::LocalBranch) => RefKind::Branch,
        Some(Category::RemoteBranch) => RefKind::RemoteBranch,
        Some(Category::Tag) => RefKind::Tag,
        _ => RefKind::Other,
    };
    Resolved {
        commit: commit_id(id),
        name: name.shorten().to_str_lossy().into_owned(),
        kind,
    }
}

fn by_id(id: gix::ObjectId) -> Resolved {
    let commit = commit_id(id);
    Resolved {
        name: commit.short().to_owned(),
        commit,
        kind: RefKind::Commit,
    }
}

/// The commit that an object is, or that an annotated tag leads to; `None` for trees and blobs.
fn commit_of(repo: &gix::Repository, id: gix::ObjectId) -> Result<Option<gix::ObjectId>> {
    let failed = |e: &gix::Error| problem(e, "cannot read the object").at(id.to_string());
    let object = repo.find_object(id).map_err(|e| failed(&e))?;
    let object = object.peel_tags_to_end().map_err(|e| failed(&e))?;
    Ok((object.kind == gix::objs::Kind::Commit).then_some(object.id))
}

fn full_id(repo: &gix::Repository, id: gix::ObjectId) -> Result<Resolved> {
    if !repo.has_object(id) {
        return Err(
            Problem::new(ProblemKind::NotFound, "no such commit in this repository")
                .at(id.to_string())
                .hint("It may be on no branch or tag (any more), or not fetched yet."),
        );
    }
    commit_of(repo, id)?.map(by_id).ok_or_else(|| {
        Problem::new(ProblemKind::Invalid, "the id is not a commit's").at(id.to_string())
    })
}

pub(super) fn short_id(repo: &gix::Repository, digits: &str) -> Result<Option<Resolved>> {
    let Ok(prefix) = gix::hash::Prefix::from_hex(digits) else {
        return Ok(None);
    };
    let mut candidates = HashSet::new();
    repo.objects
        .lookup_prefix(prefix, Some(&mut candidates))
        .map_err(|e| problem(&e, "cannot look up the short id").at(digits.to_owned()))?;
    let mut commits = BTreeSet::new();
    for id in candidates {
        commits.extend(commit_of(repo, id)?);
    }
    let mut commits = commits.into_iter();
    match (commits.next(), commits.next()) {
        (None, _) => Ok(None),
        (Some(id), None) => Ok(Some(by_id(id))),
        (Some(a), Some(b)) => {
            let all = [a, b].into_iter().chain(commits).map(|id| id.to_string());
            let all: Vec<String> = all.collect();
            Err(Problem::new(
                ProblemKind::Invalid,
                "the short id is that of several commits",
            )
            .at(digits.to_owned())
            .because(first_few(all.iter().map(String::as_str)))
            .hint("Give more digits."))
        }
    }
}

fn no_such(repo: &gix::Repository, name: &str) -> Problem {
    if let Some(constraint) = Constraint::parse(name) {
        return no_version(repo, name, &constraint);
    }
    if is_expression(name) {
        return Problem::new(
            ProblemKind::Unsupported,
            "trueup does not evaluate Git's revision expressions",
        )
        .at(name.to_owned())
        .hint("A revision is a branch, a tag, a commit's id, `HEAD`, or a version constraint on tags such as `^1.2` or `>=2`.")
        .hint(format!("`git rev-parse '{name}'` prints the id of the commit."));
    }
    let names = names(repo);
    let problem =
        Problem::new(ProblemKind::NotFound, "no such branch, tag or commit").at(name.to_owned());
    let candidates: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        problem.hint(format!("Did you mean {near}?"))
    } else if candidates.is_empty() {
        problem.hint("The repository has no branches and no tags.")
    } else {
        problem.hint(format!("There are: {}.", first_few(candidates.into_iter())))
    }
}

/// Whether a name is the full one of a reference that is neither a branch nor a tag.
fn is_not_mirrored(name: &str) -> bool {
    let is_mirrored = ["refs/heads/", "refs/tags/"].map(|prefix| name.starts_with(prefix));
    name.starts_with("refs/") && !is_mirrored.contains(&true)
}

fn not_mirrored(name: &str) -> Problem {
    Problem::new(
        ProblemKind::Unsupported,
        "trueup fetches branches and tags, no other references",
    )
    .at(name.to_owned())
    .hint("Push the commit as a branch or a tag, and name that.")
    .hint(format!(
        "A checkout that has it is read as it is: `git fetch origin {name}:{name}` brings it there."
    ))
}

/// Whether a name is one that no reference can have, because it means a way from one (gitrevisions(7)).
fn is_expression(name: &str) -> bool {
    name == "@" || name.contains(['~', '^', ':']) || name.contains("@{") || name.contains("..")
}

fn no_version(repo: &gix::Repository, name: &str, constraint: &Constraint) -> Problem {
    let problem = Problem::new(
        ProblemKind::NotFound,
        "no tag satisfies the version constraint",
    )
    .at(name.to_owned());
    let tags = short_names(repo, "refs/tags/");
    let tags = || tags.iter().map(String::as_str);
    if let Some(tag) = constraint.highest_prerelease(tags()) {
        return problem.hint(format!(
            "{tag} is a pre-release: constraints pass over those unless they name one, as in `>=1.2.0-0`."
        ));
    }
    match tags().next() {
        None => problem.hint("The repository has no tags."),
        Some(_) => problem.hint(format!("The tags are: {}.", first_few(tags()))),
    }
}

/// Short names of all branches and tags.
fn names(repo: &gix::Repository) -> BTreeSet<String> {
    ["refs/heads/", "refs/tags/", "refs/remotes/origin/"]
        .into_iter()
        .flat_map(|prefix| short_names(repo, prefix))
        .filter(|name| name != "HEAD")
        .collect()
}

fn short_names(repo: &gix::Repository, prefix: &str) -> Vec<String> {
    let Ok(references) = repo.references() else {
        return Vec::new();
    };
    let Ok(found) = references.prefixed(prefix) else {
        return Vec::new();
    };
    found
        .filter_map(|r| {
            let r = r.ok()?;
            let name = r.name().as_bstr().to_str().ok()?;
            Some(name.strip_prefix(prefix)?.to_owned())
        })
        .collect()
}

fn first_few<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const FEW: usize = 8;
    let mut names: Vec<&str> = names.take(FEW + 1).collect();
    if names.len() > FEW {
        names.truncate(FEW);
        names.push("…");
    }
    names.join(", ")
}
