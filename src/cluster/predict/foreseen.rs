//! What claiming leftovers and then applying would leave, worked out from the live object's own `managedFields`. Pure.
//!
//! It is only ever sent as a dry run, so that the server defaults, validates and admits it. Lists and maps are merged
//! as the entries show them: keyed, a set, or whole. What no entry shows can't be told, and then nothing is foreseen.

use serde_json::Map;

use crate::domain::Value;

use super::held::{Held, Hop, Shape};

/// The object after the claim and the apply; `None` where the shape of a list is not known.
pub(super) fn foreseen(live: &Value, desired: &Value, leftovers: &[&[Hop]]) -> Option<Value> {
    let merge = Merge {
        held: Held::of(live),
        leftovers,
    };
    merge.value(live, desired, &mut Vec::new())
}

/// The RFC 6902 patch that turns one object into the other: each part that an apply may set, as a whole.
pub(super) fn patch(live: &Value, wanted: &Value) -> Value {
    let mut ops = Vec::new();
    let mut part =
        |path: String, before: Option<&Value>, after: Option<&Value>| match (before, after) {
            (before, Some(after)) if before != Some(after) => {
                ops.push(serde_json::json!({"op": "add", "path": path, "value": after}));
            }
            (Some(_), None) => ops.push(serde_json::json!({"op": "remove", "path": path})),
            _ => {}
        };
    for name in ["labels", "annotations", "finalizers", "ownerReferences"] {
        let at = |object: &Value| object.pointer(&format!("/metadata/{name}")).cloned();
        part(
            format!("/metadata/{name}"),
            at(live).as_ref(),
            at(wanted).as_ref(),
        );
    }
    let names = |object: &Value| {
        object
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut tops = names(live);
    tops.extend(names(wanted));
    tops.sort();
    tops.dedup();
    for name in tops {
        if !["apiVersion", "kind", "metadata", "status"].contains(&name.as_str()) {
            let token = name.replace('~', "~0").replace('/', "~1");
            part(format!("/{token}"), live.get(&name), wanted.get(&name));
        }
    }
    Value::Array(ops)
}

struct Merge<'m> {
    held: Held<'m>,
    leftovers: &'m [&'m [Hop]],
}

impl Merge<'_> {
    fn value(&self, live: &Value, desired: &Value, path: &mut Vec<Hop>) -> Option<Value> {
        match (live, desired) {
            (Value::Object(old), Value::Object(new)) if self.held.shape(path) != Shape::Whole => {
                self.map(old, new, path).map(Value::Object)
            }
            (Value::Array(old), Value::Array(new)) if old != new => match self.held.shape(path) {
                Shape::Whole => Some(desired.clone()),
                Shape::Keyed(keys) => self.keyed(old, new, &keys, path),
                Shape::Set => Some(Value::Array(
                    old.iter()
                        .filter(|item| !new.contains(item))
                        .chain(new)
                        .cloned()
                        .collect(),
                )),
                // Nobody recorded it. A list of scalars is whole nearly always; one of maps could be anything.
                Shape::Unknown | Shape::Parts if new.iter().any(Value::is_object) => None,
                Shape::Unknown | Shape::Parts => Some(desired.clone()),
            },
            _ => Some(desired.clone()),
        }
    }

    fn map(
        &self,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        path: &mut Vec<Hop>,
    ) -> Option<Map<String, Value>> {
        let mut merged = Map::new();
        for (name, value) in old {
            path.push(Hop::Field(name.clone()));
            let kept = match new.get(name) {
                Some(wanted) => Some(self.value(value, wanted, path)?),
                None => self.kept(value, path),
            };
            path.pop();
            if let Some(kept) = kept {
                merged.insert(name.clone(), kept);
            }
        }
        for (name, value) in new {
            merged.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Some(merged)
    }

    /// Items in the order of a server-side apply: Git's, with each item that only the cluster has kept before the one
    /// that it stood before.
    fn keyed(
        &self,
        old: &[Value],
        new: &[Value],
        keys: &[String],
        path: &mut Vec<Hop>,
    ) -> Option<Value> {
        let of = |wanted: &Value| old.iter().position(|item| same_item(item, wanted, keys));
        let mut merged = Vec::new();
        let mut next = 0;
        let only_live =
            |until: usize, next: &mut usize, merged: &mut Vec<Value>, path: &mut Vec<Hop>| {
                while *next < until {
                    if !new
                        .iter()
                        .any(|wanted| same_item(&old[*next], wanted, keys))
                    {
                        path.push(Hop::Item(*next));
                        merged.extend(self.kept(&old[*next], path));
                        path.pop();
                    }
                    *next += 1;
                }
            };
        for (j, wanted) in new.iter().enumerate() {
            // The cluster's own items go ahead up to the next one that both have; where that was passed, all of them.
            let shared = new[j..].iter().find_map(of).filter(|index| *index >= next);
            only_live(shared.unwrap_or(old.len()), &mut next, &mut merged, path);
            let Some(index) = of(wanted) else {
                merged.push(wanted.clone());
                continue;
            };
            path.push(Hop::Item(index));
            let item = self.value(&old[index], wanted, path);
            path.pop();
            merged.push(item?);
            next = next.max(index + 1);
        }
        only_live(old.len(), &mut next, &mut merged, path);
        Some(Value::Array(merged))
    }

    /// What stays of a value that Git does not have.
    fn kept(&self, value: &Value, path: &mut Vec<Hop>) -> Option<Value> {
        if self.leftovers.contains(&path.as_slice()) {
            return None;
        }
        let reaches_in = |leftover: &&[Hop]| leftover.starts_with(path);
        if !self.leftovers.iter().any(reaches_in) {
            // Bookkeeping that nobody holds stays.
            if !self.held.by_trueup(path) {
                return Some(value.clone());
            }
            if !self.held.by_others(path) {
                return None;
            }
        }
        let mut part = |hop: Hop, value: &Value| {
            path.push(hop);
            let kept = self.kept(value, path);
            path.pop();
            kept
        };
        Some(match value {
            Value::Object(map) => {
                let left = map.iter().filter_map(|(name, value)| {
                    Some((name.clone(), part(Hop::Field(name.clone()), value)?))
                });
                Value::Object(left.collect())
            }
            Value::Array(items) => {
                let left = items
                    .iter()
                    .enumerate()
                    .filter_map(|(i, item)| part(Hop::Item(i), item));
                Value::Array(left.collect())
            }
            value => value.clone(),
        })
    }
}

/// Whether two items have the same key. A key that Git leaves out has a default: `protocol`'s is known, of another it is
/// not compared.
pub(super) fn same_item(live: &Value, desired: &Value, keys: &[String]) -> bool {
    let is_same = |key: &String| match (live.get(key), desired.get(key)) {
        (live, Some(desired)) => live == Some(desired),
        (Some(live), None) => key != "protocol" || live == "TCP",
        (None, None) => true,
    };
    keys.iter().any(|key| desired.get(key).is_some()) && keys.iter().all(is_same)
}
