//! From manifests to what is compared and sent, by key.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{App, AppId, GroupKind, Manifest, Notice, ObjectKey, Problem, Value};
use crate::drift::desired::{Prepared, duplicates, prepare};
use crate::engine::core::Core;
use crate::sync::order::defines;

use super::packed::{Ready, unpack};

impl Core {
    /// Makes of manifests what is compared and sent; needs to know the cluster's kinds.
    pub(in crate::engine) fn prepare(&mut self, id: &AppId) {
        let Some(entry) = self.world.apps.get_mut(id) else {
            return;
        };
        let Some(cluster) = self.world.clusters.get(&id.context) else {
            return;
        };
        let (Some(discovery), Some(desired)) = (&cluster.discovery, &entry.desired) else {
            return;
        };
        let scope = |gvk: &crate::domain::Gvk| {
            discovery
                .resource(gvk)
                .or_else(|| discovery.preferred(&gvk.group_kind()))
                .map(|r| r.namespaced)
        };
        let app = entry.app.clone();
        let (ready, problems, notices) = prepare_all(&unpack(&desired.manifests), &app, &scope);
        if let Some(base) = &mut entry.base {
            base.prepared = match &base.manifests {
                None => None,
                Some(manifests) => {
                    let (ready, _, _) = prepare_all(&unpack(manifests), &app, &scope);
                    Some(
                        ready
                            .into_iter()
                            .map(|(key, p)| (key, Ready::new(&p)))
                            .collect(),
                    )
                }
            };
        }
        entry.prepare_problems = problems;
        entry.prepare_notices = notices;
        let ready = ready.iter().map(|(key, p)| (key.clone(), Ready::new(p)));
        entry.prepared = Some(ready.collect());
        entry.view = None;
        self.reindex(id);
        self.consider_app(id);
    }
}

type Scope<'a> = &'a dyn Fn(&crate::domain::Gvk) -> Option<bool>;

pub(in crate::engine) fn prepare_all(
    manifests: &[Manifest],
    app: &App,
    scope: Scope<'_>,
) -> (BTreeMap<ObjectKey, Prepared>, Vec<Problem>, Vec<Notice>) {
    // A kind that comes with the App is scoped as its CRD says.
    let own: HashMap<GroupKind, bool> = manifests
        .iter()
        .filter_map(|m| crd_scope(&m.value))
        .collect();
    let (mut ready, mut problems, mut notices) = (Vec::new(), Vec::new(), Vec::new());
    for manifest in manifests {
        let stated = !manifest.namespace().is_empty();
        let namespaced = scope(&manifest.gvk)
            .or_else(|| own.get(&manifest.gvk.group_kind()).copied())
            .unwrap_or(stated);
        match prepare(manifest, app, namespaced) {
            Ok(prepared) => {
                notices.extend(prepared.notices.iter().cloned());
                ready.push(prepared);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(duplicates(&ready));
    (
        ready.into_iter().map(|p| (p.key.clone(), p)).collect(),
        problems,
        notices,
    )
}

/// The kind that a CustomResourceDefinition defines, and whether it is namespaced.
fn crd_scope(object: &Value) -> Option<(GroupKind, bool)> {
    let scope = object.pointer("/spec/scope")?.as_str()?;
    Some((defines(object)?, scope == "Namespaced"))
}
