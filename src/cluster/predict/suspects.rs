//! Which live fields that Git does not have may be why the server finds an apply invalid. Pure: whether one is, only a
//! dry run without it can tell.

use std::collections::BTreeMap;

use serde_json::Map;

use crate::domain::Value;

use super::foreseen::same_item;
use super::held::{Held, Hop, at};
use crate::cluster::StatusCause;

/// A path into the live object.
pub(super) type Path = Vec<Hop>;

/// Top-level parts that no validation weighs against the rest.
const APART: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// What the causes of a 422 point at, by field or by words.
pub(super) fn named(live: &Value, desired: &Value, causes: &[StatusCause]) -> Vec<Path> {
    let held = Held::of(live);
    let mut found = Vec::new();
    for cause in causes {
        add_new(&mut found, Search::of(&held, cause, live, desired).found);
    }
    found
}

/// What somebody holds around the fields that the causes name, in growing sets: the nearest first, at last everything
/// that Git does not have. For causes that name but Git's own field: a request above a limit that only the cluster has.
pub(super) fn near(live: &Value, desired: &Value, causes: &[StatusCause]) -> Vec<Vec<Path>> {
    let held = Held::of(live);
    let mut by_distance: BTreeMap<usize, Vec<Path>> = BTreeMap::new();
    let mut look = |distance, old: &Value, new: &Value, path: &[Hop]| {
        let more = by_distance.entry(distance).or_default();
        only_live(&held, old, new, &mut path.to_vec(), more);
    };
    for cause in causes {
        for (distance, path, old, new) in Search::of(&held, cause, live, desired).visited {
            look(distance, old, new, &path);
        }
    }
    look(usize::MAX, live, desired, &[]);
    let mut rings: Vec<Vec<Path>> = Vec::new();
    let mut ring = Vec::new();
    for more in by_distance.into_values() {
        let before = ring.len();
        add_new(&mut ring, more);
        if ring.len() > before {
            rings.push(ring.clone());
        }
    }
    rings
}

/// The parts of a live value that can be claimed one by one: the fields of a map, the items of a keyed list.
pub(super) fn parts(live: &Value, path: &[Hop]) -> Vec<Path> {
    let longer = |hop| {
        let mut longer = path.to_vec();
        longer.push(hop);
        longer
    };
    match at(live, path) {
        Some(Value::Object(map)) => map
            .keys()
            .map(|name| longer(Hop::Field(name.clone())))
            .collect(),
        Some(Value::Array(items)) if Held::of(live).keys(path).is_some() => {
            (0..items.len()).map(|i| longer(Hop::Item(i))).collect()
        }
        _ => Vec::new(),
    }
}

fn add_new(paths: &mut Vec<Path>, more: Vec<Path>) {
    for path in more {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
}

/// Fields and items of `live` that `desired` lacks and that somebody other than trueup's apply holds, each as a whole.
fn only_live(
    held: &Held<'_>,
    live: &Value,
    desired: &Value,
    path: &mut Path,
    found: &mut Vec<Path>,
) {
    let mut one = |hop: Hop, old: &Value, new: Option<&Value>, path: &mut Path| {
        path.push(hop);
        match new {
            Some(new) => only_live(held, old, new, path, found),
            None if held.by_others(path) => found.push(path.clone()),
            None => {}
        }
        path.pop();
    };
    match (live, desired) {
        (Value::Object(old), Value::Object(new)) => {
            let top = path.is_empty();
            for (name, value) in old {
                if !(top && APART.contains(&name.as_str())) {
                    one(Hop::Field(name.clone()), value, new.get(name), path);
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let Some(keys) = held.keys(path) else { return };
            for (i, item) in old.iter().enumerate() {
                let wanted = new.iter().find(|n| same_item(item, n, &keys));
                one(Hop::Item(i), item, wanted, path);
            }
        }
        _ => {}
    }
}

/// `spec.ports[1].name`, `data[site.conf]`: what stands in brackets is one token.
fn tokens(field: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for (i, part) in field.split('[').enumerate() {
        let (key, names) = match part.split_once(']') {
            Some((key, rest)) if i > 0 => (Some(key), rest),
            _ => (None, part),
        };
        tokens.extend(key);
        tokens.extend(names.split('.').filter(|name| !name.is_empty()));
    }
    tokens
}

/// Follows the field of a cause through both objects.
struct Search<'s, 'o> {
    held: &'s Held<'o>,
    cause: &'s StatusCause,
    found: Vec<Path>,
    /// What both objects have on the way, with how far above the named field it is.
    visited: Vec<(usize, Path, &'s Value, &'s Value)>,
}

impl<'s, 'o> Search<'s, 'o> {
    fn of(held: &'s Held<'o>, cause: &'s StatusCause, live: &'s Value, desired: &'s Value) -> Self {
        let mut search = Self {
            held,
            cause,
            found: Vec::new(),
            visited: Vec::new(),
        };
        search.walk(live, desired, &tokens(&cause.field), &mut Vec::new());
        search
    }

    /// A cause's list indices count in the merged object, which nobody has seen, so every pair of items with the same
    /// key is tried.
    fn walk(&mut self, live: &'s Value, desired: &'s Value, tokens: &[&str], path: &mut Path) {
        self.visited
            .push((tokens.len(), path.clone(), live, desired));
        match (live, desired, tokens) {
            (Value::Array(old), Value::Array(new), [_, rest @ ..]) => {
                let Some(keys) = self.held.keys(path) else {
                    return;
                };
                for (index, item) in old.iter().enumerate() {
                    path.push(Hop::Item(index));
                    match (new.iter().find(|n| same_item(item, n, &keys)), rest) {
                        (Some(wanted), _) => self.walk(item, wanted, rest, path),
                        (None, [attribute]) if self.cause.reason == "FieldValueDuplicate" => {
                            let value = item.get(attribute);
                            if value
                                .is_some_and(|v| new.iter().any(|n| n.get(attribute) == Some(v)))
                            {
                                self.add(path);
                            }
                        }
                        _ => {}
                    }
                    path.pop();
                }
            }
            (Value::Object(old), Value::Object(new), [last]) => {
                if old.contains_key(*last) && !new.contains_key(*last) {
                    self.field(path, last);
                    return;
                }
                self.beside(old, new, path);
                // A cause may name the map whose parts do not go together (a PodDisruptionBudget's `spec`).
                if let (Some(Value::Object(old)), Some(Value::Object(new))) =
                    (old.get(*last), new.get(*last))
                {
                    path.push(Hop::Field((*last).to_owned()));
                    self.beside(old, new, path);
                    path.pop();
                }
            }
            (Value::Object(old), Value::Object(new), [first, rest @ ..]) => {
                match (old.get(*first), new.get(*first)) {
                    (Some(old), Some(new)) => {
                        path.push(Hop::Field((*first).to_owned()));
                        self.walk(old, new, rest, path);
                        path.pop();
                    }
                    // The cause points into something that only the cluster has.
                    (Some(_), None) => self.field(path, first),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Fields of a live map that Git lacks and that the message speaks of, by name or as "one too many".
    fn beside(&mut self, live: &Map<String, Value>, desired: &Map<String, Value>, path: &mut Path) {
        let message = self.cause.message.as_str();
        let one_of = [
            "more than 1 ",
            "more than one ",
            "exactly one",
            "only one of",
        ];
        let one_of = one_of.iter().any(|text| message.contains(text));
        let words: Vec<_> = message
            .split(|c: char| !c.is_ascii_alphanumeric())
            .collect();
        for name in live
            .keys()
            .filter(|name| !desired.contains_key(*name) && *name != "name")
        {
            if one_of || words.contains(&name.as_str()) {
                self.field(path, name);
            }
        }
    }

    fn field(&mut self, path: &mut Path, name: &str) {
        path.push(Hop::Field(name.to_owned()));
        self.add(path);
        path.pop();
    }

    fn add(&mut self, path: &[Hop]) {
        if !self.found.iter().any(|found| found == path) {
            self.found.push(path.to_vec());
        }
    }
}
