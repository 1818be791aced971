//! How a string is written so that go-yaml v2 reads the same string: plain, quoted, or as a literal block. The choice is
//! libyaml's as go-yaml v2 makes it.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::resolve::{self, Meaning};

/// The style of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style of a string in block context.
pub fn style(text: &str) -> Style {
    let found = Analysis::of(text);
    if text.contains('\n') && found.block_allowed() {
        Style::Literal
    } else if text.contains('\n') || means_something_else(text) {
        Style::Double
    } else if found.plain_allowed() {
        Style::Plain
    } else if found.single_allowed() {
        Style::Single
    } else {
        Style::Double
    }
}

/// The string on one line.
pub fn inline(text: &str) -> String {
    match style(text) {
        Style::Plain => text.to_owned(),
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        Style::Double | Style::Literal => double(text),
    }
}

/// The header of a literal block: `|`, the indentation where the text starts with white space, and how it ends.
pub fn literal_header(text: &str) -> String {
    let indentation = if text.starts_with([' ', '\n']) {
        "2"
    } else {
        ""
    };
    let ending = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    format!("|{indentation}{ending}")
}

/// Whether a plain scalar of this text would be read as something else: null, bool, number, date, base 60, merge key.
fn means_something_else(text: &str) -> bool {
    resolve::plain(text) != Meaning::Text || is_date(text) || is_base_60(text) || text == "<<"
}

/// What stands in a string, as libyaml's emitter analyses it.
#[derive(Default)]
struct Analysis {
    indicators: bool,
    special: bool,
    line_breaks: bool,
    outer_white: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

impl Analysis {
    fn of(text: &str) -> Self {
        let mut found = Self {
            indicators: text.starts_with("---") || text.starts_with("..."),
            outer_white: text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']),
            trailing_space: text.ends_with(' '),
            ..Self::default()
        };
        let mut before = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let last_or_blank = rest.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            found.indicators |= match c {
                '#' => before.is_none_or(|b| matches!(b, ' ' | '\t' | '\n')),
                ':' => last_or_blank,
                '?' | '-' => before.is_none() && last_or_blank,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`' => before.is_none(),
                _ => false,
            };
            found.special |= !is_printable(c);
            found.line_breaks |= c == '\n';
            found.break_space |= c == ' ' && before == Some('\n');
            found.space_break |= c == '\n' && before == Some(' ');
            before = Some(c);
        }
        found
    }

    fn plain_allowed(&self) -> bool {
        !(self.indicators || self.line_breaks || self.outer_white || self.break_space)
            && self.single_allowed()
    }

    fn single_allowed(&self) -> bool {
        !(self.break_space || self.space_break || self.special)
    }

    fn block_allowed(&self) -> bool {
        !(self.trailing_space || self.space_break || self.special)
    }
}

/// libyaml's notion, which ends with the Basic Multilingual Plane; without the Unicode line separators, which YAML 1.1 and
/// 1.2 read differently.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

fn double(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            c if is_printable(c) => {
                out.push(c);
                continue;
            }
            c => {
                // Writing to a String cannot fail.
                let _ = match u32::from(c) {
                    n @ 0..=0xff => write!(out, "\\x{n:02X}"),
                    n @ 0x100..=0xffff => write!(out, "\\u{n:04X}"),
                    n => write!(out, "\\U{n:08X}"),
                };
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
    out.push('"');
    out
}

/// A line of YAML as a person reads it: in a double-quoted value at its end, what go-yaml escapes only because it lies
/// beyond the Basic Multilingual Plane (an emoji) stands as itself. It means the same.
pub fn readable(line: &str) -> Cow<'_, str> {
    let Some((before, quoted)) = line.split_once('"') else {
        return Cow::Borrowed(line);
    };
    let starts_a_value = before.is_empty() || before.ends_with(": ") || before.ends_with("- ");
    if !starts_a_value || before.contains('\'') || !quoted.ends_with('"') || !line.contains("\\U") {
        return Cow::Borrowed(line);
    }
    let mut out = format!("{before}\"");
    let mut rest = quoted;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let hex = escape.strip_prefix("\\U").and_then(|hex| hex.get(..8));
        let c = hex.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        // Tags and what is for private use cannot be seen.
        let c = c.filter(|c| matches!(c, '\u{10000}'..='\u{dffff}'));
        let taken = match c {
            Some(c) => {
                out.push(c);
                10
            }
            // A backslash and what it escapes; the rest of a longer escape has none.
            None => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        if c.is_none() {
            out.push_str(&escape[..taken]);
        }
        rest = &escape[taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (parts, fraction) = match text.split_once('.') {
        Some((parts, fraction)) => (parts, fraction),
        None => (text, ""),
    };
    let digits_and_lines = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let mut parts = parts.split(':');
    let first = parts.next().unwrap_or_default();
    let mut n_sixtieths = 0;
    let sixtieths = parts.all(|part| {
        n_sixtieths += 1;
        number(part, 59)
    });
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits_and_lines(first)
        && digits_and_lines(fraction)
        && sixtieths
        && n_sixtieths > 0
}

/// Whether go-yaml v2 takes a text for a date, alone or with a time.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(i) => (&text[..i], Some(text[i..].split_at(1))),
        None => (text, None),
    };
    let fields: Vec<&str> = date.split('-').collect();
    let [year, month, day] = fields[..] else {
        return false;
    };
    let date_ok =
        year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) && jiff_date(year, month, day);
    date_ok
        && match time {
            None => true,
            Some((" ", time)) => is_time(time),
            Some((_, time)) => match time.strip_suffix('Z') {
                Some(time) => is_time(time),
                None => time
                    .len()
                    .checked_sub(6)
                    .and_then(|i| time.split_at_checked(i))
                    .is_some_and(|(time, zone)| is_time(time) && is_zone(zone)),
            },
        }
}

fn jiff_date(year: &str, month: &str, day: &str) -> bool {
    let (true, true) = (number(month, 12), number(day, 31)) else {
        return false;
    };
    match (year.parse(), month.parse(), day.parse()) {
        (Ok(year), Ok(month), Ok(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

/// `hour:minute:second` with an optional fraction.
fn is_time(text: &str) -> bool {
    let (clock, fraction) = match text.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let fields: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = fields[..] else {
        return false;
    };
    number(hour, 23)
        && number(minute, 59)
        && number(second, 59)
        && fraction.is_none_or(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()))
}

/// `+hh:mm` or `-hh:mm`.
fn is_zone(text: &str) -> bool {
    text.strip_prefix(['+', '-'])
        .and_then(|zone| zone.split_once(':'))
        .is_some_and(|(hours, minutes)| {
            hours.len() == 2 && minutes.len() == 2 && number(hours, 24) && number(minutes, 60)
        })
}

/// One or two digits, at most `max`.
fn number(text: &str, max: u8) -> bool {
    matches!(text.len(), 1 | 2)
        && text.bytes().all(|b| b.is_ascii_digit())
        && text.parse::<u8>().is_ok_and(|n| n <= max)
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn an_emoji_could_not_be_read() {
        for (line, shown) in [
            ("say: \"\\U0001F680 x\"", "say: \"🚀 x\""),
            ("- \"a \\\\U0001F680\"", "- \"a \\\\U0001F680\""),
            ("\"\\n\\U0001F469\\u200d\"", "\"\\n👩\\u200d\""),
            ("\"\\U000E0041\"", "\"\\U000E0041\""),
            ("say: 'a: \"\\U0001F680\"'", "say: 'a: \"\\U0001F680\"'"),
            ("say: \\U0001F680", "say: \\U0001F680"),
            ("plain\"\\U0001F680\"", "plain\"\\U0001F680\""),
        ] {
            assert_eq!(readable(line), shown);
        }
    }
}
