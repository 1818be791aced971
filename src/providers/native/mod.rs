//! Apps without a controller: Argo CD's `Application` in files, and directories of manifests found in repositories.

pub mod application;
pub mod binding;
pub mod destination;
pub mod discovery;
pub mod fields;
pub mod naming;
pub mod repository;
pub mod skip;

pub use application::{Home, application};
pub use destination::{ContextRef, Contexts};
pub use discovery::{Found, Surroundings, discover, discovered, written};
pub use naming::distinct;
pub use repository::RepositoryRef;
