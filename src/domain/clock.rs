//! The one door through which time comes in.

use jiff::Timestamp;
use std::time::Instant;

/// Tells the time. Everything that shows or compares times asks a clock that it was given.
pub trait Clock: Send + Sync {
    /// Wall-clock time, for records and ages.
    fn now(&self) -> Timestamp;
    /// Monotonic time, for waits and expiry.
    fn instant(&self) -> Instant;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    fn instant(&self) -> Instant {
        Instant::now()
    }
}
