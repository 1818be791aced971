//! Kubernetes through kube: connect, discover, watch, dry run, apply, delete, rights, events.
