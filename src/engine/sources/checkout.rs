//! A checkout: read in place, and looked at again when its refs or the Apps' directories move.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::domain::{Problem, ProblemKind, RepoPath, Repository};
use crate::engine::core::{Event, Events};
use crate::git::Repo;

use super::{SourceOrder, SourceSeen, SourceSettings, blocking};

/// Files change in bursts (a checkout, a rebase): this long after the first of them they are looked at, and again.
const SETTLE: Duration = Duration::from_millis(40);

/// What is uncommitted takes a look at every file: it is counted this much later, so that a commit is rendered first.
const COUNT_AFTER: Duration = Duration::from_millis(150);

/// How often it is looked whether a checkout is still where it was.
const LOOK: Duration = Duration::from_secs(2);

/// The task of one checkout.
pub(super) async fn look_after(
    repository: Repository,
    path: PathBuf,
    settings: SourceSettings,
    events: Events,
    orders: mpsc::UnboundedReceiver<SourceOrder>,
) {
    let checkout = Checkout {
        repository,
        path,
        live: settings.live,
        events,
        orders,
        moves: Arc::default(),
        watch: None,
        place: None,
        directories: Vec::new(),
        repo: None,
        told: None,
        uncommitted: Arc::default(),
        looked: tokio::time::Instant::now(),
        count_at: None,
    };
    checkout.run().await;
}

struct Checkout {
    repository: Repository,
    path: PathBuf,
    live: bool,
    events: Events,
    orders: mpsc::UnboundedReceiver<SourceOrder>,
    moves: Arc<Moves>,
    watch: Option<notify::RecommendedWatcher>,
    place: Option<(u64, u64)>,
    directories: Vec<RepoPath>,
    repo: Option<Repo>,
    /// The Problem that was told last.
    told: Option<Problem>,
    /// What was uncommitted when it was counted last.
    uncommitted: Arc<Vec<RepoPath>>,
    /// When it was looked at last.
    looked: tokio::time::Instant,
    /// When it is to be counted again what is uncommitted.
    count_at: Option<tokio::time::Instant>,
}

/// What moved since it was looked at.
#[derive(Default)]
struct Moves {
    what: AtomicU8,
    news: tokio::sync::Notify,
}

impl Moves {
    const REFS: u8 = 1;
    const FILES: u8 = 2;
    const INDEX: u8 = 4;

    fn add(&self, what: u8) {
        self.what.fetch_or(what, Ordering::SeqCst);
        self.news.notify_one();
    }

    fn take(&self) -> u8 {
        self.what.swap(0, Ordering::SeqCst)
    }
}

type Counted = tokio::task::JoinHandle<Result<Vec<RepoPath>, Problem>>;

impl Checkout {
    async fn run(mut self) {
        // The first look is a whole one: who looks once wants to know all.
        let mut whole = true;
        let mut counting = None;
        while self.look(whole).await {
            match self.wait(&mut counting).await {
                Some(next) => whole = next,
                None => return,
            }
        }
    }

    /// Looks at it, and says what it sees. False when nobody listens any more.
    async fn look(&mut self, whole: bool) -> bool {
        let at = self.path.clone();
        self.place = place(&self.path);
        self.looked = tokio::time::Instant::now();
        // What moves while it is looked at must not be missed: it is watched before.
        let watches = (self.watch.is_none() && self.live)
            .then(|| (self.directories.clone(), self.moves.clone()));
        let seen = blocking(move || {
            if !at.exists() {
                return Err(gone(&at));
            }
            let repo = Repo::open(&at)?;
            let new = watches.and_then(|(directories, moves)| watcher(&repo, &directories, moves));
            let uncommitted = whole.then(|| uncommitted(&repo)).transpose()?;
            Ok((repo, uncommitted, new))
        })
        .await;
        let seen = match seen {
            Ok((repo, uncommitted, new)) => {
                self.watch = self.watch.take().or(new);
                self.repo = Some(repo.clone());
                match uncommitted {
                    Some(uncommitted) => {
                        self.uncommitted = Arc::new(uncommitted);
                        self.count_at = None;
                    }
                    None => self.count_at = Some(tokio::time::Instant::now() + COUNT_AFTER),
                }
                SourceSeen {
                    repo: Some(repo),
                    problem: None,
                    uncommitted: self.uncommitted.clone(),
                    moved: true,
                }
            }
            Err(problem) => self.lost(problem),
        };
        self.tell(seen).await
    }

    /// It cannot be read.
    fn lost(&mut self, problem: Problem) -> SourceSeen {
        // What is watched may be another directory by now.
        self.watch = None;
        self.repo = None;
        self.uncommitted = Arc::default();
        self.count_at = None;
        SourceSeen {
            repo: None,
            problem: Some(problem),
            uncommitted: Arc::default(),
            moved: false,
        }
    }

    async fn tell(&mut self, seen: SourceSeen) -> bool {
        // While it is gone, nothing new is told.
        let is_news = seen.problem.is_none() || seen.problem != self.told;
        self.told.clone_from(&seen.problem);
        let event = Event::Source(self.repository.clone(), seen);
        !is_news || self.events.send(event).await.is_ok()
    }

    /// Waits until it is to be looked at again, and whether as a whole. Counts what is uncommitted meanwhile. `None` when
    /// nobody listens any more.
    async fn wait(&mut self, counting: &mut Option<Counted>) -> Option<bool> {
        loop {
            let fallback = fallback(self.live, self.watch.is_some(), &self.path, self.place);
            tokio::select! {
                order = self.orders.recv() => match order? {
                    SourceOrder::Refresh => return Some(true),
                    SourceOrder::Watch(wanted) => {
                        if self.live && wanted != self.directories {
                            self.directories = wanted;
                            self.watch = None;
                            return Some(false);
                        }
                    }
                },
                () = self.moves.news.notified() => {
                    let mut what = self.moves.take();
                    // A commit is there as soon as its ref is; files are not whole before they are still.
                    let is_soon = self.looked.elapsed() < SETTLE;
                    if what & Moves::FILES != 0 || is_soon {
                        tokio::time::sleep(SETTLE).await;
                        what |= self.moves.take();
                    }
                    if what & (Moves::REFS | Moves::FILES) != 0 {
                        return Some(false);
                    }
                    if what & Moves::INDEX != 0 {
                        self.count_at = Some(tokio::time::Instant::now() + COUNT_AFTER);
                    }
                }
                () = until(self.count_at), if counting.is_none() => {
                    self.count_at = None;
                    let repo = self.repo.clone();
                    *counting = repo.map(|repo| tokio::spawn(blocking(move || uncommitted(&repo))));
                }
                counted = ended(counting) => {
                    *counting = None;
                    // Of a checkout that is gone, or has moved since, another count comes.
                    if self.repo.is_some() && self.count_at.is_none() && !self.counted(counted).await {
                        return None;
                    }
                }
                () = fallback => return Some(true),
            }
        }
    }

    /// Tells what is uncommitted, if that has changed. False when nobody listens any more.
    async fn counted(&mut self, counted: Result<Vec<RepoPath>, Problem>) -> bool {
        let seen = match counted {
            Ok(counted) if counted == *self.uncommitted => return true,
            Ok(counted) => {
                self.uncommitted = Arc::new(counted);
                SourceSeen {
                    repo: self.repo.clone(),
                    problem: None,
                    uncommitted: self.uncommitted.clone(),
                    moved: false,
                }
            }
            Err(problem) => self.lost(problem),
        };
        self.tell(seen).await
    }
}

/// Files with uncommitted changes.
fn uncommitted(repo: &Repo) -> Result<Vec<RepoPath>, Problem> {
    match repo.is_bare() {
        true => Ok(Vec::new()),
        false => repo.changed_files(),
    }
}

/// The end of a count, if one is under way.
async fn ended(counting: &mut Option<Counted>) -> Result<Vec<RepoPath>, Problem> {
    match counting {
        Some(counting) => counting.await.unwrap_or_else(|error| {
            let broken = Problem::new(ProblemKind::Internal, "a background job broke off");
            Err(broken.because_of(&error))
        }),
        None => std::future::pending().await,
    }
}

async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Where the system cannot watch files, looking now and then has to do. A directory that is moved away or replaced goes
/// with its watch.
async fn fallback(live: bool, is_watched: bool, path: &Path, was: Option<(u64, u64)>) {
    if !live {
        return std::future::pending().await;
    }
    tokio::time::sleep(LOOK).await;
    while is_watched && place(path) == was {
        tokio::time::sleep(LOOK).await;
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

/// What a path that moved is. Beside HEAD and the index lies much that moves all the time: locks, logs, messages.
fn what(path: &Path, git_paths: &[PathBuf], directories: &[PathBuf]) -> u8 {
    let is_lock = path.extension().is_some_and(|e| e == "lock");
    let is_ref = |p: &PathBuf| p.ends_with("refs") && path.starts_with(p) && !is_lock;
    if git_paths.iter().any(|p| path == p && p.ends_with("index")) {
        Moves::INDEX
    } else if git_paths.iter().any(|p| path == p || is_ref(p)) {
        Moves::REFS
    } else if directories.iter().any(|root| path.parent() == Some(root)) {
        Moves::FILES
    } else {
        0
    }
}

/// Watches refs and the Apps' directories; `None` where the system cannot.
fn watcher(
    repo: &Repo,
    directories: &[RepoPath],
    moves: Arc<Moves>,
) -> Option<notify::RecommendedWatcher> {
    let git_paths = repo.watch_paths();
    let roots: Vec<PathBuf> = directories
        .iter()
        .map(|d| repo.root().join(d.as_str()))
        .collect();
    let (interesting, watched) = (git_paths.clone(), roots.clone());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if event.kind.is_access() {
            return;
        }
        let what = event
            .paths
            .iter()
            .map(|path| what(path, &interesting, &watched));
        match what.fold(0, |all, one| all | one) {
            0 => {}
            what => moves.add(what),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    #[test]
    fn what_lies_beside_the_refs_moves_all_the_time() {
        let git = Path::new("/shop/.git");
        let git_paths = ["HEAD", "index", "refs", "packed-refs"].map(|p| git.join(p));
        let directories = [PathBuf::from("/shop/web")];
        for (path, wanted) in [
            ("/shop/.git/HEAD", Moves::REFS),
            ("/shop/.git/packed-refs", Moves::REFS),
            ("/shop/.git/refs/heads/main", Moves::REFS),
            ("/shop/.git/refs/heads/main.lock", 0),
            ("/shop/.git/HEAD.lock", 0),
            ("/shop/.git/index", Moves::INDEX),
            ("/shop/.git/index.lock", 0),
            ("/shop/.git/COMMIT_EDITMSG", 0),
            ("/shop/web/a.yaml", Moves::FILES),
            ("/shop/web/deep/a.yaml", 0),
            ("/shop/other/a.yaml", 0),
        ] {
            let found = what(Path::new(path), &git_paths, &directories);
            assert_eq!(found, wanted, "{path}");
        }
    }

    #[tokio::test]
    async fn a_commit_waited_until_every_file_was_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let mut git = Fixture::init(&dir.path().join("shop")).unwrap();
        git.commit("first", &[("web/a.yaml", "a: 1\n")]).unwrap();
        let (sender, mut events) = mpsc::channel(16);
        let (orders, receiver) = mpsc::unbounded_channel();
        let settings = SourceSettings {
            cache_dir: PathBuf::new(),
            fetch_every: Duration::ZERO,
            live: true,
        };
        let repository = Repository::Local(git.path().to_owned());
        let at = git.path().to_owned();
        tokio::spawn(look_after(repository, at, settings, sender, receiver));
        let mut seen = async || match events.recv().await {
            Some(Event::Source(_, seen)) => seen,
            _ => panic!("the checkout"),
        };
        assert!(seen().await.moved);
        orders
            .send(SourceOrder::Watch(vec![RepoPath::parse("web").unwrap()]))
            .unwrap();
        assert!(seen().await.moved, "the directories are watched now");
        // What moved is told at once, and what is uncommitted later.
        std::fs::write(git.path().join("web/b.yaml"), "b: 1\n").unwrap();
        let first = seen().await;
        assert!(first.moved && first.uncommitted.is_empty());
        let counted = seen().await;
        assert!(
            !counted.moved && counted.uncommitted.len() == 1,
            "{:?}",
            counted.uncommitted
        );
        let commit = git.commit("second", &[("web/a.yaml", "a: 2\n")]).unwrap();
        let head = loop {
            let seen = seen().await;
            let repo = seen.repo.unwrap();
            let head = repo.resolve(&crate::domain::Revision::Head).unwrap().commit;
            if seen.moved && head.0 == commit.to_string() {
                break head;
            }
        };
        assert_eq!(head.0, commit.to_string());
    }
}
