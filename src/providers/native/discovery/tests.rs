//! Trees of files, and the Apps that are found in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::domain::{Entry, Repository, Result};
use crate::providers::native::destination::ContextRef;

/// Files by path. A content of `->x` is a symbolic link, `@submodule` a submodule.
struct Files(BTreeMap<RepoPath, String>);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let entry =
            |(path, text): &(&str, &str)| (RepoPath::parse(path).unwrap(), (*text).to_owned());
        Self(files.iter().map(entry).collect())
    }
}

impl Tree for Files {
    fn label(&self) -> String {
        "test".into()
    }
    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>> {
        let Some(parent) = path.parent() else {
            return Ok(Some(EntryKind::Directory));
        };
        let entries = self.list(&parent)?;
        let entry = entries.into_iter().find(|e| e.name == path.name());
        Ok(entry.map(|e| e.kind))
    }
    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>> {
        let mut entries = BTreeMap::new();
        for (path, text) in &self.0 {
            if !path.is_within(directory) {
                continue;
            }
            let skip = directory.parts().count();
            let mut rest = path.parts().skip(skip);
            let Some(name) = rest.next() else { continue };
            let kind = match rest.next() {
                Some(_) => EntryKind::Directory,
                None if text == "@submodule" => EntryKind::Submodule,
                None if text.starts_with("->") => EntryKind::Symlink,
                None => EntryKind::File,
            };
            entries.insert(name.to_owned(), kind);
        }
        let entry = |(name, kind)| Entry { name, kind };
        Ok(entries.into_iter().map(entry).collect())
    }
    fn read(&self, file: &RepoPath, _: u64) -> Result<Vec<u8>> {
        Ok(self.0[file].clone().into_bytes())
    }
    fn link(&self, _: &RepoPath) -> Result<String> {
        Ok(String::new())
    }
    fn content_id(&self, _: &RepoPath) -> Result<Option<String>> {
        Ok(None)
    }
}

const OBJECT: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";

/// What looks like a manifest and is none.
const BROKEN: &str = "apiVersion: v1\nkind: {{ .Kind }}\nmetadata: x\n";

fn app_yaml(name: &str, path: &str, more: &str) -> String {
    format!(
        "{{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {{name: {name}}}, spec: {{\
         destination: {{name: dev, namespace: shop}}, source: {{repoURL: 'git@host:acme/shop.git', path: {path}{more}}}}}}}"
    )
}

fn contexts(chosen: &[&str]) -> Contexts {
    let context = |name: &str, namespace: &str, current| ContextRef {
        name: name.into(),
        namespace: namespace.into(),
        current,
        ..ContextRef::default()
    };
    Contexts {
        known: vec![context("dev", "team", true), context("prod", "", false)],
        chosen: chosen.iter().map(|c| (*c).to_owned()).collect(),
        namespace: None,
        absent: None,
    }
}

fn search(files: &[(&str, &str)], contexts: &Contexts, bindings: &[Binding]) -> Found {
    let files = Files::new(files);
    let repository = RepositoryRef::new(
        Repository::Local(PathBuf::from("/src/shop")),
        Some("https://host/acme/shop"),
    );
    discover(
        &files,
        &|directory| crate::render::directory(&files, directory, &DirectoryOptions::default()),
        &|path, _| path.as_str().starts_with("build"),
        &Surroundings {
            repository: &repository,
            prefix: "",
            revision: &Revision::Head,
            contexts,
            bindings,
            known: &[],
        },
    )
}

fn names(found: &Found) -> Vec<String> {
    found.apps.iter().map(|a| a.id.to_string()).collect()
}

#[test]
fn directories_that_directly_hold_manifests_are_apps() {
    let found = search(
        &[
            ("README.md", ""),
            ("deploy/web/a.yaml", OBJECT),
            ("deploy/web/sub/b.yaml", OBJECT),
            ("deploy/values.yaml", "{replicas: 3}"),
            ("compose/docker.yaml", "{services: {}}"),
            (".github/a.yaml", OBJECT),
            ("vendor/x/a.yaml", OBJECT),
            ("node_modules/x/a.yaml", OBJECT),
            ("build/a.yaml", OBJECT),
            (
                "kind/a.yaml",
                "{apiVersion: kind.x-k8s.io/v1alpha4, kind: Cluster, metadata: {name: a}}",
            ),
            (
                "kube/a.yaml",
                "{apiVersion: v1, kind: Config, metadata: {name: a}}",
            ),
            ("nameless/a.yaml", "{apiVersion: v1, kind: ConfigMap}"),
            (
                "list/a.yaml",
                "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}",
            ),
        ],
        &contexts(&[]),
        &[],
    );
    assert_eq!(
        names(&found),
        [
            "dev/team/deploy-web",
            "dev/team/deploy-web-sub",
            "dev/team/list"
        ]
    );
    assert!(
        found
            .apps
            .iter()
            .all(|a| a.discovered && a.problems.is_empty())
    );
    assert_eq!((found.notices.len(), found.problems.len()), (0, 0));
    let root = search(&[("a.yaml", OBJECT)], &contexts(&[]), &[]);
    assert_eq!(names(&root), ["dev/team/shop"]);
}

#[test]
fn charts_and_kustomizations_are_notices() {
    let found = search(
        &[
            ("chart/Chart.yaml", "{apiVersion: v2, name: x}"),
            ("chart/templates/a.yaml", "{{ .Values.x }}"),
            ("chart/charts/dep/a.yaml", OBJECT),
            ("kust/kustomization.yaml", "{resources: [a.yaml]}"),
            ("kust/a.yaml", OBJECT),
            ("kust/plain/a.yaml", OBJECT),
            ("mod", "@submodule"),
        ],
        &contexts(&[]),
        &[],
    );
    assert_eq!(names(&found), ["dev/team/kust-plain"]);
    let places: Vec<_> = found.notices.iter().map(|n| n.place.as_str()).collect();
    assert_eq!(places, ["chart", "kust", "mod"]);
}

#[test]
fn applications_are_apps_and_their_directories_are_not_found_twice() {
    let web = app_yaml("web", "deploy/web", "");
    let all = app_yaml("all", "tree", ", directory: {recurse: true}");
    let found = search(
        &[
            ("apps/web.yaml", &web),
            ("apps/all.yaml", &all),
            ("deploy/web/a.yaml", OBJECT),
            ("deploy/web/sub/a.yaml", OBJECT),
            ("tree/a.yaml", OBJECT),
            ("tree/x/y/a.yaml", OBJECT),
            ("other/a.yaml", OBJECT),
        ],
        &contexts(&[]),
        &[],
    );
    assert_eq!(
        names(&found),
        [
            "dev/shop/all",
            "dev/shop/web",
            "dev/team/deploy-web-sub",
            "dev/team/other"
        ]
    );
}

#[test]
fn a_directory_named_like_an_application_gets_a_name_of_its_own() {
    let web = app_yaml("web", "deploy", "");
    let found = search(
        &[
            ("apps/a.yaml", &web),
            ("web/a.yaml", OBJECT),
            ("deploy/a.yaml", OBJECT),
        ],
        &contexts(&[]),
        &[],
    );
    assert_eq!(found.apps.len(), 2);
    assert!(
        found.apps[1].id.name.starts_with("web-"),
        "{:?}",
        names(&found)
    );
}

#[test]
fn an_application_that_is_none_is_a_problem() {
    let bad = app_yaml("Bad_Name", "x", "");
    let found = search(&[("apps/a.yaml", &bad)], &contexts(&[]), &[]);
    assert!(found.apps.is_empty());
    assert!(found.problems[0].place.starts_with("apps/a.yaml:1:"));
}

#[test]
fn a_name_that_is_no_string_does_not_hide_the_app() {
    for (name, n_apps) in [("no", 1), ("7", 1), ("web", 1), ("\"\"", 0), ("", 0)] {
        let manifest = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
        let found = search(&[("web/a.yaml", &manifest)], &contexts(&[]), &[]);
        assert_eq!(found.apps.len(), n_apps, "{name:?}");
    }
}

#[test]
fn broken_files_count_where_manifests_are() {
    let found = search(
        &[
            ("templates/a.yaml", BROKEN),
            ("web/a.yaml", OBJECT),
            ("web/b.yaml", BROKEN),
        ],
        &contexts(&[]),
        &[],
    );
    // The App of `web` has the broken file as a Problem of its rendering.
    assert_eq!(names(&found), ["dev/team/web"]);
    assert_eq!(found.notices.len(), 1);
    assert!(found.notices[0].place.starts_with("templates/a.yaml"));
}

#[test]
fn an_app_does_not_vanish_because_its_only_file_does_not_parse() {
    let slip = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n";
    let found = search(
        &[
            ("web/a.yaml", slip),
            (
                "api/a.json",
                "{\"apiVersion\": \"v1\",\n \"kind\": \"ConfigMap\",\n",
            ),
            ("templates/a.yaml", BROKEN),
        ],
        &contexts(&[]),
        &[],
    );
    assert_eq!(names(&found), ["dev/team/api", "dev/team/web"]);
    assert_eq!(found.notices.len(), 1, "{:?}", found.notices);
}

#[test]
fn bindings_and_flags_decide_where_directories_go() {
    let files = [
        ("clusters/prod/web/a.yaml", OBJECT),
        ("other/a.yaml", OBJECT),
    ];
    let bind = |directory: &str, context: Option<&str>, namespace: Option<&str>| Binding {
        repository: Some("git@host:acme/shop.git".into()),
        directory: directory.into(),
        context: context.map(str::to_owned),
        namespace: namespace.map(str::to_owned),
    };
    let bindings = [
        bind("clusters/prod/*", Some("prod"), Some("web")),
        bind("clusters", Some("dev"), None),
    ];
    let found = search(&files, &contexts(&[]), &bindings);
    assert_eq!(
        names(&found),
        ["prod/web/clusters-prod-web", "dev/team/other"]
    );

    let found = search(&files, &contexts(&["prod"]), &[]);
    assert_eq!(
        names(&found),
        ["prod/default/clusters-prod-web", "prod/default/other"]
    );

    let found = search(&files, &contexts(&["prod", "dev"]), &bindings);
    assert_eq!(found.apps[0].problems, []);
    assert_eq!(found.apps[1].destination.context, "");
    assert!(
        found.apps[1].problems[0]
            .summary
            .contains("no cluster is chosen")
    );

    let mut asked = contexts(&[]);
    asked.namespace = Some("mine".into());
    let found = search(&files, &asked, &bindings);
    assert_eq!(
        names(&found),
        ["prod/web/clusters-prod-web", "dev/mine/other"]
    );

    let other = [Binding {
        repository: Some("https://host/other".into()),
        ..bindings[0].clone()
    }];
    assert_eq!(
        names(&search(&files, &contexts(&[]), &other))[0],
        "dev/team/clusters-prod-web"
    );
}

#[test]
fn one_identity_is_one_app() {
    let found = search(
        &[("a.yaml", OBJECT), ("apps/x.yaml", &app_yaml("x", "q", ""))],
        &contexts(&[]),
        &[],
    );
    let app = found.apps[0].clone();
    let mut same = app.clone();
    same.defined_at = "elsewhere.yaml:1:1".into();
    let settled = naming::distinct(vec![app.clone(), same]);
    assert_eq!(settled.len(), 1);
    assert_eq!(settled[0].problems, []);

    let mut other = app.clone();
    other.source.path = RepoPath::parse("b").unwrap();
    let settled = naming::distinct(vec![app, found.apps[1].clone(), other]);
    assert_eq!(settled.len(), 3);
    let n_problems: Vec<_> = settled.iter().map(|a| a.problems.len()).collect();
    assert_eq!(n_problems, [1, 0, 1]);
}

#[test]
fn what_is_given_as_applications_should_be_some() {
    let web = app_yaml("web", "deploy", "");
    let bad = app_yaml("Bad_Name", "deploy", "");
    let files = Files::new(&[("a.yaml", &web), ("b.yaml", OBJECT), ("c.yaml", &bad)]);
    let root = RepoPath::root();
    let rendered = crate::render::directory(&files, &root, &DirectoryOptions::default());
    let home = Home {
        prefix: "/srv/apps",
        ..Home::default()
    };
    let found = written(&rendered.manifests, &contexts(&[]), &home);
    assert_eq!(names(&found), ["dev/shop/web"]);
    assert!(found.apps[0].defined_at.starts_with("/srv/apps/a.yaml:1:"));
    assert_eq!(found.notices[0].text, "v1 ConfigMap is not an Application");
    assert!(found.problems[0].place.starts_with("/srv/apps/c.yaml:1:"));
}
