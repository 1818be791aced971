//! Which files of a directory are read, and where links, submodules and limits come in.

use super::super::glob::Glob;
use super::*;

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
    changed.set(&path("tools/c.yaml"), "a new sibling".into());
    assert!(unchanged(&changed));
    changed.set(&path("app/a.yaml"), "y".into());
    assert!(!unchanged(&changed));
    let mut more = tree.clone();
    more.set(&path("app/new.yaml"), "y".into());
    assert!(!unchanged(&more));
    assert_eq!(tree.kind(&path("app/new.yaml")), Ok(None));
}
