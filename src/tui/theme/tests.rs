//! The tables, held against what can be read.

use super::indexed::{nearest, palette};
use super::looks::{Look, dark, either, light};
use super::*;

fn luminance(rgb: u32) -> f64 {
    let channel = |v: u32| {
        let v = f64::from(v & 255) / 255.0;
        if v <= 0.03928 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(rgb >> 16) + 0.7152 * channel(rgb >> 8) + 0.0722 * channel(rgb)
}

/// Contrast as WCAG 2 defines it.
fn contrast(a: u32, b: u32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn everything_is_readable_on_its_background() {
    type Table = fn(Label) -> Look;
    let cases: [(&str, Table, &[u32]); 3] = [
        ("dark", dark, &[0x00_00_00, 0x1e_22_2a]),
        ("light", light, &[0xff_ff_ff, 0xfa_f8_f0]),
        ("either", either, &[0x00_00_00, 0xff_ff_ff]),
    ];
    for (name, table, backgrounds) in cases {
        for &label in LABELS {
            let (fg, mut bg, _) = table(label);
            bg = match label {
                Label::RemovedNote | Label::RemovedSide => table(Label::Removed).1,
                Label::AddedNote | Label::AddedSide => table(Label::Added).1,
                _ => bg,
            };
            let least = match label {
                Label::Faint => 2.5,
                _ if name == "either" => 3.9,
                _ => 4.5,
            };
            // Both sides moved: it stands on lines that a sync brings too.
            let added = table(Label::Added).1;
            if let (Label::RemovedSide, Some(fg), Some(behind)) = (label, fg, added) {
                let have = contrast(fg, behind);
                assert!(have >= least, "{name} {label:?} on {behind:06x}: {have:.2}");
            }
            for &behind in bg.as_ref().map_or(backgrounds, std::slice::from_ref) {
                if let Some(fg) = fg {
                    let have = contrast(fg, behind);
                    assert!(have >= least, "{name} {label:?} on {behind:06x}: {have:.2}");
                }
            }
        }
    }
}

#[test]
fn lines_of_a_diff_look_different_in_256_colours() {
    let fills = [
        Label::Selected,
        Label::SelectedIdle,
        Label::Removed,
        Label::RemovedWord,
        Label::Added,
        Label::AddedWord,
    ];
    for background in [Background::Dark, Background::Light, Background::Unknown] {
        let theme = Theme::new(Depth::Indexed, background);
        let mut seen = std::collections::BTreeMap::new();
        for label in fills {
            let style = theme.style(label);
            let Some(Color::Indexed(bg)) = style.bg else {
                panic!("{label:?} has no fill");
            };
            if let Some(other) = seen.insert(bg, label) {
                panic!("{background:?}: {label:?} and {other:?} are both {bg}");
            }
            let Some(Color::Indexed(fg)) = style.fg else {
                continue;
            };
            let note = match label {
                Label::Removed => theme.style(Label::RemovedNote).fg,
                Label::Added => theme.style(Label::AddedNote).fg,
                _ => None,
            };
            let rgb = |i| palette(i).iter().fold(0, |all, c| all << 8 | c);
            let have = contrast(rgb(fg), rgb(bg));
            assert!(have >= 4.5, "{background:?} {label:?}: {have:.2}");
            if let Some(Color::Indexed(note)) = note {
                let have = contrast(rgb(note), rgb(bg));
                assert!(have >= 4.5, "{background:?} note, {label:?}: {have:.2}");
            }
        }
    }
}

#[test]
fn nearest_of_the_palette() {
    assert_eq!(nearest(0), 16);
    assert_eq!(nearest(0xff_ff_ff), 231);
    assert_eq!(nearest(0x80_80_80), 244);
    assert_eq!(nearest(0xff_00_00), 196);
}

#[test]
fn without_colours_there_are_none() {
    let theme = Theme::new(Depth::Mono, Background::Dark);
    for &label in LABELS {
        let style = theme.style(label);
        assert_eq!((style.fg, style.bg), (None, None));
    }
}
