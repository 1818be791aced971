//! Directories as Argo CD reads them.

use super::glob::Glob;
use super::*;
use crate::domain::{DirectoryOptions, MemoryEntry, MemoryTree, ProblemKind, RepoPath, Tree as _};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ";

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

fn config_map(name: &str) -> String {
    format!("{CONFIG_MAP}{name}\n")
}

/// A tree of files; a name starting with `->` as content is a link, `submodule` a submodule.
fn tree<S: AsRef<str>>(entries: &[(&str, S)]) -> MemoryTree {
    let entry = |content: &str| match (content, content.strip_prefix("->")) {
        ("submodule", _) => MemoryEntry::Submodule,
        (_, Some(target)) => MemoryEntry::Symlink(target.to_owned()),
        (content, None) => content.into(),
    };
    MemoryTree::new(entries.iter().map(|(p, c)| (*p, entry(c.as_ref())))).unwrap()
}

fn render<S: AsRef<str>>(entries: &[(&str, S)]) -> Rendered {
    directory(&tree(entries), &path("app"), &DirectoryOptions::default())
}

fn recursive() -> DirectoryOptions {
    DirectoryOptions {
        recurse: true,
        ..DirectoryOptions::default()
    }
}

fn names(rendered: &Rendered) -> Vec<&str> {
    rendered.manifests.iter().map(Manifest::name).collect()
}

/// Place, summary and causes of each problem, on one line each.
fn problems(rendered: &Rendered) -> Vec<String> {
    rendered.problems.iter().map(ToString::to_string).collect()
}

fn notices(rendered: &Rendered) -> Vec<String> {
    let line = |n: &Notice| format!("{}: {}", n.place, n.text);
    rendered.notices.iter().map(line).collect()
}

fn clean(rendered: &Rendered) {
    assert_eq!(problems(rendered), Vec::<String>::new());
    assert_eq!(notices(rendered), Vec::<String>::new());
}

#[test]
fn files_are_chosen_by_their_ending_and_read_in_order() {
    let files: Vec<(&str, String)> = [
        "app/b.yaml",
        "app/a.yml",
        "app/c.yaml.bak",
        "app/d.YAML",
        "app/README.md",
        "app/.hidden.yaml",
        "app/sub/x.yaml",
        "other/y.yaml",
    ]
    .map(|p| (p, config_map(p.rsplit('/').next().unwrap())))
    .into();
    let rendered = render(&files);
    clean(&rendered);
    assert_eq!(names(&rendered), [".hidden.yaml", "a.yml", "b.yaml"]);
}

#[test]
fn recursion_walks_directories_among_files_by_name() {
    let files: Vec<(&str, String)> = [
        "app/a.yaml",
        "app/b/z.yaml",
        "app/b.yaml",
        "app/b/a/k.yaml",
        "app/.c/d.yaml",
    ]
    .map(|p| (p, config_map(&p.replace('/', "."))))
    .into();
    let rendered = directory(&tree(&files), &path("./app/"), &recursive());
    clean(&rendered);
    assert_eq!(
        names(&rendered),
        [
            "app..c.d.yaml",
            "app.a.yaml",
            "app.b.a.k.yaml",
            "app.b.z.yaml",
            "app.b.yaml"
        ]
    );
}

#[test]
fn globs_choose_files_by_path_in_the_directory() {
    let files: Vec<(&str, String)> = [
        "app/a.yaml",
        "app/b.yaml",
        "app/sub/a.yaml",
        "app/sub/c.yaml",
    ]
    .map(|p| (p, config_map(&p["app/".len()..].replace('/', "."))))
    .into();
    let tree = tree(&files);
    for (include, exclude, expected) in [
        ("", "", vec!["a.yaml", "b.yaml", "sub.a.yaml", "sub.c.yaml"]),
        ("a.yaml", "", vec!["a.yaml"]),
        ("*a.yaml", "", vec!["a.yaml", "sub.a.yaml"]),
        ("**/*.yaml", "", vec!["sub.a.yaml", "sub.c.yaml"]),
        ("", "sub/*", vec!["a.yaml", "b.yaml"]),
        ("{a,b}.yaml", "a*", vec!["b.yaml"]),
        ("*", "*", vec![]),
    ] {
        let options = DirectoryOptions {
            include: include.to_owned(),
            exclude: exclude.to_owned(),
            ..recursive()
        };
        let rendered = directory(&tree, &path("app"), &options);
        clean(&rendered);
        assert_eq!(names(&rendered), expected, "{include} {exclude}");
    }
}

#[test]
fn a_bad_glob_is_a_problem() {
    let options = DirectoryOptions {
        exclude: "[a".to_owned(),
        ..recursive()
    };
    let rendered = directory(
        &tree(&[("app/a.yaml", config_map("a"))]),
        &path("app"),
        &options,
    );
    assert_eq!(
        problems(&rendered),
        ["directory.exclude: the pattern cannot be read: [a: a class has no closing bracket"]
    );
}

/// Recorded from gobwas/glob 0.2.3 without separators; `!` for a pattern that it refuses.
#[test]
fn globs_match_as_argo_cd_matches() {
    for (pattern, yes, no) in [
        ("*.yaml", "a.yaml a/b.yaml", "a.yml"),
        ("**/*.yaml", "a/b.yaml", "b.yaml"),
        ("a/*", "a/b/c.yaml", "b/a/c"),
        ("?.yaml", "a.yaml 語.yaml", "ab.yaml"),
        ("a?b", "a/b", "ab"),
        ("{a,b}.yaml", "a.yaml", "c.yaml"),
        ("{a*,b/*}.yaml", "b/x.yaml", "c.yaml"),
        ("{a,{b,c}}.yaml", "c.yaml", "d.yaml"),
        ("{a.yaml", "a.yaml", "{a.yaml"),
        ("a}.yaml", "a}.yaml", "a.yaml"),
        ("{,a}b", "b ab", "a"),
        ("*{a,b}*", "xxby", "xx"),
        ("{*.yml,*.yaml}", "d/f.yml", "d/f.json"),
        ("[ab].yaml", "a.yaml", "c.yaml"),
        ("[!ab].yaml", "c.yaml", "a.yaml"),
        ("[a-c].yaml", "b.yaml", "d.yaml"),
        ("[!a-c].yaml", "d.yaml", "b.yaml"),
        ("[xa-c].yaml", "-.yaml", "b.yaml"),
        ("[a-a].yaml", "a.yaml", "b.yaml"),
        ("[a\\-c]", "-", "b"),
        ("[^a]", "a ^", "b"),
        ("a].yaml", "a].yaml", "a.yaml"),
        ("\\*.yaml", "*.yaml", "a.yaml"),
        ("[\\]].yaml", "].yaml", "\\.yaml"),
        ("\\{a\\}", "{a}", "a"),
        ("{a\\,b}", "a,b", "a"),
        ("a,b", "a,b", "a"),
        ("a\\", "a", "a\\"),
        ("abc", "abc", "abcd"),
        ("./a.yaml", "./a.yaml", "a.yaml"),
    ] {
        let glob = Glob::new(pattern).unwrap();
        for text in yes.split(' ') {
            assert!(glob.matches(text), "{pattern} {text}");
        }
        assert!(!glob.matches(no), "{pattern} {no}");
    }
    assert!(Glob::new("{}").unwrap().matches(""));
    assert!(Glob::new("*").unwrap().matches(""));
    for pattern in ["[a-cx]", "[c-a]", "[]", "[!]", "[a"] {
        assert!(Glob::new(pattern).is_err(), "{pattern}");
    }
    // Bounded work, whatever the pattern.
    let hostile = Glob::new(&"{a*,*a}".repeat(50)).unwrap();
    assert!(!hostile.matches(&"a".repeat(40)));
}

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
fn a_source_that_is_set_to_be_a_directory_is_one() {
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
    let tree = tree(&[
        ("app/kustomization.yaml", kustomization.to_owned()),
        ("app/sub/kustomization.yaml", "resources: []\n".to_owned()),
        ("app/x.yaml", config_map("x")),
    ]);
    let rendered = directory(&tree, &path("app"), &recursive());
    assert_eq!(problems(&rendered), Vec::<String>::new());
    assert_eq!(rendered.manifests.len(), 2);
    assert_eq!(rendered.notices.len(), 1);
}

#[test]
fn links_stay_in_the_repository() {
    let rendered = render(&[
        ("app/a.yaml", "->../shared/real.yaml".to_owned()),
        ("app/b.yaml", "->missing.yaml".to_owned()),
        ("app/c.yaml", "->../shared".to_owned()),
        ("app/d", "->../../outside".to_owned()),
        ("app/e.yaml", "->../../outside.yaml".to_owned()),
        ("app/f.yaml", "->/etc/passwd".to_owned()),
        ("app/g.yaml", "->g.yaml".to_owned()),
        ("shared/real.yaml", config_map("real")),
    ]);
    assert_eq!(names(&rendered), ["real"]);
    assert_eq!(rendered.manifests[0].origin.file, path("shared/real.yaml"));
    assert_eq!(
        notices(&rendered),
        [
            "app/b.yaml: the symbolic link was ignored: there is no app/missing.yaml",
            "app/c.yaml: the symbolic link was ignored: shared is not a file"
        ]
    );
    let places: Vec<&str> = rendered.problems.iter().map(|p| p.place.as_str()).collect();
    assert_eq!(places, ["app/e.yaml", "app/f.yaml", "app/g.yaml"]);
}

#[test]
fn a_linked_directory_is_the_app_but_never_part_of_it() {
    let files = [
        ("app/a.yaml", config_map("a")),
        ("app/more", "->../other".to_owned()),
        ("other/b.yaml", config_map("b")),
        ("link", "->app".to_owned()),
    ];
    let rendered = directory(&tree(&files), &path("link"), &recursive());
    clean(&rendered);
    assert_eq!(names(&rendered), ["a"]);
}

#[test]
fn submodules_are_told() {
    let files = [
        ("app/a.yaml", config_map("a")),
        ("app/sub", "submodule".to_owned()),
    ];
    let tree = tree(&files);
    let with = |exclude: &str, recurse| DirectoryOptions {
        exclude: exclude.to_owned(),
        recurse,
        ..DirectoryOptions::default()
    };
    for (exclude, recurse, n_problems) in [
        ("", false, 0),
        ("", true, 1),
        ("sub/*", true, 0),
        ("sub/x.yaml", true, 1),
        ("sub/*.yaml", true, 1),
    ] {
        let rendered = directory(&tree, &path("app"), &with(exclude, recurse));
        assert_eq!(rendered.problems.len(), n_problems, "{exclude}");
    }
    for inside in ["app/sub", "app/sub/deep/er"] {
        let rendered = directory(&tree, &path(inside), &DirectoryOptions::default());
        assert_eq!(rendered.problems[0].place, "app/sub");
        assert_eq!(rendered.problems[0].kind, ProblemKind::Unsupported);
    }
}

#[test]
fn a_directory_that_is_not_there_is_a_problem() {
    let tree = tree(&[("app/a.yaml", "")]);
    for (dir, summary) in [
        ("nope", "there is no such directory"),
        ("app/nope/deeper", "there is no such directory"),
        ("app/a.yaml", "this is not a directory"),
        ("app/a.yaml/x", "this is not a directory"),
    ] {
        let rendered = directory(&tree, &path(dir), &DirectoryOptions::default());
        assert_eq!(rendered.problems[0].summary, summary, "{dir}");
        assert_eq!(rendered.problems[0].place, dir);
    }
}

#[test]
fn sizes_are_bounded() {
    let big = "#".repeat(17 << 20);
    let rendered = render(&[("app/a.yaml", big), ("app/b.yaml", config_map("b"))]);
    assert_eq!(names(&rendered), ["b"]);
    assert_eq!(rendered.problems[0].kind, ProblemKind::TooLarge);
    assert_eq!(rendered.problems[0].place, "app/a.yaml");

    let mut tree = MemoryTree::default();
    for i in 0..5 {
        let content = "#".repeat(15 << 20);
        tree.set(&path(&format!("app/{i}.yaml")), content.as_str().into());
    }
    let rendered = directory(&tree, &path("app"), &DirectoryOptions::default());
    assert_eq!(rendered.problems.len(), 1);
    assert_eq!(rendered.problems[0].place, "app/4.yaml");
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
fn a_survey_tells_apps_from_objects() {
    let application =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\n";
    let tree = tree(&[
        (
            "app/a.yaml",
            format!("{}---\n{application}", config_map("a")),
        ),
        ("app/b.jsonnet", "{}".to_owned()),
        ("app/Chart.yaml", "apiVersion: v2\n".to_owned()),
        ("app/sub/x.yaml", config_map("x")),
        ("app/link", "->sub".to_owned()),
        ("app/module", "submodule".to_owned()),
    ]);
    let found = survey(&tree, &path("app")).unwrap();
    assert_eq!(found.n_manifests, 1);
    assert_eq!(found.applications[0].name(), "shop");
    assert_eq!(found.tool, Some((Tool::Helm, "Chart.yaml".to_owned())));
    assert_eq!(found.jsonnet, ["b.jsonnet"]);
    assert_eq!(found.directories, ["sub"]);
    assert_eq!(found.submodules, ["module"]);
    assert_eq!((found.problems.len(), found.notices.len()), (1, 1));
    assert!(survey(&tree, &path("nope")).is_err());
    let root = survey(&tree, &RepoPath::root()).unwrap();
    assert_eq!(
        (root.n_manifests, root.directories),
        (0, vec!["app".to_owned()])
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

#[test]
fn rendering_reads_only_what_it_must() {
    let tree = tree(&[
        ("app/a.yaml", config_map("a")),
        ("app/notes.txt", "x".to_owned()),
        ("other/b.yaml", config_map("b")),
    ]);
    let recorder = crate::domain::Recorder::new(&tree);
    directory(&recorder, &path("app"), &DirectoryOptions::default());
    let reads = recorder.finish();
    let unchanged = |tree: &MemoryTree| crate::domain::tree::reads_unchanged(&reads, tree).unwrap();
    let mut changed = tree.clone();
    changed.set(&path("app/notes.txt"), "y".into());
    changed.set(&path("other/b.yaml"), "z".into());
    assert!(unchanged(&changed));
    changed.set(&path("app/a.yaml"), "y".into());
    assert!(!unchanged(&changed));
    let mut more = tree.clone();
    more.set(&path("app/new.yaml"), "y".into());
    assert!(!unchanged(&more));
    assert_eq!(tree.kind(&path("app/new.yaml")), Ok(None));
}
