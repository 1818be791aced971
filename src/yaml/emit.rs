//! YAML text in go-yaml v2's style, line by line: maps in its key order, two spaces, lists not indented below their key.
//! Long lines are never folded, so that one field without line breaks is one line.

use std::cmp::Ordering;

use serde_json::Map;

use crate::domain::Value;
use crate::domain::manifest::Places;

use super::load::push_token;
use super::number;
use super::quote::{self, Style};

/// One line of YAML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The line without its indentation and without a line break.
    pub text: String,
    /// Indentation in spaces; 0 for an empty line.
    pub indent: u16,
    /// RFC 6901 pointer of the innermost field or item that starts on this line, or that it continues.
    pub pointer: String,
}

/// The value as `sigs.k8s.io/yaml` writes it, but for long lines, which are not folded.
pub fn emit(value: &Value) -> String {
    let mut text = String::new();
    for line in emit_lines(value) {
        text.extend(std::iter::repeat_n(' ', line.indent.into()));
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

/// The same text as [`emit`], by lines.
pub fn emit_lines(value: &Value) -> Vec<Emitted> {
    written(value, Writer::default())
}

/// The lines with the fields of each map in the order in which a file states them; those without a place there follow in
/// the usual order.
pub fn emit_lines_placed(value: &Value, places: &Places) -> Vec<Emitted> {
    let writer = Writer {
        places: Some(places),
        ..Writer::default()
    };
    written(value, writer)
}

fn written(value: &Value, mut writer: Writer<'_>) -> Vec<Emitted> {
    match value {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0, None),
        Value::Array(items) if !items.is_empty() => writer.list(items, 0, None),
        // A block at the root is indented relative to nothing, on which parsers disagree.
        root => writer.line(0, scalar(root)),
    }
    writer.lines
}

/// The value on one line: a scalar or an empty collection as [`emit`] writes it, quoted where needed; a collection with
/// content as JSON. Never contains a line break.
pub fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quote::inline(text),
        Value::Number(n) => number::emit(n),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        value => value.to_string(),
    }
}

/// Longer keys are written with `? `.
const LONGEST_SIMPLE_KEY: usize = 128;

/// What stands on the line already, in front of the first entry of a collection: its indentation and text.
type Lead = (usize, String);

#[derive(Default)]
struct Writer<'a> {
    lines: Vec<Emitted>,
    pointer: String,
    places: Option<&'a Places>,
}

impl Writer<'_> {
    /// The entries of the map at the present pointer, in the order in which they are written.
    fn ordered<'m>(&self, map: &'m Map<String, Value>) -> Vec<(&'m String, &'m Value)> {
        let mut entries = in_order(map);
        if let Some(places) = self.places {
            entries.sort_by_cached_key(|(key, _)| {
                let mut pointer = self.pointer.clone();
                push_token(&mut pointer, key);
                let at = places.at(&pointer);
                (at.is_none(), at)
            });
        }
        entries
    }

    fn line(&mut self, indent: usize, text: String) {
        let indent = if text.is_empty() { 0 } else { indent };
        self.lines.push(Emitted {
            text,
            indent: u16::try_from(indent).unwrap_or(u16::MAX),
            pointer: self.pointer.clone(),
        });
    }

    fn map(&mut self, map: &Map<String, Value>, indent: usize, mut lead: Option<Lead>) {
        for (key, value) in self.ordered(map) {
            let above = self.pointer.len();
            push_token(&mut self.pointer, key);
            let (at, mut head) = lead.take().unwrap_or((indent, String::new()));
            let name = quote::inline(key);
            if key.len() > LONGEST_SIMPLE_KEY || key.contains('\n') {
                head.push_str("? ");
                head.push_str(&name);
                self.line(at, head);
                self.value((indent, ":".to_owned()), indent, value);
            } else {
                head.push_str(&name);
                head.push(':');
                self.value((at, head), indent, value);
            }
            self.pointer.truncate(above);
        }
    }

    /// Writes a value behind the name of its field.
    fn value(&mut self, head: Lead, indent: usize, value: &Value) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.line(head.0, head.1);
                self.map(map, indent + 2, None);
            }
            Value::Array(items) if !items.is_empty() => {
                self.line(head.0, head.1);
                self.list(items, indent, None);
            }
            value => self.leaf(head, indent, value),
        }
    }

    fn list(&mut self, items: &[Value], indent: usize, mut lead: Option<Lead>) {
        for (i, item) in items.iter().enumerate() {
            let above = self.pointer.len();
            push_token(&mut self.pointer, &i.to_string());
            let (at, mut head) = lead.take().unwrap_or((indent, String::new()));
            head.push('-');
            match item {
                Value::Object(map) if !map.is_empty() => {
                    head.push(' ');
                    self.map(map, indent + 2, Some((at, head)));
                }
                Value::Array(items) if !items.is_empty() => {
                    head.push(' ');
                    self.list(items, indent + 2, Some((at, head)));
                }
                item => self.leaf((at, head), indent, item),
            }
            self.pointer.truncate(above);
        }
    }

    fn leaf(&mut self, (at, mut head): Lead, indent: usize, value: &Value) {
        head.push(' ');
        match value {
            Value::String(text) if quote::style(text) == Style::Literal => {
                head.push_str(&quote::literal_header(text));
                self.line(at, head);
                let body = text.strip_suffix('\n').unwrap_or(text);
                for line in body.split('\n') {
                    self.line(indent + 2, line.to_owned());
                }
            }
            value => {
                head.push_str(&scalar(value));
                self.line(at, head);
            }
        }
    }
}

/// The entries of a map in go-yaml's order. Inserted one by one, since that order is not proven to be a total one, which
/// the standard library's sorting insists on.
fn in_order(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = Vec::with_capacity(map.len());
    for entry in map {
        let place =
            entries.partition_point(|(key, _)| key_order(key, entry.0) != Ordering::Greater);
        entries.insert(place, entry);
    }
    entries
}

/// go-yaml v2's order of keys: runs of digits by their number, letters after everything else.
fn key_order(a: &str, b: &str) -> Ordering {
    if a.bytes().chain(b.bytes()).all(|c| c.is_ascii_alphabetic()) {
        return a.cmp(b);
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(i) = a.iter().zip(&b).position(|(x, y)| x != y) else {
        return a.len().cmp(&b.len());
    };
    let (x, y) = (a[i], b[i]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (false, false) => {}
        (left, _) => {
            return if left {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
    }
    // Behind a digit that is not zero, zeros count as digits of that number.
    let continues = (x == '0' || y == '0')
        && a[..i]
            .iter()
            .rev()
            .take_while(|c| c.is_numeric())
            .any(|c| *c != '0');
    let run = |chars: &[char]| {
        chars[i..].iter().take_while(|c| c.is_numeric()).fold(
            (i64::from(continues), i),
            |(number, end), c| {
                let digit = i64::from(u32::from(*c)) - i64::from(u32::from('0'));
                (number.wrapping_mul(10).wrapping_add(digit), end + 1)
            },
        )
    };
    run(&a).cmp(&run(&b)).then(x.cmp(&y))
}
