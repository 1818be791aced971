//! What go-yaml v2 takes and the parser does not. The text is mended where the parser stops, and read again.

use granit_parser::{ErrorKind, ScanError};

/// One such thing, with the place where the parser stopped: a line counted from 1 and a column counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    pub line: usize,
    pub column: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A line that continues a quoted scalar with less indentation than YAML 1.2 asks for.
    UnderIndented,
    /// Tabs in front of a line within brackets or braces.
    TabsInFlow,
    /// `\'` in a scalar that starts here.
    EscapedApostrophe,
    /// A comment without white space in front of it.
    CloseComment,
    /// A byte order mark behind `---`, as in files put together from others.
    ByteOrderMark,
}

impl Quirk {
    /// What an error is about, if it is about one. `in_flow`: it is within brackets or braces.
    pub fn of(error: &ScanError, in_flow: bool) -> Option<Self> {
        let kind = match error.kind() {
            // The parser has both for quoted scalars alone.
            ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation => {
                Kind::UnderIndented
            }
            ErrorKind::TabInBlockIndentation if in_flow => Kind::TabsInFlow,
            ErrorKind::UnknownQuotedScalarEscape => Kind::EscapedApostrophe,
            ErrorKind::CommentNotSeparated => Kind::CloseComment,
            ErrorKind::BomInsideDocument => Kind::ByteOrderMark,
            _ => return None,
        };
        Some(Self {
            line: error.marker().line(),
            column: error.marker().col(),
            kind,
        })
    }

    /// Whether it stands behind a place.
    pub fn is_behind(&self, (line, column): (usize, usize)) -> bool {
        (self.line, self.column) > (line, column)
    }

    /// The text with this one in a form that the parser takes for the same; `None` where there is none. Lines keep their
    /// numbers, and columns as far as they can.
    pub fn mended(&self, text: &str) -> Option<String> {
        let (before, line) = text.split_at(line_start(text, self.line)?);
        let column = line.char_indices().nth(self.column).map(|(at, _)| at);
        let from = line.get(column?..)?;
        let (kept, new) = match self.kind {
            // Indentation is no part of a quoted scalar.
            Kind::UnderIndented => (0, format!("{}{line}", " ".repeat(256))),
            Kind::TabsInFlow => {
                let end = line.find(|c| !matches!(c, ' ' | '\t'))?;
                let (blank, rest) = line.split_at(end);
                (0, blank.replace('\t', " ") + rest)
            }
            Kind::EscapedApostrophe => (column?, without_escaped_apostrophes(from)?),
            Kind::CloseComment if from.starts_with('#') => (column?, format!(" {from}")),
            Kind::ByteOrderMark if is_separator(before.lines().next_back()?) => {
                (0, line.strip_prefix('\u{feff}')?.to_owned())
            }
            Kind::CloseComment | Kind::ByteOrderMark => return None,
        };
        Some([before, &line[..kept], &new].concat())
    }
}

/// Where a line begins, by what the parser takes for line breaks.
fn line_start(text: &str, line: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_break = |(i, b): &(usize, &u8)| match b {
        b'\n' => true,
        b'\r' => bytes.get(i + 1) != Some(&b'\n'),
        _ => false,
    };
    match line.checked_sub(2) {
        None => Some(0),
        Some(n) => bytes
            .iter()
            .enumerate()
            .filter(is_break)
            .nth(n)
            .map(|(i, _)| i + 1),
    }
}

/// A text that begins with a double-quoted scalar, without the backslash in front of apostrophes in it.
fn without_escaped_apostrophes(text: &str) -> Option<String> {
    let scalar = text.strip_prefix('"')?;
    let mut out = String::with_capacity(text.len());
    out.push('"');
    let mut chars = scalar.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => {
                out.push_str(&scalar[i..]);
                return (out.len() < text.len()).then_some(out);
            }
            '\\' => match chars.next()? {
                (_, '\'') => out.push('\''),
                (_, escaped) => out.extend(['\\', escaped]),
            },
            c => out.push(c),
        }
    }
    None
}

/// Whether a line separates documents, for Kubernetes.
fn is_separator(line: &str) -> bool {
    let rest = line.strip_prefix("---").map(str::trim_start);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}
