//! Draws a Run: its text, and what it waits for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::text::visible;

use super::super::super::detail::body;
use super::super::super::fit;
use super::super::super::layout;
use super::super::super::painter::Painter;
use super::super::super::state::State;
use super::super::super::theme::Label;
use super::super::super::wording;
use super::super::{Dialog, Intent};

/// Draws the dialog.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer) {
    let Some(run) = &state.run else { return };
    let what = match run.plan.apps.as_slice() {
        [one] => wording::app(&one.id, p.glyphs.dot),
        many => format!("{} Apps", many.len()),
    };
    let title = format!("{} {what}", wording::kind(run.plan.kind));
    let inner = super::super::open(state, p, buf, None, &title, &run.progress());
    let is_asked = state.dialogs.iter().any(
        |dialog| matches!(dialog, Dialog::Question(q) if q.intent == Intent::TakeOver(run.ticket)),
    );
    let waiting = match &run.view {
        _ if is_asked => "the lock",
        Some(view) => &view.waiting,
        None => "",
    };
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
    let frame = layout::dialog(state.size, None);
    let below = run.reader.below(usize::from(text.height));
    p.hidden(buf, frame, run.reader.above(), below);
    for (i, line) in lines.iter().enumerate() {
        let y = inner.bottom().saturating_sub(n_lines) + i as u16;
        p.put(buf, x, end, y, line, label);
    }
}
