//! The fields of an `Application`, and what becomes of each (Argo CD v3 `Application` CRD).

use crate::domain::{Manifest, Notice, Problem, ProblemKind, Value};

/// What becomes of a field.
#[derive(Clone, Copy, Debug)]
enum Treatment {
    /// Read as text.
    Text,
    /// Read as true or false.
    Switch,
    /// Read as a number, not below zero.
    Count,
    /// Read as a list of texts.
    Texts,
    /// A map of these fields.
    Within(&'static [Field]),
    /// A list of maps of these fields.
    Each(&'static [Field]),
    /// Has no bearing on what trueup does.
    Silent,
    /// Left aside, and said so.
    Noticed(&'static str),
    /// Changes the outcome and cannot be honoured yet.
    Refused(&'static str),
}

use Treatment::{Count, Each, Noticed, Refused, Silent, Switch, Text, Texts, Within};

/// One field: its name and what becomes of it.
type Field = (&'static str, Treatment);

/// The fields at the top.
const APPLICATION: &[Field] = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Silent),
    ("spec", Within(SPEC)),
    ("status", Silent),
    ("operation", Silent),
];

const SPEC: &[Field] = &[
    ("project", Text),
    (
        "destination",
        Within(&[("server", Text), ("name", Text), ("namespace", Text)]),
    ),
    ("source", Within(SOURCE)),
    ("sources", Each(SOURCE)),
    (
        "sourceHydrator",
        Refused("hydrated sources are not rendered by this release"),
    ),
    ("syncPolicy", Within(SYNC_POLICY)),
    ("ignoreDifferences", Each(IGNORE)),
    ("revisionHistoryLimit", Count),
    ("info", Silent),
];

const SOURCE: &[Field] = &[
    ("repoURL", Text),
    ("targetRevision", Text),
    ("path", Text),
    ("name", Silent),
    ("directory", Within(DIRECTORY)),
    (
        "chart",
        Refused("Helm charts are not rendered by this release"),
    ),
    (
        "helm",
        Refused("Helm charts are not rendered by this release"),
    ),
    (
        "kustomize",
        Refused("kustomizations are not rendered by this release"),
    ),
    (
        "plugin",
        Refused("config management plugins are not run by this release"),
    ),
    (
        "ref",
        Refused("sources that only lend files to others are not supported by this release"),
    ),
    (
        "tagPrefix",
        Refused("tags with a prefix are not resolved by this release"),
    ),
];

const DIRECTORY: &[Field] = &[
    ("recurse", Switch),
    ("include", Text),
    ("exclude", Text),
    // Argo CD writes an empty one into every source that says anything of its directory.
    ("jsonnet", Within(JSONNET)),
    (
        "disableExtensionFilter",
        Refused("files are chosen by their extension in this release"),
    ),
];

const JSONNET: &[Field] = &[
    (
        "extVars",
        Refused("Jsonnet is not rendered by this release"),
    ),
    ("tlas", Refused("Jsonnet is not rendered by this release")),
    ("libs", Refused("Jsonnet is not rendered by this release")),
];

const SYNC_POLICY: &[Field] = &[
    ("automated", Noticed("trueup syncs when you say so")),
    ("syncOptions", Texts),
    (
        "managedNamespaceMetadata",
        Noticed("its labels and annotations are not put on the namespace by this release"),
    ),
    ("retry", Silent),
];

const IGNORE: &[Field] = &[
    ("group", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("jsonPointers", Texts),
    ("managedFieldsManagers", Texts),
    (
        "jqPathExpressions",
        Refused("jq expressions are not evaluated by this release"),
    ),
];

/// What holding an `Application` against the table came to.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What a person should know.
    pub notices: Vec<Notice>,
    /// What stands in the way.
    pub problems: Vec<Problem>,
}

/// Says where the field at a pointer of a manifest stands: `file:line:column`, or of the nearest field around it.
pub fn place(manifest: &Manifest, prefix: &str, pointer: &str) -> String {
    let origin = &manifest.origin;
    let mut at = pointer;
    let position = loop {
        if let Some(position) = origin.places.at(at) {
            break position;
        }
        match at.rsplit_once('/') {
            Some((outer, _)) => at = outer,
            None => break origin.start,
        }
    };
    let file = if prefix.is_empty() || prefix.ends_with('/') {
        format!("{prefix}{}", origin.file)
    } else {
        format!("{prefix}/{}", origin.file)
    };
    if position.line == 0 {
        return file;
    }
    format!("{file}:{}:{}", position.line, position.column)
}

/// Holds an `Application` against the table.
pub fn check(manifest: &Manifest, prefix: &str) -> Findings {
    let mut walk = Walk {
        manifest,
        prefix,
        findings: Findings::default(),
    };
    walk.map(&manifest.value, APPLICATION, "", "");
    walk.findings
}

struct Walk<'m> {
    manifest: &'m Manifest,
    prefix: &'m str,
    findings: Findings,
}

impl Walk<'_> {
    fn map(&mut self, value: &Value, fields: &[Field], pointer: &str, name: &str) {
        let Some(map) = value.as_object() else {
            return self.wrong(pointer, name, "a map");
        };
        for (key, value) in map.iter().filter(|(_, v)| !v.is_null()) {
            let at = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
            let whole = if name.is_empty() {
                key.clone()
            } else {
                format!("{name}.{key}")
            };
            match fields.iter().find(|(field, _)| field == key) {
                Some((_, treatment)) => self.field(value, treatment, &at, &whole),
                None => {
                    let near =
                        crate::domain::near::nearest(key, fields.iter().map(|(field, _)| *field));
                    let meant = near.map_or_else(String::new, |n| format!(" (did you mean {n}?)"));
                    self.notice(&at, format!("`{whole}` is not known to trueup{meant}"));
                }
            }
        }
    }

    fn field(&mut self, value: &Value, treatment: &Treatment, at: &str, name: &str) {
        let is_texts = |v: &Value| v.as_array().is_some_and(|a| a.iter().all(Value::is_string));
        match treatment {
            Silent => {}
            Text if !value.is_string() => self.wrong(at, name, "text"),
            Switch if !value.is_boolean() => self.wrong(at, name, "true or false"),
            Count if !value.is_u64() => self.wrong(at, name, "a number that is not below zero"),
            Texts if !is_texts(value) => self.wrong(at, name, "a list of texts"),
            Text | Switch | Count | Texts => {}
            Within(fields) => self.map(value, fields, at, name),
            Each(fields) => match value.as_array() {
                Some(items) => {
                    for (i, item) in items.iter().enumerate() {
                        self.map(item, fields, &format!("{at}/{i}"), &format!("{name}[{i}]"));
                    }
                }
                None => self.wrong(at, name, "a list"),
            },
            Noticed(why) => {
                if value.get("enabled") != Some(&Value::Bool(false)) {
                    self.notice(at, format!("`{name}`: {why}"));
                }
            }
            Refused(why) => {
                if is_set(value) {
                    let problem = Problem::new(
                        ProblemKind::Unsupported,
                        format!("`{name}` cannot be honoured"),
                    )
                    .because(*why)
                    .at(self.place(at));
                    self.findings.problems.push(problem);
                }
            }
        }
    }

    fn wrong(&mut self, at: &str, name: &str, expected: &str) {
        let problem = Problem::new(ProblemKind::Invalid, format!("`{name}` is not {expected}"))
            .at(self.place(at));
        self.findings.problems.push(problem);
    }

    fn notice(&mut self, at: &str, text: String) {
        let place = self.place(at);
        self.findings.notices.push(Notice { place, text });
    }

    fn place(&self, pointer: &str) -> String {
        place(self.manifest, self.prefix, pointer)
    }
}

/// Whether a field says anything. An empty map counts: `helm: {}` of one of several sources makes Argo CD render a chart.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}
