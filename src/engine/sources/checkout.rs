//! A checkout: read in place, and looked at again when its refs or the Apps' directories move.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::domain::{Problem, ProblemKind, RepoPath, Repository};
use crate::engine::core::{Event, Events};
use crate::git::Repo;

use super::{SourceOrder, SourceSeen, SourceSettings, blocking};

/// Files change in bursts (a checkout, a rebase): this long after the last one they are looked at.
const SETTLE: Duration = Duration::from_millis(40);

/// How often it is looked whether a checkout is still where it was.
const LOOK: Duration = Duration::from_secs(2);

/// The task of one checkout.
pub(super) async fn look_after(
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
        // What moves while it is looked at must not be missed: it is watched before.
        let watches =
            (watch.is_none() && settings.live).then(|| (directories.clone(), moved.clone()));
        let seen = blocking(move || {
            if !at.exists() {
                return Err(gone(&at));
            }
            let repo = Repo::open(&at)?;
            let new = watches.and_then(|(directories, moved)| watcher(&repo, &directories, moved));
            let uncommitted = if repo.is_bare() {
                Vec::new()
            } else {
                repo.changed_files()?
            };
            Ok((repo, uncommitted, new))
        })
        .await;
        let seen = match seen {
            Ok((repo, uncommitted, new)) => {
                watch = watch.or(new);
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
