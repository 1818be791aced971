//! Apps: the model is Argo CD's `Application`, whoever defines them.

use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(test)]
use super::{DirectoryOptions, RepoPath, Repository, Revision};
use super::{Problem, ProblemKind, Source};

/// Who defines an App and, with a controller, drives it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Files and trueup itself; no controller.
    #[default]
    Native,
    /// Argo CD in the cluster.
    ArgoCd,
    /// Flux in the cluster.
    Flux,
}

/// The identity of an App while the program runs. The context is a label for the cluster; two contexts of one cluster
/// are told apart from two clusters by the UID of `kube-system`, which the engine compares once it knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId {
    /// Kubeconfig context that leads to the cluster.
    pub context: String,
    /// Who defines it.
    pub provider: Provider,
    /// Its destination's namespace (native), or its resource's own.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for AppId {
    /// `context/namespace/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.context, self.namespace, self.name)
    }
}

/// Where an App is deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Destination {
    /// Kubeconfig context.
    pub context: String,
    /// Namespace of objects that state none.
    pub namespace: String,
}

/// `metadata.name` and source of a thing deployed as one, with where it goes and how it is synced.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// Its identity.
    pub id: AppId,
    /// Argo CD project; `default` where none is given.
    pub project: String,
    /// Where its desired state comes from.
    pub source: Source,
    /// Where it goes.
    pub destination: Destination,
    /// How it is synced.
    pub sync: SyncOptions,
    /// Differences not to be seen.
    pub ignore: Vec<IgnoreRule>,
    /// How many sync records to keep (Argo CD's `revisionHistoryLimit`, default 10).
    pub history_limit: usize,
    /// Whether it was found in a repository rather than written down as an `Application`.
    pub discovered: bool,
    /// Discovered once, and synced: its directory has no manifests any more, and its record in the cluster alone tells of it.
    pub orphaned: bool,
    /// File and line of the `Application`; empty for a discovered App.
    pub defined_at: String,
    /// What a person should know about it, short of a Problem.
    pub notices: Vec<Notice>,
    /// What makes it impossible to compare or sync faithfully. Not empty: neither is attempted.
    pub problems: Vec<Problem>,
}

impl App {
    /// Whether it can be rendered and compared as it is written. What is known of no cluster can be rendered all the same.
    pub fn is_honoured(&self) -> bool {
        self.problems.iter().all(|p| p.kind == ProblemKind::Config)
    }
}

#[cfg(test)]
impl App {
    /// What an App of a test has where the test does not care: the root of `/shop`, at its commit, to nowhere.
    pub fn sample() -> Self {
        Self {
            id: AppId::default(),
            project: "default".to_owned(),
            source: Source {
                repository: Repository::Local("/shop".into()),
                revision: Revision::Head,
                path: RepoPath::root(),
                directory: DirectoryOptions::default(),
            },
            destination: Destination::default(),
            sync: SyncOptions::default(),
            ignore: Vec::new(),
            history_limit: 10,
            discovered: false,
            orphaned: false,
            defined_at: String::new(),
            notices: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// Something worth knowing that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notice {
    /// File, directory or field that it is about; may be empty.
    pub place: String,
    /// One line.
    pub text: String,
}

/// How Kubernetes deletes what hangs on a deleted object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Propagation {
    /// Dependents first (Argo CD's default).
    #[default]
    Foreground,
    /// Dependents later, by the garbage collector.
    Background,
    /// Dependents stay.
    Orphan,
}

/// `syncPolicy.syncOptions` of an App. An object's own `argocd.argoproj.io/sync-options` annotation wins where both
/// levels exist (Argo CD `docs/user-guide/sync-options.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncOptions {
    /// `Prune=false`: nothing is ever pruned.
    pub no_prune: bool,
    /// `Replace=true`: replace instead of apply.
    pub replace: bool,
    /// `Force=true`: delete and create again.
    pub force: bool,
    /// `ApplyOutOfSyncOnly=true`: leave alone what is in sync.
    pub out_of_sync_only: bool,
    /// `CreateNamespace=true`: create the destination namespace where it is absent.
    pub create_namespace: bool,
    /// `PruneLast=true`: prune after everything else.
    pub prune_last: bool,
    /// `PrunePropagationPolicy=…`.
    pub propagation: Propagation,
    /// `RespectIgnoreDifferences=true`: ignored fields are not sent either.
    pub respect_ignore: bool,
    /// `FailOnSharedResource=true`: refuse to sync what another App tracks.
    pub fail_on_shared: bool,
}

/// One entry of `ignoreDifferences`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreRule {
    /// Glob on the API group.
    pub group: String,
    /// Glob on the kind.
    pub kind: String,
    /// Exact name; empty: any.
    pub name: String,
    /// Exact namespace; empty: any.
    pub namespace: String,
    /// RFC 6901 pointers to what is ignored.
    pub json_pointers: Vec<String>,
    /// Managers whose fields are ignored where they modified them.
    pub managers: Vec<String>,
}
