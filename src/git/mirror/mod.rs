//! Mirrors: bare copies of remote repositories under the cache directory, the only repositories that trueup writes.
//!
//! A mirror is at `CACHE/<readable name>-<hash>`, beside a lock file that the operating system releases with the
//! process that holds it. A first fetch builds beside that place and moves there when it is whole; whatever a later
//! one leaves behind when it is cut off is unreachable, and swept by the next.

mod conversation;
mod http;
mod lock;
mod meter;
mod prompt;
mod ssh;
mod weather;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::domain::source::without_password;
use crate::domain::{CommitId, Problem, ProblemKind, Result};

use super::location::{Address, is_local, normalise_url};
use super::repo::Repo;
use super::trouble::io_problem;
use conversation::Conversation;
use lock::Lock;
use meter::Gauge;
pub use meter::Progress;
use ssh::Leash;
pub use weather::asking_may_help;

/// How often a waiting fetch looks whether it is to stop, and tells how far it is.
const TICK: Duration = Duration::from_millis(100);
/// How long a fetch that is told to stop may take to do so, before it is left to itself.
const GRACE: Duration = Duration::from_secs(2);

/// How to fetch.
#[derive(Clone, Debug, Default)]
pub struct FetchOptions {
    /// The terminal, where the caller has lent it: the person at it may be asked for a password, a host key, a touch.
    /// Otherwise nothing ever asks.
    pub lent: Option<Lent>,
    /// How long it may take in all. `None`: as long as it takes.
    pub deadline: Option<Duration>,
}

/// The terminal, lent to a fetch until whoever we are was accepted.
#[derive(Clone)]
pub struct Lent {
    inner: Arc<(AtomicBool, Box<dyn Fn() + Send + Sync>)>,
}

impl Lent {
    /// Calls `returned` once, as soon as nobody will ask any more. A fetch that fails before does not.
    pub fn new(returned: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            inner: Arc::new((AtomicBool::new(true), Box::new(returned))),
        }
    }

    fn is_out(&self) -> bool {
        self.inner.0.load(Ordering::SeqCst)
    }

    fn give_back(&self) {
        if self.inner.0.swap(false, Ordering::SeqCst) {
            (self.inner.1)();
        }
    }
}

impl std::fmt::Debug for Lent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lent({})", self.is_out())
    }
}

/// What a fetch brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// References that are not where they were, by name.
    pub moved: Vec<Moved>,
}

/// A reference that a fetch moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its full name; `HEAD` for the default branch.
    pub name: String,
    /// The commit where it was; `None`: it is new.
    pub old: Option<CommitId>,
    /// The commit where it is; `None`: it is gone from the remote.
    pub new: Option<CommitId>,
}

/// The mirror of a URL.
#[derive(Clone, Debug)]
pub struct Mirror {
    url: String,
    path: PathBuf,
}

impl Mirror {
    /// The mirror of a URL under a cache directory. Uses no network and writes nothing.
    ///
    /// # Errors
    /// The URL is none, or of a kind that is not fetched: paths and `file://` are read in place, by [`Repo::open`].
    pub fn open(cache: &Path, url: &str) -> Result<Self> {
        let refused = |why: &str| {
            Problem::new(ProblemKind::Config, "not a URL to fetch from")
                .at(without_password(url))
                .because(why)
        };
        if is_local(url) {
            return Err(refused("it is on this machine, and read in place"));
        }
        if let Address::Url { scheme, .. } = Address::parse(url)
            && !["https", "http", "ssh", "git+ssh", "ssh+git"]
                .contains(&scheme.to_ascii_lowercase().as_str())
        {
            return Err(refused(&format!("the scheme {scheme} is not supported"))
                .hint("Use https://, ssh:// or user@host:path."));
        }
        // `helper::address` would have Git run a program.
        if let Address::Scp { path, .. } = Address::parse(url)
            && path.starts_with(':')
        {
            return Err(refused("remote helpers are not supported")
                .hint("Use https://, ssh:// or user@host:path."));
        }
        let parsed = gix::url::parse(url);
        parsed.map_err(|e| {
            let why = super::trouble::texts(&e).join(": ");
            weather::without_secrets(refused(&why), url)
        })?;
        Ok(Self {
            url: url.to_owned(),
            path: cache.join(directory_name(&normalise_url(url))),
        })
    }

    /// Where it is, or will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was fetched last; `None` before the first fetch came to its end.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn repo(&self) -> Result<Option<Repo>> {
        if !self.path.exists() {
            return Ok(None);
        }
        Repo::open(&self.path)
            .map(|repo| Some(repo.mirror_of(without_password(&self.url))))
            .map_err(|e| e.hint("The mirror is damaged; the next fetch makes it anew."))
    }

    /// Brings branches, tags and the default branch up to date with the remote, forced and vanished ones too.
    /// Another fetch of this mirror, by this or another process, is waited for.
    ///
    /// # Errors
    /// Whatever a network holds, told apart by kind; `Cancelled` when `cancel` is set meanwhile, `Unreachable` when
    /// the deadline passes. The mirror stays as usable as it was.
    pub fn fetch(
        &self,
        options: &FetchOptions,
        cancel: &AtomicBool,
        progress: &dyn Fn(Progress),
    ) -> Result<Fetched> {
        let until = options.deadline.and_then(|d| Instant::now().checked_add(d));
        let stop = || -> Option<Problem> {
            if cancel.load(Ordering::Relaxed) {
                Some(Problem::new(
                    ProblemKind::Cancelled,
                    "the fetch was stopped",
                ))
            } else if until.is_some_and(|until| Instant::now() >= until) {
                Some(weather::too_slow(options.deadline.unwrap_or_default()))
            } else {
                None
            }
        };
        self.fetch_until(options, &stop, progress)
            .map_err(|problem| self.described(problem))
    }

    /// A Problem of a fetch with what every one of them needs: a place, something to do, and no secrets.
    fn described(&self, problem: Problem) -> Problem {
        let mut problem = weather::without_secrets(problem, &self.url);
        if problem.place.is_empty() {
            problem = problem.at(without_password(&self.url));
        }
        if problem.hints.is_empty() && problem.kind != ProblemKind::Cancelled {
            let path = self.path.display();
            problem = problem.hint(format!(
                "If it stays so, remove {path}: the next fetch makes it anew."
            ));
        }
        problem
    }

    fn fetch_until(
        &self,
        options: &FetchOptions,
        stop: &dyn Fn() -> Option<Problem>,
        progress: &dyn Fn(Progress),
    ) -> Result<Fetched> {
        let lock = Lock::acquire(&self.path, stop)?;
        let (gauge, leash) = (Arc::new(Gauge::default()), Arc::new(Leash::default()));
        let conversation = Conversation {
            url: self.url.clone(),
            options: options.clone(),
            gauge: gauge.clone(),
            leash: leash.clone(),
        };
        let path = self.path.clone();
        let (done, outcome) = mpsc::sync_channel(1);
        // gix blocks in reads that nothing interrupts, so it gets a thread that can be left behind. The lock goes with
        // it: nobody else may fetch while a straggler still could write.
        let work = move || {
            let result = fetch_into(&path, &conversation);
            drop(lock);
            // Nobody may be waiting any more.
            let _ = done.send(result);
        };
        std::thread::Builder::new()
            .name("git-fetch".to_owned())
            .spawn(work)
            .map_err(|e| io_problem(&e, "cannot start a thread", &self.path))?;
        let crashed = || Problem::new(ProblemKind::Internal, "the fetch ended without a result");
        loop {
            match outcome.recv_timeout(TICK) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => return Err(crashed()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(problem) = stop() {
                leash.pull();
                // A fetch that came to its end in the last moment is as good as any.
                return match outcome.recv_timeout(GRACE) {
                    Ok(Ok(fetched)) => Ok(fetched),
                    _ => Err(problem),
                };
            }
            if let Some(now) = gauge.read() {
                progress(now);
            }
        }
    }
}

/// Fetches into the mirror at a path, whose lock is held.
fn fetch_into(path: &Path, conversation: &Conversation) -> Result<Fetched> {
    if path.exists()
        && let Ok(repo) = conversation::open(path)
    {
        lock::sweep(path);
        return conversation.hold(&repo);
    }
    let building = beside(path, ".new");
    if building.exists() {
        remove(&building)?;
    }
    make_private(&building)?;
    let fetched = conversation::init(&building).and_then(|repo| conversation.hold(&repo));
    let fetched = match fetched {
        Ok(fetched) => fetched,
        Err(problem) => {
            // The fetch failed already; that its remains stay too is swept by the next one.
            let _ = fs::remove_dir_all(&building);
            return Err(problem);
        }
    };
    // A damaged one holds nothing that the remote does not have.
    if path.exists() {
        remove(path)?;
    }
    fs::rename(&building, path)
        .map_err(|e| io_problem(&e, "cannot move the new mirror into place", path))?;
    Ok(fetched)
}

/// What may not be read on the remote by everybody may not be read here either.
fn make_private(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|e| lock::unusable(&e, "cannot make the mirror's directory", path))
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_dir_all(path).map_err(|e| io_problem(&e, "cannot remove the damaged mirror", path))
}

/// The path with a suffix added to its last part.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// A directory name for a normalised URL: readable, safe on every file system, and different for different URLs.
fn directory_name(normalised: &str) -> String {
    const READABLE: usize = 60;
    const HASH: usize = 12;
    let readable: String = normalised
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') => c,
            _ => '-',
        })
        .collect();
    let from = readable.len().saturating_sub(READABLE);
    let readable = readable.get(from..).unwrap_or_default();
    let readable = readable.trim_start_matches(['.', '-']);
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(normalised.as_bytes());
    // The hash of a short text is never one of the forged collisions for which it can fail.
    let hash = hasher.try_finalize().map_or_else(
        |_| "0".repeat(HASH),
        |id| id.to_hex_with_len(HASH).to_string(),
    );
    format!("{readable}-{hash}")
}

#[cfg(test)]
mod tests;
