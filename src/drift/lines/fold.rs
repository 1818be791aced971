//! Chooses the lines that are shown and writes them out.

use crate::domain::{ObjectDrift, Owner};
use crate::merge::MANAGER;

use super::layout::{self, Layout, Raw, Side};
use super::{Line, LineKind, Note, words};

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
    let (text, lead) = layout::write(raw);
    let partner = raw
        .partner
        .map(|p| layout::write(&layout.lines[p as usize]).0);
    let spans = match (raw.side, partner) {
        (Side::Live, Some(other)) => words::spans(&text, &other, lead).0,
        (Side::Predicted, Some(other)) => words::spans(&other, &text, lead).1,
        _ => words::plain(&text),
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
        note: note(raw, drift, noted),
    }
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
            place: f.place.clone(),
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
