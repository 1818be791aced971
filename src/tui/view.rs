//! Draws the state. Nothing here changes it.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::buffer::Buffer;

use super::detail;
use super::dialogs;
use super::keymap::{Command, Context};
use super::layout;
use super::painter::Painter;
use super::screens::{apps, clusters, footer, header};
use super::state::State;
use super::theme::Label;

/// Draws a frame; returns when something on it changes by itself.
pub fn view(state: &State, frame: &mut Frame<'_>) -> Option<Timestamp> {
    draw(state, frame.buffer_mut())
}

/// Draws into a buffer of the state's size; returns when something on it changes by itself.
pub fn draw(state: &State, buf: &mut Buffer) -> Option<Timestamp> {
    let p = Painter::new(&state.theme, &state.glyphs, state.now);
    let least = layout::LEAST;
    if buf.area.width < least.width || buf.area.height < least.height {
        draw_too_small(state, &p, buf);
        return None;
    }
    let mut areas = state.areas();
    // The terminal may have another size already than we were told.
    for area in [
        &mut areas.header,
        &mut areas.apps,
        &mut areas.clusters,
        &mut areas.detail,
        &mut areas.content,
        &mut areas.footer,
    ] {
        *area = area.intersection(buf.area);
    }
    header::draw(state, &p, buf, areas.header);
    if areas.apps.height > 0 {
        apps::draw(state, &p, buf, areas.apps);
        clusters::draw(state, &p, buf, areas.clusters);
    }
    if areas.detail.height > 0 {
        detail::draw(state, &p, buf, &areas);
    }
    dialogs::draw(state, &p, buf);
    footer::draw(state, &p, buf, areas.footer);
    p.next_change()
}

fn draw_too_small(state: &State, p: &Painter<'_>, buf: &mut Buffer) {
    let area = buf.area;
    let lines = [
        "This terminal is too small for trueup.".to_owned(),
        format!(
            "It is {}x{}; {}x{} are needed.",
            area.width,
            area.height,
            layout::LEAST.width,
            layout::LEAST.height
        ),
        if state.is_running() {
            "The Run goes on.".to_owned()
        } else {
            let quit = state.keymap.key(Context::Panes, Command::Quit);
            format!("{quit} leaves.")
        },
    ];
    for (i, line) in lines.iter().enumerate() {
        let y = area.top() + i as u16;
        if y < area.bottom() {
            p.put(buf, area.left(), area.right(), y, line, Label::Text);
        }
    }
}
