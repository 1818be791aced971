//! The vocabulary of server-side apply: the sets of fields that managers own.
//!
//! Pure: no I/O, no clock, no defaults of its own. It knows what `metadata.managedFields` says, and nothing about drift.

pub mod fields;
pub mod owners;

pub use fields::FieldSet;
pub use owners::{
    FORMER_APPLIERS, LAST_APPLIED, MANAGER, ManagedEntry, is_former_applier, managed, owners_of,
};
