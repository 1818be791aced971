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
