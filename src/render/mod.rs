//! From a [`Tree`](crate::domain::Tree) and a source to manifests: YAML as Kubernetes reads it, directories as Argo CD does.
