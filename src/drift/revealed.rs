//! Secrets as a person reads them, for the screen that was asked to reveal them: what `data` holds in base64 stands
//! decoded under `stringData`, where it is text. A file in a Secret then differs by its lines, as one in a ConfigMap.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Map;

use crate::domain::{FieldDrift, FieldPath, ObjectDrift, ObjectKey, Step, Value};

use super::canonical::decode;

const DATA: &str = "data";
const STRING_DATA: &str = "stringData";

/// The drift of a Secret with its text decoded. What is no text on every side stays in base64 on all of them. Any other
/// drift as it is. For the screen alone: nothing that is kept, logged or copied goes through here.
pub fn revealed(drift: &ObjectDrift) -> ObjectDrift {
    let mut drift = drift.clone();
    if !drift.key.is_secret() {
        return drift;
    }
    let names = readable(&drift);
    if names.is_empty() {
        return drift;
    }
    for object in [&mut drift.live, &mut drift.predicted]
        .into_iter()
        .flatten()
    {
        decode_object(Arc::make_mut(object), &names);
    }
    for fields in [&mut drift.fields, &mut drift.overridden] {
        *fields = std::mem::take(fields)
            .into_iter()
            .flat_map(|field| of_field(field, &names))
            .collect();
    }
    for foreign in &mut drift.foreign {
        if renamed(&mut foreign.path, &names) {
            decode_in_place(&mut foreign.value);
        }
    }
    drift
}

/// A Secret as Git states it with its text decoded, likewise; any other object as it is.
pub fn revealed_object(object: &Value) -> Value {
    let mut object = object.clone();
    if ObjectKey::of(&object).is_some_and(|key| key.is_secret()) {
        let mut names = Names::default();
        names.see_object(&object);
        decode_object(&mut object, &names.readable());
    }
    object
}

fn decode_object(object: &mut Value, names: &BTreeSet<String>) {
    let taken = object.get_mut(DATA).and_then(|data| split(data, names));
    if object.get(DATA).is_some_and(is_empty) {
        object.as_object_mut().map(|o| o.remove(DATA));
    }
    if let (Some(taken), Some(object)) = (taken, object.as_object_mut()) {
        let strings = object
            .entry(STRING_DATA)
            .or_insert_with(|| Map::new().into());
        if let Some(strings) = strings.as_object_mut() {
            strings.extend(taken);
        }
    }
}

/// The entries of `data` that were seen, each with whether it is text wherever it stands.
#[derive(Default)]
struct Names(BTreeMap<String, bool>);

impl Names {
    fn see(&mut self, name: &str, is_text: bool) {
        *self.0.entry(name.to_owned()).or_insert(true) &= is_text;
    }

    fn see_data(&mut self, data: &Value) {
        for (name, value) in data.as_object().into_iter().flatten() {
            self.see(name, is_text(value));
        }
    }

    fn see_object(&mut self, object: &Value) {
        if let Some(data) = object.get(DATA) {
            self.see_data(data);
        }
        let strings = object.get(STRING_DATA).and_then(Value::as_object);
        for (name, _) in strings.into_iter().flatten() {
            self.see(name, false);
        }
    }

    fn readable(self) -> BTreeSet<String> {
        let text = self.0.into_iter().filter(|(_, is_text)| *is_text);
        text.map(|(name, _)| name).collect()
    }
}

fn is_text(value: &Value) -> bool {
    value.is_null() || text(value).is_some()
}

/// The entries of `data` that are text wherever they stand, and nowhere stand under `stringData` as well.
fn readable(drift: &ObjectDrift) -> BTreeSet<String> {
    let mut names = Names::default();
    for object in [&drift.live, &drift.predicted].into_iter().flatten() {
        names.see_object(object);
    }
    let fields = drift.fields.iter().chain(&drift.overridden);
    let sides = fields.flat_map(|f| [(&f.path, f.live.as_ref()), (&f.path, f.predicted.as_ref())]);
    let foreign = drift.foreign.iter().map(|f| (&f.path, Some(&f.value)));
    for (path, value) in sides.chain(foreign) {
        let Some(value) = value else { continue };
        match path.0.as_slice() {
            [Step::Field(data)] if data == DATA => names.see_data(value),
            [Step::Field(data), Step::Field(name)] if data == DATA => {
                names.see(name, is_text(value));
            }
            [Step::Field(data), Step::Field(name), ..] if data == DATA => names.see(name, false),
            _ => {}
        }
    }
    names.readable()
}

/// What a value of `data` decodes to, where a screen can show it.
fn text(value: &Value) -> Option<String> {
    let text = String::from_utf8(decode(value.as_str()?)?).ok()?;
    let is_text = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{1b}');
    text.chars().all(is_text).then_some(text)
}

fn decode_in_place(value: &mut Value) {
    if let Some(text) = text(value) {
        *value = Value::String(text);
    }
}

/// Takes what is readable out of `data`, decoded; `None` where there is nothing of it.
fn split(data: &mut Value, names: &BTreeSet<String>) -> Option<Map<String, Value>> {
    let data = data.as_object_mut()?;
    let mut taken = Map::new();
    for name in names {
        if let Some(mut value) = data.remove(name) {
            decode_in_place(&mut value);
            taken.insert(name.clone(), value);
        }
    }
    (!taken.is_empty()).then_some(taken)
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// Whether a path lies at a readable entry; it then leads to where that now stands.
fn renamed(path: &mut FieldPath, names: &BTreeSet<String>) -> bool {
    match path.0.as_mut_slice() {
        [Step::Field(data), Step::Field(name)] if data == DATA && names.contains(name) => {
            *data = STRING_DATA.to_owned();
            true
        }
        _ => false,
    }
}

/// A changed field under its new path; all of `data` at once is two where only some of it is text.
fn of_field(mut field: FieldDrift, names: &BTreeSet<String>) -> Vec<FieldDrift> {
    if renamed(&mut field.path, names) {
        field
            .live
            .iter_mut()
            .chain(&mut field.predicted)
            .for_each(decode_in_place);
        return vec![field];
    }
    if field.path != FieldPath::fields([DATA]) {
        return vec![field];
    }
    let mut readable = FieldDrift {
        path: FieldPath::fields([STRING_DATA]),
        ..field.clone()
    };
    let take = |side: &mut Option<Value>| side.as_mut().and_then(|data| split(data, names));
    readable.live = take(&mut field.live).map(Value::Object);
    readable.predicted = take(&mut field.predicted).map(Value::Object);
    let rest = [&field.live, &field.predicted];
    let has_rest = rest.into_iter().flatten().any(|data| !is_empty(data));
    [has_rest.then_some(field), Some(readable)]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use serde_json::json;

    use super::*;
    use crate::domain::{Cause, Gvk, Verdict};
    use crate::drift::{LineKind, LineOptions, build};

    fn base64(text: impl AsRef<[u8]>) -> String {
        base64::engine::general_purpose::STANDARD.encode(text)
    }

    fn drift(live: Value, predicted: Value, fields: &[&[&str]]) -> ObjectDrift {
        let key = ObjectKey {
            group: String::new(),
            kind: "Secret".into(),
            namespace: "shop".into(),
            name: "db".into(),
        };
        let gvk = Gvk {
            group: String::new(),
            version: "v1".into(),
            kind: "Secret".into(),
        };
        let mut drift = ObjectDrift::new(key, gvk, Verdict::Drifted);
        let at = |object: &Value, path: &[&str]| {
            object.pointer(&format!("/{}", path.join("/"))).cloned()
        };
        drift.fields = fields
            .iter()
            .map(|path| FieldDrift {
                path: FieldPath::fields(path.iter().copied()),
                live: at(&live, path),
                predicted: at(&predicted, path),
                cause: Cause::Cluster,
                owners: Vec::new(),
                place: None,
                text: None,
            })
            .collect();
        drift.live = Some(Arc::new(live));
        drift.predicted = Some(Arc::new(predicted));
        drift
    }

    fn lines(drift: &ObjectDrift) -> Vec<String> {
        let options = LineOptions {
            context: 0,
            foreign: true,
        };
        let lines = build(&revealed(drift), &options);
        let quiet = |l: &&crate::drift::Line| !matches!(l.kind, LineKind::Fold(_));
        let shown = lines.iter().filter(quiet);
        shown
            .map(|line| {
                let sign = match line.kind {
                    LineKind::Removed => '-',
                    LineKind::Added => '+',
                    _ => ' ',
                };
                let text: String = line.spans.iter().map(|s| s.text.as_str()).collect();
                format!("{sign} {text}")
            })
            .filter(|line| !line.ends_with("kind: Secret"))
            .collect()
    }

    #[test]
    fn a_revealed_password_was_still_base64() {
        let secret = |p: &str| json!({"kind": "Secret", "data": {"password": base64(p), "user": base64("ada")}});
        let drift = drift(
            secret("shop"),
            secret("correct-horse"),
            &[&["data", "password"]],
        );
        assert_eq!(
            lines(&drift),
            [
                "  stringData:",
                "- password: shop",
                "+ password: correct-horse",
                "  user: ada"
            ]
        );
    }

    #[test]
    fn a_file_in_a_secret_differs_by_its_lines() {
        let secret = |n: u32| json!({"kind": "Secret", "data": {"app.ini": base64(format!("[db]\npool = {n}\nhost = db\n"))}});
        let drift = drift(secret(4), secret(9), &[&["data", "app.ini"]]);
        assert_eq!(
            lines(&drift),
            [
                "  stringData:",
                "  app.ini: |",
                "  [db]",
                "- pool = 4",
                "+ pool = 9",
                "  host = db"
            ]
        );
    }

    #[test]
    fn what_is_no_text_on_one_side_stays_base64_on_both() {
        let secret = |bytes: &[u8]| json!({"kind": "Secret", "data": {"key": base64(bytes), "user": base64("ada")}});
        let drift = drift(secret(b"text"), secret(b"\x00\xff"), &[&["data", "key"]]);
        assert_eq!(lines(&drift), ["  data:", "- key: dGV4dA==", "+ key: AP8="]);
    }

    #[test]
    fn data_that_is_new_as_a_whole_is_split() {
        let predicted =
            json!({"kind": "Secret", "data": {"key": base64(b"\x00\xff"), "user": base64("ada")}});
        let drift = drift(json!({"kind": "Secret"}), predicted, &[&["data"]]);
        let shown = revealed(&drift);
        let paths: Vec<_> = shown.fields.iter().map(|f| f.path.to_string()).collect();
        assert_eq!(paths, ["data", "stringData"]);
        assert_eq!(shown.fields[1].predicted, Some(json!({"user": "ada"})));
        assert_eq!(
            lines(&drift),
            ["+ data:", "+ key: AP8=", "+ stringData:", "+ user: ada"]
        );
    }

    #[test]
    fn only_secrets_are_decoded() {
        let config = json!({"kind": "ConfigMap", "data": {"a": base64("x")}});
        let mut drift = drift(config.clone(), config, &[]);
        drift.key.kind = "ConfigMap".into();
        assert_eq!(revealed(&drift), drift);
    }

    #[test]
    fn what_git_says_of_a_secret_was_revealed_in_base64() {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
            "data": {"password": base64("hunter2"), "blob": base64([0, 1])},
        });
        let shown = revealed_object(&secret);
        assert_eq!(shown["stringData"], json!({"password": "hunter2"}));
        assert_eq!(shown["data"], json!({"blob": base64([0, 1])}));
        let plain = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": base64("b")}});
        assert_eq!(revealed_object(&plain), plain);
    }
}
