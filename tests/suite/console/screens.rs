//! Screens as text, and the labels that they are painted with.

use trueup::domain::{Problem, ProblemKind};
use trueup::engine::Snapshot;
use trueup::tui::Theme;
use trueup::tui::keymap::Keymap;

use super::scene;
use super::script::Console;

#[test]
fn every_screen() {
    for (width, height) in [(80, 24), (120, 40)] {
        for (name, keys) in [
            ("apps", "n"),
            ("diff", "n enter"),
            ("resources", "n enter ] j space"),
            ("history", "n R"),
            ("source", "n [ enter"),
            ("help", "n ?"),
            ("filter", "/ \"prod"),
            ("filtered", "/ \"prod\" enter n"),
            ("command", ": \"r"),
            ("failed", "G k enter"),
            ("cluster", "tab tab G enter"),
            ("reveal", "n x"),
            ("quit", "q"),
        ] {
            let mut console = Console::new(width, height, scene::world());
            console.keys(keys);
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), console.text());
        }
        let mut console = Console::new(width, height, scene::world());
        console.keys("n s").drawn(Ok(scene::plan("prod-eu", true)));
        insta::assert_snapshot!(format!("plan-{width}x{height}"), console.text());
    }
}

#[test]
fn labels() {
    let mut console = Console::new(120, 40, scene::world());
    console.keys("n enter j j");
    insta::assert_snapshot!("labels-diff", console.labels());
    console.keys("s").drawn(Ok(scene::plan("prod-eu", true)));
    insta::assert_snapshot!("labels-plan", console.labels());
}

#[test]
fn empty_panes_say_why() {
    let mut looking = Snapshot::default();
    let console = Console::new(100, 30, looking.clone());
    assert!(console.shows("Looking for Apps."));
    looking.settled = true;
    let console = Console::new(100, 30, looking.clone());
    assert!(console.shows("There is nothing to deploy here."));
    looking.problems = vec![Problem::new(ProblemKind::Config, "there is no kubeconfig")];
    let mut console = Console::new(100, 30, looking);
    assert!(console.shows("! says what is wrong."));
    console.keys("!");
    assert!(console.shows("there is no kubeconfig"));
    let mut console = Console::new(100, 30, scene::world());
    console.keys("/ \"nothing-is-called-so\" enter");
    assert!(console.shows("Nothing fits."));
}

#[test]
fn a_short_name_leaves_its_room_to_the_message() {
    let mut world = scene::world();
    for app in &mut world.apps {
        let app = std::sync::Arc::make_mut(app);
        let record = app.record.as_mut().map(std::sync::Arc::make_mut);
        for entry in record.into_iter().flat_map(|r| &mut r.history) {
            entry.message = "seventeen columns".into();
        }
    }
    let mut console = Console::new(120, 40, world);
    console.keys("n R");
    assert!(console.shows("seventeen columns"), "{}", console.text());
}

#[test]
fn a_small_terminal_is_told_so() {
    let mut console = Console::new(59, 14, scene::world());
    assert!(console.shows("59x14; 60x15 are needed"));
    console.keys("s y enter");
    assert!(console.asked.is_empty());
    console.keys("q");
    assert!(console.has_quit);
}

#[test]
fn ascii_alone() {
    let mut world = scene::world();
    world.apps.retain(|a| a.app.id.name.is_ascii());
    for keys in ["n enter", "n R", "n ] enter", "n ?", "tab tab"] {
        let mut console = Console::themed(100, 30, world.clone(), Theme::labelled(), true);
        console.keys(keys);
        assert!(console.text().is_ascii(), "{}", console.text());
    }
}

#[test]
fn hostile_text_is_shown_not_sent() {
    let mut world = scene::world();
    let evil = "x\u{1b}]0;pwned\u{7}\u{202e}\r\n\u{9b}2J";
    let app = std::sync::Arc::make_mut(&mut world.apps[1]);
    app.problems = vec![
        Problem::new(ProblemKind::Rejected, evil)
            .because(evil)
            .hint(evil),
    ];
    let mut inner = (*app.app).clone();
    inner.id.name = evil.into();
    app.app = std::sync::Arc::new(inner);
    world.work = vec![evil.into()];
    let mut console = Console::new(120, 40, world);
    console.keys("j enter !");
    assert!(console.shows("x\\e]0;pwned\\u{7}"));
    for cell in console.buffer().content() {
        assert!(
            !cell
                .symbol()
                .chars()
                .any(|c| c.is_control() || c == '\u{202e}')
        );
    }
}

#[test]
fn the_documentation_of_keys_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    let want = Keymap::default().document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
        std::fs::write(path, &want).unwrap();
    }
    let have = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        have, want,
        "UPDATE_DOCS=1 cargo test --test suite the_documentation_of_keys writes it anew"
    );
}
