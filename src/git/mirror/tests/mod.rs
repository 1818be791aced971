//! Mirrors against servers on loopback: some that misbehave, and Git's own over https's little brother and ssh.

mod git;
mod server;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{FetchOptions, Fetched, Mirror};
use crate::domain::{Problem, ProblemKind, Result, Revision};
use crate::git::fixture::Fixture;
use server::{refusing, serve};

/// A port below those that the system gives away: nobody else can come to listen there.
const NOBODY: &str = "127.0.0.1:1";

fn fetch(mirror: &Mirror) -> Result<Fetched> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = FetchOptions {
        lent: None,
        deadline: Some(Duration::from_secs(60)),
    };
    mirror.fetch(&options, &AtomicBool::new(false), &|_| {})
}

fn within(mirror: &Mirror, deadline: Duration) -> Problem {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = FetchOptions {
        lent: None,
        deadline: Some(deadline),
    };
    mirror
        .fetch(&options, &AtomicBool::new(false), &|_| {})
        .unwrap_err()
}

#[test]
fn what_is_not_mirrored() {
    let dir = tempfile::tempdir().unwrap();
    for url in [
        "/srv/x",
        "file:///srv/x",
        "./x",
        "git://host/x",
        "ftp://host/x",
        "ext::sh",
        "https://",
    ] {
        let problem = Mirror::open(dir.path(), url).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Config, "{url}: {problem:?}");
        let helps = |hint: &String| hint.contains("https://");
        assert!(
            !url.contains("::") || problem.hints.iter().any(helps),
            "{url}"
        );
    }
    for url in ["https://host/x", "git@host:x", "ssh://host/x"] {
        let mirror = Mirror::open(dir.path(), url).unwrap();
        assert!(mirror.repo().unwrap().is_none());
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn one_place_for_every_spelling() {
    let place = |url: &str| {
        Mirror::open(Path::new("/c"), url)
            .unwrap()
            .path()
            .to_owned()
    };
    assert_eq!(
        place("https://bob:pw@Host/org/x.git"),
        place("git@host:org/x")
    );
    assert_ne!(place("https://host/org/x"), place("https://host/org-x"));
    let name = place("https://host/org/x");
    assert!(
        name.display().to_string().starts_with("/c/host-org-x-"),
        "{name:?}"
    );
    let long = place(&format!("https://host/{}", "y/".repeat(500)));
    assert!(long.file_name().unwrap().len() < 100);
    assert_eq!(
        place("https://host/../../etc").parent(),
        Some(Path::new("/c"))
    );
}

#[test]
fn a_mirror_without_commits_is_called_by_its_url() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "https://bob:s3cret@host/x").unwrap();
    Fixture::init_bare(mirror.path()).unwrap();
    let repo = mirror.repo().unwrap().unwrap();
    let problem = repo.resolve(&Revision::Head).unwrap_err();
    assert_eq!(problem.summary, "the repository has no commits yet");
    assert_eq!(problem.place, "https://host/x");
}

#[test]
fn a_pull_request_s_reference_was_said_not_to_exist() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "https://host/x").unwrap();
    let mut fixture = Fixture::init_bare(mirror.path()).unwrap();
    fixture.commit("first", &[("a", "1")]).unwrap();
    let repo = mirror.repo().unwrap().unwrap();
    let refused = |name: &str| repo.resolve(&Revision::Named(name.to_owned())).unwrap_err();
    let problem = refused("refs/pull/7/head");
    assert_eq!(problem.kind, ProblemKind::Unsupported);
    assert_eq!(problem.place, "https://host/x@refs/pull/7/head");
    assert!(!problem.hints.is_empty());
    for name in ["refs/heads/nope", "refs/tags/nope", "pull/7/head"] {
        assert_eq!(refused(name).kind, ProblemKind::NotFound, "{name}");
    }
}

#[test]
fn servers_that_refuse() {
    for (status, kind) in [
        ("404 Not Found", ProblemKind::NotFound),
        ("401 Unauthorized", ProblemKind::Unauthenticated),
        ("403 Forbidden", ProblemKind::Forbidden),
        ("500 Internal Server Error", ProblemKind::Unreachable),
        ("503 Service Unavailable", ProblemKind::Unreachable),
        ("429 Too Many Requests", ProblemKind::Unreachable),
        ("200 OK", ProblemKind::Unsupported),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mirror = Mirror::open(dir.path(), &format!("http://{}/x", refusing(status))).unwrap();
        let problem = fetch(&mirror).unwrap_err();
        assert_eq!(problem.kind, kind, "{status}: {problem:?}");
        assert!(!problem.hints.is_empty(), "{status}");
        assert!(mirror.repo().unwrap().is_none());
    }
}

#[test]
fn a_mirror_that_cannot_be_opened_stays_until_there_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{}/x", refusing("503 Service Unavailable"));
    let mirror = Mirror::open(dir.path(), &url).unwrap();
    Fixture::init_bare(mirror.path()).unwrap();
    // As a mistake in the user's own configuration would have it.
    fs::write(mirror.path().join("config"), "[core").unwrap();
    assert!(mirror.repo().is_err());
    assert_eq!(fetch(&mirror).unwrap_err().kind, ProblemKind::Unreachable);
    assert!(mirror.path().join("objects").exists());
}

#[test]
fn hosts_that_cannot_be_reached() {
    let free = NOBODY;
    let cut = serve(drop);
    let garbage = serve(|mut stream| {
        let _ = stream.write_all(b"garbage\r\n\r\n");
    });
    for (url, kind) in [
        (format!("http://{free}/x"), ProblemKind::Unreachable),
        (format!("http://{cut}/x"), ProblemKind::Unreachable),
        (format!("http://{garbage}/x"), ProblemKind::Unreachable),
        (format!("https://{garbage}/x"), ProblemKind::Unreachable),
        (
            "http://trueup.invalid/x".to_owned(),
            ProblemKind::Unreachable,
        ),
        (
            format!("https://bob:s3cret@{free}/x"),
            ProblemKind::Unreachable,
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let problem = fetch(&Mirror::open(dir.path(), &url).unwrap()).unwrap_err();
        assert_eq!(problem.kind, kind, "{url}: {problem:?}");
        assert!(!format!("{problem:?}").contains("s3cret"), "{problem:?}");
        assert!(
            !problem.hints.is_empty() && !problem.place.is_empty(),
            "{problem:?}"
        );
    }
}

#[test]
fn a_server_that_hangs_is_given_up() {
    let open = Arc::new(Mutex::new(Vec::new()));
    let kept = open.clone();
    let address = serve(move |stream| kept.lock().unwrap().push(stream));
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), &format!("http://{address}/x")).unwrap();
    let problem = within(&mirror, Duration::from_millis(300));
    assert_eq!(problem.kind, ProblemKind::Unreachable, "{problem:?}");

    let other = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(other.path(), &format!("http://{address}/x")).unwrap();
    let cancel = Arc::new(AtomicBool::new(false));
    let later = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        later.store(true, Ordering::SeqCst);
    });
    let problem = mirror
        .fetch(&FetchOptions::default(), &cancel, &|_| {})
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Cancelled);
}

#[test]
fn one_fetch_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(
        dir.path(),
        &format!("http://{}/x", refusing("404 Not Found")),
    )
    .unwrap();
    let lock = super::beside(mirror.path(), ".lock");
    let other = fs::File::create(&lock).unwrap();
    other.lock().unwrap();
    let problem = within(&mirror, Duration::from_millis(200));
    assert_eq!(problem.kind, ProblemKind::Conflict, "{problem:?}");
    assert_eq!(problem.place, lock.display().to_string());
    // A lock file that nobody holds stops nobody.
    drop(other);
    assert_eq!(fetch(&mirror).unwrap_err().kind, ProblemKind::NotFound);
}

#[test]
fn a_cache_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let mirror = Mirror::open(&file, "https://host/x").unwrap();
    let problem = fetch(&mirror).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Local);
    assert!(problem.hints.iter().any(|h| h.contains("TRUEUP_CACHE_DIR")));
    assert!(!problem.hints.iter().any(|h| h.contains("remove")));
}

/// Runs the named test again in a process of its own, with `GIT_SSH_COMMAND` set. `true` in that process.
fn with_ssh_command(test: &str, command: &str) -> bool {
    if std::env::var_os("GIT_SSH_COMMAND").is_some_and(|set| set == command) {
        return true;
    }
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--include-ignored"])
        .arg(format!("git::mirror::tests::{test}"))
        .env("GIT_SSH_COMMAND", command)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        said.contains("1 passed"),
        "{test} in its own process: {said}"
    );
    false
}

#[cfg(unix)]
#[test]
fn an_ssh_that_hangs_is_killed() {
    let script = script("ssh-hangs");
    write_script(&script, "exec sleep 600");
    if !with_ssh_command("an_ssh_that_hangs_is_killed", &script.display().to_string()) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "git@host:x").unwrap();
    let problem = within(&mirror, Duration::from_millis(300));
    assert_eq!(problem.kind, ProblemKind::Unreachable);
    // Nothing was left behind: the lock is free, as the thread that held it has ended.
    let lock = fs::File::open(super::beside(mirror.path(), ".lock")).unwrap();
    assert!(lock.try_lock().is_ok());
    assert!(!super::beside(mirror.path(), ".new").exists());
}

#[cfg(unix)]
#[test]
fn an_ssh_that_refuses() {
    let script = script("ssh-refuses");
    write_script(
        &script,
        "echo 'git@host: Permission denied (publickey).' >&2; exit 255",
    );
    if !with_ssh_command("an_ssh_that_refuses", &script.display().to_string()) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let problem = fetch(&Mirror::open(dir.path(), "git@host:x").unwrap()).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unauthenticated, "{problem:?}");
    assert!(problem.causes[0].contains("publickey"), "{problem:?}");
}

#[cfg(unix)]
#[test]
fn no_ssh_at_all() {
    if !with_ssh_command("no_ssh_at_all", "/not/there/ssh") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let problem = fetch(&Mirror::open(dir.path(), "git@host:x").unwrap()).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Local, "{problem:?}");
}

/// A place for a script that stays the same from process to process.
#[cfg(unix)]
fn script(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().with_file_name(name)
}

#[cfg(unix)]
fn write_script(path: &Path, body: &str) {
    use std::os::unix::fs::PermissionsExt;
    // Written beside and moved: another process may be running it.
    let new = path.with_extension(format!("{}", std::process::id()));
    fs::write(&new, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, path).unwrap();
}
