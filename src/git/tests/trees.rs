//! Trees of commits and of the disk.

use std::fs;
use std::path::Path;

use super::{checkout, path};
use crate::domain::{CommitId, EntryKind, ProblemKind, RepoPath};
use crate::git::fixture::Fixture;
use crate::git::{Repo, directory};

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

#[cfg(unix)]
#[test]
fn a_directory_may_be_named_by_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    fs::create_dir(&real).unwrap();
    fs::write(real.join("a.yaml"), "").unwrap();
    std::os::unix::fs::symlink("real", &link).unwrap();
    let tree = directory(&link).unwrap();
    assert_eq!(tree.kind(&path("a.yaml")).unwrap(), Some(EntryKind::File));
    let refused = |at: &str| directory(&dir.path().join(at)).err().unwrap().summary;
    assert_eq!(refused("real/a.yaml"), "this is not a directory");
    assert_eq!(refused("nothing"), "there is no such directory");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    checkout(dir.path());
    let name = std::ffi::OsStr::from_bytes(b"dir/\xff.yaml");
    let beside = std::ffi::OsStr::from_bytes(b"dir/\xff.txt");
    fs::write(dir.path().join(beside), "x").unwrap();
    let repo = Repo::discover(dir.path()).unwrap();
    let tree = repo.worktree().unwrap();
    assert!(tree.list(&path("dir")).is_ok(), "it is no manifest");
    fs::remove_file(dir.path().join(beside)).unwrap();
    fs::write(dir.path().join(name), "x").unwrap();
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
    let commit = commit_with_entry(dir.path(), b"\xff.yaml");
    let tree = Repo::discover(dir.path()).unwrap().tree(&commit).unwrap();
    assert_eq!(
        tree.list(&RepoPath::root()).unwrap_err().kind,
        ProblemKind::Invalid
    );
    assert_eq!(tree.kind(&path("x")).unwrap(), None);
    // A file that could not be a manifest is passed over.
    let dir = tempfile::tempdir().unwrap();
    let commit = commit_with_entry(dir.path(), b"\xff.txt");
    let tree = Repo::discover(dir.path()).unwrap().tree(&commit).unwrap();
    assert_eq!(tree.list(&RepoPath::root()).unwrap(), []);
}
