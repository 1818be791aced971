//! The parts of the main screen.

pub mod apps;
pub mod clusters;
pub mod footer;
pub mod header;
