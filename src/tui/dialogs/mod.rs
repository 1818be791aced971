//! What opens over the panes: Plans, Runs, questions, texts.

pub mod plan;
pub mod question;
pub mod run;
pub mod text;
mod wrong;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::fit;
use super::keymap::{Command, Context};
use super::layout;
use super::painter::{Painter, piece};
use super::state::State;
use super::theme::Label;

pub use plan::PlanDialog;
pub use question::{Intent, Question, Typed};
pub use run::Running;
pub use text::{About, TextDialog};

/// An open dialog.
#[derive(Debug)]
pub enum Dialog {
    /// A Plan that waits for an answer.
    Plan(Box<PlanDialog>),
    /// The Run, which lives in the state: closing the dialog does not stop it.
    Run,
    /// A question with two answers.
    Question(Question),
    /// A question answered by typing a name.
    Typed(Box<Typed>),
    /// A text to read.
    Text(Box<TextDialog>),
}

impl Dialog {
    /// Which keys hold in it.
    pub fn context(&self) -> Context {
        match self {
            Self::Plan(_) => Context::Plan,
            Self::Run => Context::Run,
            Self::Question(_) | Self::Typed(_) => Context::Question,
            Self::Text(_) => Context::Text,
        }
    }

    /// Whether a command can do something in it as it is.
    pub fn offers(&self, state: &State, command: Command) -> bool {
        match (self, command) {
            (Self::Plan(plan), Command::Accept) => plan.can_run(state),
            (Self::Plan(plan), Command::Open | Command::NextPane) => plan.has_choice(state),
            (Self::Plan(plan), Command::Refresh) => plan.is_out_of_date(),
            (Self::Plan(plan), Command::Fold | Command::FoldAll) => plan.reader.has_folds(),
            (Self::Plan(plan), Command::LessContext | Command::MoreContext) => {
                plan.reader.has_context()
            }
            (Self::Plan(plan), Command::NextDifference) => plan.reader.can_seek(),
            (Self::Plan(plan), Command::Reveal) => plan.has_secret(),
            (Self::Plan(plan), Command::Prune) => plan.can_prune(),
            (Self::Plan(plan), Command::Adopt) => plan.can_adopt(),
            (Self::Run, Command::Open) => state.run.as_ref().is_some_and(Running::leads_to_sync),
            (Self::Run, Command::ScrollDown) => state.run.as_ref().is_some_and(|run| {
                let (_, height) = text_size(state.size);
                run.reader.above() + run.reader.below(height) > 0
            }),
            (Self::Text(text), Command::ScrollDown) => {
                let (_, height) = text_size(state.size);
                text.reader.above() + text.reader.below(height) > 0
            }
            (Self::Run, Command::Stop) => state
                .run
                .as_ref()
                .is_some_and(|run| run.is_under_way() && !run.stopping),
            (Self::Run, Command::Refresh) => {
                state.run.as_ref().is_some_and(Running::can_draw_again)
            }
            (Self::Question(question), Command::Accept) => question.shown,
            (Self::Question(_), Command::Back) => false,
            _ => true,
        }
    }
}

/// Draws the dialogs, the uppermost last.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer) {
    for dialog in &state.dialogs {
        match dialog {
            Dialog::Plan(plan) => plan::draw(state, p, buf, plan),
            Dialog::Run => run::draw(state, p, buf),
            Dialog::Question(question) => question::draw(state, p, buf, question),
            Dialog::Typed(typed) => question::draw_typed(state, p, buf, typed),
            Dialog::Text(text) => text::draw(state, p, buf, text),
        }
    }
}

/// Empties the place of a dialog and frames it; returns the inside.
fn open(
    state: &State,
    p: &Painter<'_>,
    buf: &mut Buffer,
    wanted: Option<Size>,
    title: &str,
    right: &str,
) -> Rect {
    let area = layout::dialog(state.size, wanted);
    p.clear(buf, area);
    let room = usize::from(area.width.saturating_sub(8));
    // What the title leaves, and half of the room at least.
    let left = room.saturating_sub(fit::width(title) + 2);
    let right = piece(p.end(right, left.max(room / 2)), Label::Dim);
    let left = match fit::width(&right.0) {
        0 => room,
        width => room.saturating_sub(width + 2),
    };
    let title = piece(p.end(title, left), Label::Title);
    let right: &[_] = if right.0.is_empty() { &[] } else { &[right] };
    p.frame(buf, area, &[title], right, true)
}

/// Lines of text that a long dialog has room for, and their width.
pub fn text_size(size: Size) -> (usize, usize) {
    let area = layout::dialog(size, None);
    (
        usize::from(area.width.saturating_sub(2)),
        usize::from(area.height.saturating_sub(4)).max(1),
    )
}

/// Draws two buttons at the bottom of a dialog; the second is chosen where `second` says so.
fn buttons(
    p: &Painter<'_>,
    buf: &mut Buffer,
    inner: Rect,
    labels: [&str; 2],
    second: bool,
    grave: bool,
) {
    let y = inner.bottom().saturating_sub(1);
    let (mut x, end) = (inner.left() + 1, inner.right());
    for (i, text) in labels.iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        let chosen = (i == 1) == second;
        let label = match (chosen, i == 1 && grave) {
            (true, _) => Label::ChoiceOn,
            (false, true) => Label::Bad,
            (false, false) => Label::Choice,
        };
        let text = if chosen {
            format!("[ {text} ]")
        } else {
            format!("  {text}  ")
        };
        x = p.put(buf, x, end, y, &text, label) + 2;
    }
}
