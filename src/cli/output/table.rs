//! Aligned columns, right for wide characters.

use unicode_width::UnicodeWidthStr as _;

use super::style::{Ink, Style};
use crate::domain::text::visible;

/// One cell. Its text is made visible.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    text: String,
    ink: Ink,
}

impl Cell {
    /// A cell of some ink.
    pub fn new(ink: Ink, text: impl AsRef<str>) -> Self {
        Self {
            text: visible(text.as_ref()).into_owned(),
            ink,
        }
    }
}

impl<S: AsRef<str>> From<S> for Cell {
    fn from(text: S) -> Self {
        Self::new(Ink::Plain, text)
    }
}

/// A table with a head. Columns that are empty in every row are left out.
#[derive(Clone, Debug)]
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns. A title that begins with `>` makes its column align right.
    pub fn new(head: &[&'static str]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, none ending in a blank.
    pub fn text(&self, style: &Style) -> String {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|i| {
                let cells = self.rows.iter().filter_map(|row| row.get(i));
                let widest = cells.map(|cell| cell.text.width()).max().unwrap_or(0);
                let title = self.head[i].trim_start_matches('>').width();
                if widest == 0 { 0 } else { widest.max(title) }
            })
            .collect();
        let head: Vec<Cell> = self
            .head
            .iter()
            .map(|title| Cell::new(Ink::Dim, title.trim_start_matches('>')))
            .collect();
        let mut out = String::new();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            let mut owed = 0;
            for ((cell, &width), title) in row.iter().zip(&widths).zip(&self.head) {
                if width == 0 {
                    continue;
                }
                let blank = width.saturating_sub(cell.text.width());
                let (before, after) = if title.starts_with('>') {
                    (blank, 0)
                } else {
                    (0, blank)
                };
                owed += before;
                if !cell.text.is_empty() {
                    line.push_str(&" ".repeat(owed));
                    line.push_str(&style.paint(cell.ink, &cell.text));
                    owed = 0;
                }
                owed += after + 2;
            }
            out.push_str(&line);
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn style(color: bool) -> Style {
        Style {
            color,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn columns_align_and_empty_ones_go() {
        let mut table = Table::new(&["NAME", ">N", "NOTHING", "LAST"]);
        table.row(["日本".into(), "7".into(), "".into(), "x".into()]);
        table.row(["a".into(), "1234".into(), "".into(), "".into()]);
        table.row(["b".into(), "".into(), "".into(), "\u{1b}[2J".into()]);
        insta::assert_snapshot!(table.text(&style(false)), @r##"
    NAME     N  LAST
    日本     7  x
    a     1234
    b           \e[2J
    "##);
    }

    #[test]
    fn colours_do_not_move_columns() {
        let mut table = Table::new(&["A", "B"]);
        table.row([Cell::new(Ink::Red, "x"), "y".into()]);
        table.row(["long".into(), "y".into()]);
        let plain = table.text(&style(false));
        let colored = table.text(&style(true));
        assert!(colored.contains("\u{1b}[31mx\u{1b}[0m"));
        let codes = ["\u{1b}[31m", "\u{1b}[2m", "\u{1b}[0m"];
        let stripped = codes
            .iter()
            .fold(colored, |text, code| text.replace(code, ""));
        assert_eq!(stripped, plain);
    }
}
