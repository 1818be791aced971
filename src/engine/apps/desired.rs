//! What Git says of Apps: resolve the revision, render, and render again only when something that was read changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::{
    App, AppId, Commit, CommitId, Problem, ReadRecord, Recorder, RepoPath, Revision, Tree,
    tree::reads_unchanged,
};
use crate::git::Repo;

use super::distance::Touch;
use super::packed::{PackedManifest, pack};
use crate::engine::core::{Event, Events};
use crate::engine::snapshot::{Distance, Target};
use crate::engine::sources::blocking;
use crate::engine::world::{Base, Desired};

/// One App to be rendered.
pub(in crate::engine) struct DesiredJob {
    pub id: AppId,
    pub ticket: u64,
    pub app: Arc<App>,
    pub repo: Repo,
    /// Whether `repo` stands in for a remote that cannot be reached: remote-tracking refs are read then.
    pub stand_in: bool,
    /// Another revision than the App's own, for looking only.
    pub revision: Option<Revision>,
    pub uncommitted: Arc<Vec<RepoPath>>,
    pub previous: Option<Arc<Desired>>,
    /// The commit of the last sync, where one is known.
    pub synced: Option<CommitId>,
    pub previous_base: Option<PreviousBase>,
}

/// The commit of the base before, its manifests and what they were read from.
type PreviousBase = (CommitId, Option<Arc<Vec<PackedManifest>>>, Vec<ReadRecord>);

/// What became of a [`DesiredJob`].
pub(in crate::engine) struct DesiredDone {
    pub id: AppId,
    pub ticket: u64,
    pub desired: Result<Arc<Desired>, Problem>,
    pub base: Option<Base>,
    /// Whether the manifests were rendered, rather than found unchanged.
    pub rendered: bool,
}

/// Renders Apps of one repository, one after the other; gives up between two Apps when `latest` has moved on.
pub(in crate::engine) fn start(
    jobs: Vec<DesiredJob>,
    mine: u64,
    latest: Arc<AtomicU64>,
    events: Events,
) {
    tokio::spawn(async move {
        let _ = blocking(move || {
            let mut shared = Shared::default();
            for job in jobs {
                if latest.load(Ordering::Relaxed) != mine {
                    return Ok(());
                }
                let done = run(job, &mut shared);
                if events
                    .blocking_send(Event::Desired(Box::new(done)))
                    .is_err()
                {
                    return Ok(());
                }
            }
            Ok(())
        })
        .await;
    });
}

type Trees = HashMap<(std::path::PathBuf, Option<CommitId>), Arc<dyn Tree>>;

/// What the Apps of one batch share: hundreds usually read one commit.
#[derive(Default)]
struct Shared {
    trees: Trees,
    heads: HashMap<(std::path::PathBuf, Revision, bool), Result<Head, Problem>>,
}

/// What a revision means at the moment.
#[derive(Clone)]
struct Head {
    name: String,
    commit: Commit,
    unpushed: bool,
    behind: usize,
}

fn run(job: DesiredJob, shared: &mut Shared) -> DesiredDone {
    let mut rendered = false;
    let desired = desired(&job, shared, &mut rendered);
    let base = match (&desired, &job.synced) {
        (Ok(desired), Some(synced)) => base(&job, desired, synced, &mut shared.trees),
        _ => None,
    };
    DesiredDone {
        id: job.id,
        ticket: job.ticket,
        desired,
        base,
        rendered,
    }
}

fn tree(
    repo: &Repo,
    commit: Option<&CommitId>,
    trees: &mut Trees,
) -> Result<Arc<dyn Tree>, Problem> {
    let key = (repo.root().to_path_buf(), commit.cloned());
    // A work tree changes under our hands: it is never shared between jobs of different times, and `trees` lives for
    // one batch only.
    if let Some(tree) = trees.get(&key) {
        return Ok(tree.clone());
    }
    let tree = match commit {
        Some(commit) => repo.tree(commit)?,
        None => repo.worktree()?,
    };
    trees.insert(key, tree.clone());
    Ok(tree)
}

fn desired(
    job: &DesiredJob,
    shared: &mut Shared,
    rendered: &mut bool,
) -> Result<Arc<Desired>, Problem> {
    let app = &job.app;
    let revision = job.revision.as_ref().unwrap_or(&app.source.revision);
    let worktree = *revision == Revision::Worktree;
    let root = job.repo.root().to_path_buf();
    let head = shared
        .heads
        .entry((root, revision.clone(), job.stand_in))
        .or_insert_with(|| head(&job.repo, revision, job.stand_in))
        .clone()?;
    let under_path = |path: &&RepoPath| path.is_within(&app.source.path);
    let is_head = matches!(revision, Revision::Head | Revision::Worktree);
    let target = Target {
        revision: revision.clone(),
        name: if worktree {
            "worktree".into()
        } else {
            head.name
        },
        commit: head.commit,
        uncommitted: if is_head {
            job.uncommitted.iter().filter(under_path).count()
        } else {
            0
        },
        override_of: job.revision.as_ref().map(|_| app.source.revision.clone()),
        unpushed: head.unpushed,
        behind: head.behind,
    };
    let commit = (!worktree).then_some(&target.commit.id);
    let tree = tree(&job.repo, commit, &mut shared.trees)?;
    if let Some(previous) = &job.previous
        // A Problem names the commit that it was found in.
        && (previous.problems.is_empty() || previous.target.commit == target.commit)
        && reads_unchanged(&previous.reads, &*tree)?
    {
        if previous.target == target && previous.stands_in == job.stand_in {
            return Ok(previous.clone());
        }
        return Ok(Arc::new(Desired {
            target,
            reads: previous.reads.clone(),
            manifests: previous.manifests.clone(),
            problems: previous.problems.clone(),
            notices: previous.notices.clone(),
            stands_in: job.stand_in,
        }));
    }
    *rendered = true;
    let (reads, result) = render(app, &*tree);
    Ok(Arc::new(Desired {
        target,
        reads,
        manifests: Arc::new(pack(&result.manifests)),
        problems: result.problems,
        notices: result.notices,
        stands_in: job.stand_in,
    }))
}

fn head(repo: &Repo, revision: &Revision, stand_in: bool) -> Result<Head, Problem> {
    let asked = match (stand_in, revision) {
        (_, Revision::Worktree) => Revision::Head,
        (true, Revision::Head) => Revision::Named("refs/remotes/origin/HEAD".into()),
        (true, Revision::Named(name)) => stand_in_revision(repo, name),
        _ => revision.clone(),
    };
    let resolved = repo.resolve(&asked)?;
    let commit = repo.commit(&resolved.commit)?;
    let is_checkout = !repo.is_bare();
    Ok(Head {
        name: resolved.name,
        unpushed: is_checkout
            && repo
                .remote_has(&commit.id)
                .is_ok_and(|has| has == Some(false)),
        behind: if is_checkout && *revision == Revision::Head {
            repo.upstream().ok().flatten().map_or(0, |u| u.behind)
        } else {
            0
        },
        commit,
    })
}

/// Where the remote is unreachable a branch is what the checkout last saw of it; anything else is looked up as it is.
fn stand_in_revision(repo: &Repo, name: &str) -> Revision {
    let tracking = Revision::Named(format!("refs/remotes/origin/{name}"));
    if repo.resolve(&tracking).is_ok() {
        tracking
    } else {
        Revision::Named(name.to_owned())
    }
}

fn render(app: &App, tree: &dyn Tree) -> (Vec<ReadRecord>, crate::render::Rendered) {
    let recorder = Recorder::new(tree);
    let rendered = manifests(app, &recorder);
    (recorder.finish(), rendered)
}

/// The objects of an App. `Application` manifests among them are Apps themselves, not objects.
pub(in crate::engine) fn manifests(app: &App, tree: &dyn Tree) -> crate::render::Rendered {
    if app.orphaned && tree.kind(&app.source.path).is_ok_and(|kind| kind.is_none()) {
        // That its directory is gone is what Git says of it.
        return crate::render::Rendered::default();
    }
    let mut rendered = crate::render::directory(tree, &app.source.path, &app.source.directory);
    rendered
        .manifests
        .retain(|m| !crate::render::is_application(m));
    rendered
}

/// What was desired at the last sync. `None` where that commit is gone or does not render any more.
fn base(job: &DesiredJob, desired: &Desired, synced: &CommitId, trees: &mut Trees) -> Option<Base> {
    if *synced == desired.target.commit.id && desired.target.revision != Revision::Worktree {
        return Some(Base {
            commit: synced.clone(),
            manifests: None,
            prepared: None,
            reads: Vec::new(),
            distance: Some(Distance::default()),
        });
    }
    let at_base = tree(&job.repo, Some(synced), trees).ok()?;
    if reads_unchanged(&desired.reads, &*at_base).ok()? {
        return Some(Base {
            commit: synced.clone(),
            manifests: None,
            prepared: None,
            reads: Vec::new(),
            distance: Some(Distance::default()),
        });
    }
    let known = job.previous_base.as_ref().filter(|base| base.0 == *synced);
    let (reads, manifests) = match known {
        Some((_, Some(manifests), reads)) => (reads.clone(), manifests.clone()),
        _ => {
            let (reads, rendered) = render(&job.app, &*at_base);
            if !rendered.problems.is_empty() {
                return None;
            }
            (reads, Arc::new(pack(&rendered.manifests)))
        }
    };
    // What one of the two does not have any more was read by the other.
    let both: Vec<ReadRecord> = desired.reads.iter().chain(&reads).cloned().collect();
    let touch = Touch {
        repo: &job.repo,
        reads: &both,
        recurse: job.app.source.directory.recurse,
    };
    let mut tree_of = |commit: &CommitId| tree(&job.repo, Some(commit), trees);
    let distance = touch.distance(synced, &desired.target.commit.id, &mut tree_of);
    Some(Base {
        commit: synced.clone(),
        manifests: Some(manifests),
        reads,
        prepared: None,
        distance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DirectoryOptions, Repository, Source};
    use crate::git::fixture::Fixture;

    #[test]
    fn a_remote_that_is_back_is_not_said_to_be_unreachable() {
        let dir = tempfile::tempdir().unwrap();
        let mut git = Fixture::init(dir.path()).unwrap();
        let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        git.commit("One", &[("app/a.yaml", manifest)]).unwrap();
        let app = App {
            source: Source {
                repository: Repository::Remote("https://host/shop".into()),
                revision: Revision::Worktree,
                path: RepoPath::parse("app").unwrap(),
                directory: DirectoryOptions::default(),
            },
            ..App::sample()
        };
        let app = Arc::new(app);
        let done = |stand_in, previous| {
            let job = DesiredJob {
                id: AppId::default(),
                ticket: 0,
                app: app.clone(),
                repo: Repo::open(dir.path()).unwrap(),
                stand_in,
                revision: None,
                uncommitted: Arc::default(),
                previous,
                synced: None,
                previous_base: None,
            };
            run(job, &mut Shared::default())
        };
        let away = done(true, None).desired.unwrap();
        assert!(away.stands_in);
        let again = done(true, Some(away.clone())).desired.unwrap();
        assert!(Arc::ptr_eq(&away, &again));
        let back = done(false, Some(away.clone()));
        assert!(!back.rendered, "nothing that was read has changed");
        assert!(!back.desired.unwrap().stands_in);
    }
}
