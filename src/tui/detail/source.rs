//! The Source tab: what Git says, object by object, with file and line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::AppView;

use super::super::document::{Content, Section, SectionId};
use super::super::glyphs::Glyphs;
use super::super::list;
use super::super::painter::{Painter, piece};
use super::super::screens::apps::draw_lines;
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;
use super::{body, diff};

/// The sections of the tab.
pub fn sections(view: &AppView, filter: &str, glyphs: &Glyphs) -> Vec<Section> {
    let home = &view.app.destination.namespace;
    view.objects
        .iter()
        .filter(|o| filter.is_empty() || list::fits(filter, &diff::haystack(o, glyphs)))
        .filter_map(|object| {
            let manifest = object.manifest.as_ref()?;
            let key = &object.drift.key;
            let origin = &manifest.origin;
            Some(Section {
                id: SectionId::Object(view.app.id.clone(), key.clone()),
                left: vec![piece(wording::object(key, home), Label::Strong)],
                right: vec![piece(
                    format!("{}:{}", origin.file.as_str(), origin.start.line),
                    Label::Note,
                )],
                intro: Vec::new(),
                body: Content::Source(manifest.clone()),
                folded: false,
                stop: true,
            })
        })
        .collect()
}

/// Draws the tab.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect, view: &AppView) {
    let reader = &state.detail.source;
    if !reader.document.is_empty() {
        return body::draw(reader, p, buf, area, state.focus == Pane::Detail);
    }
    let text = if !state.detail.objects.filter.is_empty() {
        "No object fits the filter."
    } else if view.problems.is_empty() {
        "Git has no object for this App."
    } else {
        "There is nothing to show of it: the Diff tab says why."
    };
    draw_lines(p, buf, area, &[(text.to_owned(), Label::Dim)]);
}
