//! What the commands print, whole.

use std::sync::Arc;

use super::samples::*;
use super::*;
use crate::domain::text::visible;
use crate::domain::{Problem, ProblemKind, Value};
use crate::drift::LineOptions;
use crate::engine::StepState;

fn options(foreign: bool) -> LineOptions {
    LineOptions {
        context: 1,
        foreign,
    }
}

#[test]
fn apps_as_text() {
    let snapshot = snapshot();
    insta::assert_snapshot!(apps::text(&snapshot, &snapshot.apps, &plain()), @"");
}

#[test]
fn no_apps_say_so() {
    let mut snapshot = snapshot();
    snapshot.apps.clear();
    let text = apps::text(&snapshot, &[], &plain());
    assert!(
        text.starts_with("No Apps were found.\nnote: charts/web"),
        "{text}"
    );
}

#[test]
fn diff_as_text() {
    insta::assert_snapshot!(diff::text(&[Arc::new(drifted())], &options(false), &plain()), @"");
}

#[test]
fn diff_with_foreign_fields() {
    let mut view = drifted();
    view.objects.truncate(1);
    let text = diff::text(&[Arc::new(view)], &options(true), &plain());
    assert!(text.contains("1 foreign field"), "{text}");
}

#[test]
fn diff_as_markdown() {
    insta::assert_snapshot!(markdown::text(&[Arc::new(drifted())], &options(false), &plain()), @"");
}

#[test]
fn diff_as_json() {
    let mut view = drifted();
    view.objects.truncate(3);
    insta::assert_snapshot!(json::text(&diff::json(&[Arc::new(view)], false)), @"");
}

#[test]
fn plan_as_text() {
    insta::assert_snapshot!(plan::text(&plan(), &options(false), &plain()), @"");
}

#[test]
fn an_empty_plan_says_so() {
    let mut empty = samples::plan();
    empty.steps.clear();
    empty.prune = false;
    let text = plan::text(&empty, &options(false), &plain());
    assert!(text.contains("would be deleted with --prune"), "{text}");
    assert!(text.ends_with("\nNothing to do.\n"), "{text}");
}

#[test]
fn a_run_is_told_step_by_step() {
    let end = run();
    let mut begin = end.clone();
    begin.steps = vec![StepState::Running, StepState::Waiting, StepState::Waiting];
    begin.outcome = None;
    begin.problem = None;
    assert_eq!(run::changes(None, &begin, &plain()), "");
    let mut middle = begin.clone();
    middle.steps[0] = end.steps[0].clone();
    middle.waiting = "for CustomResourceDefinition x to be established".into();
    insta::assert_snapshot!(run::changes(Some(&begin), &middle, &plain()), @"");
    insta::assert_snapshot!(run::changes(Some(&middle), &end, &plain()), @"");
    assert_eq!(run::changes(Some(&end), &end, &plain()), "");
}

#[test]
fn history_as_text() {
    insta::assert_snapshot!(history::text(&drifted(), &plain()), @"");
    assert!(history::text(&app("new"), &plain()).contains("has no history"));
}

#[test]
fn records_are_found_by_id_commit_and_revision() {
    let view = drifted();
    let id = |to: &str| history::find(&view, to).map(|r| r.id);
    assert_eq!(id("1"), Some(1));
    assert_eq!(id("#2"), Some(2));
    assert_eq!(id("181d0aa1"), Some(1));
    assert_eq!(id("281D0AA"), Some(2));
    assert_eq!(id("main"), Some(2));
    assert_eq!(id("281d"), None);
    assert_eq!(id("9"), None);
}

#[test]
fn clusters_as_text() {
    insta::assert_snapshot!(clusters::text(&snapshot(), &plain()), @"");
}

#[test]
fn doctor_as_text() {
    let machine = doctor::Machine {
        terminal: Some((50, 24)),
        term: "xterm-256color".into(),
        config: ("/cfg/config.yaml".into(), false),
        contexts: Some(Ok(2)),
        n_repositories: 1,
        ..doctor::Machine::default()
    };
    let mut snapshot = snapshot();
    snapshot.apps.truncate(2);
    insta::assert_snapshot!(doctor::text(&doctor::checks(&snapshot, &machine), &plain()), @"");
}

/// Everything that is printed, coloured, of a snapshot full of traps.
fn everything() -> Vec<(&'static str, String)> {
    let style = Style {
        color: true,
        ..plain()
    };
    let trap = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
    let mut view = drifted();
    view.problems = vec![
        Problem::new(ProblemKind::Invalid, trap)
            .at(trap)
            .because(trap)
            .hint(trap),
    ];
    let mut app = (*view.app).clone();
    app.id.name.push_str(trap);
    app.id.context.push_str(trap);
    view.app = Arc::new(app);
    let view = Arc::new(view);
    let mut snapshot = snapshot();
    snapshot.apps.push(Arc::clone(&view));
    snapshot.notices[0].text.push_str(trap);
    snapshot.problems = view.problems.clone();
    let views = [view];
    let checks = doctor::checks(&snapshot, &doctor::Machine::default());
    vec![
        ("apps", apps::text(&snapshot, &snapshot.apps, &style)),
        ("diff", diff::text(&views, &options(true), &style)),
        ("markdown", markdown::text(&views, &options(true), &style)),
        ("plan", plan::text(&samples::plan(), &options(true), &style)),
        ("run", run::changes(None, &samples::run(), &style)),
        ("history", history::text(&views[0], &style)),
        ("clusters", clusters::text(&snapshot, &style)),
        ("doctor", doctor::text(&checks, &style)),
        (
            "apps json",
            json::text(&apps::json(&snapshot, &snapshot.apps)),
        ),
        ("diff json", json::text(&diff::json(&views, true))),
        ("plan json", json::text(&plan::json(&samples::plan()))),
        ("run json", json::text(&run::json(&samples::run()))),
        ("history json", json::text(&history::json(&views[0]))),
        ("clusters json", json::text(&clusters::json(&snapshot))),
        ("doctor json", json::text(&doctor::json(&checks))),
    ]
}

#[test]
fn no_secret_is_printed_anywhere() {
    for (what, text) in everything() {
        for secret in ["hunter2", "aHVudGVyMg", "c2VzYW1l", "sesame"] {
            assert!(!text.contains(secret), "{what}: {text}");
        }
    }
}

#[test]
fn no_escape_sequence_from_outside_is_sent() {
    for (what, text) in everything() {
        // Our own colours are `ESC [ digits m`.
        let mut rest = text.as_str();
        let mut own = String::new();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            own.push_str(before);
            let (code, after) = after.split_once('m').unwrap_or_default();
            let is_color =
                code.starts_with('[') && code[1..].chars().all(|c| c.is_ascii_digit() || c == ';');
            assert!(is_color, "{what}: {code:?}");
            rest = after;
        }
        own.push_str(rest);
        for line in own.lines() {
            assert_eq!(visible(line), line, "{what}");
        }
    }
}

#[test]
fn json_reads_back_with_every_trap_in_it() {
    let printed = everything();
    for (what, text) in printed.iter().filter(|(what, _)| what.ends_with("json")) {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["apiVersion"], "trueup/v1", "{what}");
        assert!(value["kind"].is_string(), "{what}");
    }
    let apps: Value = serde_json::from_str(&printed[8].1).unwrap();
    let summary = apps["apps"][4]["problems"][0]["summary"].as_str().unwrap();
    assert!(summary.contains('\u{9b}') && summary.contains('\u{202e}'));
}

#[test]
fn colour_adds_nothing_but_codes() {
    let strip = |text: &str| -> String {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        let cut = |p: &str| {
            p.split_once('m')
                .map_or(String::new(), |(_, t)| t.to_owned())
        };
        first + &parts.map(cut).collect::<String>()
    };
    let colored = Style {
        color: true,
        ..plain()
    };
    let views = [Arc::new(drifted())];
    assert_eq!(
        strip(&diff::text(&views, &options(true), &colored)),
        diff::text(&views, &options(true), &plain())
    );
    let snapshot = snapshot();
    assert_eq!(
        strip(&apps::text(&snapshot, &snapshot.apps, &colored)),
        apps::text(&snapshot, &snapshot.apps, &plain())
    );
}
