//! Repositories made by [`super::fixture`] and read back.

mod history;
mod revisions;
mod trees;

use std::fs;
use std::path::Path;

use super::Repo;
use super::fixture::Fixture;
use crate::domain::{CommitId, ProblemKind, RepoPath, Revision};

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

/// A checkout with two commits, branches and tags.
fn checkout(dir: &Path) -> (Fixture, CommitId, CommitId) {
    let mut fixture = Fixture::init(dir).unwrap();
    let first = fixture
        .commit(
            "first\n\nbody",
            &[("a.yaml", "a: 1\n"), ("dir/b.yaml", "b: 1\n")],
        )
        .unwrap();
    fixture.tag("v1.0.0").unwrap();
    fixture.branch("old").unwrap();
    let second = fixture.commit("second", &[("a.yaml", "a: 2\n")]).unwrap();
    fixture.annotated_tag("v1.1.0", "a release").unwrap();
    (fixture, first, second)
}

#[test]
fn the_same_steps_give_the_same_ids() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(checkout(a.path()).2, checkout(b.path()).2);
}

#[test]
fn found_from_anywhere_below() {
    let dir = tempfile::tempdir().unwrap();
    checkout(dir.path());
    let root = dir.path().canonicalize().unwrap();
    for start in ["", "dir", "dir/b.yaml"] {
        let repo = Repo::discover(&dir.path().join(start)).unwrap();
        assert_eq!(repo.root(), root, "{start}");
        assert!(!repo.is_bare());
    }
    assert_eq!(Repo::open(dir.path()).unwrap().root(), root);
    let problem = Repo::open(&dir.path().join("dir")).err().unwrap();
    assert_eq!(problem.kind, ProblemKind::NotFound, "{problem:?}");
}

#[test]
fn where_no_repository_is() {
    let dir = tempfile::tempdir().unwrap();
    let problem = Repo::discover(dir.path()).err().unwrap();
    assert_eq!(problem.kind, ProblemKind::NotFound);
    assert_eq!(problem.summary, "no Git repository here");
    assert!(!problem.hints.is_empty());
    let problem = Repo::discover(&dir.path().join("not/there")).err().unwrap();
    assert_eq!(problem.kind, ProblemKind::NotFound);
}

#[test]
fn repositories_that_cannot_be_read_faithfully() {
    for (key, value) in [
        ("extensions.objectFormat", "sha256"),
        ("extensions.refStorage", "reftable"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        checkout(dir.path());
        let config = dir.path().join(".git/config");
        let (section, name) = key.split_once('.').unwrap();
        let text = fs::read_to_string(&config).unwrap();
        let text = text.replace("repositoryformatversion = 0", "repositoryformatversion = 1");
        fs::write(
            &config,
            format!("{text}\n[{section}]\n\t{name} = {value}\n"),
        )
        .unwrap();
        let problem = Repo::discover(dir.path()).err().unwrap();
        assert_eq!(problem.kind, ProblemKind::Unsupported, "{problem:?}");
    }
}

#[test]
fn uncommitted_changes() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, ..) = checkout(dir.path());
    fixture
        .commit("more", &[("gone", "1"), (".gitignore", "*.log\nbuild/\n")])
        .unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    assert_eq!(repo.changed_files().unwrap(), []);
    // The same content written again is no change.
    fs::write(dir.path().join("a.yaml"), "a: 2\n").unwrap();
    assert_eq!(repo.changed_files().unwrap(), []);
    fs::write(dir.path().join("dir/b.yaml"), "b: changed\n").unwrap();
    fs::remove_file(dir.path().join("gone")).unwrap();
    fs::create_dir_all(dir.path().join("new/deep")).unwrap();
    fs::create_dir_all(dir.path().join("build")).unwrap();
    fs::write(dir.path().join("new/deep/x.yaml"), "x").unwrap();
    fs::write(dir.path().join("new/y.log"), "x").unwrap();
    fs::write(dir.path().join("build/z"), "x").unwrap();
    let changed = repo.changed_files().unwrap();
    assert_eq!(changed, ["dir/b.yaml", "gone", "new/deep/x.yaml"].map(path));
}

#[test]
fn ignored_paths() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, ..) = checkout(dir.path());
    let ignores = "*.log\nbuild/\n!keep.log\n/top\n";
    fixture
        .commit(
            "more",
            &[
                (".gitignore", ignores),
                ("dir/.gitignore", "inner\n"),
                ("build/tracked", "1"),
            ],
        )
        .unwrap();
    fs::write(dir.path().join(".git/info/exclude"), "excluded\n").unwrap();
    let ignores = Repo::discover(dir.path()).unwrap().ignores().unwrap();
    for (asked, is_dir, wanted) in [
        ("x.log", false, true),
        ("dir/x.log", false, true),
        ("keep.log", false, false),
        ("a.yaml", false, false),
        ("dir/build", true, true),
        ("dir/build", false, false),
        ("dir/build/x", false, true),
        ("top", false, true),
        ("dir/top", false, false),
        ("dir/inner", false, true),
        ("inner", false, false),
        ("excluded", true, true),
        ("dir", true, false),
        ("", true, false),
        // What is tracked is not ignored, nor are directories that hold it.
        ("build/tracked", false, false),
        ("build", true, false),
        ("build/other", false, true),
    ] {
        assert_eq!(
            ignores.is_ignored(&path(asked), is_dir).unwrap(),
            wanted,
            "{asked}"
        );
    }
}

#[test]
fn bare_repositories() {
    let dir = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::init_bare(dir.path()).unwrap();
    let first = fixture.commit("first", &[("a", "1")]).unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    assert!(repo.is_bare());
    assert_eq!(repo.root(), dir.path().canonicalize().unwrap());
    assert_eq!(repo.resolve(&Revision::Head).unwrap().commit, first);
    assert_eq!(
        repo.worktree().err().unwrap().kind,
        ProblemKind::Unsupported
    );
    assert_eq!(repo.changed_files().unwrap(), []);
    assert!(!repo.is_ignored(&path("a"), false).unwrap());
}

#[test]
fn a_linked_work_tree() {
    let dir = tempfile::tempdir().unwrap();
    let main = dir.path().join("main");
    let (mut fixture, first, _) = checkout(&main);
    fixture
        .branch("side")
        .unwrap()
        .point("refs/heads/side", &first)
        .unwrap();
    // As `git worktree add ../linked side` lays it out.
    let linked = dir.path().join("linked");
    let own = main.join(".git/worktrees/linked");
    fs::create_dir_all(&own).unwrap();
    fs::create_dir_all(&linked).unwrap();
    fs::write(linked.join(".git"), format!("gitdir: {}\n", own.display())).unwrap();
    fs::write(
        own.join("gitdir"),
        format!("{}\n", linked.join(".git").display()),
    )
    .unwrap();
    fs::write(own.join("commondir"), "../..\n").unwrap();
    fs::write(own.join("HEAD"), "ref: refs/heads/side\n").unwrap();

    let repo = Repo::discover(&linked).unwrap();
    assert_eq!(repo.root(), linked.canonicalize().unwrap());
    let head = repo.resolve(&Revision::Head).unwrap();
    assert_eq!((head.name.as_str(), head.commit), ("side", first));
    let (own, common) = (
        own.canonicalize().unwrap(),
        main.join(".git").canonicalize().unwrap(),
    );
    let watched = repo.watch_paths();
    for wanted in [
        own.join("HEAD"),
        own.join("index"),
        common.join("refs"),
        common.join("packed-refs"),
    ] {
        assert!(watched.contains(&wanted), "{wanted:?} in {watched:?}");
    }
}

#[test]
fn everything_can_go_to_other_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Repo>();
    check::<super::Ignores>();
    check::<super::Mirror>();
    check::<std::sync::Arc<dyn crate::domain::Tree>>();
}
