//! A small world to look at: four clusters, a shop, and drift of every sort.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use trueup::domain::app::{Propagation, SyncOptions};
use trueup::domain::plan::{Guard, PlanStep, PlannedApp};
use trueup::domain::record::{AppRecord, Outcome, RunKind};
use trueup::domain::*;
use trueup::engine::*;

/// The present of every test.
pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 86400;

pub fn commit(id: &str, summary: &str, age: i64) -> Commit {
    Commit {
        id: CommitId(format!("{id}{}", "0".repeat(40 - id.len()))),
        author: "Ada".into(),
        time: ago(age),
        summary: summary.into(),
    }
}

pub fn id(context: &str, name: &str) -> AppId {
    AppId {
        context: context.into(),
        provider: app::Provider::Native,
        namespace: "shop".into(),
        name: name.into(),
    }
}

pub fn app(context: &str, name: &str) -> App {
    App {
        id: id(context, name),
        project: "default".into(),
        source: Source {
            repository: Repository::Local("/home/ada/shop".into()),
            revision: Revision::Named("main".into()),
            path: RepoPath::parse(name).unwrap(),
            directory: DirectoryOptions::default(),
        },
        destination: Destination {
            context: context.into(),
            namespace: "shop".into(),
        },
        sync: SyncOptions::default(),
        ignore: vec![],
        history_limit: 10,
        discovered: true,
        orphaned: false,
        defined_at: String::new(),
        notices: vec![],
        problems: vec![],
    }
}

pub fn key(group: &str, kind: &str, name: &str) -> ObjectKey {
    ObjectKey::new(group, kind, "shop", name)
}

fn owner(manager: &str, age: i64) -> Owner {
    Owner {
        manager: manager.into(),
        apply: false,
        subresource: String::new(),
        time: Some(ago(age)),
    }
}

fn place(file: &str, line: u32) -> Option<(RepoPath, Position)> {
    Some((RepoPath::parse(file).unwrap(), Position { line, column: 3 }))
}

fn manifest(drift: &ObjectDrift, file: &str) -> Option<Arc<PackedManifest>> {
    let value = drift.predicted.clone().unwrap_or_else(|| {
        Arc::new(json!({
            "apiVersion": drift.gvk.api_version(), "kind": drift.key.kind,
            "metadata": {"name": drift.key.name, "namespace": drift.key.namespace},
        }))
    });
    Some(Arc::new(PackedManifest::new(&Manifest {
        gvk: drift.gvk.clone(),
        value,
        origin: Origin {
            file: RepoPath::parse(file).unwrap(),
            document: 0,
            start: Position { line: 1, column: 1 },
            places: Arc::new(Places::new([
                ("/apiVersion", Position { line: 1, column: 1 }),
                ("/kind", Position { line: 2, column: 1 }),
                ("/metadata", Position { line: 3, column: 1 }),
                ("/metadata/name", Position { line: 4, column: 3 }),
                ("/spec", Position { line: 6, column: 1 }),
                ("/spec/replicas", Position { line: 7, column: 3 }),
            ])),
        },
    })))
}

fn object(drift: ObjectDrift, health: Option<HealthStatus>, age: i64) -> Arc<ObjectView> {
    let file = format!("{}/{}.yaml", "checkout", drift.key.kind.to_lowercase());
    let manifest = (drift.verdict != Verdict::Extra)
        .then(|| manifest(&drift, &file))
        .flatten();
    let created = (drift.verdict != Verdict::Missing).then(|| ago(age));
    Arc::new(ObjectView {
        drift: Arc::new(drift),
        health: health.map(|h| Health::new(h, "")),
        created,
        manifest,
        asking: false,
    })
}

pub fn plain(group: &str, version: &str, kind: &str, name: &str, verdict: Verdict) -> ObjectDrift {
    let gvk = Gvk {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
    };
    ObjectDrift::new(key(group, kind, name), gvk, verdict)
}

fn deployment(replicas: u32, image: &str, log: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "checkout", "namespace": "shop", "labels": {"app": "checkout", "tier": "web"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "checkout"}},
            "template": {
                "metadata": {"labels": {"app": "checkout"}},
                "spec": {"containers": [{
                    "name": "checkout",
                    "image": image,
                    "env": [{"name": "LOG_LEVEL", "value": log}, {"name": "REGION", "value": "eu-central-1"}],
                    "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                    "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}},
                }]},
            },
        },
    })
}

fn container(rest: &[Step]) -> FieldPath {
    let mut path = FieldPath::fields(["spec", "template", "spec", "containers"]);
    path.0
        .push(Step::Item(vec![("name".into(), json!("checkout"))]));
    path.0.extend_from_slice(rest);
    path
}

/// A Deployment that Git moved and somebody scaled.
pub fn drifted_deployment() -> ObjectDrift {
    let mut drift = plain("apps", "v1", "Deployment", "checkout", Verdict::Drifted);
    let mut live = deployment(5, "shop/checkout:1.8", "info");
    live["metadata"]["annotations"] = json!({"team.example.com/pager": "off"});
    let mut predicted = deployment(3, "shop/checkout:1.9", "debug");
    predicted["metadata"]["annotations"] = json!({"team.example.com/pager": "off"});
    drift.fields = vec![
        FieldDrift {
            path: FieldPath::fields(["spec", "replicas"]),
            live: Some(json!(5)),
            predicted: Some(json!(3)),
            cause: Cause::Cluster,
            owners: vec![Owner {
                subresource: "scale".into(),
                ..owner("kubectl", 2 * MINUTE)
            }],
            place: place("checkout/deployment.yaml", 7),
            text: None,
        },
        FieldDrift {
            path: container(&[
                Step::Field("env".into()),
                Step::Item(vec![("name".into(), json!("LOG_LEVEL"))]),
                Step::Field("value".into()),
            ]),
            live: Some(json!("info")),
            predicted: Some(json!("debug")),
            cause: Cause::Git,
            owners: vec![owner("trueup", 21 * DAY)],
            place: place("checkout/deployment.yaml", 24),
            text: None,
        },
        FieldDrift {
            path: container(&[Step::Field("image".into())]),
            live: Some(json!("shop/checkout:1.8")),
            predicted: Some(json!("shop/checkout:1.9")),
            cause: Cause::Git,
            owners: vec![owner("trueup", 21 * DAY)],
            place: place("checkout/deployment.yaml", 21),
            text: None,
        },
    ];
    let mut annotation = FieldPath::fields(["metadata", "annotations"]);
    annotation
        .0
        .push(Step::Field("team.example.com/pager".into()));
    drift.foreign = vec![Foreign {
        path: annotation,
        value: json!("off"),
        owner: owner("kubectl-edit", 3 * HOUR),
    }];
    drift.live = Some(Arc::new(live));
    drift.predicted = Some(Arc::new(predicted));
    drift
}

fn missing_config() -> ObjectDrift {
    let mut drift = plain("", "v1", "ConfigMap", "checkout-env", Verdict::Missing);
    drift.predicted = Some(Arc::new(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "checkout-env", "namespace": "shop"},
        "data": {"CURRENCY": "EUR", "app.properties": "timeout=30\nretries=2\n"},
    })));
    drift
}

fn extra_service() -> ObjectDrift {
    let mut drift = plain("", "v1", "Service", "checkout-old", Verdict::Extra);
    drift.live = Some(Arc::new(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "checkout-old", "namespace": "shop"},
        "spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}], "selector": {"app": "old"}},
    })));
    drift
}

fn refused_quota() -> ObjectDrift {
    plain("batch", "v1", "CronJob", "checkout-report", Verdict::Refused).with_problem(
        Problem::new(ProblemKind::Rejected, "the server does not take this object")
            .at("CronJob/checkout-report")
            .because("CronJob.batch \"checkout-report\" is invalid: spec.schedule: Invalid value: \"every day\": expected exactly 5 fields")
            .hint("Correct spec.schedule in checkout/cronjob.yaml."),
    )
}

fn secret() -> ObjectDrift {
    let mut drift = plain("", "v1", "Secret", "checkout-db", Verdict::Drifted);
    let of = |password: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "checkout-db", "namespace": "shop"},
            "data": {"password": password, "user": "YWRh"},
        })
    };
    drift.fields = vec![FieldDrift {
        path: FieldPath::fields(["data", "password"]),
        live: Some(json!("aHVudGVyMg==")),
        predicted: Some(json!("c3dvcmRmaXNo")),
        cause: Cause::Both,
        owners: vec![owner("kubectl-patch", 40 * MINUTE)],
        place: place("checkout/secret.yaml", 8),
        text: None,
    }];
    drift.live = Some(Arc::new(of("aHVudGVyMg==")));
    drift.predicted = Some(Arc::new(of("c3dvcmRmaXNo")));
    drift
}

pub fn record(id: u64, commit: &str, message: &str, age: i64) -> SyncRecord {
    SyncRecord {
        id,
        kind: RunKind::Sync,
        commit: CommitId(format!("{commit}{}", "0".repeat(40 - commit.len()))),
        revision: "main".into(),
        repository: "https://git.example.com/shop".into(),
        path: "checkout".into(),
        message: message.into(),
        who: "ada@laptop".into(),
        started: ago(age),
        finished: Some(ago(age - 4)),
        outcome: Outcome::Succeeded,
        reason: String::new(),
        applied: 6,
        pruned: 0,
        failed: 0,
        not_run: 0,
        selective: false,
    }
}

fn history() -> AppRecord {
    let mut failed = record(3, "9be1d40", "move to the new queue", 30 * DAY);
    failed.outcome = Outcome::Failed;
    failed.reason = "Deployment/shop/checkout: image not found".into();
    AppRecord {
        history: vec![
            record(2, "77c0de1", "start the shop", 44 * DAY),
            failed,
            record(4, "81d0aa1", "two replicas more", 21 * DAY),
        ],
        inventory: Inventory(BTreeSet::from([
            key("apps", "Deployment", "checkout"),
            key("", "Service", "checkout"),
            key("", "Service", "checkout-old"),
        ])),
    }
}

pub fn count(objects: &[Arc<ObjectView>]) -> Counts {
    let n = |f: &dyn Fn(&ObjectDrift) -> bool| objects.iter().filter(|o| f(&o.drift)).count();
    let by = |cause: Cause| {
        n(&|d: &ObjectDrift| {
            d.fields
                .iter()
                .any(|f| f.cause == cause || f.cause == Cause::Both)
        })
    };
    Counts {
        objects: objects.len(),
        drifted: n(&|d| d.is_drift()),
        changed: n(&|d| d.verdict == Verdict::Drifted),
        missing: n(&|d| d.verdict == Verdict::Missing),
        extra: n(&|d| d.verdict == Verdict::Extra),
        refused: n(&|d| d.verdict == Verdict::Refused),
        unknown: n(&|d| d.verdict == Verdict::Unknown),
        git: by(Cause::Git),
        cluster: by(Cause::Cluster),
        foreign: objects.iter().map(|o| o.drift.foreign.len()).sum(),
        overridden: objects.iter().map(|o| o.drift.overridden.len()).sum(),
        unconfirmed: n(&|d| !d.confirmed),
    }
}

pub fn view(app: App, sync: SyncStatus, health: Option<HealthStatus>) -> AppView {
    AppView {
        app: Arc::new(app),
        state: AppState::Managed,
        unresolved: None,
        target: Some(Target {
            revision: Revision::Named("main".into()),
            name: "main".into(),
            commit: commit("4f2c1e9", "bump checkout to 1.9", 2 * HOUR),
            uncommitted: 0,
            override_of: None,
            unpushed: false,
            behind: 0,
        }),
        sync,
        counts: Counts::default(),
        health: health.map(|h| Health::new(h, "")),
        objects: vec![],
        rendered: Arc::default(),
        record: Some(Arc::new(history())),
        deleted: Default::default(),
        distance: Some(Distance {
            ahead: 1,
            behind: 0,
        }),
        pinned: None,
        problems: vec![],
        notices: vec![],
        old_since: None,
        changed_at: ago(HOUR),
    }
}

/// An App with drift of every sort.
pub fn checkout(context: &str) -> AppView {
    let mut app = view(
        app(context, "checkout"),
        SyncStatus::Drifted,
        Some(HealthStatus::Degraded),
    );
    app.objects = vec![
        object(
            plain("", "v1", "ServiceAccount", "checkout", Verdict::InSync),
            None,
            90 * DAY,
        ),
        object(secret(), None, 80 * DAY),
        object(missing_config(), None, 0),
        object(
            plain("", "v1", "Service", "checkout", Verdict::InSync),
            Some(HealthStatus::Healthy),
            90 * DAY,
        ),
        object(drifted_deployment(), Some(HealthStatus::Degraded), 90 * DAY),
        object(refused_quota(), None, 12 * DAY),
        object(extra_service(), Some(HealthStatus::Healthy), 400 * DAY),
    ];
    app.counts = count(&app.objects);
    app
}

fn simple(context: &str, name: &str, sync: SyncStatus, health: Option<HealthStatus>) -> AppView {
    let mut v = view(app(context, name), sync, health);
    v.objects = vec![
        object(
            plain("", "v1", "Service", name, Verdict::InSync),
            Some(HealthStatus::Healthy),
            9 * DAY,
        ),
        object(
            plain("apps", "v1", "Deployment", name, Verdict::InSync),
            health,
            9 * DAY,
        ),
    ];
    v.counts = count(&v.objects);
    v
}

pub fn cluster(context: &str, reach: Reach) -> ClusterView {
    ClusterView {
        context: context.into(),
        server: format!("https://{context}.example.com:6443"),
        uid: format!("uid-{context}"),
        version: "v1.34.2".into(),
        user: "ada".into(),
        rights: Rights::Full,
        mode: ClusterMode::Normal,
        reach,
        since: ago(HOUR),
        n_apps: 0,
        same_as: None,
        problems: vec![],
    }
}

pub fn up(ms: u64) -> Reach {
    Reach::Up {
        latency: Duration::from_millis(ms),
    }
}

/// The whole world.
pub fn world() -> Snapshot {
    let mut orders = simple(
        "prod-eu",
        "orders-and-returns-service",
        SyncStatus::Drifted,
        Some(HealthStatus::Progressing),
    );
    orders.counts.drifted = 3;
    orders.counts.git = 3;
    let mut search = simple(
        "prod-eu",
        "search",
        SyncStatus::Synced,
        Some(HealthStatus::Healthy),
    );
    search.pinned = Some(CommitId("81d0aa1".into()));
    let mut new = simple("staging", "vouchers", SyncStatus::Available, None);
    new.state = AppState::Available;
    new.record = None;
    let mut viewer = simple(
        "staging",
        "checkout",
        SyncStatus::Synced,
        Some(HealthStatus::Healthy),
    );
    viewer.counts.unconfirmed = 2;
    viewer.target.as_mut().unwrap().uncommitted = 2;
    let mut broken = simple("staging", "payments", SyncStatus::Failed, None);
    broken.objects.clear();
    broken.problems = vec![
        Problem::new(ProblemKind::Invalid, "the file does not parse")
            .at("payments/deployment.yaml:12:7")
            .because("did not find expected key")
            .hint("Check the indentation of line 12."),
    ];
    let mut edge = simple(
        "edge-7",
        "till",
        SyncStatus::Synced,
        Some(HealthStatus::Healthy),
    );
    edge.old_since = Some(ago(4 * MINUTE));
    let apps = vec![
        edge,
        simple(
            "prod-eu",
            "cart",
            SyncStatus::Synced,
            Some(HealthStatus::Healthy),
        ),
        checkout("prod-eu"),
        orders,
        search,
        simple(
            "prod-us",
            "cart",
            SyncStatus::Synced,
            Some(HealthStatus::Healthy),
        ),
        simple("prod-us", "日本語の店", SyncStatus::Checking, None),
        viewer,
        broken,
        new,
    ];
    let mut clusters = vec![
        cluster("prod-eu", up(12)),
        cluster("prod-us", up(96)),
        cluster("staging", Reach::Connecting),
        cluster(
            "edge-7",
            Reach::Down {
                problem: Problem::new(ProblemKind::Unreachable, "the API server cannot be reached")
                    .at("edge-7")
                    .because("connection refused (os error 111)")
                    .hint("Is the cluster switched on?"),
                retry_at: Some(ago(-18)),
            },
        ),
    ];
    clusters[0].mode = ClusterMode::Guarded;
    clusters[2].rights = Rights::Read;
    for cluster in &mut clusters {
        cluster.n_apps = apps
            .iter()
            .filter(|a| a.app.id.context == cluster.context)
            .count();
    }
    Snapshot {
        revision: 1,
        clusters: clusters.into_iter().map(Arc::new).collect(),
        apps: apps.into_iter().map(Arc::new).collect(),
        settled: true,
        ..Snapshot::default()
    }
}

pub fn step(action: Action, drift: ObjectDrift) -> PlanStep {
    PlanStep {
        app: id("prod-eu", "checkout"),
        key: drift.key.clone(),
        action,
        wave: 0,
        manifest: None,
        drift: Arc::new(drift),
        guard: Guard::default(),
        leftovers: vec![],
        propagation: Propagation::default(),
        unpredicted: false,
    }
}

pub fn planned(context: &str, name: &str) -> PlannedApp {
    PlannedApp {
        id: id(context, name),
        commit: commit("4f2c1e9", "bump checkout to 1.9", 2 * HOUR),
        prunable: vec![],
        takes_everything: false,
        refused: None,
        gates: Vec::new(),
        warnings: vec![],
    }
}

/// The Plan of a sync of `checkout`.
pub fn plan(context: &str, prune: bool) -> Plan {
    let mut app = planned(context, "checkout");
    app.prunable = vec![key("", "Service", "checkout-old")];
    app.warnings = vec![
        "3 files under checkout/ have uncommitted changes; the Plan has what is committed.".into(),
    ];
    let mut steps = vec![
        step(Action::Apply, secret()),
        step(Action::Create, missing_config()),
        step(Action::Apply, drifted_deployment()),
    ];
    steps[1].unpredicted = true;
    if prune {
        steps.push(step(Action::Prune, extra_service()));
    }
    for step in &mut steps {
        step.app = id(context, "checkout");
    }
    Plan {
        kind: RunKind::Sync,
        apps: vec![app],
        steps,
        prune,
        selective: false,
        estimate: None,
    }
}
