//! The effective settings as `trueup config` prints them: a config file that says where each line came from.

use crate::domain::Value;
use crate::domain::text::visible;

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
            Some(value) => rows.extend(yaml(key, value, indent, &origin, field.in_file)),
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

fn yaml(
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
    if is_scalar(value) {
        return vec![(
            format!("{indent}{key}: {}", scalar(value)),
            origin.to_owned(),
        )];
    }
    if value.as_array().is_some_and(Vec::is_empty) {
        return vec![(format!("{indent}{key}: []"), origin.to_owned())];
    }
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return vec![(format!("{indent}{key}: {{}}"), origin.to_owned())];
    }
    let mut rows = vec![(format!("{indent}{key}:"), origin.to_owned())];
    rows.extend(
        block(value)
            .into_iter()
            .map(|line| (format!("{indent}  {line}"), String::new())),
    );
    rows
}

fn block(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .flat_map(|item| {
                let lines = if is_scalar(item) {
                    vec![scalar(item)]
                } else {
                    block(item)
                };
                lines.into_iter().enumerate().map(|(i, line)| {
                    let lead = if i == 0 { "- " } else { "  " };
                    format!("{lead}{line}")
                })
            })
            .collect(),
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, item)| match item {
                item if is_scalar(item) => vec![format!("{}: {}", word(key), scalar(item))],
                Value::Array(items) if items.iter().all(is_scalar) => {
                    let items: Vec<_> = items.iter().map(scalar).collect();
                    vec![format!("{}: [{}]", word(key), items.join(", "))]
                }
                item => std::iter::once(format!("{}:", word(key)))
                    .chain(block(item).into_iter().map(|l| format!("  {l}")))
                    .collect(),
            })
            .collect(),
        other => vec![scalar(other)],
    }
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// A text as YAML: plain where that is safe, else in double quotes, which JSON's are too.
fn word(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@~".contains(c))
        && serde_yaml::from_str::<Value>(text).is_ok_and(|v| v == text)
        // YAML 1.1, as Kubernetes reads it, has more words for true and false.
        && !matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off" | "y" | "n");
    let url = crate::domain::source::without_password(text);
    if plain || (url.contains("://") && !url.contains([' ', '#', '"', '\\']) && url.is_ascii()) {
        url
    } else {
        visible(&Value::String(url).to_string()).into_owned()
    }
}
