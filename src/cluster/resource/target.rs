//! The path of one object, from names that a repository or a cluster states.
//!
//! A name becomes part of a request line, so one with `/`, `?` or `%` in it could turn a dry run into a real one or
//! reach another object. Such names are refused here, before anything is sent.

use crate::domain::{ObjectKey, Problem, ProblemKind, Result, Value};

use crate::cluster::Resource;

/// One object as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) struct Target {
    /// Path without query.
    pub path: String,
    /// Which object.
    pub key: ObjectKey,
}

impl Target {
    /// Reads name and namespace from an object that carries its final namespace.
    pub fn of(resource: &Resource, object: &Value) -> Result<Self> {
        let meta = |field| {
            object
                .pointer(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        Self::named(
            resource,
            meta("/metadata/namespace"),
            meta("/metadata/name"),
        )
    }

    /// Names an object.
    pub fn named(resource: &Resource, namespace: &str, name: &str) -> Result<Self> {
        let namespace = if resource.namespaced { namespace } else { "" };
        let key = ObjectKey::new(&resource.gvk.group, &resource.gvk.kind, namespace, name);
        let invalid = |what: &str| Problem::new(ProblemKind::Invalid, what).at(key.to_string());
        if name.is_empty() {
            return Err(invalid("an object without metadata.name cannot be sent")
                .hint("generateName makes a new object each time; give it a name."));
        }
        if resource.namespaced && namespace.is_empty() {
            return Err(invalid("a namespaced object needs a namespace"));
        }
        if !is_segment(name) {
            return Err(invalid("metadata.name is no name that Kubernetes knows"));
        }
        if !namespace.is_empty() && !is_segment(namespace) {
            return Err(invalid(
                "metadata.namespace is no name that Kubernetes knows",
            ));
        }
        Ok(Self {
            path: resource.object(namespace, name),
            key,
        })
    }

    /// The path with a query.
    pub fn with(&self, query: &str) -> String {
        format!("{}?{query}", self.path)
    }
}

/// Whether a text is one path segment that needs no escaping: what any Kubernetes kind allows in a name, RBAC's colons
/// among it.
fn is_segment(text: &str) -> bool {
    text != "."
        && text != ".."
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~:@!$'()*+,;=".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::played::resource;

    #[test]
    fn names_that_would_change_the_request_are_refused() {
        let configmaps = resource("", "v1", "ConfigMap", "configmaps", true);
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "x?force=true",
            "a%2e",
            "a b",
            "a#b",
            "ä",
            "a&b",
        ] {
            assert!(Target::named(&configmaps, "shop", name).is_err(), "{name}");
            assert!(Target::named(&configmaps, name, "shop").is_err(), "{name}");
        }
        let target = Target::named(&configmaps, "shop", "env").unwrap();
        assert_eq!(target.path, "/api/v1/namespaces/shop/configmaps/env");
        assert_eq!(
            target.with("dryRun=All"),
            "/api/v1/namespaces/shop/configmaps/env?dryRun=All"
        );
    }

    #[test]
    fn a_cluster_scoped_object_has_no_namespace() {
        let roles = resource(
            "rbac.authorization.k8s.io",
            "v1",
            "ClusterRole",
            "clusterroles",
            false,
        );
        let target = Target::named(&roles, "shop", "system:x").unwrap();
        assert_eq!(
            target.path,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:x"
        );
        assert_eq!(target.key.namespace, "");
    }
}
