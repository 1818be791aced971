//! What a real API server (1.36) answered. Each case is what was applied (`desired`), the object after some history
//! (`live`), and the answer to a dry run of `desired` by the manager `trueup` (`predicted`).
//!
//! `calm`: just applied by trueup. `wide`: the same for more kinds, with every spelling that the server writes anew. `edited`: the same, then changed with kubectl (label, annotate, scale, set env,
//! set image, patch). `applied`: put there by `kubectl apply` and never by trueup.

use serde_json::Value;

use super::tests::manifest;
use super::{Comparison, compare, local, masked, refused, significant};
use crate::domain::{IgnoreRule, Manifest, ObjectDrift, ObjectKey, Problem, ProblemKind, Verdict};

struct Case {
    key: ObjectKey,
    desired: Manifest,
    live: Value,
    predicted: Value,
}

fn cases(text: &str) -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    let case = |case: &Value| Case {
        key: ObjectKey::of(&case["live"]).unwrap(),
        desired: manifest(case["desired"].clone()),
        live: case["live"].clone(),
        predicted: case["predicted"].clone(),
    };
    cases.iter().map(case).collect()
}

fn calm() -> Vec<Case> {
    cases(include_str!("testdata/calm.json"))
}

fn wide() -> Vec<Case> {
    cases(include_str!("testdata/wide.json"))
}

fn edited() -> Vec<Case> {
    cases(include_str!("testdata/edited.json"))
}

fn applied() -> Vec<Case> {
    cases(include_str!("testdata/applied.json"))
}

impl Case {
    fn comparison<'a>(&'a self, adopted: bool, ignore: &'a [IgnoreRule]) -> Comparison<'a> {
        Comparison {
            key: &self.key,
            gvk: &self.desired.gvk,
            desired: Some(&self.desired),
            live: Some(&self.live),
            predicted: Some(&self.predicted),
            base: None,
            conflicts: Vec::new(),
            ignore,
            adopted,
        }
    }
}

fn paths(drift: &ObjectDrift) -> (Vec<String>, Vec<String>) {
    let fields = drift.fields.iter().map(|f| f.path.to_string());
    let foreign = drift
        .foreign
        .iter()
        .map(|f| format!("{} {}", f.owner.manager, f.path));
    (fields.collect(), foreign.collect())
}

#[test]
fn what_was_just_applied_is_in_sync() {
    for case in calm().into_iter().chain(wide()) {
        for drift in [
            compare(&case.comparison(true, &[])),
            local(&case.comparison(true, &[]), None),
        ] {
            assert_eq!(
                drift.verdict,
                Verdict::InSync,
                "{} {:?}",
                case.key,
                drift.fields
            );
            assert_eq!(paths(&drift).1, Vec::<String>::new(), "{}", case.key);
            assert!(
                drift.overridden.is_empty(),
                "{} {:?}",
                case.key,
                drift.overridden
            );
            assert!(drift.live.is_none() && drift.predicted.is_none());
        }
        assert_eq!(significant(&case.live), significant(&case.predicted));
    }
}

/// Kind, what drifted, what is foreign.
type Edit = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const EDITS: &[Edit] = &[
    (
        "Deployment",
        &[
            "spec.replicas",
            "spec.template.spec.containers[name=web].env[name=B].value",
            "spec.template.spec.containers[name=web].image",
        ],
        &[
            "kubectl-annotate metadata.annotations.note",
            "kubectl-label metadata.labels.team",
            "kubectl-patch spec.revisionHistoryLimit",
            "kubectl-patch spec.template.spec.containers[name=side]",
            "kubectl-set spec.template.spec.containers[name=web].env[name=C]",
            "kubectl-patch spec.template.spec.nodeSelector",
        ],
    ),
    (
        "Service",
        &[],
        &[
            "kubectl-patch spec.externalTrafficPolicy",
            "kubectl-patch spec.sessionAffinity",
            "kubectl-patch spec.sessionAffinityConfig",
            "kubectl-patch spec.type",
        ],
    ),
    (
        "ConfigMap",
        &["data.empty", "data[\"a.conf\"]"],
        &["kubectl-patch data.new"],
    ),
    ("Secret", &["data.password"], &["kubectl-patch data.extra"]),
    (
        "StatefulSet",
        &[],
        &["kubectl-patch spec.template.spec.terminationGracePeriodSeconds"],
    ),
    (
        "HorizontalPodAutoscaler",
        &[
            "spec.metrics[0].resource.name",
            "spec.metrics[0].resource.target.averageUtilization",
        ],
        &[],
    ),
    (
        "Ingress",
        &["spec.rules[1]"],
        &["kubectl-patch spec.ingressClassName"],
    ),
    ("NetworkPolicy", &[], &["kubectl-patch spec.egress"]),
    (
        "PodDisruptionBudget",
        &[],
        &["kubectl-patch spec.unhealthyPodEvictionPolicy"],
    ),
    ("CronJob", &[], &["kubectl-patch spec.suspend"]),
    ("Role", &["rules[1]"], &[]),
    ("RoleBinding", &["subjects[name=eve]"], &[]),
    ("ServiceAccount", &[], &[]),
    ("PersistentVolumeClaim", &[], &[]),
    (
        "Widget",
        &[
            "spec.one.b",
            "spec.parts[id=1].q",
            "spec.parts[id=2]",
            "spec.plain[0].a",
            "spec.plain[1]",
            "spec.tags[=b]",
        ],
        &[
            "kubectl-patch spec.free.x.z",
            "kubectl-patch spec.mode",
            "kubectl-patch spec.parts[id=3]",
            "kubectl-patch spec.tags[=c]",
        ],
    ),
];

#[test]
fn edits_show_as_exactly_what_they_are() {
    let cases = edited();
    assert_eq!(cases.len(), EDITS.len());
    for (case, (kind, fields, foreign)) in cases.iter().zip(EDITS) {
        assert_eq!(case.key.kind, *kind);
        let drift = compare(&case.comparison(true, &[]));
        let (mut found, others) = paths(&drift);
        found.sort();
        assert_eq!(
            (found.as_slice(), others.as_slice()),
            (&strings(fields)[..], &strings(foreign)[..]),
            "{kind}"
        );
        assert!(drift.overridden.is_empty(), "{kind} {:?}", drift.overridden);
        assert_eq!(drift.verdict == Verdict::Drifted, !fields.is_empty());
        assert_eq!(
            drift.live.is_some(),
            !fields.is_empty() || !foreign.is_empty()
        );
        // Whoever may not ask the server sees the same.
        let here = local(&case.comparison(true, &[]), None);
        let (mut found, others) = paths(&here);
        found.sort();
        assert_eq!(
            (found.as_slice(), others.as_slice()),
            (&strings(fields)[..], &strings(foreign)[..]),
            "{kind} local"
        );
        assert!(!here.confirmed);
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

#[test]
fn drifted_fields_name_who_holds_them() {
    let cases = edited();
    let drift = compare(&cases[0].comparison(true, &[]));
    let owners: Vec<_> = drift
        .fields
        .iter()
        .map(|f| {
            (
                f.owners[0].manager.as_str(),
                f.owners[0].subresource.as_str(),
            )
        })
        .collect();
    assert_eq!(
        owners,
        [
            ("kubectl", "scale"),
            ("kubectl-set", ""),
            ("kubectl-set", "")
        ]
    );
}

#[test]
fn what_another_tool_applied_is_no_addition() {
    for case in applied() {
        for drift in [
            compare(&case.comparison(false, &[])),
            local(&case.comparison(false, &[]), None),
        ] {
            assert_eq!(
                drift.verdict,
                Verdict::InSync,
                "{} {:?}",
                case.key,
                drift.fields
            );
            assert_eq!(paths(&drift).1, Vec::<String>::new());
            assert!(
                drift.overridden.is_empty(),
                "{} {:?}",
                case.key,
                drift.overridden
            );
        }
    }
}

#[test]
fn ignored_differences_are_not_seen() {
    let rule = |pointers: &[&str], managers: &[&str]| IgnoreRule {
        group: "*".to_owned(),
        kind: "*".to_owned(),
        json_pointers: strings(pointers),
        managers: strings(managers),
        ..IgnoreRule::default()
    };
    let cases = edited();
    let seen =
        |case: usize, rules: &[IgnoreRule]| paths(&compare(&cases[case].comparison(true, rules))).0;
    assert_eq!(
        seen(0, &[rule(&["/spec/replicas"], &["kubectl-set"])]),
        ["spec.template.spec.containers[name=web].env[name=B].value"],
        "an added value is not modified"
    );
    assert_eq!(seen(2, &[rule(&["/data"], &[])]), Vec::<String>::new());
    let drift = compare(&cases[0].comparison(true, &[rule(&[], &["kubectl"])]));
    assert_eq!(drift.predicted.unwrap()["spec"]["replicas"], 7);
}

#[test]
fn what_the_server_makes_something_else_of_is_overridden() {
    for (case, pointer, value, path) in [
        (
            0,
            "/spec/template/spec/containers/0/image",
            "mirror/web:1.8",
            "spec.template.spec.containers[name=web].image",
        ),
        (
            0,
            "/spec/template/spec/containers/0/resources/limits/memory",
            "2Gi",
            "spec.template.spec.containers[name=web].resources.limits.memory",
        ),
        (2, "/data/a.conf", "other", "data[\"a.conf\"]"),
        (14, "/spec/parts/0/q", "other", "spec.parts[id=2].q"),
    ] {
        let mut case = calm().swap_remove(case);
        for side in [&mut case.live, &mut case.predicted] {
            *side.pointer_mut(pointer).unwrap() = value.into();
        }
        let drift = compare(&case.comparison(true, &[]));
        let found: Vec<_> = drift
            .overridden
            .iter()
            .map(|f| f.path.to_string())
            .collect();
        assert_eq!(found, [path]);
        assert_eq!(drift.overridden[0].predicted, Some(value.into()));
        assert_eq!(drift.verdict, Verdict::InSync);
        assert!(drift.live.is_some() && drift.predicted.is_some());
    }
}

#[test]
fn what_git_no_longer_states_is_told_locally_too() {
    let mut case = calm().swap_remove(0);
    let mut desired = (*case.desired.value).clone();
    desired["spec"]["template"]["spec"]["containers"][0]["env"]
        .as_array_mut()
        .unwrap()
        .remove(0);
    desired["metadata"]["labels"] = serde_json::json!({});
    desired["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] =
        "2Gi".into();
    case.desired.value = desired.into();
    let drift = local(&case.comparison(true, &[]), None);
    assert_eq!(
        paths(&drift).0,
        [
            "metadata.labels.app",
            "spec.template.spec.containers[name=web].env[name=A]",
            "spec.template.spec.containers[name=web].resources.limits.memory"
        ]
    );
}

#[test]
fn one_side_alone() {
    let case = calm().swap_remove(2);
    let missing = compare(&Comparison {
        live: None,
        ..case.comparison(true, &[])
    });
    assert_eq!(
        (missing.verdict, missing.confirmed),
        (Verdict::Missing, true)
    );
    assert_eq!(missing.predicted.as_deref(), Some(&*case.desired.value));
    let extra = compare(&Comparison {
        desired: None,
        predicted: None,
        ..case.comparison(true, &[])
    });
    assert_eq!(extra.verdict, Verdict::Extra);
    assert_eq!(
        extra.live.unwrap()["metadata"],
        serde_json::json!({"name": "web", "namespace": "calm"})
    );
    let problem = Problem::new(ProblemKind::Rejected, "no");
    let refused = refused(&case.comparison(true, &[]), problem.clone());
    assert_eq!(
        (refused.verdict, refused.problem),
        (Verdict::Refused, Some(problem.clone()))
    );
    let absent = local(
        &Comparison {
            live: None,
            predicted: None,
            ..case.comparison(true, &[])
        },
        Some(problem),
    );
    assert_eq!(
        (absent.verdict, absent.confirmed),
        (Verdict::Missing, false)
    );
}

#[test]
fn secrets_do_not_leave_masked() {
    for case in edited()
        .iter()
        .chain(&applied())
        .filter(|c| c.key.kind == "Secret")
    {
        let shown = format!("{:?}", masked(&compare(&case.comparison(true, &[]))));
        for value in ["aHVudGVyMg==", "hunter2", "c2VjcmV0Mg==", "secret2"] {
            assert!(!shown.contains(value), "{value} in {shown}");
        }
    }
}
