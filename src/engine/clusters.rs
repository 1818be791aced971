//! One task for each cluster: connects, tells what is there, watches what the Apps want. One that hangs or refuses
//! delays nobody but itself.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::cluster::{Connection, Discovery, Identity, Keep, Resource, WatchEvent};
use crate::domain::{Clock, GroupKind, ObjectKey, Problem, ProblemKind};

use super::core::{Event, Events};
use super::world::Seen;

/// Makes connections: the one door to clusters, real or simulated.
pub trait Connector: Send + Sync {
    /// Connects through a kubeconfig context.
    fn connect(&self, context: &str) -> BoxFuture<'static, Result<Connection, Problem>>;
}

/// What the Apps of one cluster want to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wanted {
    /// The kinds to watch, each at the version to watch it in.
    pub kinds: BTreeMap<GroupKind, WantedKind>,
    /// Names under which the Apps mark their objects.
    pub instances: HashSet<String>,
    /// Grows with every wish; a list tells which one it was begun for.
    pub round: u64,
}

impl Wanted {
    /// Whether an object is among those that are looked for by their key.
    pub fn has(&self, key: &ObjectKey) -> bool {
        let kind = self.kinds.get(&key.group_kind());
        kind.is_some_and(|kind| kind.keys.contains(key))
    }
}

/// One kind to watch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WantedKind {
    pub resource: Resource,
    /// Objects kept whatever they carry.
    pub keys: HashSet<ObjectKey>,
    /// Namespaces to fall back to, where the whole cluster may not be listed.
    pub namespaces: BTreeSet<String>,
}

/// What a cluster's task is told.
pub(super) enum ClusterOrder {
    Want(Arc<Wanted>),
    /// Discover again, and retry at once what is waiting.
    Refresh,
    /// Something went wrong: see whether the cluster answers at all.
    Check,
}

/// What a cluster's task saw.
pub(super) enum ClusterEvent {
    Up {
        connection: Connection,
        identity: Identity,
        discovery: Arc<Discovery>,
    },
    Discovered(Arc<Discovery>),
    /// It answers.
    Alive,
    Down {
        problem: Problem,
        retry_at: Option<Timestamp>,
    },
    Watch {
        kind: GroupKind,
        namespace: Option<String>,
        round: u64,
        event: WatchEvent,
        /// The objects that the event brings, looked at already: reading thousands would hold everybody up in the core.
        seen: Vec<Arc<Seen>>,
    },
    /// Neither the cluster nor this namespace may be listed.
    Unreadable {
        kind: GroupKind,
        namespace: Option<String>,
        round: u64,
        problem: Problem,
    },
}

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// Starts the task of one cluster.
pub(super) fn start(
    context: String,
    connector: Arc<dyn Connector>,
    clock: Arc<dyn Clock>,
    events: Events,
) -> mpsc::UnboundedSender<ClusterOrder> {
    let (sender, orders) = mpsc::unbounded_channel();
    let task = Task {
        context,
        events,
        wanted: Arc::default(),
        streams: HashMap::new(),
    };
    tokio::spawn(task.run(connector, clock, orders));
    sender
}

type StreamKey = (GroupKind, Option<String>);

struct Task {
    context: String,
    events: Events,
    wanted: Arc<RwLock<Arc<Wanted>>>,
    streams: HashMap<StreamKey, AbortHandle>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.streams.values().for_each(AbortHandle::abort);
    }
}

impl Task {
    async fn tell(&self, event: ClusterEvent) -> bool {
        self.events
            .send(Event::Cluster(self.context.clone(), event))
            .await
            .is_ok()
    }

    async fn run(
        mut self,
        connector: Arc<dyn Connector>,
        clock: Arc<dyn Clock>,
        mut orders: mpsc::UnboundedReceiver<ClusterOrder>,
    ) {
        let mut pause = FIRST_RETRY;
        let mut wanted = Arc::<Wanted>::default();
        let connection = loop {
            match reach(&*connector, &self.context).await {
                Ok((connection, identity, discovery)) => {
                    let discovery = Arc::new(discovery);
                    let up = ClusterEvent::Up {
                        connection: connection.clone(),
                        identity,
                        discovery,
                    };
                    if !self.tell(up).await {
                        return;
                    }
                    break connection;
                }
                Err(problem) => {
                    let retry_at = clock.now().checked_add(pause).ok();
                    if !self.tell(ClusterEvent::Down { problem, retry_at }).await {
                        return;
                    }
                    let sleep = tokio::time::sleep(pause);
                    tokio::pin!(sleep);
                    loop {
                        tokio::select! {
                            () = &mut sleep => break,
                            order = orders.recv() => match order {
                                None => return,
                                Some(ClusterOrder::Want(want)) => wanted = want,
                                Some(ClusterOrder::Check) => {}
                                Some(ClusterOrder::Refresh) => { pause = FIRST_RETRY; break }
                            },
                        }
                    }
                    pause = (pause * 2).min(LAST_RETRY);
                }
            }
        };
        self.want(&connection, wanted);
        while let Some(order) = orders.recv().await {
            match order {
                ClusterOrder::Want(want) => self.want(&connection, want),
                ClusterOrder::Check => {
                    let (connection, context) = (connection.clone(), self.context.clone());
                    let events = self.events.clone();
                    tokio::spawn(async move {
                        let reply = connection.get("/version").await;
                        if reply.is_ok_and(|r| r.is_success() && r.value().is_ok()) {
                            let alive = Event::Cluster(context, ClusterEvent::Alive);
                            let _ = events.send(alive).await;
                        }
                    });
                }
                ClusterOrder::Refresh => {
                    let found = connection.discover().await;
                    match found {
                        Ok(found) => {
                            if !self.tell(ClusterEvent::Discovered(Arc::new(found))).await {
                                return;
                            }
                        }
                        Err(problem) => {
                            if !self
                                .tell(ClusterEvent::Down {
                                    problem,
                                    retry_at: None,
                                })
                                .await
                            {
                                return;
                            }
                        }
                    }
                    // A watch that waits for its back-off starts over at once.
                    self.streams.drain().for_each(|(_, stream)| stream.abort());
                    let wanted = self.wanted.read().map(|w| w.clone()).unwrap_or_default();
                    self.want(&connection, wanted);
                }
            }
        }
    }

    /// Watches what is wanted: starts new kinds, starts kinds over that want more than before, ends the rest.
    fn want(&mut self, connection: &Connection, wanted: Arc<Wanted>) {
        let before = self.wanted.read().map(|w| w.clone()).unwrap_or_default();
        if let Ok(mut now) = self.wanted.write() {
            *now = wanted.clone();
        }
        let same_instances = wanted.instances.is_subset(&before.instances);
        self.streams.retain(|(kind, _), stream| {
            let keep = match (before.kinds.get(kind), wanted.kinds.get(kind)) {
                (Some(before), Some(now)) => {
                    same_instances
                        && before.resource == now.resource
                        && now.keys.is_subset(&before.keys)
                }
                _ => false,
            };
            if !keep {
                stream.abort();
            }
            keep
        });
        for (kind, want) in &wanted.kinds {
            if self.streams.keys().any(|(k, _)| k == kind) {
                continue;
            }
            let stream = self.follow(connection.clone(), want, wanted.round);
            self.streams.insert((kind.clone(), None), stream);
        }
    }

    /// Watches one kind, over the whole cluster or, where that is forbidden, in each namespace that matters.
    fn follow(&self, connection: Connection, want: &WantedKind, round: u64) -> AbortHandle {
        let (context, events) = (self.context.clone(), self.events.clone());
        let (resource, namespaces) = (want.resource.clone(), want.namespaces.clone());
        let keep = keep(self.wanted.clone());
        tokio::spawn(async move {
            let kind = resource.group_kind();
            let forbidden = forward(
                &connection,
                &context,
                &resource,
                (None, round),
                keep.clone(),
                &events,
            )
            .await;
            let Some(problem) = forbidden else { return };
            if !resource.namespaced || namespaces.is_empty() {
                let event = ClusterEvent::Unreadable {
                    kind,
                    namespace: None,
                    round,
                    problem,
                };
                let _ = events.send(Event::Cluster(context, event)).await;
                return;
            }
            let each = namespaces.iter().map(|namespace| {
                let (connection, context, events, keep) = (
                    connection.clone(),
                    context.clone(),
                    events.clone(),
                    keep.clone(),
                );
                let (resource, kind) = (resource.clone(), kind.clone());
                async move {
                    let name = (Some(namespace.as_str()), round);
                    let forbidden =
                        forward(&connection, &context, &resource, name, keep, &events).await;
                    if let Some(problem) = forbidden {
                        let namespace = Some(namespace.clone());
                        let event = ClusterEvent::Unreadable {
                            kind,
                            namespace,
                            round,
                            problem,
                        };
                        let _ = events.send(Event::Cluster(context, event)).await;
                    }
                }
            });
            futures::future::join_all(each).await;
        })
        .abort_handle()
    }
}

async fn reach(
    connector: &dyn Connector,
    context: &str,
) -> Result<(Connection, Identity, Discovery), Problem> {
    let connection = connector.connect(context).await?;
    let (identity, discovery) = tokio::try_join!(connection.identify(), connection.discover())?;
    Ok((connection, identity, discovery))
}

/// Passes on what a watch sees, until it is forbidden (then says why) or nobody listens.
async fn forward(
    connection: &Connection,
    context: &str,
    resource: &Resource,
    (namespace, round): (Option<&str>, u64),
    keep: Keep,
    events: &Events,
) -> Option<Problem> {
    let mut stream = Box::pin(connection.watch(resource, namespace, keep));
    while let Some(event) = stream.next().await {
        if let WatchEvent::Trouble(problem) = &event
            && matches!(problem.kind, ProblemKind::Forbidden | ProblemKind::NotFound)
        {
            return Some(problem.clone());
        }
        let brought = match &event {
            WatchEvent::Listed(objects) => objects.as_slice(),
            WatchEvent::Applied(object) => std::slice::from_ref(object),
            _ => &[],
        };
        let event = ClusterEvent::Watch {
            kind: resource.group_kind(),
            namespace: namespace.map(str::to_owned),
            round,
            seen: brought
                .iter()
                .cloned()
                .map(Seen::of)
                .map(Arc::new)
                .collect(),
            event,
        };
        if events
            .send(Event::Cluster(context.to_owned(), event))
            .await
            .is_err()
        {
            return None;
        }
    }
    None
}

/// Only what an App wants or marks is kept; everything else is dropped as it arrives.
fn keep(wanted: Arc<RwLock<Arc<Wanted>>>) -> Keep {
    Arc::new(move |key, tracking| {
        let Ok(wanted) = wanted.read() else {
            return true;
        };
        let named = tracking
            .and_then(|id| id.split_once(':'))
            .is_some_and(|(instance, _)| wanted.instances.contains(instance));
        named
            || wanted
                .kinds
                .get(&key.group_kind())
                .is_some_and(|kind| kind.keys.contains(key))
    })
}
