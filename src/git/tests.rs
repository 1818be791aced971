//! Repositories made by [`super::fixture`] and read back.

use std::fs;
use std::path::Path;

use super::fixture::Fixture;
use super::{RefKind, Repo};
use crate::domain::{CommitId, EntryKind, ProblemKind, RepoPath, Revision};

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn named(repo: &Repo, name: &str) -> (String, RefKind, CommitId) {
    let found = repo.resolve(&Revision::Named(name.to_owned())).unwrap();
    (found.name, found.kind, found.commit)
}

fn refused(repo: &Repo, name: &str) -> crate::domain::Problem {
    repo.resolve(&Revision::Named(name.to_owned())).unwrap_err()
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
        "1.0.0", "1.0", "^3", "nope", "HEAD~1", "../x", "config", "0000000", "", "a b", "-x",
    ] {
        assert_eq!(refused(&repo, asked).kind, ProblemKind::NotFound, "{asked}");
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
    let problem = super::revision::short_id(&repo.gix(), &digits).unwrap_err();
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

#[test]
fn trees_of_commits() {
    let dir = tempfile::tempdir().unwrap();
    let (mut fixture, first, second) = checkout(dir.path());
    fixture.link("link", "dir/b.yaml").unwrap();
    fixture.submodule("sub", &first).unwrap();
    let third = fixture
        .commit("third", &[("dir.yaml", "x"), ("dir-a", "y")])
        .unwrap();
    let repo = Repo::discover(dir.path()).unwrap();

    let tree = repo.tree(&first).unwrap();
    assert_eq!(tree.label(), first.short());
    assert_eq!(tree.read(&path("a.yaml"), 100).unwrap(), b"a: 1\n");
    assert_eq!(
        repo.tree(&second)
            .unwrap()
            .read(&path("a.yaml"), 100)
            .unwrap(),
        b"a: 2\n"
    );

    for tree in [repo.tree(&third).unwrap(), repo.worktree().unwrap()] {
        let listed = tree.list(&RepoPath::root()).unwrap();
        let listed: Vec<_> = listed.iter().map(|e| (e.name.as_str(), e.kind)).collect();
        let wanted = [
            ("a.yaml", EntryKind::File),
            ("dir", EntryKind::Directory),
            ("dir-a", EntryKind::File),
            ("dir.yaml", EntryKind::File),
            ("link", EntryKind::Symlink),
            ("sub", EntryKind::Submodule),
        ];
        assert_eq!(listed, wanted, "{}", tree.label());
        for (name, kind) in wanted {
            assert_eq!(tree.kind(&path(name)).unwrap(), Some(kind), "{name}");
        }
        for absent in ["nope", "a.yaml/x", "dir/nope", "sub/x", "link/x", "nope/x"] {
            assert_eq!(tree.kind(&path(absent)).unwrap(), None, "{absent}");
            assert_eq!(tree.content_id(&path(absent)).unwrap(), None);
            assert_eq!(
                tree.read(&path(absent), 9).unwrap_err().kind,
                ProblemKind::NotFound
            );
        }
        assert_eq!(
            tree.list(&path("nope")).unwrap_err().kind,
            ProblemKind::NotFound
        );
        assert_eq!(
            tree.list(&path("a.yaml")).unwrap_err().kind,
            ProblemKind::NotFound
        );
        assert_eq!(
            tree.kind(&RepoPath::root()).unwrap(),
            Some(EntryKind::Directory)
        );
        assert_eq!(tree.link(&path("link")).unwrap(), "dir/b.yaml");
        assert_eq!(
            tree.link(&path("a.yaml")).unwrap_err().kind,
            ProblemKind::Invalid
        );
        assert_eq!(tree.resolve(&path("link")).unwrap(), path("dir/b.yaml"));
        assert_eq!(tree.read(&path("dir/b.yaml"), 5).unwrap(), b"b: 1\n");
        assert_eq!(
            tree.read(&path("dir/b.yaml"), 4).unwrap_err().kind,
            ProblemKind::TooLarge
        );
        for no_file in ["dir", "link", "sub", ""] {
            assert_eq!(
                tree.read(&path(no_file), 9).unwrap_err().kind,
                ProblemKind::Invalid,
                "{no_file}"
            );
        }
        assert_eq!(tree.content_id(&path("dir")).unwrap(), None);
        assert_eq!(tree.content_id(&path("sub")).unwrap(), None);
    }
    let (committed, on_disk) = (repo.tree(&third).unwrap(), repo.worktree().unwrap());
    for file in ["a.yaml", "dir/b.yaml", "dir.yaml", "link"] {
        assert_eq!(
            committed.content_id(&path(file)).unwrap(),
            on_disk.content_id(&path(file)).unwrap(),
            "{file}"
        );
    }
    let absent = CommitId("0".repeat(40));
    assert_eq!(
        repo.tree(&absent).err().unwrap().kind,
        ProblemKind::NotFound
    );
    assert_eq!(
        repo.tree(&CommitId("main".to_owned())).err().unwrap().kind,
        ProblemKind::Invalid
    );
}

#[test]
fn a_known_blob_id() {
    let dir = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::init(dir.path()).unwrap();
    let commit = fixture.commit("x", &[("hello", "hello\n")]).unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    for tree in [repo.tree(&commit).unwrap(), repo.worktree().unwrap()] {
        let id = tree.content_id(&path("hello")).unwrap();
        assert_eq!(
            id.as_deref(),
            Some("ce013625030ba8dba906f756967f9e9ca394464a")
        );
    }
}

#[cfg(unix)]
#[test]
fn the_work_tree_is_never_left() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    checkout(dir.path());
    symlink(outside.path(), dir.path().join("out")).unwrap();
    symlink(outside.path().join("secret"), dir.path().join("file")).unwrap();
    symlink("dir", dir.path().join("in")).unwrap();
    let tree = Repo::discover(dir.path()).unwrap().worktree().unwrap();
    assert_eq!(tree.kind(&path("out")).unwrap(), Some(EntryKind::Symlink));
    for hidden in [
        "out/secret",
        "in/b.yaml",
        ".git/config",
        ".git",
        ".GIT/config",
        "dir/.git",
    ] {
        assert_eq!(tree.kind(&path(hidden)).unwrap(), None, "{hidden}");
        assert!(tree.read(&path(hidden), 99).is_err(), "{hidden}");
        assert!(tree.list(&path(hidden)).is_err(), "{hidden}");
        assert!(tree.link(&path(hidden)).is_err(), "{hidden}");
        assert_eq!(tree.content_id(&path(hidden)).unwrap(), None, "{hidden}");
    }
    assert!(tree.read(&path("file"), 99).is_err());
    assert!(tree.list(&path("out")).is_err());
    assert!(tree.resolve(&path("out/secret")).is_err());
    assert_eq!(
        tree.resolve(&path("in/b.yaml")).unwrap(),
        path("dir/b.yaml")
    );
    assert!(
        tree.list(&RepoPath::root())
            .unwrap()
            .iter()
            .all(|e| e.name != ".git")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    checkout(dir.path());
    let name = std::ffi::OsStr::from_bytes(b"dir/\xff.yaml");
    fs::write(dir.path().join(name), "x").unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    let tree = repo.worktree().unwrap();
    assert_eq!(
        tree.list(&path("dir")).unwrap_err().kind,
        ProblemKind::Invalid
    );
    assert_eq!(tree.list(&RepoPath::root()).unwrap().len(), 2);
    assert_eq!(tree.read(&path("dir/b.yaml"), 99).unwrap(), b"b: 1\n");
    // Not named rightly, but not lost either.
    assert_eq!(repo.changed_files().unwrap(), [path("dir/\u{fffd}.yaml")]);
}

/// Commits a tree with one entry of any name, which the editor of trees would refuse.
fn commit_with_entry(dir: &Path, name: &[u8]) -> CommitId {
    let mut fixture = Fixture::init(dir).unwrap();
    fixture.commit("first", &[("a", "1")]).unwrap();
    let repo = gix::open(dir).unwrap();
    let blob = repo.write_blob("x").unwrap().detach();
    let mut data = b"100644 ".to_vec();
    data.extend(name);
    data.push(0);
    data.extend(blob.as_slice());
    use gix::objs::Write;
    let tree = repo
        .objects
        .write_buf(gix::objs::Kind::Tree, &data)
        .unwrap();
    let signature = gix::actor::SignatureRef {
        name: "A".into(),
        email: "a@b".into(),
        time: "1 +0000",
    };
    let id = repo
        .new_commit_as(signature, signature, "odd", tree, None::<gix::ObjectId>)
        .unwrap()
        .id;
    CommitId(id.to_string())
}

#[test]
fn names_that_leave_the_tree_are_refused() {
    for name in [&b".."[..], b".", b".git", b".GIT", b"a/b", b"../x"] {
        let dir = tempfile::tempdir().unwrap();
        let commit = commit_with_entry(dir.path(), name);
        let tree = Repo::discover(dir.path()).unwrap().tree(&commit).unwrap();
        for found in [
            tree.list(&RepoPath::root()).err(),
            tree.kind(&path("x")).err(),
        ] {
            assert_eq!(
                found.map(|p| p.kind),
                Some(ProblemKind::Invalid),
                "{name:?}"
            );
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let commit = commit_with_entry(dir.path(), b"\xff");
    let tree = Repo::discover(dir.path()).unwrap().tree(&commit).unwrap();
    assert_eq!(
        tree.list(&RepoPath::root()).unwrap_err().kind,
        ProblemKind::Invalid
    );
    assert_eq!(tree.kind(&path("x")).unwrap(), None);
}

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
        assert_eq!(repo.is_ancestor(old, new).unwrap(), wanted, "{old} {new}");
    }
    let absent = CommitId("1".repeat(40));
    assert_eq!(
        repo.commit(&absent).unwrap_err().kind,
        ProblemKind::NotFound
    );
    assert_eq!(
        repo.is_ancestor(&absent, &merge).unwrap_err().kind,
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
            assert_eq!(repo.is_ancestor(old, new).unwrap(), i <= j, "{i} {j}");
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
    assert!(repo.is_ancestor(&second, &third).unwrap());
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
