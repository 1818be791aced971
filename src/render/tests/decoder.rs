//! Streams as `YAMLOrJSONDecoder` takes them, recorded from the very function by which Argo CD 3.6 reads files
//! (`splitYAMLOrJSON`, k8s.io/apimachinery 0.37).

use super::*;

/// `@A` is an object as JSON, `@{A` the same without its last brace, `@a` one as YAML. Names of what was read; `None`:
/// refused.
const STREAMS: &[(&str, Option<&[&str]>)] = &[
    ("@A", Some(&["a"])),
    ("@A\n@B", Some(&["a", "b"])),
    ("@A@B", Some(&["a", "b"])),
    ("@A@B@C", Some(&["a", "b", "c"])),
    ("@A\n@B\n@C\n", Some(&["a", "b", "c"])),
    ("@A\n---\n@B", Some(&["a", "b"])),
    ("@A\n@B\n---\n@C", None),
    ("@A\n---\n@b", Some(&["a", "b"])),
    ("@A\n# c\n", Some(&["a"])),
    ("@A\n@B\n# c\n", None),
    ("@A\n#c", None),
    ("@A\n#cd", Some(&["a"])),
    ("@A---\n@b", Some(&["a", "b"])),
    ("@A\n---", Some(&["a"])),
    ("@A\n--", None),
    ("@A null @B", Some(&["a", "b"])),
    ("@A\nnull\n", Some(&["a"])),
    ("@A\n@b", Some(&["a", "b"])),
    ("\n\n  @A\n@B", Some(&["a", "b"])),
    ("---\n@A", Some(&["a"])),
    (" \t\r\n@A", Some(&["a"])),
    ("@A\n{\"a\": 1}\n", None),
    ("{\"a\": 1}\n@A", None),
    ("{\"a\": 1}\n---\n@A", None),
    ("@A\n[]\n", None),
    ("@A\n5\n", None),
    (
        "{apiVersion: v1, kind: A, metadata: {name: a}}",
        Some(&["a"]),
    ),
    (
        "{apiVersion: v1, kind: A, metadata: {name: a}}\n---\n@b",
        Some(&["a", "b"]),
    ),
    (
        "@A\n{apiVersion: v1, kind: B, metadata: {name: b}}",
        Some(&["a", "b"]),
    ),
    ("@a---#comment\n@b", Some(&["a", "b"])),
    ("---#comment\n@a", None),
    ("@a--- #comment\n@b", Some(&["a", "b"])),
    ("--- #comment\n@a", Some(&["a"])),
    ("@a---\t\n@b", Some(&["a", "b"])),
    ("@a---  \r\n@b", Some(&["a", "b"])),
    ("@a--- @A\n", None),
    ("@a--- {a: 1}\n", None),
    ("--- @A\n", None),
    ("--- |\n  text\n", None),
    ("@a---a\n@b", None),
    ("@a----\n@b", None),
    ("@a---- \n", None),
    ("%YAML 1.1\n---\n@a", None),
    ("%YAML 1.2\n---\n@a", None),
    ("%TAG ! tag:x,2000:\n---\n@a", None),
    ("# c\n%YAML 1.1\n---\n@a", None),
    ("@aa: \"x\\/y\"\n", None),
    (
        "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"a\\/b\"}}",
        Some(&["a/b"]),
    ),
    (
        "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"a\\/b\"}}\n@B",
        Some(&["a/b", "b"]),
    ),
    (
        "# c\n{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"a\\/b\"}}",
        None,
    ),
    ("@aa: 'x\\/y'\n", Some(&["a"])),
    ("@aa: \"\\\\/\"\n", Some(&["a"])),
    ("@a\"a\\/\": 1\n", None),
    (
        "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"\\ud83d\\ude00\"}}",
        Some(&["😀"]),
    ),
    (
        "# c\n{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"\\ud83d\\ude00\"}}",
        None,
    ),
    ("@aa: |\n  x", Some(&["a"])),
    ("@aa: |+\n  x", Some(&["a"])),
    ("@aa: x", Some(&["a"])),
    ("@aa: >\n  x", Some(&["a"])),
    ("@aa: |-\n  x", Some(&["a"])),
    ("@aa: |\n  x\n---\n@b", Some(&["a", "b"])),
    ("@aa: |+\n  x\n\n---\n@b", Some(&["a", "b"])),
    ("@aa: |\n  x\n\n\n", Some(&["a"])),
    ("@a...\n---\n@b", Some(&["a", "b"])),
    ("@a...\n", Some(&["a"])),
    ("@a...\n# c\n", Some(&["a"])),
    ("...\n@a", None),
    ("@a... # c\n---\n@b", Some(&["a", "b"])),
    ("---\n---\n@a", Some(&["a"])),
    ("---\n\n---\n@a", Some(&["a"])),
    ("---\n# c\n---\n@a---\n---\n", Some(&["a"])),
    ("", Some(&[])),
    ("---", Some(&[])),
    ("---\n", Some(&[])),
    ("\n---\n---\n", Some(&[])),
    ("@a---\nnull\n---\n~\n---\n@b", Some(&["a", "b"])),
    ("@a---\n\u{feff}@b", Some(&["a", "b"])),
    ("\u{feff}@a---\n\u{feff}@b", Some(&["a", "b"])),
    ("---\n\u{feff}@a", Some(&["a"])),
    ("\u{feff}---\n@a", Some(&["a"])),
    ("@a---\n---\n\u{feff}@b", Some(&["a", "b"])),
    ("@a  --- x\n", None),
    ("@aa: |\n  ---\n  x\n", Some(&["a"])),
    ("@aa: |\n---\n  x\n", None),
    ("a: '\n---\n'\n", None),
    ("@aa: b\n ---\n c\n", Some(&["a"])),
    ("@aa: \"x\n--- y\n z\"\n", None),
    (
        "apiVersion: v1\r\nkind: A\r\nmetadata: {name: a}\r\n---\r\napiVersion: v1\r\nkind: B\r\nmetadata: {name: b}\r\n",
        Some(&["a", "b"]),
    ),
    (
        "apiVersion: v1\rkind: A\rmetadata: {name: a}\r",
        Some(&["a"]),
    ),
    ("@a--- !foo\n@b", None),
    ("@a--- &a\n@b", None),
    ("--- !!map\n@a", None),
    ("@a---\n\u{1}\n", None),
    ("@a\u{7}", None),
    (
        "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"a\u{7f}\"}}",
        Some(&["a\u{7f}"]),
    ),
    (
        "@A\n{\"apiVersion\":\"v1\",\"kind\":\"B\",\"metadata\":{\"name\":\"b\u{7f}\"}}",
        Some(&["a", "b\u{7f}"]),
    ),
    ("@a---\na: 1\n", None),
    ("a: 1\n---\n@a", None),
    ("@a---\n- 1\n", None),
    ("@a---\nfoo\n", None),
    ("@a---\n]\n", None),
    ("@ax: &a 1\n---\n@by: *a\n", None),
    ("[@A]", None),
    ("[@A,@B]", None),
    ("@A,@B", None),
    ("@A;", None),
    ("@A # c", None),
    ("@A   #  c\n", Some(&["a"])),
    ("@A\n\n\n---\n@b", Some(&["a", "b"])),
    ("@A\n  \n---\n@b", Some(&["a", "b"])),
    ("@A  ---\n@b", Some(&["a", "b"])),
    ("@A\n ---\n@b", None),
    ("@4090@A@B", Some(&["a", "b"])),
    ("{\n", None),
    ("{", None),
    ("{}", None),
    ("{} {}", None),
    (
        "{\"apiVersion\":\"v1\",,\"kind\":\"A\",\"metadata\":{\"name\":\"a\"}}",
        None,
    ),
    ("@{A,}", Some(&["a"])),
    (
        "@{A,\"a\": 12345678901234567890, \"b\": 1.0, \"c\": 1e3, \"d\": 0.1}@B",
        Some(&["a", "b"]),
    ),
    ("@{A,\"a\": NaN}", Some(&["a"])),
    ("@{A,\"a\": 01}", Some(&["a"])),
    ("@{A,\"a\": 'x'}", Some(&["a"])),
    ("@{A,\"a\":\t\"x\ty\"}", Some(&["a"])),
    ("@{A,\"a\": \"x\n  y\"}", Some(&["a"])),
    ("@{A,\"a\": yes}", Some(&["a"])),
    ("@A\n@{B,\"a\": yes}", Some(&["a", "b"])),
    ("@A\n@B\n@{C,\"a\": yes}", None),
    ("// c\n@A", None),
    ("/* c */@A", None),
    ("@A\n// c\n", None),
    ("@A\n%YAML 1.1\n---\n@b", None),
    ("@a---\n...\n", None),
    ("...\n", None),
    ("# c\n...\n", None),
];

/// Of these Kubernetes drops a part without a word, or half a character. Here they are refused.
const STRICTER: &[&str] = &[
    "# c\n@A\n@B",
    "---\n@A\n@B",
    "{apiVersion: v1, kind: A, metadata: {name: a}}\n{apiVersion: v1, kind: B, metadata: {name: b}}",
    "@a...\n%YAML 1.1\n---\n@b",
    "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"\\ud83d\"}}",
    "@a...\n@b",
    "---\n...\n@a",
    "@a...\ngarbage: [\n",
    "apiVersion: v1\rkind: A\rmetadata: {name: a}\r---\rapiVersion: v1\rkind: B\rmetadata: {name: b}\r",
    "@4096@A\n@B",
];

fn spelled(text: &str) -> String {
    let mut out = text.to_owned();
    for upper in ["A", "B", "C"] {
        let lower = upper.to_lowercase();
        let open =
            format!(r#"{{"apiVersion":"v1","kind":"{upper}","metadata":{{"name":"{lower}"}}"#);
        let yaml = format!("apiVersion: v1\nkind: {upper}\nmetadata: {{name: {lower}}}\n");
        out = out.replace(&format!("@{upper}"), &format!("{open}}}"));
        out = out.replace(&format!("@{{{upper}"), &open);
        out = out.replace(&format!("@{lower}"), &yaml);
    }
    out.replace("@4090", &" ".repeat(4090))
        .replace("@4096", &" ".repeat(4096))
}

#[test]
fn streams_are_cut_as_argo_cd_cuts_them() {
    let stricter = STRICTER.iter().map(|text| (text, &None));
    let all = STREAMS.iter().map(|(text, read)| (text, read));
    for (text, expected) in all.chain(stricter) {
        let rendered = render(&[("app/x.yaml", spelled(text))]);
        let told = [problems(&rendered), notices(&rendered)].concat();
        match expected {
            Some(read) => {
                assert_eq!(told, Vec::<String>::new(), "{text:?}");
                assert_eq!(names(&rendered), *read, "{text:?}");
            }
            None => assert_ne!(told, Vec::<String>::new(), "{text:?}"),
        }
    }
}

#[test]
fn objects_one_after_another_know_their_places() {
    for (text, places) in [
        ("\n@A @B\n", [["2:1", "2:43"], ["2:56", "2:98"]]),
        ("@A\n---\n# x\n@b", [["1:1", "1:43"], ["4:1", "6:12"]]),
    ] {
        let rendered = render(&[("app/x.yaml", spelled(text))]);
        clean(&rendered);
        let found = rendered.manifests.iter().map(|m| {
            let name = m.origin.places.at("/metadata/name").unwrap_or_default();
            [m.origin.start.to_string(), name.to_string()]
        });
        assert_eq!(found.collect::<Vec<_>>(), places, "{text:?}");
    }
    let rendered = render(&[("app/x.yaml", spelled("@A\n@b---\n@B\n--- x\n"))]);
    assert_eq!(
        problems(&rendered),
        [
            "app/x.yaml:7:1: the YAML cannot be read: Kubernetes takes nothing but a comment behind `---`; put it on the next line"
        ]
    );
}
