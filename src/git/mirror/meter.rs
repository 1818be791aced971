//! How far a fetch is: gix counts, the caller reads when it likes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gix::progress::{Id, MessageLevel, Step, StepShared, UNKNOWN, Unit};

/// How far a fetch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in the words of gix or of the remote (`remote: counting objects`, `read pack`).
    pub stage: String,
    /// How much of it is done.
    pub done: usize,
    /// Of how much; `None`: not known.
    pub total: Option<usize>,
}

/// The counts of a running fetch.
#[derive(Default)]
pub(super) struct Gauge {
    stages: Mutex<Vec<Arc<Mutex<Stage>>>>,
}

#[derive(Default)]
struct Stage {
    name: String,
    done: StepShared,
    total: Option<usize>,
}

impl Gauge {
    /// The stage that began last and still lasts.
    pub(super) fn read(&self) -> Option<Progress> {
        let stages = lock(&self.stages);
        let stage = lock(stages.last()?);
        Some(Progress {
            stage: stage.name.clone(),
            done: stage.done.load(Ordering::Relaxed),
            total: stage.total,
        })
    }

    /// A meter that counts into this gauge.
    pub(super) fn meter(self: &Arc<Self>) -> Meter {
        Meter::new(self, "connecting".to_owned(), UNKNOWN)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One stage of a fetch, as gix reports it.
pub(super) struct Meter {
    gauge: Arc<Gauge>,
    stage: Arc<Mutex<Stage>>,
    done: StepShared,
    id: Id,
}

impl Meter {
    fn new(gauge: &Arc<Gauge>, name: String, id: Id) -> Self {
        let done: StepShared = Arc::new(AtomicUsize::new(0));
        let stage = Arc::new(Mutex::new(Stage {
            name,
            done: done.clone(),
            total: None,
        }));
        lock(&gauge.stages).push(stage.clone());
        Self {
            gauge: gauge.clone(),
            stage,
            done,
            id,
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        lock(&self.gauge.stages).retain(|stage| !Arc::ptr_eq(stage, &self.stage));
    }
}

impl gix::Count for Meter {
    fn set(&self, step: Step) {
        self.done.store(step, Ordering::Relaxed);
    }
    fn step(&self) -> Step {
        self.done.load(Ordering::Relaxed)
    }
    fn inc_by(&self, step: Step) {
        self.done.fetch_add(step, Ordering::Relaxed);
    }
    fn counter(&self) -> StepShared {
        self.done.clone()
    }
}

impl gix::Progress for Meter {
    fn init(&mut self, max: Option<Step>, _unit: Option<Unit>) {
        self.done.store(0, Ordering::Relaxed);
        lock(&self.stage).total = max;
    }
    fn max(&self) -> Option<Step> {
        lock(&self.stage).total
    }
    fn set_max(&mut self, max: Option<Step>) -> Option<Step> {
        std::mem::replace(&mut lock(&self.stage).total, max)
    }
    fn set_name(&mut self, name: String) {
        lock(&self.stage).name = name;
    }
    fn name(&self) -> Option<String> {
        Some(lock(&self.stage).name.clone())
    }
    fn id(&self) -> Id {
        self.id
    }
    fn message(&self, _level: MessageLevel, message: String) {
        tracing::debug!(target: "git", "{message}");
    }
}

impl gix::NestedProgress for Meter {
    type SubProgress = Self;

    fn add_child(&mut self, name: impl Into<String>) -> Self {
        self.add_child_with_id(name, UNKNOWN)
    }
    fn add_child_with_id(&mut self, name: impl Into<String>, id: Id) -> Self {
        Self::new(&self.gauge, name.into(), id)
    }
}
