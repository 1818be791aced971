//! A Plan that waits for an answer: every step in order with its diff, prunes apart and in red.

mod draw;
mod moved;

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::plan::{PlanStep, PlannedApp};
use crate::domain::record::RunKind;
use crate::domain::text::visible;
use crate::domain::{Action, AppId, Plan, Problem, count};
use crate::drift::taken;
use crate::engine::{AppView, Draw, Snapshot, Ticket, words};

use super::super::detail::diff;
use super::super::document::{BodyOptions, Content, Reader, Section, SectionId};
use super::super::fit;
use super::super::glyphs::Glyphs;
use super::super::keymap::{Command, Context};
use super::super::painter::{Piece, piece};
use super::super::state::State;
use super::super::theme::Label;
use super::super::wording;

pub use draw::draw;
pub use moved::Moved;

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
    /// What it waits for before it can be drawn, in words.
    pub awaits: Option<String>,
    /// How many objects are answered for, of how many, while it is drawn.
    pub progress: Option<(usize, usize)>,
    /// What moved since it was drawn.
    pub moved: Option<Moved>,
    /// Its Apps as they were known when it was drawn.
    seen: Vec<Arc<AppView>>,
}

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
            awaits: None,
            progress: None,
            moved: None,
            seen: Vec::new(),
        }
    }

    /// The Plan, once drawn.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.stage {
            Stage::Ready(plan) => Some(plan),
            _ => None,
        }
    }

    /// Takes the answer to the request, with its text.
    pub fn drawn(
        &mut self,
        result: Result<Arc<Plan>, Problem>,
        sections: Vec<Section>,
        data: &Snapshot,
    ) {
        self.shown = false;
        self.chosen = false;
        self.moved = None;
        self.reader.restart(sections);
        self.stage = match result {
            Ok(plan) => {
                self.chosen = !is_grave(&plan) && !plan.steps.is_empty();
                let views = plan.apps.iter().filter_map(|app| data.app(&app.id));
                self.seen = views.cloned().collect();
                Stage::Ready(plan)
            }
            Err(problem) => Stage::Failed(problem),
        };
    }

    /// Looks whether the world has moved since the Plan was drawn. What then runs is guarded anyway; this saves the try.
    pub fn look(&mut self, data: &Snapshot) {
        let Some(plan) = self.plan() else { return };
        let moved = moved::moved(plan, &self.seen, data);
        if moved.is_some() && self.moved.is_none() {
            self.chosen = false;
        }
        self.moved = moved;
    }

    /// Whether its secret values are shown.
    pub fn is_revealed(&self) -> bool {
        self.reader.options().revealed
    }

    /// Shows its secret values, or masks them.
    pub fn reveal(&mut self, revealed: bool) {
        let options = self.reader.options();
        self.reader.set_options(BodyOptions {
            revealed,
            ..options
        });
    }

    /// Whether there is a yes to choose.
    pub fn has_choice(&self, state: &State) -> bool {
        !state.data.read_only && self.plan().is_some_and(|plan| !plan.steps.is_empty())
    }

    /// Whether drawing it again may show something else, for all that is known.
    pub fn is_out_of_date(&self) -> bool {
        let is_refused = |plan: &Arc<Plan>| plan.apps.iter().any(|app| app.refused.is_some());
        self.moved.is_some()
            || matches!(self.stage, Stage::Failed(_))
            || self.plan().is_some_and(is_refused)
    }

    /// Whether one of its steps is of a Secret.
    pub fn has_secret(&self) -> bool {
        self.plan().is_some_and(|plan| {
            let then = plan.estimate.iter().flat_map(|estimate| &estimate.steps);
            plan.steps.iter().chain(then).any(|s| s.key.is_secret())
        })
    }

    /// Whether a yes would run something.
    pub fn can_run(&self, state: &State) -> bool {
        !state.data.read_only
            && self.shown
            && self.plan().is_some_and(|plan| !plan.steps.is_empty())
    }

    /// Whether its prunes are in it.
    pub fn prunes(&self) -> bool {
        self.plan().is_some_and(|plan| plan.prune)
    }

    /// Whether prunes can be added or taken out.
    pub fn can_prune(&self) -> bool {
        self.plan().is_some_and(|plan| {
            let has_some = plan.apps.iter().any(|app| !app.prunable.is_empty());
            plan.kind == RunKind::Sync && (plan.prune || has_some)
        })
    }

    /// Whether what is managed otherwise can be adopted: no other refusal is mended by that.
    pub fn can_adopt(&self) -> bool {
        let Draw::Sync { adopt: false, .. } = &self.draw else {
            return false;
        };
        let by_others =
            |problem: &Problem| problem.hints.iter().any(|h| h.contains(wording::TO_ADOPT));
        self.plan().is_some_and(|plan| {
            let mut refused = plan.apps.iter().filter_map(|app| app.refused.as_ref());
            refused.any(by_others)
        })
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

/// Columns that the names of the Apps of a Plan take, where it has several.
pub fn name_column(plan: &Plan) -> Option<usize> {
    let names = plan.steps.iter().map(|s| fit::width(&s.app.name)).max();
    names
        .filter(|_| plan.apps.len() > 1)
        .map(|n| n.clamp(3, 24))
}

/// The sections of a Plan: what it takes its Apps to, its steps and all about them, and what is estimated to follow.
pub fn sections(plan: &Plan, state: &State, width: usize) -> Vec<Section> {
    let mut sections = vec![targets(plan, state)];
    sections.extend(steps(plan, state, width));
    if let Some(estimate) = &plan.estimate {
        let text = "Then comes the sync, drawn anew and asked again. An estimate of it:";
        let lines = vec![Vec::new(), vec![piece(text, Label::Warn)], Vec::new()];
        sections.push(Section::text("estimate", lines));
        let mut estimate = Plan::clone(estimate);
        // What may be pruned is chosen in the sync itself.
        estimate
            .apps
            .iter_mut()
            .for_each(|app| app.prunable.clear());
        for section in steps(&estimate, state, width) {
            let name = match &section.id {
                SectionId::Object(app, key) => format!("estimate of {app} {key}"),
                SectionId::Part(name) => format!("estimate of {name}"),
            };
            sections.push(Section {
                id: SectionId::Part(name),
                ..section
            });
        }
    }
    sections
}

/// Why there is no Plan.
pub fn failure(problem: &Problem, draw: &Draw, state: &State, width: usize) -> Vec<Section> {
    let problem = match draw.apps() {
        [app] => in_keys(problem, app, state),
        _ => wording::problem_in_keys(problem, &state.keymap),
    };
    let lines = diff::problem_lines(&problem, width, &state.glyphs);
    vec![Section::text("problem", lines)]
}

/// What is refused, what to know, the prunes, the steps.
fn steps(plan: &Plan, state: &State, width: usize) -> Vec<Section> {
    let glyphs = &state.glyphs;
    let mut sections = Vec::new();
    let several = plan.apps.len() > 1;
    // Below the steps it is said with the names; where there are none, that is the first screen.
    let says_stays = !plan.prune && !plan.steps.is_empty();
    for app in &plan.apps {
        sections.extend(of_app(app, says_stays, several, width, state));
    }
    let (prunes, steps): (Vec<_>, Vec<_>) = plan
        .steps
        .iter()
        .enumerate()
        .partition(|(_, s)| s.action == Action::Prune);
    // What is deleted stands first, whenever its turn comes: it must be on the first screen.
    if !prunes.is_empty() {
        let text = format!(
            "{} {} to be deleted: no longer in Git.",
            glyphs.warning,
            count(prunes.len(), "object")
        );
        sections.push(Section::text("prunes", vec![vec![piece(text, Label::Bad)]]));
        for (i, step) in prunes {
            sections.push(of_step(plan, i, step, width, glyphs));
        }
        sections.push(Section::text("after the prunes", vec![Vec::new()]));
    }
    for (i, step) in steps {
        sections.push(of_step(plan, i, step, width, glyphs));
    }
    if !plan.prune {
        for app in plan.apps.iter().filter(|a| !a.prunable.is_empty()) {
            sections.push(left_alone(app, says_stays, several, state));
        }
    }
    if plan.steps.is_empty() && sections.is_empty() {
        let line = vec![piece("There is nothing to do.", Label::Good)];
        sections.push(Section::text("nothing", vec![line]));
    }
    sections
}

/// The revision that each App is taken to.
fn targets(plan: &Plan, state: &State) -> Section {
    let several = plan.apps.len() > 1;
    let column = |text: &dyn Fn(&PlannedApp) -> String| {
        plan.apps
            .iter()
            .map(|a| fit::width(&text(a)))
            .max()
            .unwrap_or(0)
    };
    let name = |app: &PlannedApp| app.id.name.clone();
    let dot = state.glyphs.dot;
    let place = |app: &PlannedApp| format!("{} {dot} {}", app.id.context, app.id.namespace);
    let (names, places) = (column(&name).min(24), column(&place).min(30));
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    for app in &plan.apps {
        let mut line = Vec::new();
        if several {
            let g = state.glyphs.ellipsis;
            line.push(piece(padded(&name(app), names, g), Label::Strong));
            line.push(piece(
                format!("  {}  ", padded(&place(app), places, g)),
                Label::Dim,
            ));
        }
        let view = state.data.app(&app.id);
        let target = view
            .and_then(|v| v.target.as_ref())
            .filter(|t| t.commit.id == app.commit.id);
        let revision = target.map_or_else(|| app.commit.id.short().to_owned(), words::target);
        line.push(piece(revision, Label::Text));
        if target.is_some_and(|t| t.unpushed) {
            line.push(piece(
                format!("  {} not pushed", state.glyphs.unpushed),
                Label::Warn,
            ));
        }
        line.push(piece(format!("  {}", app.commit.summary), Label::Dim));
        lines.push(line);
    }
    lines.push(Vec::new());
    Section::text("targets", lines)
}

/// A text in so many columns, whatever its length.
pub fn padded(text: &str, columns: usize, ellipsis: &str) -> String {
    let text = visible(text);
    let text = fit::middle(&text, columns, ellipsis);
    let room = columns.saturating_sub(fit::width(&text));
    format!("{text}{}", " ".repeat(room))
}

/// A refusal in the console's own terms: what is an option on the command line is a key here, and who is refused stands
/// above it.
fn in_keys(problem: &Problem, app: &AppId, state: &State) -> Problem {
    let mut problem = wording::problem_in_keys(problem, &state.keymap);
    let record = state.data.app(app).and_then(|view| view.record.as_ref());
    if record.is_none_or(|record| record.history.is_empty()) {
        // There is nothing to go back to.
        let goes_back = |hint: &String| hint.starts_with(words::COMMIT_STAYS);
        problem.hints.retain(|hint| !goes_back(hint));
    }
    if problem.place == app.to_string() {
        problem.place.clear();
    }
    problem
}

fn of_app(
    app: &PlannedApp,
    says_stays: bool,
    several: bool,
    width: usize,
    state: &State,
) -> Vec<Section> {
    let glyphs = &state.glyphs;
    let mut lines = Vec::new();
    if several && (app.refused.is_some() || !app.warnings.is_empty()) {
        let name = wording::app(&app.id, glyphs.dot);
        lines.push(vec![piece(name, Label::Strong)]);
    }
    if let Some(problem) = &app.refused {
        let problem = in_keys(problem, &app.id, state);
        lines.extend(diff::problem_lines(&problem, width, glyphs));
    }
    for warning in &app.warnings {
        lines.extend(diff::hanging(glyphs.warning, warning, width, Label::Warn));
    }
    if says_stays && !app.prunable.is_empty() {
        lines.push(vec![piece(stays(app, several, state), Label::Dim)]);
    }
    if lines.is_empty() {
        return Vec::new();
    }
    lines.push(Vec::new());
    vec![Section::text(format!("app {}", app.id), lines)]
}

/// Says how much is left alone that Git no longer has.
fn stays(app: &PlannedApp, several: bool, state: &State) -> String {
    let key = state.keymap.key(Context::Plan, Command::Prune);
    let of = if several {
        format!(" of {}", app.id.name)
    } else {
        String::new()
    };
    match app.prunable.len() {
        1 => format!("1 object{of} is no longer in Git and stays: {key} adds it, to be deleted."),
        n => format!(
            "{n} objects{of} are no longer in Git and stay: {key} adds them, to be deleted."
        ),
    }
}

fn left_alone(app: &PlannedApp, is_said: bool, several: bool, state: &State) -> Section {
    let stays = match (is_said, several) {
        (false, _) => stays(app, several, state),
        (true, false) => "What stays:".to_owned(),
        (true, true) => format!("What stays of {}:", app.id.name),
    };
    let mut lines = vec![vec![piece(stays, Label::Dim)]];
    if is_said {
        lines.insert(0, Vec::new());
    }
    for key in &app.prunable {
        let text = format!("  {}", wording::object(key, &app.id.namespace));
        lines.push(vec![piece(text, Label::Dim)]);
    }
    Section::text(format!("stays {}", app.id), lines)
}

fn of_step(plan: &Plan, i: usize, step: &PlanStep, width: usize, glyphs: &Glyphs) -> Section {
    let (word, label) = wording::action(step.action);
    let digits = plan.steps.len().to_string().len();
    let mut left = vec![
        piece(format!("{:>digits$} ", i + 1), Label::Faint),
        piece(format!("{word:<8} "), label),
    ];
    if let Some(columns) = name_column(plan) {
        let name = padded(&step.app.name, columns, glyphs.ellipsis);
        left.push(piece(format!("{name}  "), Label::Dim));
    }
    let grave = step.action == Action::Prune;
    left.push(piece(
        wording::object(&step.key, &step.app.namespace),
        if grave { Label::Bad } else { Label::Strong },
    ));
    if plan.apps.iter().any(|a| a.id.context != step.app.context) {
        left.push(piece(format!("  {}", step.app.context), Label::Dim));
    }
    let mut right: Vec<Piece> = Vec::new();
    let mut add = |text: String, label| {
        if !right.is_empty() {
            right.push(piece(format!(" {} ", glyphs.dot), Label::Faint));
        }
        right.push((text, label));
    };
    if step.action == Action::Recreate {
        add("deleted first".to_owned(), Label::Bad);
    }
    if step.unpredicted {
        add("not predicted".to_owned(), Label::Warn);
    }
    let n = step.drift.conflicts.len();
    if step.guard.force && n > 0 {
        let n = count(n, "conflict");
        add(format!("forced over {n}"), Label::Warn);
    }
    if step.wave != 0 {
        add(format!("wave {}", step.wave), Label::Dim);
    }
    if step.action == Action::Apply && step.drift.fields.is_empty() {
        add("no change of values".to_owned(), Label::Dim);
    } else if step.action == Action::Apply {
        let n = step.drift.fields.len();
        add(count(n, "field"), Label::Dim);
    }
    let mut intro = Vec::new();
    let shown = diff::shown(&step.drift);
    for one in taken(&shown, &step.leftovers) {
        intro.push(diff::taken_line("   ", &one));
    }
    if let Some(why) = step.why_recreated(&shown) {
        let text = format!("because: {why}");
        intro.extend(diff::hanging("  ", &text, width, Label::Warn));
    } else if let Some(problem) = &shown.problem {
        intro.extend(diff::problem_lines(problem, width, glyphs));
    }
    Section {
        id: SectionId::Object(step.app.clone(), step.key.clone()),
        left,
        right,
        intro,
        // An adoption changes no value: there is nothing to unfold.
        body: if step.action == Action::Adopt {
            Content::Empty
        } else {
            Content::Drift(step.drift.clone())
        },
        folded: Some(!matches!(
            step.action,
            Action::Apply | Action::Replace | Action::Recreate
        )),
        stop: true,
    }
}
