//! Paths inside `managedFields` (the FieldsV1 form): who holds a field, how a list is keyed, and moving one path from
//! one entry to another. Pure.

use serde_json::Map;

use crate::domain::Value;
use crate::domain::drift::Conflict;
use crate::merge::{MANAGER, is_former_applier};

/// A step of a path in a live object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hop {
    /// A field of a map.
    Field(String),
    /// An item of a list, by its index in the live object.
    Item(usize),
}

/// How the entries of `managedFields` hold a list or a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nobody holds it.
    Unknown,
    /// As a whole.
    Whole,
    /// A map by its fields.
    Parts,
    /// A list by these key fields.
    Keyed(Vec<String>),
    /// A list by its values.
    Set,
}

/// The `managedFields` of a live object.
pub(super) struct Held<'o> {
    live: &'o Value,
    entries: Vec<&'o Value>,
}

impl<'o> Held<'o> {
    pub fn of(live: &'o Value) -> Self {
        let entries = live
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array);
        Self {
            live,
            entries: entries.into_iter().flatten().collect(),
        }
    }

    /// What the entries show of the list or map at a path.
    pub fn shape(&self, path: &[Hop]) -> Shape {
        let mut shape = Shape::Unknown;
        for name in self
            .entries
            .iter()
            .filter_map(|entry| self.node(entry, path))
            .flat_map(|node| {
                // An empty node is a leaf: held as a whole, unless another entry shows parts.
                let leaf = if node.is_empty() { Some("") } else { None };
                leaf.into_iter().chain(node.keys().map(String::as_str))
            })
        {
            match name.get(..2) {
                Some("k:") => match item_key(name) {
                    Some(keys) => return Shape::Keyed(keys.keys().cloned().collect()),
                    None => return Shape::Unknown,
                },
                Some("v:") => return Shape::Set,
                Some("f:") => return Shape::Parts,
                _ if shape == Shape::Unknown && name.is_empty() => shape = Shape::Whole,
                _ => {}
            }
        }
        shape
    }

    /// The field names that a list is keyed by, where any entry shows it.
    pub fn keys(&self, list: &[Hop]) -> Option<Vec<String>> {
        match self.shape(list) {
            Shape::Keyed(keys) => Some(keys),
            _ => None,
        }
    }

    /// Whether trueup's apply holds the value at a path, or parts of it.
    pub fn by_trueup(&self, path: &[Hop]) -> bool {
        self.entries
            .iter()
            .any(|entry| is_own_apply(entry) && self.holds(entry, path))
    }

    /// Whether any other entry does.
    pub fn by_others(&self, path: &[Hop]) -> bool {
        self.entries
            .iter()
            .any(|entry| !is_own_apply(entry) && self.holds(entry, path))
    }

    /// What taking a path from its holders means to them, in the server's own words. A former applier is none: nobody
    /// wants what it left behind.
    pub fn conflicts(&self, path: &[Hop]) -> Vec<Conflict> {
        let Some(names) = self.names(path) else {
            return Vec::new();
        };
        let mut conflicts: Vec<Conflict> = self
            .entries
            .iter()
            .filter(|entry| !is_ours_or_former(entry) && self.holds(entry, path))
            .map(|entry| Conflict {
                field: spoken(&names),
                manager: holder(entry),
            })
            .collect();
        conflicts.dedup();
        conflicts
    }

    /// The entries after trueup's apply has come to hold these paths, and nobody else does any more. `None` where a
    /// path leads through a list whose keys nobody recorded.
    pub fn claimed(&self, paths: &[Vec<Hop>], api_version: &str) -> Option<Value> {
        let mut entries: Vec<Value> = self.entries.iter().map(|entry| (*entry).clone()).collect();
        let own = entries.iter().position(is_own_apply).unwrap_or_else(|| {
            entries.push(serde_json::json!({
                "manager": MANAGER, "operation": "Apply", "apiVersion": api_version,
                "fieldsType": "FieldsV1", "fieldsV1": {},
            }));
            entries.len() - 1
        });
        for path in paths {
            let names = self.names(path)?;
            for (i, entry) in entries.iter_mut().enumerate() {
                let Some(fields) = entry.get_mut("fieldsV1").and_then(Value::as_object_mut) else {
                    continue;
                };
                if i == own {
                    insert(fields, &names, matches!(path.last(), Some(Hop::Item(_))));
                } else {
                    remove(fields, &names);
                }
            }
        }
        entries.retain(|entry| {
            entry
                .get("fieldsV1")
                .and_then(Value::as_object)
                .is_none_or(|f| !f.is_empty())
        });
        Some(Value::Array(entries))
    }

    /// A path in FieldsV1 names (`f:spec`, `k:{"name":"web"}`).
    fn names(&self, path: &[Hop]) -> Option<Vec<String>> {
        path.iter()
            .enumerate()
            .map(|(i, hop)| match hop {
                Hop::Field(name) => Some(format!("f:{name}")),
                Hop::Item(index) => {
                    let item = at(self.live, &path[..i])?.get(index)?;
                    self.entries
                        .iter()
                        .filter_map(|entry| self.node(entry, &path[..i]))
                        .flat_map(Map::keys)
                        .find(|name| is_item(name, item))
                        .cloned()
                }
            })
            .collect()
    }

    fn holds(&self, entry: &Value, path: &[Hop]) -> bool {
        // An entry that ends above the path holds all below its end, when it holds anything at all.
        let Some(mut node) = entry.get("fieldsV1").and_then(Value::as_object) else {
            return false;
        };
        for i in 0..path.len() {
            match self.child(node, path, i) {
                Some(next) => node = next,
                None => return i > 0 && node.is_empty() && self.shape(&path[..i]) == Shape::Whole,
            }
        }
        true
    }

    /// An entry's part for the value at a path.
    fn node(&self, entry: &'o Value, path: &[Hop]) -> Option<&'o Map<String, Value>> {
        let root = entry.get("fieldsV1").and_then(Value::as_object)?;
        (0..path.len()).try_fold(root, |node, i| self.child(node, path, i))
    }

    fn child<'n>(
        &self,
        node: &'n Map<String, Value>,
        path: &[Hop],
        i: usize,
    ) -> Option<&'n Map<String, Value>> {
        match &path[i] {
            Hop::Field(name) => node.get(&format!("f:{name}")),
            Hop::Item(index) => {
                let item = at(self.live, &path[..i])?.get(index)?;
                node.iter()
                    .find(|(name, _)| is_item(name, item))
                    .map(|(_, child)| child)
            }
        }?
        .as_object()
    }
}

/// The value at a path.
pub(super) fn at<'v>(root: &'v Value, path: &[Hop]) -> Option<&'v Value> {
    path.iter().try_fold(root, |value, hop| match hop {
        Hop::Field(name) => value.get(name),
        Hop::Item(index) => value.get(index),
    })
}

/// A path as an RFC 6901 pointer.
pub(super) fn pointer(path: &[Hop]) -> String {
    let mut text = String::new();
    for hop in path {
        text.push('/');
        match hop {
            Hop::Field(name) => text.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Hop::Item(index) => text.push_str(&index.to_string()),
        }
    }
    text
}

/// A pointer as a path into a live object; `None` where it leads nowhere.
pub(super) fn path(live: &Value, pointer: &str) -> Option<Vec<Hop>> {
    let mut path = Vec::new();
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        let hop = match at(live, &path)? {
            Value::Array(_) => Hop::Item(token.parse().ok()?),
            _ => Hop::Field(token),
        };
        path.push(hop);
        at(live, &path)?;
    }
    Some(path)
}

fn text<'e>(entry: &'e Value, field: &str) -> &'e str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn is_own_apply(entry: &Value) -> bool {
    text(entry, "manager") == MANAGER
        && text(entry, "operation") == "Apply"
        && text(entry, "subresource").is_empty()
}

/// A manager as the server names it in a conflict.
fn holder(entry: &Value) -> String {
    let mut words = format!("{:?}", text(entry, "manager"));
    if !text(entry, "subresource").is_empty() {
        words.push_str(&format!(
            " with subresource {:?}",
            text(entry, "subresource")
        ));
    }
    match text(entry, "operation") {
        "Apply" => words,
        _ => words + " using " + text(entry, "apiVersion"),
    }
}

/// FieldsV1 names as the server writes a field: `.spec.ports[port=80,protocol="TCP"].name`.
fn spoken(names: &[String]) -> String {
    let mut field = String::new();
    for name in names {
        match (name.strip_prefix("f:"), item_key(name)) {
            (Some(name), _) => field.push_str(&format!(".{name}")),
            (None, Some(keys)) => {
                let keys: Vec<_> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
                field.push_str(&format!("[{}]", keys.join(",")));
            }
            (None, None) => field.push_str(&format!("[{name}]")),
        }
    }
    field
}

/// A write through a subresource (`kubectl scale`) is somebody's wish, whoever made it.
fn is_ours_or_former(entry: &Value) -> bool {
    let manager = text(entry, "manager");
    text(entry, "subresource").is_empty() && (manager == MANAGER || is_former_applier(manager))
}

fn item_key(name: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(name.strip_prefix("k:")?).ok()
}

fn is_item(name: &str, item: &Value) -> bool {
    item_key(name).is_some_and(|keys| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
}

/// Holds a path. An item, and a map whose parts are held, are held themselves by a dot.
fn insert(fields: &mut Map<String, Value>, names: &[String], item: bool) {
    let Some((first, rest)) = names.split_first() else {
        if item || !fields.is_empty() {
            fields.insert(".".to_owned(), Value::Object(Map::new()));
        }
        return;
    };
    let child = fields
        .entry(first.clone())
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(child) = child.as_object_mut() {
        insert(child, rest, item);
    }
}

/// Lets go of a path. What is left empty above it goes too: an empty node would mean "holds all of it".
fn remove(fields: &mut Map<String, Value>, names: &[String]) {
    let Some((first, rest)) = names.split_first() else {
        return;
    };
    let Some(child) = fields.get_mut(first).and_then(Value::as_object_mut) else {
        return;
    };
    if !rest.is_empty() {
        if child.is_empty() {
            return;
        }
        remove(child, rest);
        if !child.is_empty() {
            return;
        }
    }
    fields.remove(first);
}
