//! The ConfigMap that keeps an App's history and inventory, read and written as a whole.

use http::Method;

use crate::domain::{Gvk, Result, Value};

use super::answer::done_to;
use super::{Failure, Writer};
use crate::cluster::predict::{JSON, QUERY, guarded, meta};
use crate::cluster::resource::target::Target;
use crate::cluster::{Connection, Resource, Status};

pub(in crate::cluster) fn configmaps() -> Resource {
    Resource {
        gvk: Gvk::from_api_version("v1", "ConfigMap"),
        plural: "configmaps".to_owned(),
        namespaced: true,
        verbs: Vec::new(),
    }
}

impl Connection {
    /// Reads an App's record: the ConfigMap and its resource version. `None` where there is none, or no namespace.
    ///
    /// # Errors
    /// Where it can't be read, which must not be taken for "there is none".
    pub async fn read_record(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<(Value, String)>> {
        let target = Target::named(&configmaps(), namespace, name)?;
        let Some(object) = self.read(&configmaps(), &target).await? else {
            return Ok(None);
        };
        let version = meta(&object, "resourceVersion");
        Ok(Some((object, version)))
    }

    /// One object as it is now; `None` where it is not there.
    pub(in crate::cluster) async fn read(
        &self,
        resource: &Resource,
        target: &Target,
    ) -> Result<Option<Value>> {
        let reply = self.get(&target.path).await?;
        if reply.is_success() {
            return reply.value().map(Some);
        }
        let status = Status::of(&reply);
        if status.is_absent(&target.key) {
            return Ok(None);
        }
        Err(status
            .refusal(resource, &target.key)
            .map(|refusal| refusal.problem)
            .unwrap_or_else(|| status.weather(reply.retry_after).at(target.key.to_string())))
    }
}

impl Writer {
    /// Writes an App's record: creates it where `resource_version` is `None`, else puts it in the place of exactly
    /// that version. Gives the new resource version.
    ///
    /// # Errors
    /// [`Failure::Changed`] where somebody else wrote, made or deleted it meanwhile.
    pub async fn write_record(
        &self,
        namespace: &str,
        name: &str,
        configmap: Value,
        resource_version: Option<&str>,
    ) -> Result<String, Failure> {
        let mut configmap = configmap;
        if let Some(object) = configmap.as_object_mut() {
            object.insert("apiVersion".to_owned(), "v1".into());
            object.insert("kind".to_owned(), "ConfigMap".into());
            let meta = object
                .entry("metadata")
                .or_insert_with(|| Value::Object(Default::default()));
            if let Some(meta) = meta.as_object_mut() {
                meta.insert("namespace".to_owned(), namespace.into());
                meta.insert("name".to_owned(), name.into());
                meta.remove("managedFields");
            }
        }
        self.put(&configmaps(), &configmap, resource_version)
            .await
            .map(|object| meta(&object, "resourceVersion"))
    }

    /// Creates an object that is trueup's own bookkeeping, or puts it in the place of exactly one version.
    pub(in crate::cluster) async fn put(
        &self,
        resource: &Resource,
        object: &Value,
        resource_version: Option<&str>,
    ) -> Result<Value, Failure> {
        let target = Target::of(resource, object).map_err(Failure::unsendable)?;
        let reply = match resource_version {
            None => {
                let path = format!("{}?{QUERY}", resource.collection(&target.key.namespace));
                self.send(Method::POST, &path, JSON, &guarded(object, "", ""))
                    .await?
            }
            Some(version) => {
                let body = guarded(object, &meta(object, "uid"), version);
                self.send(Method::PUT, &target.with(QUERY), JSON, &body)
                    .await?
            }
        };
        let uid = resource_version.map(|_| meta(object, "uid"));
        done_to(&reply, resource, &target.key, &uid.unwrap_or_default()).map(|done| done.object)
    }
}
