//! Whole flows and screens, one module a subject.

mod console;
mod controlplane;
