//! The shape of the source tree, kept by tests. Each fails with its rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod files;
mod layers;
mod source;
