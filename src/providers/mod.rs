//! Where Apps come from. `native`: `Application` manifests in files, and discovery in repositories.
//!
//! Pure over values and trees: nothing here reaches a network, a cluster or a disk.

pub mod native;
