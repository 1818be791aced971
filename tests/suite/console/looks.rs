//! What lists, footers and texts say, each where it once said too little or the wrong thing.

use std::sync::Arc;

use trueup::domain::*;
use trueup::engine::*;
use trueup::tui::keymap::Keymap;
use trueup::tui::{Message, Theme};

use super::scene;
use super::script::Console;

fn app(world: &mut Snapshot, name: &str) -> usize {
    world
        .apps
        .iter()
        .position(|a| a.app.id.name == name)
        .unwrap()
}

fn footer(console: &Console) -> String {
    console.text().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn problems_of_apps_that_are_not_selected_are_listed() {
    let mut world = scene::world();
    let down = Problem::new(ProblemKind::Unreachable, "the API server cannot be reached")
        .at("edge-7")
        .because("connection refused (os error 111)")
        .hint("Is the cluster switched on?");
    let till = app(&mut world, "till");
    Arc::make_mut(&mut world.apps[till]).problems = vec![down];
    let cart = app(&mut world, "cart");
    Arc::make_mut(&mut world.apps[cart]).notices = vec![Notice {
        place: String::new(),
        text: "trueup syncs when you say so".into(),
    }];
    let mut console = Console::new(120, 60, world);
    console.keys("G !");
    let text = console.text();
    for said in [
        "App payments",
        "the file does not parse",
        "App checkout",
        "the server does not take this object",
        "cart: trueup syncs when you say so",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    // One of the cluster and of its App, said once.
    assert_eq!(text.matches("connection refused").count(), 1, "{text}");
    assert!(text.contains("2 times in all, also: App till"), "{text}");
    // The selected App comes first.
    let mut console = Console::new(120, 60, scene::world());
    console.keys("G k !");
    let text = console.text();
    let at = |what: &str| text.find(what).unwrap();
    assert!(at("App payments") < at("Cluster edge-7"));
    assert!(at("Cluster edge-7") < at("App checkout"));
}

#[test]
fn a_mark_that_a_filter_hid_won_over_the_cursor_unseen() {
    let mut console = Console::new(120, 40, scene::world());
    console.keys("j space / \"vouch\" enter");
    assert!(console.shows("■ cart") || console.shows("■cart"));
    console.keys("s");
    assert!(console.shows("Sync 1 marked App: cart · prod-eu · shop"));
    console.keys("esc esc esc");
    assert_eq!(console.state.marked.len(), 0);
    console.keys("s");
    assert!(!console.shows("marked"));
    // Marked objects of an App that is not looked at any more.
    let mut console = Console::new(120, 40, scene::world());
    console.keys("n ] enter j space");
    assert!(footer(&console).ends_with("1 object marked"));
    console.keys("tab tab j");
    assert!(footer(&console).ends_with("1 object marked, hidden"));
    console.keys("s");
    assert!(console.shows("Sync 1 marked object of checkout · prod-eu · shop"));
}

#[test]
fn footers_name_the_keys_that_hold_there() {
    for (width, keys, wanted) in [
        (80, "", "enter open"),
        (80, "", ": command"),
        (80, "n enter ]", "[ ] tab"),
        (80, "n enter", "{ } context"),
        (80, "n enter", "q back"),
        (160, "", "q quit"),
        (120, "tab tab", "enter its Apps"),
        (120, "tab tab", "i details"),
        (120, "tab tab G", "enter why"),
        (60, "", "? help"),
        (120, "", "! problems"),
    ] {
        let mut console = Console::new(width, 24, scene::world());
        console.keys(keys);
        assert!(
            footer(&console).contains(wanted),
            "{keys}: {}",
            footer(&console)
        );
    }
    let mut console = Console::new(120, 40, scene::world());
    console.keys("tab tab i");
    assert!(console.shows("https://prod-eu.example.com:6443"));
}

#[test]
fn footers_offered_what_could_not_be_done() {
    let refused = || {
        let mut plan = scene::plan("prod-eu", false);
        plan.steps.clear();
        plan.apps[0].prunable.clear();
        plan.apps[0].refused = Some(Problem::new(ProblemKind::Rejected, "no"));
        plan
    };
    for width in [80, 160] {
        let mut console = Console::new(width, 24, scene::world());
        console.keys("n s");
        assert_eq!(footer(&console), " esc cancel  ? help");
        console.drawn(Ok(refused()));
        assert_eq!(footer(&console), " r draw again  esc cancel  ? help");
        // A Secret stands in it, and it can be pruned.
        console
            .keys("esc s")
            .drawn(Ok(scene::plan("prod-eu", true)));
        for wanted in [
            "y yes, run it",
            "p keep",
            "esc cancel",
            "x reveal",
            "? help",
        ] {
            assert!(footer(&console).contains(wanted), "{}", footer(&console));
        }
        console.keys("x y");
        assert!(footer(&console).contains("x mask"), "{}", footer(&console));
        // A text that folds nowhere and has no change.
        let mut console = Console::new(width, 24, scene::world());
        console.keys("G k enter");
        for none in ["fold", "context", "next", "foreign", "filter"] {
            assert!(!footer(&console).contains(none), "{}", footer(&console));
        }
        console.keys("]");
        for none in ["why", "mark", "next", "filter"] {
            assert!(!footer(&console).contains(none), "{}", footer(&console));
        }
        // Nothing is there at all.
        let console = Console::new(width, 24, Snapshot::default());
        for none in [
            "open", "mark", "sync", "filter", "next", "rollback", "problems",
        ] {
            assert!(!footer(&console).contains(none), "{}", footer(&console));
        }
        let mut noticed = Snapshot::default();
        noticed.notices.push(Notice {
            place: "chart".into(),
            text: "a Helm chart".into(),
        });
        let console = Console::new(width, 24, noticed);
        assert!(
            footer(&console).contains("! notices"),
            "{}",
            footer(&console)
        );
    }
}

#[test]
fn a_sync_was_offered_where_one_may_only_read() {
    let mut world = scene::world();
    world.apps.retain(|a| a.app.id.name == "checkout");
    // That of `staging` comes last, where this user may only read.
    let mut console = Console::new(160, 24, world.clone());
    console.keys("G");
    for keys in ["", "enter", "R", "space"] {
        console.keys(keys);
        for none in ["s sync", "R rollback", "enter go back to it"] {
            assert!(!footer(&console).contains(none), "{}", footer(&console));
        }
    }
    // A marking with something that may be changed can be synced; so can what some rights suffice for.
    console.keys("esc esc space");
    assert!(!footer(&console).contains("s sync"), "{}", footer(&console));
    console.keys("g space");
    assert!(footer(&console).contains("s sync"), "{}", footer(&console));
    for (rights, mode, goes) in [
        (Rights::Unknown, ClusterMode::Normal, true),
        (Rights::Partial, ClusterMode::Guarded, true),
        (Rights::Full, ClusterMode::ReadOnly, false),
    ] {
        let mut world = world.clone();
        let cluster = Arc::make_mut(&mut world.clusters[2]);
        (cluster.rights, cluster.mode) = (rights, mode);
        let mut console = Console::new(160, 24, world);
        console.keys("G");
        assert_eq!(footer(&console).contains("s sync"), goes, "{rights:?}");
        console.keys("R");
        let offer = "enter go back to it";
        assert!(!footer(&console).contains(offer), "something is said there");
        console.keys("j");
        assert_eq!(footer(&console).contains(offer), goes, "{rights:?}");
    }
}

#[test]
fn the_title_of_a_plan_cut_what_it_deletes() {
    let mut console = Console::new(80, 24, scene::world());
    console.keys("n s").drawn(Ok(scene::plan("prod-eu", true)));
    assert!(console.shows("1 to create, 2 to change, 1 to delete"));
    assert!(console.shows("Sync checkout \u{b7} prod-eu \u{b7} shop"));
}

#[test]
fn what_is_said_in_passing_hid_the_keys_until_one_was_pressed() {
    let mut console = Console::new(80, 24, scene::world());
    console.keys("w");
    assert!(footer(&console).contains("There was no Run yet."));
    console.pass(7);
    assert!(footer(&console).contains("There was no Run yet."));
    console.pass(1);
    assert!(footer(&console).contains("? help"), "{}", footer(&console));
}

#[test]
fn refreshing_was_said_long_after_the_answer() {
    // The world has an App that is being compared for ever: this one has not.
    let world = || {
        let mut world = scene::world();
        world.apps.retain(|a| a.sync != SyncStatus::Checking);
        world
    };
    let says = |console: &Console| footer(console).contains("Refreshing");
    let mut console = Console::new(80, 24, world());
    // Nothing is at work yet, then something is, then all of it is answered.
    console.keys("r").data(world());
    assert!(says(&console));
    let mut fetching = world();
    fetching.work = vec!["fetching shop".to_owned()];
    console.data(fetching);
    assert!(says(&console));
    let mut asking = world();
    let first = Arc::make_mut(&mut asking.apps[0]);
    Arc::make_mut(&mut first.objects[0]).asking = true;
    console.data(asking);
    assert!(says(&console));
    console.data(world());
    assert!(!says(&console), "{}", footer(&console));
    // Where that takes long, or is over before it was seen, it goes by itself.
    console.keys(": \"refresh\" space \"all\" enter").pass(1);
    assert!(says(&console));
    console.pass(1);
    assert!(!says(&console), "{}", footer(&console));
    // What is said otherwise stays.
    let mut fetching = world();
    fetching.work = vec!["fetching shop".to_owned()];
    console.data(fetching).keys("w").data(world());
    assert!(footer(&console).contains("There was no Run yet."));
}

#[test]
fn lists_said_nothing_of_what_was_above() {
    let mut console = Console::new(80, 15, scene::world());
    let edge = |console: &Console| console.text().lines().nth(9).unwrap_or_default().to_owned();
    assert!(edge(&console).contains("more below"), "{}", console.text());
    console.keys("G");
    let end = edge(&console);
    assert!(
        end.contains("more above") && !end.contains("below"),
        "{end}"
    );
    console.keys("enter esc ?");
    assert!(!console.shows("more above"));
    console.keys("ctrl-d");
    assert!(console.shows("more above \u{b7}"), "{}", console.text());
}

#[test]
fn read_only_help_offers_no_sync() {
    let mut world = scene::world();
    world.read_only = true;
    let mut console = Console::new(120, 160, world);
    assert!(!footer(&console).contains("sync") && !footer(&console).contains("mark"));
    console.keys("G d");
    assert!(console.shows("Nothing of this App is in the cluster."));
    assert!(!console.shows("what a sync would create"));
    console.keys("?");
    assert!(!console.shows("Plan of a sync") && !console.shows("go back to an earlier Run"));
    assert!(console.shows("fetch, render and compare"));
}

#[test]
fn help_has_every_sign_and_cuts_no_line() {
    let mut console = Console::new(60, 220, scene::world());
    console.keys("?");
    let text = console.text();
    for meaning in trueup::tui::glyphs::PLACES
        .iter()
        .flat_map(|place| trueup::tui::glyphs::legend(place))
    {
        let row = format!("  {}  {}", meaning.unicode, meaning.ascii);
        let first = meaning.says.split(' ').next().unwrap();
        assert!(
            text.lines().any(|l| l.contains(&row) && l.contains(first)),
            "{row} {first}\n{text}"
        );
    }
    assert!(text.contains("around a") && text.contains("change"));
}

#[test]
fn words_after_a_command_that_takes_none_were_ignored() {
    let mut console = Console::new(120, 40, scene::world());
    console.keys(": \"quit\" space \"now\" enter");
    assert!(!console.has_quit);
    assert!(console.shows("`:quit` takes nothing after it."));
    console.keys(": \"refresh\" space \"xxx\" enter");
    assert!(console.shows("write `:refresh [all]`"));
    console.keys(": \"problems\" space \"x\" enter");
    assert!(console.state.dialogs.is_empty());
    // What was typed comes back.
    console.keys(": \"re\" up up");
    assert!(
        footer(&console).starts_with(" :refresh xxx"),
        "{}",
        footer(&console)
    );
    console.keys("down down");
    assert!(
        footer(&console).starts_with(" :re "),
        "{}",
        footer(&console)
    );
}

#[test]
fn namespaces_are_told_apart_where_a_context_has_several() {
    let mut world = scene::world();
    let cart = app(&mut world, "cart");
    let view = Arc::make_mut(&mut world.apps[cart]);
    let mut other = (*view.app).clone();
    other.id.namespace = "zoo".into();
    view.app = Arc::new(other);
    for width in [80, 100, 160] {
        let console = Console::new(width, 40, world.clone());
        let text = console.text();
        let line = |name: &str| text.lines().position(|l| l.contains(name)).unwrap();
        // By name, as it is read.
        assert!(line("zoo") < line("search"), "{text}");
        assert!(
            text.lines()
                .any(|l| l.contains("search") && l.contains("shop"))
        );
    }
}

#[test]
fn an_app_without_a_cluster_was_just_failed() {
    let mut world = scene::world();
    let at = app(&mut world, "payments");
    let view = Arc::make_mut(&mut world.apps[at]);
    let mut app = (*view.app).clone();
    app.id.context = String::new();
    view.app = Arc::new(app);
    for width in [60, 80, 120, 160] {
        let console = Console::new(width, 40, world.clone());
        assert!(console.shows("no cluster chosen"), "{}", console.text());
        assert!(console.shows("! no cluster"), "{}", console.text());
        let mut console = console;
        console.keys("G");
        assert!(!footer(&console).contains("sync"), "{}", footer(&console));
        assert!(!console.shows("1 failed") && console.shows("1 no cluster"));
    }
}

#[test]
fn an_app_that_is_gone_from_git_says_so() {
    let mut world = scene::world();
    let at = app(&mut world, "search");
    let view = Arc::make_mut(&mut world.apps[at]);
    let mut app = (*view.app).clone();
    app.orphaned = true;
    view.app = Arc::new(app);
    for width in [60, 80, 100, 160] {
        let console = Console::new(width, 40, world.clone());
        let text = console.text();
        let row = text.lines().find(|l| l.contains("search")).unwrap();
        assert!(row.contains("not in Git"), "{text}");
    }
    let mut console = Console::new(120, 40, world);
    console.keys("/ \"not space \"Git enter");
    assert!(console.shows("1 of 10"));
}

#[test]
fn folded_clusters_are_counted_by_how_they_are() {
    let console = Console::new(60, 15, scene::world());
    let text = console.text();
    let header = text.lines().next().unwrap();
    assert!(header.contains("●2 ◌1 ✗1"), "{header}");
}

#[test]
fn a_narrow_clusters_pane_uses_a_second_line() {
    let mut world = scene::world();
    world
        .clusters
        .retain(|c| c.context != "prod-us" && c.context != "staging");
    let console = Console::new(100, 30, world);
    assert!(console.shows("v1.34.2  12 ms  ada"), "{}", console.text());
    assert!(console.shows("the API server cannot be reached"));
    assert!(console.shows("retry in 20 s"));
}

#[test]
fn ascii_help_is_ascii() {
    let mut world = scene::world();
    world.apps.retain(|a| a.app.id.name.is_ascii());
    let mut console = Console::themed(100, 200, world, Theme::labelled(), true);
    console.keys("?");
    let text = console.text();
    assert!(text.contains("c   the cluster was edited"), "{text}");
    assert!(text.is_ascii());
}

#[test]
fn texts_named_keys_that_the_user_had_moved() {
    let keys = [
        ("prune", "P"),
        ("quit", "Q"),
        ("problems", "e"),
        ("open", "o"),
    ];
    let keys = keys.map(|(command, key)| (command.to_owned(), vec![key.to_owned()]));
    let keymap = Keymap::with(&keys.into_iter().collect()).unwrap();
    let mut console = Console::new(120, 40, scene::world());
    console.state.keymap = keymap.clone();
    console
        .keys("down s")
        .drawn(Ok(scene::plan("prod-eu", false)));
    assert!(
        console.shows("stays: P adds it, to be deleted"),
        "{}",
        console.text()
    );
    console.keys("esc R");
    assert!(
        console.shows("o shows what that would change"),
        "{}",
        console.text()
    );

    let mut empty = scene::world();
    empty.apps.clear();
    empty.problems.push(Problem::new(ProblemKind::Local, "no"));
    let mut console = Console::new(120, 40, empty);
    console.state.keymap = keymap;
    // A dialog over the panes does not change what stands in them.
    console.keys("Q");
    assert!(console.shows("Leave trueup?"), "{}", console.text());
    assert!(console.shows("e says what is wrong"), "{}", console.text());

    console.keys("n");
    console.send(Message::Resize(40, 10));
    console.draw();
    assert!(console.state.size.width == 40, "{}", console.text());
    console.keys("q");
    assert!(!console.has_quit);
    console.keys("Q");
    assert!(console.has_quit);
}

#[test]
fn headings_of_texts_bore_the_sign_of_folding_and_no_key_folded_them() {
    let mut console = Console::new(80, 24, scene::world());
    console.keys("?");
    assert!(console.shows(" Apps"));
    assert!(
        !console.text().contains("▾ In the panes"),
        "{}",
        console.text()
    );
}
