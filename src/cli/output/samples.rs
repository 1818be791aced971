//! Snapshots to print in tests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::Style;
use crate::domain::drift::{Conflict, Foreign};
use crate::domain::plan::{Guard, PlanStep, PlannedApp};
use crate::domain::record::{AppRecord, Outcome, RunKind, SyncRecord};
use crate::domain::*;
use crate::engine::*;

/// 2001-09-09T01:46:40Z.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_000_000_000, 0);

pub(crate) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW.as_second() - seconds).unwrap()
}

pub(crate) fn plain() -> Style {
    Style {
        color: false,
        now: NOW,
    }
}

pub(crate) fn commit(id: &str, summary: &str) -> Commit {
    Commit {
        id: CommitId(id.repeat(40 / id.len())),
        author: "Ada".into(),
        time: ago(7200),
        summary: summary.into(),
    }
}

pub(crate) fn app_at(context: &str, namespace: &str, name: &str) -> AppView {
    AppView {
        app: Arc::new(App {
            id: AppId {
                context: context.into(),
                provider: Provider::Native,
                namespace: namespace.into(),
                name: name.into(),
            },
            source: Source {
                repository: Repository::Local(PathBuf::from("/src/shop")),
                revision: Revision::Head,
                path: RepoPath::parse(&format!("deploy/{name}")).unwrap(),
                directory: DirectoryOptions::default(),
            },
            destination: Destination {
                context: context.into(),
                namespace: namespace.into(),
            },
            discovered: true,
            ..App::sample()
        }),
        state: AppState::Managed,
        unresolved: None,
        target: Some(Target {
            revision: Revision::Head,
            name: "main".into(),
            commit: commit("4f2c1e90", "bump checkout to 1.9"),
            uncommitted: 0,
            override_of: None,
            unpushed: false,
            behind: 0,
        }),
        sync: SyncStatus::Synced,
        counts: Counts {
            objects: 3,
            ..Counts::default()
        },
        health: Some(Health::new(HealthStatus::Healthy, "")),
        objects: Vec::new(),
        rendered: Arc::default(),
        record: None,
        deleted: Default::default(),
        distance: None,
        pinned: None,
        problems: Vec::new(),
        notices: Vec::new(),
        old_since: None,
        changed_at: NOW,
    }
}

pub(crate) fn app(name: &str) -> AppView {
    app_at("prod-eu", "shop", name)
}

pub(crate) fn object(drift: ObjectDrift) -> Arc<ObjectView> {
    Arc::new(ObjectView {
        drift: Arc::new(drift),
        health: None,
        created: None,
        manifest: None,
        asking: false,
    })
}

pub(crate) fn drift(name: &str, verdict: Verdict) -> ObjectDrift {
    let key = ObjectKey::new("apps", "Deployment", "shop", name);
    ObjectDrift::new(key, Gvk::from_api_version("apps/v1", "Deployment"), verdict)
}

pub(crate) fn owner(manager: &str) -> Owner {
    Owner {
        manager: manager.into(),
        apply: false,
        subresource: "scale".into(),
        time: Some(ago(120)),
    }
}

pub(crate) fn foreign() -> Foreign {
    Foreign {
        path: FieldPath::fields(["metadata", "labels", "team"]),
        value: json!("web"),
        owner: owner("kubectl-label"),
    }
}

fn field(path: &[&str], live: Option<Value>, predicted: Option<Value>) -> FieldDrift {
    FieldDrift {
        path: FieldPath::fields(path.iter().copied()),
        live,
        predicted,
        cause: Cause::Cluster,
        owners: vec![owner("kubectl")],
        place: Some((
            RepoPath::parse("deploy/checkout/web.yaml").unwrap(),
            Position {
                line: 12,
                column: 3,
            },
        )),
        text: None,
    }
}

/// A Deployment whose replicas were scaled in the cluster.
pub(crate) fn scaled() -> ObjectDrift {
    let object = |replicas: u32| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}},
        })
    };
    let mut drift = drift("web", Verdict::Drifted);
    drift.fields = vec![field(&["spec", "replicas"], Some(json!(5)), Some(json!(3)))];
    drift.conflicts = vec![Conflict {
        field: ".spec.replicas".into(),
        manager: "\"kubectl\" with subresource \"scale\"".into(),
    }];
    drift.live = Some(Arc::new(object(5)));
    drift.predicted = Some(Arc::new(object(3)));
    drift
}

/// A Secret whose value was edited.
pub(crate) fn secret() -> ObjectDrift {
    let object = |value: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "token", "namespace": "shop"},
            "data": {"password": value},
        })
    };
    let key = ObjectKey::new("", "Secret", "shop", "token");
    let mut drift = ObjectDrift::new(key, Gvk::from_api_version("v1", "Secret"), Verdict::Drifted);
    let (live, wanted) = ("aHVudGVyMg==", "c2VzYW1l");
    drift.fields = vec![field(
        &["data", "password"],
        Some(json!(live)),
        Some(json!(wanted)),
    )];
    drift.live = Some(Arc::new(object(live)));
    drift.predicted = Some(Arc::new(object(wanted)));
    drift
}

pub(crate) fn refused() -> ObjectDrift {
    drift("legacy", Verdict::Refused).with_problem(
        Problem::new(ProblemKind::Rejected, "the server does not know a field")
            .at("deploy/checkout/legacy.yaml:9:5")
            .because(".spec.replica: field not declared in schema\u{1b}[2J")
            .hint("Remove the field, or check its spelling."),
    )
}

/// Two drifted objects, one of them a Secret, and one that the server refuses.
pub(crate) fn drifted() -> AppView {
    let mut view = app("checkout");
    view.sync = SyncStatus::Drifted;
    view.counts = Counts {
        objects: 4,
        drifted: 3,
        changed: 2,
        refused: 1,
        foreign: 1,
        cluster: 2,
        ..Counts::default()
    };
    let mut scaled = scaled();
    scaled.foreign = vec![foreign()];
    view.objects = vec![
        object(scaled),
        object(secret()),
        object(drift("quiet", Verdict::InSync)),
        object(refused()),
    ];
    view.health = Some(Health::new(HealthStatus::Degraded, "1 of 3 ready"));
    view.record = Some(Arc::new(AppRecord {
        history: vec![
            record(1, RunKind::Sync, Outcome::Succeeded),
            record(2, RunKind::Rollback, Outcome::Failed),
        ],
        ..AppRecord::default()
    }));
    view.distance = Some(Distance {
        ahead: 2,
        behind: 0,
    });
    view
}

pub(crate) fn record(id: u64, kind: RunKind, outcome: Outcome) -> SyncRecord {
    SyncRecord {
        id,
        kind,
        commit: CommitId(format!("{id}81d0aa1").repeat(5)),
        revision: "main".into(),
        repository: "host/acme/shop".into(),
        path: "deploy/checkout".into(),
        message: "first \u{1b}[31mversion".into(),
        who: "ada@laptop".into(),
        started: ago(7200 / i64::try_from(id).unwrap()),
        finished: Some(ago(7100 / i64::try_from(id).unwrap())),
        outcome,
        reason: match outcome {
            Outcome::Failed => "Deployment shop/web: field is immutable".into(),
            _ => String::new(),
        },
        applied: 3,
        pruned: u32::from(outcome == Outcome::Failed),
        failed: u32::from(outcome == Outcome::Failed),
        not_run: u32::from(outcome == Outcome::Failed) * 2,
        selective: false,
    }
}

pub(crate) fn snapshot() -> Snapshot {
    let mut available = app_at("staging", "shop", "checkout");
    available.state = AppState::Available;
    available.sync = SyncStatus::Available;
    available.health = None;
    available.target = None;
    let mut broken = app("search");
    broken.sync = SyncStatus::Failed;
    broken.health = None;
    broken.problems = vec![
        Problem::new(
            ProblemKind::Unsupported,
            "`spec.source.helm` cannot be honoured",
        )
        .at("apps/search.yaml:12:5")
        .because("Helm charts are not rendered by this release"),
    ];
    let mut cart = app("cart");
    cart.old_since = Some(ago(240));
    Snapshot {
        revision: 1,
        clusters: vec![
            cluster(
                "prod-eu",
                Reach::Up {
                    latency: Duration::from_millis(12),
                },
            ),
            cluster(
                "edge-7",
                Reach::Down {
                    problem: Problem::new(
                        ProblemKind::Unreachable,
                        "the API server cannot be reached",
                    )
                    .because("connection refused")
                    .hint("Check that the cluster is running."),
                    retry_at: Some(ago(-30)),
                },
            ),
        ],
        apps: [drifted(), cart, broken, available]
            .into_iter()
            .map(Arc::new)
            .collect(),
        problems: Vec::new(),
        notices: vec![Notice {
            place: "charts/web".into(),
            text: "a Helm chart, which this release does not render".into(),
        }],
        work: Vec::new(),
        asked: Default::default(),
        settled: true,
        read_only: false,
        counters: Default::default(),
    }
}

pub(crate) fn cluster(context: &str, reach: Reach) -> Arc<ClusterView> {
    let is_up = matches!(reach, Reach::Up { .. });
    Arc::new(ClusterView {
        context: context.into(),
        server: format!("https://{context}:6443"),
        uid: String::new(),
        version: if is_up {
            "v1.36.3".into()
        } else {
            String::new()
        },
        user: "ada".into(),
        rights: if is_up { Rights::Full } else { Rights::Unknown },
        mode: if is_up {
            ClusterMode::Guarded
        } else {
            ClusterMode::Normal
        },
        reach,
        since: ago(240),
        n_apps: 2,
        same_as: None,
        problems: Vec::new(),
    })
}

pub(crate) fn plan() -> Plan {
    let id = app("checkout").app.id.clone();
    let step = |drift: ObjectDrift, action| PlanStep {
        app: id.clone(),
        key: drift.key.clone(),
        action,
        wave: 0,
        manifest: None,
        drift: Arc::new(drift),
        guard: Guard {
            force: action == Action::Apply,
            ..Guard::default()
        },
        leftovers: Vec::new(),
        propagation: app::Propagation::Foreground,
        unpredicted: false,
    };
    let mut pruned = step(drift("old", Verdict::Extra), Action::Prune);
    pruned.wave = -1;
    Plan {
        kind: RunKind::Sync,
        apps: vec![PlannedApp {
            id: id.clone(),
            commit: commit("4f2c1e90", "bump checkout to 1.9"),
            prunable: vec![pruned.key.clone()],
            takes_everything: false,
            refused: None,
            gates: Vec::new(),
            warnings: vec!["this cluster is shared".into()],
        }],
        steps: vec![
            step(secret(), Action::Apply),
            step(scaled(), Action::Apply),
            pruned,
        ],
        prune: true,
        selective: false,
        estimate: None,
    }
}

/// An adoption with an estimate of the sync behind it.
pub(crate) fn adoption() -> Plan {
    let sync = plan();
    let mut adoption = Plan {
        kind: RunKind::Adopt,
        prune: false,
        estimate: Some(Arc::new(sync.clone())),
        ..sync
    };
    adoption.steps.truncate(1);
    for step in &mut adoption.steps {
        let in_sync = ObjectDrift::new(step.key.clone(), step.drift.gvk.clone(), Verdict::InSync);
        step.drift = Arc::new(in_sync);
        step.action = Action::Adopt;
        step.guard.force = false;
    }
    for app in &mut adoption.apps {
        app.prunable.clear();
    }
    adoption
}

pub(crate) fn run() -> RunView {
    RunView {
        plan: Arc::new(plan()),
        steps: vec![
            StepState::Done(vec!["v1 is old".into()]),
            StepState::Failed(Problem::new(ProblemKind::Rejected, "the server said no")),
            StepState::NotRun,
        ],
        waiting: String::new(),
        outcome: Some(Outcome::Failed),
        problem: Some(Problem::new(ProblemKind::Rejected, "a step failed")),
        health: None,
    }
}
