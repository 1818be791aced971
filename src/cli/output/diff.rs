//! `trueup diff`: what a sync would change, in the direction of `kubectl diff`: `-` is live, `+` what a sync makes of it.

use std::sync::Arc;

use serde_json::json;

use crate::domain::age::age;
use crate::domain::text::visible;
use crate::domain::{Cause, ObjectDrift, Owner, Problem, Value, Verdict, count};
use crate::drift::lines::Note;
use crate::drift::{Line, LineKind, LineOptions, Taken, build, masked, taken};
use crate::engine::{AppView, SyncStatus, words};

use super::json::problem as json_problem;
use super::{Ink, Style, apps, inks, json, problem};

/// The diff of some Apps.
pub fn text(views: &[Arc<AppView>], options: &LineOptions, style: &Style) -> String {
    let mut out = String::new();
    for view in views {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&app(view, options, style));
    }
    out
}

fn app(view: &AppView, options: &LineOptions, style: &Style) -> String {
    let mut out = format!("{}\n", title(view, style));
    for one in &view.problems {
        out.push_str(&problem::text(one, style));
    }
    for one in &view.notices {
        out.push_str(&problem::notice(one, style));
    }
    for object in shown(view, options.foreign) {
        out.push('\n');
        out.push_str(&object_text(view, object, options, style));
    }
    out
}

/// `checkout · prod-eu · shop · main@4f2c1e9 · 2 objects drifted`.
fn title(view: &AppView, style: &Style) -> String {
    let id = &view.app.id;
    let mut parts = vec![style.foreign(Ink::Bold, &id.name)];
    let others = [&id.context, &id.namespace, &inks::target(view)];
    let others = others.into_iter().filter(|p| !p.is_empty());
    parts.extend(others.map(|part| style.foreign(Ink::Plain, part)));
    let (_, ink) = inks::sync(view);
    parts.push(style.paint(ink, &verdict(view)));
    parts.extend(
        apps::remarks(view, style)
            .iter()
            .map(|r| style.foreign(Ink::Dim, r)),
    );
    parts.join(" · ")
}

/// The verdict on an App in words.
pub fn verdict(view: &AppView) -> String {
    let counts = &view.counts;
    let mut parts = match view.sync {
        SyncStatus::Drifted => Vec::new(),
        _ => vec![words::sync(view).to_owned()],
    };
    let objects = view.objects.iter();
    let deleted = objects.filter(|o| view.was_deleted(&o.drift)).count();
    // Each object once: the sum of all but the last is what the list calls drifted.
    for (n, what) in [
        (counts.changed, words::verdict(Verdict::Drifted)),
        (
            counts.missing.saturating_sub(deleted),
            words::verdict(Verdict::Missing),
        ),
        (deleted, words::DELETED),
        (counts.extra, "no longer in Git"),
        (counts.refused, "refused by the server"),
        (counts.unknown, words::verdict(Verdict::Unknown)),
    ] {
        match n {
            0 => {}
            n if parts.is_empty() => parts.push(format!("{} {what}", count(n, "object"))),
            n => parts.push(format!("{n} {what}")),
        }
    }
    if counts.foreign > 0 {
        parts.push(count(counts.foreign, "foreign field"));
    }
    parts.join(", ")
}

/// The hint of a refusal that a sync gets past, as the App or the object says already.
pub const FORCED: &str = "A sync deletes it and creates it again (Force=true).";

/// The objects that there is something to show of, Secrets masked.
pub fn shown(view: &AppView, foreign: bool) -> impl Iterator<Item = ObjectDrift> + '_ {
    view.objects
        .iter()
        .filter(move |object| {
            let drift = &object.drift;
            drift.verdict != Verdict::InSync
                || drift.problem.is_some()
                || !drift.overridden.is_empty()
                || (foreign && !drift.foreign.is_empty())
        })
        .map(|object| {
            let mut drift = masked(&object.drift);
            if let (Some(problem), true) = (&mut drift.problem, view.is_forced(object)) {
                problem.hints = vec![FORCED.to_owned()];
            }
            drift
        })
}

/// One object: a heading, its Problem, its lines. `drift` is masked already.
fn object_text(view: &AppView, drift: ObjectDrift, options: &LineOptions, style: &Style) -> String {
    let mut out = heading(view, &drift, style);
    out.push('\n');
    out.push_str(&body(&drift, &[], options, style));
    out
}

/// Its Problem, what a sync takes or removes, and its lines.
pub fn body(
    drift: &ObjectDrift,
    leftovers: &[String],
    options: &LineOptions,
    style: &Style,
) -> String {
    let mut out = String::new();
    if let Some(one) = &drift.problem {
        out.push_str(&problem::text(one, style));
    }
    for one in taken(drift, leftovers) {
        let (label, text) = takes(&one);
        let label = style.paint(Ink::Yellow, &format!("{label}:"));
        let text = style.foreign(Ink::Plain, &text);
        out.push_str(&format!("{label} {text}\n"));
    }
    let lines = build(drift, options);
    for i in 0..lines.len() {
        out.push_str(&line_text(&lines, i, style));
        out.push('\n');
    }
    out
}

/// What a sync would take from others, or remove: what that is called, and what it comes to.
pub fn takes(taken: &Taken<'_>) -> (&'static str, String) {
    let Taken { field, .. } = taken;
    match (taken.from, taken.removed) {
        (Some(manager), true) => (
            "conflict",
            format!("{field} is held by {manager} and would be removed"),
        ),
        (Some(manager), false) => (
            "conflict",
            format!("{field} is held by {manager} and would be taken"),
        ),
        (None, _) => ("leftover", format!("{field} would be removed")),
    }
}

/// `Deployment shop/web: drifted, 2 fields, cluster edited`.
pub fn heading(view: &AppView, drift: &ObjectDrift, style: &Style) -> String {
    let (word, ink) = if view.was_deleted(drift) {
        (words::DELETED, Ink::Yellow)
    } else {
        inks::verdict(drift.verdict)
    };
    let key = style.foreign(Ink::Bold, &drift.key.to_string());
    let mut about = vec![style.paint(ink, word)];
    let mut add = |ink, text: String| about.push(style.paint(ink, &text));
    if drift.verdict == Verdict::Drifted {
        add(Ink::Plain, count(drift.fields.len(), "field"));
        let moved = inks::moved(cause(drift));
        if !moved.is_empty() {
            add(Ink::Plain, moved.to_owned());
        }
    }
    if !drift.overridden.is_empty() {
        let fields = count(drift.overridden.len(), "field");
        add(Ink::Yellow, format!("{fields} overridden by the server"));
    }
    if !drift.foreign.is_empty() {
        add(Ink::Cyan, count(drift.foreign.len(), "foreign field"));
    }
    if !drift.confirmed {
        add(Ink::Dim, "not confirmed by the server".to_owned());
    }
    format!("{key}: {}", about.join(", "))
}

/// Which side moved, over all fields.
pub fn cause(drift: &ObjectDrift) -> Cause {
    let mut causes = drift.fields.iter().map(|f| f.cause);
    let first = causes.next().unwrap_or_default();
    causes.fold(first, |all, cause| match (all, cause) {
        (a, b) if a == b => a,
        (Cause::Unknown, _) | (_, Cause::Unknown) => Cause::Unknown,
        _ => Cause::Both,
    })
}

/// The mark of a kind of line, and its ink. Marks differ, so that colour is not needed.
pub fn mark(kind: LineKind) -> (char, Ink) {
    match kind {
        LineKind::Context => (' ', Ink::Plain),
        LineKind::Removed => ('-', Ink::Red),
        LineKind::Added => ('+', Ink::Green),
        LineKind::Foreign => ('~', Ink::Cyan),
        LineKind::Overridden => ('!', Ink::Yellow),
        LineKind::Fold(_) => (' ', Ink::Dim),
        LineKind::Heading => (' ', Ink::Bold),
    }
}

fn line_text(lines: &[Line], i: usize, style: &Style) -> String {
    let line = &lines[i];
    let (mark, ink) = mark(line.kind);
    if let LineKind::Fold(n) = line.kind {
        let text = format!("{mark} {}", folded(n));
        return style.paint(ink, &text);
    }
    let indent = " ".repeat(usize::from(line.indent));
    let mut out = style.paint(ink, &format!("{mark} {indent}"));
    for span in &line.spans {
        let text = visible(&span.text);
        let text = style.paint(ink, &text);
        if span.emphasis && style.color {
            out.push_str(&format!("\u{1b}[1;7m{text}"));
        } else {
            out.push_str(&text);
        }
    }
    if let Some(note) = note(lines, i, style) {
        out.push_str(&style.foreign(Ink::Dim, &format!("   # {note}")));
    }
    out
}

/// What stands for lines that are left out.
pub fn folded(n: usize) -> String {
    format!("… {} …", count(n, "unchanged line"))
}

/// Who and what is behind a line: `kubectl-edit · 2 m`, `deploy/web.yaml:12 · Git moved`. Of the two lines of a changed
/// field only the side that moved says so.
pub fn note(lines: &[Line], i: usize, style: &Style) -> Option<String> {
    let line = &lines[i];
    let Note {
        owner,
        place,
        cause,
    } = line.note.as_ref()?;
    let mut parts = Vec::new();
    if let Some(owner) = owner {
        parts.push(owner_text(owner, style));
    }
    if let Some((file, at)) = place
        && line.kind != LineKind::Removed
    {
        parts.push(format!("{file}:{}", at.line));
    }
    if line.kind == LineKind::Overridden {
        parts.push("overridden by the server".to_owned());
    }
    let is_told = match (line.kind, cause) {
        (LineKind::Removed, Cause::Git) | (LineKind::Added, Cause::Cluster) => !is_paired(lines, i),
        (LineKind::Removed | LineKind::Added, _) => *cause != Cause::Unknown,
        _ => false,
    };
    if is_told {
        parts.push(inks::moved(*cause).to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Whether a removed or added line stands beside one of the other side for the same field.
fn is_paired(lines: &[Line], i: usize) -> bool {
    let line = &lines[i];
    let is_change = |l: &&Line| matches!(l.kind, LineKind::Removed | LineKind::Added);
    let is_other = |l: &Line| l.kind != line.kind && l.path == line.path;
    lines[i..].iter().take_while(is_change).any(is_other)
        || lines[..i].iter().rev().take_while(is_change).any(is_other)
}

fn owner_text(owner: &Owner, style: &Style) -> String {
    let through = match owner.subresource.as_str() {
        "" => String::new(),
        subresource => format!(" ({subresource})"),
    };
    let ago = owner
        .time
        .map_or_else(String::new, |time| format!(" · {}", age(time, style.now).0));
    format!("{}{through}{ago}", owner.manager)
}

/// The same for programs, with the problems of the whole, which leave the result unknown. Objects in sync are left out;
/// the counts have them.
pub fn json(views: &[Arc<AppView>], foreign: bool, problems: &[Problem]) -> Value {
    let apps: Vec<Value> = views
        .iter()
        .map(|view| {
            let mut app = json::app(view);
            let objects: Vec<Value> = view
                .objects
                .iter()
                .filter(|o| {
                    let drift = &o.drift;
                    drift.verdict != Verdict::InSync
                        || drift.problem.is_some()
                        || !drift.overridden.is_empty()
                        || !drift.foreign.is_empty()
                })
                .map(|o| json::object(view, o))
                .collect();
            app["objects"] = objects.into();
            app
        })
        .collect();
    let exit = if problems.is_empty() {
        crate::cli::exit::of_diff(views, foreign)
    } else {
        crate::cli::Exit::Error
    };
    json::document(
        "Diff",
        json!({
            "result": match exit {
                crate::cli::Exit::Success => "synced",
                crate::cli::Exit::Difference => "drifted",
                crate::cli::Exit::Error | crate::cli::Exit::Signal(_) => "unknown",
            },
            "apps": apps,
            "problems": problems.iter().map(json_problem).collect::<Vec<_>>(),
        }),
    )
}
