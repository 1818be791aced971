//! What stops an App, and that it says what to do.

use super::*;

#[test]
fn what_forbids_the_app_is_said() {
    let base = || input(vec![missing("Deployment", "a"), extra("Secret", "old")]);
    let broken = |kind| Problem::new(kind, "does not parse").at("web.yaml:3");
    type Change = fn(&mut AppInput);
    let cases: [(Change, &str); 8] = [
        (
            |i| i.render_problems = vec![Problem::new(ProblemKind::Invalid, "does not parse")],
            "could not be rendered whole",
        ),
        (
            |i| {
                i.record =
                    RecordState::Unreadable(Problem::new(ProblemKind::Forbidden, "may not be read"))
            },
            "record in the cluster cannot be read",
        ),
        (
            |i| i.missing_rights = vec!["you may not update configmaps".to_owned()],
            "may not do what a sync needs",
        ),
        (
            |i| i.argo_application = Some("argocd/web".to_owned()),
            "Argo CD's Application argocd/web",
        ),
        (
            |i| {
                i.moved_from = Some(Destination {
                    context: "dev".to_owned(),
                    namespace: "shop".to_owned(),
                })
            },
            "last synced to dev/shop",
        ),
        (
            |i| {
                Arc::make_mut(&mut i.app)
                    .problems
                    .push(Problem::new(ProblemKind::Unsupported, "helm"))
            },
            "helm",
        ),
        (
            |i| Arc::make_mut(&mut i.app).source.revision = Revision::Worktree,
            "never synced",
        ),
        (|i| i.candidates[0].hook = true, "hooks"),
    ];
    for (change, word) in cases {
        let mut changed = base();
        change(&mut changed);
        let problem = refusal(
            changed,
            PlanOptions {
                prune_all: Some(APP.to_owned()),
                ..pruning()
            },
        );
        assert!(problem.summary.contains(word), "{word}: {problem}");
    }
    let mut several = base();
    several.render_problems = vec![broken(ProblemKind::Invalid), broken(ProblemKind::Invalid)];
    assert!(refusal(several, pruning()).causes[0].contains("web.yaml:3"));
}

#[test]
fn a_refused_app_leaves_the_others_alone() {
    let mut bad = input(vec![missing("Secret", "a")]);
    bad.render_problems
        .push(Problem::new(ProblemKind::Invalid, "x"));
    let good = with_app(input(vec![missing("Secret", "b")]), |app| {
        app.id.name = "good".to_owned()
    });
    let plan = plan(vec![bad, good], &sync());
    assert_eq!(steps(&plan), ["0 Create Secret/b"]);
    assert!(plan.apps[0].refused.is_some() && plan.apps[1].refused.is_none());
}

#[test]
fn what_others_made_needs_adoption() {
    let unmanaged = |former: &str| {
        with_live(managed("Deployment", "a", Verdict::Drifted), |l| {
            l.managers.clear();
            l.tracking_id = None;
            l.annotations.clear();
            l.former_appliers = vec![former.to_owned()];
        })
    };
    let problem = refusal(input(vec![unmanaged("helm")]), sync());
    assert!(
        problem.causes[0].contains("was not made by trueup"),
        "{problem}"
    );
    let claimed = with_live(managed("Deployment", "a", Verdict::Drifted), |l| {
        l.tracking_id = Some("other:apps/Deployment:shop/a".to_owned());
    });
    let problem = refusal(input(vec![claimed.clone()]), sync());
    assert!(
        problem.causes[0].contains("claimed by App other"),
        "{problem}"
    );

    // The adoption itself, then the sync after it.
    let kind = PlanKind::Adopt;
    let first = draw(
        input(vec![
            unmanaged("helm"),
            missing("Secret", "new"),
            managed("Secret", "ours", Verdict::Drifted),
        ]),
        PlanOptions { kind, ..sync() },
    );
    assert_eq!(steps(&first), ["0 Adopt Deployment/a"]);
    assert!(
        !first.steps[0].drift.is_drift(),
        "an adoption changes no value"
    );
    assert_eq!(first.steps[0].guard.resource_version, "7");
    let adopt = PlanOptions {
        adopt: true,
        ..sync()
    };
    let problem = refusal(input(vec![unmanaged("helm")]), adopt.clone());
    assert!(
        problem.causes[0].contains("still held by helm"),
        "{problem}"
    );
    let moved = with_live(unmanaged("helm"), |l| {
        l.former_appliers.clear();
        l.managers = facts(&key("Deployment", "a")).managers;
    });
    assert_eq!(
        steps(&draw(input(vec![moved.clone()]), sync())),
        ["0 Apply Deployment/a"]
    );

    // The sync behind it, as an adoption would leave the objects.
    let estimate = PlanOptions {
        estimate: true,
        ..adopt.clone()
    };
    let mut adopted = moved;
    Arc::make_mut(&mut adopted.drift).conflicts = vec![Conflict {
        field: ".spec.replicas".to_owned(),
        manager: "\"kubectl-edit\" using apps/v1".to_owned(),
    }];
    let objects = vec![
        Candidate {
            adopted: Some(Box::new(adopted)),
            ..unmanaged("helm")
        },
        missing("Secret", "new"),
    ];
    let behind = draw(input(objects.clone()), estimate);
    assert_eq!(
        steps(&behind),
        ["0 Create Secret/new", "0 Apply Deployment/a"]
    );
    assert!(behind.steps[1].guard.force, "drawn from what comes after");
    let problem = refusal(input(objects), adopt.clone());
    assert!(
        problem.causes[0].contains("still held by helm"),
        "{problem}"
    );

    // What cannot be moved is no adoption that is tried.
    let stuck = with_live(unmanaged("helm"), |l| {
        let why = Problem::new(ProblemKind::Unsupported, "recorded at several API versions");
        l.unmovable = Some(why.hint("Apply it once more."));
    });
    let problem = refusal(input(vec![stuck]), PlanOptions { kind, ..sync() });
    assert!(
        problem.causes[0].contains("several API versions"),
        "{problem}"
    );
    assert_eq!(problem.hints[0], "Apply it once more.");
    let taken = draw(input(vec![claimed.clone()]), adopt.clone());
    assert_eq!(steps(&taken), ["0 Apply Deployment/a"]);
    assert!(taken.apps[0].warnings[0].contains("claimed by App other"));

    // Nothing to move: agreeing is enough.
    let bare = with_live(unmanaged("x"), |l| l.former_appliers.clear());
    assert_eq!(
        steps(&draw(input(vec![bare]), adopt.clone())),
        ["0 Apply Deployment/a"]
    );

    let strict = with_app(input(vec![claimed]), |app| app.sync.fail_on_shared = true);
    assert!(
        refusal(strict, adopt)
            .summary
            .contains("FailOnSharedResource")
    );
}

#[test]
fn what_the_server_refuses_stops_the_app_before_its_first_step() {
    for verdict in [Verdict::Refused, Verdict::Unknown] {
        let mut bad = managed("Deployment", "bad", verdict);
        Arc::make_mut(&mut bad.drift).problem =
            Some(Problem::new(ProblemKind::Rejected, "field is immutable"));
        let objects = vec![bad, missing("Secret", "good")];
        let problem = refusal(input(objects.clone()), sync());
        assert!(
            problem.causes[0].contains("field is immutable"),
            "{problem}"
        );
        // Choosing the others is a way out.
        let whole = input(objects);
        let only = vec![(whole.app.id.clone(), key("Secret", "good"))];
        let plan = draw(whole, PlanOptions { only, ..sync() });
        assert_eq!(steps(&plan), ["0 Create Secret/good"]);
        assert!(plan.selective);
    }
    // What depends on an earlier step could not be predicted, and may go.
    let mut early = missing("Secret", "early");
    early.unpredicted = true;
    Arc::make_mut(&mut early.drift).verdict = Verdict::Unknown;
    let plan = draw(input(vec![early]), sync());
    assert!(plan.steps[0].unpredicted);
}

#[test]
fn the_same_object_twice_is_refused() {
    let problem = refusal(
        input(vec![missing("Secret", "a"), missing("Secret", "a")]),
        sync(),
    );
    assert!(problem.causes[0].contains("Secret/shop/a"));
}

#[test]
fn long_refusals_are_counted() {
    let hooks = (0..25)
        .map(|i| Candidate {
            hook: true,
            ..missing("Job", &format!("j{i:02}"))
        })
        .collect();
    let problem = refusal(input(hooks), sync());
    assert_eq!(problem.causes.len(), 11);
    assert_eq!(problem.causes[10], "and 15 more");
}

#[test]
fn two_apps_of_a_plan_do_not_write_the_same_object() {
    let named = |name: &str, context: &str| {
        with_app(input(vec![missing("Secret", "same")]), |app| {
            app.id.name = name.to_owned();
            app.destination.context = context.to_owned();
        })
    };
    let plan = plan(
        vec![
            named("one", "prod"),
            named("two", "prod"),
            named("three", "dev"),
        ],
        &sync(),
    );
    assert_eq!(steps(&plan).len(), 2);
    let problem = plan.apps[1].refused.as_ref().unwrap();
    assert!(problem.causes[0].contains("App prod/shop/one"), "{problem}");
    assert!(plan.apps[0].refused.is_none() && plan.apps[2].refused.is_none());
}
