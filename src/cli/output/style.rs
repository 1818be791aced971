//! Colour, where it is asked for.

use jiff::Timestamp;

use crate::domain::text::visible;

/// How text is to look, and the moment that ages are counted from.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Now.
    pub now: Timestamp,
}

/// What a piece of text is. Colour never carries meaning alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// Ordinary text.
    #[default]
    Plain,
    /// Beside the point.
    Dim,
    /// A title.
    Bold,
    /// Gone, failed.
    Red,
    /// Added, well.
    Green,
    /// To be looked at.
    Yellow,
    /// Belongs to others.
    Cyan,
}

impl Style {
    /// Text of our own, coloured where colours are wanted.
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Dim => "2",
            Ink::Bold => "1",
            Ink::Red => "31",
            Ink::Green => "32",
            Ink::Yellow => "33",
            Ink::Cyan => "36",
            Ink::Plain => return text.to_owned(),
        };
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Text from outside, made visible first.
    pub fn foreign(&self, ink: Ink, text: &str) -> String {
        self.paint(ink, &visible(text))
    }
}
