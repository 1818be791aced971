//! Kubernetes through kube: connect, discover, watch, dry run, apply, delete, rights, events.
//!
//! The one home of kube, k8s-openapi, http and tower. Reading goes through [`Connection`]; what can change something
//! goes through [`Writer`], which read-only mode never constructs. No request is ever retried here, but
//! for one whose outdated credential was refused; only watches begin anew by themselves.

mod access;
pub mod adopt;
mod backoff;
pub mod connect;
pub mod connection;
pub mod discovery;
pub mod environment;
pub mod events;
mod exec;
mod foreseen;
mod held;
pub mod identity;
pub mod kubeconfig;
pub mod lease;
mod leftover;
mod lines;
pub mod live;
mod moved;
pub mod openapi;
mod page;
pub mod predict;
pub mod preflight;
mod proxy;
mod query;
mod recent;
pub mod records;
pub mod refusal;
pub mod resource;
pub mod rights;
pub mod status;
mod suspects;
mod target;
mod transport;
mod unasked;
pub mod watch;
pub mod writer;

#[cfg(test)]
mod leftover_tests;
#[cfg(test)]
mod moved_tests;
#[cfg(test)]
mod played;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod records_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod writer_tests;

pub use adopt::Adopted;
pub use backoff::{Jitter, machine_jitter};
pub use connect::ConnectOptions;
pub use connection::{Connection, Reply};
pub use discovery::Discovery;
pub use environment::Environment;
pub use events::{EventKind, EventText};
pub use identity::Identity;
pub use kubeconfig::{ContextInfo, IN_CLUSTER, Kubeconfigs};
pub use lease::{Lease, LeaseState};
pub use live::Live;
pub use page::Keep;
pub use predict::Prediction;
pub use refusal::{Refusal, RefusalKind};
pub use resource::Resource;
pub use rights::{Ask, Rights};
pub use status::{Status, StatusCause};
pub use transport::AuthKind;
pub use watch::WatchEvent;
pub use writer::{Deletion, Done, Failure, Writer};
