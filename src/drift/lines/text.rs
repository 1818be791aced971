//! What a line says, and how it is written.

use std::borrow::Cow;

use crate::domain::{Step, Value};

use super::layout::Raw;
use crate::yaml::{readable, scalar};

/// What a line says.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    /// `name:`, with a value that fits on the line.
    Field(&'a str, Option<&'a Value>),
    /// A list item that fits on the line.
    Item(&'a Value),
    /// The start of a text of several lines, of a field or of a list item.
    Start(Option<&'a str>, &'a str),
    /// One line of such a text, and its number there, from 0.
    Body(&'a str, u32),
    /// A remark: the order of a list.
    Order(Vec<Step>),
}

/// Whether a text is written over several lines. One of nothing but blanks could not be read.
pub fn is_long(text: &str) -> bool {
    text.contains('\n') && !text.trim().is_empty()
}

/// How a text of several lines starts: what its end and its first line need (YAML 1.2, 8.1.1).
pub fn header(text: &str) -> Cow<'static, str> {
    let chomp = match (text.ends_with('\n'), text.ends_with("\n\n")) {
        (false, _) => "-",
        (true, false) => "",
        (true, true) => "+",
    };
    let indented = text
        .lines()
        .find(|line| !line.is_empty())
        .is_some_and(|line| line.starts_with(' '));
    match (indented || text.starts_with('\n'), chomp) {
        (true, chomp) => Cow::Owned(format!("|2{chomp}")),
        (false, "-") => Cow::Borrowed("|-"),
        (false, "+") => Cow::Borrowed("|+"),
        (false, _) => Cow::Borrowed("|"),
    }
}

/// The lines of a text.
pub fn body(text: &str) -> impl Iterator<Item = &str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n')
}

/// The text of a line, without indentation, and how many bytes of it precede the value.
pub fn write(raw: &Raw<'_>) -> (String, usize) {
    let mut out = "- ".repeat(usize::from(raw.dashes));
    let scalar = |value: &Value| readable(&scalar(value)).into_owned();
    let name = |name: &str| scalar(&Value::from(name));
    let (lead, rest) = match &raw.text {
        Text::Field(field, None) => (format!("{}:", name(field)), String::new()),
        Text::Field(field, Some(value)) => (format!("{}: ", name(field)), scalar(value)),
        Text::Item(value) => (String::new(), scalar(value)),
        Text::Start(Some(field), text) => (format!("{}: ", name(field)), header(text).into_owned()),
        Text::Start(None, text) => (String::new(), header(text).into_owned()),
        Text::Body(line, _) => (String::new(), (*line).to_owned()),
        Text::Order(steps) => (
            "# order: ".to_owned(),
            steps.iter().map(order_name).collect::<Vec<_>>().join(", "),
        ),
    };
    out.push_str(&lead);
    let lead = out.len();
    (out + &rest, lead)
}

fn order_name(step: &Step) -> String {
    match step {
        Step::Item(keys) => keys
            .iter()
            .map(|(_, value)| scalar(value))
            .collect::<Vec<_>>()
            .join("/"),
        Step::Member(value) => scalar(value),
        Step::Index(i) => i.to_string(),
        Step::Field(name) => name.clone(),
    }
}
