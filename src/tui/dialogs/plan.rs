//! A Plan that waits for an answer: every step in order with its diff, prunes apart and in red.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::plan::{PlanStep, PlannedApp};
use crate::domain::record::RunKind;
use crate::domain::{Action, Plan, Problem, ProblemKind};
use crate::engine::{AppState, ClusterMode, Draw, Ticket};

use super::super::detail::{body, diff};
use super::super::document::{BodyOptions, Content, Reader, Section, SectionId};
use super::super::glyphs::Glyphs;
use super::super::painter::{Painter, Piece, piece};
use super::super::state::State;
use super::super::theme::Label;
use super::super::wording;

/// How far the drawing of a Plan is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// It is being drawn, since then.
    Drawing(Timestamp),
    /// It is drawn.
    Ready(Arc<Plan>),
    /// It could not be drawn.
    Failed(Problem),
}

/// See the module.
#[derive(Debug)]
pub struct PlanDialog {
    /// The ticket of the Plan that is wanted; any other is dropped.
    pub ticket: Ticket,
    /// What was asked for.
    pub draw: Draw,
    /// How far it is.
    pub stage: Stage,
    /// The steps.
    pub reader: Reader,
    /// Whether the whole Plan has been on screen: only keys after that count as an answer.
    pub shown: bool,
    /// Whether "run it" is chosen rather than "cancel".
    pub chosen: bool,
}

/// From this age on, waiting for a Plan says so.
const PATIENCE: SignedDuration = SignedDuration::from_millis(300);

impl PlanDialog {
    /// A Plan that has just been asked for.
    pub fn new(ticket: Ticket, draw: Draw, options: BodyOptions, now: Timestamp) -> Self {
        let mut reader = Reader::default();
        reader.set_options(BodyOptions {
            revealed: false,
            ..options
        });
        Self {
            ticket,
            draw,
            stage: Stage::Drawing(now),
            reader,
            shown: false,
            chosen: false,
        }
    }

    /// The Plan, once drawn.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.stage {
            Stage::Ready(plan) => Some(plan),
            _ => None,
        }
    }

    /// Takes the answer to the request.
    pub fn drawn(&mut self, result: Result<Arc<Plan>, Problem>, width: usize, glyphs: &Glyphs) {
        self.shown = false;
        self.chosen = false;
        match result {
            Ok(plan) => {
                self.reader.restart(sections(&plan, width, glyphs));
                self.chosen = !is_grave(&plan) && !plan.steps.is_empty();
                self.stage = Stage::Ready(plan);
            }
            Err(problem) => {
                let lines = diff::problem_lines(&problem, width, glyphs);
                self.reader.restart(vec![Section::text("problem", lines)]);
                self.stage = Stage::Failed(problem);
            }
        }
    }

    /// Whether a yes would run something.
    pub fn can_run(&self, state: &State) -> bool {
        !state.data.read_only
            && self.shown
            && self.plan().is_some_and(|plan| !plan.steps.is_empty())
    }

    /// Whether prunes can be added or taken out.
    pub fn can_prune(&self) -> bool {
        matches!(&self.draw, Draw::Sync { adopt: false, .. })
            && self
                .plan()
                .is_some_and(|plan| plan.prune || plan.apps.iter().any(|a| !a.prunable.is_empty()))
    }

    /// Whether what is managed otherwise can be adopted.
    pub fn can_adopt(&self, state: &State) -> bool {
        let Draw::Sync { adopt: false, .. } = &self.draw else {
            return false;
        };
        let refused =
            |problem: &Problem, unmanaged: bool| unmanaged || problem.kind == ProblemKind::Conflict;
        match &self.stage {
            Stage::Drawing(_) => false,
            Stage::Failed(problem) => refused(problem, false),
            Stage::Ready(plan) => plan.apps.iter().any(|app| {
                let unmanaged = state
                    .data
                    .app(&app.id)
                    .is_some_and(|view| view.state == AppState::Unmanaged);
                app.refused
                    .as_ref()
                    .is_some_and(|problem| refused(problem, unmanaged))
            }),
        }
    }

    /// Contexts of the Plan whose name has to be typed.
    pub fn guarded(&self, state: &State) -> Vec<String> {
        let mut names = Vec::new();
        for step in self.plan().map_or(&[][..], |plan| &plan.steps) {
            let context = &step.app.context;
            let guarded = state
                .data
                .cluster(context)
                .is_some_and(|c| c.mode == ClusterMode::Guarded);
            if guarded && !names.contains(context) {
                names.push(context.clone());
            }
        }
        names
    }
}

/// Whether a step destroys something.
fn is_destructive(action: Action) -> bool {
    matches!(action, Action::Prune | Action::Recreate | Action::Replace)
}

/// Whether Cancel is preselected.
pub fn is_grave(plan: &Plan) -> bool {
    plan.kind == RunKind::Rollback
        || plan
            .steps
            .iter()
            .any(|s| is_destructive(s.action) || s.guard.force)
}

/// The sections of a Plan: what is refused, what to know, the prunes, the steps.
pub fn sections(plan: &Plan, width: usize, glyphs: &Glyphs) -> Vec<Section> {
    let mut sections = Vec::new();
    let several = plan.apps.len() > 1;
    for app in &plan.apps {
        sections.extend(of_app(app, plan.prune, several, width, glyphs));
    }
    let (prunes, steps): (Vec<_>, Vec<_>) = plan
        .steps
        .iter()
        .enumerate()
        .partition(|(_, s)| s.action == Action::Prune);
    // What is deleted stands first, whenever its turn comes: it must be on the first screen.
    if !prunes.is_empty() {
        let text = format!(
            "{} {} to be deleted: Git has them no more.",
            glyphs.warning,
            wording::count(prunes.len(), "object", "objects")
        );
        sections.push(Section::text("prunes", vec![vec![piece(text, Label::Bad)]]));
        for (i, step) in prunes {
            sections.push(of_step(plan, i, step, several, width, glyphs));
        }
        sections.push(Section::text("after the prunes", vec![Vec::new()]));
    }
    for (i, step) in steps {
        sections.push(of_step(plan, i, step, several, width, glyphs));
    }
    if !plan.prune {
        for app in plan.apps.iter().filter(|a| !a.prunable.is_empty()) {
            sections.push(left_alone(app, several));
        }
    }
    if sections.is_empty() {
        let line = vec![piece("There is nothing to do.", Label::Good)];
        sections.push(Section::text("nothing", vec![line]));
    }
    sections
}

fn of_app(
    app: &PlannedApp,
    prune: bool,
    several: bool,
    width: usize,
    glyphs: &Glyphs,
) -> Vec<Section> {
    let mut lines = Vec::new();
    if several && (app.refused.is_some() || !app.warnings.is_empty()) {
        lines.push(vec![piece(app.id.to_string(), Label::Strong)]);
    }
    if let Some(problem) = &app.refused {
        lines.extend(diff::problem_lines(problem, width, glyphs));
    }
    for warning in &app.warnings {
        let text = format!("{} {warning}", glyphs.warning);
        lines.extend(diff::paragraph(&text, width, Label::Warn));
    }
    if !prune && !app.prunable.is_empty() {
        lines.push(vec![piece(stays(app, several), Label::Dim)]);
    }
    if lines.is_empty() {
        return Vec::new();
    }
    lines.push(Vec::new());
    vec![Section::text(format!("app {}", app.id), lines)]
}

/// Says how much is left alone that Git no longer has.
fn stays(app: &PlannedApp, several: bool) -> String {
    let of = if several {
        format!(" of {}", app.id.name)
    } else {
        String::new()
    };
    match app.prunable.len() {
        1 => format!("1 object{of} is no longer in Git and stays: p adds it, to be deleted."),
        n => format!("{n} objects{of} are no longer in Git and stay: p adds them, to be deleted."),
    }
}

fn left_alone(app: &PlannedApp, several: bool) -> Section {
    let mut lines = vec![Vec::new(), vec![piece(stays(app, several), Label::Dim)]];
    for key in &app.prunable {
        let text = format!("  {}", wording::object(key, &app.id.namespace));
        lines.push(vec![piece(text, Label::Dim)]);
    }
    Section::text(format!("stays {}", app.id), lines)
}

fn of_step(
    plan: &Plan,
    i: usize,
    step: &PlanStep,
    several: bool,
    width: usize,
    glyphs: &Glyphs,
) -> Section {
    let (word, label) = wording::action(step.action);
    let digits = plan.steps.len().to_string().len();
    let mut left = vec![
        piece(format!("{:>digits$} ", i + 1), Label::Faint),
        piece(format!("{word:<8} "), label),
    ];
    let grave = step.action == Action::Prune;
    left.push(piece(
        wording::object(&step.key, &step.app.namespace),
        if grave { Label::Bad } else { Label::Strong },
    ));
    if several {
        left.push(piece(
            format!("  {} {} {}", step.app.context, glyphs.dot, step.app.name),
            Label::Dim,
        ));
    }
    let mut right: Vec<Piece> = Vec::new();
    let mut add = |text: String, label| {
        if !right.is_empty() {
            right.push(piece(format!(" {} ", glyphs.dot), Label::Faint));
        }
        right.push((text, label));
    };
    if step.unpredicted {
        add("not predicted".to_owned(), Label::Warn);
    }
    if step.guard.force {
        let n = step.drift.conflicts.len();
        let n = wording::count(n, "conflict", "conflicts");
        add(format!("forced over {n}"), Label::Warn);
    }
    if step.wave != 0 {
        add(format!("wave {}", step.wave), Label::Dim);
    }
    if step.action == Action::Apply && step.drift.fields.is_empty() {
        add("no change of values".to_owned(), Label::Dim);
    } else if step.action == Action::Apply {
        let n = step.drift.fields.len();
        add(wording::count(n, "field", "fields"), Label::Dim);
    }
    let mut intro = Vec::new();
    for conflict in &step.drift.conflicts {
        intro.push(vec![
            piece("   takes ", Label::Dim),
            piece(conflict.field.clone(), Label::Text),
            piece(format!(" from {}", conflict.manager), Label::Warn),
        ]);
    }
    for pointer in &step.leftovers {
        intro.push(vec![
            piece("   removes the leftover ", Label::Dim),
            piece(pointer.clone(), Label::Text),
        ]);
    }
    if let Some(problem) = &step.drift.problem {
        intro.extend(diff::problem_lines(problem, width, glyphs));
    }
    Section {
        id: SectionId::Object(step.app.clone(), step.key.clone()),
        left,
        right,
        intro,
        body: Content::Drift(step.drift.clone()),
        folded: !matches!(
            step.action,
            Action::Apply | Action::Replace | Action::Recreate
        ),
        stop: true,
    }
}

/// Draws the dialog.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, dialog: &PlanDialog) {
    let kind = match (&dialog.stage, &dialog.draw) {
        (Stage::Ready(plan), _) => wording::kind(plan.kind),
        (_, Draw::Rollback { .. }) => "Rollback",
        (_, Draw::Sync { adopt: true, .. }) => "Adoption",
        (_, Draw::Sync { .. }) => "Sync",
    };
    let title = title(kind, dialog, state);
    let right = dialog.plan().map_or_else(String::new, |plan| counts(plan));
    let inner = super::open(state, p, buf, None, &title, &right);
    let text = Rect::new(
        inner.left(),
        inner.top(),
        inner.width,
        inner.height.saturating_sub(2),
    );
    match &dialog.stage {
        Stage::Drawing(since) => {
            let due = *since + PATIENCE;
            if p.now >= due {
                let line = "Asking the cluster what would change.";
                p.put(
                    buf,
                    text.left() + 2,
                    text.right(),
                    text.top() + 1,
                    line,
                    Label::Dim,
                );
                if let Some(work) = state.data.work.first() {
                    let y = text.top() + 2;
                    p.put(buf, text.left() + 2, text.right(), y, work, Label::Dim);
                }
            } else {
                p.wake(due);
            }
        }
        Stage::Ready(_) | Stage::Failed(_) => body::draw(&dialog.reader, p, buf, text, true),
    }
    let (yes, grave) = match &dialog.stage {
        Stage::Ready(plan) if !plan.steps.is_empty() && !state.data.read_only => (
            format!(
                "{kind}: {}",
                wording::count(plan.steps.len(), "step", "steps")
            ),
            is_grave(plan),
        ),
        _ => (String::new(), false),
    };
    let chosen = dialog.chosen && !yes.is_empty();
    super::buttons(p, buf, inner, ["Cancel", &yes], chosen, grave);
}

fn title(kind: &str, dialog: &PlanDialog, state: &State) -> String {
    match &dialog.draw {
        Draw::Sync { apps, only, .. } => {
            let what = match apps.as_slice() {
                [one] => format!("{} in {}", one.name, one.context),
                many => {
                    let names: Vec<_> = many.iter().map(|id| id.name.as_str()).collect();
                    format!("{} Apps: {}", many.len(), names.join(", "))
                }
            };
            // Marks win over the cursor: the title says so where they do.
            let marked = apps.iter().all(|id| state.marked.contains(id));
            if !only.is_empty() {
                let n = wording::count(only.len(), "marked object", "marked objects");
                format!("{kind} {n} of {what}")
            } else if marked {
                let n = wording::count(apps.len(), "marked App", "marked Apps");
                let what = what
                    .split_once(": ")
                    .map_or(what.as_str(), |(_, names)| names);
                format!("{kind} {n}: {what}")
            } else {
                format!("{kind} {what}")
            }
        }
        Draw::Rollback { app, record, .. } => {
            let to = dialog
                .plan()
                .and_then(|plan| plan.apps.first())
                .map_or_else(String::new, |a| format!(" ({})", a.commit.id.short()));
            format!("{kind} {} in {} to #{record}{to}", app.name, app.context)
        }
    }
}

fn counts(plan: &Plan) -> String {
    let n = |test: fn(Action) -> bool| plan.steps.iter().filter(|s| test(s.action)).count();
    let parts = [
        (
            n(|a| matches!(a, Action::Create | Action::CreateNamespace)),
            "to create",
        ),
        (
            n(|a| matches!(a, Action::Apply | Action::Replace | Action::Recreate)),
            "to change",
        ),
        (n(|a| a == Action::Adopt), "to adopt"),
        (n(|a| a == Action::Prune), "to delete"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    parts.join(", ")
}
