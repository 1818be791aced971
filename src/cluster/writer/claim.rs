//! The apply after a replace: until it holds what the replace set, a field that leaves Git would stay.

use serde_json::json;

use crate::domain::plan::Guard;
use crate::domain::{Problem, ProblemKind, Result, Value};
use crate::merge::MANAGER;

use super::answer::done;
use super::{Done, Failure, Writer};
use crate::cluster::Resource;
use crate::cluster::predict::meta;
use crate::cluster::resource::target::Target;

/// How often a claim is tried while others write to the object.
const MAX_CLAIMS: u32 = 10;

impl Writer {
    /// Makes trueup's apply the holder of all that `object` states, after a [`Writer::replace`] of the same object that
    /// answered `replaced`. The update that the replace left behind is dropped from the ownership, because a field that
    /// it holds too would stay when it leaves Git. Controllers write to an object that was just replaced: the claim goes
    /// on as long as nobody touches a field that the replace set.
    ///
    /// # Errors
    /// [`Failure::Changed`] where somebody did. However it fails, the replaced object stands.
    pub async fn claim(
        &self,
        resource: &Resource,
        object: &Value,
        replaced: &Done,
    ) -> Result<Done, Failure> {
        let target = Target::of(resource, object).map_err(Failure::unsendable)?;
        let put = own_update(&replaced.object).cloned();
        let mut version = replaced.resource_version.clone();
        let mut attempts = 0;
        let mut done = loop {
            let guard = Guard {
                uid: replaced.uid.clone(),
                resource_version: version,
                force: true,
            };
            match self.apply(resource, object, &guard).await {
                Err(Failure::Changed(problem)) => {
                    attempts += 1;
                    let now = self.look(resource, &target, &replaced.uid).await?;
                    let fields =
                        |entry: Option<&Value>| entry.and_then(|e| e.get("fieldsV1")).cloned();
                    let is_untouched = fields(own_update(&now)) == fields(put.as_ref());
                    if !is_untouched || attempts >= MAX_CLAIMS {
                        return Err(Failure::Changed(problem));
                    }
                    version = meta(&now, "resourceVersion");
                }
                applied => break applied?,
            }
        };
        loop {
            let entries = done
                .object
                .pointer("/metadata/managedFields")
                .and_then(Value::as_array);
            let Some(entries) = entries.filter(|entries| entries.iter().any(is_own_update)) else {
                return Ok(done);
            };
            let kept: Vec<_> = entries.iter().filter(|e| !is_own_update(e)).collect();
            let patch = json!([
                {"op": "test", "path": "/metadata/resourceVersion", "value": done.resource_version},
                {"op": "replace", "path": "/metadata/managedFields", "value": kept},
            ]);
            let (namespace, name) = (&target.key.namespace, &target.key.name);
            match self
                .patch_ownership(resource, namespace, name, &patch)
                .await
            {
                Err(Failure::Changed(_)) if attempts < MAX_CLAIMS => {
                    attempts += 1;
                    done.object = self.look(resource, &target, &replaced.uid).await?;
                    done.resource_version = meta(&done.object, "resourceVersion");
                }
                patched => return patched,
            }
        }
    }

    /// The object as it is now, whole, as long as it is the one with this uid.
    async fn look(
        &self,
        resource: &Resource,
        target: &Target,
        uid: &str,
    ) -> Result<Value, Failure> {
        let reply = self.connection.get(&target.path).await;
        let reply = reply.map_err(Failure::NotDone)?;
        let now = done(&reply, resource, &target.key)?;
        match now.uid == uid {
            true => Ok(now.object),
            false => Err(Failure::Changed(
                Problem::new(ProblemKind::Conflict, "another object has its name now")
                    .at(target.key.to_string()),
            )),
        }
    }
}

/// What a PUT of trueup's own holds.
fn own_update(object: &Value) -> Option<&Value> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    entries.iter().find(|entry| is_own_update(entry))
}

fn is_own_update(entry: &Value) -> bool {
    entry.get("manager").and_then(Value::as_str) == Some(MANAGER)
        && entry.get("operation").and_then(Value::as_str) == Some("Update")
        && entry.get("subresource").is_none()
}
