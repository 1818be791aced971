//! Texts to read: the keys, a Problem with all its causes and hints, why an object is as it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::text::visible;
use crate::domain::{AppId, Cause, ObjectKey, Problem, Verdict, age};
use crate::drift::taken;
use crate::engine::{Reach, Reason, Rights, Ticket, words};

use super::super::detail::{body, diff};
use super::super::document::{Reader, Section};
use super::super::fit;
use super::super::glyphs;
use super::super::keymap::{COMMANDS, Command, Context, Press};
use super::super::painter::{Painter, Piece, piece, pieces_width};
use super::super::state::State;
use super::super::theme::Label;
use super::super::wording;

#[allow(
    clippy::large_enum_variant,
    reason = "one of them lives at a time, in a box"
)]
/// What a text is about, to write it anew when that changes.
#[derive(Clone, Debug)]
pub enum About {
    /// The keys that hold in a context.
    Keys(Context),
    /// What is wrong with everything: an App, the repositories, the clusters.
    Problems(Option<AppId>),
    /// A cluster.
    Cluster(String),
    /// An object, and what was asked about it.
    Object {
        /// Whose.
        app: AppId,
        /// Which.
        key: ObjectKey,
        /// The question to the engine.
        ticket: Ticket,
        /// The answer.
        reasons: Option<Result<Vec<Reason>, Problem>>,
    },
}

/// See the module.
#[derive(Debug)]
pub struct TextDialog {
    /// What it is about.
    pub about: About,
    /// The text.
    pub reader: Reader,
}

impl TextDialog {
    /// A text about something.
    pub fn new(about: About, state: &State) -> Self {
        let mut dialog = Self {
            about,
            reader: Reader::default(),
        };
        let sections = dialog.sections(state);
        dialog.reader.restart(sections);
        dialog
    }

    /// Its title.
    pub fn title(&self) -> String {
        match &self.about {
            About::Keys(context) => format!("Keys: {}", context.title()),
            About::Problems(_) => "What is wrong".to_owned(),
            About::Cluster(context) => context.clone(),
            About::Object { app, key, .. } => wording::object(key, &app.namespace),
        }
    }

    /// Writes it.
    pub fn sections(&self, state: &State) -> Vec<Section> {
        let (width, _) = super::text_size(state.size);
        match &self.about {
            About::Keys(context) => keys(state, *context, width),
            About::Problems(app) => super::wrong::sections(state, app.as_ref(), width),
            About::Cluster(context) => cluster(state, context, width),
            About::Object {
                app, key, reasons, ..
            } => object(state, app, key, reasons.as_ref(), width),
        }
    }
}

/// Draws a text.
pub fn draw(state: &State, p: &Painter<'_>, buf: &mut Buffer, dialog: &TextDialog) {
    let inner = super::open(state, p, buf, None, &dialog.title(), "");
    let text = Rect::new(
        inner.left(),
        inner.top() + 1,
        inner.width,
        inner.height.saturating_sub(2),
    );
    body::draw(&dialog.reader, p, buf, text, false);
    let frame = super::super::layout::dialog(state.size, None);
    let below = dialog.reader.below(usize::from(text.height));
    p.hidden(buf, frame, dialog.reader.above(), below);
}

pub(super) fn heading(name: &str, lines: Vec<Vec<Piece>>) -> Section {
    let mut section = Section::text(name, lines);
    section.left = vec![piece(name, Label::Strong)];
    section
}

/// Columns of the keys, before what they do.
const KEYS: usize = 16;

fn keys(state: &State, context: Context, width: usize) -> Vec<Section> {
    let mut sections: Vec<_> = context
        .chain()
        .iter()
        .map(|&part| {
            let rows = state.keymap.within(part).filter(|b| {
                b.context == part && !b.keys.is_empty() && is_possible(state, b.command)
            });
            let lines = rows.flat_map(|b| {
                let keys: Vec<_> = b.keys.iter().map(Press::to_string).collect();
                let keys = vec![piece(format!("  {}", keys.join(" ")), Label::Accent)];
                entry(keys, KEYS, b.command.help(part), width)
            });
            heading(part.title(), lines.collect())
        })
        .collect();
    // The command line opens from the panes alone.
    let has_line = context.chain().contains(&Context::Panes);
    let typed = COMMANDS
        .iter()
        .filter(|c| has_line && c.typed && is_possible(state, c.command));
    let lines = typed.flat_map(|c| {
        let text = format!("  :{}{}", c.name, c.argument.hint());
        entry(
            vec![piece(text, Label::Accent)],
            26,
            c.command.typed_help(),
            width,
        )
    });
    if has_line {
        sections.push(heading("The command line", lines.collect()));
    }
    let ascii = state.glyphs.mark == glyphs::ASCII.mark;
    for place in glyphs::PLACES {
        let lines = glyphs::legend(place).flat_map(|meaning| {
            let mut signs = Vec::new();
            if !ascii {
                signs.push(piece(format!("  {}", meaning.unicode), Label::Accent));
            }
            signs.push(piece(format!("  {}", meaning.ascii), Label::Dim));
            entry(signs, if ascii { 6 } else { 9 }, meaning.says, width)
        });
        let name = format!("Signs: {place}");
        sections.push(heading(&name, lines.collect()));
    }
    sections
}

/// Whether a command can do anything in this run of the program.
fn is_possible(state: &State, command: Command) -> bool {
    !(state.data.read_only && command.changes())
}

/// A line of a table with two columns, the second broken into several where it is long.
fn entry(left: Vec<Piece>, columns: usize, right: &str, width: usize) -> Vec<Vec<Piece>> {
    let room = width.saturating_sub(columns + 2);
    let mut lines = Vec::new();
    for (i, text) in fit::wrap(right, room).into_iter().enumerate() {
        let mut line = if i == 0 { left.clone() } else { Vec::new() };
        let gap = columns.saturating_sub(pieces_width(&line)).max(1);
        line.push(piece(" ".repeat(gap), Label::Text));
        line.push(piece(text, Label::Text));
        lines.push(line);
    }
    lines
}

fn cluster(state: &State, context: &str, width: usize) -> Vec<Section> {
    let Some(view) = state.data.cluster(context) else {
        return Vec::new();
    };
    let fact = |name: &str, text: &str| {
        let text = if text.is_empty() { "not known" } else { text };
        vec![
            piece(format!("{name:<10}"), Label::Dim),
            piece(text, Label::Text),
        ]
    };
    let rights = words::rights(view.rights);
    let rights = match view.rights {
        Rights::Unknown => String::new(),
        Rights::Read => format!("{rights}: verdicts are not confirmed by the server"),
        Rights::Partial => format!("{rights}: some kinds or namespaces may be changed"),
        Rights::Full => format!("{rights}: whatever its Apps need"),
    };
    let mut lines = vec![
        fact("server", &view.server),
        fact("version", &view.version),
        fact("user", &view.user),
        fact("rights", &rights),
        fact("mode", words::mode(view.mode)),
        fact("Apps", &view.n_apps.to_string()),
    ];
    if let Reach::Up { latency } = view.reach {
        lines.push(fact("latency", &age::latency(latency)));
    }
    if let Some(other) = &view.same_as {
        lines.push(fact("same as", other));
    }
    let mut sections = vec![Section::text("facts", lines)];
    for (i, problem) in view.all_problems().enumerate() {
        let mut lines = vec![Vec::new()];
        lines.extend(diff::problem_lines(problem, width, &state.glyphs));
        sections.push(Section::text(format!("problem {i}"), lines));
    }
    sections
}

fn object(
    state: &State,
    app: &AppId,
    key: &ObjectKey,
    reasons: Option<&Result<Vec<Reason>, Problem>>,
    width: usize,
) -> Vec<Section> {
    let found = state
        .data
        .app(app)
        .and_then(|view| Some((view, view.objects.iter().find(|o| o.drift.key == *key)?)));
    let Some((view, object)) = found else {
        let line = vec![piece("The App has it no more.", Label::Dim)];
        return vec![Section::text("gone", vec![line])];
    };
    let summary = diff::summary(view, &object.drift, true, &state.glyphs);
    // What differs says itself how.
    let mut first = match (object.drift.verdict, words::cause(&object.drift)) {
        (Verdict::InSync, _) | (Verdict::Drifted, Cause::Unknown) => {
            let (sign, word, label) = wording::object_state(view, &object.drift, &state.glyphs);
            vec![piece(format!("{sign} {word}"), label)]
        }
        _ => Vec::new(),
    };
    if !first.is_empty() && !summary.is_empty() {
        first.push(piece("   ", Label::Text));
    }
    first.extend(summary);
    let mut lines = vec![first];
    if let Some(health) = &object.health {
        let label = wording::health(health.status);
        lines.push(vec![piece(health.status.to_string(), label)]);
        lines.extend(diff::paragraph(&health.message, width, Label::Text));
    }
    let shown = diff::shown(&object.drift);
    if let Some(problem) = &shown.problem {
        lines.push(Vec::new());
        lines.extend(diff::problem_lines(problem, width, &state.glyphs));
    }
    let taken = taken(&shown, &[]);
    lines.extend(taken.iter().map(|one| diff::taken_line("", one)));
    let mut sections = vec![Section::text("object", lines)];
    sections.push(match reasons {
        None => Section::text(
            "reasons",
            vec![vec![piece("Asking the cluster why.", Label::Dim)]],
        ),
        Some(Err(problem)) => Section::text(
            "reasons",
            diff::problem_lines(problem, width, &state.glyphs),
        ),
        Some(Ok(reasons)) if reasons.is_empty() => Section::text(
            "reasons",
            vec![vec![piece("There is no event about it.", Label::Dim)]],
        ),
        Some(Ok(reasons)) => heading("What the cluster says", reason_lines(state, reasons, width)),
    });
    sections
}

/// Reasons as lines, newest last.
pub fn reason_lines(state: &State, reasons: &[Reason], width: usize) -> Vec<Vec<Piece>> {
    reasons
        .iter()
        .flat_map(|reason| {
            let when = reason
                .time
                .map_or_else(String::new, |t| age::age(t, state.now).0);
            let label = if reason.warning {
                Label::Warn
            } else {
                Label::Text
            };
            let sign = if reason.warning {
                state.glyphs.warning
            } else {
                state.glyphs.item
            };
            let text = format!("{}: {}", visible(&reason.about), visible(&reason.text));
            let lines = diff::hanging(sign, &text, width.saturating_sub(7), label);
            lines.into_iter().enumerate().map(move |(i, mut line)| {
                let when = if i == 0 { when.as_str() } else { "" };
                line.insert(0, piece(format!("{when:>5}  "), Label::Dim));
                line
            })
        })
        .collect()
}
