//! Without a cluster: a checkout, and a kubeconfig whose server refuses connections.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use trueup::git::fixture::Fixture;
use trueup::tui::terminal::{Guard, panicked};

use super::pty::{self, Kind, Terminal};

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 45)];

struct Place {
    _dir: TempDir,
    checkout: PathBuf,
    home: PathBuf,
    kubeconfig: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (checkout, home) = (dir.path().join("shop"), dir.path().join("home"));
        std::fs::create_dir_all(&home).unwrap();
        let mut repo = Fixture::init(&checkout).unwrap();
        let map = |name: &str| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: b\n")
        };
        repo.commit(
            "The shop opens",
            &[
                ("apps/cart/settings.yaml", &map("cart")),
                ("apps/checkout/settings.yaml", &map("checkout")),
                ("apps/search/settings.yaml", &map("search")),
                (
                    "apps/cart/secret.yaml",
                    "apiVersion: v1\nkind: Secret\nmetadata: {name: cart}\nstringData: {a: hunter2}\n",
                ),
            ],
        )
        .unwrap();
        let kubeconfig = dir.path().join("kubeconfig");
        std::fs::write(&kubeconfig, pty::kubeconfig("{}")).unwrap();
        Self {
            _dir: dir,
            checkout,
            home,
            kubeconfig,
        }
    }

    fn open(&self, size: (u16, u16), kind: Kind) -> Terminal {
        let (checkout, home) = (&self.checkout, &self.home);
        Terminal::start(size, kind, checkout, home, &self.kubeconfig, &[])
    }
}

/// Every App is listed, and the cluster says what is wrong with it.
fn open(place: &Place, size: (u16, u16), kind: Kind) -> Terminal {
    let mut terminal = place.open(size, kind);
    for app in ["apps-cart", "apps-checkout", "apps-search"] {
        terminal.sees(app);
    }
    terminal.sees("far-away").sees("refuses connections");
    terminal
}

#[test]
fn walk_through_the_console_and_leave() {
    let place = Place::new();
    for size in SIZES {
        for kind in [Kind::Sixteen, Kind::True] {
            let mut terminal = open(&place, size, kind);
            terminal.until("the whole terminal", |s| {
                s.alternate_screen() && s.hide_cursor() && s.bracketed_paste()
            });
            assert!(!terminal.is_cooked());
            terminal
                .keys("?")
                .sees("Keys: Apps")
                .sees("show the Plan of a sync");
            terminal.keys("q").sees_no_more("Keys: Apps");
            terminal.keys("/che").sees_no_more("apps-cart");
            terminal
                .keys("<enter>")
                .sees("1 of 3")
                .sees("apps-checkout");
            terminal.keys("<esc>").sees("apps-cart");
            terminal.keys("<enter>]").sees("object");
            terminal.keys("]").sees("No history is known");
            terminal.keys("]").sees_no_more("No history is known");
            terminal.keys(":app apps-se<tab>").sees("apps-search");
            terminal.keys("<enter>").sees("\u{258c} apps-search");
            terminal.keys("q").sees("Leave trueup?");
            terminal.keys("n").sees_no_more("Leave trueup?");
            terminal
                .keys("q")
                .sees("Leave trueup?")
                .sees("y yes")
                .keys("y");
            assert!(terminal.ends(), "{size:?} {kind:?}");
            terminal.is_given_back();
        }
    }
}

#[test]
fn what_git_says_is_shown_without_a_cluster() {
    let place = Place::new();
    let mut terminal = open(&place, (100, 30), Kind::True);
    terminal.keys("<enter>[").sees("apps/cart/settings.yaml:1");
    terminal.sees("kind: ConfigMap").sees("a: b");
    // A Secret is masked in the form in which it is written, too.
    terminal.sees("stringData").sees_no_more("hunter2");
}

#[test]
fn a_state_directory_that_cannot_be_written_was_told_where_nobody_saw_it() {
    let place = Place::new();
    std::fs::write(place.home.join("state"), "").unwrap();
    for size in SIZES {
        let mut terminal = open(&place, size, Kind::True);
        terminal.sees("2 problems");
        terminal.keys("!").sees("the log cannot be written");
        terminal.sees("TRUEUP_STATE_DIR");
    }
}

#[test]
fn a_checkout_that_is_moved_away_says_so_until_it_is_back() {
    let place = Place::new();
    let mut terminal = open(&place, (100, 30), Kind::True);
    terminal.sees("apps-cart");
    let elsewhere = place.home.join("elsewhere");
    for back in ["moved", "made anew"] {
        std::fs::rename(&place.checkout, &elsewhere).unwrap();
        // What was there stays.
        terminal.sees("the checkout is gone").sees("apps-cart");
        if back == "moved" {
            std::fs::rename(&elsewhere, &place.checkout).unwrap();
        } else {
            let mut repo = Fixture::init(&place.checkout).unwrap();
            let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: returns\n";
            repo.commit("Again", &[("apps/returns/settings.yaml", map)])
                .unwrap();
            terminal.sees("apps-returns").sees_no_more("apps-cart");
        }
        terminal.sees_no_more("the checkout is gone");
    }
}

#[test]
fn colours_are_those_that_the_terminal_has() {
    let place = Place::new();
    for (kind, rgb) in [(Kind::Sixteen, false), (Kind::True, true)] {
        let terminal = open(&place, (80, 24), kind);
        let colors = terminal.look(|screen| {
            let cells = (0..24).flat_map(|y| (0..80).map(move |x| (y, x)));
            let cells = cells.filter_map(|(y, x)| screen.cell(y, x));
            let colors = cells.flat_map(|cell| [cell.fgcolor(), cell.bgcolor()]);
            colors.collect::<Vec<_>>()
        });
        let is_rgb = |c: &vt100::Color| matches!(c, vt100::Color::Rgb(..));
        assert_eq!(colors.iter().any(is_rgb), rgb, "{kind:?}");
        let beyond = |c: &vt100::Color| matches!(c, vt100::Color::Idx(16..));
        assert!(rgb || !colors.iter().any(beyond), "{kind:?}");
        let some = |c: &vt100::Color| *c != vt100::Color::Default;
        assert!(colors.iter().any(some), "{kind:?}");
    }
}

#[test]
fn signals_end_it_and_give_the_terminal_back() {
    let place = Place::new();
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let mut terminal = open(&place, (80, 24), Kind::True);
        terminal.signal(signal);
        assert_eq!(terminal.code(), code, "SIG{signal}");
        terminal.is_given_back();
    }
}

#[test]
fn ctrl_c_leaves_at_once() {
    let place = Place::new();
    let mut terminal = open(&place, (80, 24), Kind::True);
    terminal.keys("<ctrl-c>");
    assert!(terminal.ends());
    terminal.is_given_back();
}

#[test]
fn a_closed_terminal_ends_it() {
    let place = Place::new();
    // A process that another test starts at the very moment may keep the terminal open for as long as it runs.
    let ends = |_| {
        let mut terminal = open(&place, (80, 24), Kind::True);
        terminal.close();
        terminal.ends_within(Duration::from_secs(15))
    };
    assert!((0..3).any(ends));
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_grows() {
    let place = Place::new();
    let mut terminal = place.open((59, 14), Kind::True);
    terminal.sees("too small").sees("59x14");
    terminal.resize(80, 24).sees("apps-cart").sees("help");
    terminal.sees_no_more("too small");
    terminal.resize(160, 45).sees("Resources");
    terminal
        .resize(60, 15)
        .sees("apps-cart")
        .sees_no_more("Resources");
    terminal.resize(50, 10).sees("too small");
    terminal.keys("q");
    assert!(terminal.ends());
    terminal.is_given_back();
}

#[test]
fn a_large_paste_runs_no_commands() {
    let place = Place::new();
    let mut terminal = open(&place, (80, 24), Kind::True);
    let paste = "q y s :quit\r\n".repeat(20_000);
    terminal.keys(&format!("\x1b[200~{paste}\x1b[201~"));
    // It is still there, and takes keys.
    terminal.keys("?").sees("Keys: Apps");
    terminal.keys("q").sees_no_more("Keys: Apps");
    // In a field it is text, on one line.
    terminal.keys("/\x1b[200~check\x1b[201~").sees("1 of 3");
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_until_it_goes_on() {
    let place = Place::new();
    let mut terminal = open(&place, (80, 24), Kind::True);
    // Without a shell above it, its group is an orphan's, which no Ctrl-Z can stop: it stays.
    terminal.keys("<ctrl-z>").keys("?").sees("Keys: Apps");
    assert!(terminal.look(|screen| screen.alternate_screen()));
    assert!(!terminal.is_cooked());
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told_there() {
    let mut terminal = Terminal::test("terminal::plain::panics_in_a_terminal");
    terminal
        .sees("the wheels came off")
        .sees("the loop was told");
    terminal.is_given_back();
    assert!(terminal.ends());
}

/// The other side of the test above; by itself it does nothing.
#[test]
fn panics_in_a_terminal() {
    if std::env::var_os("IN_A_TERMINAL").is_none() {
        return;
    }
    let guard = Guard::enter().unwrap();
    let thread = std::thread::spawn(|| panic!("the wheels came off"));
    assert!(thread.join().is_err());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(panicked());
    drop(guard);
    println!("the loop was told\r");
}
