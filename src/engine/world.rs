//! All that the engine knows, owned by one task. Plain data: who changes it is in `core` and its neighbours.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use crate::cluster::{Connection, Discovery, Identity, Live};
use crate::domain::record::AppRecord;
use crate::domain::{
    App, AppId, CommitId, GroupKind, Health, Notice, ObjectDrift, ObjectKey, Problem, ReadRecord,
    Repository, Revision,
};
use crate::git::Repo;
use crate::providers::native::RepositoryRef;

use super::apps::packed::{PackedManifest, Ready};
use super::clusters::listed::Listed;
use super::snapshot::{AppView, ClusterMode, ClusterView, Distance, Reach, Rights, Target};
use super::sources::orphans::Recorded;
use super::sources::search::Searches;

/// Everything.
#[derive(Default)]
pub(super) struct World {
    pub repos: BTreeMap<Repository, RepoEntry>,
    pub clusters: BTreeMap<String, ClusterEntry>,
    pub apps: BTreeMap<AppId, AppEntry>,
    /// Which Apps want or hold an object, by context.
    pub holders: HashMap<String, HashMap<ObjectKey, Vec<AppId>>>,
    pub selected: Option<AppId>,
    /// Apps that were named: all of their objects are worth a question.
    pub asked: BTreeSet<AppId>,
    /// What each place that defines Apps said last.
    pub definitions: BTreeMap<Definer, Definition>,
    /// Problems of the whole, by who has them.
    pub problems: BTreeMap<String, Problem>,
    /// Searches that are under way.
    pub searches: Searches,
    /// What takes long at the moment, by who does it.
    pub work: BTreeMap<String, String>,
}

/// A place that defines Apps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Definer {
    /// A repository given as a source: `Application` manifests in it, and what is discovered there.
    Repository(Repository),
    /// A file or directory given by `--apps` or the config.
    Files(std::path::PathBuf),
}

/// What a place that defines Apps said.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Definition {
    pub apps: Vec<App>,
    pub notices: Vec<Notice>,
    pub problems: Vec<Problem>,
}

/// A repository that Apps read from.
#[derive(Default)]
pub(super) struct RepoEntry {
    /// `None` until it was opened or first fetched.
    pub repo: Option<Repo>,
    /// Why it is not there, or why it is old.
    pub problem: Option<Problem>,
    /// Grows whenever its refs or files moved.
    pub generation: u64,
    /// Files with uncommitted changes (checkouts only).
    pub uncommitted: Arc<Vec<crate::domain::RepoPath>>,
    /// Since when the remote cannot be reached.
    pub old_since: Option<Timestamp>,
}

/// A cluster in use.
pub(super) struct ClusterEntry {
    pub server: String,
    pub user: String,
    pub mode: ClusterMode,
    pub reach: Reach,
    pub since: Timestamp,
    pub identity: Option<Identity>,
    pub connection: Option<Connection>,
    pub discovery: Option<Arc<Discovery>>,
    pub rights: Rights,
    /// Why a kind cannot be listed or watched, in one namespace or in all.
    pub unreadable: BTreeMap<(GroupKind, Option<String>), Problem>,
    /// When it last said something.
    pub heard: Instant,
    /// Every object that an App wants or holds, as the watches saw it last.
    pub live: HashMap<ObjectKey, Arc<Seen>>,
    /// What its watches look for, and which kinds they have listed.
    pub listed: Listed,
    /// Objects to be verified.
    pub queue: BTreeSet<(AppId, ObjectKey)>,
    /// Objects that the server is being asked about.
    pub asking: HashSet<(AppId, ObjectKey)>,
    /// Kinds and namespaces that this user may not patch, learned from a 403.
    pub may_not_patch: HashSet<(crate::domain::GroupKind, String)>,
    /// What the records in it say of Apps that hold something; `None` until they were listed.
    pub recorded: Option<Recorded>,
    /// Dry runs asked so far.
    pub n_asked: u64,
}

/// A live object with what the engine derives from it once.
pub(super) struct Seen {
    pub live: Arc<Live>,
    /// Hash of its content without status and bookkeeping.
    pub content: u64,
    pub health: Option<Health>,
    /// Whether it asks to be left out of its App's health.
    pub without_health: bool,
    pub created: Option<Timestamp>,
}

/// An App with all that is known of it.
pub(super) struct AppEntry {
    pub app: Arc<App>,
    /// Looked at with another revision than its own.
    pub revision: Option<Revision>,
    /// What Git says.
    pub desired: Option<Arc<Desired>>,
    /// Why Git does not say it (or said it once, and not any more).
    pub desired_problems: Vec<Problem>,
    /// The job that was started last; answers of older ones are dropped.
    pub desired_ticket: u64,
    /// Whether that job is under way.
    pub desired_pending: bool,
    /// What is compared and sent, by key; `None` until kinds are known.
    pub prepared: Option<BTreeMap<ObjectKey, Ready>>,
    pub prepare_problems: Vec<Problem>,
    pub prepare_notices: Vec<Notice>,
    /// What was desired at the last sync, by key.
    pub base: Option<Base>,
    pub record: RecordState,
    /// The look that finds out whether the record is its own; zero: none is under way.
    pub record_ticket: u64,
    /// Whether it was synced before, and its record is gone.
    pub record_lost: bool,
    /// Comparisons by key.
    pub objects: BTreeMap<ObjectKey, Compared>,
    /// Keys in the order of a Plan, Extra ones last.
    pub order: Vec<ObjectKey>,
    /// Keys under which it stands in [`World::holders`], in their own order.
    pub indexed: Vec<ObjectKey>,
    pub distance: Option<Distance>,
    pub changed_at: Timestamp,
    /// The view last built; `None` when something changed since.
    pub view: Option<Arc<AppView>>,
    /// The view before, to tell what changed.
    pub last_view: Option<Arc<AppView>>,
}

/// What Git says of an App at one revision.
pub(super) struct Desired {
    pub target: Target,
    pub reads: Vec<ReadRecord>,
    pub manifests: Arc<Vec<PackedManifest>>,
    pub problems: Vec<Problem>,
    pub notices: Vec<Notice>,
    /// Whether it was read from a checkout, because the remote cannot be reached.
    pub stands_in: bool,
}

/// What was desired when the App was last synced.
pub(super) struct Base {
    pub commit: CommitId,
    /// Manifests as they were; `None` when they read the same as the target's.
    pub manifests: Option<Arc<Vec<PackedManifest>>>,
    /// Prepared by key, once kinds are known.
    pub prepared: Option<HashMap<ObjectKey, Ready>>,
    /// What was read for them; empty when they read the same as the target's.
    pub reads: Vec<ReadRecord>,
    pub distance: Option<Distance>,
}

/// What is known of an App's record in the cluster.
#[derive(Clone, Debug, Default)]
pub(super) enum RecordState {
    #[default]
    Unknown,
    Absent,
    Read(Arc<AppRecord>),
    Unreadable(Problem),
}

/// What became known of a namespace, by asking for what would be made in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Home {
    /// It is there, for all that is known.
    #[default]
    There,
    /// It does not exist.
    Absent,
    /// It is being deleted.
    Ends,
}

/// The comparison of one object, and what it was made from.
pub(super) struct Compared {
    pub drift: Arc<ObjectDrift>,
    pub inputs: Inputs,
    /// What the server said of the namespace that it would be made in.
    pub home: Home,
    /// Whether it is what is left to say because the question met bad weather.
    pub failed: bool,
    pub at: Instant,
}

/// What a comparison was made from: while this is the same, the server is not asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inputs {
    /// Content of the desired object.
    pub desired: u64,
    /// Content of the live object; zero when there is none.
    pub live: u64,
    /// Content of the base; zero when there is none.
    pub base: u64,
    /// Whether the tracking annotation counts.
    pub managed: bool,
}

impl Inputs {
    /// Inputs that match nothing: the server is asked again as soon as there is reason to.
    pub const NEVER: Self = Self {
        desired: 0,
        live: 0,
        base: 0,
        managed: false,
    };
}

impl World {
    /// A repository with what names it for good.
    pub fn reference(&self, repository: &Repository) -> RepositoryRef {
        let opened = self.repos.get(repository).and_then(|r| r.repo.as_ref());
        let origin = opened.and_then(Repo::origin);
        RepositoryRef::new(repository.clone(), origin.as_deref())
    }

    /// Marks an App's view as out of date.
    pub fn touch(&mut self, id: &AppId) {
        if let Some(entry) = self.apps.get_mut(id) {
            entry.view = None;
        }
    }

    /// Marks the views of all Apps of a cluster as out of date.
    pub fn touch_cluster(&mut self, context: &str) {
        for entry in self
            .apps
            .values_mut()
            .filter(|e| e.app.id.context == context)
        {
            entry.view = None;
        }
    }
}

impl AppEntry {
    pub fn new(app: Arc<App>, now: Timestamp) -> Self {
        Self {
            app,
            revision: None,
            desired: None,
            desired_problems: Vec::new(),
            desired_ticket: 0,
            desired_pending: false,
            prepared: None,
            prepare_problems: Vec::new(),
            prepare_notices: Vec::new(),
            base: None,
            record: RecordState::Unknown,
            record_ticket: 0,
            record_lost: false,
            objects: BTreeMap::new(),
            order: Vec::new(),
            indexed: Vec::new(),
            distance: None,
            changed_at: now,
            view: None,
            last_view: None,
        }
    }

    /// Whether all that Git says of it could be read.
    pub fn reads_whole(&self) -> bool {
        self.desired_problems.is_empty() && self.prepare_problems.is_empty()
    }

    /// Whether trueup has synced it, as far as is known.
    pub fn is_managed(&self) -> bool {
        matches!(&self.record, RecordState::Read(_))
    }
}

impl ClusterEntry {
    /// What is wrong with it, each thing once: a server that went away takes every watch with it.
    fn problems(&self) -> Vec<Problem> {
        let of_discovery = self.discovery.iter().flat_map(|d| d.problems());
        let mut problems: Vec<Problem> = Vec::new();
        for problem in of_discovery.chain(self.unreadable.values()) {
            if !problems.contains(problem) {
                problems.push(problem.clone());
            }
        }
        problems
    }

    /// The cluster as one line.
    pub fn view(&self, context: &str, n_apps: usize, same_as: Option<String>) -> ClusterView {
        let identity = self.identity.as_ref();
        ClusterView {
            context: context.to_owned(),
            server: self.server.clone(),
            uid: identity.map(|i| i.uid.clone()).unwrap_or_default(),
            version: identity.map(|i| i.version.clone()).unwrap_or_default(),
            user: identity
                .map(|i| i.user.clone())
                .filter(|u| !u.is_empty())
                .unwrap_or_else(|| self.user.clone()),
            rights: self.rights,
            mode: self.mode,
            reach: self.reach.clone(),
            since: self.since,
            n_apps,
            same_as,
            problems: self.problems(),
        }
    }
}
