//! Who wants or holds which object, so that what a watch sees finds its Apps.

use std::collections::BTreeSet;

use crate::domain::{AppId, ObjectKey};
use crate::engine::core::Core;
use crate::engine::world::{AppEntry, RecordState};
use crate::sync::order::{Task, order};

use super::records::record_key;

impl Core {
    /// Brings the index of who wants what up to date, and the order in which an App's objects are shown.
    pub(in crate::engine) fn reindex(&mut self, id: &AppId) {
        let Some(entry) = self.world.apps.get(id) else {
            return;
        };
        let keys: Vec<_> = held_keys(entry).into_iter().collect();
        if entry.indexed != keys {
            self.drop_holder(id);
            let holders = self.world.holders.entry(id.context.clone()).or_default();
            for key in &keys {
                holders.entry(key.clone()).or_default().push(id.clone());
            }
        }
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        if let Some(cluster) = self.world.clusters.get_mut(&id.context) {
            keys.iter().for_each(|key| cluster.listed.want(key));
        }
        entry.indexed = keys;
        if let Some(prepared) = &entry.prepared {
            let tasks = prepared.values().filter(|p| !p.hook).map(|p| Task {
                key: p.key.clone(),
                wave: p.wave,
                prune: false,
                prune_last: false,
                defines: p.defines.as_deref().cloned(),
            });
            entry.order = order(tasks.collect(), &entry.app.destination.namespace)
                .into_iter()
                .map(|task| task.key)
                .collect();
        }
        self.wishes.insert(id.context.clone());
    }

    pub(super) fn drop_holder(&mut self, id: &AppId) {
        let keys = self
            .world
            .apps
            .get_mut(id)
            .map(|e| std::mem::take(&mut e.indexed));
        let Some(holders) = self.world.holders.get_mut(&id.context) else {
            return;
        };
        for key in keys.unwrap_or_default() {
            if let Some(ids) = holders.get_mut(&key) {
                ids.retain(|i| i != id);
                if ids.is_empty() {
                    holders.remove(&key);
                }
            }
        }
    }
}

/// Objects that an App wants, and those that its record says it holds.
pub(in crate::engine) fn held_keys(entry: &AppEntry) -> BTreeSet<ObjectKey> {
    let wanted = entry.prepared.iter().flat_map(|p| p.keys().cloned());
    let held = match &entry.record {
        RecordState::Read(record) => record.inventory.0.iter().cloned().collect(),
        _ => Vec::new(),
    };
    wanted
        .chain(held)
        .chain([self::record_key(&entry.app)])
        .collect()
}
