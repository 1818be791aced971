//! What the watches of a cluster look for, and so what is kept of all that they see.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, RwLock};

use crate::cluster::{Keep, Resource};
use crate::domain::{GroupKind, ObjectKey};
use crate::engine::apps::index::held_keys;
use crate::engine::core::Core;

use crate::sync::order::is_definition;

use super::ClusterOrder;

/// What the Apps of one cluster want to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::engine) struct Wanted {
    /// The kinds to watch, each at the version to watch it in.
    pub kinds: BTreeMap<GroupKind, WantedKind>,
    /// Names under which the Apps mark their objects.
    pub instances: HashSet<String>,
    /// Groups of kinds that are wanted and not known: a CustomResourceDefinition may bring them.
    pub unknown_groups: HashSet<String>,
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
pub(in crate::engine) struct WantedKind {
    pub resource: Resource,
    /// Objects kept whatever they carry.
    pub keys: HashSet<ObjectKey>,
    /// Namespaces to fall back to, where the whole cluster may not be listed.
    pub namespaces: BTreeSet<String>,
}

/// Only what an App wants or marks is kept; everything else is dropped as it arrives.
pub(super) fn keep(wanted: Arc<RwLock<Arc<Wanted>>>) -> Keep {
    Arc::new(move |key, tracking| {
        let Ok(wanted) = wanted.read() else {
            return true;
        };
        let named = tracking
            .and_then(|id| id.split_once(':'))
            .is_some_and(|(instance, _)| wanted.instances.contains(instance));
        // The name of a definition ends in the group that it defines.
        let defines = || {
            let group = key.name.split_once('.').map(|(_, group)| group);
            is_definition(&key.group_kind())
                && group.is_some_and(|group| wanted.unknown_groups.contains(group))
        };
        named
            || defines()
            || wanted
                .kinds
                .get(&key.group_kind())
                .is_some_and(|kind| kind.keys.contains(key))
    })
}

impl Core {
    /// Tells each cluster whose Apps changed what to watch.
    pub(in crate::engine) fn tell_wishes(&mut self, contexts: BTreeSet<String>) {
        // Whether everything is settled depends on what is still to be told.
        self.dirty = true;
        for context in contexts {
            let wanted = self.wanted(&context);
            let Some(cluster) = self.world.clusters.get_mut(&context) else {
                continue;
            };
            let of_unwanted = |kind: &GroupKind| !wanted.kinds.contains_key(kind);
            cluster.unreadable.retain(|(kind, _), _| !of_unwanted(kind));
            let wanted = cluster.listed.tell(wanted);
            self.order(&context, ClusterOrder::Want(wanted));
        }
    }

    fn wanted(&self, context: &str) -> Wanted {
        let mut wanted = Wanted::default();
        let Some(discovery) = self
            .world
            .clusters
            .get(context)
            .and_then(|c| c.discovery.as_ref())
        else {
            return wanted;
        };
        let mut add = |resource: Option<&Resource>, key: ObjectKey| {
            let Some(resource) = resource else { return };
            let kind = wanted
                .kinds
                .entry(resource.group_kind())
                .or_insert_with(|| WantedKind {
                    resource: resource.clone(),
                    keys: Default::default(),
                    namespaces: Default::default(),
                });
            if !key.namespace.is_empty() {
                kind.namespaces.insert(key.namespace.clone());
            }
            kind.keys.insert(key);
        };
        let mut instances = HashSet::new();
        let mut unknown_groups = HashSet::new();
        for entry in self
            .world
            .apps
            .values()
            .filter(|e| e.app.id.context == context)
        {
            for prepared in entry.prepared.iter().flat_map(|p| p.values()) {
                let resource = discovery.resource(&prepared.manifest.gvk);
                if resource.is_none() {
                    unknown_groups.insert(prepared.key.group.clone());
                }
                add(resource, prepared.key.clone());
            }
            for key in held_keys(entry) {
                add(discovery.preferred(&key.group_kind()), key);
            }
            instances.insert(entry.app.id.name.clone());
        }
        wanted.instances = instances;
        let definitions = discovery.preferred(&GroupKind::new(
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
        ));
        if let Some(resource) = definitions.filter(|_| !unknown_groups.is_empty()) {
            // Nobody need want it by name: that it comes is what is waited for.
            let kind = wanted.kinds.entry(resource.group_kind());
            kind.or_insert_with(|| WantedKind {
                resource: resource.clone(),
                keys: Default::default(),
                namespaces: Default::default(),
            });
        }
        wanted.unknown_groups = unknown_groups;
        wanted
    }
}
