//! What one file gives: objects, trouble, and what is passed over.

use super::*;

#[test]
fn documents_become_manifests_with_their_origin() {
    let text = "# top\n---\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: two\nspec:\n  replicas: 3\n";
    let rendered = render(&[("app/x.yaml", text)]);
    clean(&rendered);
    assert_eq!(names(&rendered), ["one", "two"]);
    let two = &rendered.manifests[1];
    assert_eq!(two.gvk.to_string(), "apps/v1 Deployment");
    assert_eq!(two.origin.file, path("app/x.yaml"));
    assert_eq!(two.origin.start.to_string(), "8:1");
    let replicas = two.origin.places.at("/spec/replicas").unwrap();
    assert_eq!(replicas.to_string(), "13:3");
}

#[test]
fn lists_are_flattened_and_keep_places() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: one}\n- apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: two\n---\napiVersion: v1\nkind: ConfigMapList\nitems: null\n---\napiVersion: v1\nkind: List\nitems: []\n";
    let rendered = render(&[("app/x.yaml", text)]);
    clean(&rendered);
    assert_eq!(names(&rendered), ["one", "two"]);
    let two = &rendered.manifests[1].origin;
    assert_eq!(two.start.to_string(), "10:5");
    assert_eq!(two.places.at("/metadata/name").unwrap().to_string(), "13:7");

    let rendered = render(&[(
        "app/x.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- name: x\n",
    )]);
    assert_eq!(
        problems(&rendered),
        ["app/x.yaml:4:3: the manifest cannot be used: the object has no kind"]
    );
}

#[test]
fn yaml_that_is_no_manifest_is_ignored_with_a_notice() {
    for (text, why) in [
        (
            "a: 1\n",
            "1:1: the file was ignored, it holds no manifest: the object has no kind",
        ),
        (
            "- a\n",
            "1:1: the file was ignored, it holds no manifest: the document is not an object",
        ),
        ("a: {{ .Values.x }}\n", "1:5: the file was ignored"),
        (
            "kind: 5\n",
            "1:1: the file was ignored, it holds no manifest: the kind is not text",
        ),
    ] {
        let rendered = render(&[("app/values.yaml", text)]);
        assert_eq!(problems(&rendered), Vec::<String>::new(), "{text}");
        let notice = &notices(&rendered)[0];
        assert!(
            notice.starts_with(&format!("app/values.yaml:{why}")),
            "{notice}"
        );
    }
}

#[test]
fn yaml_that_was_meant_as_a_manifest_is_a_problem() {
    let good = config_map("x");
    for (text, place) in [
        (
            "apiVersion: v1\nkind: X\nmetadata:\n  name: {{ .x }}\n",
            "app/x.yaml:4:10:",
        ),
        (
            "apiVersion: v1\n# kind: X\nmetadata: {}\n",
            "app/x.yaml:1:1:",
        ),
        (
            "\"apiVersion\": v1\n\"kind\": X\n\"metadata\": [\n",
            "app/x.yaml:",
        ),
        (&format!("{good}---\na: 1\n"), "app/x.yaml:6:1:"),
        (&format!("{good}---\n]\n"), "app/x.yaml:6:1:"),
        (&format!("a: 1\n---\n{good}"), "app/x.yaml:1:1:"),
        (
            "kind: ConfigMap\nmetadata: {}\n#apiVersion:",
            "app/x.yaml:1:1:",
        ),
    ] {
        let rendered = render(&[("app/x.yaml", text)]);
        let found = problems(&rendered);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(place), "{text}: {found:?}");
        assert_eq!(rendered.problems[0].kind, ProblemKind::Invalid);
    }
}

#[test]
fn one_bad_file_does_not_hide_the_next() {
    let rendered = render(&[
        (
            "app/a.yaml",
            "apiVersion: v1\nkind: [\nmetadata:".to_owned(),
        ),
        ("app/b.yaml", config_map("b")),
        ("app/c.json", "{".to_owned()),
    ]);
    assert_eq!(names(&rendered), ["b"]);
    assert_eq!(rendered.problems.len(), 2);
}

#[test]
fn a_json_file_holds_exactly_one_object() {
    let object = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}"#;
    let rendered = render(&[("app/x.json", object)]);
    clean(&rendered);
    assert_eq!(names(&rendered), ["x"]);
    let place = rendered.manifests[0].origin.places.at("/metadata/name");
    assert_eq!(place.unwrap().to_string(), "1:56");
    for (text, place) in [
        (format!("{object}\n{object}"), "app/x.json:2:1:"),
        (format!("[{object}]"), "app/x.json:1:1:"),
        ("{\"a\": 1}".to_owned(), "app/x.json:1:1:"),
        ("{\"a\": 1,}".to_owned(), "app/x.json:1:9:"),
        ("".to_owned(), "app/x.json:1:1:"),
        ("null".to_owned(), "app/x.json:1:1:"),
        ("a: 1".to_owned(), "app/x.json:1:1:"),
    ] {
        let found = problems(&render(&[("app/x.json", &text)]));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(place), "{text}: {found:?}");
    }
}

#[test]
fn files_with_the_skip_marker_are_passed_over() {
    let marker = "# +argocd:skip-file-rendering\n";
    let rendered = render(&[
        ("app/a.yaml", format!("{}{marker}", config_map("a"))),
        ("app/b.yaml", format!("{marker}]]")),
        ("app/c.json", format!("\"{marker}\"")),
        ("app/d.jsonnet", marker.to_owned()),
    ]);
    assert_eq!(rendered, Rendered::default());
}

#[test]
fn encodings_are_those_of_files_from_windows() {
    let text = config_map("日本").replace('\n', "\r\n");
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut tree = MemoryTree::new([("app/b.yaml", format!("\u{feff}{text}").as_str())]).unwrap();
    tree.set(&path("app/a.yaml"), utf16.into());
    let rendered = directory(&tree, &path("app"), &DirectoryOptions::default());
    clean(&rendered);
    assert_eq!(names(&rendered), ["日本", "日本"]);

    tree.set(&path("app/a.yaml"), b"a: \xff\n".to_vec().into());
    let rendered = directory(&tree, &path("app"), &DirectoryOptions::default());
    assert_eq!(
        problems(&rendered),
        ["app/a.yaml:1:4: the YAML cannot be read: the text is not UTF-8"]
    );
}

#[test]
fn what_cannot_be_rendered_says_so() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    for (file, content, summary) in [
        ("app/x.jsonnet", "{}", "trueup does not evaluate Jsonnet"),
        ("app/x.yaml", pointer, "the file is in Git LFS"),
        (
            "app/kustomization.yaml",
            "",
            "this release does not render Kustomize",
        ),
        (
            "app/Kustomization",
            "",
            "this release does not render Kustomize",
        ),
        ("app/Chart.yaml", "", "this release does not render Helm"),
    ] {
        let rendered = render(&[(file, content.to_owned()), ("app/z.yaml", config_map("z"))]);
        let [problem] = &rendered.problems[..] else {
            panic!("{file}: {rendered:?}");
        };
        assert_eq!(
            (problem.summary.as_str(), problem.place.as_str()),
            (summary, file)
        );
        assert_eq!(problem.kind, ProblemKind::Unsupported);
        assert!(!problem.hints.is_empty());
    }
}

#[test]
fn keys_given_twice_are_noticed() {
    let rendered = render(&[("app/x.yaml", format!("{}  name: other\n", config_map("x")))]);
    assert_eq!(problems(&rendered), Vec::<String>::new());
    assert_eq!(names(&rendered), ["other"]);
    assert_eq!(
        notices(&rendered),
        ["app/x.yaml:5:3: /metadata/name is given more than once, the last one holds"]
    );
}

#[test]
fn a_flood_of_faults_is_counted() {
    let text = format!("{}{}", config_map("x"), "---\na: 1\na: 2\n".repeat(1000));
    let rendered = render(&[("app/x.yaml", text)]);
    assert_eq!((rendered.problems.len(), rendered.notices.len()), (21, 21));
    assert_eq!(
        rendered.problems[20].summary,
        "980 more documents cannot be used"
    );
    let text = format!("{}data:\n{}", config_map("x"), "  k: v\n".repeat(1001));
    let rendered = render(&[("app/x.yaml", text)]);
    assert_eq!(rendered.notices.len(), 21);
    assert_eq!(
        rendered.notices[20].text,
        "980 more keys are given more than once"
    );
}

#[test]
fn a_stream_renders_to_itself() {
    let rendered = render(&[
        ("app/a.yaml", config_map("a")),
        (
            "app/b.yaml",
            format!("{}data:\n  on: 'yes'\n", config_map("b")),
        ),
    ]);
    let text = stream(&rendered.manifests);
    let expected = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\napiVersion: v1\ndata:\n  \"true\": \"yes\"\nkind: ConfigMap\nmetadata:\n  name: b\n";
    assert_eq!(text, expected);
    assert_eq!(stream(&render(&[("app/x.yaml", &text)]).manifests), text);
}
