//! The Source tab: what Git says, object by object, with file and line.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::ObjectKey;
use crate::engine::{AppView, PackedManifest, SyncStatus};

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
    let section = |key: &ObjectKey, manifest: &Arc<PackedManifest>| {
        let origin = &manifest.origin;
        Section {
            id: SectionId::Object(view.app.id.clone(), key.clone()),
            left: vec![piece(wording::object(key, home), Label::Strong)],
            right: vec![piece(
                format!("{}:{}", origin.file.as_str(), origin.start.line),
                Label::Note,
            )],
            intro: Vec::new(),
            body: Content::Source(manifest.clone()),
            folded: Some(false),
            stop: true,
        }
    };
    let fits = |text: &str| filter.is_empty() || list::fits(filter, text);
    if view.objects.is_empty() {
        // Nothing was compared yet: what Git says needs no cluster.
        let rendered = view.rendered.iter();
        return rendered
            .filter_map(|packed| Some((ObjectKey::of(&packed.manifest().value)?, packed)))
            .filter(|(key, _)| fits(&key.to_string()))
            .map(|(key, packed)| section(&key, &Arc::new(packed.clone())))
            .collect();
    }
    view.objects
        .iter()
        .filter(|o| fits(&diff::haystack(view, o, glyphs)))
        .filter_map(|object| Some(section(&object.drift.key, object.manifest.as_ref()?)))
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
    } else if view.problems.is_empty() && view.sync == SyncStatus::Checking {
        "What Git says is not known yet."
    } else if view.problems.is_empty() {
        "Git has no object for this App."
    } else {
        "There is nothing to show of it: the Diff tab says why."
    };
    draw_lines(p, buf, area, &[(text.to_owned(), Label::Dim)]);
}
