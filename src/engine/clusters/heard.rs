//! What a cluster says, taken over into the world: it came or went, its kinds, what its watches see.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::{Connection, Live, WatchEvent};
use crate::domain::{GroupKind, ObjectKey, Problem, ProblemKind, Value};
use crate::drift;
use crate::engine::apps::content::content_hash;
use crate::engine::apps::records::record_key;
use crate::engine::core::{Core, Event};
use crate::engine::snapshot::{Reach, Rights};
use crate::engine::world::{ClusterEntry, Seen};
use crate::sync::order::{defines, is_definition};

use super::{ClusterEvent, ClusterOrder, start};

/// A cluster that has said nothing for this long is asked whether it is there, when somebody looks at it.
const SILENCE: Duration = Duration::from_secs(10);

/// After an absence of more than this, watches do not wait for their turn.
const LONG_AWAY: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// The API server establishes a definition first and serves its kind a moment later.
const SERVED_AFTER: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(8),
];

impl Core {
    pub(in crate::engine) fn ensure_cluster(&mut self, context: &str) {
        if context.is_empty() || self.clusters.contains_key(context) {
            return;
        }
        let entry = self
            .options
            .cluster_entry(context, (self.clock.now(), self.clock.instant()));
        self.world.clusters.insert(context.to_owned(), entry);
        let orders = start(
            context.to_owned(),
            self.connector.clone(),
            self.clock.clone(),
            self.events.clone(),
            self.lender.clone(),
        );
        self.clusters.insert(context.to_owned(), orders);
    }

    pub(in crate::engine) fn cluster_event(&mut self, context: &str, event: ClusterEvent) {
        let now = self.clock.now();
        let heard = self.clock.instant();
        let Some(cluster) = self.world.clusters.get_mut(context) else {
            return;
        };
        if !matches!(event, ClusterEvent::Down { .. }) {
            cluster.heard = heard;
        }
        match event {
            ClusterEvent::Up {
                connection,
                identity,
                discovery,
            } => {
                cluster.reach = Reach::Up {
                    latency: identity.latency,
                };
                cluster.since = now;
                let is_another = cluster.identity.is_some();
                if is_another {
                    cluster.begin_anew(&connection);
                }
                cluster.connection = Some(connection);
                cluster.identity = Some(identity);
                self.discovered(context, discovery);
                self.list_records(context);
                if is_another {
                    // Another user, if not another server: what was answered before proves nothing.
                    let apps = self.world.apps.keys().filter(|id| id.context == context);
                    let apps: Vec<_> = apps.cloned().collect();
                    apps.iter().for_each(|id| self.forget_verdicts(id));
                }
            }
            ClusterEvent::Outdated => {
                // What is not in the kubeconfig any more is not to be used, least of all for a sync.
                cluster.connection = None;
                self.world.touch_cluster(context);
            }
            ClusterEvent::Discovered(discovery) => {
                self.discovered(context, discovery);
                self.back_up(context);
            }
            ClusterEvent::Alive => self.back_up(context),
            ClusterEvent::Down { problem, retry_at } => self.down(context, problem, retry_at),
            ClusterEvent::Unreadable {
                kind,
                namespace,
                round,
                problem,
            } => {
                let is_gone = problem.kind == ProblemKind::NotFound;
                if cluster.listed.is_named(&kind) {
                    let scope = (kind.clone(), namespace.clone());
                    cluster.unreadable.insert(scope, problem.clone());
                }
                let is_news = cluster
                    .listed
                    .refused(&kind, namespace.as_deref(), round, problem);
                if is_gone {
                    // With a CustomResourceDefinition go its objects.
                    cluster.live.retain(|key, _| key.group_kind() != kind);
                }
                self.kind_moved(context, &kind);
                if is_gone && is_news {
                    self.order(context, ClusterOrder::Discover);
                }
            }
            ClusterEvent::Watch {
                kind,
                namespace,
                round,
                event,
                seen,
            } => {
                self.watched(context, &kind, (namespace.as_deref(), round), event, seen);
            }
        }
    }

    fn discovered(&mut self, context: &str, discovery: Arc<crate::cluster::Discovery>) {
        if let Some(cluster) = self.world.clusters.get_mut(context) {
            cluster.discovery = Some(discovery);
        }
        let ids: Vec<_> = self
            .world
            .apps
            .keys()
            .filter(|id| id.context == context)
            .cloned()
            .collect();
        for id in ids {
            self.prepare(&id);
        }
        self.wishes.insert(context.to_owned());
        self.world.touch_cluster(context);
    }

    pub(in crate::engine) fn down(
        &mut self,
        context: &str,
        problem: Problem,
        retry_at: Option<jiff::Timestamp>,
    ) {
        let now = self.clock.now();
        let Some(cluster) = self.world.clusters.get_mut(context) else {
            return;
        };
        if !matches!(cluster.reach, Reach::Down { .. }) {
            cluster.since = now;
        }
        cluster.reach = Reach::Down { problem, retry_at };
        self.world.touch_cluster(context);
    }

    fn watched(
        &mut self,
        context: &str,
        kind: &GroupKind,
        (namespace, round): (Option<&str>, u64),
        event: WatchEvent,
        seen: Vec<Arc<Seen>>,
    ) {
        match event {
            WatchEvent::Listed(_) => {
                let Some(cluster) = self.world.clusters.get_mut(context) else {
                    return;
                };
                let in_scope = |key: &ObjectKey| {
                    key.group_kind() == *kind && namespace.is_none_or(|ns| key.namespace == ns)
                };
                // What was there and is not listed is gone.
                cluster.live.retain(|key, _| !in_scope(key));
                cluster.listed.arrived(kind, namespace, round);
                cluster.unreadable.retain(|(of, at), _| {
                    of != kind || (namespace.is_some() && at.as_deref() != namespace)
                });
                for one in seen {
                    cluster.live.insert(one.live.key.clone(), one);
                }
                self.back_up(context);
                self.kind_moved(context, kind);
                self.definitions_seen(context, kind);
            }
            WatchEvent::Applied(live) => {
                if let Some(cluster) = self.world.clusters.get_mut(context) {
                    let seen = seen.into_iter().map(|one| (one.live.key.clone(), one));
                    cluster.live.extend(seen);
                }
                self.object_moved(context, &live.key);
                self.definitions_seen(context, kind);
            }
            WatchEvent::Deleted(key, _) | WatchEvent::Left(key) => {
                if let Some(cluster) = self.world.clusters.get_mut(context) {
                    cluster.live.remove(&key);
                }
                self.object_moved(context, &key);
            }
            WatchEvent::Trouble(problem) => {
                let lost = matches!(
                    problem.kind,
                    ProblemKind::Unreachable | ProblemKind::Unauthenticated
                );
                if lost {
                    self.down(context, problem.clone(), None);
                    // It may be this kind alone that is not to be had.
                    self.order(context, ClusterOrder::Check);
                }
                if let Some(cluster) = self.world.clusters.get_mut(context) {
                    let scope = (kind.clone(), namespace.map(str::to_owned));
                    cluster.unreadable.insert(scope, problem.clone());
                    if cluster.listed.delayed(kind, namespace, round, problem) {
                        self.kind_moved(context, kind);
                    }
                }
            }
            WatchEvent::Current => {
                if let Some(cluster) = self.world.clusters.get_mut(context) {
                    let scope = (kind.clone(), namespace.map(str::to_owned));
                    cluster.unreadable.remove(&scope);
                }
                self.back_up(context);
            }
        }
    }

    pub(in crate::engine) fn back_up(&mut self, context: &str) {
        let now = self.clock.now();
        let Some(cluster) = self.world.clusters.get_mut(context) else {
            return;
        };
        // An answer that comes late by a connection that was given up says nothing of the next one.
        let is_connected = cluster.connection.is_some();
        if let Reach::Down { .. } = cluster.reach
            && is_connected
        {
            let latency = cluster
                .identity
                .as_ref()
                .map(|i| i.latency)
                .unwrap_or_default();
            cluster.reach = Reach::Up { latency };
            let away = now.duration_since(cluster.since);
            cluster.since = now;
            self.world.touch_cluster(context);
            // After a short absence nobody waits for long, and one kind's trouble must not make the others hasten.
            if away > LONG_AWAY {
                self.order(context, ClusterOrder::Wake);
            }
        }
    }

    /// Asks a cluster that has said nothing for a while whether it is there still: somebody is looking at it.
    pub(in crate::engine) fn check_silence(&self, context: &str) {
        let Some(cluster) = self.world.clusters.get(context) else {
            return;
        };
        let silent = self
            .clock
            .instant()
            .saturating_duration_since(cluster.heard);
        if matches!(cluster.reach, Reach::Up { .. }) && silent > SILENCE {
            self.order(context, ClusterOrder::Check);
        }
    }

    /// A definition came or moved: a kind that was not known may be served now, or soon.
    fn definitions_seen(&self, context: &str, kind: &GroupKind) {
        if !is_definition(kind) || !self.lacks_a_kind(context) {
            return;
        }
        let (events, context) = (self.events.clone(), context.to_owned());
        tokio::spawn(async move {
            for pause in SERVED_AFTER {
                tokio::time::sleep(pause).await;
                let due = Event::DefinitionSeen(context.clone());
                if events.send(due).await.is_err() {
                    return;
                }
            }
        });
    }

    /// Whether a definition that was seen brings a kind that is wanted and not known yet.
    pub(in crate::engine) fn lacks_a_kind(&self, context: &str) -> bool {
        let Some(cluster) = self.world.clusters.get(context) else {
            return false;
        };
        let Some(discovery) = &cluster.discovery else {
            return false;
        };
        let definitions = cluster
            .live
            .iter()
            .filter(|(key, _)| is_definition(&key.group_kind()));
        definitions
            .filter_map(|(_, seen)| defines(&seen.live.value()))
            .any(|kind| discovery.preferred(&kind).is_none())
    }

    /// A whole kind was listed, or cannot be: every object of it that somebody wants is looked at.
    fn kind_moved(&mut self, context: &str, kind: &GroupKind) {
        let Some(holders) = self.world.holders.get(context) else {
            return;
        };
        let keys: Vec<_> = holders
            .keys()
            .filter(|k| k.group_kind() == *kind)
            .cloned()
            .collect();
        for key in keys {
            self.object_moved(context, &key);
        }
    }

    fn object_moved(&mut self, context: &str, key: &ObjectKey) {
        let holders = self.world.holders.get(context).and_then(|h| h.get(key));
        for id in holders.cloned().unwrap_or_default() {
            self.world.touch(&id);
            let is_record = self
                .world
                .apps
                .get(&id)
                .is_some_and(|entry| record_key(&entry.app) == *key);
            if is_record {
                self.record_moved(&id, key);
            } else {
                self.consider(&id, key, false);
            }
        }
    }
}

impl ClusterEntry {
    /// It is reached by another connection than before: of what was known the objects stay in view until they are
    /// listed anew, unless it is another server.
    fn begin_anew(&mut self, connection: &Connection) {
        if self.server != connection.server() {
            self.live.clear();
        }
        self.server = connection.server().to_owned();
        self.user = connection.user().to_owned();
        self.listed.forget();
        self.unreadable.clear();
        self.may_not_patch.clear();
        self.rights = Rights::Unknown;
        self.recorded = None;
    }
}

impl Seen {
    /// Looks at a live object.
    pub fn of(live: Arc<Live>) -> Self {
        let value = live.value();
        Self {
            content: content_hash(&drift::significant(&value)),
            health: crate::health::assess(&value),
            without_health: crate::health::ignored(&value),
            created: value
                .pointer("/metadata/creationTimestamp")
                .and_then(Value::as_str)
                .and_then(|t| t.parse().ok()),
            live,
        }
    }
}
