//! Where in Git the fields stand that a server refuses, and what is wrong with a value that YAML read as another type.

use crate::domain::{FieldPath, Manifest, Position, Problem, RepoPath, Step, Value};

use super::locate;

/// Adds file and line to what a server said of fields of the object. Where it wanted a string and Git has an unquoted
/// word that YAML reads as something else, says so.
pub fn say_where(problem: &mut Problem, fields: &[String], desired: &Manifest) {
    let is_secret = desired.gvk.group.is_empty() && desired.gvk.kind == "Secret";
    let mut unsaid = Vec::new();
    for field in fields {
        let Some(path) = parse(field) else { continue };
        let Some((place, value)) = nearest(desired, path) else {
            continue;
        };
        let dotted = field.trim_start_matches('.');
        let cause = problem.causes.iter_mut().find(|cause| {
            let cause = cause.trim_start_matches('.');
            cause
                .strip_prefix(dotted)
                .is_some_and(|rest| rest.starts_with(':'))
        });
        let Some(cause) = cause else {
            unsaid.push(format!("{place}: {dotted}"));
            continue;
        };
        *cause = format!("{place}: {}", cause.trim_start_matches('.'));
        let wants_string = cause.contains("expected string");
        if let Some(word) = value.filter(|_| wants_string).and_then(read_as) {
            let said = match is_secret {
                true => format!("{word}: quote it"),
                false => format!(
                    "it is read as {}, {word}: quote it",
                    value.unwrap_or(&Value::Null)
                ),
            };
            cause.push_str(&format!(" ({said})"));
        }
    }
    problem.causes.extend(unsaid);
}

/// What YAML makes of an unquoted word that was meant as a string.
fn read_as(value: &Value) -> Option<&'static str> {
    match value {
        Value::Bool(true) => Some("as YAML reads an unquoted true, yes, y or on"),
        Value::Bool(false) => Some("as YAML reads an unquoted false, no, n or off"),
        Value::Number(_) => Some("as YAML reads an unquoted number"),
        _ => None,
    }
}

/// `file:line` of the field, or of the nearest one above it that Git states; the value only of the field itself.
fn nearest(desired: &Manifest, mut path: FieldPath) -> Option<(String, Option<&Value>)> {
    let told = |(file, at): (RepoPath, Position)| format!("{file}:{}", at.line);
    if let Some(place) = locate::place(desired, &path) {
        let value = locate::find(&desired.value, &path).map(|(value, _)| value);
        return Some((told(place), value));
    }
    while path.0.pop().is_some() && !path.0.is_empty() {
        if let Some(place) = locate::place(desired, &path) {
            return Some((told(place), None));
        }
    }
    None
}

/// Reads a path as servers write them: `spec.containers[0].image`, `.spec.containers[name="x"].image`,
/// `data[a.conf]`. Names with dots in them are taken apart where nothing marks them.
fn parse(text: &str) -> Option<FieldPath> {
    let mut steps = Vec::new();
    let mut rest = text.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let end = closing(inside)?;
            steps.push(step(&inside[..end]));
            rest = inside[end + 1..].trim_start_matches('.');
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        steps.push(Step::Field(rest[..end].to_owned()));
        rest = &rest[end..];
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    (!steps.is_empty()).then_some(FieldPath(steps))
}

/// Where the bracket closes that was opened before; quoted ones do not count.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(i, c)| {
        quoted ^= c == '"';
        (c == ']' && !quoted).then_some(i)
    })
}

fn step(inside: &str) -> Step {
    if let Ok(index) = inside.parse() {
        return Step::Index(index);
    }
    if let Some(member) = inside.strip_prefix('=') {
        return Step::Member(scalar(member));
    }
    let keys: Option<Vec<(String, Value)>> = inside
        .split(',')
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            Some((key.to_owned(), scalar(value)))
        })
        .collect();
    match keys {
        Some(keys) => Step::Item(keys),
        None => Step::Field(inside.trim_matches('"').to_owned()),
    }
}

fn scalar(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Places, ProblemKind};
    use crate::drift::tests::manifest;
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn a_refused_field_names_its_line_and_a_word_that_yaml_read_otherwise() {
        let mut desired = manifest(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
            "spec": {"containers": [{"name": "x", "image": true}]}, "data": {"x": 5}}),
        );
        let at = |line| Position { line, column: 1 };
        desired.origin.file = RepoPath::parse("app/bad.yaml").unwrap();
        desired.origin.places = Arc::new(Places::new([
            ("/spec/containers/0", at(4)),
            ("/spec/containers/0/image", at(6)),
            ("/data/x", at(9)),
        ]));
        let fields = [
            "spec.containers[name=\"x\"].image",
            "data.x",
            "spec.containers[0].ports",
            "nowhere",
        ];
        let mut problem = Problem::new(ProblemKind::Rejected, "a value has the wrong type")
            .because(".spec.containers[name=\"x\"].image: expected string, got something else")
            .because("data.x: must be less");
        let fields: Vec<String> = fields.map(str::to_owned).into();
        say_where(&mut problem, &fields, &desired);
        assert_eq!(
            problem.causes,
            [
                "app/bad.yaml:6: spec.containers[name=\"x\"].image: expected string, got something else (it is read as true, as YAML reads an unquoted true, yes, y or on: quote it)",
                "app/bad.yaml:9: data.x: must be less",
                "app/bad.yaml:4: spec.containers[0].ports",
            ]
        );
    }
}
