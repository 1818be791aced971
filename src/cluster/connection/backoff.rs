//! How long to wait before trying again, and the one door through which randomness reaches this room.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

/// A source of numbers from 0 (included) to 1 (excluded).
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

const FIRST: Duration = Duration::from_millis(200);
/// The longest wait that is not asked for by the server.
pub(in crate::cluster) const LONGEST: Duration = Duration::from_secs(30);

/// Randomness of the machine; good enough to spread retries, and for nothing else.
pub fn machine_jitter() -> Jitter {
    Arc::new(|| {
        // Each RandomState is seeded anew.
        let bits = std::hash::RandomState::new().build_hasher().finish() >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let share = bits as f64 / (1u64 << 53) as f64;
        share
    })
}

/// Waits that double from 200 ms to 30 s, each spread over its upper half so that many do not retry at once.
pub(in crate::cluster) struct Backoff {
    jitter: Jitter,
    n_failures: u32,
}

impl Backoff {
    pub fn new(jitter: Jitter) -> Self {
        Self {
            jitter,
            n_failures: 0,
        }
    }

    /// The wait before the next attempt.
    pub fn next(&mut self) -> Duration {
        let whole = FIRST
            .saturating_mul(1u32 << self.n_failures.min(16))
            .min(LONGEST);
        self.n_failures = self.n_failures.saturating_add(1);
        whole.mul_f64(0.5 + self.share() / 2.0)
    }

    /// The wait that the server asked for, and a little more: others were told the same.
    pub fn asked(&mut self, wait: Duration) -> Duration {
        self.n_failures = self.n_failures.saturating_add(1);
        wait.min(LONGEST * 10) + wait.min(LONGEST).mul_f64(self.share() / 4.0)
    }

    /// A long wait, for what only a person can change.
    pub fn long(&mut self) -> Duration {
        self.n_failures = 16;
        self.next()
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.n_failures = 0;
    }

    /// A number from 0 to 1, whatever the jitter gives.
    pub fn share(&self) -> f64 {
        (self.jitter)().clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_their_cap() {
        let mut backoff = Backoff::new(Arc::new(|| 1.0));
        let waits: Vec<u128> = (0..10).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(
            waits,
            [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]
        );
        backoff.reset();
        assert_eq!(backoff.next(), FIRST);
        let mut least = Backoff::new(Arc::new(|| 0.0));
        assert_eq!(least.next(), FIRST / 2);
        assert_eq!(least.asked(Duration::from_secs(7)), Duration::from_secs(7));
        assert_eq!(least.long(), LONGEST / 2);
    }

    #[test]
    fn the_machines_jitter_is_a_share() {
        let jitter = machine_jitter();
        let drawn: Vec<f64> = (0..100).map(|_| jitter()).collect();
        assert!(drawn.iter().all(|n| (0.0..1.0).contains(n)));
        assert!(drawn.windows(2).any(|w| w[0] != w[1]));
    }
}
