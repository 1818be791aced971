//! What things look like: labels that say what a piece of text means, and the style of each at every colour depth.
//!
//! Screens name labels and never colours. Every label keeps a difference that is not colour (bold, underline, a sign
//! beside it), so nothing is lost with `NO_COLOR`.

mod indexed;
mod looks;

use ratatui::style::{Color, Style};

use crate::settings::ColorWhen;

use indexed::indexed;
use looks::{basic, dark, either, light, mono, styled};

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

#[cfg(test)]
mod tests;
