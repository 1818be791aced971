//! The same in the 256-colour palette: the nearest entries, and those chosen by hand.

use ratatui::style::{Color, Style};

use super::looks::{Look, styled};
use super::{Background, Label};

/// Entries of the 256-colour palette (text, fill) for the labels that colour a background. They are chosen by hand:
/// the palette has no dark or pale tints, so the entries nearest to two of them are often one and the same grey.
#[rustfmt::skip]
fn indexed_fill(label: Label, background: Background) -> Option<(Option<u8>, u8)> {
    Some(match (background, label) {
        (Background::Light, Label::Selected) => (None, 189),
        (Background::Light, Label::SelectedIdle) => (None, 254),
        (Background::Light, Label::Removed) => (Some(52), 224),
        (Background::Light, Label::RemovedWord) => (Some(52), 217),
        (Background::Light, Label::Added) => (Some(22), 194),
        (Background::Light, Label::AddedWord) => (Some(22), 120),
        (Background::Dark, Label::Selected) => (None, 238),
        (Background::Dark, Label::SelectedIdle) => (None, 235),
        (Background::Unknown, Label::Selected) => (Some(231), 24),
        (Background::Unknown, Label::SelectedIdle) => (Some(231), 240),
        (_, Label::Removed) => (Some(224), 52),
        (_, Label::RemovedWord) => (Some(231), 124),
        (_, Label::Added) => (Some(194), 22),
        (_, Label::AddedWord) => (Some(231), 28),
        _ => return None,
    })
}
/// Notes on lines with such a fill, readable there.
fn indexed_note(label: Label, background: Background) -> Option<u8> {
    match (background, label) {
        (Background::Light, Label::RemovedNote) => Some(238),
        (Background::Light, Label::AddedNote) => Some(238),
        (_, Label::RemovedNote) => Some(181),
        (_, Label::AddedNote) => Some(151),
        _ => None,
    }
}

pub(super) fn indexed(look: Look, label: Label, background: Background) -> Style {
    if let Some(fg) = indexed_note(label, background) {
        return Style::new().fg(Color::Indexed(fg));
    }
    match indexed_fill(label, background) {
        Some((fg, bg)) => Style {
            fg: fg.map(Color::Indexed),
            bg: Some(Color::Indexed(bg)),
            add_modifier: look.2,
            ..Style::new()
        },
        None => styled(look, |rgb| Color::Indexed(nearest(rgb))),
    }
}
/// The colour of an entry of the 256-colour palette from 16 on: its 6x6x6 cube, then greys.
pub(super) fn palette(i: u8) -> [u32; 3] {
    let level = |n: u32| if n == 0 { 0 } else { 55 + 40 * n };
    let i = u32::from(i);
    if i < 232 {
        let n = i.saturating_sub(16);
        [level(n / 36), level(n / 6 % 6), level(n % 6)]
    } else {
        [8 + 10 * (i - 232); 3]
    }
}

/// The entry of the 256-colour palette nearest to a colour: of its 6x6x6 cube (16 to 231) or its greys (232 to 255).
pub(super) fn nearest(rgb: u32) -> u8 {
    let want = [(rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255];
    let distance = |have: [u32; 3]| {
        want.iter()
            .zip(have)
            .map(|(w, h)| w.abs_diff(h).pow(2))
            .sum::<u32>()
    };
    (16..=255u8)
        .min_by_key(|&i| distance(palette(i)))
        .unwrap_or(7)
}
