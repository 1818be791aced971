//! Repositories through gix: checkouts read in place, URLs mirrored; revisions, trees and history.
//!
//! Everything here blocks. Checkouts and local repositories are never written and never fetched into; only mirrors,
//! under the cache directory, are. No other room names gix.

pub mod fixture;

mod history;
mod location;
mod mirror;
mod object_tree;
mod repo;
mod revision;
pub mod semver;
mod status;
mod trouble;
mod worktree;

pub use history::Upstream;
pub use location::{file_path, is_local, normalise_url, parse_source};
pub use mirror::{FetchOptions, Fetched, Lent, Mirror, Moved, Progress, asking_may_help};
pub use repo::Repo;
pub use revision::{RefKind, Resolved};
pub use status::Ignores;
pub use worktree::directory;

#[cfg(test)]
mod tests;
