//! What is written is what go-yaml v2 writes, and reads back the same.

use proptest::prelude::*;

use super::*;

/// Texts as `sigs.k8s.io/yaml` writes them, recorded from it.
const WRITTEN: &[(&str, &str)] = &[
    (
        r#"{"b":1,"a":{"c":[1,{"d":null,"e":[]}],"f":{}}}"#,
        "a:\n  c:\n  - 1\n  - d: null\n    e: []\n  f: {}\nb: 1\n",
    ),
    (
        r#"[[1,[2]],[{"a":{"b":1}}],[]]"#,
        "- - 1\n  - - 2\n- - a:\n      b: 1\n- []\n",
    ),
    (
        r#"{"a10":1,"a9":2,"a":3,"A":4,"_":5,"1":6,"10":7,"2":8,"a01":9}"#,
        "_: 5\n\"1\": 6\n\"2\": 8\n\"10\": 7\nA: 4\na: 3\na01: 9\na9: 2\na10: 1\n",
    ),
    (
        r#"{"a":"x\ny\n","b":"x\n\ny","c":"x\n\n","d":" x\ny","e":"\n","f":"x \ny","g":"x\n\ty"}"#,
        "a: |\n  x\n  y\nb: |-\n  x\n\n  y\nc: |+\n  x\n\nd: |2-\n   x\n  y\ne: |2+\n\nf: \"x \\ny\"\ng: \"x\\n\\ty\"\n",
    ),
    (
        r#"["y","no","0644","1_000","1e3",".5","12:30","2001-01-01","~","null","","=",".","0o8","1.2.3"]"#,
        "- \"y\"\n- \"no\"\n- \"0644\"\n- \"1_000\"\n- \"1e3\"\n- \".5\"\n- \"12:30\"\n- \"2001-01-01\"\n- \"~\"\n- \"null\"\n- \"\"\n- =\n- .\n- 0o8\n- 1.2.3\n",
    ),
    (
        r#"["a: b","a:b","a #b","a#b","- a","-a","? a","?a","[a","{a","a]","*a","&a","!a","|a","'a","\"a","%a","@a","`a","---","--- a","..."," a","a ",",a","a:"]"#,
        "- 'a: b'\n- a:b\n- 'a #b'\n- a#b\n- '- a'\n- -a\n- '? a'\n- ?a\n- '[a'\n- '{a'\n- a]\n- '*a'\n- '&a'\n- '!a'\n- '|a'\n- '''a'\n- '\"a'\n- '%a'\n- '@a'\n- '`a'\n- '---'\n- '--- a'\n- '...'\n- ' a'\n- 'a '\n- ',a'\n- 'a:'\n",
    ),
    (
        r#"["日本","😀","\u0001","a\tb","é","\u00a0"]"#,
        "- 日本\n- \"\\U0001F600\"\n- \"\\x01\"\n- \"a\\tb\"\n- é\n- \u{a0}\n",
    ),
    (
        r#"[1.5,1234567.5,1e21,-1,0.00001,12345678901234567890,true,null]"#,
        "- 1.5\n- 1.2345675e+06\n- 1e+21\n- -1\n- 1e-05\n- 12345678901234567890\n- true\n- null\n",
    ),
    ("{}", "{}\n"),
    ("[]", "[]\n"),
    (r#""yes""#, "\"yes\"\n"),
    ("null", "null\n"),
];

#[test]
fn text_is_written_as_kubernetes_writes_it() {
    for (value, text) in WRITTEN {
        assert_eq!(emit(&json(value)), *text);
    }
}

#[test]
fn a_long_line_stays_one_line() {
    let long = vec!["word"; 100].join(" ");
    assert_eq!(
        emit(&serde_json::json!({ "a": &long })),
        format!("a: {long}\n")
    );
}

#[test]
fn a_key_like_a_merge_key_stays_a_key() {
    let value = serde_json::json!({"<<": {"a": 1}});
    assert_eq!(values(&emit(&value)), [value]);
}

#[test]
fn lines_know_their_field() {
    let value = json(r#"{"a/b":{"c":[{"d":1,"e":"x\n\ny"},[2]]}}"#);
    let lines: Vec<_> = emit_lines(&value)
        .into_iter()
        .map(|l| (l.indent, l.text, l.pointer))
        .collect();
    let expected = [
        (0, "a/b:", "/a~1b"),
        (2, "c:", "/a~1b/c"),
        (2, "- d: 1", "/a~1b/c/0/d"),
        (4, "e: |-", "/a~1b/c/0/e"),
        (6, "x", "/a~1b/c/0/e"),
        (0, "", "/a~1b/c/0/e"),
        (6, "y", "/a~1b/c/0/e"),
        (2, "- - 2", "/a~1b/c/1/0"),
    ]
    .map(|(indent, text, pointer)| (indent, text.to_owned(), pointer.to_owned()));
    assert_eq!(lines, expected);
}

#[test]
fn a_scalar_is_one_line() {
    for (value, text) in [
        (r#""a\nb""#, r#""a\nb""#),
        (r#""yes""#, r#""yes""#),
        (r#""it's: x""#, "'it''s: x'"),
        ("{}", "{}"),
        ("[]", "[]"),
        ("null", "null"),
        (r#"{"a":[1,"x\n"]}"#, r#"{"a":[1,"x\n"]}"#),
    ] {
        assert_eq!(scalar(&json(value)), text);
    }
}

fn nasty_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "b c",
        "yes",
        "n",
        "~",
        "null",
        "0644",
        "0x1f",
        "1e3",
        ".inf",
        "12:30",
        "2001-01-01",
        "- ",
        "-",
        "? ",
        "?",
        ": ",
        ":",
        " #",
        "#",
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "\r",
        "'",
        "\"",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "---",
        "...",
        "=",
        "<<",
        "é",
        "日本",
        "😀",
        "\u{85}",
        "\u{a0}",
        "\u{1}",
        "\u{7f}",
        "\u{feff}",
        "\u{2028}",
        "\u{2029}",
        "\u{fffe}",
        "\0",
        "\u{1b}",
        "/",
        "~1",
    ]);
    prop_oneof![
        4 => prop::collection::vec(pieces, 0..6).prop_map(|p| p.concat()),
        1 => any::<String>(),
        1 => "[a-z]{120,140}",
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        // Floats without fraction come back as integers, as in Kubernetes.
        any::<f64>()
            .prop_filter("a fraction", |f| f.fract() != 0.0)
            .prop_map(Value::from),
        nasty_text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map(nasty_text(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let text = emit(&value);
        let back = values(&text);
        let expected = if value.is_null() { vec![] } else { vec![value] };
        prop_assert_eq!(back, expected, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-a:#?|>'\"{}\\[\\],&*! \n\t~<0]{0,40}") {
        // Whatever is read can be written and read again.
        if let Ok(documents) = load(&text, &Limits::default()) {
            for document in documents {
                prop_assert_eq!(values(&emit(&document.value)), vec![document.value]);
            }
        }
    }

    #[test]
    fn a_scalar_never_breaks_its_line(text in nasty_text()) {
        let line = scalar(&Value::String(text.clone()));
        let breaks = line.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        prop_assert!(!breaks, "{}", line);
        prop_assert_eq!(values(&format!("a: {line}\n")), vec![serde_json::json!({ "a": text })]);
    }
}

#[test]
fn fields_stand_in_the_order_of_their_file() {
    use crate::domain::{Places, Position};
    let at = |line| Position { line, column: 1 };
    let places = Places::new([
        ("/kind", at(1)),
        ("/apiVersion", at(2)),
        ("/spec", at(3)),
        ("/spec/z", at(4)),
        ("/spec/a", at(5)),
    ]);
    let value =
        serde_json::json!({"apiVersion": "v1", "added": 1, "kind": "X", "spec": {"a": 1, "z": 2}});
    let lines: Vec<String> = emit_lines_placed(&value, &places)
        .into_iter()
        .map(|line| line.text)
        .collect();
    assert_eq!(
        lines,
        [
            "kind: X",
            "apiVersion: v1",
            "spec:",
            "z: 2",
            "a: 1",
            "added: 1"
        ]
    );
}
