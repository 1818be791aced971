//! Whole flows and screens, one module a subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod console;
mod controlplane;
mod figures;
mod terminal;
