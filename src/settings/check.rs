//! Holds a value against the table of settings: everything that is wrong, at once, each with its place.

use crate::domain::{Problem, ProblemKind, Value};

use super::schema::{Field, Shape};
use super::{duration, pattern};
use crate::domain::near::nearest;

/// Collects what is wrong with a value.
pub struct Check<'p> {
    /// Says where the value at an RFC 6901 pointer stands.
    pub place: &'p dyn Fn(&str) -> String,
    /// What was found, each with the pointer that it is about.
    pub problems: Vec<(String, Problem)>,
}

impl<'p> Check<'p> {
    /// Starts with nothing found.
    pub fn new(place: &'p dyn Fn(&str) -> String) -> Self {
        Self {
            place,
            problems: Vec::new(),
        }
    }

    /// Checks a value and gives it back in its plain form: a lone item as a list, nothing (null) left out.
    pub fn value(&mut self, value: &Value, shape: &Shape, pointer: &str, name: &str) -> Value {
        match (shape, value) {
            (Shape::Fields(fields), Value::Object(_)) => self.fields(value, fields, pointer, name),
            (Shape::Map(item), Value::Object(map)) => map
                .iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(key, v)| {
                    let at = child(pointer, key);
                    (key.clone(), self.value(v, item, &at, &dotted(name, key)))
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            (Shape::List(item), Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, v)| {
                    let at = format!("{pointer}/{i}");
                    // A flag or variable is its own place.
                    let name = match name {
                        "" => String::new(),
                        name => format!("{name}[{i}]"),
                    };
                    self.value(v, item, &at, &name)
                })
                .collect(),
            (Shape::List(item), single) if !matches!(item, Shape::Fields(_)) => {
                Value::Array(vec![self.value(single, item, pointer, name)])
            }
            (shape, value) => {
                if let Some(wrong) = scalar_error(shape, value) {
                    self.wrong(pointer, name, &wrong, shape, value);
                }
                value.clone()
            }
        }
    }

    fn fields(&mut self, value: &Value, fields: &[Field], pointer: &str, name: &str) -> Value {
        let mut out = serde_json::Map::new();
        let empty = serde_json::Map::new();
        let map = value.as_object().unwrap_or(&empty);
        for (key, v) in map {
            let at = child(pointer, key);
            match fields.iter().find(|f| f.name == key) {
                Some(field) if field.in_file => {
                    if !v.is_null() {
                        let v = self.value(v, &field.shape, &at, &dotted(name, key));
                        out.insert(key.clone(), v);
                    }
                }
                Some(field) => {
                    let problem = Problem::new(
                        ProblemKind::Config,
                        format!("`{key}` cannot be set in the file"),
                    )
                    .at((self.place)(&at))
                    .hint(format!(
                        "It holds for one call: use {} or {}.",
                        field.flag, field.env
                    ));
                    self.problems.push((at, problem));
                }
                None => self.unknown(key, fields, &at, name),
            }
        }
        for field in fields.iter().filter(|f| f.required) {
            if map.get(field.name).is_none_or(Value::is_null) {
                let what = format!("`{}` lacks `{}`", name, field.name);
                let problem = Problem::new(ProblemKind::Config, what)
                    .at((self.place)(pointer))
                    .hint(format!("{}.", field.about));
                self.problems.push((pointer.to_owned(), problem));
            }
        }
        Value::Object(out)
    }

    fn unknown(&mut self, key: &str, fields: &[Field], at: &str, name: &str) {
        let known: Vec<&str> = fields
            .iter()
            .filter(|f| f.in_file)
            .map(|f| f.name)
            .collect();
        let whole = dotted(name, key);
        let mut problem = Problem::new(ProblemKind::Config, format!("unknown setting `{whole}`"))
            .at((self.place)(at));
        problem = match nearest(key, known.iter().copied()) {
            Some(near) => problem.hint(format!("Did you mean `{near}`?")),
            None => problem.hint(format!("Known here are {}.", known.join(", "))),
        };
        self.problems.push((at.to_owned(), problem));
    }

    fn wrong(&mut self, pointer: &str, name: &str, wrong: &str, shape: &Shape, value: &Value) {
        let what = if name.is_empty() {
            wrong.to_owned()
        } else {
            format!("`{name}`: {wrong}")
        };
        let mut problem = Problem::new(ProblemKind::Config, what).at((self.place)(pointer));
        if let (Shape::OneOf(words), Some(word)) = (shape, value.as_str())
            && let Some(near) = nearest(word, words.iter().copied())
        {
            problem = problem.hint(format!("Did you mean `{near}`?"));
        }
        let is_text = matches!(
            shape,
            Shape::Text | Shape::Path | Shape::Source | Shape::OneOf(_)
        );
        if is_text && (value.is_boolean() || value.is_number()) {
            problem = problem.hint("It is text in quotes: YAML takes a bare y, n, yes, no, on or off for true or false, and digits for a number.");
        }
        self.problems.push((pointer.to_owned(), problem));
    }
}

/// What is wrong with a limit of zero.
const NO_TIME: &str = "more than 0s is expected: nothing could be done in no time";

fn scalar_error(shape: &Shape, value: &Value) -> Option<String> {
    let expected = || Some(format!("{} is expected, not {}", shape.name(), kind(value)));
    match (shape, value) {
        (Shape::Directory, Value::String(s)) => {
            let why = pattern::wrong_directory(s)?;
            Some(format!("{} is expected, {why}", shape.name()))
        }
        (Shape::Text | Shape::Path | Shape::Source, Value::String(s)) if s.is_empty() => {
            Some(format!("{} is expected, not an empty text", shape.name()))
        }
        (Shape::Text | Shape::Path | Shape::Source, Value::String(_)) => None,
        (Shape::Switch, Value::Bool(_)) => None,
        (Shape::Limit, Value::String(s)) => match duration::parse(s) {
            Ok(span) if span.is_zero() => Some(NO_TIME.to_owned()),
            parsed => parsed.err(),
        },
        (Shape::Limit, Value::Number(n)) if n.as_u64() == Some(0) => Some(NO_TIME.to_owned()),
        (Shape::Duration, Value::String(s)) => duration::parse(s).err(),
        (Shape::Duration | Shape::Limit, Value::Number(n)) if n.is_u64() => None,
        (Shape::OneOf(words), Value::String(s)) if words.contains(&s.as_str()) => None,
        (Shape::OneOf(_), Value::String(s)) => {
            Some(format!("{} is expected, not `{s}`", shape.name()))
        }
        _ => expected(),
    }
}

/// What a value is called in a message. Its content stays out: it may be a misplaced secret.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn dotted(name: &str, key: &str) -> String {
    if name.is_empty() {
        key.to_owned()
    } else {
        format!("{name}.{key}")
    }
}
