//! A server that answers nothing but "too many requests" is waited for once, not once for each question.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Reply;

/// What the server said of the last dry runs, as long as it asked to slow down for each of them.
#[derive(Default)]
pub struct Busy(Mutex<Option<Spell>>);

struct Spell {
    since: Instant,
    /// Before this it does not want to be asked again.
    until: Instant,
    reply: Reply,
}

impl Busy {
    /// What the server would answer now, where it asks for more patience than there is.
    pub fn answer(&self, now: Instant, patience: Duration) -> Option<Reply> {
        let spell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let spell = spell.as_ref()?;
        let is_over = spell.until >= spell.since + patience;
        (is_over && now < spell.until).then(|| spell.reply.clone())
    }

    /// How long it has asked for patience already.
    pub fn lasts(&self, now: Instant) -> Duration {
        let spell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = spell.as_ref().map_or(now, |s| s.since);
        now.saturating_duration_since(since)
    }

    /// Notes an answer, with the wait that it asks for.
    pub fn note(&self, now: Instant, reply: &Reply, wait: Option<Duration>) {
        let mut spell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *spell = wait.map(|wait| Spell {
            since: spell.as_ref().map_or(now, |s| s.since),
            until: now + wait,
            reply: reply.clone(),
        });
    }
}
