//! The Diff tab: what is wrong with the App, then every object that differs, in the order of the Plan.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::text::visible;
use crate::domain::{Cause, HealthStatus, ObjectDrift, Problem, Repository, Verdict, count};
use crate::drift::{Taken, masked};
use crate::engine::{AppState, AppView, ObjectView, Rights, SyncStatus, words};

use super::super::document::{Content, Section, SectionId};
use super::super::fit;
use super::super::glyphs::Glyphs;
use super::super::keymap::{Command, Context, Keymap};
use super::super::list;
use super::super::painter::{Painter, Piece, piece};
use super::super::state::{Pane, State};
use super::super::theme::Label;
use super::super::wording;
use super::{Detail, body};

/// The sections of the tab.
pub fn sections(
    view: &AppView,
    detail: &Detail,
    width: usize,
    glyphs: &Glyphs,
    keymap: &Keymap,
) -> Vec<Section> {
    let filter = detail.objects.filter.as_str();
    let foreign = detail.options.foreign;
    let mut sections = Vec::new();
    for (i, problem) in view.problems.iter().enumerate() {
        let mut problem = problem.clone();
        // The title says whose it is.
        if problem.place == view.app.id.to_string() {
            problem.place.clear();
        }
        sections.push(Section::text(
            format!("problem {i}"),
            problem_lines(&problem, width, glyphs),
        ));
    }
    if detail.git_is_old {
        let text = match &view.app.source.repository {
            Repository::Local(_) => {
                "Git may have moved since; it can be synced once it is read again.".to_owned()
            }
            Repository::Remote(_) => format!(
                "Git may have moved since: {} fetches it again, then it can be synced.",
                keymap.key(Context::Panes, Command::Refresh)
            ),
        };
        let lines = hanging(glyphs.old, &text, width, Label::Warn);
        sections.push(Section::text("old", lines));
    }
    if filter.is_empty() && !view.notices.is_empty() {
        let notices = view.notices.iter().flat_map(|notice| {
            let place = if notice.place.is_empty() {
                String::new()
            } else {
                format!("{}: ", notice.place)
            };
            let text = format!("{place}{}", wording::in_keys(&notice.text, keymap));
            hanging(glyphs.item, &text, width, Label::Dim)
        });
        sections.push(Section::text("notices", notices.collect()));
    }
    let (differs, rest): (Vec<_>, Vec<_>) = view
        .objects
        .iter()
        .filter(|o| has_something(&o.drift, foreign))
        .filter(|o| filter.is_empty() || list::fits(filter, &haystack(view, o, glyphs)))
        .partition(|o| o.drift.verdict != Verdict::InSync);
    let has_objects = !differs.is_empty() || !rest.is_empty();
    if filter.is_empty() && (has_objects || !sections.is_empty()) {
        let key = keymap.key(Context::Panes, Command::NextTab);
        let mut lines = detail.why.in_brief(view, width, glyphs, &key);
        if !lines.is_empty() {
            lines.push(Vec::new());
            sections.push(Section::text("health", lines));
        }
    }
    for object in differs.into_iter().chain(rest) {
        sections.push(of_object(view, object, width, foreign, glyphs));
    }
    sections
}

/// What a filter looks at.
pub fn haystack(view: &AppView, object: &ObjectView, glyphs: &Glyphs) -> String {
    let (_, word, _) = wording::verdict(&object.drift, glyphs);
    let (_, state, _) = wording::object_state(view, &object.drift, glyphs);
    let health = object
        .health
        .as_ref()
        .map_or_else(String::new, |h| h.status.to_string());
    format!("{} {word} {state} {health}", object.drift.key)
}

fn has_something(drift: &ObjectDrift, foreign: bool) -> bool {
    drift.verdict != Verdict::InSync
        || foreign && !drift.foreign.is_empty()
        || !drift.overridden.is_empty()
}

fn of_object(
    view: &AppView,
    object: &ObjectView,
    width: usize,
    foreign: bool,
    glyphs: &Glyphs,
) -> Section {
    let drift = &object.drift;
    let home = &view.app.destination.namespace;
    let intro = shown(drift)
        .problem
        .as_ref()
        .map_or_else(Vec::new, |problem| problem_lines(problem, width, glyphs));
    Section {
        id: SectionId::Object(view.app.id.clone(), drift.key.clone()),
        left: vec![piece(wording::object(&drift.key, home), Label::Strong)],
        right: summary(view, drift, foreign, glyphs),
        intro,
        body: Content::Drift(drift.clone()),
        folded: Some(!matches!(
            drift.verdict,
            Verdict::Drifted | Verdict::Refused | Verdict::Unknown
        )),
        stop: drift.verdict != Verdict::InSync || !drift.overridden.is_empty(),
    }
}

/// What stands on the right of an object's heading.
pub fn summary(view: &AppView, drift: &ObjectDrift, foreign: bool, glyphs: &Glyphs) -> Vec<Piece> {
    let dot = || piece(format!(" {} ", glyphs.dot), Label::Faint);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |new: Vec<Piece>| {
        if !pieces.is_empty() {
            pieces.push(dot());
        }
        pieces.extend(new);
    };
    if !drift.confirmed && drift.verdict != Verdict::Unknown {
        let text = format!("{} not confirmed by the server", glyphs.unconfirmed);
        add(vec![piece(text, Label::Dim)]);
    }
    match drift.verdict {
        Verdict::Missing if view.was_deleted(drift) => add(vec![piece(
            format!("{} {}", glyphs.cluster, words::DELETED),
            Label::Cluster,
        )]),
        Verdict::Missing => add(vec![piece(words::verdict(drift.verdict), Label::Good)]),
        Verdict::Extra => add(vec![piece("no longer in Git", Label::Bad)]),
        Verdict::Refused => add(vec![piece("refused by the server", Label::Bad)]),
        Verdict::Unknown => add(vec![piece("not compared", Label::Dim)]),
        Verdict::InSync | Verdict::Drifted => {}
    }
    if !drift.fields.is_empty() && !matches!(drift.verdict, Verdict::Missing | Verdict::Extra) {
        add(vec![piece(count(drift.fields.len(), "field"), Label::Dim)]);
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
        (
            if foreign { drift.foreign.len() } else { 0 },
            "foreign",
            Label::Foreign,
        ),
    ] {
        if n > 0 {
            add(vec![piece(format!("{n} {word}"), label)]);
        }
    }
    pieces
}

/// A comparison whose texts can be shown: the Problem and the conflicts of a Secret are masked like its values.
pub fn shown(drift: &ObjectDrift) -> Cow<'_, ObjectDrift> {
    match drift.problem.is_some() || !drift.conflicts.is_empty() {
        true => Cow::Owned(masked(drift)),
        false => Cow::Borrowed(drift),
    }
}

/// What a sync takes from others or removes, in a line.
pub fn taken_line(indent: &str, taken: &Taken<'_>) -> Vec<Piece> {
    let (what, from) = match (taken.from, taken.removed) {
        (Some(manager), true) => ("removes ", format!(", held by {manager}")),
        (Some(manager), false) => ("takes ", format!(" from {manager}")),
        (None, _) => ("removes the leftover ", String::new()),
    };
    vec![
        piece(format!("{indent}{what}"), Label::Dim),
        piece(taken.field, Label::Text),
        piece(from, Label::Warn),
    ]
}

/// A Problem as lines: what, why, and what to do.
pub fn problem_lines(problem: &Problem, width: usize, glyphs: &Glyphs) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    let head = if problem.place.is_empty() {
        problem.summary.clone()
    } else {
        format!("{}: {}", problem.place, problem.summary)
    };
    lines.extend(hanging(glyphs.failed, &head, width, Label::Bad));
    for cause in &problem.causes {
        lines.extend(hanging(" ", cause, width, Label::Text));
    }
    for hint in &problem.hints {
        let sign = format!("  {}", glyphs.arrow);
        lines.extend(hanging(&sign, hint, width, Label::Accent));
    }
    lines
}

/// A text broken at a width, with its control characters written out.
pub fn paragraph(text: &str, width: usize, label: Label) -> Vec<Vec<Piece>> {
    let text: Vec<_> = text.lines().map(visible).collect();
    fit::wrap(&text.join("\n"), width.saturating_sub(3).max(20))
        .into_iter()
        .map(|line| vec![piece(line, label)])
        .collect()
}

/// A text behind a sign, broken at a width; what is broken goes on under the text, not under the sign.
pub fn hanging(sign: &str, text: &str, width: usize, label: Label) -> Vec<Vec<Piece>> {
    let indent = fit::width(sign) + 1;
    let mut lines = paragraph(text, width.saturating_sub(indent), label);
    for (i, line) in lines.iter_mut().enumerate() {
        let lead = if i == 0 {
            format!("{sign} ")
        } else {
            " ".repeat(indent)
        };
        line.insert(0, piece(lead, label));
    }
    lines
}

/// Draws the tab.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, area: Rect, view: &AppView) {
    let reader = &state.detail.diff;
    if let Some(at) = state.detail.why.due(view) {
        p.wake(at);
    }
    if !reader.document.is_empty() {
        return body::draw(reader, p, buf, area, state.focus == Pane::Detail);
    }
    let top = area.top() + u16::from(area.height > 4);
    let lines = nothing_differs(state, p.glyphs, usize::from(area.width), view);
    for (y, line) in (top..area.bottom()).zip(&lines) {
        p.put_all(buf, area.left() + 2, area.right(), y, line);
    }
}

/// Why there is no diff, and what to press.
fn nothing_differs(
    state: &State,
    glyphs: &Glyphs,
    width: usize,
    view: &AppView,
) -> Vec<Vec<Piece>> {
    let key = |command| state.key(command);
    let say = |text: &str, label| paragraph(text, width, label);
    if !state.detail.objects.filter.is_empty() {
        let back = format!("{} shows all again.", key(Command::Back));
        let mut lines = say("No object that differs fits the filter.", Label::Text);
        lines.extend(say(&back, Label::Dim));
        return lines;
    }
    match view.sync {
        SyncStatus::Checking => say("Comparing with the cluster.", Label::Dim),
        SyncStatus::Available => {
            let hint = format!("{} shows what a sync would create.", key(Command::Sync));
            let mut lines = say("Nothing of this App is in the cluster.", Label::Text);
            if !state.data.read_only {
                lines.extend(say(&hint, Label::Dim));
            }
            lines
        }
        SyncStatus::Failed => say("It could not be compared.", Label::Bad),
        SyncStatus::Synced | SyncStatus::Drifted => in_sync(state, glyphs, width, view),
    }
}

fn in_sync(state: &State, glyphs: &Glyphs, width: usize, view: &AppView) -> Vec<Vec<Piece>> {
    let key = |command| state.key(command);
    let n = count(view.counts.objects, "object");
    let text = format!("In sync: a sync would change nothing in {n}.");
    let mut lines = hanging(glyphs.synced, &text, width, Label::Good);
    let rights = state.data.cluster(&view.app.id.context).map(|c| c.rights);
    let rights = rights.unwrap_or_default();
    lines.extend(unconfirmed(glyphs, width, view, rights));
    if view.counts.foreign > 0 && !state.detail.options.foreign {
        let fields = count(view.counts.foreign, "field");
        let text = format!("{fields} of others: {} shows them.", key(Command::Foreign));
        lines.extend(hanging(glyphs.item, &text, width, Label::Dim));
    }
    let health = state.detail.why.lines(view, width, glyphs);
    if let Some(rolled) = &view.health
        && rolled.status != HealthStatus::Healthy
        && health.is_empty()
    {
        let label = wording::health(rolled.status);
        let text = match rolled.message.as_str() {
            "" => rolled.status.to_string(),
            message => format!("{}: {message}", rolled.status),
        };
        lines.extend(hanging(glyphs.item, &text, width, label));
    }
    if !health.is_empty() {
        lines.push(Vec::new());
        lines.extend(health);
        let text = format!("{} lists its objects, and why.", key(Command::NextTab));
        lines.extend(hanging(" ", &text, width, Label::Dim));
    }
    if view.state == AppState::Unmanaged {
        let text = match state.data.read_only {
            true => "trueup does not manage it.".to_owned(),
            false => format!(
                "trueup does not manage it yet: {} offers to adopt it.",
                key(Command::Sync)
            ),
        };
        lines.extend(hanging(glyphs.item, &text, width, Label::Dim));
    }
    lines
}

/// What the server has not confirmed, and why.
fn unconfirmed(glyphs: &Glyphs, width: usize, view: &AppView, rights: Rights) -> Vec<Vec<Piece>> {
    let unsure: Vec<_> = view
        .objects
        .iter()
        .filter(|o| !o.drift.confirmed && o.drift.verdict != Verdict::Unknown)
        .collect();
    let Some(first) = unsure.first() else {
        return Vec::new();
    };
    let of = if unsure.len() == view.objects.len() {
        "all of them".to_owned()
    } else {
        let kinds: std::collections::BTreeSet<&str> =
            unsure.iter().map(|o| o.drift.key.kind.as_str()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        format!("{} of them ({})", unsure.len(), kinds.join(", "))
    };
    let why = match (&first.drift.problem, rights) {
        (Some(problem), _) => format!(": {}", problem.summary),
        (None, Rights::Read | Rights::Partial) => ": this user may not patch them".to_owned(),
        (None, Rights::Unknown | Rights::Full) => String::new(),
    };
    let text = format!("Compared here, not confirmed by the server, for {of}{why}.");
    hanging(glyphs.unconfirmed, &text, width, Label::Warn)
}
