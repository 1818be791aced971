//! A line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};

use crate::domain::text::visible;

/// One line with a cursor. Newlines cannot get into it.
#[derive(Clone, Debug)]
pub struct Field {
    area: TextArea<'static>,
}

impl Field {
    /// A field that holds a text.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![visible(text).into_owned()]);
        area.move_cursor(CursorMove::End);
        Self { area }
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// What stands before the cursor.
    pub fn before(&self) -> &str {
        let text = self.text();
        let column = self.area.cursor().1;
        text.char_indices()
            .nth(column)
            .map_or(text, |(at, _)| &text[..at])
    }

    /// Takes a key; says whether the text is another now.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter | KeyCode::Tab | KeyCode::BackTab | KeyCode::Esc => false,
            // ctrl-m is what some terminals send for enter; ctrl-j is a newline.
            KeyCode::Char('m' | 'j') if ctrl => false,
            // As in a shell; the text area's own meaning is undo.
            KeyCode::Char('u') if ctrl => self.area.delete_line_by_head(),
            _ => self.area.input(key),
        }
    }

    /// Takes pasted text, as one line, with control characters written out.
    pub fn paste(&mut self, text: &str) -> bool {
        // A terminal sends a pasted newline as enter sends it: `\r`.
        let lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
        let line = lines.collect::<Vec<_>>().join(" ");
        self.area.insert_str(visible(&line))
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_always() {
        let mut field = Field::new("a\nb");
        assert_eq!(field.text(), "a\\nb");
        field.paste("c\nd\u{1b}[2J");
        assert_eq!(field.text(), "a\\nbc d\\e[2J");
        for code in [KeyCode::Enter, KeyCode::Tab] {
            assert!(!field.key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        field.set("日本");
        assert_eq!(field.before(), "日本");
        field.key(KeyEvent::new(KeyCode::Left, KeyModifiers::NONE));
        assert_eq!(field.before(), "日");
    }

    #[test]
    fn a_pasted_name_with_its_newline_was_not_that_name() {
        for newline in ["\n", "\r", "\r\n"] {
            let mut field = Field::new("");
            field.paste(&format!("shop{newline}"));
            assert_eq!(field.text(), "shop", "{newline:?}");
            field.paste(&format!("{newline}a{newline}{newline}b"));
            assert_eq!(field.text(), "shopa b", "{newline:?}");
        }
    }
}
