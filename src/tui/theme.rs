//! What things look like: labels that say what a piece of text means, and the style of each at every colour depth.
//!
//! Screens name labels and never colours. Every label keeps a difference that is not colour (bold, underline, a sign
//! beside it), so nothing is lost with `NO_COLOR`.

use ratatui::style::{Color, Modifier, Style};

use crate::settings::ColorWhen;

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// 24-bit colour.
    True,
    /// The 256-colour palette.
    #[default]
    Indexed,
    /// The terminal's own sixteen.
    Basic,
    /// None (`NO_COLOR`, or a terminal without).
    Mono,
}

impl Depth {
    /// What the environment says, read through `variable`: `NO_COLOR`, `TERM` and `COLORTERM`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| variable(name).unwrap_or_default();
        let term = get("TERM");
        if !get("NO_COLOR").is_empty() || term == "dumb" {
            Self::Mono
        } else if term == "linux" || term == "ansi" || term.ends_with("-16color") {
            Self::Basic
        } else if matches!(get("COLORTERM").as_str(), "truecolor" | "24bit")
            // GNU Screen passes the variable on and cannot show the colours.
            && !term.starts_with("screen")
            || term.ends_with("-direct")
        {
            Self::True
        } else if term.contains("256color") || term.starts_with("screen") && term != "screen" {
            Self::Indexed
        } else {
            Self::Basic
        }
    }

    /// The same after the settings had their say.
    #[must_use]
    pub fn with(self, color: ColorWhen) -> Self {
        match color {
            ColorWhen::Never => Self::Mono,
            ColorWhen::Always if self == Self::Mono => Self::Basic,
            ColorWhen::Always | ColorWhen::Auto => self,
        }
    }
}

/// What lies behind the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Dark, as most terminals are.
    Dark,
    /// Light.
    Light,
    /// Not known: colours of a middle brightness, readable on either.
    #[default]
    Unknown,
}

macro_rules! labels {
    ($($name:ident $doc:literal),* $(,)?) => {
        /// What a piece of text means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Label { $(#[doc = $doc] $name),* }
        /// Every label, in the order of their numbers.
        pub const LABELS: &[Label] = &[$(Label::$name),*];
    };
}

labels! {
    Text "Plain text.",
    Strong "Text to be read first.",
    Dim "Text of second rank: ages, namespaces, kinds in headings.",
    Faint "Chrome: borders, rules, line numbers.",
    Accent "The one accent: cursor bar, keys, the active tab.",
    Title "Title of the focused pane.",
    Good "As it should be.",
    Warn "Needs a look.",
    Bad "Failed, degraded, destructive.",
    Busy "On its way.",
    Git "The Git side.",
    Cluster "The cluster side.",
    Foreign "What others added and a sync leaves alone.",
    Overridden "What the server will not let Git have.",
    Name "Field names in a diff or a source.",
    Note "Owner, commit and place beside a line.",
    Badge "READ-ONLY and its like.",
    Selected "Fill of the row under the cursor, pane focused.",
    SelectedIdle "Fill of the row under the cursor, pane not focused.",
    Removed "A line of the live side that a sync takes away.",
    RemovedWord "The words of it that differ.",
    Added "A line that a sync brings.",
    AddedWord "The words of it that differ.",
    RemovedNote "Owner and place on a line of the live side.",
    AddedNote "Owner and place on a line that a sync brings.",
    RemovedSide "The cluster side or both, on a line of a diff.",
    AddedSide "The Git side, on a line that a sync brings.",
    Choice "A button.",
    ChoiceOn "The chosen button.",
}

impl Label {
    /// Whether the label colours the background rather than the text.
    pub fn is_fill(self) -> bool {
        matches!(
            self,
            Self::Selected
                | Self::SelectedIdle
                | Self::Removed
                | Self::RemovedWord
                | Self::Added
                | Self::AddedWord
                | Self::ChoiceOn
                | Self::Badge
        )
    }
}

/// A style as the table below writes it: text colour, fill, and what remains without colour.
type Look = (Option<u32>, Option<u32>, Modifier);

const NONE: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;

#[rustfmt::skip]
fn dark(label: Label) -> Look {
    match label {
        Label::Text => (None, None, NONE),
        Label::Strong => (None, None, BOLD),
        Label::Dim => (Some(0x8b_93_9e), None, NONE),
        Label::Faint => (Some(0x5b_63_6e), None, NONE),
        Label::Accent => (Some(0x6c_b6_ff), None, NONE),
        Label::Title => (Some(0x6c_b6_ff), None, BOLD),
        Label::Good => (Some(0x6b_c4_6d), None, NONE),
        Label::Warn => (Some(0xd9_a8_4e), None, NONE),
        Label::Bad => (Some(0xf4_70_67), None, NONE),
        Label::Busy => (Some(0x5f_b3_b3), None, NONE),
        Label::Git => (Some(0x8d_b3_f0), None, NONE),
        Label::Cluster => (Some(0xe0_a3_5e), None, NONE),
        Label::Foreign => (Some(0xb3_92_f0), None, NONE),
        Label::Overridden => (Some(0xd9_a8_4e), None, NONE),
        Label::Name => (Some(0x9f_b4_cc), None, NONE),
        Label::Note => (Some(0x8b_93_9e), None, NONE),
        Label::Badge => (Some(0x1c_21_28), Some(0xd9_a8_4e), BOLD),
        Label::Selected => (None, Some(0x2d_3a_4d), NONE),
        Label::SelectedIdle => (None, Some(0x26_2c_35), NONE),
        Label::Removed => (Some(0xe8_c4_c2), Some(0x34_1f_22), NONE),
        Label::RemovedWord => (Some(0xff_e0_dd), Some(0x7a_2c_2e), NONE),
        Label::Added => (Some(0xbf_e0_c4), Some(0x1b_2f_22), NONE),
        Label::AddedWord => (Some(0xdd_ff_e2), Some(0x22_66_36), NONE),
        Label::RemovedNote => (Some(0xa9_94_96), None, NONE),
        Label::AddedNote => (Some(0x8f_a8_96), None, NONE),
        Label::RemovedSide => (Some(0xe0_a3_5e), None, NONE),
        Label::AddedSide => (Some(0x8d_b3_f0), None, NONE),
        Label::Choice => (Some(0x8b_93_9e), None, NONE),
        Label::ChoiceOn => (Some(0x10_16_1e), Some(0x6c_b6_ff), BOLD),
    }
}

#[rustfmt::skip]
fn light(label: Label) -> Look {
    match label {
        Label::Text => (None, None, NONE),
        Label::Strong => (None, None, BOLD),
        Label::Dim => (Some(0x5f_68_73), None, NONE),
        Label::Faint => (Some(0x8c_95_9f), None, NONE),
        Label::Accent => (Some(0x09_58_c4), None, NONE),
        Label::Title => (Some(0x09_58_c4), None, BOLD),
        Label::Good => (Some(0x1a_74_2f), None, NONE),
        Label::Warn => (Some(0x8a_5a_00), None, NONE),
        Label::Bad => (Some(0xc0_1c_28), None, NONE),
        Label::Busy => (Some(0x0f_6f_74), None, NONE),
        Label::Git => (Some(0x0b_5c_c4), None, NONE),
        Label::Cluster => (Some(0x95_4e_00), None, NONE),
        Label::Foreign => (Some(0x6f_3f_c9), None, NONE),
        Label::Overridden => (Some(0x8a_5a_00), None, NONE),
        Label::Name => (Some(0x2f_50_77), None, NONE),
        Label::Note => (Some(0x57_60_6a), None, NONE),
        Label::Badge => (Some(0xff_ff_ff), Some(0x8a_5a_00), BOLD),
        Label::Selected => (None, Some(0xd4_e5_fb), NONE),
        Label::SelectedIdle => (None, Some(0xe9_ed_f2), NONE),
        Label::Removed => (Some(0x6b_14_1a), Some(0xff_eb_e9), NONE),
        Label::RemovedWord => (Some(0x5a_0a_10), Some(0xff_b8_b3), NONE),
        Label::Added => (Some(0x0d_4a_20), Some(0xe6_fa_ea), NONE),
        Label::AddedWord => (Some(0x06_3d_17), Some(0x9b_e3_ae), NONE),
        Label::RemovedNote => (Some(0x7d_4f_50), None, NONE),
        Label::AddedNote => (Some(0x42_6b_50), None, NONE),
        Label::RemovedSide => (Some(0x95_4e_00), None, NONE),
        Label::AddedSide => (Some(0x0b_5c_c4), None, NONE),
        Label::Choice => (Some(0x5f_68_73), None, NONE),
        Label::ChoiceOn => (Some(0xff_ff_ff), Some(0x09_58_c4), BOLD),
    }
}

/// Every colour here stands 4:1 or better against black and against white; fills bring their own text.
#[rustfmt::skip]
fn either(label: Label) -> Look {
    match label {
        Label::Text => (None, None, NONE),
        Label::Strong => (None, None, BOLD),
        Label::Dim => (Some(0x77_7b_80), None, NONE),
        Label::Faint => (Some(0x77_7b_80), None, NONE),
        Label::Accent => (Some(0x2f_7d_d1), None, NONE),
        Label::Title => (Some(0x2f_7d_d1), None, BOLD),
        Label::Good => (Some(0x2f_87_46), None, NONE),
        Label::Warn => (Some(0xa8_70_10), None, NONE),
        Label::Bad => (Some(0xd9_44_48), None, NONE),
        Label::Busy => (Some(0x1d_84_86), None, NONE),
        Label::Git => (Some(0x3f_7a_d0), None, NONE),
        Label::Cluster => (Some(0xb8_66_1a), None, NONE),
        Label::Foreign => (Some(0x8a_66_d6), None, NONE),
        Label::Overridden => (Some(0xa8_70_10), None, NONE),
        Label::Name => (Some(0x56_7d_a6), None, NONE),
        Label::Note => (Some(0x77_7b_80), None, NONE),
        Label::Badge => (Some(0x10_16_1e), Some(0xd9_a8_4e), BOLD),
        Label::Selected => (Some(0xff_ff_ff), Some(0x2b_4f_7d), NONE),
        Label::SelectedIdle => (Some(0xff_ff_ff), Some(0x4a_52_5c), NONE),
        Label::Removed => (Some(0xf3_d4_d2), Some(0x4a_23_27), NONE),
        Label::RemovedWord => (Some(0xff_e8_e6), Some(0x8a_30_33), NONE),
        Label::Added => (Some(0xcf_ec_d4), Some(0x1f_3f_2a), NONE),
        Label::AddedWord => (Some(0xe4_ff_e8), Some(0x26_6e_3b), NONE),
        Label::RemovedNote => (Some(0xbd_a0_a1), None, NONE),
        Label::AddedNote => (Some(0x9c_bb_a5), None, NONE),
        Label::RemovedSide => (Some(0xe8_b0_70), None, NONE),
        Label::AddedSide => (Some(0x9c_c0_f5), None, NONE),
        Label::Choice => (Some(0x77_7b_80), None, NONE),
        Label::ChoiceOn => (Some(0xff_ff_ff), Some(0x2b_66_b1), BOLD),
    }
}

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

/// The terminal's own sixteen colours, whose owner has made them readable.
#[rustfmt::skip]
fn basic(label: Label) -> Style {
    let s = Style::new();
    match label {
        Label::Text => s,
        Label::Strong => s.add_modifier(BOLD),
        // Bright black is unreadable in some palettes: it is for chrome alone.
        Label::Faint => s.fg(Color::DarkGray),
        Label::Dim | Label::Note | Label::Choice => s.add_modifier(Modifier::DIM),
        // Blue is unreadable on the black of many terminals, the Linux console's among them.
        Label::Accent => s.fg(Color::Cyan),
        Label::Title => s.fg(Color::Cyan).add_modifier(BOLD),
        Label::Good => s.fg(Color::Green),
        Label::Warn | Label::Overridden => s.fg(Color::Yellow),
        Label::Bad => s.fg(Color::Red),
        Label::Busy => s.fg(Color::Cyan),
        Label::Git | Label::AddedSide => s.fg(Color::Cyan),
        Label::Cluster | Label::RemovedSide => s.fg(Color::Yellow),
        Label::Foreign => s.fg(Color::Magenta),
        Label::Name => s,
        Label::Badge => s.fg(Color::Black).bg(Color::Yellow),
        Label::Selected => s.fg(Color::Reset).add_modifier(Modifier::REVERSED),
        Label::SelectedIdle => s,
        Label::Removed => s.fg(Color::Red),
        Label::RemovedWord => s.fg(Color::Black).bg(Color::Red),
        Label::Added => s.fg(Color::Green),
        Label::AddedWord => s.fg(Color::Black).bg(Color::Green),
        Label::RemovedNote | Label::AddedNote => s.fg(Color::Reset).add_modifier(Modifier::DIM),
        Label::ChoiceOn => s.add_modifier(Modifier::REVERSED),
    }
}

#[rustfmt::skip]
fn mono(label: Label) -> Style {
    let s = Style::new();
    match label {
        Label::Strong | Label::Title | Label::Bad => s.add_modifier(BOLD),
        Label::Dim | Label::Faint | Label::Note | Label::Choice => s.add_modifier(Modifier::DIM),
        Label::RemovedNote | Label::AddedNote => s.add_modifier(Modifier::DIM),
        Label::Selected | Label::ChoiceOn | Label::Badge => s.add_modifier(Modifier::REVERSED),
        Label::RemovedWord | Label::AddedWord => s.add_modifier(Modifier::REVERSED),
        _ => s,
    }
}

/// The styles of one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: Vec<Style>,
}

impl Theme {
    /// The theme for a terminal.
    pub fn new(depth: Depth, background: Background) -> Self {
        let look = match background {
            Background::Dark => dark,
            Background::Light => light,
            Background::Unknown => either,
        };
        let style = |label| match depth {
            Depth::Mono => mono(label),
            Depth::Basic => basic(label),
            Depth::True => styled(look(label), |rgb| {
                Color::Rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
            }),
            Depth::Indexed => indexed(look(label), label, background),
        };
        Self {
            styles: LABELS.iter().map(|&label| style(label)).collect(),
        }
    }

    /// A theme that writes the number of each label as its colour, so that a test can read labels off a screen.
    pub fn labelled() -> Self {
        let style = |&label: &Label| {
            let number = Color::Indexed(label as u8);
            if label.is_fill() {
                Style::new().bg(number)
            } else {
                Style::new().fg(number)
            }
        };
        Self {
            styles: LABELS.iter().map(style).collect(),
        }
    }

    /// The style of a label.
    pub fn style(&self, label: Label) -> Style {
        self.styles.get(label as usize).copied().unwrap_or_default()
    }
}

fn styled((fg, bg, modifier): Look, color: impl Fn(u32) -> Color) -> Style {
    Style {
        fg: fg.map(&color),
        bg: bg.map(&color),
        add_modifier: modifier,
        ..Style::new()
    }
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

fn indexed(look: Look, label: Label, background: Background) -> Style {
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
fn palette(i: u8) -> [u32; 3] {
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
fn nearest(rgb: u32) -> u8 {
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

#[cfg(test)]
mod tests {
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
}
