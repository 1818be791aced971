//! Makes of a manifest what is compared and sent.

mod faults;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};

use super::content::{BOOKKEEPING, TEMPLATE_GENERATION};
use crate::domain::tracking::{self, TrackingId};
use crate::domain::{
    App, Manifest, Notice, ObjectKey, Position, Problem, ProblemKind, Result, Value,
};
pub use faults::{duplicates, faults};

/// A manifest made ready.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The object's identity. A hook with `generateName` has that in place of a name.
    pub key: ObjectKey,
    /// What is compared and sent.
    pub manifest: Arc<Manifest>,
    /// Whether an Argo CD or Helm hook annotation makes it no part of the desired state.
    pub hook: bool,
    /// What was changed in a way worth knowing.
    pub notices: Vec<Notice>,
}

/// Argo CD's own hook annotation, then Helm's, whose `crd-install` Argo CD does not count.
const HOOKS: [(&str, &str); 2] = [
    ("argocd.argoproj.io/hook", ""),
    ("helm.sh/hook", "crd-install"),
];

/// Makes a manifest ready: its namespace settled, `stringData` turned into `data`, fields that the server owns dropped
/// and the tracking annotation set. `namespaced` tells the scope of the kind. Places of fields stay true.
///
/// # Errors
/// No name, or metadata of the wrong type, with file and line.
pub fn prepare(manifest: &Manifest, app: &App, namespaced: bool) -> Result<Prepared> {
    let mut work = Work {
        manifest,
        object: manifest.value.as_object().cloned().unwrap_or_default(),
        notices: Vec::new(),
        moved: Vec::new(),
    };
    let hook = is_hook(manifest);
    let mut metadata = work.metadata()?;
    // In Git they are left-overs of an export.
    for field in BOOKKEEPING {
        metadata.remove(field);
    }
    let name = work.name(&metadata, hook)?;
    let namespace = work.namespace(&mut metadata, app, namespaced)?;
    let key = ObjectKey::new(&manifest.gvk.group, &manifest.gvk.kind, &namespace, &name);
    if tracking::is_tracked(&key) && !hook {
        work.track(&mut metadata, &key, app)?;
    }
    work.object
        .insert("metadata".to_owned(), Value::Object(metadata));
    work.object.remove("status");
    if manifest.gvk.group.is_empty() && manifest.gvk.kind == "Secret" {
        work.string_data()?;
    }
    if manifest.gvk.group == "rbac.authorization.k8s.io"
        && work
            .object
            .get("aggregationRule")
            .is_some_and(|r| !r.is_null())
    {
        // The controller manager fills in the rules of an aggregated role.
        work.object.remove("rules");
    }
    let mut origin = manifest.origin.clone();
    if !work.moved.is_empty() {
        origin.places = Arc::new(origin.places.with(work.moved));
    }
    let manifest = Manifest {
        gvk: manifest.gvk.clone(),
        value: Arc::new(Value::Object(work.object)),
        origin,
    };
    Ok(Prepared {
        key,
        manifest: Arc::new(manifest),
        hook,
        notices: work.notices,
    })
}

fn is_hook(manifest: &Manifest) -> bool {
    HOOKS.iter().any(|(name, except)| {
        manifest
            .annotation(name)
            .is_some_and(|v| v != *except || except.is_empty())
    })
}

/// `file:line` of a field, or of the object where the field has no place.
fn place(manifest: &Manifest, pointer: Option<&str>) -> String {
    let at = pointer
        .and_then(|p| manifest.origin.places.at(p))
        .unwrap_or(manifest.origin.start);
    format!("{}:{}", manifest.origin.file, at.line)
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Work<'m> {
    manifest: &'m Manifest,
    object: Map<String, Value>,
    notices: Vec<Notice>,
    moved: Vec<(String, Position)>,
}

impl Work<'_> {
    fn invalid(&self, summary: String, pointer: &str) -> Problem {
        Problem::new(ProblemKind::Invalid, summary).at(place(self.manifest, Some(pointer)))
    }

    fn notice(&mut self, text: String, pointer: &str) {
        self.notices.push(Notice {
            place: place(self.manifest, Some(pointer)),
            text,
        });
    }

    fn metadata(&self) -> Result<Map<String, Value>> {
        match self.object.get("metadata") {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(metadata)) => Ok(metadata.clone()),
            Some(_) => Err(self.invalid(
                format!("metadata of a {} is not a map", self.manifest.gvk.kind),
                "/metadata",
            )),
        }
    }

    fn text(&self, metadata: &Map<String, Value>, field: &str) -> Result<String> {
        match metadata.get(field) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => {
                let pointer = format!("/metadata/{field}");
                Err(self
                    .invalid(
                        format!(
                            "metadata.{field} of a {} is not a string",
                            self.manifest.gvk.kind
                        ),
                        &pointer,
                    )
                    .hint("Put the value in quotes."))
            }
        }
    }

    fn name(&self, metadata: &Map<String, Value>, hook: bool) -> Result<String> {
        let name = self.text(metadata, "name")?;
        if !name.is_empty() {
            return Ok(name);
        }
        let generate = self.text(metadata, "generateName")?;
        match (generate.is_empty(), hook) {
            (false, true) => Ok(generate),
            (false, false) => Err(self
                .invalid(
                    format!(
                        "a {} with generateName can't be compared",
                        self.manifest.gvk.kind
                    ),
                    "/metadata/generateName",
                )
                .because("every sync would make a new object")
                .hint("Give it metadata.name, or make it a hook.")),
            (true, _) => Err(self.invalid(
                format!("a {} has no metadata.name", self.manifest.gvk.kind),
                "/metadata",
            )),
        }
    }

    fn namespace(
        &mut self,
        metadata: &mut Map<String, Value>,
        app: &App,
        namespaced: bool,
    ) -> Result<String> {
        let stated = self.text(metadata, "namespace")?;
        metadata.remove("namespace");
        if !namespaced {
            if !stated.is_empty() {
                let text = format!(
                    "the namespace {stated:?} is left out: a {} is cluster-scoped",
                    self.manifest.gvk.kind
                );
                self.notice(text, "/metadata/namespace");
            }
            return Ok(String::new());
        }
        let namespace = if stated.is_empty() {
            app.destination.namespace.clone()
        } else {
            stated
        };
        if namespace.is_empty() {
            let summary = format!(
                "neither the {} nor its App names a namespace",
                self.manifest.gvk.kind
            );
            return Err(self
                .invalid(summary, "/metadata")
                .hint("Set metadata.namespace, or the App's destination namespace."));
        }
        metadata.insert("namespace".to_owned(), json!(namespace));
        Ok(namespace)
    }

    fn track(
        &mut self,
        metadata: &mut Map<String, Value>,
        key: &ObjectKey,
        app: &App,
    ) -> Result<()> {
        let mut annotations = match metadata.remove("annotations") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(annotations)) => annotations,
            Some(_) => {
                return Err(self.invalid(
                    format!("metadata.annotations of {key} is not a map"),
                    "/metadata/annotations",
                ));
            }
        };
        annotations.remove(TEMPLATE_GENERATION);
        let id = TrackingId::new(&app.id.name, key, &app.destination.namespace).to_string();
        let stated = annotations.insert(tracking::ANNOTATION.to_owned(), json!(id));
        if stated.is_some_and(|stated| stated != id.as_str()) {
            let pointer = format!("/metadata/annotations/{}", escaped(tracking::ANNOTATION));
            self.notice(
                format!(
                    "the tracking annotation in the file is replaced: {key} belongs to this App"
                ),
                &pointer,
            );
        }
        metadata.insert("annotations".to_owned(), Value::Object(annotations));
        Ok(())
    }

    /// `stringData` is written over `data`, as the server does. Each key keeps the place that it has in the file.
    fn string_data(&mut self) -> Result<()> {
        let Some(plain) = self.object.remove("stringData") else {
            return Ok(());
        };
        let plain = match plain {
            Value::Null => return Ok(()),
            Value::Object(plain) => plain,
            _ => {
                return Err(self.invalid(
                    "stringData of a Secret is not a map".to_owned(),
                    "/stringData",
                ));
            }
        };
        let mut data = match self.object.remove("data") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(data)) => data,
            Some(_) => {
                return Err(self.invalid("data of a Secret is not a map".to_owned(), "/data"));
            }
        };
        let places = Arc::clone(&self.manifest.origin.places);
        let mut moved = |from: String, to: String| {
            if let Some(at) = places.at(&from) {
                self.moved.push((to, at));
            }
        };
        if data.is_empty() {
            moved("/stringData".to_owned(), "/data".to_owned());
        }
        let mut wrong = None;
        for (name, value) in plain {
            let pointer = format!("/stringData/{}", escaped(&name));
            let text = match &value {
                Value::Null => "",
                Value::String(text) => text,
                _ => {
                    wrong.get_or_insert((name, pointer));
                    continue;
                }
            };
            moved(pointer, format!("/data/{}", escaped(&name)));
            data.insert(name, json!(STANDARD.encode(text)));
        }
        if let Some((name, pointer)) = wrong {
            return Err(self
                .invalid(
                    format!("stringData.{name} of a Secret is not a string"),
                    &pointer,
                )
                .hint("Put the value in quotes."));
        }
        if !data.is_empty() {
            self.object.insert("data".to_owned(), Value::Object(data));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
