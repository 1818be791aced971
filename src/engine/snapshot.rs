//! Everything that is known at one moment, immutable and cheap to share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::record::AppRecord;
use crate::domain::{
    App, AppId, Commit, CommitId, Health, Notice, ObjectDrift, ObjectKey, Plan, Problem,
    ProblemKind, Revision, Verdict,
};
use crate::sync::facts::is_container;
use crate::sync::options::{OPTIONS_ANNOTATION, ObjectOptions};

use super::apps::packed::PackedManifest;

/// Everything that is known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Grows by one with every snapshot.
    pub revision: u64,
    /// The clusters in use, by context name.
    pub clusters: Vec<Arc<ClusterView>>,
    /// The Apps, by context, then name.
    pub apps: Vec<Arc<AppView>>,
    /// What concerns no single App or cluster: no kubeconfig, a repository that cannot be read.
    pub problems: Vec<Problem>,
    /// What was noticed in the repositories and is not an App (charts, kustomizations).
    pub notices: Vec<Notice>,
    /// What is being worked on that takes long, in words (`fetching github.com/acme/shop 42 %`).
    pub work: Vec<String>,
    /// Apps that were named by [`super::Request::Ask`].
    pub asked: BTreeSet<AppId>,
    /// Whether every App has its first complete verdict, or a Problem instead.
    pub settled: bool,
    /// Whether nothing can be changed in this run of the program.
    pub read_only: bool,
    /// What all of this has cost so far.
    pub counters: Counters,
}

/// What an engine has done so far; a Run's own writes are among the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests to API servers, lists and watches included.
    pub requests: u64,
    /// Bytes of their answers, after decompression.
    pub bytes: u64,
    /// Watch events received, also those about objects that nobody wants.
    pub events: u64,
    /// Dry runs among the requests that verdicts took, those of Plans not counted.
    pub dry_runs: u64,
    /// Apps rendered, rather than found unchanged.
    pub renders: u64,
}

impl Snapshot {
    /// Finds an App.
    pub fn app(&self, id: &AppId) -> Option<&Arc<AppView>> {
        self.apps.iter().find(|a| a.app.id == *id)
    }
    /// Finds a cluster.
    pub fn cluster(&self, context: &str) -> Option<&Arc<ClusterView>> {
        self.clusters.iter().find(|c| c.context == context)
    }
    /// Whether something is fetched, rendered or compared at the moment.
    pub fn is_at_work(&self) -> bool {
        let is_asked = |app: &AppView| app.objects.iter().any(|object| object.asking);
        !self.work.is_empty()
            || self
                .apps
                .iter()
                .any(|app| app.sync == SyncStatus::Checking || is_asked(app))
    }
    /// Contexts that a Plan changes and whose name is typed first, each once.
    pub fn guarded<'p>(&self, plan: &'p Plan) -> Vec<&'p String> {
        let mut guarded = Vec::new();
        for context in plan.steps.iter().map(|step| &step.app.context) {
            let cluster = self.cluster(context);
            let is_guarded = cluster.is_some_and(|c| c.mode == ClusterMode::Guarded);
            if is_guarded && !guarded.contains(&context) {
                guarded.push(context);
            }
        }
        guarded
    }
}

/// Whether and how a cluster is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The first connection is being made.
    Connecting,
    /// It answers.
    Up {
        /// Round trip of the last plain request.
        latency: Duration,
    },
    /// It does not, or not to us.
    Down {
        /// Why.
        problem: Problem,
        /// When the next attempt is made.
        retry_at: Option<Timestamp>,
    },
}

/// What the settings say of a context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClusterMode {
    /// May be changed.
    #[default]
    Normal,
    /// Its name is typed before anything is changed.
    Guarded,
    /// Nothing can be changed there.
    ReadOnly,
}

/// What this user may do in a cluster, in short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rights {
    /// Not known yet, or the server would not say.
    #[default]
    Unknown,
    /// Reading alone: verdicts are local and not confirmed by the server.
    Read,
    /// Some kinds or namespaces may be changed.
    Partial,
    /// Whatever the Apps need.
    Full,
}

/// A cluster as one line.
#[derive(Clone, Debug)]
pub struct ClusterView {
    /// Kubeconfig context.
    pub context: String,
    /// Server URL.
    pub server: String,
    /// Its identity: UID of `kube-system`, or the server URL where that may not be read; empty while unknown.
    pub uid: String,
    /// Server version, as in `v1.36.3`; empty while unknown.
    pub version: String,
    /// Who we are there.
    pub user: String,
    /// What we may do there.
    pub rights: Rights,
    /// What the settings say of it.
    pub mode: ClusterMode,
    /// Whether it answers.
    pub reach: Reach,
    /// Since when it is so.
    pub since: Timestamp,
    /// Number of Apps bound to it.
    pub n_apps: usize,
    /// Another context that leads to the same cluster.
    pub same_as: Option<String>,
    /// Kinds or groups that could not be read, each with its reason.
    pub problems: Vec<Problem>,
}

impl ClusterView {
    /// Whether it does not answer, or not to us.
    pub fn is_down(&self) -> bool {
        matches!(self.reach, Reach::Down { .. })
    }

    /// All that is wrong with it, why it does not answer first.
    pub fn all_problems(&self) -> impl Iterator<Item = &Problem> {
        let down = match &self.reach {
            Reach::Down { problem, .. } => Some(problem),
            Reach::Connecting | Reach::Up { .. } => None,
        };
        down.into_iter().chain(&self.problems)
    }
}

/// Whose the App's objects are (design: "States of an App").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AppState {
    /// Not known yet, or its record cannot be read.
    #[default]
    Unknown,
    /// Discovered, never synced, nothing of it in the cluster.
    Available,
    /// Its objects live there, but not by trueup.
    Unmanaged,
    /// Synced by trueup.
    Managed,
}

/// The App's verdict in one word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SyncStatus {
    /// No verdict yet.
    #[default]
    Checking,
    /// A sync would change nothing.
    Synced,
    /// A sync would change something, or something is held that Git no longer has.
    Drifted,
    /// Nothing of it is in the cluster.
    Available,
    /// It cannot be compared; the Problems say why.
    Failed,
}

/// How many objects are how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects in Git or held.
    pub objects: usize,
    /// Objects that a sync would change, make or delete, or that the server refuses: `changed`, `missing`, `extra` and
    /// `refused` together.
    pub drifted: usize,
    /// Present on both sides and different: the objects that are called drifted one by one.
    pub changed: usize,
    /// In Git only.
    pub missing: usize,
    /// Held and no longer in Git.
    pub extra: usize,
    /// Refused by the server.
    pub refused: usize,
    /// Not compared.
    pub unknown: usize,
    /// Drifted objects where Git moved since the last sync.
    pub git: usize,
    /// Drifted objects where the cluster was edited since the last sync.
    pub cluster: usize,
    /// Foreign fields, over all objects.
    pub foreign: usize,
    /// Overridden fields, over all objects.
    pub overridden: usize,
    /// Objects whose verdict the server has not confirmed.
    pub unconfirmed: usize,
}

/// The revision that an App is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What was asked for.
    pub revision: Revision,
    /// The branch or tag it came by, or the short SHA.
    pub name: String,
    /// The commit; for the work tree, that of `HEAD`.
    pub commit: Commit,
    /// Files under the App's path with uncommitted changes.
    pub uncommitted: usize,
    /// Whether this is another revision than the App's own, chosen for looking only.
    pub override_of: Option<Revision>,
    /// Whether the remote lacks this commit, where that is known.
    pub unpushed: bool,
    /// Commits that the remote has and this checkout does not, where that is known.
    pub behind: usize,
}

/// How far Git is from the commit that was last synced, in commits that change what the App reads. Both are zero where
/// none does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distance {
    /// Commits that came since.
    pub ahead: usize,
    /// Commits that were synced and are not in Git's history any more: it was rewound or rewritten, or something older
    /// is looked at.
    pub behind: usize,
}

/// One App with all that is known of it.
#[derive(Clone, Debug)]
pub struct AppView {
    /// The App.
    pub app: Arc<App>,
    /// Whose its objects are.
    pub state: AppState,
    /// What it is compared with; `None` until resolved.
    pub target: Option<Target>,
    /// The revision that was asked for in place of its own and that does not resolve: what is shown came before it.
    pub unresolved: Option<Revision>,
    /// The verdict.
    pub sync: SyncStatus,
    /// Objects by verdict.
    pub counts: Counts,
    /// Objects that it held and that somebody deleted from the cluster.
    pub deleted: BTreeSet<ObjectKey>,
    /// Rolled-up health; `None` while unknown.
    pub health: Option<Health>,
    /// Its objects in the order of the Plan; Extra ones last.
    pub objects: Vec<Arc<ObjectView>>,
    /// What Git says, as rendered, while its cluster was never reached: which objects these are cannot be told yet, so
    /// `objects` is empty. With real values: whatever shows it goes through `drift::redact` first.
    pub rendered: Arc<Vec<PackedManifest>>,
    /// Record of its Runs and inventory; `None` where there is none or it is not known.
    pub record: Option<Arc<AppRecord>>,
    /// How far the target is from what was last synced; `None` where not known.
    pub distance: Option<Distance>,
    /// The commit it is pinned to by a rollback, until the next sync.
    pub pinned: Option<CommitId>,
    /// Why it cannot be compared or is only partly known; its App's own Problems among them.
    pub problems: Vec<Problem>,
    /// What a person should know; its App's own notices among them.
    pub notices: Vec<Notice>,
    /// Set when what is shown is old, because its cluster or repository does not answer: since when.
    pub old_since: Option<Timestamp>,
    /// When its verdict, counts or health last changed.
    pub changed_at: Timestamp,
}

impl AppView {
    /// Whether the App held this object and somebody deleted it from the cluster. One that was never held is new in
    /// Git.
    pub fn was_deleted(&self, drift: &ObjectDrift) -> bool {
        drift.verdict == Verdict::Missing && self.deleted.contains(&drift.key)
    }

    /// Whether no cluster is chosen for it, so that there is nothing to compare it with.
    pub fn is_undecided(&self) -> bool {
        self.app.id.context.is_empty()
    }

    /// Whether a sync gets past the server's refusal of an object: `Force=true` deletes it and makes it anew.
    pub fn is_forced(&self, object: &ObjectView) -> bool {
        let Some(manifest) = object.manifest.as_ref().map(|packed| packed.manifest()) else {
            return false;
        };
        let stated = manifest.annotation(OPTIONS_ANNOTATION);
        let problem = object.drift.problem.as_ref();
        ObjectOptions::merge(&self.app.sync, stated, None).force
            && object.created.is_some()
            && !is_container(&object.drift.key)
            && problem.is_some_and(|p| p.kind == ProblemKind::Rejected)
    }
}

/// One object of an App.
#[derive(Clone, Debug)]
pub struct ObjectView {
    /// The comparison, with real values: whatever shows it goes through `drift::redact` first.
    pub drift: Arc<ObjectDrift>,
    /// Health of the live object; `None`: its kind has none, or it does not exist.
    pub health: Option<Health>,
    /// Creation time of the live object.
    pub created: Option<Timestamp>,
    /// What Git says; `None` for an Extra object.
    pub manifest: Option<Arc<PackedManifest>>,
    /// Whether the server is being asked about it at the moment.
    pub asking: bool,
}
