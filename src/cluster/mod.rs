//! Kubernetes through kube: connect, discover, watch, dry run, apply, delete, rights, events.
//!
//! The one home of kube, k8s-openapi, http and tower. Reading goes through [`Connection`]; what can change something
//! goes through [`Writer`], which read-only mode never constructs. No request is ever retried here.

pub mod adopt;
pub mod connection;
mod foreseen;
mod held;
pub mod lease;
mod leftover;
pub mod openapi;
pub mod predict;
pub mod preflight;
pub mod records;
pub mod refusal;
pub mod resource;
mod target;
pub mod writer;

#[cfg(test)]
mod leftover_tests;
#[cfg(test)]
mod played;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod writer_tests;

pub use adopt::Adopted;
pub use connection::{Connection, Reply};
pub use lease::{Lease, LeaseState};
pub use predict::{MANAGER, Prediction};
pub use refusal::{Refusal, RefusalKind};
pub use resource::Resource;
pub use writer::{Deletion, Done, Failure, Writer};
