//! Kubernetes through kube: connect, discover, watch, dry run, apply, delete, rights, events.
//!
//! The one home of kube, k8s-openapi, http and tower. Reading goes through [`Connection`]; what can change something
//! goes through [`Writer`], which read-only mode never constructs. No request is ever retried here, but
//! for one whose outdated credential was refused; only watches begin anew by themselves.

mod access;
mod backoff;
pub mod connect;
pub mod connection;
pub mod discovery;
pub mod environment;
pub mod events;
mod exec;
pub mod identity;
pub mod kubeconfig;
mod lines;
pub mod live;
mod page;
mod proxy;
mod query;
pub mod resource;
pub mod rights;
#[cfg(test)]
mod scripted;
pub mod status;
mod transport;
pub mod watch;

pub use backoff::{Jitter, machine_jitter};
pub use connect::ConnectOptions;
pub use connection::{Connection, Reply};
pub use discovery::Discovery;
pub use environment::Environment;
pub use events::{EventKind, EventText};
pub use identity::Identity;
pub use kubeconfig::{ContextInfo, IN_CLUSTER, Kubeconfigs};
pub use live::{Live, TRACKING_ID};
pub use page::Keep;
pub use resource::Resource;
pub use rights::{Ask, Rights};
pub use status::{Status, StatusCause};
pub use transport::AuthKind;
pub use watch::WatchEvent;
