//! What the tests of this room share.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::domain::app::Destination;
use crate::domain::{App, AppId, Gvk, Manifest, Origin, Position, RepoPath};

/// An App of that name, to namespace `dest`.
pub fn app(name: &str) -> App {
    App {
        id: AppId {
            name: name.to_owned(),
            namespace: "dest".to_owned(),
            ..AppId::default()
        },
        destination: Destination {
            namespace: "dest".to_owned(),
            ..Destination::default()
        },
        ..App::sample()
    }
}

/// A manifest at line 7 of `app.yaml`.
pub fn manifest(value: Value) -> Manifest {
    Manifest {
        gvk: Gvk::of(&value).unwrap(),
        value: value.into(),
        origin: Origin {
            file: RepoPath::parse("app.yaml").unwrap(),
            start: Position { line: 7, column: 1 },
            ..Origin::default()
        },
    }
}

/// Any JSON, with texts that are hard to print and lists that have keys.
pub fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{0,3}",
        "[ -~]{0,6}",
        "([a-c ]{0,3}\n){1,4}[a-c]{0,2}",
        Just("~".to_owned())
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-e]", inner.clone(), 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            proptest::collection::btree_map("[a-e]", inner, 0..4).prop_map(|map| {
                map.into_iter()
                    .map(|(name, value)| json!({"name": name, "value": value}))
                    .collect()
            }),
        ]
    })
}
