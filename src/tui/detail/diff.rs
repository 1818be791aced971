//! The Diff tab: what is wrong with the App, then every object that differs, in the order of the Plan.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::{Cause, HealthStatus, ObjectDrift, Problem, Verdict};
use crate::engine::{AppState, AppView, ObjectView, SyncStatus};

use super::super::document::{Content, Section, SectionId};
use super::super::fit;
use super::super::glyphs::Glyphs;
use super::super::keymap::Command;
use super::super::list;
use super::super::painter::{Painter, Piece, piece};
use super::super::screens::apps::draw_lines;
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;
use super::body;

/// The sections of the tab.
pub fn sections(view: &AppView, filter: &str, width: usize, glyphs: &Glyphs) -> Vec<Section> {
    let mut sections = Vec::new();
    for (i, problem) in view.problems.iter().enumerate() {
        sections.push(Section::text(
            format!("problem {i}"),
            problem_lines(problem, width, glyphs),
        ));
    }
    if filter.is_empty() && !view.notices.is_empty() {
        let notices = view.notices.iter().flat_map(|notice| {
            let place = if notice.place.is_empty() {
                String::new()
            } else {
                format!("{}: ", notice.place)
            };
            let text = format!("{} {place}{}", glyphs.dot, notice.text);
            paragraph(&text, width, Label::Dim)
        });
        sections.push(Section::text("notices", notices.collect()));
    }
    let (differs, rest): (Vec<_>, Vec<_>) = view
        .objects
        .iter()
        .filter(|o| has_something(&o.drift))
        .filter(|o| filter.is_empty() || list::fits(filter, &haystack(o, glyphs)))
        .partition(|o| o.drift.verdict != Verdict::InSync);
    for object in differs.into_iter().chain(rest) {
        sections.push(of_object(view, object, width, glyphs));
    }
    sections
}

/// What a filter looks at.
pub fn haystack(object: &ObjectView, glyphs: &Glyphs) -> String {
    let (_, word, _) = wording::verdict(&object.drift, glyphs);
    let health = object
        .health
        .as_ref()
        .map_or("", |h| wording::health(h.status).0);
    format!("{} {word} {health}", object.drift.key)
}

fn has_something(drift: &ObjectDrift) -> bool {
    drift.verdict != Verdict::InSync || !drift.foreign.is_empty() || !drift.overridden.is_empty()
}

fn of_object(view: &AppView, object: &ObjectView, width: usize, glyphs: &Glyphs) -> Section {
    let drift = &object.drift;
    let home = &view.app.destination.namespace;
    let intro = drift
        .problem
        .as_ref()
        .map_or_else(Vec::new, |problem| problem_lines(problem, width, glyphs));
    Section {
        id: SectionId::Object(view.app.id.clone(), drift.key.clone()),
        left: vec![piece(wording::object(&drift.key, home), Label::Strong)],
        right: summary(drift, glyphs),
        intro,
        body: Content::Drift(drift.clone()),
        folded: !matches!(
            drift.verdict,
            Verdict::Drifted | Verdict::Refused | Verdict::Unknown
        ),
        stop: drift.verdict != Verdict::InSync || !drift.overridden.is_empty(),
    }
}

/// What stands on the right of an object's heading.
pub fn summary(drift: &ObjectDrift, glyphs: &Glyphs) -> Vec<Piece> {
    let dot = || piece(format!(" {} ", glyphs.dot), Label::Faint);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |new: Vec<Piece>| {
        if !pieces.is_empty() {
            pieces.push(dot());
        }
        pieces.extend(new);
    };
    if !drift.confirmed && drift.verdict != Verdict::Unknown {
        let text = format!("{}not confirmed by the server", glyphs.unconfirmed);
        add(vec![piece(text, Label::Dim)]);
    }
    match drift.verdict {
        Verdict::Missing => add(vec![piece("only in Git (new)", Label::Good)]),
        Verdict::Extra => add(vec![piece("no longer in Git", Label::Bad)]),
        Verdict::Refused => add(vec![piece("refused by the server", Label::Bad)]),
        Verdict::Unknown => add(vec![piece("not compared", Label::Dim)]),
        Verdict::InSync | Verdict::Drifted => {}
    }
    if !drift.fields.is_empty() && !matches!(drift.verdict, Verdict::Missing | Verdict::Extra) {
        add(vec![piece(
            wording::count(drift.fields.len(), "field", "fields"),
            Label::Dim,
        )]);
        let has = |cause| drift.fields.iter().any(|f| f.cause == cause);
        let mut sides = Vec::new();
        for cause in [Cause::Git, Cause::Cluster, Cause::Both] {
            if has(cause) {
                let (sign, word, label) = wording::cause(cause, glyphs);
                if !sides.is_empty() {
                    sides.push(piece("  ", Label::Text));
                }
                sides.push(piece(format!("{sign} {word}"), label));
            }
        }
        if !sides.is_empty() {
            add(sides);
        }
    }
    for (n, word, label) in [
        (drift.overridden.len(), "overridden", Label::Overridden),
        (drift.foreign.len(), "foreign", Label::Foreign),
    ] {
        if n > 0 {
            add(vec![piece(format!("{n} {word}"), label)]);
        }
    }
    pieces
}

/// A Problem as lines: what, why, and what to do.
pub fn problem_lines(problem: &Problem, width: usize, glyphs: &Glyphs) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    let head = if problem.place.is_empty() {
        format!("{} {}", glyphs.failed, problem.summary)
    } else {
        format!("{} {}: {}", glyphs.failed, problem.place, problem.summary)
    };
    lines.extend(paragraph(&head, width, Label::Bad));
    for cause in &problem.causes {
        lines.extend(indented(cause, width, Label::Text));
    }
    for hint in &problem.hints {
        let hint = format!("{} {hint}", glyphs.arrow);
        lines.extend(indented(&hint, width, Label::Accent));
    }
    lines
}

/// A text broken at a width.
pub fn paragraph(text: &str, width: usize, label: Label) -> Vec<Vec<Piece>> {
    fit::wrap(text, width.saturating_sub(3).max(20))
        .into_iter()
        .map(|line| vec![piece(line, label)])
        .collect()
}

fn indented(text: &str, width: usize, label: Label) -> Vec<Vec<Piece>> {
    let mut lines = paragraph(text, width.saturating_sub(2), label);
    for line in &mut lines {
        line.insert(0, piece("  ", Label::Text));
    }
    lines
}

/// Draws the tab.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect, view: &AppView) {
    let reader = &state.detail.diff;
    if !reader.document.is_empty() {
        return body::draw(reader, p, buf, area, state.focus == Pane::Detail);
    }
    let key = |command| state.keymap.key(state.context(), command);
    let mut lines: Vec<(String, Label)> = Vec::new();
    if !state.detail.objects.filter.is_empty() {
        lines.push((
            "No object that differs fits the filter.".to_owned(),
            Label::Text,
        ));
        lines.push((
            format!("{} shows all again.", key(Command::Back)),
            Label::Dim,
        ));
    } else {
        match view.sync {
            SyncStatus::Checking => {
                lines.push(("Comparing with the cluster.".to_owned(), Label::Dim));
            }
            SyncStatus::Available => {
                lines.push((
                    "Nothing of this App is in the cluster.".to_owned(),
                    Label::Text,
                ));
                lines.push((
                    format!("{} shows what a sync would create.", key(Command::Sync)),
                    Label::Dim,
                ));
            }
            SyncStatus::Failed => {
                lines.push(("It could not be compared.".to_owned(), Label::Bad));
            }
            SyncStatus::Synced | SyncStatus::Drifted => {
                let n = wording::count(view.counts.objects, "object", "objects");
                lines.push((
                    format!(
                        "{} In sync: a sync would change nothing in {n}.",
                        p.glyphs.synced
                    ),
                    Label::Good,
                ));
                if let Some(health) = &view.health
                    && health.status != HealthStatus::Healthy
                {
                    let (_, label) = wording::health(health.status);
                    let text = if health.message.is_empty() {
                        health.status.to_string()
                    } else {
                        format!("{}: {}", health.status, health.message)
                    };
                    lines.push((text, label));
                    lines.push((
                        format!("{} lists its objects, and why.", key(Command::NextTab)),
                        Label::Dim,
                    ));
                }
                if view.state == AppState::Unmanaged {
                    lines.push((
                        format!(
                            "trueup does not manage it yet: {} offers to adopt it.",
                            key(Command::Sync)
                        ),
                        Label::Dim,
                    ));
                }
            }
        }
    }
    draw_lines(p, buf, area, &lines);
}
