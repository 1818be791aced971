//! The effective settings as `trueup config` prints them: a config file that says where each line came from.

use crate::domain::Value;
use crate::domain::source::without_password;
use crate::domain::text::visible;
use crate::yaml;

use super::effective::{Loaded, Origin, leaves};

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => f.write_str(&visible(place)),
            Self::Variable(name) => write!(f, "environment {}", visible(name)),
            Self::Flag(flag) => write!(f, "flag {}", visible(flag)),
        }
    }
}

/// The effective settings as YAML that could itself be a config file; the origin of each stands behind it. Settings
/// of one call alone, and those that are not set, stand in comments.
pub fn explain(loaded: &Loaded) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut group = String::new();
    for (name, field) in leaves() {
        let origin = loaded.origins.get(&name).map(Origin::to_string);
        let origin = origin.unwrap_or_default();
        let (indent, key) = match name.split_once('.') {
            Some((outer, inner)) => {
                if group != outer {
                    rows.push((format!("{outer}:"), String::new()));
                    group = outer.to_owned();
                }
                ("  ", inner)
            }
            None => ("", name.as_str()),
        };
        match loaded.values.get(&name) {
            Some(value) => rows.extend(lines(key, value, indent, &origin, field.in_file)),
            None => rows.push((format!("{indent}# {key}:"), "not set".to_owned())),
        }
    }
    let width = rows
        .iter()
        .filter(|(_, origin)| !origin.is_empty())
        .map(|(line, _)| unicode_width::UnicodeWidthStr::width(line.as_str()))
        .max()
        .unwrap_or(0)
        .min(48);
    let mut out = match &loaded.file {
        Some(file) => format!("# {}\n", visible(&file.path)),
        None => format!("# {} (not there)\n", visible(&loaded.path)),
    };
    for (line, origin) in rows {
        let used = unicode_width::UnicodeWidthStr::width(line.as_str());
        out.push_str(&line);
        if !origin.is_empty() {
            out.push_str(&" ".repeat(width.saturating_sub(used)));
            out.push_str("  # ");
            out.push_str(&origin);
        }
        out.push('\n');
    }
    out
}

fn lines(
    key: &str,
    value: &Value,
    indent: &str,
    origin: &str,
    in_file: bool,
) -> Vec<(String, String)> {
    let indent = if in_file {
        indent.to_owned()
    } else {
        format!("{indent}# ")
    };
    let value = without_passwords(value);
    let is_block = match &value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => false,
    };
    if !is_block {
        let value = yaml::scalar(&value);
        let line = format!("{indent}{key}: {}", visible(&value));
        return vec![(line, origin.to_owned())];
    }
    let mut rows = vec![(format!("{indent}{key}:"), origin.to_owned())];
    rows.extend(
        yaml::emit(&value)
            .lines()
            .map(|line| (format!("{indent}  {}", visible(line)), String::new())),
    );
    rows
}

/// A value with the passwords taken out that its URLs may carry.
pub fn without_passwords(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_password(text)),
        Value::Array(items) => items.iter().map(without_passwords).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, v)| (key.clone(), without_passwords(v)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}
