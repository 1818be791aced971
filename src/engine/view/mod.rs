//! From the world to what is shown: one App at a time, and only those that changed.

mod app;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::cluster::Connection;
use crate::domain::{AppId, ObjectKey};

use crate::engine::core::Core;
use crate::engine::snapshot::{AppView, Counters, Reach, Snapshot, SyncStatus};
use crate::engine::sources::orphans::is_only_adopted;
use crate::engine::world::{AppEntry, Definer, World};

/// Everything that is known at this moment.
pub(super) fn snapshot(core: &mut Core) -> Snapshot {
    let now = core.clock.now();
    let ids: Vec<AppId> = core
        .world
        .apps
        .iter()
        .filter(|(_, e)| e.view.is_none())
        .map(|(id, _)| id.clone())
        .collect();
    for id in ids {
        let Some(view) = app::app(&core.world, &id) else {
            continue;
        };
        let Some(entry) = core.world.apps.get_mut(&id) else {
            continue;
        };
        let changed = match &entry.last_view {
            Some(before) => {
                before.sync != view.sync
                    || before.counts != view.counts
                    || before.health != view.health
                    || before.target != view.target
            }
            None => false,
        };
        if changed {
            entry.changed_at = now;
        }
        let view = Arc::new(AppView {
            changed_at: entry.changed_at,
            ..view
        });
        entry.last_view = Some(view.clone());
        entry.view = Some(view);
    }
    let world = &core.world;
    let mut n_apps: HashMap<&str, usize> = HashMap::new();
    let shown = |e: &AppEntry| e.view.as_ref().is_none_or(|view| !is_over(view));
    for (id, _) in world.apps.iter().filter(|(_, e)| shown(e)) {
        *n_apps.entry(&id.context).or_default() += 1;
    }
    let mut first_of: BTreeMap<&str, &str> = BTreeMap::new();
    let clusters = world
        .clusters
        .iter()
        .map(|(context, cluster)| {
            let uid = cluster
                .identity
                .as_ref()
                .map(|i| i.uid.as_str())
                .filter(|u| !u.is_empty());
            let same_as = uid.and_then(|uid| {
                let first = *first_of.entry(uid).or_insert(context);
                (first != context).then(|| first.to_owned())
            });
            let n_apps = n_apps.get(context.as_str()).copied().unwrap_or_default();
            Arc::new(cluster.view(context, n_apps, same_as))
        })
        .collect();
    let definitions = world.definitions.values();
    Snapshot {
        revision: core.revision,
        clusters,
        apps: world
            .apps
            .values()
            .filter_map(|e| e.view.clone())
            .filter(|app| !is_over(app))
            .collect(),
        problems: world
            .problems
            .values()
            .chain(definitions.clone().flat_map(|d| &d.problems))
            .cloned()
            .collect(),
        notices: definitions
            .flat_map(|d| d.notices.iter().cloned())
            .collect(),
        work: world
            .work
            .iter()
            .map(|(who, what)| format!("{who}: {what}"))
            .collect(),
        asked: world.asked.clone(),
        settled: settled(core),
        read_only: core.options.read_only,
        counters: counters(core),
    }
}

/// Whether all that an App without a directory held is gone, so that there is nothing left of it.
fn is_over(app: &AppView) -> bool {
    let record = app.record.as_deref();
    let holds_nothing = record.is_some_and(|record| record.inventory.0.is_empty());
    app.app.orphaned
        && app.objects.is_empty()
        // With nothing in its record it does not matter what became of the repository since.
        && (app.sync == SyncStatus::Synced || holds_nothing)
        && !record.is_some_and(is_only_adopted)
}

fn counters(core: &Core) -> Counters {
    let clusters = core.world.clusters.values();
    let start = Counters {
        renders: core.n_renders,
        ..Counters::default()
    };
    clusters.fold(start, |sum, cluster| {
        let of = |count: fn(&Connection) -> u64| cluster.connection.as_ref().map_or(0, count);
        Counters {
            requests: sum.requests + of(Connection::n_requests),
            bytes: sum.bytes + of(Connection::n_bytes),
            events: sum.events + of(Connection::n_events),
            dry_runs: sum.dry_runs + cluster.n_asked,
            ..sum
        }
    })
}

/// Whether every App has its first complete verdict, or a Problem instead.
fn settled(core: &Core) -> bool {
    let world = &core.world;
    let defined = core
        .expected_definers()
        .all(|definer| world.definitions.contains_key(&definer) || cannot_be_read(core, &definer));
    let repos = world
        .repos
        .values()
        .all(|r| r.repo.is_some() || r.problem.is_some());
    let clusters = world.clusters.values().all(|c| match c.reach {
        Reach::Connecting => false,
        Reach::Up { .. } => c.recorded.is_some(),
        Reach::Down { .. } => true,
    });
    defined
        && world.searches.is_empty()
        && repos
        && clusters
        && world.apps.values().all(|e| {
            // Which side moved is known once what was last synced has been rendered, too.
            !e.desired_pending
                && e.view
                    .as_ref()
                    .is_some_and(|v| v.sync != SyncStatus::Checking)
        })
        && world.clusters.values().all(|c| {
            matches!(c.reach, Reach::Down { .. })
                || (c.listed.is_complete() && c.queue.iter().chain(&c.asking).all(|(id, key)| is_asked_again(world, id, key)))
        })
        // What an App holds and Git no longer has is known only once its kind was listed.
        && core.wishes.is_empty()
        && core.wishing.is_empty()
}

/// Whether a question was put before and failed: its Problem stands, and who waits for a verdict has one.
fn is_asked_again(world: &World, id: &AppId, key: &ObjectKey) -> bool {
    let compared = world.apps.get(id).and_then(|app| app.objects.get(key));
    compared.is_some_and(|compared| compared.failed)
}

/// Whether a place will not say which Apps it defines, because it cannot be read.
fn cannot_be_read(core: &Core, definer: &Definer) -> bool {
    let Definer::Repository(repository) = definer else {
        return false;
    };
    let entry = core.world.repos.get(repository);
    entry.is_some_and(|r| r.repo.is_none() && r.problem.is_some())
}
