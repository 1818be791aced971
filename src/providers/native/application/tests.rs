//! `Application` manifests as Apps, and what cannot be honoured.

use std::sync::Arc;

use super::*;
use crate::domain::{Gvk, Origin, Places, Position, app::Propagation};
use crate::providers::native::destination::ContextRef;

/// A manifest whose field at `pointer` stands at line 7, column 3.
fn manifest(yaml: &str, pointer: &str) -> Manifest {
    let value: Value = serde_yaml::from_str(yaml).unwrap();
    Manifest {
        gvk: Gvk::of(&value).unwrap(),
        value: Arc::new(value),
        origin: Origin {
            file: RepoPath::parse("apps/shop.yaml").unwrap(),
            document: 0,
            start: Position { line: 1, column: 1 },
            places: Arc::new(Places::new([(pointer, Position { line: 7, column: 3 })])),
        },
    }
}

fn contexts() -> Contexts {
    Contexts {
        known: vec![ContextRef {
            name: "dev".into(),
            cluster: "kind".into(),
            server: "https://dev:6443".into(),
            namespace: "elsewhere".into(),
            current: true,
        }],
        ..Contexts::default()
    }
}

fn read(spec: &str) -> App {
    read_at(spec, "/none")
}

fn read_at(spec: &str, pointer: &str) -> App {
    let yaml = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: shop, namespace: argocd, \
         finalizers: [resources-finalizer.argocd.argoproj.io]}}\nspec:\n{spec}"
    );
    application(&manifest(&yaml, pointer), &contexts(), &Home::default()).unwrap()
}

const PLAIN: &str = "
  destination: {server: 'https://dev:6443', namespace: shop}
  source: {repoURL: https://git.example.com/shop.git, path: deploy}
";

#[test]
fn a_whole_application_is_read() {
    let app = read(
        "
  project: web
  destination: {name: kind, namespace: shop}
  source:
    repoURL: git@git.example.com:acme/shop.git
    targetRevision: ^1.2
    path: ./deploy/
    directory: {recurse: true, include: '*.yaml', exclude: 'test*'}
  syncPolicy:
    syncOptions: [CreateNamespace=true, PruneLast=true, PrunePropagationPolicy=background]
    retry: {limit: 3}
  ignoreDifferences:
  - group: apps
    kind: Deployment
    name: web
    jsonPointers: [/spec/replicas]
    managedFieldsManagers: [hpa]
  revisionHistoryLimit: 3
  info: [{name: a, value: b}]
",
    );
    assert_eq!(app.problems, []);
    assert_eq!(app.notices, []);
    assert_eq!(app.id.to_string(), "dev/shop/shop");
    assert_eq!(app.project, "web");
    assert_eq!(
        app.source.repository,
        Repository::Remote("git@git.example.com:acme/shop.git".into())
    );
    assert_eq!(app.source.revision, Revision::Named("^1.2".into()));
    assert_eq!(app.source.path.as_str(), "deploy");
    assert_eq!(
        app.source.directory,
        DirectoryOptions {
            recurse: true,
            include: "*.yaml".into(),
            exclude: "test*".into()
        }
    );
    assert!(app.sync.create_namespace && app.sync.prune_last);
    assert_eq!(app.sync.propagation, Propagation::Background);
    assert_eq!(app.ignore[0].json_pointers, ["/spec/replicas"]);
    assert_eq!(app.ignore[0].managers, ["hpa"]);
    assert_eq!(app.history_limit, 3);
    assert_eq!(app.defined_at, "apps/shop.yaml:1:1");
    assert!(!app.discovered);
}

#[test]
fn defaults_are_argo_cds() {
    let app = read(PLAIN);
    assert_eq!(app.project, "default");
    assert_eq!(app.source.revision, Revision::Head);
    assert_eq!(app.history_limit, 10);
    assert!(app.problems.is_empty() && app.notices.is_empty());
}

#[test]
fn a_branch_called_worktree_is_a_branch() {
    let app = read(
        "
  destination: {name: dev, namespace: shop}
  source: {repoURL: 'https://h/x', path: ., targetRevision: worktree}
",
    );
    assert_eq!(app.source.revision, Revision::Named("worktree".into()));
    assert!(app.source.path.is_root());
}

#[test]
fn the_empty_jsonnet_that_argo_cd_writes_means_nothing() {
    let app = read(
        "
  destination: {name: dev, namespace: shop}
  source: {repoURL: 'https://h/x', path: ., directory: {jsonnet: {}, recurse: true}}
",
    );
    assert_eq!((app.problems, app.notices), (vec![], vec![]));
    assert!(app.source.directory.recurse);
}

#[test]
fn what_cannot_be_honoured_is_named() {
    let source = "repoURL: https://h/x, path: a";
    for (spec, pointer, field) in [
        (
            format!("source: {{{source}, helm: {{}}}}"),
            "/spec/source/helm",
            "spec.source.helm",
        ),
        (
            format!("source: {{{source}, helm: {{values: x}}}}"),
            "/spec/source/helm",
            "spec.source.helm",
        ),
        (
            format!("source: {{{source}, kustomize: {{namePrefix: x}}}}"),
            "/spec/source/kustomize",
            "spec.source.kustomize",
        ),
        (
            format!("source: {{{source}, plugin: {{name: x}}}}"),
            "/spec/source/plugin",
            "spec.source.plugin",
        ),
        (
            "source: {repoURL: 'https://h', chart: x}".to_owned(),
            "/spec/source/chart",
            "spec.source.chart",
        ),
        (
            format!("source: {{{source}, directory: {{jsonnet: {{libs: [x]}}}}}}"),
            "/spec/source/directory/jsonnet/libs",
            "spec.source.directory.jsonnet.libs",
        ),
        (
            format!("sources: [{{{source}}}, {{{source}}}]"),
            "/spec/sources",
            "spec.sources",
        ),
        (
            format!("sources: [{{{source}, ref: values}}]"),
            "/spec/sources/0/ref",
            "spec.sources[0].ref",
        ),
        (
            format!("source: {{{source}}}\n  sourceHydrator: {{drySource: {{}}}}"),
            "/spec/sourceHydrator",
            "spec.sourceHydrator",
        ),
        (
            format!(
                "source: {{{source}}}\n  ignoreDifferences: [{{kind: A, jqPathExpressions: [.a]}}]"
            ),
            "/spec/ignoreDifferences/0/jqPathExpressions",
            "spec.ignoreDifferences[0].jqPathExpressions",
        ),
    ] {
        let app = read_at(
            &format!("\n  destination: {{name: dev, namespace: shop}}\n  {spec}\n"),
            pointer,
        );
        let named: Vec<_> = app
            .problems
            .iter()
            .filter(|p| {
                p.kind == ProblemKind::Unsupported && p.summary.contains(&format!("`{field}`"))
            })
            .collect();
        assert_eq!(named.len(), 1, "{spec}: {:?}", app.problems);
        assert_eq!(named[0].place, "apps/shop.yaml:7:3", "{spec}");
        assert_eq!(app.problems.len(), 1, "{spec}: {:?}", app.problems);
    }
}

#[test]
fn one_of_several_sources_is_a_source() {
    let app = read(
        "
  destination: {name: dev, namespace: shop}
  source: {repoURL: 'https://h/old', path: a}
  sources: [{repoURL: 'https://h/new', path: b}]
",
    );
    assert_eq!(app.problems, []);
    assert_eq!(app.source.path.as_str(), "b");
}

#[test]
fn mistakes_are_problems_of_the_app() {
    for (spec, expected) in [
        (
            "destination: {name: dev, namespace: shop}",
            "the source has no repoURL",
        ),
        (
            "destination: {name: gone, namespace: shop}\n  source: {repoURL: 'https://h', path: a}",
            "is called gone",
        ),
        (
            "source: {repoURL: 'https://h', path: a}",
            "the destination names no cluster",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'https://h', path: ../a}",
            "the path leaves the repository",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'https://h', path: /a}",
            "the path leaves the repository",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'https://h'}",
            "the source has no path",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: shop, path: a}",
            "neither a URL nor an absolute path",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'oci://h/x', path: a}",
            "cannot be honoured",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'https://h', path: a, directory: {recurse: 'yes'}}",
            "`spec.source.directory.recurse` is not true or false",
        ),
        (
            "destination: dev\n  source: {repoURL: 'https://h', path: a}",
            "`spec.destination` is not a map",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'https://h', path: a}\n  revisionHistoryLimit: -1",
            "`spec.revisionHistoryLimit` is not a number",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'https://h', path: a}\n  ignoreDifferences: [{kind: A, jsonPointers: [spec]}]",
            "`spec` is not a JSON pointer",
        ),
        (
            "destination: {name: dev}\n  source: {repoURL: 'https://h', path: a}\n  syncPolicy: {syncOptions: Prune=false}",
            "is not a list of texts",
        ),
    ] {
        let app = read(&format!("\n  {spec}\n"));
        assert!(
            app.problems.iter().any(|p| p.summary.contains(expected)),
            "{spec}: {:?}",
            app.problems
        );
    }
}

#[test]
fn notices_are_said_once_each() {
    let texts = |more: &str| -> Vec<String> {
        let app = read(&format!("{PLAIN}{more}"));
        assert_eq!(app.problems, []);
        app.notices.into_iter().map(|n| n.text).collect()
    };
    assert_eq!(
        texts("  syncPolicy: {automated: {prune: true}}\n"),
        ["`spec.syncPolicy.automated`: trueup syncs when you say so"]
    );
    assert!(texts("  syncPolicy: {automated: {enabled: false}}\n").is_empty());
    assert_eq!(
        texts("  synPolicy: {}\n"),
        ["`spec.synPolicy` is not known to trueup (did you mean syncPolicy?)"]
    );
    assert_eq!(
        texts("  syncPolicy: {syncOptions: [Frobnicate=true]}\n").len(),
        1
    );
}

#[test]
fn without_a_namespace_it_is_default_whatever_the_context_says() {
    let app = read("\n  destination: {name: dev}\n  source: {repoURL: 'https://h', path: a}\n");
    assert_eq!(app.destination.namespace, "default");
    assert!(app.notices[0].text.contains("`default`"));
}

#[test]
fn other_versions_and_nameless_ones_are_no_apps() {
    let read = |yaml: &str| {
        let manifest = manifest(yaml, "/none");
        application(&manifest, &contexts(), &Home::default())
            .unwrap_err()
            .to_string()
    };
    assert!(
        read("{apiVersion: argoproj.io/v1, kind: Application, metadata: {name: a}}")
            .contains("Applications of argoproj.io/v1 are not known")
    );
    assert!(
        read("{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {generateName: a}}")
            .contains("no usable name")
    );
}
