//! How well something runs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Health in Argo CD's words, best to worst (gitops-engine `pkg/health`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum HealthStatus {
    /// It runs as asked.
    #[default]
    Healthy,
    /// It is paused on purpose.
    Suspended,
    /// It is not there yet and may still get there.
    Progressing,
    /// It does not exist.
    Missing,
    /// It failed, or will not get there by itself.
    Degraded,
    /// It could not be assessed.
    Unknown,
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        })
    }
}

/// Health with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The verdict.
    pub status: HealthStatus,
    /// Why, in the words of the cluster where it has some; may be empty.
    pub message: String,
}

impl Health {
    /// A verdict with its reason.
    pub fn new(status: HealthStatus, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}
