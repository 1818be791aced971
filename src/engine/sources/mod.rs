//! One task for each repository: notices when it moves, fetches what is mirrored, and says what is there.

mod checkout;
mod heard;
mod mirror;
pub(super) mod orphans;
pub(super) mod search;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::{Problem, ProblemKind, RepoPath, Repository};
use crate::git::Repo;

use crate::engine::core::Events;
use crate::engine::loan::Lender;

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
            tokio::spawn(checkout::look_after(
                repository, path, settings, events, orders,
            ));
        }
        Repository::Remote(url) => {
            tokio::spawn(mirror::look_after(
                repository,
                url,
                settings,
                (events, lender),
                orders,
            ));
        }
    }
    sender
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
