//! A mirror of a remote: what an earlier run fetched at once, then fetched now and then, or when asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::{Problem, ProblemKind, Repository};
use crate::engine::core::{Event, Events};
use crate::engine::loan::Lender;
use crate::git::{FetchOptions, Lent, Mirror, Progress, Repo, asking_may_help};

use super::{SourceOrder, SourceSeen, SourceSettings, blocking};

/// The task of one mirror.
pub(super) async fn look_after(
    repository: Repository,
    url: String,
    settings: SourceSettings,
    (events, lender): (Events, Lender),
    mut orders: mpsc::UnboundedReceiver<SourceOrder>,
) {
    let cancel = Arc::new(AtomicBool::new(false));
    let _cancel_on_drop = CancelOnDrop(cancel.clone());
    let mut may_ask = lender.at_once;
    let mut first = true;
    // Who looks once wants the newest; what an earlier run fetched serves only where nothing newer is to be had.
    let mut cached = None;
    loop {
        if first {
            // What an earlier run fetched is shown while the network is asked.
            let (cache, url) = (settings.cache_dir.clone(), url.clone());
            cached = blocking(move || Mirror::open(&cache, &url)?.repo())
                .await
                .ok()
                .flatten();
            if let Some(repo) = cached.take_if(|_| settings.live) {
                let seen = SourceSeen {
                    repo: Some(repo),
                    problem: None,
                    uncommitted: Arc::default(),
                    moved: true,
                };
                if events
                    .send(Event::Source(repository.clone(), seen))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        }
        let fetch = Fetch {
            cache: settings.cache_dir.clone(),
            url: url.clone(),
            name: repository.to_string(),
            deadline: Duration::from_secs(if first { 600 } else { 120 }),
            events: events.clone(),
        };
        let fetched = fetch.run(&cancel, &lender, may_ask).await;
        let _ = events.send(Event::Work(repository.to_string(), None)).await;
        let seen = match fetched {
            Ok((repo, moved)) => SourceSeen {
                repo,
                problem: None,
                uncommitted: Arc::default(),
                moved: moved || first,
            },
            Err(problem) => SourceSeen {
                repo: cached.take(),
                problem: Some(problem),
                uncommitted: Arc::default(),
                moved: false,
            },
        };
        first = false;
        may_ask = false;
        if events
            .send(Event::Source(repository.clone(), seen))
            .await
            .is_err()
        {
            return;
        }
        let pause = async {
            match settings.pause() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(pause);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    None => return,
                    Some(SourceOrder::Watch(_)) => {}
                    Some(SourceOrder::Refresh) => {
                        may_ask = true;
                        break;
                    }
                },
                () = &mut pause => break,
            }
        }
    }
}

/// One fetch of a mirror.
struct Fetch {
    cache: PathBuf,
    url: String,
    name: String,
    deadline: Duration,
    events: Events,
}

/// What is fetched, and whether something moved.
type Brought = (Option<Repo>, bool);

impl Fetch {
    /// Fetches, quietly as long as that will do. Where it will not and the person may be asked, the terminal is lent
    /// to whoever asks.
    async fn run(
        &self,
        cancel: &Arc<AtomicBool>,
        lender: &Lender,
        may_ask: bool,
    ) -> Result<Brought, Problem> {
        let refused = match self.once(cancel, None).await {
            Err(problem) if asking_may_help(&problem) => problem,
            done => return done,
        };
        let refused = lender.hint(refused);
        let turn = match if may_ask { lender.turn().await } else { None } {
            Some(turn) => turn,
            None => return Err(refused),
        };
        if turn.waited
            && let Ok(brought) = self.once(cancel, None).await
        {
            return Ok(brought);
        }
        let why = format!("{} wants a login", self.name);
        let Some(borrowed) = lender.borrow(turn, why).await else {
            return Err(refused);
        };
        let cancel = borrowed.cancelled();
        let _cancel_on_drop = CancelOnDrop(cancel.clone());
        match self
            .once(&cancel, Some(Lent::new(borrowed.returner())))
            .await
        {
            Err(problem) if problem.kind == ProblemKind::Cancelled => Err(refused),
            // The next try asks again.
            Err(problem) if asking_may_help(&problem) => Err(lender.hint(problem)),
            done => done,
        }
    }

    async fn once(&self, cancel: &Arc<AtomicBool>, lent: Option<Lent>) -> Result<Brought, Problem> {
        let (cache, url, cancel) = (self.cache.clone(), self.url.clone(), cancel.clone());
        let options = FetchOptions {
            // A person takes the time that they take.
            deadline: lent.is_none().then_some(self.deadline),
            lent,
        };
        let (events, name) = (self.events.clone(), self.name.clone());
        blocking(move || {
            let mirror = Mirror::open(&cache, &url)?;
            let progress = |p: Progress| {
                let _ = events.try_send(Event::Work(name.clone(), Some(fetching(&p))));
            };
            let fetched = mirror.fetch(&options, &cancel, &progress)?;
            Ok((mirror.repo()?, !fetched.moved.is_empty()))
        })
        .await
    }
}

/// A fetch under way, in words.
fn fetching(progress: &Progress) -> String {
    match progress.total {
        Some(total) if total > 0 => {
            format!(
                "fetching, {} {} %",
                progress.stage,
                progress.done * 100 / total
            )
        }
        _ => format!("fetching, {} {}", progress.stage, progress.done),
    }
}

/// Ends a fetch under way when its task ends.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
