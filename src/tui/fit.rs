//! Widths of text on a terminal, and making text fit. Nothing here knows of colours or screens.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that a text takes; a grapheme cluster counts as a whole.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.graphemes(true).map(|g| g.width()).sum()
    }
}

/// The text, or its beginning and end with an ellipsis between, so that it takes at most `columns`. Names differ at
/// their ends, so it is the middle that goes.
pub fn middle<'t>(text: &'t str, columns: usize, ellipsis: &str) -> Cow<'t, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let dots = width(ellipsis);
    if columns <= dots {
        return Cow::Owned(head(text, columns).to_owned());
    }
    let room = columns - dots;
    let front = head(text, room.div_ceil(2));
    let back = tail(text, room - width(front));
    Cow::Owned(format!("{front}{ellipsis}{back}"))
}

/// The text, or its beginning and an ellipsis.
pub fn end<'t>(text: &'t str, columns: usize, ellipsis: &str) -> Cow<'t, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(width(ellipsis));
    if room == 0 {
        return Cow::Owned(head(text, columns).to_owned());
    }
    Cow::Owned(format!("{}{ellipsis}", head(text, room)))
}

/// The longest beginning that takes at most `columns`.
pub fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// What is left of a text after the first `columns`.
pub fn skip(text: &str, columns: usize) -> &str {
    &text[head(text, columns).len()..]
}

/// What is left of a text after as few of its first columns as make up `columns`, no grapheme split.
pub fn skip_whole(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut rest = text.grapheme_indices(true).skip_while(|(_, grapheme)| {
        let goes = used < columns;
        used += grapheme.width();
        goes
    });
    rest.next().map_or("", |(at, _)| &text[at..])
}

/// The longest end that takes at most `columns`.
fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme.width();
        if used > columns {
            return &text[at + grapheme.len()..];
        }
    }
    text
}

/// Breaks a text into lines of at most `columns`, between words where it can. Newlines in it are kept.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_inclusive(' ') {
            if !line.is_empty() && width(&line) + width(word.trim_end()) > columns {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            let mut word = word;
            while width(word.trim_end()) > columns {
                let mut part = head(word, columns);
                if part.is_empty() {
                    part = &word[..word.graphemes(true).next().map_or(word.len(), str::len)];
                }
                lines.push(part.to_owned());
                word = &word[part.len()..];
            }
            line.push_str(word);
        }
        let rest = line.trim_end();
        if !rest.is_empty() || paragraph.is_empty() {
            lines.push(rest.to_owned());
        }
    }
    lines
}

/// How much of a list or a text is out of sight; empty where all of it is on screen.
pub fn hidden(above: usize, below: usize, dot: &str) -> String {
    match (above, below) {
        (0, 0) => String::new(),
        (0, below) => format!("{below} more below"),
        (above, 0) => format!("{above} more above"),
        (above, below) => format!("{above} more above {dot} {below} below"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_middle() {
        for (text, columns, shown) in [
            ("checkout", 8, "checkout"),
            ("checkout-worker-eu", 9, "chec…r-eu"),
            ("日本語テスト", 7, "日…スト"),
            ("日本語テスト", 6, "日…ト"),
            ("abc", 1, "a"),
            ("abc", 0, ""),
            ("👩‍👩‍👧‍👦 family", 5, "👩‍👩‍👧‍👦…ly"),
        ] {
            let fitted = middle(text, columns, "…");
            assert_eq!(fitted, shown);
            assert!(width(&fitted) <= columns);
        }
    }

    #[test]
    fn long_text_loses_its_end() {
        assert_eq!(end("bump checkout to 1.9", 8, "…"), "bump ch…");
        assert_eq!(end("bump", 4, "…"), "bump");
        assert_eq!(end("bump", 1, "…"), "b");
    }

    #[test]
    fn text_breaks_between_words() {
        assert_eq!(
            wrap("the server said no\nagain", 10),
            ["the server", "said no", "again"]
        );
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("日本語", 1), ["日", "本", "語"]);
    }

    #[test]
    fn skipping_never_splits_a_grapheme() {
        assert_eq!(skip("abc", 1), "bc");
        assert_eq!(skip("日本", 1), "日本");
        assert_eq!(skip("日本", 2), "本");
        assert_eq!(skip("ab", 9), "");
        assert_eq!(skip_whole("日本", 0), "日本");
        assert_eq!(skip_whole("日本", 1), "本");
        assert_eq!(skip_whole("a日", 1), "日");
        assert_eq!(skip_whole("日", 9), "");
    }
}
