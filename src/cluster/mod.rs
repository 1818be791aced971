//! Kubernetes through kube: connect, discover, watch, dry run, apply, delete, rights, events.
//!
//! The one home of kube, k8s-openapi, http and tower. Reading goes through [`Connection`]; what can change something
//! goes through [`Writer`], which read-only mode never constructs. No request is ever retried here.

pub mod connection;
pub mod resource;

pub use connection::{Connection, Reply};
pub use resource::Resource;
