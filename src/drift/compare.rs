//! Makes one object's drift out of Desired, Live, Predicted and Base.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::drift::Conflict;
use crate::domain::{
    FieldDrift, FieldPath, Gvk, IgnoreRule, Manifest, ObjectDrift, ObjectKey, Problem, Value,
    Verdict,
};
use crate::merge::{LAST_APPLIED, ManagedEntry, managed, owners_of};

use super::canonical::Spelling;
use super::content::{self, normalised};
use super::differ::differences;
use super::identity::Identities;
use super::{cause, estimate, foreign, ignore, invented, locate, overridden};
use crate::domain::tracking;

/// Everything that is known about one object.
#[derive(Clone)]
pub struct Comparison<'a> {
    /// Which object.
    pub key: &'a ObjectKey,
    /// Kind and version as Git states it, or as the cluster serves it for an Extra object.
    pub gvk: &'a Gvk,
    /// What Git states, as [`super::prepare`] made it; `None`: nothing.
    pub desired: Option<&'a Manifest>,
    /// The object in the cluster; `None`: absent.
    pub live: Option<&'a Value>,
    /// What the server answered to the dry run.
    pub predicted: Option<&'a Value>,
    /// What Git stated at the last sync, prepared likewise.
    pub base: Option<&'a Value>,
    /// Fields that the unforced dry run would take from others.
    pub conflicts: Vec<Conflict>,
    /// The App's `ignoreDifferences`.
    pub ignore: &'a [IgnoreRule],
    /// Whether the App is Managed. Otherwise the tracking annotation does not count, nor do former appliers' fields.
    pub adopted: bool,
}

/// The comparison that the server has confirmed: `live` and `predicted` are both its own words, so they are compared
/// exactly, but for bookkeeping and ignored differences. Without `predicted` it falls back to [`local`].
///
/// An object whose Desired the server overrides counts by its fields alone, since a sync would change nothing; what is
/// overridden stands in `overridden` and must be shown wherever the verdict is, so that it never reads as in sync.
pub fn compare(c: &Comparison<'_>) -> ObjectDrift {
    match (c.desired, c.live, c.predicted) {
        (Some(desired), Some(live), Some(predicted)) => both(c, desired, live, predicted, true),
        (Some(_), Some(_), None) => local(c, None),
        _ => one_sided(c),
    }
}

/// The comparison without the server's word, marked unconfirmed: every field that Git states is in Live, and every field
/// that trueup holds there is still in Git.
pub fn local(c: &Comparison<'_>, problem: Option<Problem>) -> ObjectDrift {
    let mut drift = match (c.desired, c.live) {
        (Some(desired), Some(live)) => {
            let entries = managed(live);
            let (known, spelling) = (c.identities(&entries, &[]), c.spelling());
            let shown = normalised(live);
            let predicted = estimate::estimate(&shown, &desired.value, &entries, &known, spelling);
            both(c, desired, live, &predicted, false)
        }
        _ => one_sided(c),
    };
    // That an object is absent needs no dry run to be true.
    drift.confirmed =
        matches!(drift.verdict, Verdict::Missing | Verdict::Extra) && problem.is_none();
    drift.problem = problem;
    drift
}

/// Names those who hold the fields in `live`, where the drift is of the object as it will be once somebody else does.
pub fn name_holders(drift: &mut ObjectDrift, live: &Value) {
    let entries = managed(live);
    let fields = drift.fields.iter_mut().chain(&mut drift.overridden);
    for field in fields.filter(|field| !field.owners.is_empty()) {
        field.owners = owners_of(&entries, &field.path);
    }
}

/// The server would not take what Git states: what can still be compared is compared locally.
pub fn refused(c: &Comparison<'_>, problem: Problem) -> ObjectDrift {
    let mut drift = local(c, None);
    if drift.predicted.is_none() {
        // The refusal is drift even where the fields agree, so there is something to show.
        drift.predicted = c.desired.map(|d| Arc::clone(&d.value));
        drift.live = c.live.map(|live| Arc::new(normalised(live)));
        if drift.fields.is_empty() && drift.live.is_some() {
            drift.predicted = drift.live.clone();
        }
    }
    drift.verdict = Verdict::Refused;
    drift.confirmed = true;
    drift.with_problem(problem)
}

impl<'a> Comparison<'a> {
    fn spelling(&self) -> Spelling<'a> {
        Spelling { gvk: self.gvk }
    }

    fn identities<'e>(
        &self,
        live: &'e [ManagedEntry],
        predicted: &'e [ManagedEntry],
    ) -> Identities<'e>
    where
        'a: 'e,
    {
        Identities {
            sets: live.iter().chain(predicted).map(|e| &e.fields).collect(),
            hints: HashMap::new(),
        }
    }
}

/// Only Git or only the cluster has it. What the server would invent for a new object is not shown.
fn one_sided(c: &Comparison<'_>) -> ObjectDrift {
    let new = |verdict| ObjectDrift::new(c.key.clone(), c.gvk.clone(), verdict);
    match (c.desired, c.live) {
        (Some(desired), None) => {
            let mut drift = new(Verdict::Missing);
            drift.predicted = Some(Arc::clone(&desired.value));
            if let Some(predicted) = c.predicted {
                let entries = managed(predicted);
                let known = c.identities(&entries, &[]);
                drift.overridden =
                    overridden::overridden(desired, predicted, &known, c.spelling(), &[]);
            }
            drift
        }
        (None, Some(live)) => {
            let mut drift = new(Verdict::Extra);
            drift.live = Some(Arc::new(normalised(live)));
            drift
        }
        _ => new(Verdict::InSync),
    }
}

fn both(
    c: &Comparison<'_>,
    desired: &Manifest,
    live: &Value,
    predicted: &Value,
    confirmed: bool,
) -> ObjectDrift {
    let mut drift = ObjectDrift::new(c.key.clone(), c.gvk.clone(), Verdict::InSync);
    drift.confirmed = confirmed;
    drift.conflicts.clone_from(&c.conflicts);
    let rules = ignore::rules_for(c.ignore, c.key);
    // Nearly every object is in sync and nobody else's: that is known without a copy of anything.
    let same = content::equal(live, predicted);
    let shared = content::has_other_owners(live);
    let entries = if same && !shared {
        Vec::new()
    } else {
        managed(live)
    };
    let later = if same { Vec::new() } else { managed(predicted) };
    let known = c.identities(&entries, &later);
    let stated = stated(c, desired, &rules);
    let stated = stated.as_ref().unwrap_or(desired);
    if confirmed {
        let find = |known: &Identities<'_>, owners: &[ManagedEntry]| {
            overridden::overridden(stated, predicted, known, c.spelling(), owners)
        };
        drift.overridden = find(&known, &entries);
        if !drift.overridden.is_empty() && entries.is_empty() {
            // Lists may have been matched by guess; the server's own record tells for sure.
            let entries = managed(live);
            drift.overridden = find(&c.identities(&entries, &[]), &entries);
        }
    }
    let (mut a, mut b) = (None, None);
    if !same {
        let (mut left, mut right) = (normalised(live), normalised(predicted));
        for side in [&mut left, &mut right] {
            ignore::remove_pointers(side, &rules);
            if !c.adopted {
                forget_tracking(side);
            }
        }
        invented::remove(c.gvk, &left, &mut right, &desired.value);
        drift.fields = fields(c, desired, &left, &right, &known, &entries);
        drift.fields.retain(|field| {
            let trusted = ignore::is_trusted(field, &rules);
            if let Some(value) = field.live.as_ref().filter(|_| trusted) {
                estimate::set(&mut right, &field.path.0, value);
            }
            !trusted
        });
        (a, b) = (Some(left), Some(right));
    }
    if shared {
        drift.foreign = foreign::foreign(&entries, live, predicted, &desired.value, c.adopted);
    }
    if !drift.fields.is_empty() {
        drift.verdict = Verdict::Drifted;
        if let (Some(a), Some(b)) = (&mut a, &mut b) {
            hide_last_applied(a, b);
        }
        drift.live = a.map(Arc::new);
        drift.predicted = b.map(Arc::new);
    } else if !drift.foreign.is_empty() || !drift.overridden.is_empty() {
        let mut both = normalised(live);
        hide_last_applied(&mut both, &mut normalised(live));
        let both = Arc::new(both);
        drift.live = Some(Arc::clone(&both));
        drift.predicted = Some(both);
    }
    drift
}

/// What Git states, without what is ignored; `None`: nothing is.
fn stated(c: &Comparison<'_>, desired: &Manifest, rules: &[&IgnoreRule]) -> Option<Manifest> {
    if c.adopted && rules.iter().all(|rule| rule.json_pointers.is_empty()) {
        return None;
    }
    let mut value = Value::clone(&desired.value);
    ignore::remove_pointers(&mut value, rules);
    if !c.adopted {
        forget_tracking(&mut value);
    }
    Some(Manifest {
        value: Arc::new(value),
        ..desired.clone()
    })
}

fn fields(
    c: &Comparison<'_>,
    desired: &Manifest,
    live: &Value,
    predicted: &Value,
    known: &Identities<'_>,
    entries: &[ManagedEntry],
) -> Vec<FieldDrift> {
    let mut fields: Vec<FieldDrift> = differences(live, predicted, known)
        .into_iter()
        .map(|difference| FieldDrift {
            owners: if difference.a.is_some() {
                owners_of(entries, &difference.path)
            } else {
                Vec::new()
            },
            place: locate::place(desired, &difference.path),
            text: locate::text(desired, &difference.path, difference.b),
            live: difference.a.cloned(),
            predicted: difference.b.cloned(),
            path: difference.path,
            cause: Default::default(),
        })
        .collect();
    for field in &mut fields {
        // Nobody owns the order of a list whose entries have owners of their own: who moved them is not recorded.
        if cause::is_reordered(field) && !entries.iter().any(|e| e.fields.covers_whole(&field.path))
        {
            field.owners.clear();
        }
    }
    if let Some(base) = c.base {
        for field in &mut fields {
            field.cause = cause::cause(field, base, Some(&desired.value), c.spelling());
        }
    }
    fields
}

/// Leaves out the tracking annotation, and the map of annotations where it holds nothing else.
fn forget_tracking(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(annotations) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    if annotations.remove(tracking::ANNOTATION).is_some() {
        forget_empty(object);
    }
}

/// Takes the copy that client-side apply keeps out of both sides, unless a sync changes it.
fn hide_last_applied(a: &mut Value, b: &mut Value) {
    let path = FieldPath::fields(["metadata", "annotations", LAST_APPLIED]);
    if path.get(a) == path.get(b) {
        for side in [a, b] {
            estimate::remove(side, &path.0);
            forget_empty(side);
        }
    }
}

/// Leaves out the map of annotations where nothing is left in it: the server keeps no empty one either.
fn forget_empty(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    if metadata
        .get("annotations")
        .and_then(Value::as_object)
        .is_some_and(serde_json::Map::is_empty)
    {
        metadata.remove("annotations");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Cause;
    use crate::drift::tests::{manifest, values};
    use proptest::prelude::*;
    use serde_json::json;

    fn against<'a>(
        desired: &'a Manifest,
        key: &'a ObjectKey,
        live: &'a Value,
        predicted: &'a Value,
    ) -> Comparison<'a> {
        Comparison {
            key,
            gvk: &desired.gvk,
            desired: Some(desired),
            live: Some(live),
            predicted: Some(predicted),
            base: None,
            conflicts: Vec::new(),
            ignore: &[],
            adopted: true,
        }
    }

    fn object(spec: Value) -> Value {
        json!({"apiVersion": "x.example/v1", "kind": "X", "metadata": {"name": "x"}, "spec": spec})
    }

    proptest! {
        #[test]
        fn an_object_is_in_sync_with_itself(spec in values()) {
            let (object, key) = (object(spec), ObjectKey::new("x.example", "X", "", "x"));
            let desired = manifest(object.clone());
            for drift in [compare(&against(&desired, &key, &object, &object)), local(&against(&desired, &key, &object, &object), None)] {
                prop_assert_eq!(drift.verdict, Verdict::InSync, "{:?}", drift.fields);
                prop_assert!(drift.overridden.is_empty() && drift.live.is_none());
            }
        }

        #[test]
        fn the_verdict_follows_the_values(a in values(), b in values()) {
            let (a, b, key) = (object(a), object(b), ObjectKey::new("x.example", "X", "", "x"));
            let desired = manifest(b.clone());
            let drift = compare(&against(&desired, &key, &a, &b));
            prop_assert_eq!(drift.verdict == Verdict::InSync, a == b);
            prop_assert!(drift.overridden.is_empty());
        }
    }

    #[test]
    fn causes_come_from_what_was_synced_last() {
        let (live, now, base) = (
            object(json!({"a": 1, "b": 5, "c": 5})),
            object(json!({"a": 2, "b": 2, "c": 4})),
            object(json!({"a": 1, "b": 2, "c": 3})),
        );
        let (desired, key) = (
            manifest(now.clone()),
            ObjectKey::new("x.example", "X", "", "x"),
        );
        let drift = compare(&Comparison {
            base: Some(&base),
            ..against(&desired, &key, &live, &now)
        });
        let causes: Vec<_> = drift.fields.iter().map(|f| f.cause).collect();
        assert_eq!(causes, [Cause::Git, Cause::Cluster, Cause::Both]);
    }

    #[test]
    fn who_reordered_a_list_is_not_known_where_its_entries_have_owners() {
        let with = |names: [&str; 2], fields: Value| {
            let [a, b] = names;
            let mut object = object(json!({"env": [{"name": a}, {"name": b}]}));
            object["metadata"]["managedFields"] = json!([{
                "manager": "kubectl-patch", "operation": "Update", "apiVersion": "x.example/v1",
                "time": "2026-11-21T12:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:env": fields}},
            }]);
            object
        };
        let keyed = json!({
            ".": {},
            "k:{\"name\":\"a\"}": {".": {}, "f:name": {}},
            "k:{\"name\":\"b\"}": {".": {}, "f:name": {}},
        });
        for (fields, n_owners) in [(keyed, 0), (json!({}), 1)] {
            let (live, predicted) = (with(["b", "a"], fields.clone()), with(["a", "b"], fields));
            let key = ObjectKey::new("x.example", "X", "", "x");
            let desired = manifest(object(json!({"env": [{"name": "a"}, {"name": "b"}]})));
            let drift = compare(&against(&desired, &key, &live, &predicted));
            let owners: Vec<_> = drift.fields.iter().map(|f| f.owners.len()).collect();
            assert!(
                !owners.is_empty() && owners.iter().all(|n| *n == n_owners),
                "{:?}",
                drift.fields
            );
        }
    }

    #[test]
    fn an_estimate_behind_an_adoption_named_trueup_as_the_holder_of_what_it_will_hold() {
        let with = |manager: &str, spec: Value| {
            let mut object = object(spec);
            object["metadata"]["managedFields"] = json!([{
                "manager": manager, "operation": "Apply", "apiVersion": "x.example/v1",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:x": {}}},
            }]);
            object
        };
        let live = with("argocd-controller", json!({"x": 1}));
        let adopted = with("trueup", json!({"x": 1}));
        let predicted = with("trueup", json!({"x": 2, "y": 3}));
        let key = ObjectKey::new("x.example", "X", "", "x");
        let desired = manifest(object(json!({"x": 2, "y": 3})));
        let mut drift = compare(&against(&desired, &key, &adopted, &predicted));
        name_holders(&mut drift, &live);
        let owners = |field: &FieldDrift| field.owners.iter().map(|o| o.manager.clone()).collect();
        let owners: Vec<Vec<String>> = drift.fields.iter().map(owners).collect();
        assert_eq!(owners, [vec!["argocd-controller".to_owned()], Vec::new()]);
    }

    #[test]
    fn tracking_counts_only_on_managed_apps() {
        let live = object(json!({}));
        let mut predicted = live.clone();
        predicted["metadata"]["annotations"] = json!({tracking::ANNOTATION: "x:/X:a/x"});
        let (desired, key) = (
            manifest(predicted.clone()),
            ObjectKey::new("x.example", "X", "", "x"),
        );
        let managed = against(&desired, &key, &live, &predicted);
        assert_eq!(
            compare(&managed).fields[0].path.to_string(),
            "metadata.annotations"
        );
        let unmanaged = Comparison {
            adopted: false,
            ..managed
        };
        assert_eq!(compare(&unmanaged).verdict, Verdict::InSync);
        assert_eq!(local(&unmanaged, None).verdict, Verdict::InSync);
    }

    #[test]
    fn annotations_that_held_the_copy_alone_do_not_stay_as_an_empty_map() {
        let with = |x: i32| {
            let mut object = object(json!({"x": x}));
            object["metadata"]["annotations"] = json!({LAST_APPLIED: "copy"});
            object
        };
        let (desired, key) = (
            manifest(object(json!({"x": 2}))),
            ObjectKey::new("x.example", "X", "", "x"),
        );
        let (live, predicted) = (with(1), with(2));
        let drift = compare(&against(&desired, &key, &live, &predicted));
        for side in [drift.live, drift.predicted] {
            assert_eq!(side.unwrap()["metadata"], json!({"name": "x"}));
        }
    }

    #[test]
    fn the_copy_of_client_side_apply_is_shown_only_when_it_changes() {
        let with = |copy: Option<&str>, x: i32| {
            let mut object = object(json!({"x": x}));
            if let Some(copy) = copy {
                object["metadata"]["annotations"] = json!({LAST_APPLIED: copy, "n": "1"});
            }
            object
        };
        let desired = manifest(with(None, 2));
        let key = ObjectKey::new("x.example", "X", "", "x");
        let shown = |live: &Value, predicted: &Value| {
            format!(
                "{:?}",
                compare(&against(&desired, &key, live, predicted)).live
            )
        };
        assert!(!shown(&with(Some("copy"), 1), &with(Some("copy"), 2)).contains("copy"));
        assert!(shown(&with(Some("copy"), 1), &with(None, 2)).contains("copy"));
    }
}
