//! A Run as it goes on: each step's state, what it waits for, how it ended, and how its Apps fare after it.

use std::collections::HashMap;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::record::{Outcome, RunKind};
use crate::domain::{AppId, HealthStatus, ObjectKey, Plan};
use crate::engine::{Reason, RunView, StepState, Ticket};

use super::super::detail::{body, diff};
use super::super::document::{Reader, Section};
use super::super::painter::{Painter, Piece, piece};
use super::super::state::State;
use super::super::theme::Label;
use super::super::wording;
use super::text::reason_lines;

/// Objects whose health is asked after at most.
pub const MAX_ASKED: usize = 4;

/// The Run that is under way, or the last one.
#[derive(Debug)]
pub struct Running {
    /// Its ticket.
    pub ticket: Ticket,
    /// The Plan that it executes.
    pub plan: Arc<Plan>,
    /// How far it is; `None` until the first report.
    pub view: Option<Arc<RunView>>,
    /// Whether it was asked to stop.
    pub stopping: bool,
    /// What was asked about objects that are not well, and what the cluster said.
    pub asked: HashMap<Ticket, ObjectKey>,
    /// The answers.
    pub reasons: Vec<(ObjectKey, Vec<Reason>)>,
    /// The text.
    pub reader: Reader,
}

impl Running {
    /// A Run that was just asked for.
    pub fn new(ticket: Ticket, plan: Arc<Plan>) -> Self {
        Self {
            ticket,
            plan,
            view: None,
            stopping: false,
            asked: HashMap::new(),
            reasons: Vec::new(),
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

    /// `Sync 3/12`.
    pub fn progress(&self) -> String {
        let done = self.view.as_ref().map_or(0, |view| {
            view.steps
                .iter()
                .filter(|s| !matches!(s, StepState::Waiting | StepState::Running))
                .count()
        });
        format!(
            "{} {done}/{}",
            wording::kind(self.plan.kind),
            self.plan.steps.len()
        )
    }

    /// Steps and their Apps' objects that are not well, to be asked about.
    pub fn unwell(&self, state: &State) -> Vec<(AppId, ObjectKey)> {
        let well = self
            .view
            .as_ref()
            .and_then(|v| v.health.as_ref())
            .is_none_or(|h| h.status == HealthStatus::Healthy);
        if well || self.is_under_way() {
            return Vec::new();
        }
        let mut objects = Vec::new();
        for id in self.apps() {
            let Some(view) = state.data.app(&id) else {
                continue;
            };
            for object in &view.objects {
                let unwell = object.health.as_ref().is_some_and(|h| {
                    matches!(
                        h.status,
                        HealthStatus::Degraded | HealthStatus::Progressing | HealthStatus::Missing
                    )
                });
                if unwell && objects.len() < MAX_ASKED {
                    objects.push((id.clone(), object.drift.key.clone()));
                }
            }
        }
        objects
    }

    /// Writes the text anew.
    pub fn sections(&self, state: &State) -> Vec<Section> {
        let (width, _) = super::text_size(state.size);
        let digits = self.plan.steps.len().to_string().len();
        let mut lines = Vec::new();
        for (i, step) in self.plan.steps.iter().enumerate() {
            let waiting = StepState::Waiting;
            let now = self
                .view
                .as_ref()
                .and_then(|v| v.steps.get(i))
                .unwrap_or(&waiting);
            let (sign, word, label) = step_words(state, now);
            let (action, action_label) = wording::action(step.action);
            lines.push(vec![
                piece(format!("{:>digits$} ", i + 1), Label::Faint),
                piece(format!("{sign} "), label),
                piece(format!("{action:<8} "), action_label),
                piece(wording::object(&step.key, &step.app.namespace), Label::Text),
                piece(format!("  {word}"), label),
            ]);
            lines.extend(step_details(state, now, width));
        }
        let mut sections = vec![Section::text("steps", lines)];
        sections.extend(self.ending(state, width));
        sections
    }

    fn ending(&self, state: &State, width: usize) -> Option<Section> {
        let view = self.view.as_ref()?;
        let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
        if let Some(outcome) = self.outcome() {
            let (sign, word, label) = wording::outcome(outcome, &state.glyphs);
            let kind = wording::kind(self.plan.kind);
            lines.push(vec![piece(format!("{sign} {kind} {word}."), label)]);
        }
        if let Some(problem) = &view.problem {
            lines.extend(diff::problem_lines(problem, width, &state.glyphs));
        }
        if let Some(health) = &view.health {
            let (_, label) = wording::health(health.status);
            let mut line = vec![
                piece("Health: ", Label::Dim),
                piece(health.status.to_string(), label),
            ];
            if !health.message.is_empty() {
                line.push(piece(format!("  {}", health.message), Label::Text));
            }
            lines.push(line);
        }
        for (key, reasons) in &self.reasons {
            lines.push(Vec::new());
            lines.push(vec![piece(
                format!("{} {}", key.kind, key.name),
                Label::Strong,
            )]);
            lines.extend(reason_lines(state, reasons, width));
        }
        if self.leads_to_sync() {
            lines.push(Vec::new());
            lines.push(vec![piece(
                "Ownership is with trueup now, no value has changed. enter draws the sync that follows.",
                Label::Accent,
            )]);
        }
        (lines.len() > 1).then(|| Section::text("end", lines))
    }
}

fn step_words(state: &State, step: &StepState) -> (&'static str, &'static str, Label) {
    let g = &state.glyphs;
    match step {
        StepState::Waiting => (g.waiting, "", Label::Faint),
        StepState::Running => (g.running, "running", Label::Busy),
        StepState::Done(_) => (g.synced, "", Label::Good),
        StepState::Unneeded => (g.synced, "nothing left to change", Label::Dim),
        StepState::Failed(_) => (g.failed, "failed", Label::Bad),
        StepState::Unknown(_) => (g.unknown, "sent, no answer came", Label::Warn),
        StepState::NotRun => (g.extra, "not run", Label::Warn),
    }
}

fn step_details(state: &State, step: &StepState, width: usize) -> Vec<Vec<Piece>> {
    match step {
        StepState::Failed(problem) | StepState::Unknown(problem) => {
            diff::problem_lines(problem, width, &state.glyphs)
        }
        StepState::Done(warnings) => warnings
            .iter()
            .flat_map(|w| {
                let text = format!("{} {w}", state.glyphs.warning);
                diff::paragraph(&text, width, Label::Warn)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Draws the dialog.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer) {
    let Some(run) = &state.run else { return };
    let what = match run.plan.apps.as_slice() {
        [one] => format!("{} in {}", one.id.name, one.id.context),
        many => format!("{} Apps", many.len()),
    };
    let title = format!("{} {what}", wording::kind(run.plan.kind));
    let inner = super::open(state, p, buf, None, &title, &run.progress());
    let text = Rect::new(
        inner.left(),
        inner.top(),
        inner.width,
        inner.height.saturating_sub(2),
    );
    body::draw(&run.reader, p, buf, text, false);
    let waiting = run.view.as_ref().map_or("", |v| v.waiting.as_str());
    let (status, label) = match (run.outcome(), run.stopping, waiting) {
        (Some(_), ..) => (String::new(), Label::Dim),
        (None, true, _) => ("stopping before the next step".to_owned(), Label::Warn),
        (None, false, "") => ("running".to_owned(), Label::Busy),
        (None, false, waiting) => (format!("waiting for {waiting}"), Label::Busy),
    };
    let y = inner.bottom().saturating_sub(1);
    let (x, end) = (inner.left() + 1, inner.right().saturating_sub(1));
    p.put(buf, x, end, y, &p.end(&status, usize::from(end - x)), label);
}
