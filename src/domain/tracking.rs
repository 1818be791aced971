//! Argo CD's tracking annotation: which App an object says it belongs to. A claim, never a proof: copies that other
//! controllers make carry it too.

use std::fmt;

use super::{ObjectKey, Value};

/// The annotation (Argo CD `docs/user-guide/resource_tracking.md`).
pub const ANNOTATION: &str = "argocd.argoproj.io/tracking-id";

/// A tracking id: `<instance>:<group>/<kind>:<namespace>/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrackingId {
    /// The App's name, or `<namespace>_<name>` for an Argo CD App outside its control plane's namespace.
    pub instance: String,
    /// The object that was applied. A cluster-scoped object carries the App's destination namespace here.
    pub key: ObjectKey,
}

impl TrackingId {
    /// The id of an object of an App; `namespace` is the App's destination, used for cluster-scoped objects.
    pub fn new(instance: &str, key: &ObjectKey, namespace: &str) -> Self {
        let mut key = key.clone();
        if key.namespace.is_empty() {
            namespace.clone_into(&mut key.namespace);
        }
        Self {
            instance: instance.to_owned(),
            key,
        }
    }

    /// Reads the annotation's value; `None` for anything that is not exactly of its form.
    pub fn parse(text: &str) -> Option<Self> {
        // A name may hold colons (`system:node`), so that only the first two part the id, as in Argo CD.
        let mut parts = text.splitn(3, ':');
        let (instance, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
        let two = |text: &str| -> Option<(String, String)> {
            let (a, b) = text.split_once('/')?;
            (!b.contains('/')).then(|| (a.to_owned(), b.to_owned()))
        };
        let ((group, kind), (namespace, name)) = (two(kind)?, two(name)?);
        (!instance.is_empty() && !kind.is_empty()).then(|| Self {
            instance: instance.to_owned(),
            key: ObjectKey {
                group,
                kind,
                namespace,
                name,
            },
        })
    }

    /// The id that an object carries.
    pub fn of(object: &Value) -> Option<Self> {
        let annotations = object.get("metadata")?.get("annotations")?;
        Self::parse(annotations.get(ANNOTATION)?.as_str()?)
    }

    /// Whether the id was made for this very object rather than copied along with another's annotations. A
    /// cluster-scoped object matches whatever namespace the id carries.
    pub fn is_for(&self, key: &ObjectKey) -> bool {
        let same_namespace = key.namespace.is_empty() || key.namespace == self.key.namespace;
        same_namespace
            && self.key.group == key.group
            && self.key.kind == key.kind
            && self.key.name == key.name
    }
}

impl fmt::Display for TrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectKey {
            group,
            kind,
            namespace,
            name,
        } = &self.key;
        write!(f, "{}:{group}/{kind}:{namespace}/{name}", self.instance)
    }
}

/// Whether objects of this kind carry the annotation. Argo CD's repo-server marks everything but
/// CustomResourceDefinitions, which outlive any one App; trueup does the same, and so never prunes one.
pub fn is_tracked(key: &ObjectKey) -> bool {
    !(key.group == "apiextensions.k8s.io" && key.kind == "CustomResourceDefinition")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_were() {
        for text in [
            "shop:apps/Deployment:shop/web",
            "shop:/Service:shop/web",
            "team_shop:/Namespace:dest/x",
            "shop:rbac.authorization.k8s.io/ClusterRole:shop/system:node:x",
        ] {
            assert_eq!(TrackingId::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "shop",
            "a:b:c",
            "a:b/c/d:e/f",
            "a:/b:c/d/e",
            "a:Service:shop/web",
            "a:/Service:web",
            ":/Service:shop/web",
            "a:b/:shop/web",
        ] {
            assert_eq!(TrackingId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn copies_are_recognised() {
        let key = ObjectKey::new("", "Secret", "shop", "tls");
        let id = TrackingId::new("shop", &key, "elsewhere");
        assert!(id.is_for(&key));
        assert!(!id.is_for(&ObjectKey::new("", "Secret", "copy", "tls")));
        let cluster = ObjectKey::new("", "Namespace", "", "shop");
        let id = TrackingId::new("shop", &cluster, "dest");
        assert_eq!(id.to_string(), "shop:/Namespace:dest/shop");
        assert!(id.is_for(&cluster));
    }
}
