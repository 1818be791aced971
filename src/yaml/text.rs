//! From bytes to text: byte order marks, UTF-16, and what YAML forbids outright.

use std::borrow::Cow;

use crate::domain::Position;

use super::LoadError;

/// Text of a file: UTF-8 with or without a byte order mark, or UTF-16 of either order with one.
///
/// # Errors
/// Bytes that are not text, with the place of the first of them.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, LoadError> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        bytes => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, LoadError> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|e| {
        let good = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
        LoadError::new("the text is not UTF-8", end_of(&good))
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, LoadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len() / 2);
    for c in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match c {
            Ok(c) => text.push(c),
            Err(_) => return Err(LoadError::new("the text is not UTF-16", end_of(&text))),
        }
    }
    if !rest.is_empty() {
        return Err(LoadError::new("the text is not UTF-16", end_of(&text)));
    }
    Ok(Cow::Owned(text))
}

/// Refuses characters that YAML does not allow unescaped, as libyaml's reader does.
pub fn check(text: &str) -> Result<(), LoadError> {
    let suspicious =
        |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r') || b == 0x7f || b >= 0xc2;
    let mut from = 0;
    while let Some(step) = text.as_bytes()[from..].iter().position(|b| suspicious(*b)) {
        let at = from + step;
        let Some(c) = text[at..].chars().next() else {
            break;
        };
        if is_forbidden(c) {
            let message = format!("the character U+{:04X} is not allowed here", u32::from(c));
            return Err(LoadError::new(message, end_of(&text[..at])));
        }
        from = at + c.len_utf8();
    }
    Ok(())
}

/// Whether YAML forbids a character outside of an escape sequence.
fn is_forbidden(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// The position just after a text.
fn end_of(text: &str) -> Position {
    let line = text.bytes().filter(|b| *b == b'\n').count() + 1;
    let tail = text.rsplit('\n').next().unwrap_or_default();
    position(line, tail.chars().count())
}

/// A position from a line counted from 1 and a column counted from 0.
pub fn position(line: usize, column: usize) -> Position {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: narrow(line),
        column: narrow(column + 1),
    }
}

/// Where a place in a part of a file stands in the file, when the part starts at `from`.
pub fn within(at: Position, from: Position) -> Position {
    let column = match at.line {
        0 | 1 => at.column.saturating_add(from.column).saturating_sub(1),
        _ => at.column,
    };
    let line = at.line.saturating_add(from.line).saturating_sub(1);
    Position { line, column }
}

/// The position behind a text that starts at `from`, by what the parser takes for line breaks.
pub fn behind(text: &str, from: Position) -> Position {
    let bytes = text.as_bytes();
    let is_break = |i: usize| match bytes[i] {
        b'\n' => true,
        b'\r' => bytes.get(i + 1) != Some(&b'\n'),
        _ => false,
    };
    let mut breaks = (0..bytes.len()).filter(|i| is_break(*i));
    let (n, last) = breaks
        .by_ref()
        .fold((0, None), |(n, _), i| (n + 1, Some(i)));
    let tail = text.get(last.map_or(0, |i| i + 1)..).unwrap_or_default();
    within(position(n + 1, tail.chars().count()), from)
}
