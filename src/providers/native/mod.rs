//! Apps without a controller: Argo CD's `Application` in files, and directories of manifests found in repositories.

mod application;
pub mod binding;
mod destination;
pub mod discovery;
mod fields;
pub mod naming;
mod repository;
mod skip;

pub use application::{Home, application};
pub use destination::{ContextRef, Contexts};
pub use discovery::{Found, Surroundings, discover, discovered, written};
pub use naming::distinct;
pub use repository::RepositoryRef;
