//! The nouns of trueup: plain data that every other room speaks in.
//!
//! Invariant: nothing here does I/O, waits, or knows of gix, kube or ratatui. A type belongs here when two rooms
//! must agree on it; what one room alone needs stays in that room.

pub mod age;
pub mod app;
pub mod clock;
pub mod count;
pub mod deletion;
pub mod drift;
pub mod health;
pub mod key;
pub mod manifest;
pub mod near;
pub mod path;
pub mod plan;
pub mod problem;
pub mod record;
pub mod source;
pub mod text;
pub mod tracking;
pub mod tree;

pub use app::{App, AppId, Destination, IgnoreRule, Notice, Provider, SyncOptions};
pub use clock::{Clock, SystemClock};
pub use count::count;
pub use drift::{Cause, FieldDrift, Foreign, ObjectDrift, Owner, Verdict};
pub use health::{Health, HealthStatus};
pub use key::{GroupKind, Gvk, ObjectKey};
pub use manifest::{Manifest, Origin, Places, PlacesBuilder, Position};
pub use path::{FieldPath, Step};
pub use plan::{Action, Plan, PlanKind, PlanStep};
pub use problem::{Problem, ProblemKind};
pub use record::{Inventory, SyncRecord};
pub use source::{Commit, CommitId, DirectoryOptions, Repository, Revision, Source};
pub use tracking::TrackingId;
pub use tree::{Entry, EntryKind, MemoryEntry, MemoryTree, ReadRecord, Recorder, RepoPath, Tree};

/// A JSON value as Kubernetes sees one. Maps are ordered by key.
pub type Value = serde_json::Value;

/// The result of anything that can fail in a way fit to show to a person.
pub type Result<T, E = Problem> = std::result::Result<T, E>;
