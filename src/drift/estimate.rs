//! What a sync would make of an object, worked out locally: for those who may not ask the server.
//!
//! It finds what Git states otherwise and what trueup holds and Git no longer states. It can't know what the server
//! would rewrite, refuse or default.

use crate::domain::{FieldPath, Step, Value};
use crate::merge::ManagedEntry;

use super::canonical::Spelling;
use super::identity::{self, Identities};
use super::locate;
use super::overridden::{Unmet, unmet};

/// The live object (normalised) with every field set that `desired` states and it does not hold, and without those
/// that trueup alone holds and `desired` does not state.
pub fn estimate(
    live: &Value,
    desired: &Value,
    entries: &[ManagedEntry],
    known: &Identities<'_>,
    spelling: Spelling<'_>,
) -> Value {
    let mut out = live.clone();
    for gone in left_behind(desired, entries) {
        remove(&mut out, &gone.0);
    }
    for unmet in unmet(desired, live, known, spelling) {
        let wanted = with_defaults(unmet.wanted, unmet.given, spelling);
        set(&mut out, &unmet.path.0, &wanted);
    }
    for (path, wanted) in taken_whole(live, desired, entries, spelling) {
        match wanted {
            Some(wanted) => set(&mut out, &path.0, &wanted),
            None => remove(&mut out, &path.0),
        }
    }
    out
}

/// What Git wants of a list that is held as a whole, with the items that it had already as the server completed them.
fn with_defaults(wanted: &Value, given: Option<&Value>, spelling: Spelling<'_>) -> Value {
    let (Value::Array(items), Some(Value::Array(held))) = (wanted, given) else {
        return wanted.clone();
    };
    let known = Identities::default();
    let (matches, _) =
        identity::matches(&known.of(&FieldPath::default(), held, items), held, items);
    let completed = matches.into_iter().filter_map(|m| {
        let item = &items[m.b?];
        let held =
            m.a.map(|i| &held[i])
                .filter(|held| unmet(item, held, &known, spelling).is_empty());
        Some(held.unwrap_or(item).clone())
    });
    completed.collect()
}

/// Defaults that the server adds inside lists and maps that are held as a whole.
const DEFAULTS: [(&str, &str); 4] = [
    ("protocol", "TCP"),
    ("apiVersion", "v1"),
    ("divisor", "0"),
    ("apiGroup", "rbac.authorization.k8s.io"),
];

/// What somebody else wrote as a whole in trueup's place, and made more of: the path of each addition, and what Git has
/// there. The server would put the whole back; nothing but a table tells an addition from a default here.
fn taken_whole(
    live: &Value,
    desired: &Value,
    entries: &[ManagedEntry],
    spelling: Spelling<'_>,
) -> Vec<(FieldPath, Option<Value>)> {
    let (ours, others): (Vec<_>, Vec<_>) = entries.iter().partition(|e| e.is_ours());
    // Before trueup holds anything, everything is somebody else's.
    if ours.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for path in others
        .iter()
        .filter(|e| !e.is_status())
        .flat_map(|e| e.fields.leaves())
    {
        let (Some(held), Some((wanted, _))) = (path.get(live), locate::find(desired, &path)) else {
            continue;
        };
        let whole = held.is_object() || held.is_array();
        if !whole || ours.iter().any(|e| e.fields.covers(&path)) {
            continue;
        }
        let is_default = |extra: &Unmet<'_>| {
            let last = extra.path.0.last();
            let named = |name: &str| matches!(last, Some(Step::Field(f)) if f == name);
            extra.given.is_none()
                && DEFAULTS
                    .iter()
                    .any(|(name, value)| named(name) && extra.wanted == *value)
        };
        let extras = unmet(held, wanted, &Identities::default(), spelling);
        // Last first, so that indices stay true while items go.
        for extra in extras.into_iter().rev().filter(|extra| !is_default(extra)) {
            let mut at = path.clone();
            at.0.extend(extra.path.0);
            out.push((at, extra.given.cloned()));
        }
    }
    out
}

/// The paths that trueup holds and Git does not state. What another manager holds too stays when trueup lets go.
fn left_behind(desired: &Value, entries: &[ManagedEntry]) -> Vec<FieldPath> {
    let (ours, others): (Vec<_>, Vec<_>) = entries.iter().partition(|e| e.is_ours());
    let mut gone = Vec::new();
    for leaf in ours.iter().flat_map(|e| e.fields.leaves()) {
        if locate::find(desired, &leaf).is_some() {
            continue;
        }
        // The outermost absent part goes as a whole, so that no empty item of a list stays behind.
        let absent = (1..=leaf.0.len()).map(|n| FieldPath(leaf.0[..n].to_vec()));
        let mut absent = absent.filter(|p| locate::find(desired, p).is_none());
        let whole = absent.find(|p| !others.iter().any(|e| e.fields.touches(p)));
        if let Some(path) = whole.filter(|p| !gone.contains(p)) {
            gone.push(path);
        }
    }
    gone
}

fn child_mut<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match step {
        Step::Field(name) => value.as_object_mut()?.get_mut(name),
        step => {
            let items = value.as_array_mut()?;
            let index = locate::index_of(items, step)?;
            items.get_mut(index)
        }
    }
}

/// Takes out what stands at a path.
pub fn remove(root: &mut Value, path: &[Step]) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let Some(parent) = above.iter().try_fold(root, child_mut) else {
        return;
    };
    match (parent, last) {
        (Value::Object(map), Step::Field(name)) => {
            map.remove(name);
        }
        (Value::Array(items), step) => {
            if let Some(i) = locate::index_of(items, step) {
                items.remove(i);
            }
        }
        _ => {}
    }
}

/// Puts a value at a path, making the maps and lists that lead there.
pub fn set(root: &mut Value, path: &[Step], wanted: &Value) {
    let Some((step, rest)) = path.split_first() else {
        *root = wanted.clone();
        return;
    };
    match step {
        Step::Field(name) => {
            if !root.is_object() {
                *root = Value::Object(Default::default());
            }
            if let Some(map) = root.as_object_mut() {
                set(map.entry(name.clone()).or_insert(Value::Null), rest, wanted);
            }
        }
        step => {
            if !root.is_array() {
                *root = Value::Array(Vec::new());
            }
            let Some(items) = root.as_array_mut() else {
                return;
            };
            let index = locate::index_of(items, step).unwrap_or_else(|| {
                items.push(Value::Null);
                items.len() - 1
            });
            set(&mut items[index], rest, wanted);
        }
    }
}
