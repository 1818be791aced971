//! Mirrors of what Git itself serves.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::server::GitServer;
use super::{fetch, script, with_ssh_command, write_script};
use crate::domain::{CommitId, ProblemKind, RepoPath, Revision};
use crate::git::fixture::Fixture;
use crate::git::mirror::{FetchOptions, Fetched, Mirror};
use crate::git::{RefKind, Repo};

fn moved(fetched: &Fetched) -> Vec<(&str, Option<&CommitId>, Option<&CommitId>)> {
    fetched
        .moved
        .iter()
        .map(|m| (m.name.as_str(), m.old.as_ref(), m.new.as_ref()))
        .collect()
}

fn head(mirror: &Mirror) -> CommitId {
    let repo = mirror.repo().unwrap().unwrap();
    repo.resolve(&Revision::Head).unwrap().commit
}

#[test]
#[ignore = "needs git"]
fn a_mirror_follows_its_remote() {
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = GitServer::start(served.path());
    let mut theirs = server.fixture();
    let first = theirs.commit("first", &[("a", "1")]).unwrap();
    theirs.branch("gone").unwrap().branch("dir").unwrap();
    theirs.annotated_tag("v1.0.0", "one").unwrap();
    let mirror = server.mirror(cache.path());
    let stages = Mutex::new(Vec::new());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fetched = mirror
        .fetch(&FetchOptions::default(), &AtomicBool::new(false), &|p| {
            stages.lock().unwrap().push(p)
        })
        .unwrap();
    let one = Some(&first);
    assert_eq!(
        moved(&fetched),
        [
            ("HEAD", None, one),
            ("refs/heads/dir", None, one),
            ("refs/heads/gone", None, one),
            ("refs/heads/main", None, one),
            ("refs/tags/v1.0.0", None, one),
        ]
    );
    let repo = mirror.repo().unwrap().unwrap();
    assert!(repo.is_bare());
    let head = repo.resolve(&Revision::Head).unwrap();
    assert_eq!(
        (head.name.as_str(), head.kind, &head.commit),
        ("main", RefKind::Branch, &first)
    );
    assert_eq!(
        repo.resolve(&Revision::Named("1.x".into())).unwrap().commit,
        first
    );
    let tree = repo.tree(&first).unwrap();
    assert_eq!(tree.read(&RepoPath::parse("a").unwrap(), 9).unwrap(), b"1");

    // Nothing new, nothing moved, no pack.
    let packs = || {
        fs::read_dir(mirror.path().join("objects/pack"))
            .unwrap()
            .count()
    };
    let before = packs();
    assert_eq!(fetch(&mirror).unwrap(), Fetched::default());
    assert_eq!(packs(), before);

    // A new commit, a branch that vanished, a directory in place of a branch, a moved tag, another default branch.
    let second = theirs.commit("second", &[("a", "2")]).unwrap();
    theirs
        .unpoint("refs/heads/gone")
        .unwrap()
        .unpoint("refs/heads/dir")
        .unwrap();
    theirs
        .branch("dir/inner")
        .unwrap()
        .tag("v1.0.0")
        .unwrap()
        .branch("trunk")
        .unwrap();
    theirs.switch("trunk").unwrap();
    let fetched = fetch(&mirror).unwrap();
    let two = Some(&second);
    assert_eq!(
        moved(&fetched),
        [
            ("HEAD", one, two),
            ("refs/heads/dir", one, None),
            ("refs/heads/dir/inner", None, two),
            ("refs/heads/gone", one, None),
            ("refs/heads/main", one, two),
            ("refs/heads/trunk", None, two),
            ("refs/tags/v1.0.0", one, two),
        ]
    );
    // The handle from before sees it too.
    assert_eq!(repo.resolve(&Revision::Head).unwrap().name, "trunk");
    assert!(repo.resolve(&Revision::Named("gone".into())).is_err());

    // A force-push back.
    theirs.switch("main").unwrap().reset(&first).unwrap();
    let third = theirs.commit("other", &[("b", "3")]).unwrap();
    let fetched = fetch(&mirror).unwrap();
    assert!(moved(&fetched).contains(&("refs/heads/main", two, Some(&third))));
    let repo = mirror.repo().unwrap().unwrap();
    let lost = repo.commits_between(&third, &second, 9).unwrap();
    assert_eq!(lost.len(), 1);
}

#[test]
#[ignore = "needs git"]
fn only_what_changed_is_sent() {
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = GitServer::start(served.path());
    let mut theirs = server.fixture();
    // Bytes that do not compress.
    let mut state = 1u64;
    let noise = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    });
    let noise: Vec<u8> = noise.take(200_000).collect();
    theirs.write("big", &noise).unwrap();
    theirs.commit("first", &[("a", "1")]).unwrap();
    let mirror = server.mirror(cache.path());
    fetch(&mirror).unwrap();
    let first = server.sent.swap(0, Ordering::SeqCst);
    theirs.commit("second", &[("a", "2")]).unwrap();
    fetch(&mirror).unwrap();
    let second = server.sent.load(Ordering::SeqCst);
    assert!(
        second < 5_000 && first > 20 * second,
        "{first} and then {second} bytes"
    );
}

#[test]
#[ignore = "needs git"]
fn an_interrupted_fetch_loses_nothing() {
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = GitServer::start(served.path());
    let mut theirs = server.fixture();
    let first = theirs.commit("first", &[("a", "1")]).unwrap();
    let mirror = server.mirror(cache.path());
    // ls-refs answers in less than that, a pack does not.
    server.cut.store(200, Ordering::SeqCst);
    let problem = fetch(&mirror).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unreachable, "{problem:?}");
    assert!(mirror.repo().unwrap().is_none());
    server.cut.store(usize::MAX, Ordering::SeqCst);
    fetch(&mirror).unwrap();
    theirs.commit("second", &[("a", &"2".repeat(900))]).unwrap();
    server.cut.store(200, Ordering::SeqCst);
    assert!(fetch(&mirror).is_err());
    let repo = mirror.repo().unwrap().unwrap();
    assert_eq!(repo.resolve(&Revision::Head).unwrap().commit, first);
    server.cut.store(usize::MAX, Ordering::SeqCst);
    // What a killed fetch leaves is in nobody's way.
    fs::write(mirror.path().join("packed-refs.lock"), "").unwrap();
    fs::create_dir_all(mirror.path().join("refs/heads")).unwrap();
    fs::write(mirror.path().join("refs/heads/main.lock"), "").unwrap();
    let second = theirs.head().unwrap();
    fetch(&mirror).unwrap();
    assert_eq!(repo.resolve(&Revision::Head).unwrap().commit, second);
}

#[test]
#[ignore = "needs git"]
fn an_empty_remote_and_one_that_was_emptied() {
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = GitServer::start(served.path());
    let mut theirs = server.fixture();
    let mirror = server.mirror(cache.path());
    assert_eq!(fetch(&mirror).unwrap(), Fetched::default());
    let repo = mirror.repo().unwrap().unwrap();
    let problem = repo.resolve(&Revision::Head).unwrap_err();
    assert_eq!(problem.summary, "the repository has no commits yet");
    let first = theirs.commit("first", &[("a", "1")]).unwrap();
    fetch(&mirror).unwrap();
    theirs.unpoint("refs/heads/main").unwrap();
    let fetched = fetch(&mirror).unwrap();
    assert_eq!(
        moved(&fetched),
        [
            ("HEAD", Some(&first), None),
            ("refs/heads/main", Some(&first), None)
        ]
    );
}

#[test]
#[ignore = "needs git"]
fn a_damaged_mirror_is_made_anew() {
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = GitServer::start(served.path());
    let first = server.fixture().commit("first", &[("a", "1")]).unwrap();
    let mirror = server.mirror(cache.path());
    fetch(&mirror).unwrap();
    fs::remove_file(mirror.path().join("HEAD")).unwrap();
    assert!(mirror.repo().is_err());
    fetch(&mirror).unwrap();
    assert_eq!(head(&mirror), first);
}

#[test]
#[ignore = "needs git"]
fn two_fetches_at_once() {
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = GitServer::start(served.path());
    server.fixture().commit("first", &[("a", "1")]).unwrap();
    let mirror = server.mirror(cache.path());
    let all: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..4).map(|_| scope.spawn(|| fetch(&mirror))).collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap())
            .collect()
    });
    // One brought it all, the others found nothing left.
    assert_eq!(all.iter().filter(|f| !f.moved.is_empty()).count(), 1);
}

#[cfg(unix)]
#[test]
#[ignore = "needs git"]
fn over_ssh() {
    let script = script("ssh-local");
    // The last argument is the command for the other side.
    write_script(
        &script,
        "for last; do :; done; echo 'a banner' >&2; eval \"exec $last\"",
    );
    if !with_ssh_command("git::over_ssh", &format!("{} -i 'a key'", script.display())) {
        return;
    }
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let origin = served.path().join("it's.git");
    let mut theirs = Fixture::init_bare(&origin).unwrap();
    let first = theirs.commit("first", &[("a", "1")]).unwrap();
    let mirror = Mirror::open(cache.path(), &format!("git@host:{}", origin.display())).unwrap();
    fetch(&mirror).unwrap();
    assert_eq!(head(&mirror), first);
    let second = theirs.commit("second", &[("a", "2")]).unwrap();
    let fetched = fetch(&mirror).unwrap();
    assert_eq!(
        moved(&fetched)[1],
        ("refs/heads/main", Some(&first), Some(&second))
    );
    let absent = Mirror::open(cache.path(), "git@host:/not/there").unwrap();
    assert_eq!(fetch(&absent).unwrap_err().kind, ProblemKind::NotFound);
}

#[test]
#[ignore = "needs git"]
fn an_absent_repository_over_http() {
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = GitServer::start(served.path());
    // The backend states its status in a header of its own; any refusal is one.
    assert!(fetch(&server.mirror(cache.path())).is_err());
    assert!(Repo::open(cache.path()).is_err());
}
