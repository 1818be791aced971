//! Drifts as lines: tables, and properties that every drift keeps.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::{FieldDrift, Foreign, Gvk, ObjectKey, Position, RepoPath, Verdict};
use crate::drift::differ::differences;
use crate::drift::identity::Identities;

fn drift(live: Value, predicted: Value) -> ObjectDrift {
    let mut drift = ObjectDrift::new(
        ObjectKey::new("", "X", "", "x"),
        Gvk::from_api_version("v1", "X"),
        Verdict::Drifted,
    );
    drift.fields = differences(&live, &predicted, &Identities::default())
        .into_iter()
        .map(|d| FieldDrift {
            path: d.path,
            live: d.a.cloned(),
            predicted: d.b.cloned(),
            cause: Cause::Git,
            owners: vec![owner("kubectl-edit")],
            place: None,
            text: None,
        })
        .collect();
    drift.live = Some(Arc::new(live));
    drift.predicted = Some(Arc::new(predicted));
    drift
}

fn owner(manager: &str) -> Owner {
    Owner {
        manager: manager.to_owned(),
        apply: false,
        subresource: String::new(),
        time: None,
    }
}

/// What stands beside the lines that a sync would add.
fn places(drift: &ObjectDrift) -> Vec<(String, Option<u32>)> {
    let lines = build(drift, &LineOptions::default());
    let added = lines.iter().filter(|line| line.kind == LineKind::Added);
    let place = |line: &Line| Some(line.note.as_ref()?.place.as_ref()?.1.line);
    added
        .map(|line| (line.text().trim().to_owned(), place(line)))
        .collect()
}

#[test]
fn a_changed_line_of_a_file_had_the_line_of_its_key() {
    let map = |text: &str| json!({"data": {"app.conf": text}});
    let rest = "x\n".repeat(20);
    let mut drift = drift(
        map(&format!("a\nb\n{rest}c\nd\n")),
        map(&format!("a\nB\n{rest}C\nD\n")),
    );
    let at = |line| Position { line, column: 1 };
    drift.fields[0].place = Some((RepoPath::parse("cm.yaml").unwrap(), at(5)));
    let row = |text: &str, line| (text.to_owned(), line);
    // The lines of a folded or a quoted text are not those of the file.
    let key = [row("B", Some(5)), row("C", None), row("D", None)];
    assert_eq!(places(&drift), key);
    drift.fields[0].text = Some(at(6));
    let own = [row("B", Some(7)), row("C", Some(28)), row("D", None)];
    assert_eq!(places(&drift), own);
}

fn show(drift: &ObjectDrift, context: usize) -> String {
    let mark = |line: &Line| match line.kind {
        LineKind::Context => format!("  {}", line.text()),
        LineKind::Removed => format!("- {}", line.text()),
        LineKind::Added => format!("+ {}", line.text()),
        LineKind::Foreign => format!("~ {}", line.text()),
        LineKind::Overridden => format!("! {}", line.text()),
        LineKind::Fold(n) => format!("  … {n}"),
        LineKind::Heading => format!("# {}", line.text()),
    };
    build(
        drift,
        &LineOptions {
            context,
            foreign: true,
        },
    )
    .iter()
    .map(|line| format!("\n{}", mark(line)))
    .collect()
}

#[test]
fn parents_of_a_change_are_shown() {
    let object = |image: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"a": "b"}},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [
            {"name": "side", "image": "s"},
            {"args": ["a", "b", "c"], "image": image, "name": "web", "tty": true}], "volumes": []}}}})
    };
    assert_eq!(
        show(&drift(object("web:1"), object("web:2")), 0),
        "
  … 6
  spec:
  … 2
    spec:
      containers:
  … 2
      - name: web
  … 4
-       image: web:1
+       image: web:2
  … 2"
        .replace(
            "  spec:\n  … 2\n    spec:",
            "  spec:\n    replicas: 1\n    template:\n      spec:"
        )
        .replace("\n      containers:", "\n        containers:")
        .replace("  … 2\n      - name: web", "  … 2\n        - name: web")
        .replace("-       image", "-         image")
        .replace("+       image", "+         image")
    );
}

#[test]
fn moving_an_item_is_no_rewrite() {
    let env =
        |names: [&str; 3]| json!({"env": names.map(|n| json!({"name": n, "value": n.repeat(2)}))});
    assert_eq!(
        show(&drift(env(["A", "B", "C"]), env(["C", "A", "B"])), 0),
        "
  env:
- # order: A, B, C
+ # order: C, A, B
  … 6"
    );
    let added = json!({"env": [{"name": "A", "value": "AA"}, {"name": "X", "value": "1"}, {"name": "B", "value": "BB"}, {"name": "C", "value": "CC"}]});
    assert_eq!(
        show(&drift(env(["A", "B", "C"]), added), 1),
        "
  env:
  - name: A
    value: AA
+ - name: X
+   value: 1
  - name: B
  … 3"
        .replace("value: 1", "value: \"1\"")
    );
}

#[test]
fn long_texts_are_compared_line_by_line() {
    let map = |text: &str| json!({"data": {"app.conf": text, "z": "1"}});
    assert_eq!(
        show(
            &drift(
                map("a = 1\nb = 2\nc = 3\nd = 4\n"),
                map("a = 1\nb = 2\nc = 5\nd = 4")
            ),
            1
        ),
        "
  data:
-   app.conf: |
+   app.conf: |-
      a = 1
      b = 2
-     c = 3
+     c = 5
      d = 4
    z: \"1\""
    );
    let lines = build(
        &drift(map("x\nkey = one two\n"), map("x\nkey = one three\n")),
        &LineOptions::default(),
    );
    let changed: Vec<_> = lines
        .iter()
        .filter(|l| l.kind == LineKind::Removed)
        .flat_map(|l| &l.spans)
        .map(|s| (s.text.as_str(), s.emphasis))
        .collect();
    assert_eq!(changed, [("key = one ", false), ("two", true)]);
}

#[test]
fn foreign_and_overridden_fields_stand_in_their_place() {
    let object = json!({"metadata": {"labels": {"app": "web", "team": "a"}}, "spec": {"replicas": 5, "list": [{"name": "a"}]}});
    let mut drift = drift(object.clone(), object);
    let path = |names: &[&str]| FieldPath::fields(names.iter().copied());
    let wanted = |path: FieldPath, value: Value| FieldDrift {
        path,
        live: Some(value),
        predicted: None,
        cause: Cause::Unknown,
        owners: vec![],
        place: None,
        text: None,
    };
    drift.foreign = vec![Foreign {
        path: path(&["metadata", "labels", "team"]),
        value: json!("a"),
        owner: owner("kubectl-label"),
    }];
    let item = path(&["spec", "list"]).child(crate::domain::Step::Item(vec![(
        "name".to_owned(),
        json!("b"),
    )]));
    drift.overridden = vec![
        wanted(path(&["spec", "replicas"]), json!(3)),
        wanted(path(&["spec", "gone"]), json!({"x": 1})),
        wanted(path(&["top"]), json!("y")),
        wanted(item, json!({"name": "b"})),
    ];
    assert_eq!(
        show(&drift, usize::MAX),
        "
  metadata:
    labels:
      app: web
~     team: a
  spec:
    list:
    - name: a
!   - name: b
    replicas: 5
!   replicas: 3
!   gone:
!     x: 1
! top: y"
            .replace("top: y", "top: \"y\"")
    );
    let lines = build(&drift, &LineOptions::default());
    let noted: Vec<_> = lines
        .iter()
        .filter_map(|l| l.note.as_ref())
        .filter_map(|n| n.owner.as_ref())
        .map(|o| o.manager.as_str())
        .collect();
    assert_eq!(noted, ["kubectl-label"]);
}

#[test]
fn one_side_alone_is_all_lines() {
    let mut missing = drift(
        json!(null),
        json!({"kind": "X", "data": {"a": "x"}, "list": [["a", {"b": 1}], []]}),
    );
    missing.live = None;
    assert_eq!(
        show(&missing, 3),
        "
+ kind: X
+ data:
+   a: x
+ list:
+ - - a
+   - b: 1
+ - []"
    );
    missing.predicted = None;
    assert_eq!(show(&missing, 3), "");
}

#[test]
fn notes_stand_once_a_field_and_side() {
    let lines = build(
        &drift(json!({"a": {"x": 1, "y": 2}}), json!({"a": "text"})),
        &LineOptions::default(),
    );
    let noted: Vec<_> = lines.iter().map(|l| (l.kind, l.note.is_some())).collect();
    assert_eq!(
        noted,
        [
            (LineKind::Removed, true),
            (LineKind::Removed, false),
            (LineKind::Removed, false),
            (LineKind::Added, true)
        ]
    );
}

#[test]
fn large_inputs_are_done_with() {
    let text = |salt: usize| {
        (0..60_000)
            .map(|i| format!("line {} {}\n", i * 7919 % 60_013, (i * salt) % 97))
            .collect::<String>()
    };
    let lines = build(
        &drift(
            json!({"data": {"big": text(1)}}),
            json!({"data": {"big": text(31)}}),
        ),
        &LineOptions::default(),
    );
    assert!(lines.len() > 1_000);
    let list = |salt: usize| json!({"rules": (0..10_000usize).map(|i| json!({"a": (i * salt) % 9_973, "b": i % 7})).collect::<Vec<_>>()});
    assert!(!build(&drift(list(3), list(5)), &LineOptions::default()).is_empty());
}

/// The lines of one side as YAML, read back.
fn read(lines: &[Line], but: LineKind) -> Value {
    let text: Vec<String> = lines
        .iter()
        .filter(|l| l.kind != but)
        .map(Line::text)
        .collect();
    serde_yaml::from_str(&(text.join("\n") + "\n"))
        .unwrap_or_else(|e| panic!("{e}:\n{}", text.join("\n")))
}

/// Lists in another order count as the same.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), sorted(v))).collect())
        }
        scalar => scalar.clone(),
    }
}

proptest! {
    #[test]
    fn each_side_can_be_read_back(a in crate::drift::tests::values(), b in crate::drift::tests::values()) {
        let (live, predicted) = (json!({"spec": a}), json!({"spec": b}));
        let lines = build(&drift(live.clone(), predicted.clone()), &LineOptions { context: usize::MAX, foreign: false });
        prop_assert_eq!(sorted(&read(&lines, LineKind::Removed)), sorted(&predicted));
        prop_assert_eq!(sorted(&read(&lines, LineKind::Added)), sorted(&live));
    }

    #[test]
    fn folding_hides_only_what_is_the_same(a in crate::drift::tests::values(), b in crate::drift::tests::values(), context in 0usize..4) {
        let drift = drift(json!({"spec": a}), json!({"spec": b}));
        let all = build(&drift, &LineOptions { context: usize::MAX, foreign: false });
        let some = build(&drift, &LineOptions { context, foreign: false });
        let changes = |lines: &[Line]| lines.iter().filter(|l| matches!(l.kind, LineKind::Removed | LineKind::Added)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(changes(&all), changes(&some));
        let count: usize = some.iter().map(|l| if let LineKind::Fold(n) = l.kind { n } else { 1 }).sum();
        prop_assert!(some.is_empty() || count == all.len());
    }
}
