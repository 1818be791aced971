//! What a sync would make of an object, worked out locally: for those who may not ask the server.
//!
//! It finds what Git states otherwise and what trueup holds and Git no longer states. It can't know what the server
//! would rewrite, refuse or default.

use crate::domain::{FieldPath, Step, Value};
use crate::merge::ManagedEntry;

use super::canonical::Spelling;
use super::identity::Identities;
use super::locate;
use super::overridden::unmet;

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
        set(&mut out, &unmet.path.0, unmet.wanted);
    }
    out
}

/// The paths that trueup holds and Git does not state. What another manager holds too stays when trueup lets go.
fn left_behind(desired: &Value, entries: &[ManagedEntry]) -> Vec<FieldPath> {
    let (ours, others): (Vec<_>, Vec<_>) = entries.iter().partition(|e| e.is_ours());
    let mut gone = Vec::new();
    for leaf in ours
        .iter()
        .filter(|e| e.owner.apply)
        .flat_map(|e| e.fields.leaves())
    {
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
