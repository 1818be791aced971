//! Mirrors against servers on loopback: some that misbehave, and Git's own over https's little brother and ssh.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{FetchOptions, Fetched, Mirror};
use crate::domain::{CommitId, Problem, ProblemKind, RepoPath, Result, Revision};
use crate::git::fixture::Fixture;
use crate::git::{RefKind, Repo};

fn fetch(mirror: &Mirror) -> Result<Fetched> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = FetchOptions {
        interactive: false,
        deadline: Some(Duration::from_secs(60)),
    };
    mirror.fetch(&options, &AtomicBool::new(false), &|_| {})
}

fn within(mirror: &Mirror, deadline: Duration) -> Problem {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = FetchOptions {
        interactive: false,
        deadline: Some(deadline),
    };
    mirror
        .fetch(&options, &AtomicBool::new(false), &|_| {})
        .unwrap_err()
}

/// Answers every connection with what `answer` makes of it, on loopback.
fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut first = String::new();
        if stream.read_line(&mut first).ok()? == 0 {
            return None;
        }
        let mut words = first.split_whitespace();
        let method = words.next()?.to_owned();
        let target = words.next()?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self {
            method,
            path,
            query,
            headers,
            body: Vec::new(),
        };
        if let Some(length) = request
            .header("content-length")
            .and_then(|l| l.parse().ok())
        {
            request.body = vec![0; length];
            stream.read_exact(&mut request.body).ok()?;
        } else if request.header("transfer-encoding").is_some() {
            loop {
                let mut size = String::new();
                stream.read_line(&mut size).ok()?;
                let size = usize::from_str_radix(size.trim(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk).ok()?;
                request.body.extend(&chunk[..size]);
                if size == 0 {
                    break;
                }
            }
        }
        Some(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

fn refusing(status: &'static str) -> SocketAddr {
    serve(move |stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while Request::read(&mut reader).is_some() {
            let extra = if status.starts_with("401") {
                "www-authenticate: Basic realm=x\r\n"
            } else {
                ""
            };
            let _ = write!(
                &stream,
                "HTTP/1.1 {status}\r\n{extra}content-length: 0\r\n\r\n"
            );
        }
    })
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
fn hosts_that_cannot_be_reached() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
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
    assert!(
        problem
            .causes
            .iter()
            .any(|c| c.contains(&lock.display().to_string())),
        "{problem:?}"
    );
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
    assert_eq!(fetch(&mirror).unwrap_err().kind, ProblemKind::Local);
}

/// Runs the named test again in a process of its own, with `GIT_SSH_COMMAND` set. `true` in that process.
fn with_ssh_command(test: &str, command: &str) -> bool {
    if std::env::var_os("GIT_SSH_COMMAND").is_some_and(|set| set == command) {
        return true;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--include-ignored",
            &format!("git::mirror::tests::{test}"),
        ])
        .env("GIT_SSH_COMMAND", command)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its own process");
    false
}

#[cfg(unix)]
#[test]
fn an_ssh_that_hangs_is_killed() {
    let script = std::env::temp_dir().join("trueup-test-ssh-hangs");
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
    let script = std::env::temp_dir().join("trueup-test-ssh-refuses");
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

#[cfg(unix)]
fn write_script(path: &Path, body: &str) {
    use std::os::unix::fs::PermissionsExt;
    // Written beside and moved: another process may be running it.
    let new = path.with_extension(format!("{}", std::process::id()));
    fs::write(&new, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, path).unwrap();
}

/// Git's own server side, over http.
struct GitServer {
    root: PathBuf,
    address: SocketAddr,
    sent: Arc<AtomicUsize>,
    /// Cut answers to a POST after so many bytes.
    cut: Arc<AtomicUsize>,
}

impl GitServer {
    fn start(root: &Path) -> Self {
        let (sent, cut) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicUsize::new(usize::MAX)),
        );
        let (dir, counter, limit) = (root.to_owned(), sent.clone(), cut.clone());
        let address = serve(move |stream| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while let Some(request) = Request::read(&mut reader) {
                let mut answer = backend(&dir, &request);
                let body_at = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                let body = answer.split_off(body_at);
                counter.fetch_add(body.len(), Ordering::SeqCst);
                let head = String::from_utf8(answer).unwrap();
                let _ = write!(
                    &stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{head}",
                    body.len()
                );
                let limit = limit.load(Ordering::SeqCst);
                if request.method == "POST" && body.len() > limit {
                    let _ = (&stream).write_all(&body[..limit]);
                    return;
                }
                let _ = (&stream).write_all(&body);
            }
        });
        Self {
            root: root.to_owned(),
            address,
            sent,
            cut,
        }
    }

    fn fixture(&self) -> Fixture {
        let fixture = Fixture::init_bare(&self.root.join("x.git")).unwrap();
        fs::write(self.root.join("x.git/git-daemon-export-ok"), "").unwrap();
        fixture
    }

    fn mirror(&self, cache: &Path) -> Mirror {
        Mirror::open(cache, &format!("http://{}/x.git", self.address)).unwrap()
    }
}

fn backend(root: &Path, request: &Request) -> Vec<u8> {
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", &request.path)
        .env("QUERY_STRING", &request.query)
        .env(
            "CONTENT_TYPE",
            request.header("content-type").unwrap_or_default(),
        )
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env(
            "HTTP_CONTENT_ENCODING",
            request.header("content-encoding").unwrap_or_default(),
        )
        .env(
            "GIT_PROTOCOL",
            request.header("git-protocol").unwrap_or_default(),
        )
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&request.body)
        .unwrap();
    child.wait_with_output().unwrap().stdout
}

fn moved(fetched: &Fetched) -> Vec<(&str, Option<&CommitId>, Option<&CommitId>)> {
    fetched
        .moved
        .iter()
        .map(|m| (m.name.as_str(), m.old.as_ref(), m.new.as_ref()))
        .collect()
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
    assert!(!repo.is_ancestor(&second, &third).unwrap());
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
    assert_eq!(
        mirror
            .repo()
            .unwrap()
            .unwrap()
            .resolve(&Revision::Head)
            .unwrap()
            .commit,
        first
    );
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
    let script = std::env::temp_dir().join("trueup-test-ssh-local");
    // The last argument is the command for the other side.
    write_script(
        &script,
        "for last; do :; done; echo 'a banner' >&2; eval \"exec $last\"",
    );
    if !with_ssh_command("over_ssh", &format!("{} -i 'a key'", script.display())) {
        return;
    }
    let (served, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let origin = served.path().join("it's.git");
    let mut theirs = Fixture::init_bare(&origin).unwrap();
    let first = theirs.commit("first", &[("a", "1")]).unwrap();
    let mirror = Mirror::open(cache.path(), &format!("git@host:{}", origin.display())).unwrap();
    fetch(&mirror).unwrap();
    assert_eq!(
        mirror
            .repo()
            .unwrap()
            .unwrap()
            .resolve(&Revision::Head)
            .unwrap()
            .commit,
        first
    );
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
