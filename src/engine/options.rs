//! What an engine looks after and how, put together from settings, kubeconfigs and the machine.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::cluster::{ConnectOptions, Connection, Kubeconfigs, shown_server};
use crate::domain::{App, Notice, Problem, ProblemKind, RepoPath, Repository, Revision};
use crate::git::parse_source;
use crate::providers::native::naming::is_usable;
use crate::providers::native::{ContextRef, Contexts};
use crate::settings::{Binding, Mode, Places, Settings};

use super::clusters::Connector;
use super::draw::memory::Memory;
use super::snapshot::{ClusterMode, Reach, Rights};
use super::sources::locate;
use super::world;

/// A repository to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceArgument {
    /// The repository.
    pub repository: Repository,
    /// The directory that is looked at; the root: all of it.
    pub path: RepoPath,
    /// Another revision than the checkout's `HEAD` or the remote's default branch.
    pub revision: Option<Revision>,
}

/// What an engine looks after, and how.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Repositories.
    pub sources: Vec<SourceArgument>,
    /// Files and directories of `Application` manifests.
    pub apps: Vec<PathBuf>,
    /// The kubeconfig's contexts, and those that were asked for.
    pub contexts: Contexts,
    /// Kubeconfig user of each context, by name.
    pub users: BTreeMap<String, String>,
    /// The config file's bindings.
    pub bindings: Vec<Binding>,
    /// The settings, for the modes of contexts.
    pub settings: Settings,
    /// Take this revision of every App instead of the one that it names.
    pub revision: Option<Revision>,
    /// Nothing can be changed.
    pub read_only: bool,
    /// Keep looking after the first verdict.
    pub live: bool,
    /// Whether whoever takes the reports holds a terminal, and lends it to a prompt.
    pub lends: bool,
    /// Whether context and namespace were named explicitly, so that a destination other than the last is meant.
    pub destination_given: bool,
    /// Where mirrors are kept.
    pub cache_dir: PathBuf,
    /// Where Apps were synced to from here.
    pub memory: Arc<Memory>,
    /// Name of this machine, for records and locks.
    pub host: String,
    /// Between two fetches.
    pub fetch_every: Duration,
    /// An unchanged object is verified again after this; zero: only when asked.
    pub believe: Duration,
    /// Dry runs under way at a time, for each cluster.
    pub asks_at_once: usize,
    /// How long a Run waits for a wave to become healthy.
    pub wave_timeout: Duration,
    /// What was wrong before the engine started (no kubeconfig, say).
    pub problems: Vec<Problem>,
}

impl EngineOptions {
    /// Contexts that are connected to whether or not an App names them.
    pub(super) fn watched_contexts(&self) -> Vec<String> {
        let known = |name: &&String| self.contexts.named(name).is_some();
        if self.contexts.chosen.is_empty() {
            let current = self.contexts.current().map(|c| c.name.clone());
            return current.into_iter().collect();
        }
        self.contexts.chosen.iter().filter(known).cloned().collect()
    }

    /// What is known of a context before it is connected to.
    pub(super) fn cluster_entry(
        &self,
        context: &str,
        (now, heard): (jiff::Timestamp, Instant),
    ) -> world::ClusterEntry {
        let known = self.contexts.named(context);
        world::ClusterEntry {
            server: known.map(|c| shown_server(&c.server)).unwrap_or_default(),
            user: self.users.get(context).cloned().unwrap_or_default(),
            mode: match self.settings.mode(context) {
                Mode::Normal => ClusterMode::Normal,
                Mode::Guarded => ClusterMode::Guarded,
                Mode::ReadOnly => ClusterMode::ReadOnly,
            },
            reach: Reach::Connecting,
            since: now,
            identity: None,
            connection: None,
            discovery: None,
            rights: Rights::Unknown,
            unreadable: Default::default(),
            heard,
            live: Default::default(),
            listed: Default::default(),
            queue: Default::default(),
            asking: Default::default(),
            may_not_patch: Default::default(),
            recorded: None,
            n_asked: 0,
        }
    }

    /// What the command line says of every App.
    pub(super) fn adjust(&self, app: &mut App) {
        if self.contexts.named(&app.destination.context).is_none() && app.problems.is_empty() {
            app.problems.push(
                Problem::new(ProblemKind::Config, "no cluster is known for this App")
                    .at(app.id.name.clone())
                    .hint("Name a kubeconfig context with --context, or bind the directory in the config file."),
            );
        }
        let namespace = &app.destination.namespace;
        if !namespace.is_empty() && !is_namespace(namespace) {
            app.problems.push(
                Problem::new(
                    ProblemKind::Invalid,
                    format!("{namespace:?} cannot be a namespace"),
                )
                .at(app.id.name.clone())
                .hint("Namespaces are named by lower-case letters, digits and `-`, 63 at most."),
            );
        }
        if let Some(revision) = &self.revision {
            app.source.revision = revision.clone();
            app.notices.push(Notice {
                place: String::new(),
                text: format!("compared with {revision} on request"),
            });
        }
    }
}

/// Whether a name can be a namespace's: a DNS label (RFC 1123).
fn is_namespace(name: &str) -> bool {
    is_usable(name) && name.len() <= 63 && !name.contains('.')
}

/// What is known of the machine and of this call, beside the settings.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The directory that trueup was started in.
    pub here: PathBuf,
    /// `KUBECONFIG`.
    pub kubeconfig: Option<OsString>,
    /// Where trueup's own files are.
    pub places: Places,
    /// Name of the machine.
    pub host: String,
    /// Whether to keep looking after the first verdict.
    pub live: bool,
    /// Whether it is an error that no source was named and none is here.
    pub needs_source: bool,
    /// Another revision for every App.
    pub revision: Option<Revision>,
}

/// Puts together what an engine looks after. What is missing or wrong becomes one of its problems: whatever else can be
/// shown is shown. Must be called inside a Tokio runtime.
pub fn assemble(settings: &Settings, machine: &Machine) -> (EngineOptions, Arc<dyn Connector>) {
    let mut problems = Vec::new();
    let paths = settings
        .kubeconfig
        .as_ref()
        .map(|p| p.clone().into_os_string());
    let paths = paths.or_else(|| machine.kubeconfig.clone());
    let home = machine.places.home.as_deref();
    let named = settings.kubeconfig.as_deref();
    let kubeconfigs = match Kubeconfigs::named_or(named, paths.as_deref(), home) {
        Ok(kubeconfigs) => Some(kubeconfigs),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let absent = problems.first().cloned();
    let infos = kubeconfigs
        .as_ref()
        .map(|k| k.contexts().to_vec())
        .unwrap_or_default();
    if let Some(kubeconfigs) = &kubeconfigs {
        for name in &settings.context {
            problems.extend(kubeconfigs.context(name).err());
        }
    }
    let contexts = Contexts {
        known: infos
            .iter()
            .map(|c| ContextRef {
                name: c.name.clone(),
                cluster: c.cluster.clone(),
                server: c.server.clone(),
                namespace: c.namespace.clone(),
                current: c.current,
            })
            .collect(),
        chosen: settings.context.clone(),
        namespace: settings.namespace.clone(),
        absent,
    };
    let mut sources = Vec::new();
    for text in &settings.repositories {
        match source(text, &machine.here) {
            Ok(source) => sources.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    if settings.repositories.is_empty() {
        match locate(&machine.here) {
            Ok((repository, path)) => sources.push(SourceArgument {
                repository,
                path,
                revision: None,
            }),
            // Without a checkout the Applications alone are looked at.
            Err(_) if !settings.apps.is_empty() => {}
            Err(problem) if problem.kind == ProblemKind::NotFound && !machine.needs_source => {}
            Err(problem) => problems.push(problem),
        }
    }
    let memory = Memory::open(&machine.places.state_dir.join("destinations.json")).unwrap_or_else(
        |problem| {
            problems.push(problem.clone());
            Memory::unreadable(problem)
        },
    );
    let connect = ConnectOptions {
        timeout: settings.intervals.request,
        ..ConnectOptions::default()
    };
    let connector = KubeconfigConnector {
        paths,
        home: machine.places.home.clone(),
        options: connect,
    };
    let options = EngineOptions {
        sources,
        apps: settings.apps.iter().map(|p| machine.here.join(p)).collect(),
        users: infos
            .iter()
            .map(|c| (c.name.clone(), c.user.clone()))
            .collect(),
        contexts,
        bindings: settings.bindings.clone(),
        settings: settings.clone(),
        revision: machine.revision.clone(),
        read_only: settings.read_only,
        live: machine.live,
        lends: false,
        destination_given: !settings.context.is_empty() && settings.namespace.is_some(),
        cache_dir: machine.places.cache_dir.clone(),
        memory: Arc::new(memory),
        host: machine.host.clone(),
        fetch_every: settings.intervals.fetch,
        believe: settings.intervals.verify,
        asks_at_once: 16,
        wave_timeout: Duration::from_secs(300),
        problems,
    };
    (options, Arc::new(connector))
}

fn source(text: &str, here: &Path) -> Result<SourceArgument, Problem> {
    let (repository, revision) = parse_source(text);
    let revision = revision.map(|r| Revision::parse(&r));
    match repository {
        Repository::Local(path) => {
            let path = here.join(path);
            if !path.exists() {
                return Err(
                    Problem::new(ProblemKind::Config, "there is no such directory")
                        .at(text.to_owned())
                        .hint("A source is a path, or a URL such as https://host/org/repository."),
                );
            }
            let (repository, path) = locate(&path)?;
            Ok(SourceArgument {
                repository,
                path,
                revision,
            })
        }
        remote => Ok(SourceArgument {
            repository: remote,
            path: RepoPath::root(),
            revision,
        }),
    }
}

/// Connects as the kubeconfigs say at that time: they are read anew for each connection.
pub struct KubeconfigConnector {
    /// A list of files, as in `KUBECONFIG`.
    pub paths: Option<OsString>,
    /// The home directory, for `~/.kube/config` where no file is named.
    pub home: Option<PathBuf>,
    /// How to connect.
    pub options: ConnectOptions,
}

impl KubeconfigConnector {
    /// Reads the kubeconfigs and does something with them, off the async threads.
    fn reading<T: Send + 'static>(
        &self,
        then: impl FnOnce(Result<Kubeconfigs, Problem>) -> T + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        let (paths, home) = (self.paths.clone(), self.home.clone());
        let environment = self.options.environment.clone();
        tokio::task::spawn_blocking(move || {
            then(Kubeconfigs::load_in(
                &environment,
                paths.as_deref(),
                home.as_deref(),
            ))
        })
    }
}

impl Connector for KubeconfigConnector {
    fn connect(&self, context: &str) -> BoxFuture<'static, Result<Connection, Problem>> {
        let (reading, options) = (self.reading(|read| read), self.options.clone());
        let context = context.to_owned();
        async move {
            let kubeconfigs = reading.await.map_err(|error| {
                Problem::new(ProblemKind::Internal, "the kubeconfig was not read")
                    .because_of(&error)
            })??;
            Connection::open(&kubeconfigs, &context, &options).await
        }
        .boxed()
    }

    fn is_outdated(&self, connection: &Connection) -> BoxFuture<'static, bool> {
        let connection = connection.clone();
        // What is just being written may be cut short or empty, and is no reason to leave a connection.
        let reading = self.reading(move |read| read.is_ok_and(|k| connection.is_outdated(&k)));
        async move { reading.await.unwrap_or(false) }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_namespace_is_told() {
        for (name, may_be) in [
            ("shop", true),
            ("shop-1", true),
            ("Bad_NS", false),
            ("a.b", false),
            ("-a", false),
            ("", false),
        ] {
            assert_eq!(is_namespace(name), may_be, "{name}");
        }
        assert!(!is_namespace(&"a".repeat(64)));
    }
}
