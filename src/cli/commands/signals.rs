//! Signals that ask the program to end: an interrupt, a termination, a hangup.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// A signal that was caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Its number, as in `128 + n`.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
}

/// Listens for the signals that ask for an end, from the moment it is made.
pub struct Signals(Vec<(Caught, Signal)>);

/// The same signal within this time is not impatience: `timeout` sends each to its command and to its command's group.
const ECHO: Duration = Duration::from_millis(500);

/// Tells the same signal again, which leaves at once, from the first of its kind and from an echo of it.
#[derive(Default)]
pub struct Impatience(Vec<(Caught, Instant)>);

impl Impatience {
    /// Whether a signal that was caught now is one that was sent again. A hangup and a termination often come together,
    /// and neither is the other again.
    pub fn is_again(&mut self, caught: Caught, now: Instant) -> bool {
        match self.0.iter().find(|(c, _)| *c == caught) {
            Some((_, first)) => now.duration_since(*first) >= ECHO,
            None => {
                self.0.push((caught, now));
                false
            }
        }
    }
}

const ENDING: [Caught; 3] = [
    Caught {
        number: 1,
        name: "SIGHUP",
    },
    Caught {
        number: 2,
        name: "SIGINT",
    },
    Caught {
        number: 15,
        name: "SIGTERM",
    },
];

impl Signals {
    /// Listens. A signal that whoever started the program had it ignore (`nohup`, a job in the background) stays
    /// ignored; one that cannot be listened for ends the program as it always did.
    pub fn listen() -> Self {
        let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
        let wanted = ENDING
            .into_iter()
            .filter(|c| ignored & (1 << (c.number - 1)) == 0);
        Self(
            wanted
                .filter_map(|caught| {
                    let kind = SignalKind::from_raw(i32::from(caught.number));
                    Some((caught, signal(kind).ok()?))
                })
                .collect(),
        )
    }

    /// The next signal. Dropping the future early loses none.
    pub async fn next(&mut self) -> Caught {
        std::future::poll_fn(|context| {
            for (caught, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*caught);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

/// The set of ignored signals of a process, as Linux tells it; elsewhere none is known.
fn ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_was_left_in_the_middle_by_a_timeout_that_sends_its_signal_twice() {
        let (hangup, termination) = (ENDING[0], ENDING[2]);
        let mut impatience = Impatience::default();
        let began = Instant::now();
        assert!(!impatience.is_again(termination, began));
        assert!(!impatience.is_again(termination, began + Duration::from_millis(1)));
        assert!(!impatience.is_again(hangup, began + Duration::from_secs(2)));
        assert!(impatience.is_again(termination, began + Duration::from_secs(2)));
    }

    #[test]
    fn what_nohup_ignores_is_read() {
        assert_eq!(ignored("Name:\tx\nSigIgn:\t0000000000001001\n") & 1, 1);
        assert_eq!(ignored("SigIgn:\t0000000000001000\n") & 1, 0);
        assert_eq!(ignored(""), 0);
    }
}
