//! Finds in what Git states the field that the server speaks of. A manifest may leave out parts of a list item's key
//! that the server fills in (`protocol`).

use crate::domain::{FieldPath, Manifest, Position, RepoPath, Step, Value};

/// The value at `path` in a manifest, and its RFC 6901 pointer there.
pub fn find<'v>(root: &'v Value, path: &FieldPath) -> Option<(&'v Value, String)> {
    let mut at = root;
    let mut pointer = String::new();
    for step in &path.0 {
        pointer.push('/');
        match step {
            Step::Field(name) => {
                at = at.as_object()?.get(name)?;
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            step => {
                let items = at.as_array()?;
                let index = index_of(items, step)?;
                at = &items[index];
                pointer.push_str(&index.to_string());
            }
        }
    }
    Some((at, pointer))
}

/// The item that a step names.
pub fn index_of(items: &[Value], step: &Step) -> Option<usize> {
    match step {
        Step::Index(i) => (*i < items.len()).then_some(*i),
        Step::Member(value) => items.iter().position(|item| item == value),
        Step::Item(keys) => {
            let exact = items
                .iter()
                .position(|item| keys.iter().all(|(k, v)| item.get(k) == Some(v)));
            exact.or_else(|| only(items, |item| agrees(item, keys)))
        }
        Step::Field(_) => None,
    }
}

/// Whether an item states no key otherwise. It must state one of them.
fn agrees(item: &Value, keys: &[(String, Value)]) -> bool {
    keys.iter().all(|(k, v)| {
        item.get(k)
            .is_none_or(|stated| stated == v || stated.is_null())
    }) && keys.iter().any(|(k, v)| item.get(k) == Some(v))
}

fn only(items: &[Value], test: impl Fn(&Value) -> bool) -> Option<usize> {
    let mut found = items
        .iter()
        .enumerate()
        .filter(|(_, item)| test(item))
        .map(|(i, _)| i);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// File and position of the field, where the manifest states it.
pub fn place(manifest: &Manifest, path: &FieldPath) -> Option<(RepoPath, Position)> {
    let (_, pointer) = find(&manifest.value, path)?;
    Some((
        manifest.origin.file.clone(),
        manifest.origin.places.at(&pointer)?,
    ))
}

/// Where the first line of the text at `path` stands, if each of its lines is a line of the file and the server keeps
/// it as it is.
pub fn text(manifest: &Manifest, path: &FieldPath, kept: Option<&Value>) -> Option<Position> {
    let (value, pointer) = find(&manifest.value, path)?;
    (value.is_string() && Some(value) == kept)
        .then(|| manifest.origin.places.text_at(&pointer))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn partial_keys_find_their_item() {
        let item = |port: u32, protocol: &str| {
            FieldPath(vec![
                Step::Field("ports".to_owned()),
                Step::Item(vec![
                    ("port".to_owned(), json!(port)),
                    ("protocol".to_owned(), json!(protocol)),
                ]),
            ])
        };
        let desired = json!({"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]});
        let pointer = |path| find(&desired, &path).map(|(_, pointer)| pointer);
        assert_eq!(pointer(item(80, "TCP")).as_deref(), Some("/ports/0"));
        assert_eq!(pointer(item(53, "TCP")).as_deref(), Some("/ports/2"));
        assert_eq!(pointer(item(99, "TCP")), None);
    }
}
