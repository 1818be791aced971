//! A Run as it goes on: each step's state, what it waits for, how it ended, and how its Apps fare after it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::record::{Outcome, RunKind};
use crate::domain::text::visible;
use crate::domain::{AppId, Health, HealthStatus, ObjectKey, Plan, Problem};
use crate::engine::{Draw, ObjectView, Reason, RunView, StepState, Ticket, words};

use super::super::detail::{body, diff};
use super::super::document::{Pos, Reader, Section};
use super::super::fit;
use super::super::keymap::{Command, Context};
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::state::State;
use super::super::theme::Label;
use super::super::wording;
use super::plan;
use super::text::reason_lines;

/// Objects whose health is explained at most; the rest is counted.
pub const MAX_ASKED: usize = 4;

/// Lines of explanation shown of each, the newest.
const MAX_REASONS: usize = 5;

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

    /// Writes the text anew.
    pub fn sections(&self, state: &State) -> Vec<Section> {
        let (width, _) = super::text_size(state.size);
        let digits = self.plan.steps.len().to_string().len();
        let names = plan::name_column(&self.plan);
        let alone = self.only_failure().map(|(i, _)| i);
        let mut sections = Vec::new();
        for (i, step) in self.plan.steps.iter().enumerate() {
            let waiting = StepState::Waiting;
            let now = self
                .view
                .as_ref()
                .and_then(|v| v.steps.get(i))
                .unwrap_or(&waiting);
            let (sign, word, label) = step_words(state, now);
            let (action, action_label) = wording::action(step.action);
            let mut line = vec![
                piece(format!("{:>digits$} ", i + 1), Label::Faint),
                piece(format!("{sign} "), label),
                piece(format!("{action:<8} "), action_label),
            ];
            if let Some(columns) = names {
                let name = plan::padded(&step.app.name, columns, state.glyphs.ellipsis);
                line.push(piece(format!("{name}  "), Label::Dim));
            }
            let word = piece(format!("  {word}"), label);
            let taken = pieces_width(&line) + pieces_width(std::slice::from_ref(&word)) + 2;
            let name = wording::object(&step.key, &step.app.namespace);
            let room = width.saturating_sub(taken).max(12);
            let name = fit::middle(&name, room, state.glyphs.ellipsis).into_owned();
            line.extend([piece(name, Label::Text), word]);
            let mut lines = vec![line];
            if alone != Some(i) {
                lines.extend(step_details(state, now, width, self.can_draw_again()));
            }
            sections.push(Section::text(format!("step {i}"), lines));
        }
        sections.extend(self.ending(state, width));
        sections
    }

    /// The step that failed, where the Run has ended and it is the only one: the end says why then.
    fn only_failure(&self) -> Option<(usize, &Problem)> {
        self.outcome()?;
        let view = self.view.as_ref()?;
        let mut failed = view.steps.iter().enumerate().filter_map(|(i, s)| match s {
            StepState::Failed(problem) | StepState::Unknown(problem) => Some((i, problem)),
            _ => None,
        });
        failed.next().filter(|_| failed.next().is_none())
    }

    fn ending(&self, state: &State, width: usize) -> Option<Section> {
        let view = self.view.as_ref()?;
        let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
        if let Some(outcome) = self.outcome() {
            let (sign, word, label) = wording::outcome(outcome, &state.glyphs);
            let kind = wording::kind(self.plan.kind);
            lines.push(vec![piece(format!("{sign} {kind} {word}."), label)]);
        }
        // What a step says is not said again.
        let is_told = |problem: &Problem| {
            view.steps.iter().any(|step| match step {
                StepState::Failed(of_step) | StepState::Unknown(of_step) => {
                    problem.to_string().contains(&of_step.summary)
                }
                _ => false,
            })
        };
        if let Some((i, problem)) = self.only_failure() {
            let mut problem = match self.can_draw_again() {
                true => without_redraw(problem),
                false => problem.clone(),
            };
            if problem.place.is_empty() {
                let step = &self.plan.steps[i];
                problem.place = wording::object(&step.key, &step.app.namespace);
            }
            lines.extend(diff::problem_lines(&problem, width, &state.glyphs));
        }
        if let Some(problem) = view.problem.as_ref().filter(|p| !is_told(p)) {
            let problem = match self.can_draw_again() {
                true => without_redraw(problem),
                false => problem.clone(),
            };
            lines.extend(diff::problem_lines(&problem, width, &state.glyphs));
        }
        if self.can_draw_again() {
            let key = state.keymap.key(Context::Run, Command::Refresh);
            let text = format!("{key} draws the Plan again.");
            let sign = format!("  {}", state.glyphs.arrow);
            lines.extend(diff::hanging(&sign, &text, width, Label::Accent));
        }
        if self.is_settling() {
            for id in self.apps() {
                lines.push(Vec::new());
                lines.extend(self.health_of(state, &id, width));
            }
        }
        if self.leads_to_sync() {
            lines.push(Vec::new());
            let key = state.keymap.key(Context::Run, Command::Open);
            let text = format!(
                "Ownership is with trueup now, no value has changed. {key} draws the sync that follows."
            );
            lines.extend(diff::paragraph(&text, width, Label::Accent));
        }
        (lines.len() > 1).then(|| Section::text("end", lines))
    }

    /// The health of an App as it settles, with the reasons of what is not well.
    fn health_of(&self, state: &State, id: &AppId, width: usize) -> Vec<Vec<Piece>> {
        let Some(view) = state.data.app(id) else {
            return vec![vec![piece(
                format!("{} is not known any more.", id.name),
                Label::Dim,
            )]];
        };
        let (word, label) = match &view.health {
            None => ("not known yet".to_owned(), Label::Dim),
            Some(health) if health.status == HealthStatus::Healthy => {
                (format!("{} Healthy", state.glyphs.synced), Label::Good)
            }
            Some(health) => (health.status.to_string(), wording::health(health.status)),
        };
        let mut lines = vec![vec![
            piece("Health of ", Label::Dim),
            piece(id.name.clone(), Label::Strong),
            piece(": ", Label::Dim),
            piece(word, label),
        ]];
        for (i, object) in unwell(state, id).enumerate() {
            if i == MAX_ASKED {
                let more = unwell(state, id).count() - MAX_ASKED;
                let text = format!("  and {more} more, see the Resources tab");
                lines.push(vec![piece(text, Label::Dim)]);
                break;
            }
            let key = &object.drift.key;
            let Some(health) = &object.health else {
                continue;
            };
            lines.push(vec![
                piece("  ", Label::Text),
                piece(wording::object(key, &id.namespace), Label::Text),
                piece("  ", Label::Text),
                piece(health.status.to_string(), wording::health(health.status)),
            ]);
            for mut line in diff::paragraph(&health.message, width.saturating_sub(4), Label::Text) {
                line.insert(0, piece("    ", Label::Text));
                lines.push(line);
            }
            if let Some(asked) = self.inquiries.get(&(id.clone(), key.clone())) {
                // What holds now stands first and is never crowded out by events.
                let (present, events): (Vec<_>, Vec<_>) =
                    asked.reasons.iter().cloned().partition(|r| r.present);
                let n_events = MAX_REASONS.saturating_sub(present.len()).max(1);
                let shown: Vec<_> = present
                    .into_iter()
                    .take(MAX_REASONS)
                    .chain(events.into_iter().rev().take(n_events).rev())
                    .collect();
                lines.extend(reason_lines(state, &shown, width));
            }
        }
        lines
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

fn step_words(state: &State, step: &StepState) -> (&'static str, &'static str, Label) {
    let g = &state.glyphs;
    let (sign, label) = match step {
        StepState::Waiting => (g.waiting, Label::Faint),
        StepState::Running => (g.running, Label::Busy),
        StepState::Done(_) => (g.synced, Label::Good),
        StepState::Failed(_) => (g.failed, Label::Bad),
        StepState::Unknown(_) => (g.unknown, Label::Warn),
        StepState::NotRun => (g.extra, Label::Warn),
    };
    // What is as it should be needs no word beside its sign.
    let word = match step {
        StepState::Waiting | StepState::Done(_) => "",
        other => words::step(other),
    };
    (sign, word, label)
}

/// A Problem without the hint for which the Run's end names a key.
fn without_redraw(problem: &Problem) -> Problem {
    let mut problem = problem.clone();
    problem.hints.retain(|hint| hint != words::DRAW_AGAIN);
    problem
}

fn step_details(state: &State, step: &StepState, width: usize, names_key: bool) -> Vec<Vec<Piece>> {
    match step {
        StepState::Failed(problem) | StepState::Unknown(problem) if names_key => {
            diff::problem_lines(&without_redraw(problem), width, &state.glyphs)
        }
        StepState::Failed(problem) | StepState::Unknown(problem) => {
            diff::problem_lines(problem, width, &state.glyphs)
        }
        StepState::Done(warnings) => warnings
            .iter()
            .flat_map(|w| diff::hanging(state.glyphs.warning, w, width, Label::Warn))
            .collect(),
        _ => Vec::new(),
    }
}

/// Draws the dialog.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer) {
    let Some(run) = &state.run else { return };
    let what = match run.plan.apps.as_slice() {
        [one] => wording::app(&one.id, p.glyphs.dot),
        many => format!("{} Apps", many.len()),
    };
    let title = format!("{} {what}", wording::kind(run.plan.kind));
    let inner = super::open(state, p, buf, None, &title, &run.progress());
    let waiting = run.view.as_ref().map_or("", |v| v.waiting.as_str());
    let (status, label) = match (run.outcome(), run.stopping, waiting) {
        (Some(_), ..) => {
            if let Some(at) = run.asks_again(state) {
                p.wake(at);
            }
            (String::new(), Label::Dim)
        }
        (None, true, _) => ("stopping before the next step".to_owned(), Label::Warn),
        (None, false, "") => ("running".to_owned(), Label::Busy),
        (None, false, waiting) => (format!("waiting for {waiting}"), Label::Busy),
    };
    let (x, end) = (inner.left() + 1, inner.right().saturating_sub(1));
    // What is waited for is told to its end, if there is room at all.
    let mut lines = fit::wrap(&visible(&status), usize::from(end.saturating_sub(x)).max(1));
    lines.truncate(usize::from(inner.height / 2).max(1));
    let n_lines = lines.len().max(1) as u16;
    let text = Rect::new(
        inner.left(),
        inner.top(),
        inner.width,
        inner.height.saturating_sub(n_lines + 1),
    );
    body::draw(&run.reader, p, buf, text, false);
    let frame = super::super::layout::dialog(state.size, None);
    let below = run.reader.below(usize::from(text.height));
    p.hidden(buf, frame, run.reader.above(), below);
    for (i, line) in lines.iter().enumerate() {
        let y = inner.bottom().saturating_sub(n_lines) + i as u16;
        p.put(buf, x, end, y, line, label);
    }
}
