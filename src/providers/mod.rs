//! Where Apps come from. `native`: `Application` manifests in files, and discovery in repositories.
//!
//! Over values and trees alone: nothing here reaches a network or a cluster, and the disk only where two local paths
//! are asked whether they are one.

pub mod native;
