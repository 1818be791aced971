//! The figures of `docs/performance.md`, measured against a real API server.
//!
//! Each prints what it found; what is asserted is counted, never timed. Run as that document says.

mod console;
mod shop;
mod verdict;
mod world;
