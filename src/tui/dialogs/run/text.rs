//! What a Run says: its steps, how it ended, how its Apps fare after it.

use crate::domain::{AppId, HealthStatus, Problem};
use crate::engine::{StepState, words};

use super::super::super::detail::diff;
use super::super::super::document::Section;
use super::super::super::fit;
use super::super::super::keymap::{Command, Context};
use super::super::super::painter::{Piece, piece, pieces_width};
use super::super::super::state::State;
use super::super::super::theme::Label;
use super::super::super::wording;
use super::super::plan;
use super::super::text::reason_lines;
use super::{MAX_ASKED, Running, unwell};

/// Lines of explanation shown of each object that is not well, the newest.
const MAX_REASONS: usize = 5;

impl Running {
    /// Writes the text anew.
    pub fn sections(&self, state: &State) -> Vec<Section> {
        let (width, _) = super::super::text_size(state.size);
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
                format!("{} is no longer listed.", id.name),
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
