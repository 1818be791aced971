//! Objects as a cluster has them, kept small: thousands stay in memory at once.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cluster::Resource;
use crate::cluster::connection::not_json;
use crate::domain::{Gvk, ObjectKey, Problem, ProblemKind, Result, Value};

/// One object of a cluster. Its whole content stays as compact JSON; what is asked for often is read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Group, kind, namespace and name.
    pub key: ObjectKey,
    /// The version that it was read at.
    pub gvk: Gvk,
    /// Its UID: another one is another object.
    pub uid: String,
    /// Changes with every write.
    pub resource_version: String,
    /// Value of the tracking annotation ([`tracking::ANNOTATION`](crate::domain::tracking::ANNOTATION)).
    pub tracking: Option<String>,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// Whether another object owns it.
    pub has_owner_references: bool,
    body: Box<[u8]>,
}

impl Live {
    /// Takes an object as the server sent it. Items of a list lack apiVersion and kind: they come from `resource`.
    /// Of `managedFields` the entries of the status are dropped; everything else stays.
    pub fn new(resource: &Resource, json: &[u8]) -> Result<Self> {
        let value: Value = serde_json::from_slice(json).map_err(|error| not_json(&error))?;
        Self::from_value(resource, value)
    }

    /// [`Live::new`] of an object that is parsed already.
    pub fn from_value(resource: &Resource, mut value: Value) -> Result<Self> {
        if let Some(object) = value.as_object_mut() {
            let named = |field: &str| {
                object
                    .get(field)
                    .and_then(Value::as_str)
                    .is_some_and(|t| !t.is_empty())
            };
            if !(named("apiVersion") && named("kind")) {
                object.insert("apiVersion".into(), resource.gvk.api_version().into());
                object.insert("kind".into(), resource.gvk.kind.clone().into());
            }
        }
        if let Some(entries) = value
            .pointer_mut("/metadata/managedFields")
            .and_then(Value::as_array_mut)
        {
            entries
                .retain(|entry| entry.get("subresource").and_then(Value::as_str) != Some("status"));
        }
        let body = serde_json::to_vec(&value).map_err(|error| not_json(&error))?;
        let head: Head = serde_json::from_slice(&body).map_err(|error| not_json(&error))?;
        let gvk = Gvk::of(&value).unwrap_or_else(|| resource.gvk.clone());
        let meta = head.metadata;
        Ok(Self {
            key: meta.key(resource)?,
            gvk,
            uid: meta.uid,
            resource_version: meta.resource_version,
            tracking: meta.annotations.and_then(|a| a.tracking),
            deleting: meta.deletion_timestamp.is_some(),
            has_owner_references: meta.owner_references.is_some_and(|o| o.get() != "[]"),
            body: body.into_boxed_slice(),
        })
    }

    /// The object.
    pub fn value(&self) -> Value {
        // The bytes were written from a value, so they parse.
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The object as compact JSON.
    pub fn json(&self) -> &[u8] {
        &self.body
    }

    /// Bytes that its content takes.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }
}

/// As much of an object as decides whether to keep it.
#[derive(Deserialize)]
pub(in crate::cluster) struct Head {
    #[serde(default)]
    pub metadata: Meta,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::cluster) struct Meta {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    pub resource_version: String,
    pub annotations: Option<Annotations>,
    pub deletion_timestamp: Option<Box<RawValue>>,
    pub owner_references: Option<Box<RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::cluster) struct Annotations {
    #[serde(rename = "argocd.argoproj.io/tracking-id")]
    pub tracking: Option<String>,
}

impl Meta {
    /// The key; an object without a name is a mistake of whoever answered.
    pub fn key(&self, resource: &Resource) -> Result<ObjectKey> {
        let gvk = &resource.gvk;
        if self.name.is_empty() {
            return Err(Problem::new(
                ProblemKind::Unreachable,
                format!("the server sent a {} without a name", gvk.kind),
            ));
        }
        Ok(ObjectKey::new(
            &gvk.group,
            &gvk.kind,
            &self.namespace,
            &self.name,
        ))
    }

    pub fn tracking(&self) -> Option<&str> {
        self.annotations.as_ref()?.tracking.as_deref()
    }
}

impl Head {
    pub fn read(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(|error| not_json(&error))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployments() -> Resource {
        Resource {
            gvk: Gvk::from_api_version("apps/v1", "Deployment"),
            plural: "deployments".into(),
            namespaced: true,
            verbs: Vec::new(),
        }
    }

    #[test]
    fn items_of_lists_get_their_kind_and_lose_the_owners_of_their_status() {
        let item = json!({
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7",
                "annotations": { "argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/web", "kubectl.kubernetes.io/last-applied-configuration": "{}" },
                "deletionTimestamp": "2026-01-01T00:00:00Z",
                "ownerReferences": [{ "uid": "o" }],
                "managedFields": [
                    { "manager": "kubectl", "fieldsV1": { "f:spec": {} } },
                    { "manager": "kcm", "subresource": "status", "fieldsV1": { "f:status": {} } },
                    { "manager": "scaler", "subresource": "scale", "fieldsV1": { "f:spec": {} } },
                ],
            },
            "spec": { "replicas": 1 },
        });
        let live = Live::new(&deployments(), item.to_string().as_bytes()).unwrap();
        assert_eq!(
            live.key,
            ObjectKey::new("apps", "Deployment", "shop", "web")
        );
        assert_eq!(live.gvk, deployments().gvk);
        assert_eq!(
            live.tracking.as_deref(),
            Some("web:apps/Deployment:shop/web")
        );
        assert!(live.deleting && live.has_owner_references);
        let value = live.value();
        assert_eq!(value["apiVersion"], "apps/v1");
        let owners = value["metadata"]["managedFields"].as_array().unwrap();
        let names: Vec<&str> = owners
            .iter()
            .filter_map(|o| o["manager"].as_str())
            .collect();
        assert_eq!(names, ["kubectl", "scaler"]);
        assert_eq!(
            value["metadata"]["annotations"].as_object().unwrap().len(),
            2
        );
        assert_eq!(live.bytes(), live.json().len());
    }

    #[test]
    fn sparse_objects_are_taken() {
        let json = br#"{"metadata":{"name":"x","ownerReferences":[],"annotations":null,"deletionTimestamp":null}}"#;
        let live = Live::new(&deployments(), json).unwrap();
        assert!(!live.deleting && !live.has_owner_references && live.tracking.is_none());
        assert!(Live::new(&deployments(), b"[]").is_err());
        assert!(Live::new(&deployments(), b"{\"metadata\":7}").is_err());
    }
}
