//! What we may do, by the server's own word (authorization.k8s.io/v1).

mod preflight;

use futures::FutureExt as _;
use serde::Deserialize;
use serde_json::json;

use super::Connection;
use crate::domain::{Problem, Result};

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

/// What we may do in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    namespace: String,
    /// The server could not tell all: what it does not list may be allowed still.
    pub incomplete: bool,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

#[derive(Deserialize)]
struct Access {
    status: AccessStatus,
}

#[derive(Deserialize)]
struct AccessStatus {
    allowed: bool,
}

#[derive(Deserialize)]
struct Rules {
    status: RulesStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RulesStatus {
    #[serde(default)]
    incomplete: bool,
    resource_rules: Option<Vec<Rule>>,
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
        let answer: Access = self.review(path, &review).await?;
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

    /// All that we may do in a namespace, in one request.
    ///
    /// # Errors
    /// As [`Connection::may`].
    pub async fn rules(&self, namespace: &str) -> Result<Rights> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": { "namespace": namespace },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        let answer: Rules = self.review(path, &review).await?;
        Ok(Rights {
            namespace: namespace.to_owned(),
            incomplete: answer.status.incomplete,
            rules: answer.status.resource_rules.unwrap_or_default(),
        })
    }

    async fn review<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        review: &crate::domain::Value,
    ) -> Result<T, Problem> {
        let reply = self.ask(path, review).await?;
        if !reply.is_success() {
            return Err(self.refused(&reply, "ask for our rights"));
        }
        reply.json().map_err(|p| p.at(self.context()))
    }
}

impl Rights {
    /// Whether we have a right; `None` where these rules cannot tell. Rules of one namespace say nothing certain of
    /// another but that what none of them allows is not allowed everywhere either.
    pub fn may(&self, ask: &Ask) -> Option<bool> {
        let allowed = self.rules.iter().any(|rule| rule.allows(ask));
        match (allowed, self.incomplete, ask.namespace == self.namespace) {
            (true, _, true) => Some(true),
            (true, _, false) | (false, true, _) => None,
            // A right in all namespaces would show here; one in that other namespace alone would not.
            (false, false, same) => (same || ask.namespace.is_empty()).then_some(false),
        }
    }
}

impl Rule {
    /// RBAC's own comparison (plugin/pkg/auth/authorizer/rbac, `RuleAllows`).
    fn allows(&self, ask: &Ask) -> bool {
        let has = |list: &[String], item: &str| list.iter().any(|l| l == "*" || l == item);
        let subresource = ask
            .resource
            .split_once('/')
            .map(|(_, sub)| format!("*/{sub}"));
        has(&self.verbs, &ask.verb)
            && has(&self.api_groups, &ask.group)
            && (has(&self.resources, &ask.resource)
                || subresource.is_some_and(|any| self.resources.contains(&any)))
            && (self.resource_names.is_empty() || self.resource_names.contains(&ask.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(verb: &str, group: &str, resource: &str, namespace: &str, name: &str) -> Ask {
        Ask {
            verb: verb.into(),
            group: group.into(),
            resource: resource.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    #[test]
    fn rules_answer_as_rbac_does() {
        let rules = r#"[
            {"verbs":["get","list"],"apiGroups":["apps"],"resources":["deployments"]},
            {"verbs":["*"],"apiGroups":[""],"resources":["configmaps"],"resourceNames":["mine"]},
            {"verbs":["update"],"apiGroups":["*"],"resources":["*/scale"]}]"#;
        let mut rights = Rights {
            namespace: "shop".into(),
            incomplete: false,
            rules: serde_json::from_str(rules).unwrap(),
        };
        let table = [
            (ask("list", "apps", "deployments", "shop", ""), Some(true)),
            (ask("patch", "apps", "deployments", "shop", ""), Some(false)),
            (ask("list", "", "deployments", "shop", ""), Some(false)),
            (ask("get", "", "configmaps", "shop", "mine"), Some(true)),
            (ask("get", "", "configmaps", "shop", "yours"), Some(false)),
            (ask("list", "", "configmaps", "shop", ""), Some(false)),
            (
                ask("update", "apps", "deployments/scale", "shop", ""),
                Some(true),
            ),
            (
                ask("update", "apps", "deployments/status", "shop", ""),
                Some(false),
            ),
            (ask("list", "apps", "deployments", "other", ""), None),
            (ask("list", "apps", "deployments", "", ""), None),
            (ask("patch", "apps", "deployments", "", ""), Some(false)),
            (ask("patch", "apps", "deployments", "other", ""), None),
        ];
        for (ask, expected) in &table {
            assert_eq!(rights.may(ask), *expected, "{ask:?}");
        }
        rights.incomplete = true;
        assert_eq!(rights.may(&table[0].0), Some(true));
        assert_eq!(rights.may(&table[1].0), None);
    }
}
