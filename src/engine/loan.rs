//! The terminal, lent: work that must ask the person something asks whoever holds the terminal for it.
//!
//! One asks at a time. Nothing is lent that was not asked for by the person (`r`, or a command at a terminal).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, watch};

use crate::domain::Problem;

use super::report::Report;

/// How often it is looked whether the person gave up.
const LOOK: Duration = Duration::from_millis(20);

/// How far a loan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Asked,
    Lent,
    Refused,
    Over,
}

/// The terminal, asked for. Whoever holds it leaves it as it was found, calls [`Loan::begin`], and takes it back after
/// [`Loan::over`]. Dropped unanswered it is refused.
#[derive(Clone, Debug)]
pub struct Loan {
    why: Arc<str>,
    stage: Arc<watch::Sender<Stage>>,
    cancelled: Arc<AtomicBool>,
}

impl Loan {
    /// Who wants to ask something, in words (`https://host/shop wants a login`).
    pub fn why(&self) -> &str {
        &self.why
    }

    /// The terminal is theirs now. It stays so until the loan is over.
    pub fn begin(&self) {
        self.stage.send_if_modified(|stage| {
            let asked = *stage == Stage::Asked;
            if asked {
                *stage = Stage::Lent;
            }
            asked
        });
    }

    /// Nobody is to be asked (any more): what is being asked is given up.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.stage.send_if_modified(|stage| {
            let asked = *stage == Stage::Asked;
            if asked {
                *stage = Stage::Refused;
            }
            asked
        });
    }

    /// Ends when nobody asks any more, and the terminal can be taken back.
    pub fn over(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stage = self.stage.subscribe();
        async move {
            // The sender is gone: so is whoever asked.
            let _ = stage
                .wait_for(|s| matches!(s, Stage::Over | Stage::Refused))
                .await;
        }
    }

    fn end(&self) {
        self.stage.send_replace(Stage::Over);
    }
}

/// Where the engine's tasks ask for the terminal.
#[derive(Clone)]
pub(super) struct Lender {
    reports: mpsc::Sender<Report>,
    /// Whether anybody holds a terminal and answers.
    lends: bool,
    /// Whether the first attempt may ask already: who runs one command has asked for it.
    pub at_once: bool,
    turn: Arc<Mutex<()>>,
    declined: Arc<AtomicU64>,
}

impl Lender {
    pub fn new(reports: mpsc::Sender<Report>, lends: bool, at_once: bool) -> Self {
        Self {
            reports,
            lends,
            at_once: lends && at_once,
            turn: Arc::default(),
            declined: Arc::default(),
        }
    }

    /// Waits for the turn to ask. `None`: nobody is to be asked; a person who just declined is not asked again by those
    /// who queued meanwhile.
    pub async fn turn(&self) -> Option<Turn> {
        if !self.lends {
            return None;
        }
        if let Ok(guard) = self.turn.clone().try_lock_owned() {
            return Some(Turn {
                waited: false,
                guard,
            });
        }
        let declined = self.declined.load(Ordering::SeqCst);
        let guard = self.turn.clone().lock_owned().await;
        (declined == self.declined.load(Ordering::SeqCst)).then_some(Turn {
            waited: true,
            guard,
        })
    }

    /// Asks for the terminal. `None`: it is not to be had.
    pub async fn borrow(&self, turn: Turn, why: String) -> Option<Borrowed> {
        let (stage, mut answer) = watch::channel(Stage::Asked);
        let loan = Loan {
            why: why.into(),
            stage: Arc::new(stage),
            cancelled: Arc::default(),
        };
        let borrowed = Borrowed {
            loan: loan.clone(),
            declined: self.declined.clone(),
            _turn: turn.guard,
        };
        self.reports.send(Report::Loan(loan)).await.ok()?;
        let stage = answer
            .wait_for(|s| *s != Stage::Asked)
            .await
            .ok()
            .map(|s| *s);
        (stage == Some(Stage::Lent)).then_some(borrowed)
    }

    /// A Problem with how the person can come to be asked, where that is missing.
    pub fn hint(&self, problem: Problem) -> Problem {
        let hint = match (self.lends, self.at_once) {
            (true, false) => "Refresh it to be asked.",
            // Who was asked knows how.
            (true, true) => return problem,
            (false, _) => "Run it in a terminal to be asked.",
        };
        problem.hint(hint)
    }
}

/// The turn to ask, until it is dropped.
pub(super) struct Turn {
    /// Whether somebody else asked meanwhile: what they were told may do for this one, too.
    pub waited: bool,
    guard: OwnedMutexGuard<()>,
}

/// The terminal, until this is dropped or given back.
pub(super) struct Borrowed {
    loan: Loan,
    declined: Arc<AtomicU64>,
    _turn: OwnedMutexGuard<()>,
}

impl Borrowed {
    /// Set when the person wants to be asked no more.
    pub fn cancelled(&self) -> Arc<AtomicBool> {
        self.loan.cancelled.clone()
    }

    /// Whether the person wants to be asked no more.
    pub fn is_cancelled(&self) -> bool {
        self.loan.cancelled.load(Ordering::SeqCst)
    }

    /// Ends when the person wants to be asked no more.
    pub async fn given_up(&self) {
        while !self.is_cancelled() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Gives the terminal back when called.
    pub fn returner(&self) -> impl Fn() + Send + Sync + use<> {
        let loan = self.loan.clone();
        move || loan.end()
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if self.loan.cancelled.load(Ordering::SeqCst) {
            self.declined.fetch_add(1, Ordering::SeqCst);
        }
        self.loan.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lender(lends: bool) -> (Lender, mpsc::Receiver<Report>) {
        let (reports, receiver) = mpsc::channel(4);
        (Lender::new(reports, lends, false), receiver)
    }

    async fn asked(reports: &mut mpsc::Receiver<Report>) -> Loan {
        match reports.recv().await {
            Some(Report::Loan(loan)) => loan,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_loan_lasts_until_it_is_given_back() {
        let (lender, mut reports) = lender(true);
        let holder = async {
            let loan = asked(&mut reports).await;
            assert_eq!(loan.why(), "who");
            loan.begin();
            loan.over().await;
        };
        let borrower = async {
            let turn = lender.turn().await.unwrap();
            assert!(!turn.waited);
            let borrowed = lender.borrow(turn, "who".into()).await.unwrap();
            borrowed.returner()();
        };
        tokio::join!(holder, borrower);
    }

    #[tokio::test]
    async fn nobody_is_asked_where_nobody_lends() {
        let (lender, _reports) = lender(false);
        assert!(lender.turn().await.is_none());
    }

    #[tokio::test]
    async fn who_declines_is_not_asked_by_those_who_queued() {
        let (lender, mut reports) = lender(true);
        let first = async {
            let turn = lender.turn().await.unwrap();
            let borrowed = lender.borrow(turn, "one".into()).await.unwrap();
            while !borrowed.cancelled().load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
        };
        let second = async {
            tokio::task::yield_now().await;
            lender.turn().await.is_none()
        };
        let holder = async {
            let loan = asked(&mut reports).await;
            loan.begin();
            loan.cancel();
            loan.over().await;
        };
        let ((), declined, ()) = tokio::join!(first, second, holder);
        assert!(declined);
        // Pressing `r` again asks again.
        assert!(lender.turn().await.is_some());
    }

    #[tokio::test]
    async fn a_holder_that_goes_lends_nothing() {
        let (lender, reports) = lender(true);
        drop(reports);
        let turn = lender.turn().await.unwrap();
        assert!(lender.borrow(turn, "who".into()).await.is_none());
    }
}
