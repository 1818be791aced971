//! Whole flows and screens, one module a subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod console;
mod controlplane;
mod figures;
mod flows;
mod http;
mod papers;
mod terminal;
mod weather;
