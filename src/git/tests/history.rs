//! Commits and their order.

use std::fs;

use super::checkout;
use crate::domain::{CommitId, ProblemKind};
use crate::git::Repo;
use crate::git::fixture::Fixture;

#[test]
fn history() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, first, second) = checkout(dir.path());
    fixture.detach(&first).unwrap();
    fixture.author("Grace");
    let side = fixture.commit("side", &[("c", "1")]).unwrap();
    fixture.switch("main").unwrap();
    let merge = fixture
        .commit_with_parents("merge", &[("c", "1")], &[&side])
        .unwrap();
    let repo = Repo::discover(dir.path()).unwrap();

    let commit = repo.commit(&side).unwrap();
    assert_eq!(
        (commit.author.as_str(), commit.summary.as_str()),
        ("Grace", "side")
    );
    assert_eq!(commit.time.to_string(), "2026-01-01T00:02:00Z");
    assert_eq!(repo.commit(&first).unwrap().summary, "first");
    let ids =
        |commits: Vec<crate::domain::Commit>| commits.into_iter().map(|c| c.id).collect::<Vec<_>>();
    let all = [merge.clone(), side.clone(), second.clone(), first.clone()];
    assert_eq!(ids(repo.log(&merge, 10).unwrap()), all);
    assert_eq!(ids(repo.log(&merge, 2).unwrap()), all[..2]);
    assert_eq!(
        ids(repo.commits_between(&second, &merge, 10).unwrap()),
        [merge.clone(), side.clone()]
    );
    assert_eq!(ids(repo.commits_between(&merge, &second, 10).unwrap()), []);
    for (old, new, wanted) in [
        (&first, &merge, true),
        (&side, &merge, true),
        (&merge, &merge, true),
        (&merge, &first, false),
        (&second, &side, false),
        (&side, &second, false),
    ] {
        let only_old = repo.commits_between(new, old, 1).unwrap();
        assert_eq!(only_old.is_empty(), wanted, "{old} {new}");
    }
    let absent = CommitId("1".repeat(40));
    assert_eq!(
        repo.commit(&absent).unwrap_err().kind,
        ProblemKind::NotFound
    );
    assert_eq!(
        repo.commits_between(&absent, &merge, 9).unwrap_err().kind,
        ProblemKind::NotFound
    );
}

#[test]
fn clocks_that_are_wrong_change_no_ancestry() {
    let dir = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::init(dir.path()).unwrap();
    let mut commits = Vec::new();
    for time in [5000, 400, 300, 6000, 10, 20] {
        fixture.at(time);
        commits.push(fixture.commit("x", &[("a", &time.to_string())]).unwrap());
    }
    let repo = Repo::discover(dir.path()).unwrap();
    for (i, old) in commits.iter().enumerate() {
        for (j, new) in commits.iter().enumerate() {
            let n_between = repo.commits_between(old, new, 99).unwrap().len();
            assert_eq!(n_between, j.saturating_sub(i), "{i} {j}");
        }
    }
}

#[test]
fn a_shallow_clone_ends_early() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, _, second) = checkout(dir.path());
    let third = fixture.commit("third", &[("c", "1")]).unwrap();
    fs::write(dir.path().join(".git/shallow"), format!("{second}\n")).unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    let log = repo.log(&third, 10).unwrap();
    assert_eq!(
        log.iter().map(|c| &c.id).collect::<Vec<_>>(),
        [&third, &second]
    );
    assert_eq!(repo.commits_between(&third, &second, 9).unwrap(), []);
}

#[test]
fn upstream_and_remote() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, first, second) = checkout(dir.path());
    let repo = Repo::discover(dir.path()).unwrap();
    assert_eq!(
        (repo.origin(), repo.remote_has(&first).unwrap()),
        (None, None)
    );
    fixture
        .set_config("url.https://host/.insteadOf", "gh:")
        .unwrap();
    fixture
        .set_config("remote.origin.url", "gh:org/x.git")
        .unwrap();
    fixture
        .set_config("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
        .unwrap();
    fixture.set_config("branch.main.remote", "origin").unwrap();
    fixture
        .set_config("branch.main.merge", "refs/heads/main")
        .unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    assert_eq!(repo.origin().as_deref(), Some("https://host/org/x.git"));
    assert_eq!(repo.upstream().unwrap(), None);

    fixture.point("refs/remotes/origin/main", &first).unwrap();
    let third = fixture.commit("third", &[("c", "1")]).unwrap();
    let upstream = repo.upstream().unwrap().unwrap();
    assert_eq!(
        (
            upstream.name.as_str(),
            upstream.commit,
            upstream.ahead,
            upstream.behind
        ),
        ("origin/main", first.clone(), 2, 0)
    );
    assert_eq!(repo.remote_has(&first).unwrap(), Some(true));
    assert_eq!(repo.remote_has(&second).unwrap(), Some(false));
    fixture.point("refs/remotes/origin/main", &third).unwrap();
    fixture.reset(&second).unwrap();
    let upstream = repo.upstream().unwrap().unwrap();
    assert_eq!((upstream.ahead, upstream.behind), (0, 1));
    assert_eq!(repo.remote_has(&second).unwrap(), Some(true));
}
