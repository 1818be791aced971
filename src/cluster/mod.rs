//! Kubernetes through kube: connect, discover, watch, dry run, apply, delete, rights, events.
//!
//! The one home of kube, k8s-openapi, http and tower. Reading goes through [`Connection`]; what can change something
//! goes through [`Writer`], which read-only mode never constructs. No request is ever retried here, but
//! for one whose outdated credential was refused; only watches begin anew by themselves.

mod access;
mod connect;
mod connection;
mod discovery;
mod events;
mod identity;
mod predict;
mod refusal;
mod resource;
mod rights;
mod watch;
mod writer;

#[cfg(test)]
mod played;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
pub(crate) mod scripted;

pub use access::exec::end_plugins;
pub use connect::ConnectOptions;
pub use connect::environment::Environment;
pub use connect::kubeconfig::{ContextInfo, IN_CLUSTER, Kubeconfigs, shown_server};
pub use connection::backoff::{Jitter, machine_jitter};
pub use connection::transport::AuthKind;
pub use connection::{Connection, Reply};
pub use discovery::Discovery;
pub use events::{EventKind, EventText};
pub use identity::Identity;
pub use predict::Prediction;
pub use refusal::status::{Status, StatusCause};
pub use refusal::{Refusal, RefusalKind};
pub use resource::Resource;
pub use rights::Ask;
pub use watch::WatchEvent;
pub use watch::live::Live;
pub use watch::page::Keep;
pub use writer::adopt::Adopted;
pub use writer::lease::{Lease, LeaseState};
pub use writer::{Deletion, Done, Failure, Writer};
