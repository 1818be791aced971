//! What we may do, by the server's own word (authorization.k8s.io/v1).

mod preflight;

use futures::FutureExt as _;
use serde::Deserialize;
use serde_json::json;

use super::Connection;
use crate::domain::Result;

/// A question about one right. Empty texts mean what they mean to Kubernetes: the core group, all namespaces or none,
/// any name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ask {
    /// `get`, `list`, `watch`, `create`, `patch`, `update`, `delete`, ...
    pub verb: String,
    /// API group.
    pub group: String,
    /// Plural of the kind; with a subresource after a slash (`deployments/scale`).
    pub resource: String,
    /// Namespace.
    pub namespace: String,
    /// Name of one object.
    pub name: String,
}

#[derive(Deserialize)]
struct Access {
    status: AccessStatus,
}

#[derive(Deserialize)]
struct AccessStatus {
    allowed: bool,
}

impl Connection {
    /// Whether we have a right.
    ///
    /// # Errors
    /// The server did not answer, or does not answer such questions.
    pub async fn may(&self, ask: &Ask) -> Result<bool> {
        let (resource, subresource) = ask.resource.split_once('/').unwrap_or((&ask.resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "verb": ask.verb, "group": ask.group, "resource": resource, "subresource": subresource,
                "namespace": ask.namespace, "name": ask.name,
            }},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let reply = self.ask(path, &review).await?;
        if !reply.is_success() {
            return Err(self.refused(&reply, "ask for our rights"));
        }
        let answer: Access = reply.json().map_err(|p| p.at(self.context()))?;
        Ok(answer.status.allowed)
    }

    /// As [`Connection::may`]; a right that was granted a moment ago is not asked about again. One that was not may
    /// have come since.
    pub(super) async fn may_now(&self, ask: &Ask) -> Result<bool> {
        let now = self.clock().instant();
        let asked = self.may(ask).boxed();
        self.granted()
            .get(ask.clone(), now, |granted| *granted, asked)
            .await
    }
}
