//! The lock on an App: a Lease beside its record. Who runs, and when a lock has expired. No I/O: the engine reads and
//! writes it.

use std::time::{Duration, Instant};

use super::record::record_name;
use crate::domain::record::LOCK_SECONDS;
use crate::domain::{Problem, ProblemKind};

/// A lock has expired when it was not renewed for this long.
pub const EXPIRES_AFTER: Duration = Duration::from_secs(LOCK_SECONDS);

/// How often a Run renews its lock: three renewals may fail before anyone may take it over.
pub const RENEW_EVERY: Duration = Duration::from_secs(15);

/// Name of an App's Lease: that of its record.
pub fn lease_name(app: &str) -> String {
    record_name(app)
}

/// Why a second Run does not start.
pub fn held_by(holder: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("another sync of this App is running, started by {holder}"),
    )
    .hint("Wait until it has ended, then draw the Plan again.")
    .hint(format!(
        "Where that run is known to be dead, its lock can be taken over once it was not renewed for {LOCK_SECONDS} seconds."
    ))
}

/// A lock of somebody else's, watched by one's own monotonic clock: the times inside a Lease come from another
/// machine's clock and say nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Resource version as last seen.
    pub resource_version: String,
    /// When it was first seen so.
    pub since: Instant,
}

impl Observed {
    /// Sees a lock for the first time.
    pub fn new(resource_version: impl Into<String>, now: Instant) -> Self {
        Self {
            resource_version: resource_version.into(),
            since: now,
        }
    }

    /// Whether it may be taken over.
    pub fn expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= EXPIRES_AFTER
    }

    /// How long until it may be taken over; zero when it may be now.
    pub fn expires_in(&self, now: Instant) -> Duration {
        EXPIRES_AFTER.saturating_sub(now.saturating_duration_since(self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_expires_when_it_has_not_moved() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let lock = Observed::new("7", start);
        assert!(!lock.expired(after(59)));
        assert!(lock.expired(after(60)));
        assert_eq!(lock.expires_in(after(40)), Duration::from_secs(20));
        // A clock that another thread read a moment earlier.
        assert!(!lock.expired(start));
    }
}
