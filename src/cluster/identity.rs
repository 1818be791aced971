//! Which cluster this is, and who we are to it.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Connection, Reply};
use crate::domain::{Problem, Result, Value};

/// A cluster as it presents itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// UID of the `kube-system` namespace: the cluster's identity, whatever contexts are called. The server's URL where
    /// that namespace may not be read or does not exist.
    pub uid: String,
    /// The server's version as it writes it (`v1.36.3`); empty where it does not tell.
    pub version: String,
    /// How long one small request took.
    pub latency: Duration,
    /// Who we are in the server's words, else the name of the kubeconfig's user entry.
    pub user: String,
    /// The API server's URL.
    pub server: String,
}

impl Connection {
    /// Asks the server who it is and who we are.
    ///
    /// # Errors
    /// No answer, or credentials that are not accepted.
    pub async fn identify(&self) -> Result<Identity> {
        let version = self.get("/version").await?;
        // The first request had to connect as well.
        let start = self.clock().instant();
        let home = self.get("/api/v1/namespaces/kube-system").await?;
        let latency = self.clock().instant().saturating_duration_since(start);
        let review = self.self_review().await?;
        Ok(Identity {
            uid: self
                .told(&home, "get namespace kube-system", "/metadata/uid")?
                .unwrap_or_else(|| self.server().to_owned()),
            version: self
                .told(&version, "get the version", "/gitVersion")?
                .unwrap_or_default(),
            latency,
            user: self
                .told(&review, "ask who we are", "/status/userInfo/username")?
                .unwrap_or_else(|| self.user().to_owned()),
            server: self.server().to_owned(),
        })
    }

    /// A `SelfSubjectReview` (authentication.k8s.io/v1, served since 1.28).
    async fn self_review(&self) -> Result<Reply> {
        self.ask(
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            &json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" }),
        )
        .await
    }

    /// A question in the form of a POST that changes nothing.
    pub(super) async fn ask(&self, path: &str, body: &Value) -> Result<Reply> {
        let body = body.to_string().into_bytes();
        self.request(Method::POST, path, Some("application/json"), body)
            .await
    }

    /// A text of an answer; `None` where there is none for us: forbidden, not served, or absent. Anything else that is
    /// no success is a Problem: an identity that changes with the weather would be no identity.
    fn told(&self, reply: &Reply, doing: &str, pointer: &str) -> Result<Option<String>, Problem> {
        match reply.status {
            403..=405 => Ok(None),
            _ if !reply.is_success() => Err(self.refused(reply, doing)),
            _ => {
                let value = reply.value().map_err(|p| p.at(self.context()))?;
                let text = value.pointer(pointer).and_then(Value::as_str);
                Ok(text.filter(|t| !t.is_empty()).map(str::to_owned))
            }
        }
    }
}
