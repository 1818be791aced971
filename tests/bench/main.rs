//! What the pure hot paths cost: reading, comparing, showing and ordering the objects of a hundred Apps.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use trueup::domain::tree::reads_unchanged;
use trueup::domain::{
    Gvk, Manifest, ObjectDrift, ObjectKey, Origin, ReadRecord, Recorder, RepoPath, Revision, Tree,
};
use trueup::drift::{Comparison, LineOptions, build, compare};
use trueup::git::Repo;
use trueup::sync::order::{Task, order};

const N_APPS: usize = 100;
const N_OBJECTS: usize = 50;

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels: {{team: shop}}\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      containers:\n      - name: web\n        image: registry.example.com/shop/{name}:1.8.2\n        ports:\n        - {{name: http, containerPort: 8080}}\n        env:\n        - {{name: LOG_LEVEL, value: info}}\n        resources:\n          requests: {{cpu: 100m, memory: 128Mi}}\n"
    )
}

/// A live object as a server gives it: with defaults, bookkeeping and the fields that trueup holds.
fn live(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": name, "namespace": "load", "uid": "7d0a", "resourceVersion": "812", "generation": 1,
            "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"team": "shop"},
            "managedFields": [{
                "manager": "trueup", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
                "time": "2026-01-01T00:00:00Z",
                "fieldsV1": {"f:metadata": {"f:labels": {"f:team": {}}}, "f:spec": {"f:replicas": {}, "f:selector": {},
                    "f:template": {"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:containers": {
                        "k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}, "f:ports": {}, "f:env": {}}}}}}},
            }],
        },
        "spec": {
            "replicas": 2, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [{
                        "name": "web", "image": format!("registry.example.com/shop/{name}:1.8.2"),
                        "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
                        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                        "env": [{"name": "LOG_LEVEL", "value": "info"}],
                        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                    }],
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                    "securityContext": {}, "terminationGracePeriodSeconds": 30,
                },
            },
        },
        "status": {"observedGeneration": 1, "replicas": 2},
    })
}

fn manifest(name: &str) -> Manifest {
    let mut documents = trueup::yaml::load(&deployment(name), &Default::default()).unwrap();
    let mut document = documents.remove(0);
    document.value["metadata"]["namespace"] = "load".into();
    Manifest {
        gvk: Gvk::from_api_version("apps/v1", "Deployment"),
        value: document.value.into(),
        origin: Origin {
            file: RepoPath::parse("web.yaml").unwrap(),
            document: 0,
            start: Default::default(),
            places: document.places.into(),
        },
    }
}

/// A comparison in which the image differs, if `edited`.
fn drift(edited: bool) -> ObjectDrift {
    let (desired, predicted) = (manifest("web"), live("web"));
    let mut live = predicted.clone();
    if edited {
        live["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/web:1.7".into();
    }
    let key = ObjectKey::new("apps", "Deployment", "load", "web");
    compare(&Comparison {
        key: &key,
        gvk: &desired.gvk,
        desired: Some(&desired),
        live: Some(&live),
        predicted: Some(&predicted),
        base: Some(&desired.value),
        conflicts: Vec::new(),
        ignore: &[],
        adopted: true,
    })
}

fn yaml(c: &mut Criterion) {
    let stream: Vec<String> = (0..N_OBJECTS)
        .map(|i| deployment(&format!("web-{i}")))
        .collect();
    let stream = stream.join("---\n");
    let mut group = c.benchmark_group("yaml");
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.bench_function("load", |b| {
        b.iter(|| trueup::yaml::load(black_box(&stream), &Default::default()).unwrap());
    });
    group.finish();
}

fn drifts(c: &mut Criterion) {
    let mut group = c.benchmark_group("drift");
    group.bench_function("compare, in sync", |b| b.iter(|| drift(false)));
    group.bench_function("compare, edited", |b| b.iter(|| drift(true)));
    let edited = drift(true);
    group.bench_function("lines", |b| {
        b.iter(|| build(black_box(&edited), &LineOptions::default()));
    });
    group.finish();
}

fn plan(c: &mut Criterion) {
    let kinds = [("", "ConfigMap"), ("", "Service"), ("apps", "Deployment")];
    let tasks: Vec<Task> = (0..N_APPS * N_OBJECTS)
        .map(|i| {
            let (group, kind) = kinds[i % kinds.len()];
            Task {
                key: ObjectKey::new(
                    group,
                    kind,
                    "load",
                    &format!("object-{:05}", i * 7919 % 5000),
                ),
                wave: (i % 3) as i32,
                prune: false,
                prune_last: false,
                defines: None,
            }
        })
        .collect();
    c.bench_function("order of 5,000 steps", |b| {
        b.iter_batched(
            || tasks.clone(),
            |tasks| order(tasks, "shop"),
            BatchSize::SmallInput,
        );
    });
}

fn git(dir: &Path, args: &[&str]) {
    let status = Command::new("git").args(args).current_dir(dir).status();
    assert!(status.unwrap().success());
}

fn render(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<RepoPath> = (0..N_APPS)
        .map(|app| RepoPath::parse(&format!("app-{app:03}")).unwrap())
        .collect();
    for path in &paths {
        let home = dir.path().join(path.to_string());
        std::fs::create_dir(&home).unwrap();
        for i in 0..N_OBJECTS {
            std::fs::write(
                home.join(format!("{i}.yaml")),
                deployment(&format!("web-{i}")),
            )
            .unwrap();
        }
    }
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "-A"]);
    git(
        dir.path(),
        &[
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=a@example.com",
            "commit",
            "-qm",
            "all",
        ],
    );
    let repo = Repo::open(dir.path()).unwrap();
    let open = || {
        let head = repo.resolve(&Revision::Head).unwrap().commit;
        repo.tree(&head).unwrap()
    };
    let all = |tree: &dyn Tree| -> Vec<Vec<ReadRecord>> {
        let one = |path: &RepoPath| {
            let recorder = Recorder::new(tree);
            let rendered = trueup::render::directory(&recorder, path, &Default::default());
            assert_eq!(rendered.manifests.len(), N_OBJECTS);
            recorder.finish()
        };
        paths.iter().map(one).collect()
    };
    let mut group = c.benchmark_group("render");
    group.sample_size(10);
    group.bench_function("100 directories, 5,000 files", |b| b.iter(|| all(&*open())));
    let reads = all(&*open());
    group.bench_function("100 directories that did not change", |b| {
        b.iter(|| {
            let tree = open();
            assert!(reads.iter().all(|r| reads_unchanged(r, &*tree).unwrap()));
        });
    });
    group.finish();
}

criterion_group!(benches, yaml, drifts, plan, render);
criterion_main!(benches);
