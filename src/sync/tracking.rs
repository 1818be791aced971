//! Argo CD's tracking annotation: which App an object says it belongs to. Written on desired objects elsewhere; read
//! here. An annotation is a claim, never a proof: copies made by other controllers carry it too.

use crate::domain::ObjectKey;

/// The annotation (Argo CD `docs/user-guide/resource_tracking.md`).
pub const TRACKING_ANNOTATION: &str = "argocd.argoproj.io/tracking-id";

/// A tracking-id taken apart: `<instance>:<group>/<kind>:<namespace>/<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingId<'a> {
    /// Name of the App.
    pub instance: &'a str,
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> TrackingId<'a> {
    /// Takes an annotation's value apart; `None`: it tracks nothing (Argo CD reads anything else as untracked).
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (instance, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
        let (group, kind) = kind.split_once('/')?;
        let (namespace, name) = name.split_once('/')?;
        if instance.is_empty() || kind.is_empty() || name.contains('/') || kind.contains('/') {
            return None;
        }
        Some(Self {
            instance,
            group,
            kind,
            namespace,
            name,
        })
    }

    /// Whether the id names the object that carries it. Another controller's copy (of a Secret into other
    /// namespaces, say) carries the id of its original. A cluster-scoped object's id states the destination's
    /// namespace, so that its namespace says nothing.
    pub fn names(&self, key: &ObjectKey) -> bool {
        self.group == key.group
            && self.kind == key.kind
            && self.name == key.name
            && (key.namespace.is_empty() || self.namespace == key.namespace)
    }
}

/// The tracking-id of an object. `destination` is the App's namespace, stated for cluster-scoped objects.
pub fn tracking_id(instance: &str, key: &ObjectKey, destination: &str) -> String {
    let namespace = if key.namespace.is_empty() {
        destination
    } else {
        &key.namespace
    };
    let ObjectKey {
        group, kind, name, ..
    } = key;
    format!("{instance}:{group}/{kind}:{namespace}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_argo_cd_reads_them() {
        let service = ObjectKey::new("", "Service", "shop", "web");
        for (text, names) in [
            ("app:/Service:shop/web", Some(true)),
            ("app:/Service:other/web", Some(false)),
            ("app:/Service:shop/api", Some(false)),
            ("app:apps/Service:shop/web", Some(false)),
            ("app", None),
            ("", None),
            (":/Service:shop/web", None),
            ("app:Service:shop/web", None),
            ("app:/Service:web", None),
            ("app:/Service:a/b/c", None),
        ] {
            let id = TrackingId::parse(text);
            assert_eq!(id.as_ref().map(|id| id.names(&service)), names, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for key in [
            ObjectKey::new("", "Service", "shop", "web"),
            ObjectKey::new("", "Namespace", "", "shop"),
            ObjectKey::new("rbac.authorization.k8s.io", "ClusterRole", "", "system:a:b"),
        ] {
            let text = tracking_id("ns_app", &key, "shop");
            let id = TrackingId::parse(&text).unwrap();
            assert_eq!(id.instance, "ns_app");
            assert!(id.names(&key), "{text}");
        }
    }
}
