//! What is read is what Kubernetes reads; limits hold.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::table::{REFUSED, SCALARS, STREAMS};
use super::*;

#[test]
fn plain_scalars_mean_what_kubernetes_takes_them_for() {
    for (text, expected) in SCALARS {
        let value = &values(&format!("a: {text}\n"))[0]["a"];
        assert_eq!(*value, json(expected), "{text}");
    }
}

#[test]
fn streams_are_read_as_kubernetes_reads_them() {
    for (text, expected) in STREAMS {
        assert_eq!(Value::Array(values(text)), json(expected), "{text:?}");
    }
}

#[test]
fn what_kubernetes_refuses_is_an_error_with_a_place() {
    for text in REFUSED {
        let error = load(text, &Limits::default()).expect_err(text);
        assert!(error.at.is_some(), "{text:?}");
        assert!(!error.message.is_empty(), "{text:?}");
    }
}

#[test]
#[ignore = "needs kubectl"]
fn kubectl_agrees_with_the_table() {
    let mut manifest = "apiVersion: x/v1\nkind: Probe\nmetadata: {name: x}\nspec:\n".to_owned();
    for (i, (text, _)) in SCALARS.iter().enumerate() {
        manifest.push_str(&format!("  f{i}: {text}\n"));
    }
    let mut kubectl = Command::new("kubectl")
        .args(["label", "--local", "-f", "-", "-o", "json", "a=b"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = kubectl.stdin.take().unwrap();
    stdin.write_all(manifest.as_bytes()).unwrap();
    drop(stdin);
    let output = kubectl.wait_with_output().unwrap();
    let object = load_json(
        std::str::from_utf8(&output.stdout).unwrap(),
        &Limits::default(),
    );
    let spec = object.unwrap().value["spec"].clone();
    for (i, (text, expected)) in SCALARS.iter().enumerate() {
        assert_eq!(spec[format!("f{i}")], json(expected), "{text}");
    }
}

#[test]
fn every_field_knows_its_place() {
    let text = "# top\n---\nkind: X\nspec:\n  a/b~c: 1\n  list:\n  - one\n  - name: two\n    at: {x: 3}\n---\nb: &b\n  deep: 1\nc:\n  <<: *b\nd: *b\n";
    let documents = load(text, &Limits::default()).unwrap();
    let first = &documents[0];
    assert_eq!((first.index, Some(first.start)), (0, at(3, 1)));
    for (pointer, place) in [
        ("", at(3, 1)),
        ("/kind", at(3, 1)),
        ("/spec", at(4, 1)),
        ("/spec/a~1b~0c", at(5, 3)),
        ("/spec/list", at(6, 3)),
        ("/spec/list/0", at(7, 5)),
        ("/spec/list/1", at(8, 5)),
        ("/spec/list/1/name", at(8, 5)),
        ("/spec/list/1/at", at(9, 5)),
        ("/spec/list/1/at/x", at(9, 10)),
        ("/spec/nothing", None),
    ] {
        assert_eq!(first.places.at(pointer), place, "{pointer}");
    }
    let second = &documents[1];
    assert_eq!((second.index, Some(second.start)), (1, at(11, 1)));
    // What an anchor brought in stands where it is written.
    for (pointer, place) in [
        ("/c", at(13, 1)),
        ("/c/deep", at(12, 3)),
        ("/d", at(15, 1)),
        ("/d/deep", at(12, 3)),
    ] {
        assert_eq!(second.places.at(pointer), place, "{pointer}");
    }
}

#[test]
fn a_literal_text_knows_where_its_lines_are() {
    let text = "a: |\n  x\n  y\nb: | # c\n\n  z\nc:\n  - |-\n    q\n    r\nd: >\n  f\n  g\ne: &x |2\n    i\nf: *x\ng:\n  |\n  late\nh: \"x\n\n  y\"\ni: |\n  old\ni: \"x\\n\"\n";
    let document = load(text, &Limits::default()).unwrap().remove(0);
    for (pointer, line) in [
        ("/a", Some(2)),
        ("/b", Some(5)),
        ("/c/0", Some(9)),
        ("/d", None),
        ("/e", Some(15)),
        ("/f", Some(15)),
        ("/g", Some(19)),
        ("/h", None),
        ("/i", None),
    ] {
        let at = document.places.text_at(pointer).map(|at| at.line);
        assert_eq!(at, line, "{pointer}");
    }
    assert_eq!(document.places.at("/i"), at(25, 1));
}

#[test]
fn documents_left_out_keep_their_number() {
    let documents = load("---\n---\na: 1\n", &Limits::default()).unwrap();
    assert_eq!(documents[0].index, 1);
}

#[test]
fn keys_given_twice_are_told() {
    let duplicates = |text: &str| {
        let document = load(text, &Limits::default()).unwrap().remove(0);
        let tell = |d: Duplicate| (d.pointer, d.at.to_string());
        document
            .duplicates
            .into_iter()
            .map(tell)
            .collect::<Vec<_>>()
    };
    let one = |pointer: &str, at: &str| vec![(pointer.to_owned(), at.to_owned())];
    assert_eq!(
        duplicates("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n"),
        one("/b/c", "5:3")
    );
    assert_eq!(duplicates("1: a\n'1': b\n"), one("/1", "2:1"));
    // An anchored map is one map, however often it is used; overriding what a merge brought in is no repetition.
    assert_eq!(
        duplicates("a: &a {x: 1, x: 2}\nb: *a\nc: *a\n"),
        one("/a/x", "1:14")
    );
    assert_eq!(duplicates("a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n"), []);
    assert_eq!(duplicates("b:\n  <<: {x: 1, y: 1}\n  x: 2\n  y: 2\n"), []);
    assert_eq!(
        duplicates("b:\n  <<: {x: 1}\n  x: 2\n  x: 3\n"),
        one("/b/x", "4:3")
    );
}

#[test]
fn errors_name_their_place() {
    let place = |text: &str| load(text, &Limits::default()).unwrap_err().at;
    assert_eq!(place("a: 1\nb: *nope\n"), at(2, 4));
    assert_eq!(place("a: 1\n---\nb: !!int x\n"), at(3, 10));
    assert_eq!(place("日本: \u{1}\n"), at(1, 5));
    let problem = load("a: [1\n", &Limits::default())
        .unwrap_err()
        .problem("apps/x.yaml");
    assert!(problem.place.starts_with("apps/x.yaml:"), "{problem}");
    assert_eq!(problem.kind, ProblemKind::Invalid);
}

#[test]
fn documents_before_an_error_are_kept() {
    let (documents, error) = load_until_error("a: 1\n---\nb: [\n", &Limits::default());
    assert_eq!(documents.len(), 1);
    assert!(error.is_some());
}

#[test]
fn billions_of_laughs_are_refused_before_they_cost_anything() {
    let mut text = "a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n".to_owned();
    for i in 1..30 {
        let alias = format!("*a{}", i - 1);
        text.push_str(&format!(
            "a{i}: &a{i} [{}]\n",
            [alias.as_str(); 9].join(",")
        ));
    }
    let error = load(&text, &Limits::default()).unwrap_err();
    assert_eq!(error.message, "aliases repeat too much");
    assert_eq!(error.problem("x").kind, ProblemKind::TooLarge);
}

#[test]
fn each_limit_holds() {
    let refused = |text: &str, limits: Limits| {
        let error = load(text, &limits).unwrap_err();
        assert!(error.too_large, "{error}");
    };
    let limits = Limits::default();
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        let nested = |n: usize| format!("{}x{}\n", open.repeat(n), close.repeat(n));
        assert_eq!(values(&nested(limits.max_depth)).len(), 1);
        refused(&nested(limits.max_depth + 1), limits);
        refused(&nested(100_000), limits);
    }
    // Deep by way of aliases.
    let mut text = "a0: &a0 {x: 1}\n".to_owned();
    for i in 1..200 {
        text.push_str(&format!("a{i}: &a{i} {{x: *a{}}}\n", i - 1));
    }
    refused(&text, limits);
    refused(
        "[1, 2, 3]",
        Limits {
            max_nodes: 3,
            ..limits
        },
    );
    refused(
        "[abc, def]",
        Limits {
            max_bytes: 5,
            ..limits
        },
    );
    // Much text by way of few values.
    let text = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(9000),
        ["*a"; 9000].join(",")
    );
    refused(&text, limits);
}

#[test]
fn bytes_become_text() {
    let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(order).collect::<Vec<u8>>()
    };
    let text = "a: 日本 😀\n";
    assert_eq!(decode(text.as_bytes()).unwrap(), text);
    assert_eq!(decode(format!("\u{feff}{text}").as_bytes()).unwrap(), text);
    assert_eq!(decode(&utf16(text, u16::to_le_bytes)).unwrap(), text);
    assert_eq!(decode(&utf16(text, u16::to_be_bytes)).unwrap(), text);
    assert_eq!(decode(b"").unwrap(), "");
    assert_eq!(decode(b"a: 1\nb: \xff\n").unwrap_err().at, at(2, 4));
    assert_eq!(decode(b"\xff\xfea\0\n\0\0").unwrap_err().at, at(2, 1));
    assert_eq!(decode(b"\xfe\xff\xd8\x00").unwrap_err().at, at(1, 1));
}

#[test]
fn json_is_read_with_places() {
    let document = load_json("{\n  \"a\": {\"b\": [1.0, 2.5]}\n}\n", &Limits::default()).unwrap();
    assert_eq!(document.value, json(r#"{"a": {"b": [1, 2.5]}}"#));
    assert_eq!(document.places.at("/a/b/1"), at(2, 20));
    let number = |text| load_json(text, &Limits::default()).unwrap().value;
    assert_eq!(
        number("12345678901234567890"),
        json("12345678901234567890.0")
    );
    // Not YAML as the parser knows it, but JSON: the value counts.
    assert_eq!(
        number("{\"a\": \"x\u{7f}\\/\"}"),
        json("{\"a\": \"x\u{7f}/\"}")
    );
    for (text, place) in [
        ("{\"a\": 1,}", at(1, 9)),
        ("{}\n{}", at(2, 1)),
        ("", at(1, 1)),
    ] {
        assert_eq!(
            load_json(text, &Limits::default()).unwrap_err().at,
            place,
            "{text}"
        );
    }
}
