//! What a cluster says, and when to ask it about an object.

pub(super) mod question;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::{Live, WatchEvent};
use crate::domain::{
    AppId, GroupKind, Manifest, ObjectDrift, ObjectKey, Problem, ProblemKind, Value, Verdict,
};
use crate::drift;

use crate::engine::apps::content_hash;
use crate::engine::apps::packed::Ready;
use crate::engine::clusters::listed::Presence;
use crate::engine::clusters::{ClusterEvent, ClusterOrder, is_definition};
use crate::engine::core::{Core, Event};
use crate::engine::snapshot::{Reach, Rights};
use crate::engine::world::{AppEntry, ClusterEntry, Compared, Inputs, RecordState, Seen};
use question::{Answer, Question, extra, missing, one_side, tracked_by};

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
    pub(super) fn cluster_event(&mut self, context: &str, event: ClusterEvent) {
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
                cluster.connection = Some(connection);
                cluster.identity = Some(identity);
                self.discovered(context, discovery);
            }
            ClusterEvent::Discovered(discovery) => self.discovered(context, discovery),
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
        self.list_records(context);
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

    fn down(&mut self, context: &str, problem: Problem, retry_at: Option<jiff::Timestamp>) {
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

    fn back_up(&mut self, context: &str) {
        let now = self.clock.now();
        let Some(cluster) = self.world.clusters.get_mut(context) else {
            return;
        };
        if let Reach::Down { .. } = cluster.reach {
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
    pub(super) fn check_silence(&self, context: &str) {
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
    pub(super) fn lacks_a_kind(&self, context: &str) -> bool {
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
            .filter_map(|(_, seen)| crate::engine::apps::crd_scope(&seen.live.value()))
            .any(|(kind, _)| discovery.preferred(&kind).is_none())
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
            let is_record =
                self.world.apps.get(&id).is_some_and(|entry| {
                    crate::engine::apps::records::record_key(&entry.app) == *key
                });
            if is_record {
                self.record_moved(&id, key);
            } else {
                self.consider(&id, key, false);
            }
        }
    }

    /// The App's record came, went or changed.
    fn record_moved(&mut self, id: &AppId, key: &ObjectKey) {
        let Some(cluster) = self.world.clusters.get(&id.context) else {
            return;
        };
        let Some(app) = self.world.apps.get(id).map(|entry| entry.app.clone()) else {
            return;
        };
        let source = &app.source.repository;
        let repo = self.world.repos.get(source).and_then(|r| r.repo.as_ref());
        let read = |config_map: &Value| {
            crate::engine::apps::records::read(
                &app,
                config_map,
                &self.world.reference(source),
                repo,
            )
        };
        let state = match (cluster.live.get(key), cluster.listed.of(key)) {
            (Some(seen), _) => match read(&seen.live.value()) {
                Ok(record) => RecordState::Read(Arc::new(record)),
                Err(problem) => RecordState::Unreadable(problem),
            },
            (None, Presence::Absent) => RecordState::Absent,
            (None, Presence::Unreadable(problem)) => RecordState::Unreadable(problem.clone()),
            (None, Presence::Unsure) => RecordState::Unknown,
        };
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        let synced = |state: &RecordState| match state {
            RecordState::Read(record) => record.last_synced().map(|r| r.commit.clone()),
            _ => None,
        };
        let base_moved = synced(&state) != synced(&entry.record);
        let repository = entry.app.source.repository.clone();
        entry.record = state;
        entry.view = None;
        self.record_known(id);
        self.reindex(id);
        self.consider_app(id);
        if base_moved {
            self.to_render.insert(repository);
        }
    }

    pub(super) fn consider_app(&mut self, id: &AppId) {
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        let holders = self.world.holders.get(&id.context);
        let mut keys: Vec<ObjectKey> = entry
            .prepared
            .iter()
            .flat_map(|p| p.keys().cloned())
            .collect();
        if let RecordState::Read(record) = &entry.record {
            keys.extend(record.inventory.0.iter().cloned());
        }
        entry
            .objects
            .retain(|key, _| holders.is_some_and(|h| h.contains_key(key)));
        for key in keys {
            self.consider(id, &key, false);
        }
    }

    /// Makes the server be asked again about every object of an App.
    pub(super) fn forget_verdicts(&mut self, id: &AppId) {
        let Some(entry) = self.world.apps.get(id) else {
            return;
        };
        let wanted = entry.prepared.iter().flat_map(|p| p.keys());
        let keys: BTreeSet<_> = entry.objects.keys().chain(wanted).cloned().collect();
        for key in keys {
            self.consider(id, &key, true);
        }
    }

    /// Decides what is to be done about one object: nothing, a verdict at once, or a question to the server.
    pub(super) fn consider(&mut self, id: &AppId, key: &ObjectKey, again: bool) {
        let now = self.clock.instant();
        let Some(entry) = self.world.apps.get(id) else {
            return;
        };
        let Some(cluster) = self.world.clusters.get(&id.context) else {
            return;
        };
        let Some(prepared) = &entry.prepared else {
            return;
        };
        let desired = prepared.get(key).filter(|p| !p.hook);
        let seen = cluster.live.get(key).cloned();
        let step = match (desired, &seen) {
            (None, None) => Consider::Forget,
            (None, Some(seen)) if prepared.contains_key(key) || !holds(entry, seen) => {
                Consider::Forget
            }
            (None, Some(seen)) if !entry.reads_whole() => settle(perhaps_in_git(key, seen)),
            (None, Some(seen)) => settle(extra(key, &seen.live.gvk, &seen.live.value())),
            (Some(desired), _) => consider_desired(entry, cluster, key, desired, seen.as_deref()),
        };
        let inputs = Inputs {
            desired: desired.map(|d| d.content).unwrap_or_default(),
            live: seen.as_ref().map(|s| s.content).unwrap_or_default(),
            base: base_of(entry, key).map(|b| b.content).unwrap_or_default(),
            managed: entry.is_managed(),
        };
        let known = entry.objects.get(key).is_some_and(|c| c.inputs == inputs);
        let context = id.context.clone();
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        match step {
            Consider::Wait => {}
            Consider::Forget => {
                if entry.objects.remove(key).is_some() {
                    entry.view = None;
                }
            }
            Consider::Settle(drift) => {
                entry.objects.insert(
                    key.clone(),
                    Compared {
                        drift: Arc::from(drift),
                        inputs,
                        at: now,
                    },
                );
                entry.view = None;
            }
            Consider::Ask if known && !again => {}
            Consider::Ask if self.running.contains(id) => {}
            Consider::Ask => {
                entry.view = None;
                if let Some(cluster) = self.world.clusters.get_mut(&context) {
                    cluster.queue.insert((id.clone(), key.clone()));
                }
            }
        }
        self.dirty = true;
    }

    /// Asks the servers, as many questions at a time as politeness allows; the App that is looked at comes first.
    pub(super) fn pump(&mut self) {
        let contexts: Vec<_> = self.world.clusters.keys().cloned().collect();
        for context in contexts {
            loop {
                let selected = self.world.selected.clone();
                let Some(cluster) = self.world.clusters.get_mut(&context) else {
                    break;
                };
                if cluster.asking.len() >= self.options.asks_at_once {
                    break;
                }
                let of_selected = selected.as_ref().and_then(|id| {
                    cluster
                        .queue
                        .range((id.clone(), ObjectKey::new("", "", "", ""))..)
                        .take_while(|q| q.0 == *id)
                        .find(|q| !cluster.asking.contains(*q))
                        .cloned()
                });
                let next = of_selected.or_else(|| {
                    cluster
                        .queue
                        .iter()
                        .find(|q| !cluster.asking.contains(*q))
                        .cloned()
                });
                let Some(next) = next else { break };
                cluster.queue.remove(&next);
                if let Some(question) = self.question(&next.0, &next.1) {
                    if let Some(cluster) = self.world.clusters.get_mut(&context) {
                        cluster.asking.insert(next);
                    }
                    let events = self.events.clone();
                    tokio::spawn(async move {
                        let answer = question.ask().await;
                        let _ = events.send(Event::Answer(Box::new(answer))).await;
                    });
                }
            }
        }
    }

    /// All that is needed to ask the server about one object, as it is now.
    pub(super) fn question(&self, id: &AppId, key: &ObjectKey) -> Option<Question> {
        let prepared = self.world.apps.get(id)?.prepared.as_ref()?;
        self.question_about(id, key, prepared.get(key)?.prepared().manifest)
    }

    /// [`Core::question`], for who has unpacked the manifest already.
    pub(super) fn question_about(
        &self,
        id: &AppId,
        key: &ObjectKey,
        desired: Arc<Manifest>,
    ) -> Option<Question> {
        let entry = self.world.apps.get(id)?;
        let ready = entry.prepared.as_ref()?.get(key)?;
        let cluster = self.world.clusters.get(&id.context)?;
        let discovery = cluster.discovery.as_ref()?;
        let resource = discovery.resource(&desired.gvk)?.clone();
        let seen = cluster.live.get(key).cloned();
        let base = base_of(entry, key);
        Some(Question {
            connection: cluster.connection.clone()?,
            may_patch: !cluster
                .may_not_patch
                .contains(&(key.group_kind(), key.namespace.clone())),
            inputs: Inputs {
                desired: ready.content,
                live: seen.as_ref().map(|s| s.content).unwrap_or_default(),
                base: base.map(|b| b.content).unwrap_or_default(),
                managed: entry.is_managed(),
            },
            id: id.clone(),
            key: key.clone(),
            resource,
            live: seen.map(|s| s.live.clone()),
            base: base.map(|base| {
                if std::ptr::eq(base, ready) {
                    desired.clone()
                } else {
                    Arc::new(base.manifest.manifest())
                }
            }),
            ignore: entry.app.ignore.clone(),
            respect: entry.app.sync.respect_ignore,
            writes: self::question::Writes::of(&entry.app, &desired),
            adopted: false,
            desired,
        })
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        let now = self.clock.instant();
        let Answer {
            id,
            key,
            inputs,
            drift,
            forbidden,
            n_requests,
        } = answer;
        if let Some(cluster) = self.world.clusters.get_mut(&id.context) {
            cluster.n_asked += u64::from(n_requests);
            if drift.is_ok() {
                cluster.heard = now;
            }
            cluster.asking.remove(&(id.clone(), key.clone()));
            if forbidden {
                cluster
                    .may_not_patch
                    .insert((key.group_kind(), key.namespace.clone()));
                cluster.rights = Rights::Read;
            } else if drift.is_ok() {
                cluster.rights = match cluster.rights {
                    Rights::Read | Rights::Partial if !cluster.may_not_patch.is_empty() => {
                        Rights::Partial
                    }
                    _ => Rights::Full,
                };
            }
        }
        let Some(entry) = self.world.apps.get_mut(&id) else {
            return;
        };
        entry.view = None;
        match drift {
            Ok(drift) => {
                entry.objects.insert(
                    key.clone(),
                    Compared {
                        drift: Arc::new(drift),
                        inputs,
                        at: now,
                    },
                );
                // A cluster that answers is there, whatever became of an earlier question.
                self.back_up(&id.context);
                // It may have moved while the server was asked.
                self.consider(&id, &key, false);
            }
            Err(problem) => {
                // A Problem of the object is the server's own answer: it is there, and other questions may fare better.
                let lost =
                    problem.kind == ProblemKind::Unreachable && problem.place != key.to_string();
                let drift = match entry.objects.get(&key) {
                    // What was known stays on screen, with the reason why it is not verified.
                    Some(before) if before.drift.verdict != Verdict::InSync => {
                        ObjectDrift::clone(&before.drift).with_problem(problem.clone())
                    }
                    _ => {
                        let gvk = entry
                            .prepared
                            .as_ref()
                            .and_then(|p| p.get(&key))
                            .map(|p| p.manifest.gvk.clone())
                            .unwrap_or_default();
                        ObjectDrift::new(key.clone(), gvk, Verdict::Unknown)
                            .with_problem(problem.clone())
                    }
                };
                entry.objects.insert(
                    key.clone(),
                    Compared {
                        drift: Arc::new(drift),
                        inputs: Inputs::NEVER,
                        at: now,
                    },
                );
                if lost {
                    self.down(&id.context, problem, None);
                    self.order(&id.context, ClusterOrder::Check);
                }
                self.ask_later(id, key);
            }
        }
    }

    /// Weather passes: the question is put again after a pause.
    fn ask_later(&self, id: AppId, key: ObjectKey) {
        let events = self.events.clone();
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            let _ = events.send(Event::AskAgain(id, key)).await;
        });
    }
}

enum Consider {
    /// Not enough is known yet.
    Wait,
    /// Neither wanted nor held.
    Forget,
    /// The verdict needs no server.
    Settle(Box<ObjectDrift>),
    /// The server is asked.
    Ask,
}

fn settle(drift: ObjectDrift) -> Consider {
    Consider::Settle(Box::new(drift))
}

fn consider_desired(
    entry: &AppEntry,
    cluster: &ClusterEntry,
    key: &ObjectKey,
    desired: &Ready,
    seen: Option<&Seen>,
) -> Consider {
    let Some(discovery) = &cluster.discovery else {
        return Consider::Wait;
    };
    let gvk = &desired.manifest.gvk;
    if discovery.resource(gvk).is_none() {
        let desired = desired.manifest.manifest();
        return settle(unknown_kind(entry, discovery, key, &desired));
    }
    match (seen, cluster.listed.of(key)) {
        (Some(_), _) => Consider::Ask,
        (None, Presence::Unsure) => Consider::Wait,
        (None, Presence::Unreadable(problem)) => settle(
            ObjectDrift::new(key.clone(), gvk.clone(), Verdict::Unknown)
                .with_problem(problem.clone()),
        ),
        (None, Presence::Absent) => match &entry.record {
            // What the server would make of something new is asked when it is about to be made.
            RecordState::Read(_) if cluster.rights != Rights::Read => Consider::Ask,
            _ => settle(missing(key, &desired.manifest.manifest())),
        },
    }
}

fn unknown_kind(
    entry: &AppEntry,
    discovery: &crate::cluster::Discovery,
    key: &ObjectKey,
    desired: &Manifest,
) -> ObjectDrift {
    let own = entry
        .prepared
        .iter()
        .flat_map(|p| p.values())
        .any(|p| p.defines.as_deref() == Some(&key.group_kind()));
    if own {
        // Its CRD comes with it.
        return missing(key, desired);
    }
    if discovery.is_unsure(&desired.gvk.group) {
        let problem = Problem::new(
            ProblemKind::Unreachable,
            format!("the server could not say whether it knows {}", desired.gvk),
        )
        .hint("An aggregated API does not answer; see the cluster's own Problems.");
        return ObjectDrift::new(key.clone(), desired.gvk.clone(), Verdict::Unknown)
            .with_problem(problem);
    }
    let mut problem = Problem::new(
        ProblemKind::NotFound,
        format!("the cluster does not know the kind {}", desired.gvk),
    )
    .at(format!(
        "{}:{}",
        desired.origin.file, desired.origin.start.line
    ));
    problem = match discovery.preferred(&key.group_kind()) {
        Some(served) => problem.hint(format!("It serves {} in its place.", served.gvk)),
        None => problem.hint(
            "Install the CustomResourceDefinition that defines it, or sync the App that brings it.",
        ),
    };
    drift::refused(&one_side(key, &desired.gvk, Some(desired), None), problem)
}

fn base_of<'e>(entry: &'e AppEntry, key: &ObjectKey) -> Option<&'e Ready> {
    let base = entry.base.as_ref()?;
    match &base.prepared {
        Some(prepared) => prepared.get(key),
        None if base.manifests.is_none() => entry.prepared.as_ref()?.get(key),
        None => None,
    }
}

/// Whether an object that Git does not have (any more) is the App's: its record says so, and the object agrees.
fn holds(entry: &AppEntry, seen: &Seen) -> bool {
    let RecordState::Read(record) = &entry.record else {
        return false;
    };
    record.inventory.0.contains(&seen.live.key) && tracked_by(&seen.live, &entry.app.id.name)
}

/// Held, and not among the manifests that could be read: not to be called gone from Git while others cannot.
fn perhaps_in_git(key: &ObjectKey, seen: &Seen) -> ObjectDrift {
    let problem = Problem::new(
        ProblemKind::Invalid,
        "it cannot be told whether Git still has it",
    )
    .at(key.to_string())
    .because("not all of the App's manifests can be read");
    ObjectDrift::new(key.clone(), seen.live.gvk.clone(), Verdict::Unknown).with_problem(problem)
}

impl Seen {
    /// Looks at a live object.
    pub fn of(live: Arc<Live>) -> Self {
        let value = live.value();
        Self {
            content: content_hash(&drift::significant(&value)),
            health: crate::health::assess(&value),
            created: value
                .pointer("/metadata/creationTimestamp")
                .and_then(Value::as_str)
                .and_then(|t| t.parse().ok()),
            live,
        }
    }
}
