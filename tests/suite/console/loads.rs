//! Bytes and built lines: what a key costs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ratatui::backend::Backend as _;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use trueup::engine::Snapshot;
use trueup::tui::terminal::Screen;
use trueup::tui::{Background, Counters, Depth, Theme, view};

use super::scene;
use super::script::Console;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(buf);
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes that a terminal of 120x40 is sent for a script.
fn bytes(data: Snapshot, before: &str, keys: &str) -> u64 {
    let theme = Theme::new(Depth::True, Background::Dark);
    let mut console = Console::themed(120, 40, data, theme, false);
    let area = Rect::new(0, 0, 120, 40);
    let draw = |console: &Console| {
        let mut buffer = Buffer::empty(area);
        view::draw(&console.state, &mut buffer);
        buffer
    };
    console.keys(before);
    let old = draw(&console);
    console.keys(keys);
    let new = draw(&console);
    let counters = Counters::default();
    let mut screen = Screen::new(Sink::default(), counters.clone());
    screen.draw(old.diff(&new).into_iter()).unwrap();
    counters.bytes()
}

#[test]
fn moving_by_a_row_sends_little() {
    let n = bytes(scene::world(), "n enter ] ", "j");
    assert!(n <= 1024, "{n} bytes in a list");
    let mut world = scene::world();
    let mut other = scene::checkout("prod-eu");
    other.app = Arc::new(scene::app("prod-eu", "checkin"));
    world.apps.insert(2, Arc::new(other));
    let n = bytes(world, "j", "j");
    assert!(n <= 4096, "{n} bytes with a wholly new diff");
}

#[test]
fn the_same_frame_sends_nothing() {
    assert_eq!(bytes(scene::world(), "n", ""), 0);
}

/// A thousand Apps with ten objects each, every tenth of them drifted.
fn large() -> Snapshot {
    let mut world = scene::world();
    let drifted = scene::checkout("prod-eu");
    let synced = (*world.apps[1]).clone();
    world.apps = (0..1000)
        .map(|i| {
            let mut view = if i % 10 == 0 {
                drifted.clone()
            } else {
                synced.clone()
            };
            let context = if i < 500 { "prod-eu" } else { "prod-us" };
            view.app = Arc::new(scene::app(context, &format!("app-{i:04}")));
            let objects = view.objects.clone();
            while view.objects.len() < 10 {
                view.objects.push(objects[0].clone());
            }
            Arc::new(view)
        })
        .collect();
    world
}

#[test]
fn a_large_world_is_walked_through() {
    let mut console = Console::new(160, 45, large());
    console.keys("G");
    assert_eq!(
        console.state.apps.selected.as_ref().unwrap().name,
        "app-0999"
    );
    console.keys("N");
    assert_eq!(
        console.state.apps.selected.as_ref().unwrap().name,
        "app-0990"
    );
    // Only what was on screen is built.
    assert!(console.state.detail.diff.document.n_built() <= 5);
}

#[test]
#[ignore = "prints how long a key takes to its frame; use --release"]
fn key_to_frame() {
    let theme = Theme::new(Depth::True, Background::Dark);
    let mut console = Console::themed(160, 45, large(), theme, false);
    let mut times = Vec::new();
    for i in 0..2000 {
        if i % 5 == 0 {
            // A snapshot in which every App is another allocation.
            let mut world = large();
            world.revision = i as u64 + 2;
            let before = std::time::Instant::now();
            console.data(world);
            times.push(before.elapsed());
        }
        let before = std::time::Instant::now();
        console.keys(["j", "n", "ctrl-d", "k", "j"][i % 5]);
        times.push(before.elapsed());
    }
    times.sort();
    let at = |share: usize| times[times.len() * share / 1000];
    println!("p50 {:?} p99 {:?} max {:?}", at(500), at(990), at(999));
}
