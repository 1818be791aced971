//! A Run as it goes on: each step's state, what it waits for, how it ended, and how its Apps fare after it.

mod draw;
mod text;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::plan::PlannedApp;
use crate::domain::record::{Outcome, RunKind};
use crate::domain::{AppId, Health, HealthStatus, ObjectKey, Plan};
use crate::engine::{Draw, ObjectView, Reason, RunView, StepState, Ticket};

use super::super::document::{Pos, Reader};
use super::super::state::State;
use super::super::wording;

pub use draw::draw;

/// Objects whose health is explained at most; the rest is counted.
pub const MAX_ASKED: usize = 4;

/// Lines of the steps that stay in view above how a Run ended.
const LAST_STEPS: usize = 4;

/// What is not well is asked about again after this long: events go on arriving.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(3);

/// An object of an App.
type Object = (AppId, ObjectKey);

/// What was asked about an object that is not well, and what the cluster said.
#[derive(Clone, Debug, Default)]
pub struct Inquiry {
    /// The question that waits for an answer.
    pub ticket: Option<Ticket>,
    /// When it was last asked.
    asked: Timestamp,
    /// Its health at that moment.
    health: Option<Health>,
    /// The last answer, newest line last.
    pub reasons: Vec<Reason>,
}

/// The Run that is under way, or the last one.
#[derive(Debug)]
pub struct Running {
    /// Its ticket.
    pub ticket: Ticket,
    /// The Plan that it executes.
    pub plan: Arc<Plan>,
    /// What that Plan was drawn for.
    pub draw: Draw,
    /// How far it is; `None` until the first report.
    pub view: Option<Arc<RunView>>,
    /// Whether it was asked to stop.
    pub stopping: bool,
    /// What was asked about objects that are not well after it.
    pub inquiries: HashMap<Object, Inquiry>,
    /// Whether the text keeps up with the step under way, until the reader scrolls.
    pub follows: bool,
    /// The text.
    pub reader: Reader,
}

impl Running {
    /// A Run that was just asked for.
    pub fn new(ticket: Ticket, plan: Arc<Plan>, draw: Draw) -> Self {
        Self {
            ticket,
            plan,
            draw,
            view: None,
            stopping: false,
            inquiries: HashMap::new(),
            follows: true,
            reader: Reader::default(),
        }
    }

    /// How it ended; `None` while it goes on.
    pub fn outcome(&self) -> Option<Outcome> {
        self.view
            .as_ref()
            .and_then(|v| v.outcome)
            .filter(|o| *o != Outcome::Running)
    }

    /// Whether it goes on.
    pub fn is_under_way(&self) -> bool {
        self.outcome().is_none()
    }

    /// Whether it goes on and is of this App, among others.
    pub fn is_changing(&self, id: &AppId) -> bool {
        let is_it = |app: &PlannedApp| app.refused.is_none() && app.id == *id;
        self.is_under_way() && self.plan.apps.iter().any(is_it)
    }

    /// Whether an adoption is done and the sync that follows it can be drawn.
    pub fn leads_to_sync(&self) -> bool {
        self.plan.kind == RunKind::Adopt && self.outcome() == Some(Outcome::Succeeded)
    }

    /// Its Apps.
    pub fn apps(&self) -> Vec<AppId> {
        self.plan
            .apps
            .iter()
            .filter(|a| a.refused.is_none())
            .map(|a| a.id.clone())
            .collect()
    }

    /// Whether it came to nothing, so that its Plan can be drawn again.
    pub fn can_draw_again(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::Failed | Outcome::Stopped))
    }

    /// What leaving means while it is under way.
    pub fn leaving(&self) -> String {
        format!(
            "{} is under way. Leaving stops it before its next step; what is done stays done.",
            self.progress()
        )
    }

    /// `Sync 3/12`: what is done, of all.
    pub fn progress(&self) -> String {
        let done = self.view.as_ref().map_or(0, |view| {
            view.steps
                .iter()
                .filter(|s| matches!(s, StepState::Done(_)))
                .count()
        });
        format!(
            "{} {done}/{}",
            wording::kind(self.plan.kind),
            self.plan.steps.len()
        )
    }

    /// Whether its Apps' health is looked at: it has ended, and may have changed something.
    fn is_settling(&self) -> bool {
        self.plan.kind != RunKind::Adopt
            && self.outcome().is_some()
            && self.view.as_ref().is_some_and(|view| {
                let touched = |s: &StepState| !matches!(s, StepState::NotRun | StepState::Waiting);
                view.steps.iter().any(touched)
            })
    }

    /// Objects that are to be asked about now: those that are not well and were not asked about lately.
    pub fn unexplained(&self, state: &State) -> Vec<Object> {
        if !self.is_settling() {
            return Vec::new();
        }
        let mut objects = Vec::new();
        for id in self.apps() {
            objects.extend(
                unwell(state, &id)
                    .map(|o| ((id.clone(), o.drift.key.clone()), o.health.clone()))
                    .take(MAX_ASKED),
            );
        }
        objects
            .into_iter()
            .take(MAX_ASKED)
            .filter(|(object, health)| {
                self.inquiries.get(object).is_none_or(|asked| {
                    asked.ticket.is_none()
                        && (asked.health != *health || state.now >= asked.asked + ASK_AGAIN)
                })
            })
            .map(|(object, _)| object)
            .collect()
    }

    /// Notes that an object is asked about.
    pub fn asks(&mut self, object: Object, health: Option<Health>, ticket: Ticket, now: Timestamp) {
        let inquiry = self.inquiries.entry(object).or_default();
        inquiry.ticket = Some(ticket);
        inquiry.asked = now;
        inquiry.health = health;
    }

    /// Takes an answer; says whether it was waited for. What was known stays where the cluster gave none.
    pub fn explained(&mut self, ticket: Ticket, reasons: Option<Vec<Reason>>) -> bool {
        let waiting = self.inquiries.values_mut();
        let Some(inquiry) = { waiting }.find(|i| i.ticket == Some(ticket)) else {
            return false;
        };
        inquiry.ticket = None;
        if let Some(reasons) = reasons {
            inquiry.reasons = reasons;
        }
        true
    }

    /// When something is to be asked again.
    fn asks_again(&self, state: &State) -> Option<Timestamp> {
        let settling = self.is_settling();
        let unwell = self
            .apps()
            .into_iter()
            .filter(|_| settling)
            .flat_map(|id| {
                unwell(state, &id)
                    .map(|o| (id.clone(), o.drift.key.clone()))
                    .collect::<Vec<_>>()
            })
            .take(MAX_ASKED);
        unwell
            .filter_map(|object| self.inquiries.get(&object))
            .filter(|i| i.ticket.is_none())
            .map(|i| i.asked + ASK_AGAIN)
            .min()
    }

    /// Scrolls so that the step under way is on screen, and the end once there is one, until the reader scrolls.
    pub fn keep_up(&mut self, height: usize) {
        if self.follows {
            let last = self.reader.document.sections().len().saturating_sub(1);
            if self.outcome().is_some() && last > 0 {
                // The end from its beginning, since what it says first weighs most; and what led to it.
                self.reader.go_behind(last, LAST_STEPS, height);
            } else if let Some(section) = self.step_under_way() {
                self.reader.cursor = Pos { section, line: 0 };
            }
        }
        self.reader.show(height);
    }

    /// The step under way, or the last one begun.
    fn step_under_way(&self) -> Option<usize> {
        let view = self.view.as_ref()?;
        let begun = |s: &StepState| !matches!(s, StepState::Waiting | StepState::NotRun);
        view.steps.iter().rposition(begun)
    }
}

/// Objects of an App that are not well, or not yet.
fn unwell<'a>(state: &'a State, id: &AppId) -> impl Iterator<Item = &'a Arc<ObjectView>> {
    let objects = state.data.app(id).map(|view| &view.objects);
    objects.into_iter().flatten().filter(|object| {
        object.health.as_ref().is_some_and(|h| {
            matches!(
                h.status,
                HealthStatus::Degraded | HealthStatus::Progressing | HealthStatus::Missing
            )
        })
    })
}
