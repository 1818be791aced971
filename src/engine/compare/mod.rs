//! When the server is asked about an object, and what its answers come to.

mod known;
pub(super) mod question;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::{AppId, Manifest, ObjectDrift, ObjectKey, ProblemKind, Verdict};

use crate::engine::apps::packed::Ready;
use crate::engine::clusters::ClusterOrder;
use crate::engine::clusters::listed::Presence;
use crate::engine::core::{Core, Event};
use crate::engine::snapshot::{Reach, Rights};
use crate::engine::world::{AppEntry, ClusterEntry, Compared, Home, Inputs, RecordState, Seen};
use known::{base_of, holds, perhaps_in_git, unknown_kind};
use question::{Answer, Question, extra, missing};

/// A question that met bad weather is put again after this.
const WEATHER_PASSES: Duration = Duration::from_secs(5);
/// A namespace that is being deleted, or not there, is asked about again after this.
const NAMESPACE_GOES: Duration = Duration::from_secs(30);

impl Core {
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
        // What Git no longer has may be another App's by now.
        keys.extend(entry.objects.keys().cloned());
        entry
            .objects
            .retain(|key, _| holders.is_some_and(|h| h.contains_key(key)));
        for key in keys {
            self.consider(id, &key, false);
        }
    }

    /// An App is looked at, or none. One that was never synced is listed without a question to the server: now it is
    /// worth asking whether its objects would be taken. What is still to be asked of the one before is left.
    pub(in crate::engine) fn select(&mut self, id: Option<AppId>) {
        if let Some(id) = &id {
            self.check_silence(&id.context);
        }
        let before = std::mem::replace(&mut self.world.selected, id.clone());
        if before == id {
            return;
        }
        if let Some(before) = before
            && let Some(entry) = self.world.apps.get(&before)
            && let Some(cluster) = self.world.clusters.get_mut(&before.context)
            && !entry.is_managed()
        {
            let live = &cluster.live;
            let is_left =
                |key: &ObjectKey| entry.objects.contains_key(key) && !live.contains_key(key);
            cluster
                .queue
                .retain(|(of, key)| *of != before || !is_left(key));
        }
        if let Some(id) = id {
            self.consider_app(&id);
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
        let inputs = Inputs {
            desired: desired.map(|d| d.content).unwrap_or_default(),
            live: seen.as_ref().map(|s| s.content).unwrap_or_default(),
            base: base_of(entry, key).map(|b| b.content).unwrap_or_default(),
            managed: entry.is_managed(),
        };
        let known = entry.objects.get(key).is_some_and(|c| c.inputs == inputs);
        let step = match (desired, &seen) {
            (None, None) => Consider::Forget,
            (None, Some(seen)) if prepared.contains_key(key) || !holds(entry, seen) => {
                Consider::Forget
            }
            (None, Some(seen)) if !entry.reads_whole() => settle(perhaps_in_git(key, seen)),
            (None, Some(seen)) => {
                let live = seen.live.value();
                let mut drift = extra(key, &seen.live.gvk, &live);
                if question::ignores_extra(&live) {
                    // As in Argo CD: it is there, and counts for nothing. A sync may prune it all the same.
                    drift = ObjectDrift::new(key.clone(), seen.live.gvk.clone(), Verdict::InSync);
                }
                settle(drift)
            }
            (Some(desired), _) => {
                let is_named = self.world.asked.contains(id);
                let cares = known || is_named || self.world.selected.as_ref() == Some(id);
                consider_desired((entry, cluster), key, desired, seen.as_deref(), cares)
            }
        };
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
                        // A question comes to something else.
                        inputs: Inputs::NEVER,
                        home: Home::There,
                        failed: false,
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
                // While it is down its own connection says when it is back: questions wait, and cost nothing.
                let is_down = matches!(cluster.reach, Reach::Down { .. });
                if is_down || cluster.asking.len() >= self.options.asks_at_once {
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
            home,
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
            }
            if forbidden || drift.is_ok() {
                let all = cluster.may_not_patch.is_empty();
                cluster.rights = rights(cluster.rights, forbidden, all);
            }
        }
        let Some(entry) = self.world.apps.get_mut(&id) else {
            return;
        };
        entry.view = None;
        match drift {
            Ok(drift) => {
                let compared = entry.objects.get(&key);
                let before = compared.map_or(Home::There, |compared| compared.home);
                entry.objects.insert(
                    key.clone(),
                    Compared {
                        drift: Arc::new(drift),
                        inputs: match home {
                            Home::Ends => Inputs::NEVER,
                            Home::There | Home::Absent => inputs,
                        },
                        home,
                        failed: false,
                        at: now,
                    },
                );
                // A cluster that answers is there, whatever became of an earlier question.
                self.back_up(&id.context);
                self.goes_on(id, key, (before, home));
            }
            Err(problem) => {
                // A Problem of the object is the server's own answer: it is there, and other questions may fare better.
                let lost =
                    problem.kind == ProblemKind::Unreachable && problem.place != key.to_string();
                // Watches that are open outlive the token that they were opened with.
                let logged_out = problem.kind == ProblemKind::Unauthenticated;
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
                        home: Home::There,
                        failed: true,
                        at: now,
                    },
                );
                if lost {
                    self.down(&id.context, problem, None);
                }
                if lost || logged_out {
                    self.order(&id.context, ClusterOrder::Check);
                }
                self.ask_later(id, key, WEATHER_PASSES);
            }
        }
    }

    /// What follows an answer: the object may have moved while the server was asked, and nothing tells when a namespace
    /// comes or goes.
    fn goes_on(&mut self, id: AppId, key: ObjectKey, (before, home): (Home, Home)) {
        if home == Home::Ends {
            return self.ask_later(id, key, NAMESPACE_GOES);
        }
        if home == Home::There {
            self.consider(&id, &key, false);
        }
        if (before, home) == (Home::There, Home::There) {
            return;
        }
        let objects = self.world.apps.get(&id).map(|entry| &entry.objects);
        let mut homeless = objects.into_iter().flatten().filter(|(other, compared)| {
            compared.home == Home::Absent && other.namespace == key.namespace
        });
        if home == Home::Absent {
            // One of them finds out for all.
            if homeless.next().is_some_and(|(first, _)| *first == key) {
                self.ask_later(id, key, NAMESPACE_GOES);
            }
            return;
        }
        let others: Vec<ObjectKey> = homeless.map(|(other, _)| other.clone()).collect();
        others
            .iter()
            .for_each(|other| self.consider(&id, other, true));
    }

    /// The question is put again after a pause.
    fn ask_later(&self, id: AppId, key: ObjectKey, pause: Duration) {
        let events = self.events.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
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

/// `cares`: somebody looks at the App, or has, so that even what was never synced is worth a question.
fn consider_desired(
    (entry, cluster): (&AppEntry, &ClusterEntry),
    key: &ObjectKey,
    desired: &Ready,
    seen: Option<&Seen>,
    cares: bool,
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
        // What the server would make of something new is asked where somebody minds.
        (None, Presence::Absent)
            if (entry.is_managed() || cares) && cluster.rights != Rights::Read =>
        {
            Consider::Ask
        }
        (None, Presence::Absent) => settle(missing(key, &desired.manifest.manifest())),
    }
}

/// What this user may do, after one more answer. `forbidden`: whether it says that this may not be patched; `all`:
/// whether nothing is known to be forbidden.
/// Neither a right nor the lack of one unsays the other, in whatever order they are met.
fn rights(before: Rights, forbidden: bool, all: bool) -> Rights {
    match (before, forbidden) {
        (Rights::Full | Rights::Partial, true) => Rights::Partial,
        (Rights::Unknown | Rights::Read, true) => Rights::Read,
        (_, false) if all => Rights::Full,
        (_, false) => Rights::Partial,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_that_may_not_be_patched_last_made_a_user_of_some_rights_a_reader() {
        let after = |answers: &[bool]| {
            let mut all = true;
            answers.iter().fold(Rights::Unknown, |before, may| {
                all &= may;
                rights(before, !may, all)
            })
        };
        for (answers, expected) in [
            (&[] as &[bool], Rights::Unknown),
            (&[false, false], Rights::Read),
            (&[true, true], Rights::Full),
            (&[true, false], Rights::Partial),
            (&[false, true], Rights::Partial),
            (&[false, true, false], Rights::Partial),
        ] {
            assert_eq!(after(answers), expected, "{answers:?}");
        }
        // Asked anew, what was forbidden may be granted.
        assert_eq!(rights(Rights::Partial, false, true), Rights::Full);
    }
}
