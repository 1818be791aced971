//! One task for each repository: notices when it moves, fetches what is mirrored, and says what is there.

pub(super) mod orphans;
pub(super) mod search;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::domain::{Problem, ProblemKind, RepoPath, Repository};
use crate::git::{FetchOptions, Lent, Mirror, Progress, Repo, asking_may_help};

use crate::engine::core::{Event, Events};
use crate::engine::loan::Lender;

/// Files change in bursts (a checkout, a rebase): this long after the last one they are looked at.
const SETTLE: Duration = Duration::from_millis(40);

/// How often it is looked whether a checkout is still where it was.
const LOOK: Duration = Duration::from_secs(2);

/// What a repository's task is told.
#[derive(Debug)]
pub(super) enum SourceOrder {
    /// Look, and fetch, at once. The person asked for it, and may be asked for a password.
    Refresh,
    /// Watch these directories of the work tree besides the refs.
    Watch(Vec<RepoPath>),
}

/// What a repository's task saw.
pub(super) struct SourceSeen {
    /// The repository, once it can be read.
    pub repo: Option<Repo>,
    /// Why it cannot be read, or why it is old.
    pub problem: Option<Problem>,
    /// Files with uncommitted changes.
    pub uncommitted: Arc<Vec<RepoPath>>,
    /// Whether refs or files may have moved since the last time.
    pub moved: bool,
}

/// How repositories are looked after.
#[derive(Clone, Debug)]
pub(super) struct SourceSettings {
    pub cache_dir: PathBuf,
    pub fetch_every: Duration,
    /// Whether to keep looking after the first time.
    pub live: bool,
}

impl SourceSettings {
    /// Between two fetches; `None`: the next one is asked for.
    fn pause(&self) -> Option<Duration> {
        (self.live && !self.fetch_every.is_zero()).then_some(self.fetch_every)
    }
}

/// Starts the task of one repository.
pub(super) fn start(
    repository: Repository,
    settings: SourceSettings,
    events: Events,
    lender: Lender,
) -> mpsc::UnboundedSender<SourceOrder> {
    let (sender, orders) = mpsc::unbounded_channel();
    match repository.clone() {
        Repository::Local(path) => {
            tokio::spawn(checkout(repository, path, settings, events, orders));
        }
        Repository::Remote(url) => {
            tokio::spawn(mirror(repository, url, settings, (events, lender), orders));
        }
    }
    sender
}

async fn checkout(
    repository: Repository,
    path: PathBuf,
    settings: SourceSettings,
    events: Events,
    mut orders: mpsc::UnboundedReceiver<SourceOrder>,
) {
    let (moved, mut moves) = mpsc::channel(1);
    let mut watch = None;
    let mut directories = Vec::new();
    let mut told: Option<Problem> = None;
    loop {
        let at = path.clone();
        let place = place(&path);
        let seen = blocking(move || {
            if !at.exists() {
                return Err(gone(&at));
            }
            let repo = Repo::open(&at)?;
            let uncommitted = if repo.is_bare() {
                Vec::new()
            } else {
                repo.changed_files()?
            };
            Ok((repo, uncommitted))
        })
        .await;
        let seen = match seen {
            Ok((repo, uncommitted)) => {
                if watch.is_none() && settings.live {
                    watch = watcher(&repo, &directories, moved.clone());
                }
                SourceSeen {
                    repo: Some(repo),
                    problem: None,
                    uncommitted: Arc::new(uncommitted),
                    moved: true,
                }
            }
            Err(problem) => {
                // What is watched may be another directory by now.
                watch = None;
                SourceSeen {
                    repo: None,
                    problem: Some(problem),
                    uncommitted: Arc::default(),
                    moved: false,
                }
            }
        };
        // While it is gone, nothing new is told.
        let is_news = seen.problem.is_none() || seen.problem != told;
        told.clone_from(&seen.problem);
        if is_news
            && events
                .send(Event::Source(repository.clone(), seen))
                .await
                .is_err()
        {
            return;
        }
        let fallback = async {
            if !settings.live {
                return std::future::pending().await;
            }
            tokio::time::sleep(LOOK).await;
            // Where the system cannot watch files, looking now and then has to do. A directory that is moved away or
            // replaced goes with its watch.
            while watch.is_some() && self::place(&path) == place {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            order = orders.recv() => match order {
                None => return,
                Some(SourceOrder::Refresh) => {}
                Some(SourceOrder::Watch(wanted)) => {
                    if wanted == directories {
                        continue;
                    }
                    directories = wanted;
                    watch = None;
                }
            },
            _ = moves.recv() => {
                tokio::time::sleep(SETTLE).await;
                while moves.try_recv().is_ok() {}
            }
            () = fallback => {}
        }
    }
}

/// Which directory it is that a path leads to; `None`: none.
fn place(path: &Path) -> Option<(u64, u64)> {
    let found = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some((
        std::os::unix::fs::MetadataExt::dev(&found),
        std::os::unix::fs::MetadataExt::ino(&found),
    ));
    #[cfg(not(unix))]
    Some((0, u64::from(found.is_dir())))
}

fn gone(path: &Path) -> Problem {
    Problem::new(ProblemKind::NotFound, "the checkout is gone")
        .at(path.display().to_string())
        .hint("Put it back, or start trueup where it is now.")
}

/// Watches refs and the Apps' directories; `None` where the system cannot.
fn watcher(
    repo: &Repo,
    directories: &[RepoPath],
    moved: mpsc::Sender<()>,
) -> Option<notify::RecommendedWatcher> {
    let git_paths = repo.watch_paths();
    let roots: Vec<PathBuf> = directories
        .iter()
        .map(|d| repo.root().join(d.as_str()))
        .collect();
    let (interesting, watched) = (git_paths.clone(), roots.clone());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        // Beside HEAD and the index lies much that moves all the time: locks, logs, messages.
        let matters = event.paths.iter().any(|path| {
            interesting
                .iter()
                .any(|p| path == p || (p.ends_with("refs") && path.starts_with(p)))
                || path
                    .parent()
                    .is_some_and(|dir| watched.iter().any(|root| root == dir))
        });
        if matters && !event.kind.is_access() {
            // Full means that a look is due already.
            let _ = moved.try_send(());
        }
    })
    .ok()?;
    // Git replaces files by renaming: their directories are watched, not they.
    let parents: BTreeSet<&Path> = git_paths.iter().filter_map(|p| p.parent()).collect();
    for parent in parents.into_iter().filter(|p| p.is_dir()) {
        watcher.watch(parent, RecursiveMode::NonRecursive).ok()?;
    }
    for refs in git_paths.iter().filter(|p| p.is_dir()) {
        watcher.watch(refs, RecursiveMode::Recursive).ok()?;
    }
    if !repo.is_bare() {
        for root in roots.iter().filter(|r| r.is_dir()) {
            watcher.watch(root, RecursiveMode::NonRecursive).ok()?;
        }
    }
    Some(watcher)
}

async fn mirror(
    repository: Repository,
    url: String,
    settings: SourceSettings,
    (events, lender): (Events, Lender),
    mut orders: mpsc::UnboundedReceiver<SourceOrder>,
) {
    let cancel = Arc::new(AtomicBool::new(false));
    let _cancel_on_drop = CancelOnDrop(cancel.clone());
    let mut may_ask = lender.at_once;
    let mut first = true;
    // Who looks once wants the newest; what an earlier run fetched serves only where nothing newer is to be had.
    let mut cached = None;
    loop {
        if first {
            // What an earlier run fetched is shown while the network is asked.
            let (cache, url) = (settings.cache_dir.clone(), url.clone());
            cached = blocking(move || Mirror::open(&cache, &url)?.repo())
                .await
                .ok()
                .flatten();
            if let Some(repo) = cached.take_if(|_| settings.live) {
                let seen = SourceSeen {
                    repo: Some(repo),
                    problem: None,
                    uncommitted: Arc::default(),
                    moved: true,
                };
                if events
                    .send(Event::Source(repository.clone(), seen))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        }
        let fetch = Fetch {
            cache: settings.cache_dir.clone(),
            url: url.clone(),
            name: repository.to_string(),
            deadline: Duration::from_secs(if first { 600 } else { 120 }),
            events: events.clone(),
        };
        let fetched = fetch.run(&cancel, &lender, may_ask).await;
        let _ = events.send(Event::Work(repository.to_string(), None)).await;
        let seen = match fetched {
            Ok((repo, moved)) => SourceSeen {
                repo,
                problem: None,
                uncommitted: Arc::default(),
                moved: moved || first,
            },
            Err(problem) => SourceSeen {
                repo: cached.take(),
                problem: Some(problem),
                uncommitted: Arc::default(),
                moved: false,
            },
        };
        first = false;
        may_ask = false;
        if events
            .send(Event::Source(repository.clone(), seen))
            .await
            .is_err()
        {
            return;
        }
        let pause = async {
            match settings.pause() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(pause);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    None => return,
                    Some(SourceOrder::Watch(_)) => {}
                    Some(SourceOrder::Refresh) => {
                        may_ask = true;
                        break;
                    }
                },
                () = &mut pause => break,
            }
        }
    }
}

/// One fetch of a mirror.
struct Fetch {
    cache: PathBuf,
    url: String,
    name: String,
    deadline: Duration,
    events: Events,
}

/// What is fetched, and whether something moved.
type Brought = (Option<Repo>, bool);

impl Fetch {
    /// Fetches, quietly as long as that will do. Where it will not and the person may be asked, the terminal is lent
    /// to whoever asks.
    async fn run(
        &self,
        cancel: &Arc<AtomicBool>,
        lender: &Lender,
        may_ask: bool,
    ) -> Result<Brought, Problem> {
        let refused = match self.once(cancel, None).await {
            Err(problem) if asking_may_help(&problem) => problem,
            done => return done,
        };
        let refused = lender.hint(refused);
        let turn = match if may_ask { lender.turn().await } else { None } {
            Some(turn) => turn,
            None => return Err(refused),
        };
        if turn.waited
            && let Ok(brought) = self.once(cancel, None).await
        {
            return Ok(brought);
        }
        let why = format!("{} wants a login", self.name);
        let Some(borrowed) = lender.borrow(turn, why).await else {
            return Err(refused);
        };
        let cancel = borrowed.cancelled();
        let _cancel_on_drop = CancelOnDrop(cancel.clone());
        match self
            .once(&cancel, Some(Lent::new(borrowed.returner())))
            .await
        {
            Err(problem) if problem.kind == ProblemKind::Cancelled => Err(refused),
            // The next try asks again.
            Err(problem) if asking_may_help(&problem) => Err(lender.hint(problem)),
            done => done,
        }
    }

    async fn once(&self, cancel: &Arc<AtomicBool>, lent: Option<Lent>) -> Result<Brought, Problem> {
        let (cache, url, cancel) = (self.cache.clone(), self.url.clone(), cancel.clone());
        let options = FetchOptions {
            // A person takes the time that they take.
            deadline: lent.is_none().then_some(self.deadline),
            lent,
        };
        let (events, name) = (self.events.clone(), self.name.clone());
        blocking(move || {
            let mirror = Mirror::open(&cache, &url)?;
            let progress = |p: Progress| {
                let _ = events.try_send(Event::Work(name.clone(), Some(fetching(&p))));
            };
            let fetched = mirror.fetch(&options, &cancel, &progress)?;
            Ok((mirror.repo()?, !fetched.moved.is_empty()))
        })
        .await
    }
}

/// A fetch under way, in words.
fn fetching(progress: &Progress) -> String {
    match progress.total {
        Some(total) if total > 0 => {
            format!(
                "fetching, {} {} %",
                progress.stage,
                progress.done * 100 / total
            )
        }
        _ => format!("fetching, {} {}", progress.stage, progress.done),
    }
}

/// Ends a fetch under way when its task ends.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs blocking work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(
                Problem::new(ProblemKind::Internal, "a background job broke off")
                    .because_of(&error),
            )
        })
}

/// The repository that a path lies in, and the path inside it.
pub fn locate(path: &Path) -> Result<(Repository, RepoPath), Problem> {
    let repo = Repo::discover(path)?;
    let root = repo.root().to_path_buf();
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let inside = absolute
        .strip_prefix(&root)
        .ok()
        .and_then(|p| p.to_str())
        .unwrap_or_default();
    Ok((Repository::Local(root), RepoPath::parse(inside)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_zero_fetches_only_when_asked() {
        let pause = |seconds, live| {
            let settings = SourceSettings {
                cache_dir: PathBuf::new(),
                fetch_every: Duration::from_secs(seconds),
                live,
            };
            settings.pause()
        };
        assert_eq!(pause(60, true), Some(Duration::from_secs(60)));
        assert_eq!(pause(0, true), None);
        assert_eq!(pause(60, false), None);
    }
}
