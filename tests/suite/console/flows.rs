//! What keys lead to.

use std::sync::Arc;

use proptest::prelude::*;
use trueup::domain::record::{AppRecord, Outcome, RunKind};
use trueup::domain::*;
use trueup::engine::*;
use trueup::tui::{Message, Theme};

use super::scene;
use super::script::Console;

fn console() -> Console {
    Console::new(120, 40, scene::world())
}

/// The cursor on the guarded cluster's `checkout`, or on that of an unguarded one.
fn at_checkout(guarded: bool) -> Console {
    let mut world = scene::world();
    if !guarded {
        Arc::make_mut(&mut world.clusters[0]).mode = ClusterMode::Normal;
    }
    let mut console = Console::new(120, 40, world);
    console.keys("n");
    console
}

fn running(plan: Plan, states: Vec<StepState>, outcome: Option<Outcome>) -> RunView {
    RunView {
        plan: Arc::new(plan),
        steps: states,
        waiting: String::new(),
        outcome,
        problem: None,
        health: None,
    }
}

#[test]
fn selecting_tells_the_engine() {
    let mut console = console();
    console.keys("j");
    assert!(matches!(
        console.asked.as_slice(),
        [Request::Select(Some(id))] if id.name == "cart" && id.context == "prod-eu"
    ));
}

#[test]
fn a_sync_from_key_to_health() {
    let mut console = at_checkout(false);
    console.keys("s");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, Draw::Sync { apps, prune: false, adopt: false, .. })) if apps[0].name == "checkout"
    ));
    console.drawn(Ok(scene::plan("prod-eu", false)));
    assert!(console.shows("Sync: 3 steps"));
    assert!(console.shows("1 object is no longer in Git and stays"));
    // Prunes are drawn by a new Plan.
    console.keys("p");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(
            _,
            Draw::Sync {
                prune: true,
                prune_all: None,
                ..
            }
        ))
    ));
    console.drawn(Ok(scene::plan("prod-eu", true)));
    assert!(console.shows("Sync: 4 steps"));
    console.keys("y");
    assert!(console.run_ticket().is_some());
    let plan = scene::plan("prod-eu", true);
    let mut states = vec![
        StepState::Done(vec![]),
        StepState::Running,
        StepState::Waiting,
        StepState::Waiting,
    ];
    let mut now = running(plan.clone(), states.clone(), None);
    now.waiting = "ConfigMap checkout-env".into();
    console.ran(now);
    assert!(console.shows("waiting for ConfigMap checkout-env"));
    assert!(console.shows("Sync 1/4"));
    states.fill(StepState::Done(vec![]));
    console.ran(running(plan, states, Some(Outcome::Succeeded)));
    assert!(console.shows("Sync succeeded."));
    assert!(console.shows("Health of checkout: Degraded"));
    assert!(console.shows("Deployment checkout  Degraded"));
    // What is not well is asked after, once.
    let asked: Vec<_> = console
        .asked
        .iter()
        .filter_map(|r| match r {
            Request::Explain(ticket, _, key) => Some((*ticket, key.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1.kind, "Deployment");
    let reason = Reason {
        present: true,
        time: None,
        warning: true,
        about: "Pod checkout-1".into(),
        text: "ImagePullBackOff: no such image".into(),
    };
    console.send(Message::Report(Report::Reasons(
        asked[0].0,
        Ok(vec![reason]),
    )));
    console.draw();
    assert!(console.shows("Pod checkout-1: ImagePullBackOff"));
    // Asked again after a while, as long as it is looked at: events go on arriving.
    let n_asked = |console: &Console| {
        let explains = |r: &&Request| matches!(r, Request::Explain(..));
        console.asked.iter().filter(explains).count()
    };
    console.pass(1);
    assert_eq!(n_asked(&console), 1);
    console.pass(3);
    assert_eq!(n_asked(&console), 2);
    console.keys("esc");
    assert!(!console.shows("Sync succeeded."));
    // The Run asks no more; the diff that is on screen now does, once.
    console.pass(60);
    assert_eq!(n_asked(&console), 3);
    // The health is that of the moment, and once it is well there is nothing more to say.
    console.keys("w");
    let mut data = (*console.state.data).clone();
    for app in &mut data.apps {
        let mut well = (**app).clone();
        well.health = Some(Health::new(HealthStatus::Healthy, ""));
        for object in &mut well.objects {
            let mut calm = (**object).clone();
            calm.health = calm.health.map(|_| Health::new(HealthStatus::Healthy, ""));
            *object = Arc::new(calm);
        }
        *app = Arc::new(well);
    }
    console.data(data);
    assert!(console.shows("Health of checkout: \u{2713} Healthy"));
    assert!(!console.shows("ImagePullBackOff"));
}

#[test]
fn a_yes_counts_only_after_the_whole_plan_was_on_screen() {
    let mut console = at_checkout(false);
    // Typed ahead, while it is being drawn.
    console.keys("s y y enter");
    assert!(console.run_ticket().is_none());
    let mut console = at_checkout(false);
    console.keys("s");
    // The answer and a key come in one batch: nothing was on screen between them.
    let ticket = console.draw_ticket();
    console.send(Message::Report(Report::Drawn(
        ticket,
        Ok(Arc::new(scene::plan("prod-eu", false))),
    )));
    console.press("y");
    assert!(console.run_ticket().is_none());
    console.draw();
    console.keys("y");
    assert!(console.run_ticket().is_some());
}

#[test]
fn a_pasted_yes_is_none() {
    let mut console = at_checkout(false);
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    console.send(Message::Paste("y".into()));
    assert!(console.run_ticket().is_none());
}

#[test]
fn what_was_asked_for_before_is_dropped() {
    let mut console = at_checkout(false);
    console.keys("s");
    let old = console.draw_ticket();
    console.keys("esc s");
    console.send(Message::Report(Report::Drawn(
        old,
        Ok(Arc::new(scene::plan("prod-eu", false))),
    )));
    console.draw();
    assert!(!console.shows("3 steps"));
    let stale = running(scene::plan("prod-eu", false), vec![], Some(Outcome::Failed));
    console.send(Message::Report(Report::Run(Ticket(999), Arc::new(stale))));
    assert!(console.state.run.is_none());
}

#[test]
fn cancel_is_preselected_where_something_is_destroyed() {
    let mut console = at_checkout(false);
    console.keys("s").drawn(Ok(scene::plan("prod-eu", true)));
    assert!(console.shows("[ Cancel ]"));
    console.keys("enter");
    assert!(console.run_ticket().is_none());
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    assert!(console.shows("[ Sync: 3 steps ]"));
    console.keys("enter");
    assert!(console.run_ticket().is_some());
}

#[test]
fn a_guarded_cluster_wants_its_name() {
    let mut console = at_checkout(true);
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    console.keys("y");
    assert!(console.shows("prod-eu is guarded"));
    console.keys("\"prod-us\" enter");
    assert!(console.run_ticket().is_none());
    assert!(console.shows("That is not the name."));
    console.keys("ctrl-u \"prod-eu\" enter");
    assert!(console.run_ticket().is_some());
}

#[test]
fn pruning_everything_wants_the_apps_name() {
    let mut console = at_checkout(false);
    let mut plan = scene::plan("prod-eu", false);
    plan.apps[0].takes_everything = true;
    plan.apps[0].prunable = vec![
        scene::key("apps", "Deployment", "checkout"),
        scene::key("", "Service", "checkout"),
        scene::key("", "Service", "checkout-old"),
    ];
    console.keys("s").drawn(Ok(plan));
    console.keys("p");
    assert!(console.shows("Delete everything?"));
    console.keys("\"checkout\" enter");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, Draw::Sync { prune: true, prune_all: Some(name), .. })) if name == "checkout"
    ));
}

#[test]
fn adoption_is_offered_and_a_sync_follows_it() {
    let mut console = at_checkout(false);
    let mut plan = scene::plan("prod-eu", false);
    plan.steps.clear();
    let refused = Problem::new(ProblemKind::Conflict, "Helm manages these objects");
    plan.apps[0].refused = Some(refused.clone());
    console.keys("s").drawn(Ok(plan.clone()));
    // Nothing says that an adoption would mend that.
    assert!(!console.shows("A adopt") && console.shows("r draw again"));
    plan.apps[0].refused = Some(refused.hint("Adopt them (`--adopt`)."));
    console.keys("r").drawn(Ok(plan));
    assert!(console.shows("A adopt") && console.shows("Adopt them (A)."));
    console.keys("A");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, Draw::Sync { adopt: true, .. }))
    ));
    let mut plan = scene::plan("prod-eu", false);
    plan.kind = RunKind::Adopt;
    console.drawn(Ok(plan.clone())).keys("y");
    let states = vec![StepState::Done(vec![]); 3];
    console.ran(running(plan, states, Some(Outcome::Succeeded)));
    assert!(console.shows("enter draw the sync"), "{}", console.text());
    // Asked the same again: what is left to do is the sync, of what was chosen.
    let adopts = |r: &&Request| matches!(r, Request::Draw(_, Draw::Sync { adopt: true, .. }));
    let before = console.asked.iter().filter(adopts).count();
    console.keys("enter");
    assert_eq!(console.asked.iter().filter(adopts).count(), before + 1);
    assert!(console.asked.last().as_ref().is_some_and(adopts));
}

#[test]
fn the_sync_behind_an_adoption_is_estimated_below_it() {
    let mut console = at_checkout(false);
    let mut plan = scene::plan("prod-eu", false);
    let estimate = plan.clone();
    plan.kind = RunKind::Adopt;
    plan.steps.truncate(1);
    plan.steps[0].action = Action::Adopt;
    plan.estimate = Some(Arc::new(estimate));
    console.keys("s").drawn(Ok(plan));
    assert!(console.shows("1 to adopt"));
    assert!(console.shows("An estimate of it:"));
    console.keys("G");
    assert!(console.shows("shop/checkout:1.9"));
    assert!(!console.shows("p adds it"));
    // What is answered is the adoption alone.
    assert!(console.shows("Adoption: 1 step"));
}

#[test]
fn a_rollback_from_the_history() {
    let mut console = at_checkout(false);
    console.keys("R j j enter");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, Draw::Rollback { record: 2, .. }))
    ));
    let mut plan = scene::plan("prod-eu", false);
    plan.kind = RunKind::Rollback;
    console.drawn(Ok(plan));
    assert!(console.shows("Rollback checkout \u{b7} prod-eu \u{b7} shop to #2"));
    assert!(console.shows("[ Cancel ]"));
}

#[test]
fn a_run_under_way_was_offered_to_go_back_to() {
    let mut world = scene::world();
    let first = Arc::make_mut(&mut world.apps[0]);
    let mut record = scene::record(1, "77c0de1", "start the shop", 5);
    (record.finished, record.outcome) = (None, Outcome::Running);
    first.record = Some(Arc::new(AppRecord {
        history: vec![record],
        ..AppRecord::default()
    }));
    let mut console = Console::new(80, 24, world.clone());
    console.keys("R");
    assert!(
        console.shows("A Run of till is under way: there is none before it to go back to."),
        "{}",
        console.text()
    );
    // Of one's own it is said where it can be seen.
    let mut console = at_checkout(false);
    console
        .keys("s")
        .drawn(Ok(scene::plan("prod-eu", false)))
        .keys("y q R");
    assert!(console.shows("A Run of checkout is under way; w shows it."));
    assert!(console.shows("two replicas more"));
}

#[test]
fn read_only_constructs_nothing() {
    let mut world = scene::world();
    world.read_only = true;
    let mut console = Console::new(120, 40, world);
    console.keys("n s R enter : \"sync\" enter");
    assert!(console.shows("READ-ONLY"));
    assert!(
        !console
            .asked
            .iter()
            .any(|r| matches!(r, Request::Draw(..) | Request::Run(..)))
    );
}

#[test]
fn marks_make_one_plan() {
    let mut console = console();
    console.keys("j space space s");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, Draw::Sync { apps, only, .. })) if apps.len() == 2 && only.is_empty()
    ));
    let mut console = at_checkout(false);
    console.keys("] enter j space s");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, Draw::Sync { apps, only, .. }))
            if apps.len() == 1 && only.len() == 1 && only[0].1.kind == "Secret"
    ));
}

#[test]
fn a_filtered_list_selects_what_it_shows() {
    let mut console = console();
    console.keys("/ \"vouch\" enter s");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, Draw::Sync { apps, .. })) if apps[0].name == "vouchers"
    ));
    // Escape clears the filter first and keeps the App.
    console.keys("esc esc");
    assert_eq!(
        console.state.apps.selected.as_ref().unwrap().name,
        "vouchers"
    );
    assert_eq!(console.state.apps.filter, "");
}

#[test]
fn secrets_are_shown_after_asking_and_only_for_this_app() {
    let secret = "swordfish";
    let mut console = at_checkout(false);
    assert!(!console.shows(secret));
    console.keys("x");
    assert!(console.shows("Show secret values?"));
    // No is preselected.
    console.keys("enter");
    assert!(!console.shows(secret));
    console.keys("x y");
    assert!(console.shows(secret) && console.shows("secrets shown"));
    console.keys("j k");
    assert!(!console.shows(secret));
}

#[test]
fn a_plan_showed_no_secret_value_and_no_way_to() {
    let mut console = at_checkout(false);
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    assert!(!console.shows("swordfish"));
    console.keys("x enter");
    assert!(!console.shows("swordfish"), "No is preselected");
    console.keys("x y");
    assert!(
        console.shows("+   password: swordfish"),
        "{}",
        console.text()
    );
    assert!(console.shows("secrets shown"));
    console.keys("}");
    assert!(console.shows("swordfish"));
    console.keys("x");
    assert!(!console.shows("swordfish") && !console.shows("secrets shown"));
    // Another Plan begins masked.
    console
        .keys("x y q s")
        .drawn(Ok(scene::plan("prod-eu", false)));
    assert!(!console.shows("swordfish"), "{}", console.text());
}

#[test]
fn cursor_and_scroll_stay_when_data_moves() {
    let mut console = at_checkout(false);
    console.keys("enter ctrl-d ctrl-d j");
    let reader = &console.state.detail.diff;
    let (path, id) = (
        reader.document.path(reader.cursor),
        reader.document.sections()[reader.cursor.section].id.clone(),
    );
    assert!(path.is_some());
    let mut world = scene::world();
    world.apps.insert(0, Arc::new(scene::checkout("another")));
    let at = world
        .apps
        .iter()
        .position(|a| a.app.id == scene::id("prod-eu", "checkout"))
        .unwrap();
    let mut moved = (*world.apps[at]).clone();
    // The first object that differs is gone: everything moves up.
    moved.objects.retain(|o| o.drift.key.kind != "Secret");
    world.apps[at] = Arc::new(moved);
    console.data(world);
    let reader = &console.state.detail.diff;
    assert_eq!(
        console.state.apps.selected,
        Some(scene::id("prod-eu", "checkout"))
    );
    assert_eq!(reader.document.sections()[reader.cursor.section].id, id);
    assert_eq!(reader.document.path(reader.cursor), path);
}

#[test]
fn the_command_line() {
    let mut console = at_checkout(false);
    console.keys(": \"rev\" space \"feature/x\" enter");
    assert!(matches!(
        console.asked.last(),
        Some(Request::SetRevision(_, Some(Revision::Named(name)))) if name == "feature/x"
    ));
    console.keys(": \"rev\" space \"work\" tab enter");
    assert!(matches!(
        console.asked.last(),
        Some(Request::SetRevision(_, Some(Revision::Worktree)))
    ));
    console.keys(": \"rev\" enter");
    assert!(matches!(
        console.asked.last(),
        Some(Request::SetRevision(_, None))
    ));
    console.keys(": \"ctx\" space \"stag\" tab enter");
    assert_eq!(console.state.only_context.as_deref(), Some("staging"));
    console.keys(": \"ctx\" enter : \"app\" space \"vouchers\" enter");
    assert_eq!(
        console.state.apps.selected.as_ref().unwrap().name,
        "vouchers"
    );
    console.keys(": \"refresh\" space \"all\" enter");
    assert!(matches!(console.asked.last(), Some(Request::Refresh(None))));
    console.keys(": \"frobnicate\" enter");
    assert!(console.shows("There is no command `frobnicate`."));
    console.keys(": \"sync\" space \"cart\" enter");
    assert!(console.shows("Several Apps are called `cart`"));
    // From the detail too it asks, as the key does at the root.
    console.keys("enter : \"quit\" enter");
    assert!(console.shows("Leave trueup?") && !console.has_quit);
    console.keys("esc : \"q!\" enter");
    assert!(console.has_quit);
}

#[test]
fn a_plan_a_run_and_a_question_had_no_help() {
    let mut console = at_checkout(false);
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    console.keys("?");
    assert!(console.shows("run the Plan as shown"), "{}", console.text());
    assert!(!console.shows("The command line"));
    // Behind its keys, nothing of it can be answered.
    console.keys("y ? !");
    assert!(console.shows("What is wrong") && console.run_ticket().is_none());
    console.keys("? ? q y ?");
    assert!(console.run_ticket().is_some());
    assert!(console.shows("stop the Run before its next step"));
    console.keys("? x f1");
    assert!(console.shows("Keys: A question"), "{}", console.text());
    console.keys("f1 y");
    assert!(matches!(console.asked.last(), Some(Request::StopRun(_))));
}

#[test]
fn leaving_asks_at_the_root_and_while_a_run_goes_on() {
    let mut console = at_checkout(false);
    console.keys("enter q");
    assert!(!console.has_quit);
    console.keys("q");
    assert!(console.shows("Leave trueup?") && !console.has_quit);
    console
        .keys("esc s")
        .drawn(Ok(scene::plan("prod-eu", false)))
        .keys("y ctrl-c");
    assert!(console.shows("is under way") && !console.has_quit);
    console.keys("enter");
    assert!(!console.has_quit);
    console.keys("ctrl-c y");
    assert!(console.has_quit);
    assert!(
        console
            .asked
            .iter()
            .any(|r| matches!(r, Request::StopRun(_)))
    );
}

#[test]
fn a_run_is_stopped_after_asking() {
    let mut console = at_checkout(false);
    console
        .keys("s")
        .drawn(Ok(scene::plan("prod-eu", false)))
        .keys("y x");
    assert!(console.shows("Stop the Run?"));
    console.keys("y");
    assert!(
        matches!(console.asked.last(), Some(Request::StopRun(t)) if Some(*t) == console.run_ticket())
    );
    assert!(console.shows("stopping before the next step"));
    // It is asked to once.
    assert!(!console.shows("x stop"), "{}", console.text());
}

#[test]
fn the_lock_of_a_dead_console_was_taken_over_without_asking() {
    let answer = |keys: &str| {
        let mut console = at_checkout(false);
        console
            .keys("s")
            .drawn(Ok(scene::plan("prod-eu", false)))
            .keys("y")
            .meets_lock(scene::id("prod-eu", "checkout"), "ada@laptop (25088)");
        // It does not run behind the question.
        assert!(console.shows("waiting for the lock"), "{}", console.text());
        assert!(console.shows("ada@laptop (25088) has not renewed its lock of"));
        console.keys(keys);
        let ticket = console.run_ticket();
        let asked = console.asked.iter().find_map(|r| match r {
            Request::TakeOver(of, yes) if Some(*of) == ticket => Some(*yes),
            _ => None,
        });
        assert!(!console.shows("Take it over?"));
        asked
    };
    assert_eq!(answer("y"), Some(true));
    // No is preselected.
    for no in ["enter", "esc", "q"] {
        assert_eq!(answer(no), Some(false), "{no}");
    }
}

#[test]
fn what_a_run_waits_for_was_cut_at_80_columns() {
    let mut console = Console::new(80, 24, scene::world());
    let plan = scene::plan("staging", false);
    let mut view = running(
        plan.clone(),
        vec![StepState::Waiting; plan.steps.len()],
        None,
    );
    view.waiting = "the lock of checkout, which ada@laptop (25088) holds; if it is not renewed within 60 s, it can be taken over".to_owned();
    console.keys("s").drawn(Ok(plan)).keys("y").ran(view);
    assert!(console.shows("taken over"), "{}", console.text());
}

#[test]
fn nothing_is_drawn_where_nothing_changed() {
    let mut console = console();
    let frames = console.frames;
    let same = console.state.data.clone();
    console.send(Message::Data(same));
    console.send(Message::Report(Report::Changed));
    console.press("f12");
    console.send(Message::Paste("text".into()));
    console.draw();
    assert_eq!(console.frames, frames);
}

#[test]
fn ages_change_when_the_timer_says() {
    let console = console();
    let mut buffer = console.buffer().clone();
    let next = trueup::tui::view::draw(&console.state, &mut buffer).unwrap();
    // The retry of the dead cluster is in 18 s, shown as 20 s until 10 s are left.
    assert_eq!(next.duration_since(scene::now()).as_secs(), 8);
}

#[test]
fn what_changed_is_marked_for_a_moment() {
    let mut console = console();
    console.pass(60);
    let mut world = scene::world();
    Arc::make_mut(&mut world.apps[1]).changed_at = console.state.now;
    console.data(world);
    assert!(console.shows("• cart") || console.shows("•cart"));
    console.pass(5);
    assert!(!console.shows("•cart") && !console.shows("• cart"));
}

#[test]
fn a_plan_with_a_changed_line_panicked_at_a_size_that_the_terminal_no_longer_had() {
    let mut console = at_checkout(false);
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    console.keys("j j j j j j");
    console.send(Message::Resize(2, 21));
    console.draw();
    assert!(!console.shows("Sync checkout"), "{}", console.text());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_key_ever_panics(
        keys in prop::collection::vec(prop::sample::select(vec![
            "j", "k", "g", "G", "n", "N", "enter", "esc", "tab", "shift-tab", "[", "]", "{", "}", "space", "/", ":", "s", "R", "r",
            "x", "y", "p", "A", "f", "w", "!", "?", "-", "_", "h", "l", "ctrl-u", "ctrl-d", "J", "K", "pgup", "pgdn", "d", "q", "a",
            "c", "up", "backspace",
        ]), 1..60),
        sizes in prop::collection::vec((0u16..180, 0u16..60), 1..4),
        report in 0usize..60,
    ) {
        let mut console = console();
        for (i, key) in keys.iter().enumerate() {
            if i == report {
                let empty = Snapshot { revision: 77, ..Snapshot::default() };
                console.data(empty);
            }
            if let Some((width, height)) = sizes.get(i / 20).filter(|_| i % 20 == 10) {
                console.send(Message::Resize(*width, *height));
            }
            console.keys(key);
            if matches!(console.asked.last(), Some(Request::Draw(..))) {
                let plan = scene::plan("prod-eu", i % 2 == 0);
                console.drawn(Ok(plan));
            }
            prop_assert!(!console.asked.iter().any(|r| matches!(r, Request::Run(_, p) if p.steps.is_empty())));
        }
    }
}

#[test]
fn ctrl_z_sleeps_unless_a_run_is_under_way() {
    let mut console = at_checkout(false);
    console.keys("s").drawn(Ok(scene::plan("prod-eu", false)));
    console.keys("ctrl-z");
    assert!(console.has_slept);
    console.has_slept = false;
    console.keys("y ctrl-z");
    assert!(console.run_ticket().is_some() && !console.has_slept);
    assert!(console.shows("A Run is under way"));
}

#[test]
fn another_filter_begins_empty_and_esc_brings_back_the_one_before() {
    let mut console = at_checkout(false);
    console.keys("/ \"check enter / \"till");
    assert!(console.shows("till"));
    assert!(!console.shows("/checktill"));
    console.keys("esc");
    assert_eq!(console.state.apps.filter, "check");
}

#[test]
fn another_destination_is_confirmed_before_its_plan_is_drawn() {
    let mut console = at_checkout(false);
    let place = |context: &str, namespace: &str| Destination {
        context: context.into(),
        namespace: namespace.into(),
    };
    let moves = vec![Move {
        app: scene::id("prod-eu", "checkout"),
        from: place("staging", "shop-old"),
        to: place("prod-eu", "shop"),
    }];
    let asks = |console: &mut Console| {
        console.keys("s");
        let report = Report::Moves(console.draw_ticket(), moves.clone());
        console.send(Message::Report(report));
        console.draw();
        assert!(console.shows("Another destination?"));
        assert!(console.shows("staging/shop-old") && console.shows("prod-eu/shop"));
        assert!(console.shows("[ No ]"));
    };
    let confirmed = |console: &Console| match console.asked.last() {
        Some(Request::Draw(_, draw)) => *draw.moves() == Moves::Confirmed(moves.clone()),
        _ => false,
    };
    // No is what stands there first, and an early yes is none.
    asks(&mut console);
    console.keys("enter");
    assert!(!console.shows("Another destination?") && !confirmed(&console));
    console.keys("s");
    let report = Report::Moves(console.draw_ticket(), moves.clone());
    console.send(Message::Report(report));
    console.press("y");
    console.draw();
    assert!(!confirmed(&console));
    console.keys("esc");
    // A yes draws the Plan, and what is drawn anew from there keeps it.
    asks(&mut console);
    insta::assert_snapshot!(console.text());
    console.keys("y");
    assert!(confirmed(&console));
    console.drawn(Ok(scene::plan("prod-eu", false))).keys("p");
    assert!(confirmed(&console));
    console.drawn(Ok(scene::plan("prod-eu", true)));
    assert!(console.shows("Sync: 4 steps"));
    // The next sync asks anew.
    console.keys("esc s");
    assert!(matches!(
        console.asked.last(),
        Some(Request::Draw(_, draw)) if *draw.moves() == Moves::Ask
    ));
}

#[test]
fn another_plan_was_drawn_for_an_app_that_a_run_was_changing() {
    for (ascii, sign) in [(false, "checkout ▶"), (true, "checkout /")] {
        let mut world = scene::world();
        Arc::make_mut(&mut world.clusters[0]).mode = ClusterMode::Normal;
        let mut console = Console::themed(120, 40, world, Theme::labelled(), ascii);
        let plan = scene::plan("prod-eu", false);
        console.keys("n");
        assert!(!console.shows(sign));
        console.keys("s").drawn(Ok(plan.clone())).keys("y q");
        assert!(console.shows(sign), "{}", console.text());
        let plans = |console: &Console| {
            let is_draw = |r: &&Request| matches!(r, Request::Draw(..));
            console.asked.iter().filter(is_draw).count()
        };
        let before = plans(&console);
        // Alone, by its name, in a marking, and back to an earlier Run of it.
        for keys in [
            "s",
            ": \"sync\" space \"prod-eu/shop/checkout\" enter",
            "space j space s",
            ": \"rollback\" space \"2\" enter",
        ] {
            console.keys(keys);
            let text = console.text();
            assert!(
                text.contains("A Run of checkout is under way; w shows it."),
                "{keys}: {text}"
            );
            assert_eq!(plans(&console), before, "{keys}");
            console.keys("g n");
        }
        console.keys("w");
        assert!(console.shows("x stop"));
        // Another App can be synced meanwhile, and this one once the Run has ended.
        console.keys("q space G s");
        assert_eq!(plans(&console), before + 1, "{}", console.text());
        console.keys("esc");
        let done = vec![StepState::Done(vec![]); plan.steps.len()];
        console.ran(running(plan, done, Some(Outcome::Succeeded)));
        assert!(!console.shows(sign), "{}", console.text());
        console.keys("g n s");
        assert_eq!(plans(&console), before + 2);
    }
}
