//! The detail pane, the Plan and the Run, each by what once went wrong in it.

use std::sync::Arc;

use serde_json::json;
use trueup::domain::record::Outcome;
use trueup::domain::*;
use trueup::engine::*;
use trueup::tui::Message;

use super::scene;
use super::script::Console;

fn world() -> Snapshot {
    let mut world = scene::world();
    Arc::make_mut(&mut world.clusters[0]).mode = ClusterMode::Normal;
    world
}

/// The world with one App changed: `checkout` on `prod-eu`, where the cursor goes first.
fn with(change: impl FnOnce(&mut AppView)) -> Snapshot {
    let mut world = world();
    let id = scene::id("prod-eu", "checkout");
    if let Some(app) = world.apps.iter_mut().find(|a| a.app.id == id) {
        change(Arc::make_mut(app));
    }
    world
}

fn console(data: Snapshot) -> Console {
    let mut console = Console::new(120, 40, data);
    console.keys("n enter");
    console
}

fn ended(plan: Plan, steps: Vec<StepState>, outcome: Outcome) -> RunView {
    RunView {
        plan: Arc::new(plan),
        steps,
        waiting: String::new(),
        outcome: Some(outcome),
        problem: None,
        health: None,
    }
}

fn moved_on() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "it was changed since the Plan was drawn",
    )
}

#[test]
fn an_object_deleted_by_hand_is_not_called_new() {
    let data = with(|app| {
        let gone = app
            .objects
            .iter()
            .find(|o| o.drift.verdict == Verdict::Missing);
        let key = gone.expect("a missing object").drift.key.clone();
        app.deleted.insert(key);
    });
    let mut held = console(data);
    assert!(held.shows("\u{25bc} deleted from the cluster"));
    assert!(!held.shows("missing"));
    held.keys("]");
    assert!(held.shows("\u{25bc} deleted"));
    assert!(console(world()).shows("missing"));
}

#[test]
fn a_revision_that_does_not_resolve_is_named() {
    let data = with(|app| app.unresolved = Some(Revision::Named("nope".into())));
    let console = console(data);
    assert!(console.shows("nope instead of main: not resolved"));
    assert!(console.shows("◔ main@4f2c1e9"));
}

#[test]
fn the_row_of_an_app_lost_its_mark_where_the_other_revision_did_not_resolve() {
    let row = |change: fn(&mut AppView)| {
        let console = Console::new(120, 40, with(change));
        console.shows("checkout @")
    };
    assert!(row(
        |app| app.unresolved = Some(Revision::Named("nope".into()))
    ));
    assert!(row(|app| {
        let target = app.target.as_mut().unwrap();
        target.override_of = Some(Revision::Named("main".into()));
    }));
    assert!(!row(|_| {}));
}

#[test]
fn a_long_line_has_its_owner_its_ellipsis_and_an_end() {
    let data = with(|app| {
        let at = app
            .objects
            .iter()
            .position(|o| o.drift.key.kind == "Deployment");
        let object = Arc::make_mut(&mut app.objects[at.expect("a Deployment")]);
        let drift = Arc::make_mut(&mut object.drift);
        let long = |tail: &str| json!({"metadata": {"note": "x".repeat(90) + tail}, "spec": {"kept": "y".repeat(95)}});
        drift.live = Some(Arc::new(long("old")));
        drift.predicted = Some(Arc::new(long("new")));
        drift.fields.truncate(1);
        drift.fields[0].path = FieldPath::fields(["metadata", "note"]);
    });
    let mut console = Console::new(80, 24, data);
    console.keys("n enter n");
    for _ in 0..3 {
        let text = console.text();
        let lines: Vec<&str> = text.lines().filter(|l| l.contains("xxxx")).collect();
        assert!(
            lines.iter().any(|l| l.contains("\u{25bc} kubectl")),
            "{text}"
        );
        assert!(lines.iter().all(|l| l.contains("x\u{2026}")), "{text}");
        assert!(!text.contains("yyyy\u{2502}"), "{text}");
        console.keys("n");
    }
    for _ in 0..200 {
        console.keys("l");
    }
    let text = console.text();
    assert!(text.contains("from column "), "{text}");
    assert!(text.contains("xnew") || text.contains("yyy"), "{text}");
    console.keys("0");
    assert!(!console.shows("from column "));
}

#[test]
fn hidden_foreign_fields_leave_no_row() {
    let data = with(|app| {
        let at = app
            .objects
            .iter()
            .position(|o| o.drift.key.kind == "Service");
        let object = Arc::make_mut(&mut app.objects[at.expect("a Service")]);
        let drift = Arc::make_mut(&mut object.drift);
        drift.foreign = vec![drift::Foreign {
            path: FieldPath::fields(["metadata", "labels"]),
            value: json!({"a": "b"}),
            owner: Owner {
                manager: "istio".into(),
                apply: false,
                subresource: String::new(),
                time: None,
            },
        }];
    });
    let mut console = Console::new(120, 90, data);
    console.keys("n enter");
    assert!(console.shows("Service checkout  "), "{}", console.text());
    console.keys("f");
    assert!(!console.shows("Service checkout  "), "{}", console.text());
    assert!(console.shows("foreign hidden"));
}

#[test]
fn an_app_without_secrets_has_nothing_to_reveal() {
    let mut console = console(with(|app| {
        app.objects.retain(|o| o.drift.key.kind != "Secret")
    }));
    console.keys("x");
    assert!(console.shows("there is nothing to reveal"));
}

#[test]
fn an_app_that_is_not_well_says_why_in_its_diff() {
    let mut console = console(world());
    let explains = |console: &Console| {
        console.asked.iter().rev().find_map(|r| match r {
            Request::Explain(ticket, _, key) => Some((*ticket, key.kind.clone())),
            _ => None,
        })
    };
    assert!(explains(&console).is_none(), "the cursor may only pass");
    console.pass(1);
    let (ticket, kind) = explains(&console).expect("a question");
    assert_eq!(kind, "Deployment");
    let reason = Reason {
        time: None,
        present: true,
        warning: true,
        about: "Pod checkout-1".into(),
        text: "not scheduled: Unschedulable".into(),
    };
    console.send(Message::Report(Report::Reasons(ticket, Ok(vec![reason]))));
    console.draw();
    assert!(console.shows("Deployment checkout: Degraded"));
    assert!(console.shows("! Pod checkout-1: not scheduled: Unschedulable"));
}

#[test]
fn what_stands_before_the_first_difference_is_seen_in_one_column() {
    let mut console = Console::new(80, 24, world());
    console.keys("n enter");
    assert!(
        console.shows("Deployment checkout: Degraded"),
        "{}",
        console.text()
    );
}

#[test]
fn the_cursor_rests_on_no_empty_line() {
    let mut console = console(world());
    console.keys("g");
    for _ in 0..6 {
        let text = console.text();
        let line = text.lines().find_map(|l| l.split_once("\u{2502}\u{258c}"));
        let (_, line) = line.unwrap_or_else(|| panic!("no cursor: {text}"));
        assert!(!line.trim_matches(['\u{2502}', ' ']).is_empty(), "{text}");
        console.keys("j");
    }
}

#[test]
fn a_plan_names_its_revision_and_its_way_out() {
    let mut console = console(world());
    console.keys("s");
    assert!(console.shows("esc cancel"));
    assert!(!console.shows("fold"));
    console.drawn(Ok(scene::plan("prod-eu", false)));
    assert!(console.shows("Sync checkout \u{b7} prod-eu \u{b7} shop"));
    for text in [
        "y yes, run it",
        "esc cancel",
        "enter choose",
        "n next",
        "- fold",
    ] {
        assert!(console.shows(text), "{text}\n{}", console.text());
    }
    let mut plan = scene::plan("prod-eu", false);
    plan.steps.clear();
    plan.apps[0].refused = Some(moved_on().hint("To take them over, adopt them (`--adopt`)."));
    console.keys("esc s").drawn(Ok(plan));
    assert!(console.shows("adopt them (A)"));
    assert!(!console.shows("fold"));
}

#[test]
fn waiting_for_a_plan_moves_and_counts() {
    let mut console = console(world());
    console.keys("s");
    let ticket = console.draw_ticket();
    console.pass(3);
    let before = console.text();
    assert!(
        before.contains("Asking prod-eu what would change  3 s"),
        "{before}"
    );
    console.send(Message::Report(Report::Drawing(ticket, 12, 40)));
    console.draw();
    assert!(console.shows("12 of 40 objects answered"));
    console.keys("esc");
    assert!(console.state.dialogs.is_empty());
}

#[test]
fn a_refused_sync_named_options_where_keys_do_it() {
    let mut console = console(world());
    let id = scene::id("prod-eu", "checkout");
    console.keys("s").drawn(Err(Problem::new(
        ProblemKind::Unsupported,
        "what Git says may have moved",
    )
    .at(id.to_string())
    .hint(words::LOOK_AGAIN)
    .hint(format!(
        "{} `trueup sync checkout --revision SHA` goes.",
        words::COMMIT_STAYS
    ))));
    let text = console.text();
    for said in [
        "esc closes this, r then fetches it again.",
        "A commit cannot move: R goes back to one.",
        "r draw again",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("--revision") && !text.contains(&id.to_string()));
    // Another size breaks it anew.
    console.send(Message::Resize(60, 24));
    console.draw();
    assert!(!console.shows("what Git says may have moved\u{2026}"));
}

#[test]
fn an_app_of_a_mirror_that_could_not_be_fetched_did_not_say_how_to_fetch_it() {
    let old = || {
        with(|app| {
            app.old_since = Some(scene::ago(3));
            Arc::make_mut(&mut app.app).source.repository =
                Repository::Remote("https://git.example.com/shop".into());
            app.problems.push(
                Problem::new(ProblemKind::Unreachable, "the host cannot be reached")
                    .at("https://git.example.com/shop"),
            );
        })
    };
    for (width, keys) in [(80, "n enter"), (120, "n")] {
        let mut console = Console::new(width, 24, old());
        console.keys(keys);
        let text = console.text();
        assert!(text.contains("\u{25d4} old"), "{text}");
        assert_eq!(
            text.contains("old since a moment ago"),
            width == 80,
            "{text}"
        );
        assert!(text.contains("r fetches it again"), "{text}");
        assert!(text.lines().last().unwrap().contains("r refresh"), "{text}");
    }
    // It is seen where the App is looked at already, and the commit is not cut for it.
    let mut console = Console::new(120, 40, world());
    console.keys("n enter");
    console.data(old());
    assert!(console.shows("r fetches it again"), "{}", console.text());
    assert!(console.shows("main@4f2c1e9"), "{}", console.text());
    // A checkout is not fetched.
    let mut data = old();
    let id = scene::id("prod-eu", "checkout");
    let view = data.apps.iter_mut().find(|a| a.app.id == id).unwrap();
    let app = Arc::make_mut(&mut Arc::make_mut(view).app);
    app.source.repository = Repository::Local("/src/shop".into());
    let local = self::console(data);
    assert!(local.shows("once it is read again") && !local.shows("fetch"));
    let mut console = self::console(world());
    // Where the cluster does not answer, fetching mends nothing.
    let mut data = old();
    let down = data.clusters[3].reach.clone();
    Arc::make_mut(&mut data.clusters[0]).reach = down;
    console.data(data);
    assert!(!console.shows("fetches it again"));
}

#[test]
fn an_app_with_foreign_fields_alone_did_not_say_that_it_is_in_sync() {
    let mut data = with(|app| {
        app.sync = SyncStatus::Synced;
        app.objects.retain(|o| o.drift.key.kind == "Deployment");
        let drift = Arc::make_mut(&mut Arc::make_mut(&mut app.objects[0]).drift);
        drift.verdict = Verdict::InSync;
        drift.fields.clear();
        app.counts = scene::count(&app.objects);
    });
    let mut console = Console::new(80, 24, data.clone());
    console.keys("j j enter");
    assert!(console.shows("in sync"), "{}", console.text());
    assert!(console.shows("1 foreign"), "{}", console.text());
    let at = data.apps.iter().position(|a| a.app.id.name == "checkout");
    Arc::make_mut(&mut data.apps[at.unwrap()])
        .counts
        .unconfirmed = 1;
    console.data(data);
    assert!(!console.shows("in sync"), "{}", console.text());
}

#[test]
fn how_many_more_are_not_well_was_cut_off() {
    let data = with(|app| {
        for object in &mut app.objects {
            let object = Arc::make_mut(object);
            if let Some(health) = &mut object.health {
                *health = Health::new(HealthStatus::Degraded, "x".repeat(99));
            }
        }
    });
    let mut console = Console::new(80, 24, data);
    console.keys("n enter");
    let text = console.text();
    assert!(text.contains("x\u{2026}  and 2 more (])"), "{text}");
    console.pass(1);
    let asked = console.asked.iter().rev().find_map(|r| match r {
        Request::Explain(ticket, ..) => Some(*ticket),
        _ => None,
    });
    let reason = Reason {
        time: None,
        present: true,
        warning: true,
        about: "Pod checkout-1".into(),
        text: "y".repeat(99),
    };
    let report = Report::Reasons(asked.expect("a question"), Ok(vec![reason]));
    console.send(Message::Report(report));
    console.draw();
    let text = console.text();
    assert!(text.contains("! Pod checkout-1: yyy"), "{text}");
    assert!(text.contains("y\u{2026}  and 2 more (])"), "{text}");
}

#[test]
fn a_plan_that_waits_for_its_cluster_says_so_and_can_be_left() {
    let mut console = console(world());
    console.keys("s");
    let ticket = console.draw_ticket();
    console.pass(3);
    console.send(Message::Report(Report::Awaiting(ticket, "prod-eu".into())));
    console.draw();
    assert!(console.shows("Waiting for prod-eu  3 s") && console.shows("esc cancel"));
    console.send(Message::Report(Report::Drawing(ticket, 0, 40)));
    console.draw();
    assert!(console.shows("Asking prod-eu what would change"));
    console.send(Message::Report(Report::Awaiting(ticket, "prod-eu".into())));
    console.keys("esc");
    let left = |r: &Request| matches!(r, Request::LeaveDraw(of) if *of == ticket);
    assert!(console.asked.iter().any(left), "{:?}", console.asked);
    assert!(!console.shows("Waiting for prod-eu"));
}

#[test]
fn who_has_not_moved_was_carried_from_the_top_by_what_was_compared_later() {
    let later = with(|app| app.objects = app.objects.split_off(3));
    let mut reader = console(later);
    let begun = reader.text();
    reader.data(world());
    assert_ne!(reader.text(), begun);
    assert_eq!(reader.text(), console(world()).text());
}

#[test]
fn the_cursor_stood_on_whatever_app_was_found_first() {
    let mut first = world();
    let later = first.apps.split_off(3);
    let found_first = Snapshot {
        apps: later,
        ..world()
    };
    let mut untouched = Console::new(120, 40, found_first.clone());
    untouched.data(world());
    assert_eq!(untouched.text(), Console::new(120, 40, world()).text());
    // Who has pressed a key works on what is selected.
    let mut used = Console::new(120, 40, found_first);
    used.keys("d tab tab");
    let selected = used.state.apps.selected.clone();
    used.data(world());
    assert_eq!(used.state.apps.selected, selected);
}

#[test]
fn the_history_opened_at_a_run_that_was_the_newest_long_ago() {
    let mut console = console(world());
    console.keys("] ] j tab R");
    assert!(console.state.detail.records.line() > 0);
    console.keys("[ R");
    assert_eq!(console.state.detail.records.line(), 0);
}

#[test]
fn a_plan_says_that_the_world_has_moved() {
    let mut console = console(world());
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    assert!(!console.shows("since this was drawn"));
    console.data(with(|app| {
        let at = app
            .objects
            .iter()
            .position(|o| o.drift.key.kind == "Deployment");
        let object = Arc::make_mut(&mut app.objects[at.expect("a Deployment")]);
        Arc::make_mut(&mut object.drift).fields[0].live = Some(json!(9));
    }));
    assert!(console.shows("The cluster has moved since this was drawn: r draws it again."));
    assert!(console.shows("[ Cancel ]"));
    let first = console.draw_ticket();
    console.keys("r");
    assert_ne!(console.draw_ticket(), first);
    console.drawn(Ok(scene::plan("prod-eu", false)));
    assert!(!console.shows("since this was drawn"));
    console.data(with(|app| {
        let target = app.target.as_mut().expect("a target");
        target.commit = scene::commit("9999999", "later", 1);
    }));
    assert!(console.shows("Git has moved since this was drawn"));
}

#[test]
fn a_failed_run_counts_what_was_done_and_says_why_once() {
    let mut console = console(world());
    let plan = scene::plan("prod-eu", false);
    console.keys("s").drawn(Ok(plan.clone())).keys("y");
    let steps = vec![
        StepState::Failed(moved_on()),
        StepState::NotRun,
        StepState::NotRun,
    ];
    let mut view = ended(plan, steps, Outcome::Failed);
    let reason = format!("ConfigMap shop/x: {}", moved_on());
    view.problem = Some(Problem::new(ProblemKind::Rejected, reason).at("checkout"));
    console.ran(view);
    assert!(console.shows("Sync 0/3"), "{}", console.text());
    let text = console.text();
    assert_eq!(
        text.matches("it was changed since the Plan was drawn")
            .count(),
        1,
        "{text}"
    );
    let first = console.draw_ticket();
    console.keys("r");
    assert_ne!(console.draw_ticket(), first);
}

#[test]
fn a_terminal_too_small_offered_to_leave_a_run_that_it_does_not_leave() {
    let mut console = console(world());
    console.resize(59, 14);
    assert!(console.shows("q leaves."));
    console.resize(120, 40);
    let plan = scene::plan("prod-eu", false);
    console.keys("s").drawn(Ok(plan)).keys("y");
    console.resize(59, 14);
    console.keys("q ctrl-c");
    assert!(!console.has_quit && !console.shows("leaves"));
    assert!(console.shows("The Run goes on."));
}

#[test]
fn what_is_not_read_yet_was_said_not_to_be_there() {
    let unread = |app: &mut AppView| {
        app.objects.clear();
        app.record = None;
        app.state = AppState::Unknown;
        app.sync = SyncStatus::Checking;
        app.problems.clear();
    };
    let mut console = console(with(unread));
    for said in [
        "No object is known yet.",
        "No history is known yet.",
        "What Git says is not known yet.",
    ] {
        console.keys("]");
        assert!(console.shows(said), "{}", console.text());
    }
    let mut down = with(unread);
    let reach = down.clusters[3].reach.clone();
    let cluster = Arc::make_mut(&mut down.clusters[0]);
    cluster.reach = reach;
    assert!(cluster.is_down());
    console.data(down).keys("[");
    assert!(console.shows("prod-eu does not answer."));
}

#[test]
fn the_cursor_stayed_on_the_object_that_happened_to_be_known_first() {
    let all = Console::new(120, 40, world());
    let shown = all.state.detail.app.clone().expect("an App");
    let mut early = world();
    let view = early.apps.iter_mut().find(|a| a.app.id == shown.app.id);
    let app = Arc::make_mut(view.unwrap());
    assert!(app.objects.len() > 1);
    app.objects.drain(..app.objects.len() - 1);
    let mut console = Console::new(120, 40, early);
    console.data(world()).keys("enter ]");
    assert_eq!(console.state.detail.objects.line(), 0);
    // From the first key on it keeps its object.
    console.keys("j");
    let kept = console.state.detail.objects.selected.clone();
    console.data(world());
    assert_eq!(console.state.detail.objects.selected, kept);
}

#[test]
fn a_filter_did_not_find_the_side_that_the_list_names() {
    let mut console = console(world());
    console.keys("] / \"both\" enter");
    let rows = &console.state.detail.object_rows;
    assert_eq!(rows.len(), 2, "{}", console.text());
}

#[test]
fn what_git_has_no_more_was_called_extra_in_one_tab_alone() {
    let mut console = Console::new(80, 24, world());
    console.keys("n enter ] / \"git\" enter");
    let rows = &console.state.detail.object_rows;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0.drift.verdict, Verdict::Extra);
    assert!(console.shows("not in Git") && !console.shows("extra"));
}

#[test]
fn why_an_object_differs_was_said_twice() {
    let mut console = console(world());
    console.keys("] enter");
    let shown = console.state.detail.app.clone().expect("an App");
    let (mut sides, mut drifted) = (0, 0);
    for object in &shown.objects {
        let text = console.text();
        let said = text.lines().nth(3).unwrap_or_default().to_owned();
        let times = |word: &str| said.matches(word).count();
        match object.drift.verdict {
            Verdict::InSync => assert_eq!(times("in sync"), 1, "{said}"),
            Verdict::Drifted => {
                assert!(times("\u{25bc}") < 2 && times("\u{25b2}") < 2, "{said}");
                sides += times("\u{25bc} cluster") + times("\u{25b2} Git");
                drifted += 1;
            }
            Verdict::Extra => assert!(times("no longer in Git") == 1 && times("extra") == 0),
            _ => {}
        }
        console.keys("q j enter");
    }
    assert!(drifted > 0 && sides > 0);
}

#[test]
fn a_question_about_a_run_ends_with_it() {
    let mut console = console(world());
    let plan = scene::plan("prod-eu", false);
    console.keys("s").drawn(Ok(plan.clone())).keys("y ctrl-c");
    assert!(console.shows("Sync 0/3 is under way"));
    let steps = vec![StepState::Done(vec![]); 3];
    console.ran(ended(plan, steps, Outcome::Succeeded));
    assert!(!console.shows("is under way"));
    assert!(console.shows("Sync 3/3"));
}

#[test]
fn a_plan_of_prunes_alone_said_one_sentence_twice() {
    let mut console = console(world());
    let mut plan = scene::plan("prod-eu", false);
    plan.steps.clear();
    plan.apps[0].warnings.clear();
    console.keys("s").drawn(Ok(plan));
    let sentence = "no longer in Git and stays";
    assert_eq!(console.text().matches(sentence).count(), 1);
    assert!(console.shows("Service checkout-old"), "{}", console.text());
}

#[test]
fn options_of_the_command_line_were_hints_in_the_console() {
    let world = with(|app| {
        app.notices.push(Notice {
            place: "checkout".into(),
            text: "what it holds stays until it is pruned (`--prune-all checkout`)".into(),
        });
    });
    let mut console = console(world);
    assert!(console.shows("pruned (s, then p)"), "{}", console.text());
    console.keys("!");
    assert!(console.shows("pruned (s, then p)"), "{}", console.text());
}

#[test]
fn a_refusal_spelled_the_app_otherwise_than_its_title() {
    let mut console = console(world());
    let mut plan = scene::plan("prod-eu", false);
    plan.steps.clear();
    let id = plan.apps[0].id.to_string();
    plan.apps[0].refused = Some(moved_on().at(id.clone()));
    console.keys("s").drawn(Ok(plan));
    assert!(!console.shows(&id), "{}", console.text());
}
