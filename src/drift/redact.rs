//! Secrets masked: runs of [`MASK`] that keep equal values equal and different ones different.
//!
//! Everything that shows or exports a drift or an object takes it through here first. Only core `Secret`s are masked;
//! a ConfigMap is not. Within one drift equal values get equal runs, wherever and in whatever encoding they stand.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{FieldPath, ObjectDrift, Problem, Step, Value};

use super::canonical::decode;
use crate::merge::LAST_APPLIED;

/// What a run is made of: no sign of a diff, and nothing that YAML would quote.
pub const MASK: &str = "•";

/// Length of the first run; each further distinct value gets [`STEP`] more (the rule of Argo CD's diff).
const FIRST: usize = 8;
const STEP: usize = 4;

/// Both sides masked together, so that equal values stay recognisable across them. What is no Secret stays as it is.
pub fn mask(live: Option<&Value>, predicted: Option<&Value>) -> (Option<Value>, Option<Value>) {
    let mut masker = Masker::default();
    let mut side = |object: Option<&Value>| {
        object.map(|object| {
            let mut object = object.clone();
            if is_secret(&object) {
                masker.value(&[], &mut object);
            }
            object
        })
    };
    (side(live), side(predicted))
}

/// One object masked, for a view of its YAML.
pub fn mask_object(object: &Value) -> Value {
    mask(Some(object), None).0.unwrap_or_default()
}

/// The drift of a Secret with every value masked, in both objects, in fields, in what others hold and in the texts of
/// its Problem. Any other drift as it is.
pub fn masked(drift: &ObjectDrift) -> ObjectDrift {
    let mut drift = drift.clone();
    if !drift.key.is_secret() {
        return drift;
    }
    let mut masker = Masker::default();
    for object in [&mut drift.live, &mut drift.predicted]
        .into_iter()
        .flatten()
    {
        masker.value(&[], Arc::make_mut(object));
    }
    for field in drift.fields.iter_mut().chain(&mut drift.overridden) {
        for value in [&mut field.live, &mut field.predicted]
            .into_iter()
            .flatten()
        {
            masker.value(&field.path.0, value);
        }
        masker.path(&mut field.path);
    }
    for foreign in &mut drift.foreign {
        masker.value(&foreign.path.0, &mut foreign.value);
        masker.path(&mut foreign.path);
    }
    if let Some(problem) = &mut drift.problem {
        masker.problem(problem);
    }
    for conflict in &mut drift.conflicts {
        conflict.field = masker.text(&conflict.field);
    }
    drift
}

/// A server's Problem about an object with every value of these versions of it masked (desired, live). Objects that are
/// no Secrets hold none.
pub fn mask_problem(problem: &mut Problem, versions: &[Option<&Value>]) {
    masker_of(versions).problem(problem);
}

/// A server's texts about an object, likewise.
pub fn mask_texts(texts: &mut [String], versions: &[Option<&Value>]) {
    let masker = masker_of(versions);
    for text in texts {
        *text = masker.text(text);
    }
}

fn masker_of(versions: &[Option<&Value>]) -> Masker {
    let mut masker = Masker::default();
    for version in versions.iter().flatten().filter(|v| is_secret(v)) {
        masker.value(&[], &mut Value::clone(version));
    }
    masker
}

fn is_secret(object: &Value) -> bool {
    object.get("kind").and_then(Value::as_str) == Some("Secret")
        && object
            .get("apiVersion")
            .and_then(Value::as_str)
            .is_none_or(|v| !v.contains('/'))
}

/// Gives every distinct value its run. Values count as what they decode to, so that `data` and `stringData` agree.
#[derive(Default)]
struct Masker {
    runs: HashMap<Vec<u8>, usize>,
    /// Texts that were masked, as they stood.
    seen: Vec<String>,
}

impl Masker {
    fn run(&mut self, value: &[u8]) -> String {
        let next = FIRST + STEP * self.runs.len();
        MASK.repeat(*self.runs.entry(value.to_vec()).or_insert(next))
    }

    /// Masks what lies at `path` of a Secret: the whole object where the path is empty.
    fn value(&mut self, path: &[Step], value: &mut Value) {
        match path {
            [] => self.each(value, |masker, name, value| {
                masker.value(&[Step::Field(name.to_owned())], value)
            }),
            [Step::Field(name), ..] if name == "data" => self.all(value, true),
            [Step::Field(name), ..] if name == "stringData" => self.all(value, false),
            [Step::Field(name)] if name == "metadata" => {
                if let Some(annotations) = value.get_mut("annotations") {
                    self.annotations(annotations);
                }
            }
            [Step::Field(m), Step::Field(a)] if m == "metadata" && a == "annotations" => {
                self.annotations(value)
            }
            [Step::Field(m), Step::Field(a), Step::Field(name)]
                if m == "metadata" && a == "annotations" =>
            {
                self.annotation(name, value);
            }
            _ => {}
        }
    }

    fn each(&mut self, value: &mut Value, mut mask: impl FnMut(&mut Self, &str, &mut Value)) {
        for (name, value) in value.as_object_mut().into_iter().flatten() {
            mask(self, name, value);
        }
    }

    /// Masks every value from here down, also what is malformed.
    fn all(&mut self, value: &mut Value, encoded: bool) {
        match value {
            Value::Object(map) => map.values_mut().for_each(|v| self.all(v, encoded)),
            Value::Array(items) => items.iter_mut().for_each(|v| self.all(v, encoded)),
            Value::Null => {}
            Value::String(text) => {
                let plain = if encoded { decode(text) } else { None };
                let run = self.run(plain.as_deref().unwrap_or(text.as_bytes()));
                self.seen.push(std::mem::replace(text, run));
            }
            scalar => {
                let text = scalar.to_string();
                *scalar = Value::String(self.run(text.as_bytes()));
                self.seen.push(text);
            }
        }
    }

    fn annotations(&mut self, annotations: &mut Value) {
        self.each(annotations, |masker, name, value| {
            masker.annotation(name, value)
        });
    }

    /// A copy of the object in an annotation: kubectl's own, which is masked whole where it can't be read, or another
    /// tool's (kapp's `kapp.k14s.io/original`).
    fn annotation(&mut self, name: &str, value: &mut Value) {
        let text = value.as_str().filter(|text| text.starts_with('{'));
        let copy = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let is_kubectls = name == LAST_APPLIED;
        match copy {
            Some(mut copy) if copy.is_object() && (is_kubectls || is_secret(&copy)) => {
                self.value(&[], &mut copy);
                *value = Value::String(copy.to_string());
            }
            _ if is_kubectls => self.all(value, false),
            _ => {}
        }
    }

    /// Malformed data can put a value into the path itself, as the member of a list.
    fn path(&mut self, path: &mut FieldPath) {
        let secret = matches!(path.0.first(), Some(Step::Field(name)) if name == "data" || name == "stringData");
        for step in path.0.iter_mut().filter(|_| secret) {
            match step {
                Step::Member(value) => self.all(value, true),
                Step::Item(keys) => keys.iter_mut().for_each(|(_, value)| self.all(value, true)),
                Step::Field(_) | Step::Index(_) => {}
            }
        }
    }

    fn problem(&self, problem: &mut Problem) {
        let texts = [&mut problem.summary, &mut problem.place].into_iter();
        for text in texts.chain(&mut problem.causes).chain(&mut problem.hints) {
            *text = self.text(text);
        }
    }

    /// A text with every occurrence of a masked value masked: plain, in base64, and escaped as in JSON or Go. Of a value
    /// with several lines each line is masked. A value of fewer than four characters is masked where it stands alone.
    fn text(&self, text: &str) -> String {
        use base64::Engine as _;
        let mut forms: Vec<(String, usize)> = Vec::new();
        for (value, length) in &self.runs {
            forms.push((
                base64::engine::general_purpose::STANDARD.encode(value),
                *length,
            ));
            if let Ok(plain) = std::str::from_utf8(value) {
                let escaped = Value::from(plain).to_string();
                let inside = escaped.get(1..escaped.len() - 1).unwrap_or_default();
                forms.push((inside.to_owned(), *length));
                forms.extend(plain.lines().map(|line| (line.to_owned(), *length)));
                forms.push((plain.to_owned(), *length));
            }
        }
        for seen in &self.seen {
            let length = decode(seen)
                .and_then(|d| self.runs.get(&d))
                .or_else(|| self.runs.get(seen.as_bytes()));
            forms.push((seen.clone(), length.copied().unwrap_or(FIRST)));
        }
        // The longest first, so that a value which holds another one goes as a whole; then by text, to be the same
        // every time.
        forms.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        forms.dedup_by(|a, b| a.0 == b.0);
        let mut out = text.to_owned();
        for (form, length) in forms.iter().filter(|(form, _)| !form.trim().is_empty()) {
            out = replace(&out, form, &MASK.repeat(*length));
        }
        // A long text is cut, perhaps inside a value.
        for (form, length) in &forms {
            let ends = form.char_indices().map(|(i, _)| &form[..i]).skip(4);
            let cut = ends
                .filter(|start| out.ends_with(start))
                .last()
                .map(str::len);
            if let Some(cut) = cut {
                out.truncate(out.len() - cut);
                out.push_str(&"+".repeat(*length));
                break;
            }
        }
        out
    }
}

/// A short value is masked only where no letter or digit adjoins it; `a` stands in every word.
fn replace(text: &str, form: &str, run: &str) -> String {
    if form.chars().count() >= 4 {
        return text.replace(form, run);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(form) {
        let (before, after) = (&rest[..at], &rest[at + form.len()..]);
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        out.push_str(before);
        let alone = !joined(out.chars().next_back()) && !joined(after.chars().next());
        out.push_str(if alone { run } else { form });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::drift::Conflict;
    use crate::domain::{FieldDrift, Foreign, Gvk, ObjectKey, Owner, ProblemKind, Verdict};
    use base64::Engine as _;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn equal_values_stay_equal_and_others_differ() {
        let secret = |a: &str, b: &str| json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": a, "b": b}});
        let (live, predicted) = mask(Some(&secret("b25l", "dHdv")), Some(&secret("b25l", "b25l")));
        let (live, predicted) = (live.unwrap(), predicted.unwrap());
        assert_eq!(live["data"]["a"], "••••••••");
        assert_eq!(live["data"]["b"], "••••••••••••");
        assert_eq!(predicted["data"]["a"], predicted["data"]["b"]);
        assert_eq!(live["data"]["a"], predicted["data"]["a"]);
    }

    #[test]
    fn encodings_of_one_value_are_one() {
        let applied = json!({"kind": "Secret", "stringData": {"a": "one"}}).to_string();
        let masked = mask_object(
            &json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "b25l"},
            "metadata": {"annotations": {LAST_APPLIED: applied, "note": "kept"}}}),
        );
        assert_eq!(masked["metadata"]["annotations"]["note"], "kept");
        let copy: Value = serde_json::from_str(
            masked["metadata"]["annotations"][LAST_APPLIED]
                .as_str()
                .unwrap(),
        )
        .unwrap();
        assert_eq!(copy["stringData"]["a"], masked["data"]["a"]);
        let broken = mask_object(
            &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"annotations": {LAST_APPLIED: "{hunter2"}}}),
        );
        assert!(!broken.to_string().contains("hunter2"));
    }

    #[test]
    fn a_copy_that_another_tool_keeps_in_an_annotation_is_masked() {
        let original = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVyMg=="}})
            .to_string();
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVyMg=="}, "metadata": {
            "annotations": {"kapp.k14s.io/original": original, "note": "{\"a\": 1}"}}});
        let masked = mask_object(&secret);
        assert!(!masked.to_string().contains("aHVudGVyMg"), "{masked}");
        assert_eq!(masked["metadata"]["annotations"]["note"], "{\"a\": 1}");
    }

    #[test]
    fn only_secrets_are_masked() {
        for kind in ["ConfigMap", "Widget"] {
            let object = json!({"apiVersion": "v1", "kind": kind, "data": {"a": "x"}});
            assert_eq!(mask_object(&object), object);
        }
        let other =
            json!({"apiVersion": "vault.example/v1", "kind": "Secret", "data": {"path": "x"}});
        assert_eq!(mask_object(&other), other);
    }

    #[test]
    fn texts_lose_the_values() {
        let mut masker = Masker::default();
        for value in ["hunter2", "line one\nline \"two\"", "ab"] {
            masker.run(value.as_bytes());
        }
        for (text, expected) in [
            (
                "invalid value \"hunter2\": no",
                "invalid value \"••••••••\": no",
            ),
            ("data: aHVudGVyMg==", "data: ••••••••"),
            (
                "got \"line one\\nline \\\"two\\\"\"",
                "got \"••••••••••••\"",
            ),
            ("got line one", "got ••••••••••••"),
            ("about ab", "about ••••••••••••••••"),
        ] {
            assert_eq!(masker.text(text), expected);
        }
    }

    #[test]
    fn what_a_policy_quotes_of_a_secret_is_masked_also_where_the_text_was_cut() {
        let secret = |v| json!({"apiVersion": "v1", "kind": "Secret", "data": {"p": v}});
        let (git, live) = (secret("aHVudGVyMg=="), secret("b2xkLXBhc3N3b3Jk"));
        let mut problem = Problem::new(ProblemKind::Rejected, "the admission policy p refused it")
            .because("must not have hunter2, aHVudGVyMg== or old-password")
            .because("and so on: old-pass");
        mask_problem(&mut problem, &[Some(&git), Some(&live), None]);
        let shown = format!("{problem:?}");
        for value in ["hunter2", "aHVudGVyMg", "old-pass"] {
            assert!(!shown.contains(value), "{shown}");
        }
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"p": "hunter2"}});
        let mut texts = ["no hunter2".to_owned()];
        mask_texts(&mut texts, &[Some(&map)]);
        assert_eq!(texts[0], "no hunter2");
    }

    /// A drift of a Secret in which the words stand in every place that can hold one.
    fn drift(words: &[String], plain: bool) -> ObjectDrift {
        let path = |names: &[&str]| FieldPath::fields(names.iter().copied());
        let encode = |word: &String| {
            if plain {
                word.clone()
            } else {
                base64::engine::general_purpose::STANDARD.encode(word)
            }
        };
        let map: serde_json::Map<String, Value> = words
            .iter()
            .enumerate()
            .map(|(i, w)| (format!("k{i}"), json!(encode(w))))
            .collect();
        let applied =
            json!({"kind": "Secret", "stringData": {"x": words[0]}, "data": map}).to_string();
        let object = json!({"apiVersion": "v1", "kind": "Secret", "data": map, "stringData": {"y": words[0]},
            "metadata": {"name": "s", "annotations": {LAST_APPLIED: applied}}});
        let mut drift = ObjectDrift::new(
            ObjectKey::new("", "Secret", "a", "s"),
            Gvk::from_api_version("v1", "Secret"),
            Verdict::Drifted,
        );
        let owner = Owner {
            manager: "m".to_owned(),
            apply: false,
            subresource: String::new(),
            time: None,
        };
        let field = |path: FieldPath, value: Value| FieldDrift {
            path,
            live: Some(value.clone()),
            predicted: Some(value),
            cause: Default::default(),
            owners: Vec::new(),
            place: None,
            text: None,
        };
        drift.fields = vec![
            field(path(&["data", "k0"]), json!(encode(&words[0]))),
            field(path(&["data"]), json!(map)),
            field(
                path(&["metadata", "annotations", LAST_APPLIED]),
                json!(applied),
            ),
            field(
                path(&["metadata", "annotations"]),
                json!({LAST_APPLIED: applied}),
            ),
            field(FieldPath::default(), object.clone()),
        ];
        drift.overridden = drift.fields.clone();
        drift.foreign = vec![Foreign {
            path: path(&["data", "k0"]),
            value: json!(encode(&words[0])),
            owner,
        }];
        drift.conflicts = vec![Conflict {
            field: ".data.k0".to_owned(),
            manager: "m".to_owned(),
        }];
        drift.problem = Some(
            Problem::new(ProblemKind::Rejected, format!("no {}", words[0])).because(format!(
                "{:?} is bad: {}",
                words,
                encode(&words[0])
            )),
        );
        drift.live = Some(Arc::new(object.clone()));
        drift.predicted = Some(Arc::new(object));
        drift
    }

    proptest! {
        #[test]
        fn no_value_is_left_anywhere(words in proptest::collection::vec("Z[A-Z0-9!#%]{6,12}Q", 1..4), plain: bool) {
            let shown = format!("{:?}", masked(&drift(&words, plain)));
            for word in &words {
                prop_assert!(!shown.contains(word), "{word} in {shown}");
                prop_assert!(!shown.contains(&base64::engine::general_purpose::STANDARD.encode(word)));
            }
        }
    }
}
