//! Whether the world has moved since a Plan was drawn.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::plan::PlanStep;
use crate::domain::record::RunKind;
use crate::domain::{FieldDrift, ObjectDrift, ObjectKey, Plan};
use crate::engine::{AppView, ObjectView, Snapshot};

/// What moved since a Plan was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// An object of one of its steps.
    Cluster,
    /// The commit of one of its Apps.
    Git,
}

/// What moved since a Plan was drawn from Apps as they were then. What the Plan foresaw anyway is no news: it asks the
/// server itself and can be ahead of the watch.
pub(super) fn moved(plan: &Plan, seen: &[Arc<AppView>], data: &Snapshot) -> Option<Moved> {
    for before in seen {
        let id = &before.app.id;
        let Some(now) = data.app(id).filter(|now| !Arc::ptr_eq(now, before)) else {
            continue;
        };
        let planned = plan.apps.iter().find(|a| a.id == *id);
        let commit = now.target.as_ref().map(|t| &t.commit.id);
        if plan.kind != RunKind::Rollback
            && planned.is_some_and(|a| commit.is_some_and(|c| *c != a.commit.id))
        {
            return Some(Moved::Git);
        }
        let by_key = |view: &'_ AppView| -> HashMap<ObjectKey, Arc<ObjectView>> {
            let objects = view.objects.iter();
            objects.map(|o| (o.drift.key.clone(), o.clone())).collect()
        };
        let (then, now) = (by_key(before), by_key(now));
        let is_other = |step: &PlanStep| {
            let (then, now) = (then.get(&step.key), now.get(&step.key));
            let Some(now) = now.filter(|o| !o.asking) else {
                return false;
            };
            !then.is_some_and(|then| then.created == now.created && same(&then.drift, &now.drift))
                && !same(&step.drift, &now.drift)
        };
        if plan.steps.iter().any(|s| s.app == *id && is_other(s)) {
            return Some(Moved::Cluster);
        }
    }
    None
}

/// Whether two comparisons come to the same change.
fn same(a: &Arc<ObjectDrift>, b: &Arc<ObjectDrift>) -> bool {
    let alike = |a: &[FieldDrift], b: &[FieldDrift]| {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.path == b.path && a.live == b.live && a.predicted == b.predicted)
    };
    Arc::ptr_eq(a, b) || a.verdict == b.verdict && alike(&a.fields, &b.fields)
}
