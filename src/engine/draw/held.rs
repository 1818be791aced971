//! What an App holds and Git no longer has.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};

use crate::cluster::{Live, Resource};
use crate::domain::{GroupKind, Gvk, ObjectDrift, ObjectKey, Problem, ProblemKind, Value, Verdict};
use crate::sync::{Candidate, Contents, LiveFacts};

use super::work::Work;
use crate::engine::compare::question::extra;

/// An object that is held and not in Git (any more), as it lives now; `None` when it is gone.
pub(super) async fn held(work: &Work, key: &ObjectKey) -> Result<Option<Candidate>, Problem> {
    let candidate = |drift, live| Candidate {
        desired: None,
        drift: Arc::new(drift),
        live,
        hook: false,
        leftovers: Vec::new(),
        unpredicted: false,
        recreatable: false,
        adopted: None,
    };
    let Some(resource) = work.discovery.preferred(&key.group_kind()) else {
        if !work.discovery.is_unsure(&key.group) {
            return Ok(None);
        }
        let problem = Problem::new(ProblemKind::Unreachable, "its API group does not answer");
        let drift =
            ObjectDrift::new(key.clone(), Gvk::default(), Verdict::Unknown).with_problem(problem);
        return Ok(Some(candidate(drift, None)));
    };
    match work
        .connection
        .get_object(resource, &key.namespace, &key.name)
        .await
    {
        Ok(None) => Ok(None),
        Ok(Some(live)) => {
            let value = live.value();
            let drift = extra(key, &live.gvk, &value);
            let mut facts = LiveFacts::of(&value);
            if let Contents::Unknown = facts.contents
                && let Some(keys) = contents(work, key).await
            {
                facts.contents = Contents::Known(keys);
            }
            Ok(Some(candidate(drift, Some(facts))))
        }
        Err(problem) if problem.kind == ProblemKind::Unreachable => Err(problem),
        Err(problem) => {
            let drift = ObjectDrift::new(key.clone(), resource.gvk.clone(), Verdict::Unknown)
                .with_problem(problem);
            Ok(Some(candidate(drift, None)))
        }
    }
}

/// What goes with a namespace or with the kind that a CRD defines. `None` where that cannot be told.
async fn contents(work: &Work, key: &ObjectKey) -> Option<Vec<ObjectKey>> {
    if key.kind == "CustomResourceDefinition" {
        let (plural, group) = key.name.split_once('.')?;
        let mut all = work.discovery.all();
        let resource = all.find(|r| r.plural == plural && r.gvk.group == group)?;
        let objects = work.connection.list_objects(resource, None, "").await;
        return Some(objects.ok()?.iter().map(|live| live.key.clone()).collect());
    }
    if !work.discovery.problems().is_empty() {
        return None;
    }
    let kinds: BTreeSet<GroupKind> = work.discovery.all().map(Resource::group_kind).collect();
    let mut lists = Vec::new();
    for resource in kinds
        .iter()
        .filter_map(|kind| work.discovery.preferred(kind))
    {
        let is_listable = resource.verbs.iter().any(|verb| verb == "list");
        if resource.namespaced && is_listable && !is_made_by_the_cluster(&resource.group_kind()) {
            let (connection, resource) = (work.connection.clone(), resource.clone());
            let namespace = key.name.clone();
            let list = async move {
                connection
                    .list_objects(&resource, Some(&namespace), "")
                    .await
            };
            lists.push(list.boxed());
        }
    }
    let lists: Vec<_> = futures::stream::iter(lists)
        .buffer_unordered(work.asks_at_once)
        .collect()
        .await;
    let mut objects = Vec::new();
    for list in lists {
        objects.extend(list.ok()?);
    }
    let uids: BTreeSet<&str> = objects.iter().map(|live| live.uid.as_str()).collect();
    let counts = |live: &&Arc<Live>| {
        !comes_with_namespaces(&live.key) && !is_dependent(&live.value(), &uids)
    };
    let counted = objects.iter().filter(counts);
    Some(counted.map(|live| live.key.clone()).collect())
}

/// Kinds of which nobody would miss an object: reports about others, and what mirrors a Service.
fn is_made_by_the_cluster(kind: &GroupKind) -> bool {
    matches!(
        (kind.group.as_str(), kind.kind.as_str()),
        ("" | "events.k8s.io", "Event") | ("", "Endpoints") | ("metrics.k8s.io", _)
    )
}

/// What the controller manager puts into every namespace.
fn comes_with_namespaces(key: &ObjectKey) -> bool {
    matches!(
        (key.group.as_str(), key.kind.as_str(), key.name.as_str()),
        ("", "ConfigMap", "kube-root-ca.crt") | ("", "ServiceAccount", "default")
    )
}

/// Whether an object goes with another that counts itself.
fn is_dependent(object: &Value, uids: &BTreeSet<&str>) -> bool {
    let owners = object.pointer("/metadata/ownerReferences");
    let mut owners = owners.and_then(Value::as_array).into_iter().flatten();
    owners.any(|owner| {
        let uid = owner.get("uid").and_then(Value::as_str);
        uid.is_some_and(|uid| uids.contains(uid))
    })
}
