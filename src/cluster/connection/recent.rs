//! Answers that hold for a moment, so that a Plan over a hundred Apps asks once what is the same for all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;

use crate::domain::Result;

/// How long an answer holds. Long enough to be shared by the Apps of one Plan, short enough to hide no change: what is
/// decided by it, the server decides again at every write.
const AGE: Duration = Duration::from_secs(10);

/// The last answer to each question, with when it was given.
pub(in crate::cluster) struct Recent<K, V> {
    slots: Mutex<HashMap<K, Slot<V>>>,
    age: Duration,
}

type Slot<V> = Arc<tokio::sync::Mutex<Option<(Instant, V)>>>;

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self::for_as_long_as(AGE)
    }
}

impl<K, V> Recent<K, V> {
    /// Answers that hold for this long.
    pub fn for_as_long_as(age: Duration) -> Self {
        Self {
            slots: Mutex::default(),
            age,
        }
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// The answer to a question, asked when none was given within the last moments. Whoever wants it while it is being
    /// asked waits for that answer. Only what `lasts` is kept.
    pub async fn get(
        &self,
        question: K,
        now: Instant,
        lasts: impl FnOnce(&V) -> bool,
        ask: BoxFuture<'_, Result<V>>,
    ) -> Result<V> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            // What has grown old is not kept for a question that nobody may ask again.
            slots.retain(|_, slot| {
                let holds = |slot: &Option<(Instant, V)>| {
                    slot.as_ref().is_some_and(|(at, _)| self.holds(*at, now))
                };
                // One that is waited for is shared.
                Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|slot| holds(&slot))
            });
            slots.entry(question).or_default().clone()
        };
        let mut slot = slot.lock().await;
        if let Some((at, answer)) = &*slot
            && self.holds(*at, now)
        {
            return Ok(answer.clone());
        }
        let answer = ask.await?;
        *slot = lasts(&answer).then(|| (now, answer.clone()));
        Ok(answer)
    }

    fn holds(&self, at: Instant, now: Instant) -> bool {
        now.saturating_duration_since(at) < self.age
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::FutureExt as _;
    use futures::future::join_all;

    use super::*;
    use crate::domain::{Problem, ProblemKind};

    #[tokio::test]
    async fn an_answer_is_shared_for_a_moment_and_a_failure_never() {
        let (recent, start, n_asked) = (Recent::default(), Instant::now(), AtomicU32::new(0));
        let get = |key: u8, now: Instant, answer: Result<u8>| {
            let n_asked = &n_asked;
            let asked = async move {
                n_asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                answer
            };
            recent.get(key, now, |answer| *answer != 0, asked.boxed())
        };
        let no = || Problem::new(ProblemKind::Unreachable, "no answer");
        assert!(get(1, start, Err(no())).await.is_err());
        let all = join_all((0..9).map(|_| get(1, start, Ok(7)))).await;
        assert_eq!(all, vec![Ok(7); 9]);
        assert_eq!(n_asked.load(Ordering::Relaxed), 2);
        assert_eq!(get(1, start + AGE / 2, Ok(8)).await, Ok(7));
        assert_eq!(get(2, start, Ok(0)).await, Ok(0));
        assert_eq!(get(2, start, Ok(9)).await, Ok(9), "what does not last");
        assert_eq!(get(1, start + AGE, Ok(8)).await, Ok(8), "too old");
        assert_eq!(n_asked.load(Ordering::Relaxed), 5);
        assert_eq!(recent.slots.lock().unwrap().len(), 1, "the old are dropped");
    }
}
