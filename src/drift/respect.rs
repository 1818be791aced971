//! What is sent of Git's word where differences are not only to be ignored but respected (Argo CD's sync option
//! `RespectIgnoreDifferences`): ignored fields stay as the cluster has them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::domain::{FieldPath, IgnoreRule, Manifest, ObjectKey, Step, Value};
use crate::merge::{ManagedEntry, managed};

use super::identity::{self, Identities, Identity};
use super::overridden::partner;
use super::{estimate, ignore, locate};

/// The manifest without the fields that the rules ignore and that somebody else holds: sent or not they stay, and unsent
/// trueup does not become their holder. Ignored fields that only trueup holds, and all of them where the object is to be
/// put `whole`, are sent as the cluster has them, since what is not sent would go. `None`: all is sent as Git has it.
pub fn respected(
    desired: &Manifest,
    live: &Value,
    rules: &[IgnoreRule],
    key: &ObjectKey,
    whole: bool,
) -> Option<Manifest> {
    let rules = ignore::rules_for(rules, key);
    if rules.is_empty() {
        return None;
    }
    let entries = managed(live);
    let (ours, others): (Vec<_>, Vec<_>) = entries
        .iter()
        .filter(|e| !e.is_status())
        .partition(|e| e.is_ours());
    let known = Identities {
        sets: entries.iter().map(|e| &e.fields).collect(),
        ..Identities::default()
    };
    let pointers = rules.iter().flat_map(|rule| &rule.json_pointers);
    let mut paths: Vec<FieldPath> = pointers
        .filter_map(|pointer| resolve(pointer, &desired.value, live, &known))
        .collect();
    let trusted = |e: &&&ManagedEntry| rules.iter().any(|r| r.managers.contains(&e.owner.manager));
    let leaves = others
        .iter()
        .filter(trusted)
        .flat_map(|e| e.fields.leaves());
    paths.extend(
        leaves.filter(|leaf| !is_key(leaf) && locate::find(&desired.value, leaf).is_some()),
    );
    let mut value = Value::clone(&desired.value);
    for path in &paths {
        let stated = locate::find(&desired.value, path).is_some();
        if !stated && !ours.iter().any(|e| e.fields.touches(path)) {
            continue;
        }
        let kept = match path.get(live) {
            Some(live) if whole => Some(Cow::Borrowed(live)),
            Some(live) => own_part(live, path, &others),
            None => None,
        };
        match kept {
            Some(kept) => estimate::set(&mut value, &path.0, &kept),
            None => estimate::remove(&mut value, &path.0),
        }
    }
    (value != *desired.value).then(|| Manifest {
        value: Arc::new(value),
        ..desired.clone()
    })
}

/// Of a live value, what others do not hold each by itself; `None`: they hold all of it.
fn own_part<'v>(
    live: &'v Value,
    path: &FieldPath,
    others: &[&ManagedEntry],
) -> Option<Cow<'v, Value>> {
    let held = |path: &FieldPath| {
        others
            .iter()
            .filter_map(|e| e.fields.node(&path.0))
            .collect::<Vec<_>>()
    };
    let nodes = held(path);
    if nodes.is_empty() {
        return Some(Cow::Borrowed(live));
    }
    let Value::Object(map) = live else {
        return None;
    };
    // Held as a whole, or by its parts.
    if nodes.iter().all(|node| node.is_leaf()) {
        return None;
    }
    let own = map.iter().filter_map(|(name, value)| {
        let part = own_part(value, &path.child(Step::Field(name.clone())), others)?;
        Some((name.clone(), part.into_owned()))
    });
    let own: serde_json::Map<_, _> = own.collect();
    (!own.is_empty()).then_some(Cow::Owned(Value::Object(own)))
}

/// A pointer into Git's object as a path that leads to the same field of the live one.
fn resolve(
    pointer: &str,
    desired: &Value,
    live: &Value,
    known: &Identities<'_>,
) -> Option<FieldPath> {
    let mut path = FieldPath::default();
    let (mut desired, mut live) = (Some(desired), Some(live));
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        let Some(items) = desired.or(live)?.as_array() else {
            desired = desired.and_then(|v| v.get(&token));
            live = live.and_then(|v| v.get(&token));
            path.0.push(Step::Field(token));
            continue;
        };
        let index: usize = token.parse().ok()?;
        let item = items.get(index)?;
        let held = live
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let identity = known.of(&path, held, items);
        let partner = match &identity {
            Identity::Keys(keys) => partner(items, item, held, keys),
            Identity::Set => held.iter().find(|held| *held == item),
            Identity::Position => held.get(index),
        };
        path.0
            .push(identity::step(&identity, partner.unwrap_or(item), index));
        (desired, live) = (desired.map(|_| item), partner);
    }
    Some(path)
}

/// Whether a path leads to a field that names its list item: without it the item would be another.
fn is_key(path: &FieldPath) -> bool {
    match path.0.as_slice() {
        [.., Step::Item(keys), Step::Field(name)] => keys.iter().any(|(key, _)| key == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::tests::manifest;
    use serde_json::json;

    fn rule(pointers: &[&str], managers: &[&str]) -> Vec<IgnoreRule> {
        let texts = |of: &[&str]| of.iter().map(|s| (*s).to_owned()).collect();
        vec![IgnoreRule {
            group: "*".to_owned(),
            kind: "*".to_owned(),
            json_pointers: texts(pointers),
            managers: texts(managers),
            ..IgnoreRule::default()
        }]
    }

    fn sent(
        git: Value,
        live: Value,
        held: &[(&str, Value)],
        rules: &[IgnoreRule],
        whole: bool,
    ) -> Value {
        let entry = |(manager, fields): &(&str, Value)| {
            let operation = if *manager == "trueup" {
                "Apply"
            } else {
                "Update"
            };
            json!({"manager": manager, "operation": operation, "fieldsV1": {"f:spec": fields}})
        };
        let object = |spec: Value| json!({"apiVersion": "x.example/v1", "kind": "X", "metadata": {}, "spec": spec});
        let (git, mut live) = (manifest(object(git)), object(live));
        live["metadata"]["managedFields"] = held.iter().map(entry).collect();
        let key = ObjectKey::new("x.example", "X", "", "x");
        let sent = respected(&git, &live, rules, &key, whole).unwrap_or(git);
        sent.value["spec"].clone()
    }

    #[test]
    fn what_others_hold_is_not_sent_and_what_trueup_holds_alone_is_sent_as_it_is() {
        let replicas = json!({"f:replicas": {}});
        let pointer = rule(&["/replicas", "/spec/replicas"], &[]);
        let (git, live) = (
            json!({"replicas": 2, "x": 1}),
            json!({"replicas": 7, "x": 1}),
        );
        let case =
            |held: &[(&str, Value)], whole| sent(git.clone(), live.clone(), held, &pointer, whole);
        assert_eq!(case(&[("hpa", replicas.clone())], false), json!({"x": 1}));
        assert_eq!(case(&[("hpa", replicas.clone())], true), live);
        assert_eq!(case(&[("trueup", replicas.clone())], false), live);
        // Gone from the cluster, and gone from Git.
        assert_eq!(
            sent(git.clone(), json!({"x": 1}), &[], &pointer, false),
            json!({"x": 1})
        );
        let git = json!({"x": 1});
        assert_eq!(
            sent(
                git.clone(),
                live.clone(),
                &[("trueup", replicas.clone())],
                &pointer,
                false
            ),
            live
        );
        assert_eq!(
            sent(git.clone(), live, &[("hpa", replicas)], &pointer, false),
            git
        );
    }

    #[test]
    fn parts_of_a_map_and_items_of_a_list_are_told_apart() {
        let pointer = rule(&["/spec/map"], &[]);
        let held = [
            ("robot", json!({"f:map": {"f:a": {}}})),
            ("trueup", json!({"f:map": {"f:b": {}}})),
        ];
        let (git, live) = (
            json!({"map": {"a": 1, "b": 1}}),
            json!({"map": {"a": 2, "b": 2}}),
        );
        assert_eq!(
            sent(git, live, &held, &pointer, false),
            json!({"map": {"b": 2}})
        );
        // The item is found by its key, wherever it stands in the cluster.
        let item = |name: &str, image: &str| json!({"name": name, "image": image});
        let pointer = rule(&["/spec/list/0/image"], &[]);
        let held = [(
            "trueup",
            json!({"f:list": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}, "f:name": {}}}}),
        )];
        let (git, live) = (
            json!({"list": [item("web", "1")]}),
            json!({"list": [item("injected", "9"), item("web", "2")]}),
        );
        assert_eq!(
            sent(git, live, &held, &pointer, false),
            json!({"list": [item("web", "2")]})
        );
    }

    #[test]
    fn a_trusted_managers_fields_are_left_to_it() {
        let item = json!({".": {}, "f:image": {}, "f:name": {}});
        let held = [
            (
                "robot",
                json!({"f:replicas": {}, "f:added": {}, "f:list": {"k:{\"name\":\"web\"}": item}}),
            ),
            ("other", json!({"f:x": {}})),
        ];
        let git =
            json!({"replicas": 2, "x": 1, "list": [{"name": "web", "image": "1", "args": []}]});
        let live =
            json!({"replicas": 7, "x": 2, "added": 1, "list": [{"name": "web", "image": "2"}]});
        assert_eq!(
            sent(git, live, &held, &rule(&[], &["robot"]), false),
            json!({"x": 1, "list": [{"name": "web", "args": []}]})
        );
    }
}
