//! One App as it is shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::{
    AppId, Cause, Health, HealthStatus, Notice, ObjectDrift, ObjectKey, Problem, ProblemKind,
    Revision, Verdict,
};
use crate::engine::apps::packed::PackedManifest;
use crate::engine::apps::records::record_key;
use crate::engine::clusters::listed::Presence;
use crate::engine::compare::question::tracked_by;
use crate::engine::snapshot::{AppState, AppView, Counts, ObjectView, Reach, SyncStatus};
use crate::engine::world::{AppEntry, ClusterEntry, Home, RecordState, RepoEntry, World};
use crate::health::{AppObject, Live, roll_up};
use crate::sync::LiveFacts;

/// The App with all that is known of it.
pub(super) fn app(world: &World, id: &AppId) -> Option<AppView> {
    let entry = world.apps.get(id)?;
    let cluster = world.clusters.get(&id.context);
    let repo = world.repos.get(&entry.app.source.repository);
    let objects = objects(entry, cluster);
    let counts = count(&objects, entry);
    let problems = problems(entry, cluster, repo);
    let state = state(entry, cluster);
    let sync = verdict(entry, cluster, state, &counts, &objects, &problems);
    Some(AppView {
        app: entry.app.clone(),
        state,
        target: entry.desired.as_ref().map(|d| d.target.clone()),
        unresolved: unresolved(entry),
        health: health(cluster, state, &objects),
        counts,
        deleted: objects
            .iter()
            .filter(|o| was_deleted(&o.drift, entry))
            .map(|o| o.drift.key.clone())
            .collect(),
        rendered: rendered(entry, cluster),
        record: match &entry.record {
            RecordState::Read(record) => Some(record.clone()),
            _ => None,
        },
        distance: entry.distance,
        pinned: match &entry.record {
            RecordState::Read(record) => record.pinned().cloned(),
            _ => None,
        },
        notices: notices(entry, cluster),
        // What was never known cannot be old.
        old_since: old_since(cluster, repo).filter(|_| !objects.is_empty()),
        changed_at: entry.changed_at,
        sync,
        objects,
        problems,
    })
}

fn rendered(entry: &AppEntry, cluster: Option<&ClusterEntry>) -> Arc<Vec<PackedManifest>> {
    // While a first answer is awaited it is not worth the work.
    let is_awaited = cluster.is_some_and(|c| matches!(c.reach, Reach::Connecting));
    match &entry.desired {
        Some(desired) if entry.prepared.is_none() && !is_awaited => desired.manifests.clone(),
        _ => Arc::default(),
    }
}

/// The revision that is looked at, where it came to nothing.
fn unresolved(entry: &AppEntry) -> Option<Revision> {
    let shown = entry.desired.as_ref().map(|d| &d.target.revision);
    entry
        .revision
        .clone()
        .filter(|asked| !entry.desired_pending && shown != Some(asked))
        .filter(|_| !entry.desired_problems.is_empty())
}

fn objects(entry: &AppEntry, cluster: Option<&ClusterEntry>) -> Vec<Arc<ObjectView>> {
    // What Git does not have (any more), or of which that cannot be told.
    let is_wanted = |key: &ObjectKey| entry.prepared.as_ref().is_some_and(|p| p.contains_key(key));
    let extras = entry.objects.keys().filter(|key| !is_wanted(key));
    entry
        .order
        .iter()
        .chain(extras)
        .filter_map(|key| object(entry, cluster, key))
        .collect()
}

fn object(
    entry: &AppEntry,
    cluster: Option<&ClusterEntry>,
    key: &ObjectKey,
) -> Option<Arc<ObjectView>> {
    let compared = entry.objects.get(key)?;
    let seen = cluster.and_then(|c| c.live.get(key));
    let question = (entry.app.id.clone(), key.clone());
    let is_asked = |c: &ClusterEntry| {
        // What waits for the cluster to come back is not being asked.
        let is_down = matches!(c.reach, Reach::Down { .. });
        c.asking.contains(&question) || (!is_down && c.queue.contains(&question))
    };
    Some(Arc::new(ObjectView {
        drift: compared.drift.clone(),
        health: seen.and_then(|s| s.health.clone()),
        created: seen.and_then(|s| s.created),
        manifest: entry
            .prepared
            .as_ref()
            .and_then(|p| p.get(key))
            .map(|p| p.manifest.clone()),
        asking: cluster.is_some_and(is_asked),
    }))
}

fn count(objects: &[Arc<ObjectView>], entry: &AppEntry) -> Counts {
    let mut counts = Counts {
        objects: objects.len(),
        ..Counts::default()
    };
    for object in objects {
        let drift = &object.drift;
        match drift.verdict {
            Verdict::InSync => {}
            Verdict::Drifted => counts.changed += 1,
            Verdict::Missing => counts.missing += 1,
            Verdict::Extra => counts.extra += 1,
            Verdict::Refused => counts.refused += 1,
            Verdict::Unknown => counts.unknown += 1,
        }
        counts.drifted += usize::from(drift.is_drift());
        counts.foreign += drift.foreign.len();
        counts.overridden += drift.overridden.len();
        counts.unconfirmed += usize::from(!drift.confirmed);
        let (git, cluster) = moved(object, entry);
        counts.git += usize::from(git);
        counts.cluster += usize::from(cluster);
    }
    counts
}

/// Which sides of an object moved since the last sync, where that is known.
fn moved(object: &ObjectView, entry: &AppEntry) -> (bool, bool) {
    let drift = &object.drift;
    if !entry.is_managed() {
        return (false, false);
    }
    match drift.verdict {
        Verdict::Missing if was_deleted(drift, entry) => (false, true),
        Verdict::Missing | Verdict::Extra => (true, false),
        Verdict::Drifted | Verdict::Refused => {
            let any = |wanted: Cause| {
                drift
                    .fields
                    .iter()
                    .any(|f| f.cause == wanted || f.cause == Cause::Both)
            };
            (any(Cause::Git), any(Cause::Cluster))
        }
        Verdict::InSync | Verdict::Unknown => (false, false),
    }
}

/// Whether the App held a missing object, so that somebody deleted it. One that it never held is new in Git, and so is
/// one that only another revision has than the one that was synced.
fn was_deleted(drift: &ObjectDrift, entry: &AppEntry) -> bool {
    let RecordState::Read(record) = &entry.record else {
        return false;
    };
    let synced = was_synced(entry, &drift.key);
    let is_of_git = entry.revision.is_some() && synced == Some(false);
    drift.verdict == Verdict::Missing && !is_of_git && record.held(&drift.key, synced)
}

/// Whether an object was in what was last synced as a whole; `None` where that is not known.
fn was_synced(entry: &AppEntry, key: &ObjectKey) -> Option<bool> {
    let base = entry.base.as_ref()?;
    match (&base.prepared, &base.manifests) {
        (Some(prepared), _) => Some(prepared.contains_key(key)),
        (None, Some(_)) => None,
        // It read the same as what is wanted now.
        (None, None) => Some(entry.prepared.as_ref()?.contains_key(key)),
    }
}

fn problems(
    entry: &AppEntry,
    cluster: Option<&ClusterEntry>,
    repo: Option<&RepoEntry>,
) -> Vec<Problem> {
    let mut problems = entry.app.problems.clone();
    problems.extend(entry.desired_problems.iter().cloned());
    problems.extend(entry.prepare_problems.iter().cloned());
    let unread = match &entry.record {
        RecordState::Unreadable(problem) => Some(problem),
        _ => None,
    };
    let down = match cluster.map(|c| &c.reach) {
        Some(Reach::Down { problem, .. }) => Some(problem),
        _ => None,
    };
    let of_repo = repo.and_then(|r| r.problem.as_ref());
    let ending = entry.objects.iter().find(|(_, c)| c.home == Home::Ends);
    let ending = ending.map(|(key, _)| namespace_ends(entry, &key.namespace));
    for problem in [unread, down, of_repo, ending.as_ref()]
        .into_iter()
        .flatten()
    {
        if !problems.contains(problem) {
            problems.push(problem.clone());
        }
    }
    problems
}

fn namespace_ends(entry: &AppEntry, namespace: &str) -> Problem {
    let text =
        format!("its namespace {namespace} is being deleted, so that nothing can be made in it");
    Problem::new(ProblemKind::Conflict, text)
        .at(entry.app.id.to_string())
        .hint("Wait until it is gone, then sync again; where it does not go, `kubectl get namespace -o yaml` says what holds it.")
}

/// Whether there is no record although an object lives that trueup applied as this App's.
fn is_record_gone(entry: &AppEntry, cluster: Option<&ClusterEntry>) -> bool {
    let Some(cluster) = cluster else { return false };
    let name = &entry.app.id.name;
    let is_ours = |key: &ObjectKey| {
        cluster.live.get(key).is_some_and(|seen| {
            tracked_by(&seen.live, name) && LiveFacts::of(&seen.live.value()).applied_by_trueup()
        })
    };
    matches!(entry.record, RecordState::Absent)
        && entry.prepared.iter().flat_map(|p| p.keys()).any(is_ours)
}

fn notices(entry: &AppEntry, cluster: Option<&ClusterEntry>) -> Vec<Notice> {
    let of_git = entry.desired.iter().flat_map(|d| &d.notices);
    let mut notices: Vec<Notice> = entry
        .app
        .notices
        .iter()
        .chain(of_git)
        .chain(&entry.prepare_notices)
        .cloned()
        .collect();
    if entry.desired.as_ref().is_some_and(|d| d.stands_in) {
        notices.push(Notice {
            place: entry.app.source.repository.to_string(),
            text: "the remote cannot be reached: read from the checkout's remote-tracking refs"
                .into(),
        });
    }
    if is_record_gone(entry, cluster) {
        notices.push(Notice {
            place: record_key(&entry.app).to_string(),
            text: "the record is gone, although objects here are this App's: a sync writes it anew"
                .into(),
        });
    } else if entry.record_lost && matches!(entry.record, RecordState::Absent) {
        let key = record_key(&entry.app);
        notices.push(Notice {
            place: entry.app.id.to_string(),
            text: format!(
                "it was synced here before, and its record (ConfigMap {} in namespace {}) is gone, perhaps with the namespace: a sync makes both anew",
                key.name, key.namespace
            ),
        });
    }
    notices.extend(absent_namespaces(entry));
    let ignored = |key: &ObjectKey, drift: &ObjectDrift| {
        let is_wanted = entry.prepared.as_ref().is_some_and(|p| p.contains_key(key));
        drift.verdict == Verdict::InSync && !is_wanted
    };
    let n_ignored = entry.objects.iter().filter(|(k, c)| ignored(k, &c.drift));
    if let n @ 1.. = n_ignored.count() {
        notices.push(Notice {
            place: entry.app.id.to_string(),
            text: format!(
                "{} no longer in Git and not counted, as asked by `IgnoreExtraneous`",
                if n == 1 {
                    "an object is".to_owned()
                } else {
                    format!("{n} objects are")
                }
            ),
        });
    }
    let hooks = entry
        .prepared
        .iter()
        .flat_map(|p| p.values())
        .filter(|p| p.hook)
        .count();
    if hooks > 0 {
        notices.push(Notice {
            place: String::new(),
            text: match hooks {
                1 => "a hook is left out of the comparison; trueup does not run hooks".to_owned(),
                _ => format!(
                    "{hooks} hooks are left out of the comparison; trueup does not run hooks"
                ),
            },
        });
    }
    notices
}

/// The namespaces that are not there and that a sync of the App would not make.
fn absent_namespaces(entry: &AppEntry) -> Vec<Notice> {
    let homeless = entry.objects.iter().filter(|(_, c)| c.home == Home::Absent);
    let absent: BTreeSet<&str> = homeless.map(|(key, _)| key.namespace.as_str()).collect();
    let is_made = |namespace: &str| {
        let key = ObjectKey::new("", "Namespace", "", namespace);
        let is_stated = entry
            .prepared
            .as_ref()
            .is_some_and(|p| p.contains_key(&key));
        let destination = &entry.app.destination.namespace;
        is_stated || (entry.app.sync.create_namespace && destination == namespace)
    };
    let notice = |namespace: &str| Notice {
        place: entry.app.id.to_string(),
        text: format!(
            "the namespace {namespace} does not exist, and a sync would not make it: a manifest of it, the sync option CreateNamespace=true or `kubectl create namespace {namespace}` does"
        ),
    };
    let absent = absent.into_iter().filter(|namespace| !is_made(namespace));
    absent.map(notice).collect()
}

/// Whose the App's objects are.
pub(in crate::engine) fn state(entry: &AppEntry, cluster: Option<&ClusterEntry>) -> AppState {
    let any_live = || {
        let Some(cluster) = cluster else { return false };
        entry.prepared.iter().flat_map(|p| p.values()).any(|p| {
            // A namespace that happens to be there says nothing about the App.
            p.manifest.gvk.kind != "Namespace" && cluster.live.contains_key(&p.key)
        })
    };
    match &entry.record {
        RecordState::Read(_) => AppState::Managed,
        RecordState::Unknown | RecordState::Unreadable(_) => AppState::Unknown,
        RecordState::Absent if any_live() => AppState::Unmanaged,
        RecordState::Absent if entry.app.discovered => AppState::Available,
        RecordState::Absent => AppState::Unmanaged,
    }
}

fn verdict(
    entry: &AppEntry,
    cluster: Option<&ClusterEntry>,
    state: AppState,
    counts: &Counts,
    objects: &[Arc<ObjectView>],
    problems: &[Problem],
) -> SyncStatus {
    let never = objects.is_empty() && !problems.is_empty();
    let git_failed = !entry.app.problems.is_empty()
        || !entry.prepare_problems.is_empty()
        || !entry.desired_problems.is_empty();
    if never || git_failed {
        return SyncStatus::Failed;
    }
    let Some(prepared) = &entry.prepared else {
        return SyncStatus::Checking;
    };
    let wanted = prepared.values().filter(|p| !p.hook).count();
    let known = prepared
        .values()
        .filter(|p| !p.hook && entry.objects.contains_key(&p.key))
        .count();
    if matches!(entry.record, RecordState::Unknown) || known < wanted {
        return match cluster.map(|c| &c.reach) {
            Some(Reach::Down { .. }) => SyncStatus::Failed,
            _ => SyncStatus::Checking,
        };
    }
    match state {
        AppState::Available => SyncStatus::Available,
        _ if counts.drifted > 0 => SyncStatus::Drifted,
        _ if counts.unknown > 0 => SyncStatus::Failed,
        // What it holds and Git no longer has stands in the record alone.
        _ if matches!(entry.record, RecordState::Unreadable(_)) => SyncStatus::Failed,
        _ => SyncStatus::Synced,
    }
}

fn health(
    cluster: Option<&ClusterEntry>,
    state: AppState,
    objects: &[Arc<ObjectView>],
) -> Option<Health> {
    if objects.is_empty()
        || cluster.is_none_or(|c| c.identity.is_none())
        || state == AppState::Available
    {
        return None;
    }
    let is_absent =
        |key: &ObjectKey| cluster.is_some_and(|c| matches!(c.listed.of(key), Presence::Absent));
    let health = roll_up(objects.iter().map(|o| {
        AppObject {
            key: &o.drift.key,
            health: o.health.as_ref(),
            presence: match o.created {
                Some(_) => Live::There,
                // What may not be read may well be there.
                None if o.drift.verdict == Verdict::Unknown && !is_absent(&o.drift.key) => {
                    Live::Unknown
                }
                None => Live::Missing,
            },
            ignored: cluster
                .and_then(|c| c.live.get(&o.drift.key))
                .is_some_and(|seen| seen.without_health),
        }
    }));
    Some(health).filter(|h| h.status != HealthStatus::Missing || state != AppState::Unknown)
}

fn old_since(cluster: Option<&ClusterEntry>, repo: Option<&RepoEntry>) -> Option<jiff::Timestamp> {
    let of_cluster = cluster
        .filter(|c| matches!(c.reach, Reach::Down { .. }))
        .map(|c| c.since);
    let of_repo = repo.and_then(|r| r.old_since);
    [of_cluster, of_repo].into_iter().flatten().min()
}
