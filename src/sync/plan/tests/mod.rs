//! Plans drawn from made-up comparisons.

mod prunes;
mod refusals;

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::domain::drift::Conflict;
use crate::domain::record::SyncRecord;
use crate::domain::tracking::{ANNOTATION, TrackingId};
use crate::domain::{
    CommitId, Health, HealthStatus, Inventory, Origin, Owner, ProblemKind, Provider, Revision,
};

const APP: &str = "web";

fn input(candidates: Vec<Candidate>) -> AppInput {
    let app = App {
        id: AppId {
            context: "prod".to_owned(),
            provider: Provider::Native,
            namespace: "shop".to_owned(),
            name: APP.to_owned(),
        },
        destination: Destination {
            context: "prod".to_owned(),
            namespace: "shop".to_owned(),
        },
        ..App::sample()
    };
    let inventory = candidates.iter().map(|c| c.drift.key.clone()).collect();
    AppInput {
        app: Arc::new(app),
        commit: Commit {
            id: CommitId("a".repeat(40)),
            author: "Ada".to_owned(),
            time: jiff::Timestamp::UNIX_EPOCH,
            summary: "bump".to_owned(),
        },
        record: RecordState::Read(AppRecord {
            history: Vec::<SyncRecord>::new(),
            inventory: Inventory(inventory),
        }),
        candidates,
        render_problems: Vec::new(),
        namespace_exists: true,
        namespace_ends: false,
        missing_rights: Vec::new(),
        argo_application: None,
        warnings: Vec::new(),
        moved_from: None,
    }
}

/// Changes the App of an input.
fn with_app(mut input: AppInput, change: impl FnOnce(&mut App)) -> AppInput {
    change(Arc::make_mut(&mut input.app));
    input
}

fn split(kind: &str) -> Gvk {
    let api = match kind {
        "Deployment" => "apps/v1",
        "CustomResourceDefinition" => "apiextensions.k8s.io/v1",
        "Job" => "batch/v1",
        _ => "v1",
    };
    Gvk::from_api_version(api, kind)
}

fn key(kind: &str, name: &str) -> ObjectKey {
    let namespace = match kind {
        "Namespace" | "CustomResourceDefinition" => "",
        _ => "shop",
    };
    ObjectKey::new(&split(kind).group, kind, namespace, name)
}

/// A desired object that does not live yet.
fn missing(kind: &str, name: &str) -> Candidate {
    let gvk = split(kind);
    let key = key(kind, name);
    let manifest = Manifest {
        gvk: gvk.clone(),
        value: Arc::new(json!({
            "apiVersion": gvk.api_version(), "kind": kind,
            "metadata": {"name": name, "namespace": key.namespace},
        })),
        origin: Origin::default(),
    };
    Candidate {
        desired: Some(Arc::new(manifest)),
        drift: Arc::new(ObjectDrift::new(key, gvk, Verdict::Missing)),
        live: None,
        hook: false,
        leftovers: Vec::new(),
        unpredicted: false,
        recreatable: false,
        adopted: None,
    }
}

fn facts(key: &ObjectKey) -> LiveFacts {
    let tracking = TrackingId::new(APP, key, "shop").to_string();
    LiveFacts {
        uid: format!("uid-{}", key.name),
        resource_version: "7".to_owned(),
        annotations: BTreeMap::from([(ANNOTATION.to_owned(), tracking.clone())]),
        tracking_id: Some(tracking),
        managers: vec![Owner {
            manager: "trueup".to_owned(),
            apply: true,
            subresource: String::new(),
            time: None,
        }],
        ..LiveFacts::default()
    }
}

/// A desired object that lives, applied by this App.
fn managed(kind: &str, name: &str, verdict: Verdict) -> Candidate {
    let mut candidate = missing(kind, name);
    candidate.live = Some(facts(&candidate.drift.key));
    Arc::make_mut(&mut candidate.drift).verdict = verdict;
    candidate
}

/// A held object that Git no longer has.
fn extra(kind: &str, name: &str) -> Candidate {
    Candidate {
        desired: None,
        ..managed(kind, name, Verdict::Extra)
    }
}

fn annotated(mut candidate: Candidate, name: &str, value: &str) -> Candidate {
    if let Some(desired) = &mut candidate.desired {
        let manifest = Arc::make_mut(desired);
        Arc::make_mut(&mut manifest.value)["metadata"]["annotations"][name] = json!(value);
    }
    if let Some(live) = &mut candidate.live {
        live.annotations.insert(name.to_owned(), value.to_owned());
    }
    candidate
}

fn with_live(mut candidate: Candidate, change: impl FnOnce(&mut LiveFacts)) -> Candidate {
    change(candidate.live.as_mut().unwrap());
    candidate
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|s| format!("{} {:?} {}/{}", s.wave, s.action, s.key.kind, s.key.name))
        .collect()
}

fn draw(input: AppInput, options: PlanOptions) -> Plan {
    plan(vec![input], &options)
}

fn sync() -> PlanOptions {
    PlanOptions::default()
}

fn pruning() -> PlanOptions {
    PlanOptions {
        prune: true,
        ..sync()
    }
}

/// The refusal of the only App; its steps must be gone.
fn refusal(input: AppInput, options: PlanOptions) -> Problem {
    let plan = draw(input, options);
    assert!(plan.steps.is_empty(), "refused, and yet {:?}", steps(&plan));
    let problem = plan.apps[0].refused.clone().expect("a refusal");
    assert!(!problem.hints.is_empty(), "{problem} says nothing to do");
    assert!(
        problem.hints.iter().all(|h| h.ends_with('.')),
        "{:?}",
        problem.hints
    );
    assert!(!problem.summary.ends_with('.'));
    problem
}

#[test]
fn each_object_gets_the_action_that_fits() {
    let replace = ("argocd.argoproj.io/sync-options", "Replace=true");
    let force = ("argocd.argoproj.io/sync-options", "Force=true");
    let both = ("argocd.argoproj.io/sync-options", "Replace=true,Force=true");
    let anno = |c, (name, value)| annotated(c, name, value);
    let rejected = |c: Candidate| {
        let mut c = c;
        let problem = Problem::new(ProblemKind::Rejected, "field is immutable");
        let drift = Arc::make_mut(&mut c.drift);
        drift.verdict = Verdict::Refused;
        drift.problem = Some(problem);
        c
    };
    let proven = |c: Candidate| Candidate {
        recreatable: true,
        ..c
    };
    use Verdict::{Drifted, InSync};
    for (what, candidate, expected) in [
        ("missing", missing("Deployment", "a"), Some("Create")),
        (
            "missing, Replace",
            anno(missing("Job", "a"), both),
            Some("Create"),
        ),
        ("in sync", managed("Deployment", "a", InSync), None),
        (
            "in sync, Replace",
            anno(managed("Deployment", "a", InSync), replace),
            None,
        ),
        (
            "in sync, Force",
            anno(managed("Job", "a", InSync), force),
            None,
        ),
        (
            "in sync, Replace and Force",
            anno(proven(managed("Job", "a", InSync)), both),
            None,
        ),
        (
            "in sync Namespace, both",
            anno(managed("Namespace", "a", InSync), both),
            None,
        ),
        (
            "drifted",
            managed("Deployment", "a", Drifted),
            Some("Apply"),
        ),
        (
            "drifted, Replace",
            anno(managed("Deployment", "a", Drifted), replace),
            Some("Replace"),
        ),
        (
            "drifted, Force",
            anno(managed("Deployment", "a", Drifted), force),
            Some("Apply"),
        ),
        (
            "drifted, both",
            anno(proven(managed("Deployment", "a", Drifted)), both),
            Some("Recreate"),
        ),
        (
            "drifted Namespace, both",
            anno(proven(managed("Namespace", "a", Drifted)), both),
            Some("Replace"),
        ),
        (
            "drifted CRD, both",
            anno(managed("CustomResourceDefinition", "a", Drifted), both),
            Some("Replace"),
        ),
        (
            "immutable, Force",
            anno(proven(rejected(managed("Job", "a", Drifted))), force),
            Some("Recreate"),
        ),
    ] {
        let plan = draw(input(vec![candidate]), sync());
        assert_eq!(plan.apps[0].refused, None, "{what}");
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        let found: Vec<String> = plan
            .steps
            .iter()
            .map(|s| format!("{:?}", s.action))
            .collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn force_deletes_nothing_that_the_server_would_not_take_anew() {
    let force = "Force=true";
    let mut bad = annotated(
        managed("Deployment", "a", Verdict::Refused),
        "argocd.argoproj.io/sync-options",
        force,
    );
    let problem = Problem::new(ProblemKind::Rejected, "the server finds it invalid");
    Arc::make_mut(&mut bad.drift).problem = Some(problem);
    let plan = draw(input(vec![bad]), sync());
    assert!(plan.steps.is_empty());
    assert!(plan.apps[0].refused.is_some());
}

#[test]
fn apply_out_of_sync_only_leaves_alone_what_is_in_sync() {
    let job = annotated(
        managed("Job", "a", Verdict::InSync),
        "argocd.argoproj.io/sync-options",
        "Replace=true,Force=true",
    );
    let quiet = with_app(input(vec![job]), |app| app.sync.out_of_sync_only = true);
    assert_eq!(steps(&draw(quiet, sync())), Vec::<String>::new());
}

#[test]
fn what_is_in_sync_lost_its_say_in_the_order_with_apply_out_of_sync_only() {
    let wave = "argocd.argoproj.io/sync-wave";
    let mut crd = managed("CustomResourceDefinition", "jobs", Verdict::Drifted);
    let manifest = Arc::make_mut(crd.desired.as_mut().unwrap());
    Arc::make_mut(&mut manifest.value)["spec"] =
        json!({"group": "batch", "names": {"kind": "Job"}});
    let candidates = vec![
        crd,
        annotated(managed("Job", "standing", Verdict::InSync), wave, "-2"),
        annotated(missing("ConfigMap", "between"), wave, "-1"),
    ];
    for quiet in [false, true] {
        let input = with_app(input(candidates.clone()), |app| {
            app.sync.out_of_sync_only = quiet
        });
        assert_eq!(
            steps(&draw(input, sync())),
            [
                "-2 Apply CustomResourceDefinition/jobs",
                "-1 Create ConfigMap/between"
            ],
            "{quiet}"
        );
    }
}

#[test]
fn guards_hold_what_was_drawn() {
    let mut drifted = managed("Deployment", "a", Verdict::Drifted);
    drifted.leftovers = vec!["/spec/strategy/rollingUpdate".to_owned()];
    let calm = draw(input(vec![drifted.clone()]), sync());
    assert_eq!(calm.steps[0].guard.uid, "uid-a");
    assert!(!calm.steps[0].guard.force);
    assert_eq!(calm.steps[0].leftovers, drifted.leftovers);
    Arc::make_mut(&mut drifted.drift).conflicts.push(Conflict {
        field: ".spec.replicas".to_owned(),
        manager: "hpa".to_owned(),
    });
    let forced = draw(input(vec![drifted]), sync());
    assert!(forced.steps[0].guard.force);
    assert_eq!(forced.steps[0].guard.resource_version, "7");
    let created = draw(input(vec![missing("Deployment", "b")]), sync());
    assert_eq!(created.steps[0].guard, Guard::default());
}

#[test]
fn steps_come_in_order_app_after_app() {
    let one = input(vec![
        annotated(
            missing("Deployment", "late"),
            "argocd.argoproj.io/sync-wave",
            "2",
        ),
        missing("Deployment", "web"),
        missing("Secret", "key"),
        annotated(
            missing("Namespace", "shop"),
            "argocd.argoproj.io/sync-wave",
            "1",
        ),
    ]);
    let two = with_app(input(vec![missing("Secret", "other")]), |app| {
        app.id.name = "two".to_owned()
    });
    let plan = plan(vec![one, two], &sync());
    assert_eq!(
        steps(&plan),
        [
            "0 Create Namespace/shop",
            "0 Create Secret/key",
            "0 Create Deployment/web",
            "2 Create Deployment/late",
            "0 Create Secret/other",
        ]
    );
}

#[test]
fn an_absent_namespace_is_made_first_or_the_app_is_refused() {
    let absent = |candidates| AppInput {
        namespace_exists: false,
        ..input(candidates)
    };
    let early = || {
        annotated(
            missing("CustomResourceDefinition", "w"),
            "argocd.argoproj.io/sync-wave",
            "-4",
        )
    };
    let problem = refusal(absent(vec![missing("Secret", "a")]), sync());
    assert!(problem.hints[0].contains("CreateNamespace=true"));
    let option = with_app(absent(vec![missing("Secret", "a"), early()]), |app| {
        app.sync.create_namespace = true;
    });
    assert_eq!(
        steps(&draw(option, sync())),
        [
            "-4 CreateNamespace Namespace/shop",
            "-4 Create CustomResourceDefinition/w",
            "0 Create Secret/a"
        ]
    );
    let manifest = with_app(
        absent(vec![
            missing("Secret", "a"),
            missing("Namespace", "shop"),
            early(),
        ]),
        |app| {
            app.sync.create_namespace = true;
        },
    );
    assert_eq!(
        steps(&draw(manifest, sync())),
        [
            "-4 Create Namespace/shop",
            "-4 Create CustomResourceDefinition/w",
            "0 Create Secret/a"
        ]
    );
    // Where it exists, the option does nothing.
    let there = with_app(input(vec![missing("Secret", "a")]), |app| {
        app.sync.create_namespace = true
    });
    assert_eq!(steps(&draw(there, sync())), ["0 Create Secret/a"]);
}

#[test]
fn what_is_being_deleted_is_left_alone() {
    let going = with_live(managed("Deployment", "a", Verdict::Drifted), |l| {
        l.deletion_pending = true
    });
    let plan = draw(input(vec![going]), sync());
    assert!(plan.steps.is_empty());
    assert!(plan.apps[0].warnings[0].contains("sync again"));
}

#[test]
fn choosing_what_is_not_there_is_said() {
    let whole = input(vec![missing("Secret", "a")]);
    let other = with_app(input(vec![missing("Secret", "b")]), |app| {
        app.id.name = "other".to_owned()
    });
    let only = vec![
        (whole.app.id.clone(), key("Secret", "a")),
        (whole.app.id.clone(), key("Secret", "zzz")),
    ];
    let plan = plan(vec![whole, other], &PlanOptions { only, ..sync() });
    assert_eq!(steps(&plan), ["0 Create Secret/a"]);
    assert_eq!(
        plan.apps[0].warnings,
        ["Secret/shop/zzz was chosen and is no object of this App"]
    );
    assert_eq!(plan.apps[1].warnings, ["nothing of this App was chosen"]);
}

#[test]
fn unknown_options_of_an_object_are_warnings() {
    let odd = annotated(
        missing("Secret", "a"),
        "argocd.argoproj.io/sync-options",
        "Foo=true",
    );
    let plan = draw(input(vec![odd]), sync());
    assert!(plan.apps[0].warnings[0].contains("`Foo=true`"));
}

#[test]
fn an_earlier_app_may_make_the_namespace() {
    let two = || {
        let mut two = with_app(input(vec![missing("Secret", "b")]), |app| {
            app.id.name = "two".to_owned();
            app.sync.create_namespace = true;
        });
        two.namespace_exists = false;
        two
    };
    let mut one = input(vec![missing("Namespace", "shop")]);
    one.namespace_exists = false;
    assert_eq!(
        steps(&plan(vec![one, two()], &sync())),
        ["0 Create Namespace/shop", "0 Create Secret/b"]
    );
    assert_eq!(
        steps(&draw(two(), sync())),
        ["0 CreateNamespace Namespace/shop", "0 Create Secret/b"]
    );
}

#[test]
fn a_large_app_is_planned_whole() {
    let candidates = (0..3_000)
        .map(|i| missing("Secret", &format!("s{i:04}")))
        .collect();
    let plan = draw(input(candidates), sync());
    assert_eq!(plan.steps.len(), 3_000);
    assert!(plan.steps.windows(2).all(|w| w[0].key < w[1].key));
}

#[test]
fn what_is_in_sync_holds_up_later_waves() {
    let wave = "argocd.argoproj.io/sync-wave";
    let standing = |kind, name, at, status| {
        let candidate = annotated(managed(kind, name, Verdict::InSync), wave, at);
        with_live(candidate, |live| {
            live.health = Some(Health::new(status, String::new()));
        })
    };
    let candidates = vec![
        standing("Deployment", "slow", "0", HealthStatus::Progressing),
        standing("Deployment", "well", "0", HealthStatus::Healthy),
        standing("Deployment", "ill", "1", HealthStatus::Degraded),
        standing("Deployment", "late", "2", HealthStatus::Progressing),
        annotated(managed("ConfigMap", "plain", Verdict::InSync), wave, "0"),
        annotated(missing("ConfigMap", "new"), wave, "2"),
    ];
    let gates = |input: AppInput, options| {
        let plan = draw(input, options);
        let gates: Vec<String> = plan.apps[0]
            .gates
            .iter()
            .map(|gate| format!("{} {}", gate.wave, gate.key.name))
            .collect();
        (gates, plan.apps[0].warnings.clone())
    };
    let (all, warnings) = gates(input(candidates.clone()), sync());
    assert_eq!(all, ["0 slow", "0 well", "1 ill"]);
    assert_eq!(
        warnings,
        [
            "apps/Deployment/shop/slow is Progressing: wave 2 waits for it",
            "apps/Deployment/shop/ill is Degraded: unless it recovers before, nothing of wave 2 and later is run",
        ]
    );
    let quiet = with_app(input(candidates.clone()), |app| {
        app.sync.out_of_sync_only = true
    });
    assert_eq!(gates(quiet, sync()).0, Vec::<String>::new());
    let one = input(candidates);
    let chosen = PlanOptions {
        only: vec![(one.app.id.clone(), key("ConfigMap", "new"))],
        ..sync()
    };
    assert_eq!(gates(one, chosen).0, Vec::<String>::new());
}

#[test]
fn what_could_not_be_found_out_is_a_warning_of_the_plan() {
    let unsure = || AppInput {
        warnings: vec!["you may not list applications".to_owned()],
        ..input(vec![missing("ConfigMap", "a")])
    };
    let chosen = PlanOptions {
        only: vec![(unsure().app.id.clone(), key("ConfigMap", "other"))],
        ..sync()
    };
    for options in [sync(), chosen] {
        let plan = draw(unsure(), options);
        assert_eq!(plan.apps[0].warnings[0], "you may not list applications");
    }
}

#[test]
fn a_record_that_was_deleted_was_written_only_when_something_differed() {
    let without_record = |candidates| AppInput {
        record: RecordState::None,
        ..input(candidates)
    };
    let held = managed("ConfigMap", "a", Verdict::InSync);
    let gone = without_record(vec![held.clone()]);
    let plan = draw(gone.clone(), sync());
    assert_eq!(
        steps(&plan),
        [format!("0 Record ConfigMap/{}", record_name(APP))]
    );
    assert!(plan.apps[0].warnings[0].starts_with("its record is gone"));
    assert_eq!(
        super::held(&gone, &BTreeSet::new()),
        [key("ConfigMap", "a")].into()
    );
    // Every sync writes it.
    let differs = without_record(vec![held.clone(), missing("ConfigMap", "b")]);
    assert_eq!(steps(&draw(differs, sync())), ["0 Create ConfigMap/b"]);
    // What somebody else applied says nothing, and a record that is there is enough.
    let foreign = with_live(held.clone(), |live| live.managers.clear());
    let agreed = PlanOptions {
        adopt: true,
        ..sync()
    };
    assert!(steps(&draw(without_record(vec![foreign]), agreed)).is_empty());
    assert!(steps(&draw(input(vec![held]), sync())).is_empty());
}
