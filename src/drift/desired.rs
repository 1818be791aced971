//! Makes of a manifest what is compared and sent.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};

use super::content::{BOOKKEEPING, TEMPLATE_GENERATION};
use crate::domain::tracking::{self, TrackingId};
use crate::domain::{
    App, Gvk, Manifest, Notice, ObjectKey, Position, Problem, ProblemKind, Result, Value,
};

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

/// Two manifests with one key: a Problem for each beyond the first, naming both places. Hooks do not count.
pub fn duplicates(prepared: &[Prepared]) -> Vec<Problem> {
    let prepared = prepared.iter().filter(|p| !p.hook);
    repeated(prepared.map(|p| (&p.key, &*p.manifest)))
}

/// What is wrong with manifests wherever they would go: names that are none, and two with one key.
pub fn faults(manifests: &[Manifest]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut keyed = Vec::new();
    for manifest in manifests {
        match stated_key(manifest) {
            Ok(key) if is_hook(manifest) => drop(key),
            Ok(key) => keyed.push((key, manifest)),
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(repeated(keyed.iter().map(|(key, m)| (key, *m))));
    problems
}

/// The key that a manifest states itself; the namespace is empty where it leaves that to its App.
fn stated_key(manifest: &Manifest) -> Result<ObjectKey> {
    let work = Work {
        manifest,
        object: manifest.value.as_object().cloned().unwrap_or_default(),
        notices: Vec::new(),
        moved: Vec::new(),
    };
    let metadata = work.metadata()?;
    let name = work.name(&metadata, is_hook(manifest))?;
    let namespace = work.text(&metadata, "namespace")?;
    let Gvk { group, kind, .. } = &manifest.gvk;
    Ok(ObjectKey::new(group, kind, &namespace, &name))
}

fn repeated<'m>(keyed: impl Iterator<Item = (&'m ObjectKey, &'m Manifest)>) -> Vec<Problem> {
    let mut first: HashMap<&ObjectKey, &Manifest> = HashMap::new();
    let mut problems = Vec::new();
    for (key, manifest) in keyed {
        match first.get(key) {
            None => {
                first.insert(key, manifest);
            }
            Some(other) => problems.push(
                Problem::new(ProblemKind::Invalid, format!("two manifests define {key}"))
                    .at(place(manifest, None))
                    .because(format!("it is defined first at {}", place(other, None)))
                    .hint("Remove one of the two, or give it another name or namespace."),
            ),
        }
    }
    problems
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
mod tests {
    use super::*;
    use crate::drift::tests::{app, manifest};
    use serde_json::json;

    fn made(value: Value, namespaced: bool) -> Prepared {
        prepare(&manifest(value), &app("shop"), namespaced).unwrap()
    }

    #[test]
    fn what_the_server_owns_is_dropped_and_the_rest_kept() {
        let made = made(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "status": {"x": 1}, "spec": {"replicas": 1}, "metadata": {
                "name": "web", "uid": "u", "resourceVersion": "1", "generation": 2, "creationTimestamp": null,
                "selfLink": "x", "managedFields": [], "labels": {"a": "b"}, "annotations": {"n": "1"}}}),
            true,
        );
        assert_eq!(
            *made.manifest.value,
            json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 1}, "metadata": {
                "name": "web", "namespace": "dest", "labels": {"a": "b"},
                "annotations": {"n": "1", "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:dest/web"}}})
        );
        assert_eq!(made.key.to_string(), "apps/Deployment/dest/web");
        assert!(made.notices.is_empty() && !made.hook);
    }

    #[test]
    fn namespaces_follow_the_scope() {
        let object = |kind: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "own"}});
        assert_eq!(made(object("ConfigMap"), true).key.namespace, "own");
        let cluster = made(object("Namespace"), false);
        assert_eq!(cluster.key.namespace, "");
        assert_eq!(cluster.manifest.namespace(), "");
        assert_eq!(cluster.notices.len(), 1);
        assert_eq!(
            cluster.manifest.annotation(tracking::ANNOTATION),
            Some("shop:/Namespace:dest/x")
        );
    }

    #[test]
    fn definitions_of_kinds_are_not_tracked() {
        let made = made(
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}),
            false,
        );
        assert_eq!(made.manifest.annotation(tracking::ANNOTATION), None);
    }

    #[test]
    fn string_data_becomes_data_and_keeps_its_place() {
        let at = |line| Position { line, column: 3 };
        let mut secret = manifest(
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
            "data": {"a": "b2xk", "kept": "eA=="}, "stringData": {"a": "new", "b/c": null}}),
        );
        secret.origin.places = Arc::new(crate::domain::Places::new([
            ("/data/a", at(5)),
            ("/stringData/a", at(9)),
            ("/stringData/b~1c", at(10)),
            ("/data/kept", at(6)),
        ]));
        let made = prepare(&secret, &app("shop"), true).unwrap().manifest;
        assert_eq!(
            made.value["data"],
            json!({"a": "bmV3", "b/c": "", "kept": "eA=="})
        );
        assert_eq!(made.value.get("stringData"), None);
        let places = &made.origin.places;
        assert_eq!(
            (
                places.at("/data/a"),
                places.at("/data/b~1c"),
                places.at("/data/kept")
            ),
            (Some(at(9)), Some(at(10)), Some(at(6)))
        );
    }

    #[test]
    fn aggregated_roles_lose_their_rules() {
        let role = |aggregation: Value| {
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "r"}, "aggregationRule": aggregation, "rules": [{"verbs": ["get"]}]})
        };
        assert_eq!(
            made(role(json!({"clusterRoleSelectors": []})), false)
                .manifest
                .value
                .get("rules"),
            None
        );
        assert!(
            made(role(Value::Null), false)
                .manifest
                .value
                .get("rules")
                .is_some()
        );
    }

    #[test]
    fn hooks_are_told_apart() {
        let job = |annotation: &str, value: &str| {
            json!({"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"generateName": "m-", "annotations": {annotation: value}}})
        };
        let hook = made(job("argocd.argoproj.io/hook", "PreSync"), true);
        assert!(hook.hook);
        assert_eq!(hook.key.name, "m-");
        assert!(made(job("helm.sh/hook", "test"), true).hook);
        assert!(
            prepare(
                &manifest(job("helm.sh/hook", "crd-install")),
                &app("shop"),
                true
            )
            .is_err()
        );
    }

    #[test]
    fn wrong_metadata_is_told_with_its_place() {
        for (metadata, summary) in [
            (json!({}), "a ConfigMap has no metadata.name"),
            (Value::Null, "a ConfigMap has no metadata.name"),
            (json!([]), "metadata of a ConfigMap is not a map"),
            (
                json!({"name": 1}),
                "metadata.name of a ConfigMap is not a string",
            ),
            (
                json!({"name": "x", "namespace": true}),
                "metadata.namespace of a ConfigMap is not a string",
            ),
            (
                json!({"generateName": "x-"}),
                "a ConfigMap with generateName can't be compared",
            ),
            (
                json!({"name": "x", "annotations": []}),
                "metadata.annotations of ConfigMap/dest/x is not a map",
            ),
        ] {
            let manifest =
                manifest(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}));
            let problem = prepare(&manifest, &app("shop"), true).unwrap_err();
            assert_eq!(
                (problem.summary.as_str(), problem.place.as_str()),
                (summary, "app.yaml:7")
            );
        }
    }

    #[test]
    fn one_key_twice_is_a_problem() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
        let mut other = object.clone();
        other["metadata"]["namespace"] = json!("dest");
        let all = [made(object, true), made(other, true)];
        let problems = duplicates(&all);
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].to_string(),
            "app.yaml:7: two manifests define ConfigMap/dest/x: it is defined first at app.yaml:7"
        );
        assert!(duplicates(&all[..1]).is_empty());
    }
}
