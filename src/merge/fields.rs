//! Sets of field paths, as `metadata.managedFields` records them.

use std::cmp::Ordering;

use serde_json::Map;

use crate::domain::{FieldPath, Problem, ProblemKind, Result, Step, Value};

/// A set of field paths: a tree of steps in which any node may be a member. Children are sorted, so that equal sets are
/// equal values and lookups are logarithmic.
///
/// In memory it takes about a tenth of the JSON value that it is read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    member: bool,
    children: Vec<(Step, FieldSet)>,
}

impl FieldSet {
    /// Reads `fieldsV1` (Kubernetes `FieldsV1`, structured-merge-diff `fieldpath`): keys `f:` name, `k:` key fields of a
    /// list item, `v:` value of a set member, `i:` index, and `.` for the node itself. An empty map is a member too.
    ///
    /// # Errors
    /// A key that is none of these, or a value that is not a map: leaving it out would lose somebody's ownership.
    pub fn parse(fields_v1: &Value) -> Result<Self> {
        let mut set = Self::node_of(fields_v1)?;
        // The root is no field.
        set.member = false;
        Ok(set)
    }

    fn node_of(value: &Value) -> Result<Self> {
        let map = value
            .as_object()
            .ok_or_else(|| malformed("a value that is not a map"))?;
        let mut node = Self {
            member: map.is_empty(),
            children: Vec::with_capacity(map.len()),
        };
        for (key, below) in map {
            if key == "." {
                node.member = true;
            } else {
                node.children.push((step_of(key)?, Self::node_of(below)?));
            }
        }
        node.children.sort_by(|(a, _), (b, _)| order(a, b));
        Ok(node)
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.iter().all(|(_, below)| below.is_empty())
    }

    /// Whether this node itself is in the set.
    pub fn is_member(&self) -> bool {
        self.member
    }

    /// Whether nothing below this node is in the set.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The steps below this node.
    pub fn children(&self) -> impl ExactSizeIterator<Item = (&Step, &Self)> {
        self.children.iter().map(|(step, below)| (step, below))
    }

    /// The node one step below.
    pub fn child(&self, step: &Step) -> Option<&Self> {
        let i = self
            .children
            .binary_search_by(|(s, _)| order(s, step))
            .ok()?;
        Some(&self.children[i].1)
    }

    /// The node at a path.
    pub fn node(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| node.child(step))
    }

    /// Whether this path, or something above it that is owned as a whole, is in the set: a value inside an atomic list
    /// belongs to whoever holds the list.
    pub fn covers(&self, path: &FieldPath) -> bool {
        let mut node = self;
        for step in &path.0 {
            match node.child(step) {
                Some(below) => node = below,
                None => return node.member && node.children.is_empty(),
            }
        }
        node.member
    }

    /// Whether the path is held as a whole, or something above it: nothing below it has an owner of its own.
    pub fn covers_whole(&self, path: &FieldPath) -> bool {
        let mut node = self;
        for step in &path.0 {
            match node.child(step) {
                Some(below) => node = below,
                None => break,
            }
        }
        node.member && node.children.is_empty()
    }

    /// Whether the path, something above it held as a whole, or anything below it is in the set.
    pub fn touches(&self, path: &FieldPath) -> bool {
        self.covers(path) || self.node(&path.0).is_some_and(|node| !node.is_empty())
    }

    /// The members that have no member below them, in order.
    pub fn leaves(&self) -> Vec<FieldPath> {
        let mut out = Vec::new();
        self.collect(&mut Vec::new(), &mut out);
        out
    }

    fn collect(&self, at: &mut Vec<Step>, out: &mut Vec<FieldPath>) {
        if self.member && self.children.is_empty() {
            out.push(FieldPath(at.clone()));
        }
        for (step, below) in &self.children {
            at.push(step.clone());
            below.collect(at, out);
            at.pop();
        }
    }
}

fn malformed(what: &str) -> Problem {
    Problem::new(
        ProblemKind::Invalid,
        "the record of field owners can't be read",
    )
    .because(what)
}

fn step_of(key: &str) -> Result<Step> {
    let bad = || malformed(key);
    let (prefix, rest) = key.split_once(':').ok_or_else(bad)?;
    match prefix {
        "f" => Ok(Step::Field(rest.to_owned())),
        "v" => Ok(Step::Member(serde_json::from_str(rest).map_err(|_| bad())?)),
        "i" => Ok(Step::Index(rest.parse().map_err(|_| bad())?)),
        "k" => {
            let keys: Map<String, Value> = serde_json::from_str(rest).map_err(|_| bad())?;
            Ok(Step::Item(keys.into_iter().collect()))
        }
        _ => Err(bad()),
    }
}

fn key_of(step: &Step) -> String {
    match step {
        Step::Field(name) => format!("f:{name}"),
        Step::Member(value) => format!("v:{value}"),
        Step::Index(i) => format!("i:{i}"),
        Step::Item(keys) => format!("k:{}", Value::Object(keys.iter().cloned().collect())),
    }
}

/// A total order on steps; names, which are nearly all of them, without an allocation.
fn order(a: &Step, b: &Step) -> Ordering {
    match (a, b) {
        (Step::Field(a), Step::Field(b)) => a.cmp(b),
        (Step::Index(a), Step::Index(b)) => a.cmp(b),
        (Step::Item(a), Step::Item(b)) if a == b => Ordering::Equal,
        (Step::Field(_), _) => Ordering::Less,
        (_, Step::Field(_)) => Ordering::Greater,
        (a, b) => key_of(a).cmp(&key_of(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Value {
        json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {
                "f:selector": {},
                "f:tags": {"v:\"a\"": {}, "v:1": {}},
                "f:rows": {"i:0": {}},
                "f:ports": {"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}}},
            },
        })
    }

    #[test]
    fn every_sort_of_key_is_read() {
        let set = FieldSet::parse(&sample()).unwrap();
        let leaves: Vec<_> = set.leaves().iter().map(ToString::to_string).collect();
        assert_eq!(
            leaves,
            [
                "metadata.labels.app",
                "spec.ports[containerPort=8080,protocol=TCP].name",
                "spec.rows[0]",
                "spec.selector",
                "spec.tags[=a]",
                "spec.tags[=1]",
            ]
        );
        for leaf in set.leaves() {
            assert!(set.node(&leaf.0).is_some_and(FieldSet::is_member), "{leaf}");
        }
        assert_eq!(FieldSet::parse(&json!({})).unwrap(), FieldSet::default());
    }

    #[test]
    fn what_is_not_fields_v1_is_refused() {
        for bad in [
            json!({"x:a": {}}),
            json!({"f:a": 1}),
            json!({"k:[1]": {}}),
            json!({"nothing": {}}),
            json!([]),
        ] {
            assert!(FieldSet::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_leaf_covers_what_is_below_it() {
        let set = FieldSet::parse(&sample()).unwrap();
        let path = |names: &[&str]| FieldPath::fields(names.iter().copied());
        assert!(set.covers(&path(&["spec", "selector", "matchLabels", "app"])));
        // A map that is a member beside its fields holds only what is listed.
        assert!(set.covers(&path(&["metadata", "labels"])));
        assert!(!set.covers(&path(&["metadata", "labels", "other"])));
        assert!(!set.covers(&path(&["spec"])));
        assert!(set.touches(&path(&["spec"])));
    }
}
