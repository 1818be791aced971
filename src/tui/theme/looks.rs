//! What each label looks like, as tables: with 24-bit colours on each background, with sixteen colours, with none.

use ratatui::style::{Color, Modifier, Style};

use super::Label;

/// A style as the table below writes it: text colour, fill, and what remains without colour.
pub(super) type Look = (Option<u32>, Option<u32>, Modifier);

const NONE: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;

#[rustfmt::skip]
pub(super) fn dark(label: Label) -> Look {
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
pub(super) fn light(label: Label) -> Look {
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
pub(super) fn either(label: Label) -> Look {
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
/// The terminal's own sixteen colours, whose owner has made them readable.
#[rustfmt::skip]
pub(super) fn basic(label: Label) -> Style {
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
pub(super) fn mono(label: Label) -> Style {
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
pub(super) fn styled((fg, bg, modifier): Look, color: impl Fn(u32) -> Color) -> Style {
    Style {
        fg: fg.map(&color),
        bg: bg.map(&color),
        add_modifier: modifier,
        ..Style::new()
    }
}
