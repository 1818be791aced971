//! The shape of the source tree, kept by tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
