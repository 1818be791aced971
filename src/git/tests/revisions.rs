//! Revisions, found and not found.

use std::fs;

use super::{checkout, path};
use crate::domain::{CommitId, ProblemKind, RepoPath, Revision};
use crate::git::fixture::Fixture;
use crate::git::{RefKind, Repo};

fn named(repo: &Repo, name: &str) -> (String, RefKind, CommitId) {
    let found = repo.resolve(&Revision::Named(name.to_owned())).unwrap();
    (found.name, found.kind, found.commit)
}

fn refused(repo: &Repo, name: &str) -> crate::domain::Problem {
    repo.resolve(&Revision::Named(name.to_owned())).unwrap_err()
}

#[test]
fn revisions() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, first, second) = checkout(dir.path());
    fixture
        .set_config("remote.origin.url", "git@host:org/x.git")
        .unwrap();
    fixture.point("refs/remotes/origin/main", &first).unwrap();
    fixture.point("refs/remotes/origin/theirs", &first).unwrap();
    fixture.tag("both").unwrap();
    fixture.point("refs/heads/both", &first).unwrap();
    let repo = Repo::discover(dir.path()).unwrap();

    let head = repo.resolve(&Revision::Head).unwrap();
    assert_eq!(
        (head.commit, head.name.as_str(), head.kind),
        (second.clone(), "main", RefKind::Branch)
    );
    assert_eq!(repo.resolve(&Revision::Worktree).unwrap().commit, second);

    let short = &second.0[..7];
    for (asked, name, kind, commit) in [
        ("main", "main", RefKind::Branch, &second),
        ("old", "old", RefKind::Branch, &first),
        ("refs/heads/old", "old", RefKind::Branch, &first),
        ("refs/tags/v1.0.0", "v1.0.0", RefKind::Tag, &first),
        ("v1.0.0", "v1.0.0", RefKind::Tag, &first),
        ("v1.1.0", "v1.1.0", RefKind::Tag, &second),
        ("theirs", "origin/theirs", RefKind::RemoteBranch, &first),
        ("origin/main", "origin/main", RefKind::RemoteBranch, &first),
        ("both", "both", RefKind::Branch, &first),
        ("~1.0", "v1.0.0", RefKind::Tag, &first),
        ("1.x", "v1.1.0", RefKind::Tag, &second),
        (">=1.0.0 <1.1.0", "v1.0.0", RefKind::Tag, &first),
        (&second.0, short, RefKind::Commit, &second),
        (short, short, RefKind::Commit, &second),
        (&second.0.to_uppercase(), short, RefKind::Commit, &second),
    ] {
        assert_eq!(
            named(&repo, asked),
            (name.to_owned(), kind, commit.clone()),
            "{asked}"
        );
    }
}

#[test]
fn revisions_that_are_not_there() {
    let dir = tempfile::tempdir().unwrap();
    checkout(dir.path());
    let repo = Repo::discover(dir.path()).unwrap();
    // An exact version is a tag's name, not a constraint; other spellings of HEAD's neighbours are no references.
    for asked in [
        "1.0.0", "1.0", "^3", "nope", "config", "0000000", "", "a b", "-x",
    ] {
        assert_eq!(refused(&repo, asked).kind, ProblemKind::NotFound, "{asked}");
    }
    for asked in [
        "HEAD~1",
        "@",
        "@{u}",
        "v1.0.0^",
        "main^{tree}",
        "main..old",
        "../x",
        ":a",
    ] {
        let problem = refused(&repo, asked);
        assert_eq!(problem.kind, ProblemKind::Unsupported, "{asked}");
        assert!(problem.hints[0].contains("a branch, a tag"), "{problem:?}");
    }
    assert_eq!(refused(&repo, &"0".repeat(40)).kind, ProblemKind::NotFound);
    assert!(refused(&repo, "mian").hints[0].contains("main"));
    assert!(refused(&repo, "v1.0.1").hints[0].contains("v1.0.0"));
    let blob = repo
        .tree(&repo.resolve(&Revision::Head).unwrap().commit)
        .unwrap();
    let blob = blob.content_id(&path("a.yaml")).unwrap().unwrap();
    assert_eq!(refused(&repo, &blob).kind, ProblemKind::Invalid);
    assert_eq!(refused(&repo, &blob[..8]).kind, ProblemKind::NotFound);
}

#[test]
fn constraints_say_that_they_pass_over_prereleases() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, ..) = checkout(dir.path());
    for tag in ["v2.0.0-rc1", "v2.0.0-rc2"] {
        fixture.tag(tag).unwrap();
    }
    let repo = Repo::discover(dir.path()).unwrap();
    let problem = refused(&repo, ">=2 <3");
    assert_eq!(problem.summary, "no tag satisfies the version constraint");
    assert!(
        problem.hints[0].contains("v2.0.0-rc2 is a pre-release"),
        "{problem:?}"
    );
    assert_eq!(named(&repo, ">=2.0.0-0 <3").0, "v2.0.0-rc2");
    assert!(refused(&repo, "^7").hints[0].starts_with("The tags are: "));
}

#[test]
fn a_short_id_of_several_commits() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, ..) = checkout(dir.path());
    let repo = Repo::discover(dir.path()).unwrap();
    // Seven digits are rarely shared; the rule for four is the same.
    let mut by_digits = std::collections::HashMap::new();
    let (digits, a, b) = (0..2000)
        .find_map(|n| {
            let b = fixture.commit(&format!("{n}"), &[]).unwrap();
            let digits = b.0[..4].to_owned();
            let a = by_digits.insert(digits.clone(), b.clone())?;
            Some((digits, a, b))
        })
        .unwrap();
    let problem = crate::git::revision::short_id(&repo.gix(), &digits).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Invalid);
    assert!(problem.causes[0].contains(&a.0) && problem.causes[0].contains(&b.0));
}

#[test]
fn a_repository_without_commits() {
    let dir = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::init(dir.path()).unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    let problem = repo.resolve(&Revision::Head).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::NotFound);
    assert_eq!(problem.summary, "the repository has no commits yet");
    assert_eq!(repo.changed_files().unwrap(), []);
    assert_eq!(repo.upstream().unwrap(), None);
    assert!(
        repo.worktree()
            .unwrap()
            .list(&RepoPath::root())
            .unwrap()
            .is_empty()
    );
    fs::write(dir.path().join("new.yaml"), "x").unwrap();
    assert_eq!(repo.changed_files().unwrap(), [path("new.yaml")]);
    // It is seen without opening it again.
    let first = fixture.commit("first", &[("a", "1")]).unwrap();
    assert_eq!(repo.resolve(&Revision::Head).unwrap().commit, first);
}

#[test]
fn a_head_on_no_branch() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, first, _) = checkout(dir.path());
    fixture.detach(&first).unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    let head = repo.resolve(&Revision::Head).unwrap();
    assert_eq!(
        (head.kind, head.name),
        (RefKind::Commit, first.short().to_owned())
    );
    assert_eq!(repo.upstream().unwrap(), None);
}
