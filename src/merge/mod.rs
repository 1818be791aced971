//! Server-side apply as a pure function: for now its vocabulary, the sets of fields that managers own and the structure
//! of kinds.
//!
//! Pure: no I/O, no clock, no defaults of its own. It knows what `metadata.managedFields` and an OpenAPI document say,
//! and nothing about drift.

pub mod fields;
pub mod owners;
pub mod schema;

pub use fields::FieldSet;
pub use owners::{
    FORMER_APPLIERS, LAST_APPLIED, MANAGER, ManagedEntry, is_former_applier, managed, owners_of,
};
pub use schema::{Format, ListKind, Schema};
