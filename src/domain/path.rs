//! Paths to fields, in the terms of server-side apply: fields, list items by key, set members by value, and plain
//! indices where a list has no identity.

use std::fmt;

use super::Value;

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A field of a map.
    Field(String),
    /// An item of an associative list, by the values of its key fields (sorted by field name).
    Item(Vec<(String, Value)>),
    /// A member of a set, by its value.
    Member(Value),
    /// An item of a list without identity.
    Index(usize),
}

/// The place of a field inside an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// A path of plain fields.
    pub fn fields<I: IntoIterator<Item = S>, S: Into<String>>(names: I) -> Self {
        Self(names.into_iter().map(|n| Step::Field(n.into())).collect())
    }

    /// This path, one step longer.
    #[must_use]
    pub fn child(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// Whether `self` is `other` or lies below it.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The value at this path, if there is one.
    pub fn get<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Field(name) => value.as_object()?.get(name),
            Step::Index(i) => value.as_array()?.get(*i),
            Step::Item(keys) => value.as_array()?.iter().find(|item| {
                keys.iter()
                    .all(|(k, v)| item.get(k).unwrap_or(&Value::Null) == v)
            }),
            Step::Member(member) => value.as_array()?.iter().find(|item| *item == member),
        })
    }

    /// This path as an RFC 6901 JSON pointer into `root`, list items resolved to their index; `None` where it leads
    /// nowhere. The last step may be absent when it is a field.
    pub fn pointer(&self, root: &Value) -> Option<String> {
        let mut at = Some(root);
        let mut pointer = String::new();
        for step in &self.0 {
            let token = match step {
                Step::Field(name) => {
                    at = at.and_then(|v| v.get(name));
                    name.replace('~', "~0").replace('/', "~1")
                }
                Step::Index(i) => {
                    at = at.and_then(|v| v.get(i));
                    i.to_string()
                }
                Step::Item(_) | Step::Member(_) => {
                    let items = at?.as_array()?;
                    let one = Self(vec![step.clone()]);
                    let wanted = one.get(at?)?;
                    let index = items.iter().position(|item| std::ptr::eq(item, wanted))?;
                    at = Some(wanted);
                    index.to_string()
                }
            };
            pointer.push('/');
            pointer.push_str(&token);
        }
        Some(pointer)
    }
}

impl fmt::Display for FieldPath {
    /// `spec.template.spec.containers[name=web].image`; a field whose name is not plain stands in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) => {
                    let plain = !name.is_empty()
                        && name
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                    match (plain, i) {
                        (true, 0) => f.write_str(name)?,
                        (true, _) => write!(f, ".{name}")?,
                        (false, _) => write!(f, "[{name:?}]")?,
                    }
                }
                Step::Index(i) => write!(f, "[{i}]")?,
                Step::Member(value) => write!(f, "[={}]", bare(value))?,
                Step::Item(keys) => {
                    let keys: Vec<_> = keys
                        .iter()
                        .map(|(k, v)| format!("{k}={}", bare(v)))
                        .collect();
                    write!(f, "[{}]", keys.join(","))?;
                }
            }
        }
        Ok(())
    }
}

fn bare(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}
