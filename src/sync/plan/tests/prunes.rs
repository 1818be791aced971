//! What is deleted, and what every doubt keeps.

use super::*;
use crate::sync::Contents;

#[test]
fn prunes_are_listed_apart_and_made_only_when_asked() {
    let candidates = || {
        vec![
            managed("Deployment", "keep", Verdict::InSync),
            annotated(
                extra("Secret", "early"),
                "argocd.argoproj.io/sync-wave",
                "-1",
            ),
            extra("Deployment", "old"),
        ]
    };
    let shown = draw(input(candidates()), sync());
    assert_eq!(steps(&shown), Vec::<String>::new());
    assert_eq!(shown.apps[0].prunable.len(), 2);
    assert!(!shown.prune);
    let asked = draw(input(candidates()), pruning());
    assert_eq!(
        steps(&asked),
        ["-1 Prune Deployment/old", "0 Prune Secret/early"]
    );
    assert_eq!(asked.steps[0].guard.resource_version, "7");
    assert!(asked.prune);
    let kind = PlanKind::Rollback;
    let back = draw(input(candidates()), PlanOptions { kind, ..pruning() });
    assert!(back.steps.is_empty() && !back.prune && back.apps[0].prunable.is_empty());
    assert!(back.apps[0].warnings[0].contains("nothing is pruned"));
}

#[test]
fn what_stays_lost_its_say_in_the_waves_of_prunes() {
    let wave = "argocd.argoproj.io/sync-wave";
    let stays = annotated(
        extra("Secret", "stays"),
        "argocd.argoproj.io/sync-options",
        "Prune=false",
    );
    let candidates = vec![
        annotated(managed("Deployment", "keep", Verdict::Drifted), wave, "4"),
        extra("ConfigMap", "first"),
        annotated(extra("ConfigMap", "second"), wave, "3"),
        annotated(stays, wave, "5"),
    ];
    assert_eq!(
        steps(&draw(input(candidates), pruning())),
        [
            "3 Prune ConfigMap/second",
            "4 Apply Deployment/keep",
            "5 Prune ConfigMap/first"
        ]
    );
}

#[test]
fn every_doubt_keeps_an_object() {
    let kept = |candidate: Candidate, word: &str| {
        let plan = draw(
            input(vec![
                managed("Deployment", "keep", Verdict::InSync),
                candidate,
            ]),
            PlanOptions {
                prune_all: Some(APP.to_owned()),
                ..pruning()
            },
        );
        assert_eq!(plan.apps[0].refused, None, "{word}");
        assert!(
            plan.steps.is_empty() && plan.apps[0].prunable.is_empty(),
            "{word}"
        );
        assert!(
            plan.apps[0].warnings.iter().any(|w| w.contains(word)),
            "{word}: {:?}",
            plan.apps[0].warnings
        );
    };
    let secret = || extra("Secret", "old");
    kept(with_live(secret(), |l| l.tracking_id = None), "tracking-id");
    kept(
        with_live(secret(), |l| {
            l.tracking_id = Some("other:/Secret:shop/old".to_owned())
        }),
        "tracking-id",
    );
    kept(
        with_live(secret(), |l| {
            l.tracking_id = Some("web:/Secret:elsewhere/old".to_owned())
        }),
        "tracking-id",
    );
    kept(
        with_live(secret(), |l| l.owner = Some("Operator/o".to_owned())),
        "Operator/o",
    );
    kept(
        with_live(secret(), |l| l.deletion_pending = true),
        "being deleted",
    );
    kept(
        annotated(secret(), "argocd.argoproj.io/sync-options", "Prune=false"),
        "Prune=false",
    );
    kept(
        annotated(secret(), "argocd.argoproj.io/sync-options", "Prune=confirm"),
        "Prune=false",
    );
    kept(
        with_live(extra("Namespace", "shop"), |l| {
            l.contents = Contents::Unknown
        }),
        "by hand",
    );
    kept(
        with_live(extra("CustomResourceDefinition", "w"), |l| {
            l.contents = Contents::Unknown
        }),
        "no App takes one along",
    );
    let mut unseen = secret();
    unseen.live = None;
    Arc::make_mut(&mut unseen.drift).problem =
        Some(Problem::new(ProblemKind::Forbidden, "may not be read"));
    kept(unseen, "may not be read");
}

#[test]
fn a_container_goes_only_with_all_that_is_in_it() {
    let inside = ObjectKey::new("", "Secret", "shop", "old");
    let other = ObjectKey::new("", "ConfigMap", "shop", "of-others");
    for (contents, goes) in [
        (Contents::Unknown, false),
        (Contents::Known(Vec::new()), true),
        (Contents::Known(vec![inside.clone()]), true),
        (Contents::Known(vec![inside, other]), false),
    ] {
        let plan = draw(
            input(vec![
                managed("Deployment", "keep", Verdict::InSync),
                extra("Secret", "old"),
                with_live(extra("Namespace", "gone"), |l| {
                    l.contents = contents.clone()
                }),
            ]),
            pruning(),
        );
        let pruned: Vec<_> = plan.steps.iter().map(|s| s.key.kind.as_str()).collect();
        assert_eq!(
            pruned.contains(&"Namespace"),
            goes,
            "{contents:?}: {pruned:?}"
        );
        assert!(pruned.contains(&"Secret"));
    }
}

#[test]
fn an_object_that_the_record_does_not_list_is_never_pruned() {
    let mut listed = input(vec![
        managed("Deployment", "keep", Verdict::InSync),
        extra("Secret", "old"),
    ]);
    listed.record = RecordState::Read(AppRecord::default());
    assert!(draw(listed.clone(), pruning()).steps.is_empty());
    listed.record = RecordState::None;
    let actions = draw(listed, pruning()).steps.into_iter().map(|s| s.action);
    assert_eq!(actions.collect::<Vec<_>>(), [Action::Record]);
}

#[test]
fn an_empty_namespace_or_crd_may_be_pruned() {
    let plan = draw(
        input(vec![
            managed("Deployment", "keep", Verdict::InSync),
            extra("Namespace", "old"),
            extra("Secret", "s"),
        ]),
        pruning(),
    );
    assert_eq!(steps(&plan), ["0 Prune Secret/s", "0 Prune Namespace/old"]);
}

#[test]
fn pruning_everything_needs_the_name() {
    let all = || input(vec![extra("Secret", "a"), extra("Secret", "b")]);
    assert!(draw(all(), sync()).apps[0].refused.is_none());
    let problem = refusal(all(), pruning());
    assert!(problem.hints[0].contains("--prune-all web"), "{problem}");
    let wrong = refusal(
        all(),
        PlanOptions {
            prune_all: Some("webb".to_owned()),
            ..sync()
        },
    );
    assert!(wrong.summary.contains("webb"));
    let typed = PlanOptions {
        prune_all: Some(APP.to_owned()),
        ..sync()
    };
    assert_eq!(draw(all(), typed).steps.len(), 2);
    // New objects that do not live yet do not make it less than everything.
    let mut replaced = all();
    replaced.candidates.push(missing("Secret", "new"));
    refusal(replaced, pruning());
    // Nor does one that is kept, when Git has nothing of the App any more.
    let mut emptied = all();
    let kept = extra("Namespace", "kept");
    emptied
        .candidates
        .push(with_live(kept, |live| live.contents = Contents::Unknown));
    assert!(draw(emptied.clone(), sync()).apps[0].takes_everything);
    let problem = refusal(emptied, pruning());
    assert!(problem.summary.contains("Git has no object"), "{problem}");
    // One that stays does.
    let mut some = all();
    some.candidates
        .push(managed("Secret", "stays", Verdict::InSync));
    assert_eq!(draw(some, pruning()).steps.len(), 2);
}

#[test]
fn what_is_held_is_what_was_and_what_lives_as_ours() {
    let mut whole = input(vec![
        managed("Secret", "ours", Verdict::InSync),
        missing("Secret", "new"),
        with_live(managed("Secret", "theirs", Verdict::InSync), |l| {
            l.tracking_id = None
        }),
    ]);
    let keys = [key("Secret", "old"), key("Secret", "vanished")];
    whole.record = RecordState::Read(AppRecord {
        inventory: Inventory(keys.into_iter().collect()),
        ..AppRecord::default()
    });
    let gone = BTreeSet::from([key("Secret", "vanished")]);
    let held: Vec<String> = held(&whole, &gone).into_iter().map(|k| k.name).collect();
    assert_eq!(held, ["old", "ours"]);
}
