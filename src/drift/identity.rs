//! Which item of one list is which item of another, so that moving an entry is not a rewrite.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::domain::{FieldPath, Step, Value};
use crate::merge::FieldSet;

/// How the items of one list are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By these fields.
    Keys(Vec<String>),
    /// By value.
    Set,
    /// Not at all: by content and position.
    Position,
}

/// What is known about the identity of list items, best source first.
#[derive(Default)]
pub struct Identities<'a> {
    /// Field sets of the objects at hand: their `k:` and `v:` steps are the server's own word.
    pub sets: Vec<&'a FieldSet>,
    /// Paths that were found before; their steps tell how their lists were matched then.
    pub hints: HashMap<FieldPath, Identity>,
}

/// Keys of lists by the name of the field that holds them, for when nothing better is known. Of several rows the first
/// that every item has is taken (Kubernetes API reference, `listMapKeys`).
const KNOWN: &[(&str, &[&str])] = &[
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    (
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("conditions", &["type"]),
    ("ownerReferences", &["uid"]),
    ("podIPs", &["ip"]),
    ("resourceClaims", &["name"]),
];

/// Key fields that do not have to be stated.
const OPTIONAL: [&str; 1] = ["protocol"];

impl Identities<'_> {
    /// How the lists at `path` are matched. Keys count only where every item has one and no two items share one. Where
    /// the server knows none, a guessed key is a field like any other: it may have been edited.
    pub fn of(&self, path: &FieldPath, a: &[Value], b: &[Value]) -> Identity {
        let told = self.told(path);
        let is_keyless = told.is_none() && self.sets.iter().any(|set| set.covers_whole(path));
        let candidates = told.into_iter().chain(self.guessed(path));
        for candidate in candidates {
            let fits = match &candidate {
                Identity::Keys(keys) => {
                    let fits = keyed(a, keys) && keyed(b, keys);
                    fits && !(is_keyless && renames(&candidate, a, b))
                }
                Identity::Set => distinct(a) && distinct(b),
                Identity::Position => true,
            };
            if fits {
                return candidate;
            }
        }
        Identity::Position
    }

    /// Whether the value at `path` is held as a whole: somebody owns it and nothing below it.
    pub fn is_atomic(&self, path: &FieldPath) -> bool {
        self.sets.iter().any(|set| {
            set.node(&path.0)
                .is_some_and(|node| node.is_member() && node.is_leaf())
        })
    }

    fn told(&self, path: &FieldPath) -> Option<Identity> {
        if let Some(hint) = self.hints.get(path) {
            return Some(hint.clone());
        }
        for set in &self.sets {
            let steps = set.node(&path.0).into_iter().flat_map(FieldSet::children);
            for (step, _) in steps {
                match step {
                    Step::Item(keys) => {
                        return Some(Identity::Keys(
                            keys.iter().map(|(k, _)| k.clone()).collect(),
                        ));
                    }
                    Step::Member(_) => return Some(Identity::Set),
                    Step::Field(_) | Step::Index(_) => {}
                }
            }
        }
        None
    }

    fn guessed(&self, path: &FieldPath) -> Vec<Identity> {
        let list = match path.0.last() {
            Some(Step::Field(name)) => name.as_str(),
            _ => "",
        };
        let known = KNOWN
            .iter()
            .filter(|(name, _)| *name == list)
            .map(|(_, keys)| *keys);
        let keys = known.chain([["name"].as_slice()]);
        keys.map(|keys| Identity::Keys(keys.iter().map(|k| (*k).to_owned()).collect()))
            .collect()
    }
}

fn keyed(items: &[Value], keys: &[String]) -> bool {
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    items.iter().all(|item| {
        let Some(map) = item.as_object() else {
            return false;
        };
        let whole = keys
            .iter()
            .all(|k| map.contains_key(k) || OPTIONAL.contains(&k.as_str()));
        whole && seen.insert(key_of(item, keys))
    })
}

/// Whether both lists have items of their own, and those of both stand in one order.
fn renames(identity: &Identity, a: &[Value], b: &[Value]) -> bool {
    let (found, moved) = matches(identity, a, b);
    let alone = |side: fn(&Match) -> Option<usize>| found.iter().any(|m| side(m).is_none());
    !moved && alone(|m| m.a) && alone(|m| m.b)
}

fn distinct(items: &[Value]) -> bool {
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    items
        .iter()
        .all(|item| !item.is_object() && !item.is_array() && seen.insert(item))
}

fn key_of<'v>(item: &'v Value, keys: &[String]) -> Vec<Option<&'v Value>> {
    keys.iter().map(|k| item.get(k)).collect()
}

/// One item of either list, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its index in the first list.
    pub a: Option<usize>,
    /// Its index in the second list.
    pub b: Option<usize>,
}

/// The items of two lists, matched, in the order of the second with those of the first alone in between; and whether
/// items that are in both stand in another order.
pub fn matches(identity: &Identity, a: &[Value], b: &[Value]) -> (Vec<Match>, bool) {
    match identity {
        Identity::Keys(keys) => by_key(a, b, |item| key_of(item, keys)),
        Identity::Set => by_key(a, b, |item| vec![Some(item)]),
        Identity::Position => (by_content(a, b), false),
    }
}

fn by_key<'v>(
    a: &'v [Value],
    b: &'v [Value],
    key: impl Fn(&'v Value) -> Vec<Option<&'v Value>>,
) -> (Vec<Match>, bool) {
    let places: HashMap<_, usize> = b
        .iter()
        .enumerate()
        .map(|(i, item)| (key(item), i))
        .collect();
    let mut partner: Vec<Option<usize>> = vec![None; b.len()];
    // What stands in the first list alone follows the item that it followed there; index 0 is the front.
    let mut alone: Vec<Vec<usize>> = vec![Vec::new(); b.len() + 1];
    let (mut anchor, mut highest, mut moved) = (0, None, false);
    for (i, item) in a.iter().enumerate() {
        match places.get(&key(item)) {
            Some(j) => {
                partner[*j] = Some(i);
                moved |= highest.is_some_and(|h| *j < h);
                highest = highest.max(Some(*j));
                anchor = j + 1;
            }
            None => alone[anchor].push(i),
        }
    }
    let mut out = Vec::with_capacity(a.len() + b.len());
    let mut leave = |out: &mut Vec<Match>, at: usize| {
        out.extend(alone[at].drain(..).map(|i| Match {
            a: Some(i),
            b: None,
        }));
    };
    leave(&mut out, 0);
    for (j, a) in partner.into_iter().enumerate() {
        out.push(Match { a, b: Some(j) });
        leave(&mut out, j + 1);
    }
    (out, moved)
}

fn by_content(a: &[Value], b: &[Value]) -> Vec<Match> {
    // Equal items get equal numbers, which are cheap to compare; Myers' heuristics bound the work on long lists.
    let mut numbers: HashMap<&Value, usize> = HashMap::with_capacity(a.len() + b.len());
    let mut number = |item| {
        let next = numbers.len();
        *numbers.entry(item).or_insert(next)
    };
    let x: Vec<usize> = a.iter().map(&mut number).collect();
    let y: Vec<usize> = b.iter().map(&mut number).collect();
    let mut out = Vec::with_capacity(a.len().max(b.len()));
    let mut n_apart = 0;
    for op in capture_diff_slices(Algorithm::Myers, &x, &y) {
        let (old, new) = (op.old_range(), op.new_range());
        let pairs = match op {
            DiffOp::Equal { .. } => (0..old.len()).map(|k| (k, k)).collect(),
            DiffOp::Replace { .. } => pairs(&a[old.clone()], &b[new.clone()]),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } => Vec::new(),
        };
        let (mut i, mut j) = (old.start, new.start);
        for (k, l) in pairs.iter().map(|(k, l)| (old.start + k, new.start + l)) {
            out.extend(alone(i..k, j..l));
            out.push(Match {
                a: Some(k),
                b: Some(l),
            });
            n_apart += n_unlike(&a[k], &b[l]);
            (i, j) = (k + 1, l + 1);
        }
        out.extend(alone(i..old.end, j..new.end));
        n_apart += old.len() + new.len() - 2 * pairs.len();
    }
    // An item that was edited to be like its neighbour did not move.
    if a.len() == b.len() && n_unlike_all(a, b) < n_apart {
        let pair = |i| Match {
            a: Some(i),
            b: Some(i),
        };
        return (0..a.len()).map(pair).collect();
    }
    out
}

fn alone(a: Range<usize>, b: Range<usize>) -> impl Iterator<Item = Match> {
    let a = a.map(|i| Match {
        a: Some(i),
        b: None,
    });
    a.chain(b.map(|j| Match {
        a: None,
        b: Some(j),
    }))
}

/// Longer runs are paired as they come.
const MOST_COMPARED: usize = 4_096;

/// Which items of two runs belong together: as many as there can be, in their order, and such that the fewest fields
/// differ.
fn pairs(a: &[Value], b: &[Value]) -> Vec<(usize, usize)> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let n = short.len();
    // How many items of the longer run may have been passed over: none, one, and so on.
    let width = long.len() - n + 1;
    let shifts = if width == 1 || n * width > MOST_COMPARED {
        vec![0; n]
    } else {
        let unlike = |i: usize, shift: usize| n_unlike(&short[i], &long[i + shift]);
        let cost: Vec<usize> = (0..n * width)
            .map(|at| unlike(at / width, at % width))
            .collect();
        // The least cost of the items from one on, when that many were passed over before it.
        let mut least = vec![0; (n + 1) * width];
        for at in (0..n * width).rev() {
            let here = cost[at] + least[at + width];
            let passed = (at % width + 1 < width).then(|| least[at + 1]);
            least[at] = passed.map_or(here, |passed| here.min(passed));
        }
        let mut shift = 0;
        let mut shift_of = |i: usize| {
            while cost[i * width + shift] + least[(i + 1) * width + shift]
                > least[i * width + shift]
            {
                shift += 1;
            }
            shift
        };
        (0..n).map(&mut shift_of).collect()
    };
    let paired = shifts.into_iter().enumerate();
    match a.len() <= b.len() {
        true => paired.map(|(i, shift)| (i, i + shift)).collect(),
        false => paired.map(|(i, shift)| (i + shift, i)).collect(),
    }
}

/// How many fields differ, roughly.
fn n_unlike(a: &Value, b: &Value) -> usize {
    match (a, b) {
        _ if a == b => 0,
        (Value::Object(x), Value::Object(y)) => {
            let of_x = x
                .iter()
                .map(|(name, a)| y.get(name).map_or(1, |b| n_unlike(a, b)));
            of_x.sum::<usize>() + y.keys().filter(|name| !x.contains_key(*name)).count()
        }
        (Value::Array(x), Value::Array(y)) => n_unlike_all(x, y) + x.len().abs_diff(y.len()),
        _ => 1,
    }
}

fn n_unlike_all(a: &[Value], b: &[Value]) -> usize {
    a.iter().zip(b).map(|(a, b)| n_unlike(a, b)).sum()
}

/// The step that names a matched item.
pub fn step(identity: &Identity, item: &Value, index: usize) -> Step {
    match identity {
        Identity::Keys(keys) => {
            let mut keys: Vec<_> = keys
                .iter()
                .filter_map(|k| Some((k.clone(), item.get(k)?.clone())))
                .collect();
            keys.sort_by(|a, b| a.0.cmp(&b.0));
            Step::Item(keys)
        }
        Identity::Set => Step::Member(item.clone()),
        Identity::Position => Step::Index(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(path: &[&str], a: &Value, b: &Value) -> Identity {
        let path = FieldPath::fields(path.iter().copied());
        Identities::default().of(&path, a.as_array().unwrap(), b.as_array().unwrap())
    }

    #[test]
    fn keys_count_only_where_they_tell_items_apart() {
        let keys = |names: &[&str]| Identity::Keys(names.iter().map(|n| (*n).to_owned()).collect());
        let env = json!([{"name": "A"}, {"name": "B"}]);
        assert_eq!(of(&["env"], &env, &json!([])), keys(&["name"]));
        assert_eq!(
            of(&["env"], &env, &json!([{"name": "A"}, {"name": "A"}])),
            Identity::Position
        );
        let container = json!([{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}]);
        assert_eq!(
            of(&["ports"], &container, &container),
            keys(&["containerPort", "protocol"])
        );
        assert_eq!(
            of(&["ports"], &json!([{"port": 80}]), &json!([{"port": 81}])),
            keys(&["port", "protocol"])
        );
        assert_eq!(
            of(&["args"], &json!(["a"]), &json!(["b"])),
            Identity::Position
        );
    }

    #[test]
    fn an_edited_port_of_a_network_policy_was_two_fields() {
        let set = FieldSet::parse(&json!({"f:spec": {"f:ingress": {}}})).unwrap();
        let known = Identities {
            sets: vec![&set],
            ..Identities::default()
        };
        let policy = |ports: Value| json!({"spec": {"ingress": [{"ports": ports}]}});
        let port = |port: u32| json!({"port": port, "protocol": "TCP"});
        for (a, b, expected) in [
            (
                json!([port(80), port(443)]),
                json!([port(8080), port(443)]),
                vec!["spec.ingress[0].ports[0].port"],
            ),
            // An edited item beside one that went, and beside one that came.
            (
                json!([{"port": 1, "protocol": "UDP"}, port(80), port(443)]),
                json!([port(8080), port(443)]),
                vec!["spec.ingress[0].ports[0]", "spec.ingress[0].ports[0].port"],
            ),
            (
                json!([port(80), port(443)]),
                json!([port(443), port(443)]),
                vec!["spec.ingress[0].ports[0].port"],
            ),
            // What was only moved is no rewrite.
            (
                json!([port(1), port(2), port(3)]),
                json!([port(2), port(3), port(1)]),
                vec!["spec.ingress[0].ports"],
            ),
        ] {
            let (a, b) = (policy(a), policy(b));
            let found = crate::drift::differ::differences(&a, &b, &known);
            let paths: Vec<_> = found.iter().map(|d| d.path.to_string()).collect();
            assert_eq!(paths, expected);
        }
    }

    #[test]
    fn the_server_knows_best() {
        let set = FieldSet::parse(&json!({"f:parts": {"k:{\"id\":1}": {".": {}}}})).unwrap();
        let known = Identities {
            sets: vec![&set],
            ..Identities::default()
        };
        let items = json!([{"id": 1, "name": "x"}, {"id": 2, "name": "x"}]);
        let items = items.as_array().unwrap();
        assert_eq!(
            known.of(&FieldPath::fields(["parts"]), items, items),
            Identity::Keys(vec!["id".to_owned()])
        );
    }

    #[test]
    fn matched_items_keep_the_second_lists_order() {
        let at = |identity: &Identity, a: Value, b: Value| {
            let (pairs, moved) = matches(identity, a.as_array().unwrap(), b.as_array().unwrap());
            (
                pairs.into_iter().map(|m| (m.a, m.b)).collect::<Vec<_>>(),
                moved,
            )
        };
        let set = Identity::Set;
        assert_eq!(
            at(&set, json!(["x", "a", "y", "b"]), json!(["a", "b", "z"])).0,
            [
                (Some(0), None),
                (Some(1), Some(0)),
                (Some(2), None),
                (Some(3), Some(1)),
                (None, Some(2))
            ]
        );
        assert!(!at(&set, json!(["a", "x", "b"]), json!(["a", "b"])).1);
        assert!(at(&set, json!(["a", "b"]), json!(["b", "a"])).1);
        assert_eq!(
            at(&Identity::Position, json!([1, 2, 3]), json!([2, 9])).0,
            [(Some(0), None), (Some(1), Some(0)), (Some(2), Some(1))]
        );
    }
}
