//! The structure of kinds, reduced from an OpenAPI v3 document to what merging and comparing need.

use std::collections::HashMap;

use crate::domain::{FieldPath, Gvk, Step, Value};

/// How the items of a list are told apart (`x-kubernetes-list-type`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// As a whole: items have no identity. Also where the schema says nothing.
    #[default]
    Atomic,
    /// By value.
    Set,
    /// By these fields, each with the default that stands in where an item does not state it.
    Map(Vec<(String, Option<Value>)>),
}

/// How a scalar is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// As it is.
    #[default]
    Plain,
    /// A Kubernetes quantity: `1Gi` and `1024Mi` are the same.
    Quantity,
    /// A number or a string.
    IntOrString,
    /// Base64.
    Bytes,
    /// RFC 3339.
    Time,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Type {
    fields: Vec<(Box<str>, u32)>,
    other_fields: Option<u32>,
    items: Option<u32>,
    list: ListKind,
    atomic_map: bool,
    preserves_unknown: bool,
    format: Format,
    default: Option<Value>,
}

/// The kinds of one group and version. Types that are the same are held once.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    types: Vec<Type>,
    kinds: HashMap<Gvk, u32>,
}

impl Schema {
    /// Reads an OpenAPI v3 document as the API server gives it at `/openapi/v3/...`. What is not understood is
    /// treated as a value without structure.
    pub fn from_openapi(doc: &Value) -> Self {
        let mut reader = Reader {
            doc,
            schema: Self::default(),
            known: HashMap::new(),
            named: HashMap::new(),
        };
        let Some(schemas) = doc
            .pointer("/components/schemas")
            .and_then(Value::as_object)
        else {
            return Self::default();
        };
        for (name, schema) in schemas {
            for gvk in schema
                .get("x-kubernetes-group-version-kind")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let text = |field| {
                    gvk.get(field)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                let gvk = Gvk {
                    group: text("group"),
                    version: text("version"),
                    kind: text("kind"),
                };
                // Options and lists of everything carry one entry for each group; only objects have metadata.
                if schema.pointer("/properties/metadata").is_some() {
                    let id = reader.named(name);
                    reader.schema.kinds.insert(gvk, id);
                }
            }
        }
        reader.schema.types.shrink_to_fit();
        reader.schema
    }

    /// Whether the document describes the kind.
    pub fn has(&self, gvk: &Gvk) -> bool {
        self.kinds.contains_key(gvk)
    }

    /// How the list at `path` tells its items apart; atomic where there is no list or the schema does not say.
    pub fn list_keys(&self, gvk: &Gvk, path: &FieldPath) -> ListKind {
        self.at(gvk, path)
            .map(|t| t.list.clone())
            .unwrap_or_default()
    }

    /// Whether the field is declared, or lies where undeclared fields are kept.
    pub fn knows(&self, gvk: &Gvk, path: &FieldPath) -> bool {
        let Some(mut at) = self.kinds.get(gvk).copied() else {
            return false;
        };
        for step in &path.0 {
            let here = &self.types[at as usize];
            match self.step(here, step) {
                Some(next) => at = next,
                None => return here.preserves_unknown,
            }
        }
        true
    }

    /// Whether the map at `path` is owned as a whole (`x-kubernetes-map-type: atomic`).
    pub fn is_atomic_map(&self, gvk: &Gvk, path: &FieldPath) -> bool {
        self.at(gvk, path).is_some_and(|t| t.atomic_map)
    }

    /// How the scalar at `path` is spelled.
    pub fn format(&self, gvk: &Gvk, path: &FieldPath) -> Format {
        self.at(gvk, path).map(|t| t.format).unwrap_or_default()
    }

    fn at(&self, gvk: &Gvk, path: &FieldPath) -> Option<&Type> {
        let root = *self.kinds.get(gvk)?;
        let id = path
            .0
            .iter()
            .try_fold(root, |at, step| self.step(&self.types[at as usize], step))?;
        Some(&self.types[id as usize])
    }

    fn step(&self, at: &Type, step: &Step) -> Option<u32> {
        match step {
            Step::Field(name) => {
                let i = at.fields.binary_search_by(|(n, _)| (**n).cmp(name));
                i.ok().map(|i| at.fields[i].1).or(at.other_fields)
            }
            Step::Item(_) | Step::Member(_) | Step::Index(_) => at.items,
        }
    }
}

struct Reader<'d> {
    doc: &'d Value,
    schema: Schema,
    known: HashMap<Type, u32>,
    named: HashMap<String, u32>,
}

impl Reader<'_> {
    /// The type of a named schema. A name met again while it is being read (JSONSchemaProps holds itself) leads back
    /// to the one place that is filled in at the end.
    fn named(&mut self, name: &str) -> u32 {
        if let Some(id) = self.named.get(name) {
            return *id;
        }
        let id = self.schema.types.len() as u32;
        self.schema.types.push(Type::default());
        self.named.insert(name.to_owned(), id);
        let doc = self.doc;
        if let Some(schema) = doc
            .get("components")
            .and_then(|c| c.get("schemas"))
            .and_then(|s| s.get(name))
        {
            let mut read = self.read(schema);
            read.format = match name {
                _ if name.ends_with("api.resource.Quantity") => Format::Quantity,
                _ if name.ends_with("util.intstr.IntOrString") => Format::IntOrString,
                _ => read.format,
            };
            self.schema.types[id as usize] = read;
        }
        id
    }

    fn id(&mut self, schema: &Value) -> u32 {
        if let Some(name) = reference(schema) {
            let own = schema
                .get("default")
                .filter(|d| !d.as_object().is_some_and(|o| o.is_empty()));
            let id = self.named(name);
            if own.is_none()
                && !schema
                    .as_object()
                    .is_some_and(|o| o.keys().any(|k| k.starts_with("x-kubernetes")))
            {
                return id;
            }
        }
        let read = self.read(schema);
        if let Some(id) = self.known.get(&read) {
            return *id;
        }
        let id = self.schema.types.len() as u32;
        self.schema.types.push(read.clone());
        self.known.insert(read, id);
        id
    }

    fn read(&mut self, schema: &Value) -> Type {
        // A field that refers to a type and adds to it (a default, a list type) is that type with the additions.
        let mut out = match reference(schema) {
            Some(name) => {
                let id = self.named(name);
                self.schema.types[id as usize].clone()
            }
            None => Type::default(),
        };
        let flag = |name: &str| schema.get(name).and_then(Value::as_bool).unwrap_or(false);
        let text = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default();
        out.default = schema
            .get("default")
            .filter(|d| !d.is_object() && !d.is_array())
            .cloned();
        for (name, field) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let id = self.id(field);
            out.fields.push((name.as_str().into(), id));
        }
        if let Some(other) = schema.get("additionalProperties") {
            match other {
                Value::Bool(allowed) => out.preserves_unknown |= *allowed,
                other => out.other_fields = Some(self.id(other)),
            }
        }
        if let Some(items) = schema.get("items") {
            out.items = Some(self.id(items));
        }
        out.preserves_unknown |= flag("x-kubernetes-preserve-unknown-fields");
        // An object without any structure (FieldsV1, JSON) takes whatever it is given.
        out.preserves_unknown |=
            text("type") == "object" && out.fields.is_empty() && out.other_fields.is_none();
        out.atomic_map |= text("x-kubernetes-map-type") == "atomic";
        out.format = match (text("format"), flag("x-kubernetes-int-or-string")) {
            (_, true) => Format::IntOrString,
            ("int-or-string", _) => Format::IntOrString,
            ("byte", _) => Format::Bytes,
            ("date-time", _) => Format::Time,
            _ => out.format,
        };
        match text("x-kubernetes-list-type") {
            "set" => out.list = ListKind::Set,
            "map" => {
                let keys = schema
                    .get("x-kubernetes-list-map-keys")
                    .and_then(Value::as_array);
                let names = keys.into_iter().flatten().filter_map(Value::as_str);
                let mut keys: Vec<_> = names
                    .map(|name| (name.to_owned(), self.key_default(out.items, name)))
                    .collect();
                keys.sort_by(|a, b| a.0.cmp(&b.0));
                out.list = ListKind::Map(keys);
            }
            _ => {}
        }
        out
    }

    fn key_default(&self, items: Option<u32>, key: &str) -> Option<Value> {
        let item = &self.schema.types[items? as usize];
        let (_, id) = item.fields.iter().find(|(name, _)| &**name == key)?;
        let default = self.schema.types[*id as usize].default.clone()?;
        // Strings without a default carry "" in the server's documents.
        (default != "").then_some(default)
    }
}

fn reference(schema: &Value) -> Option<&str> {
    let target = schema.get("$ref").or_else(|| {
        let all = schema.get("allOf")?.as_array()?;
        if let [one] = all.as_slice() {
            one.get("$ref")
        } else {
            None
        }
    });
    target?.as_str()?.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Schema {
        Schema::from_openapi(
            &serde_json::from_str(include_str!("../drift/testdata/openapi.json")).unwrap(),
        )
    }

    fn path(text: &str) -> FieldPath {
        // A number stands for any item.
        FieldPath(
            text.split('.')
                .map(|part| match part.parse() {
                    Ok(i) => Step::Index(i),
                    Err(_) => Step::Field(part.to_owned()),
                })
                .collect(),
        )
    }

    #[test]
    fn lists_say_how_their_items_are_told_apart() {
        let (schema, apps) = (schema(), Gvk::from_api_version("apps/v1", "Deployment"));
        let widget = Gvk::from_api_version("shop.example/v1", "Widget");
        let map =
            |keys: &[&str]| ListKind::Map(keys.iter().map(|k| ((*k).to_owned(), None)).collect());
        let pod = "spec.template.spec";
        let list = |gvk: &Gvk, at: &str| schema.list_keys(gvk, &path(at));
        assert_eq!(list(&apps, &format!("{pod}.containers")), map(&["name"]));
        assert_eq!(
            list(&apps, &format!("{pod}.containers.0.volumeMounts")),
            map(&["mountPath"])
        );
        assert_eq!(
            list(&apps, &format!("{pod}.containers.0.ports")),
            ListKind::Map(vec![
                ("containerPort".to_owned(), None),
                ("protocol".to_owned(), Some(json!("TCP")))
            ])
        );
        assert_eq!(
            list(&apps, &format!("{pod}.containers.0.command")),
            ListKind::Atomic
        );
        assert_eq!(list(&apps, "metadata.finalizers"), ListKind::Set);
        assert_eq!(list(&widget, "spec.tags"), ListKind::Set);
        assert_eq!(list(&widget, "spec.parts"), map(&["id"]));
        assert_eq!(list(&widget, "spec.plain"), ListKind::Atomic);
        assert_eq!(list(&Gvk::default(), "spec"), ListKind::Atomic);
    }

    #[test]
    fn fields_are_known_or_not() {
        let (schema, apps) = (schema(), Gvk::from_api_version("apps/v1", "Deployment"));
        let widget = Gvk::from_api_version("shop.example/v1", "Widget");
        for (gvk, at, known) in [
            (&apps, "spec.replicas", true),
            (&apps, "spec.replica", false),
            (&apps, "metadata.labels.any", true),
            (&apps, "spec.template.spec.containers.0.image", true),
            (&apps, "spec.template.spec.containers.0.imag", false),
            (&widget, "spec.free.any.thing", true),
            (&widget, "spec.sice", false),
            (&widget, "spec.one.a", true),
        ] {
            assert_eq!(schema.knows(gvk, &path(at)), known, "{gvk} {at}");
        }
        assert!(!schema.has(&Gvk::from_api_version("v1", "DeleteOptions")));
    }

    #[test]
    fn scalars_have_formats_and_maps_may_be_whole() {
        let (schema, apps) = (schema(), Gvk::from_api_version("apps/v1", "Deployment"));
        let widget = Gvk::from_api_version("shop.example/v1", "Widget");
        let limits = "spec.template.spec.containers.0.resources.limits.cpu";
        assert_eq!(schema.format(&apps, &path(limits)), Format::Quantity);
        assert_eq!(
            schema.format(&apps, &path("spec.strategy.rollingUpdate.maxSurge")),
            Format::IntOrString
        );
        assert_eq!(
            schema.format(&apps, &path("metadata.creationTimestamp")),
            Format::Time
        );
        assert_eq!(
            schema.format(&Gvk::from_api_version("v1", "Secret"), &path("data.a")),
            Format::Bytes
        );
        assert_eq!(
            schema.format(&widget, &path("spec.port")),
            Format::IntOrString
        );
        assert!(schema.is_atomic_map(&apps, &path("spec.selector")));
        assert!(schema.is_atomic_map(&widget, &path("spec.one")));
        assert!(!schema.is_atomic_map(&apps, &path("spec.template")));
    }

    #[test]
    fn garbage_is_an_empty_schema() {
        for doc in [
            json!(null),
            json!({"components": {"schemas": {"a": 1, "b": {"x-kubernetes-group-version-kind": 3}}}}),
        ] {
            assert!(!Schema::from_openapi(&doc).has(&Gvk::from_api_version("v1", "a")));
        }
        let looped = json!({"components": {"schemas": {"L": {"x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "L"}],
            "properties": {"metadata": {}, "next": {"$ref": "#/components/schemas/L"}, "list": {"items": {"allOf": [{"$ref": "#/components/schemas/L"}], "default": 1}}}}}}});
        let schema = Schema::from_openapi(&looped);
        assert!(schema.knows(
            &Gvk::from_api_version("v1", "L"),
            &path("next.next.next.list")
        ));
    }
}
