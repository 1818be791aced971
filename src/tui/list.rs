//! A list whose cursor stays on its row, not on its line, when rows come and go.

/// A row of a list.
pub trait Row {
    /// What tells rows apart.
    type Id: Clone + PartialEq;
    /// The row's identity; `None` for a heading, which the cursor passes over.
    fn id(&self) -> Option<&Self::Id>;
}

/// Where a cursor goes, in a list or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// So many rows down; up where negative.
    By(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// Cursor, scroll position and filter of a list.
#[derive(Clone, Debug)]
pub struct List<Id> {
    /// The row under the cursor.
    pub selected: Option<Id>,
    /// Its line when it was last seen.
    line: usize,
    /// The line shown at the top.
    pub offset: usize,
    /// What rows must match, as typed.
    pub filter: String,
}

impl<Id> Default for List<Id> {
    fn default() -> Self {
        Self {
            selected: None,
            line: 0,
            offset: 0,
            filter: String::new(),
        }
    }
}

impl<Id: Clone + PartialEq> List<Id> {
    /// The line of the cursor.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Back to the first row, as soon as there is one.
    pub fn restart(&mut self) {
        self.selected = None;
        self.line = 0;
        self.offset = 0;
    }

    /// After rows have changed: finds the cursor's row again; where it is gone, takes its nearest neighbour. The row
    /// keeps its place on screen.
    pub fn keep<R: Row<Id = Id>>(&mut self, rows: &[R]) {
        let found = self
            .selected
            .as_ref()
            .and_then(|id| rows.iter().position(|row| row.id() == Some(id)));
        let place = self.line.saturating_sub(self.offset);
        match found.or_else(|| nearest(rows, self.line)) {
            Some(line) => self.set(rows, line),
            None => {
                self.selected = None;
                self.line = 0;
            }
        }
        self.offset = self.line.saturating_sub(place);
    }

    /// Moves the cursor.
    pub fn travel<R: Row<Id = Id>>(&mut self, rows: &[R], motion: Motion) {
        match motion {
            Motion::By(delta) => self.step(rows, delta),
            Motion::First => self.end(rows, false),
            Motion::Last => self.end(rows, true),
        }
    }

    /// Moves the cursor by rows; stops at the ends.
    fn step<R: Row<Id = Id>>(&mut self, rows: &[R], delta: isize) {
        let mut at = self.line;
        let mut left = delta.unsigned_abs();
        let mut line = self.line;
        while left > 0 {
            let next = if delta < 0 {
                line.checked_sub(1)
            } else {
                Some(line + 1).filter(|l| *l < rows.len())
            };
            let Some(next) = next else { break };
            line = next;
            if rows[line].id().is_some() {
                at = line;
                left -= 1;
            }
        }
        if rows.get(at).is_some_and(|r| r.id().is_some()) {
            self.set(rows, at);
        }
    }

    /// Moves the cursor to the first row, or to the last.
    fn end<R: Row<Id = Id>>(&mut self, rows: &[R], last: bool) {
        let found = if last {
            rows.iter().rposition(|r| r.id().is_some())
        } else {
            rows.iter().position(|r| r.id().is_some())
        };
        if let Some(line) = found {
            self.set(rows, line);
        }
    }

    /// Moves the cursor to the next row that fits, from the cursor on and round the end.
    pub fn seek<R: Row<Id = Id>>(
        &mut self,
        rows: &[R],
        back: bool,
        fits: impl Fn(&R) -> bool,
    ) -> bool {
        let n = rows.len();
        let found = (1..=n)
            .map(|i| {
                if back {
                    (self.line + n * 2 - i) % n
                } else {
                    (self.line + i) % n
                }
            })
            .find(|&i| rows[i].id().is_some() && fits(&rows[i]));
        if let Some(line) = found {
            self.set(rows, line);
        }
        found.is_some()
    }

    /// Puts the cursor on a row.
    pub fn select<R: Row<Id = Id>>(&mut self, rows: &[R], id: &Id) -> bool {
        let found = rows.iter().position(|row| row.id() == Some(id));
        if let Some(line) = found {
            self.set(rows, line);
        }
        found.is_some()
    }

    /// Scrolls so that the cursor is among the `height` lines shown, and no line is wasted below the end.
    pub fn show(&mut self, n_rows: usize, height: usize) {
        if height == 0 {
            return;
        }
        // A heading just above the cursor's row is shown with it.
        let first = self.line.saturating_sub(usize::from(self.line == 1));
        self.offset = self
            .offset
            .min(first)
            .max((self.line + 1).saturating_sub(height))
            .min(n_rows.saturating_sub(height));
    }

    fn set<R: Row<Id = Id>>(&mut self, rows: &[R], line: usize) {
        self.line = line;
        self.selected = rows.get(line).and_then(|r| r.id().cloned());
    }
}

fn nearest<R: Row>(rows: &[R], line: usize) -> Option<usize> {
    let line = line.min(rows.len());
    let after = (line..rows.len()).find(|&i| rows[i].id().is_some());
    after.or_else(|| (0..line).rev().find(|&i| rows[i].id().is_some()))
}

/// Whether a text fits a filter: every word of it occurs, no `!word` does. Case does not matter.
pub fn fits(filter: &str, text: &str) -> bool {
    if filter.is_empty() {
        return true;
    }
    let text = text.to_lowercase();
    filter
        .to_lowercase()
        .split_whitespace()
        .all(|word| match word.strip_prefix('!') {
            Some("") => true,
            Some(not) => !text.contains(not),
            None => text.contains(word),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Row for Option<u32> {
        type Id = u32;
        fn id(&self) -> Option<&u32> {
            self.as_ref()
        }
    }

    #[test]
    fn the_cursor_stays_on_its_row() {
        let mut list = List::default();
        let rows = [None, Some(1), Some(2), None, Some(3)];
        list.keep(&rows);
        assert_eq!(list.selected, Some(1));
        list.step(&rows, 2);
        assert_eq!(list.selected, Some(3));
        list.keep(&[None, Some(9), Some(1), Some(3)]);
        assert_eq!((list.selected, list.line()), (Some(3), 3));
        // Gone: its nearest neighbour.
        list.keep(&[None, Some(9), Some(1)]);
        assert_eq!(list.selected, Some(1));
        list.keep::<Option<u32>>(&[]);
        assert_eq!(list.selected, None);
    }

    #[test]
    fn the_row_keeps_its_place_on_screen() {
        let rows: Vec<_> = (0..100).map(Some).collect();
        let mut list = List::default();
        list.keep(&rows);
        list.step(&rows, 50);
        list.show(rows.len(), 10);
        let place = list.line() - list.offset;
        let more: Vec<_> = (1000..1020).chain(0..100).map(Some).collect();
        list.keep(&more);
        list.show(more.len(), 10);
        assert_eq!(list.selected, Some(50));
        assert_eq!(list.line() - list.offset, place);
    }

    #[test]
    fn seeking_goes_round() {
        let rows = [Some(1), Some(2), Some(3)];
        let mut list = List::default();
        list.keep(&rows);
        assert!(list.seek(&rows, false, |r| *r == Some(3)));
        assert!(list.seek(&rows, false, |r| *r == Some(1)));
        assert!(list.seek(&rows, true, |r| *r == Some(2)));
        assert!(!list.seek(&rows, true, |r| *r == Some(7)));
        assert!(!list.seek::<Option<u32>>(&[], true, |_| true));
    }

    #[test]
    fn filters() {
        for (filter, text, is) in [
            ("", "x", true),
            ("shop prod", "prod-eu Shop checkout", true),
            ("shop !prod", "prod-eu shop", false),
            ("!", "x", true),
            ("y", "x", false),
        ] {
            assert_eq!(fits(filter, text), is, "{filter:?} {text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_on_a_row_and_on_screen(
            before in prop::collection::vec(prop::option::of(0u32..40), 0..40),
            after in prop::collection::vec(prop::option::of(0u32..40), 0..40),
            steps in prop::collection::vec(-50isize..50, 0..8),
            height in 1usize..12,
        ) {
            let mut list = List::default();
            list.keep(&before);
            for step in steps {
                list.step(&before, step);
            }
            list.keep(&after);
            list.show(after.len(), height);
            let any = after.iter().any(Option::is_some);
            prop_assert_eq!(list.selected.is_some(), any);
            if any {
                prop_assert_eq!(after[list.line()], list.selected);
                prop_assert!(list.line() >= list.offset && list.line() < list.offset + height);
            }
        }
    }
}
