//! Chooses the lines that are shown and writes them out.

use crate::domain::{FieldDrift, ObjectDrift, Owner, Position, RepoPath};
use crate::merge::MANAGER;

use super::layout::{Layout, Raw, Side};
use super::text::Text;
use super::{Line, LineKind, Note, text, words};

/// Writes out what changed, `context` lines around it and the parents of it; longer runs of other lines become folds.
pub fn fold(layout: &Layout<'_>, drift: &ObjectDrift, context: usize) -> Vec<Line> {
    let shown = shown(&layout.lines, context);
    let mut out = Vec::new();
    let mut noted = Noted::default();
    let mut i = 0;
    while i < shown.len() {
        if shown[i] {
            out.push(line(layout, i, drift, &mut noted));
            i += 1;
            continue;
        }
        let end = shown[i..]
            .iter()
            .position(|s| *s)
            .map_or(shown.len(), |n| i + n);
        // A fold would take as much room as the one line that it hides.
        if end - i == 1 {
            out.push(line(layout, i, drift, &mut noted));
        } else {
            out.push(Line {
                kind: LineKind::Fold(end - i),
                indent: 0,
                spans: Vec::new(),
                path: Default::default(),
                note: None,
            });
        }
        i = end;
    }
    out
}

fn is_change(raw: &Raw<'_>) -> bool {
    raw.side != Side::Both || raw.foreign.is_some()
}

fn shown(lines: &[Raw<'_>], context: usize) -> Vec<bool> {
    if context == usize::MAX {
        return vec![true; lines.len()];
    }
    let mut shown = vec![false; lines.len()];
    if !lines.iter().any(is_change) {
        return Vec::new();
    }
    let mut until = 0;
    for (i, raw) in lines.iter().enumerate() {
        if is_change(raw) {
            let from = i.saturating_sub(context).max(until);
            until = (i + context + 1).min(lines.len());
            shown[from.min(until)..until].fill(true);
        }
    }
    let mut visited = vec![false; lines.len()];
    for raw in lines.iter().filter(|raw| is_change(raw)) {
        let mut above = raw.parent;
        while let Some(at) = above.map(|at| at as usize).filter(|at| !visited[*at]) {
            visited[at] = true;
            // The lines that name a list item belong together; what is nested in one of them does not come first.
            let names = at..(at + usize::from(lines[at].keys)).min(lines.len());
            shown[names].fill(true);
            above = lines[at].parent;
        }
    }
    shown
}

/// What was noted already: every field has its note once on each side.
#[derive(Default)]
struct Noted(std::collections::HashSet<(u8, u32)>);

fn line(layout: &Layout<'_>, i: usize, drift: &ObjectDrift, noted: &mut Noted) -> Line {
    let raw = &layout.lines[i];
    let (written, lead) = text::write(raw);
    let partner = raw
        .partner
        .map(|p| text::write(&layout.lines[p as usize]).0);
    let spans = match (raw.side, partner) {
        (Side::Live, Some(other)) => words::spans(&written, &other, lead).0,
        (Side::Predicted, Some(other)) => words::spans(&other, &written, lead).1,
        _ => words::plain(&written),
    };
    let kind = match (raw.side, raw.foreign) {
        (Side::Both, None) => LineKind::Context,
        (Side::Both, Some(_)) => LineKind::Foreign,
        (Side::Live, _) => LineKind::Removed,
        (Side::Predicted, _) => LineKind::Added,
        (Side::Wanted, _) => LineKind::Overridden,
    };
    Line {
        kind,
        indent: raw.indent,
        spans,
        path: layout.path(raw.node),
        note: note(raw, drift, noted).or_else(|| text_note(layout, i, drift)),
    }
}

/// What stands beside a changed line of a text whose lines are those of the file, unless the changed line above it tells
/// already.
fn text_note(layout: &Layout<'_>, i: usize, drift: &ObjectDrift) -> Option<Note> {
    let raw = &layout.lines[i];
    let above = i.checked_sub(1).and_then(|above| layout.lines.get(above));
    let goes_on = above.is_some_and(|above| above.side == raw.side && above.field == raw.field);
    if raw.side != Side::Predicted || goes_on {
        return None;
    }
    let field = drift.fields.get(raw.field? as usize)?;
    Some(Note {
        owner: None,
        place: Some(text_place(raw, field)?),
        cause: field.cause,
    })
}

/// Where the line of a text stands.
fn text_place(raw: &Raw<'_>, field: &FieldDrift) -> Option<(RepoPath, Position)> {
    let Text::Body(_, number) = raw.text else {
        return None;
    };
    let (file, first) = (&field.place.as_ref()?.0, field.text?);
    let line = first.line.saturating_add(number);
    Some((file.clone(), Position { line, ..first }))
}

fn note(raw: &Raw<'_>, drift: &ObjectDrift, noted: &mut Noted) -> Option<Note> {
    let index = if raw.side == Side::Both {
        raw.foreign?
    } else {
        raw.field?
    };
    if !noted.0.insert((raw.side as u8, index)) {
        return None;
    }
    let at = index as usize;
    match raw.side {
        Side::Both => drift.foreign.get(at).map(|f| Note {
            owner: Some(f.owner.clone()),
            place: None,
            cause: Default::default(),
        }),
        Side::Live => drift.fields.get(at).map(|f| Note {
            owner: latest(&f.owners),
            place: if f.predicted.is_none() {
                f.place.clone()
            } else {
                None
            },
            cause: f.cause,
        }),
        Side::Predicted => drift.fields.get(at).map(|f| Note {
            owner: None,
            place: text_place(raw, f).or_else(|| f.place.clone()),
            cause: f.cause,
        }),
        Side::Wanted => drift.overridden.get(at).map(|f| Note {
            owner: latest(&f.owners),
            place: f.place.clone(),
            cause: f.cause,
        }),
    }
}

/// Of several who hold a field the one who changed last is named, somebody else before trueup itself.
fn latest(owners: &[Owner]) -> Option<Owner> {
    owners
        .iter()
        .max_by_key(|o| (o.manager != MANAGER, o.time))
        .cloned()
}
