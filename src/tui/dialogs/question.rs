//! Questions: yes or no with No preselected, and those answered by typing a name.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use crate::domain::{AppId, Plan};
use crate::engine::{Draw, Ticket};

use super::super::field::Field;
use super::super::fit;
use super::super::painter::Painter;
use super::super::screens::footer::draw_field;
use super::super::state::State;
use super::super::theme::Label;

/// What is done on yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Leave.
    Quit,
    /// Show the secret values of an App.
    Reveal(AppId),
    /// Show the secret values of a Plan.
    RevealPlan(Ticket),
    /// Stop a Run.
    Stop(Ticket),
    /// Take over the lock that a Run has come upon.
    TakeOver(Ticket),
    /// Draw a Plan with which Apps go elsewhere than before.
    Move(Box<Draw>),
}

/// A question with two answers.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its title.
    pub title: String,
    /// What is asked.
    pub text: String,
    /// What yes is called.
    pub yes: String,
    /// What is done on yes.
    pub intent: Intent,
    /// Whether yes is chosen.
    pub chosen: bool,
    /// Whether it was on screen before the key that answers it: typing ahead answers nothing.
    pub shown: bool,
}

impl Question {
    /// A question with No preselected.
    pub fn new(title: &str, text: String, yes: &str, intent: Intent) -> Self {
        Self {
            title: title.to_owned(),
            text,
            yes: yes.to_owned(),
            intent,
            chosen: false,
            shown: false,
        }
    }
}

/// What follows a name typed rightly.
#[derive(Clone, Debug)]
pub enum Then {
    /// The Plan runs, after further names where more clusters are guarded.
    Run(Arc<Plan>, Vec<String>),
    /// A Plan is drawn.
    Draw(Draw),
}

/// A question answered by typing a name.
#[derive(Clone, Debug)]
pub struct Typed {
    /// Its title.
    pub title: String,
    /// What is asked.
    pub text: String,
    /// The name.
    pub name: String,
    /// What was typed.
    pub field: Field,
    /// What follows.
    pub then: Then,
}

/// Draws a question.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, question: &Question) {
    let lines = fit::wrap(&question.text, 54);
    let size = Size::new(60, lines.len() as u16 + 5);
    let inner = super::open(state, p, buf, Some(size), &question.title, "");
    for (i, line) in lines.iter().enumerate() {
        let y = inner.top() + 1 + i as u16;
        if y + 1 < inner.bottom() {
            p.put(buf, inner.left() + 1, inner.right(), y, line, Label::Text);
        }
    }
    super::buttons(p, buf, inner, ["No", &question.yes], question.chosen, true);
}

/// Draws a question for a name.
pub fn draw_typed(state: &State, p: &Painter<'_>, buf: &mut Buffer, typed: &Typed) {
    let lines = fit::wrap(&typed.text, 54);
    let size = Size::new(60, lines.len() as u16 + 6);
    let inner = super::open(state, p, buf, Some(size), &typed.title, "esc cancels");
    let (x, end) = (inner.left() + 1, inner.right());
    for (i, line) in lines.iter().enumerate() {
        let y = inner.top() + 1 + i as u16;
        if y + 1 < inner.bottom() {
            p.put(buf, x, end, y, line, Label::Text);
        }
    }
    let y = inner.bottom().saturating_sub(1);
    let x = p.put(buf, x, end, y, "> ", Label::Accent);
    let after = draw_field(p, buf, x, end, y, &typed.field);
    if typed.field.text() == typed.name {
        p.put(buf, after + 2, end, y, "enter goes on", Label::Dim);
    }
}
