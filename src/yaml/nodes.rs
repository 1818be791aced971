//! The syntax tree of one document, as the parser's events give it: nothing resolved, aliases not followed.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span, StrInput, StructureStyle, Tag};

use crate::domain::Position;

use super::quirk::Quirk;
use super::text::{position, within};
use super::{Limits, LoadError};

/// Number of a node within its document.
pub type Id = u32;

/// One node with the place where it is written.
pub struct Node<'t> {
    pub at: Position,
    pub kind: Kind<'t>,
}

/// What a node is.
pub enum Kind<'t> {
    /// A scalar. `plain`: neither quoted nor a block, so that it may mean something other than its text. `literal`: its
    /// lines are those of the file, from the place where it starts but for empty ones in front of that.
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
        literal: bool,
        tag: Option<Box<str>>,
    },
    List(Vec<Id>),
    Map(Vec<(Id, Id)>),
    Alias(Id),
}

/// One document: its nodes, the root first.
pub type Nodes<'t> = Vec<Node<'t>>;

/// A text that holds one document, and where it stands.
#[derive(Clone, Copy)]
pub struct Part<'t> {
    pub text: &'t str,
    /// Where it starts in its file.
    pub at: Position,
    /// Whether it is JSON, where `\/` may stand for `/`.
    pub is_json: bool,
}

/// Reads one document.
pub struct Reading<'t> {
    part: Part<'t>,
    parser: Parser<'t, StrInput<'t>>,
    nodes_left: usize,
    /// Whether the document was begun already.
    has_begun: bool,
    /// What ended the reading though go-yaml takes it.
    pub quirk: Option<Quirk>,
}

/// A map or list whose end was not seen yet.
struct Open {
    id: Id,
    /// Of a map: the key whose value comes next.
    key: Option<Id>,
    /// Whether it is in brackets or braces.
    in_flow: bool,
}

impl<'t> Reading<'t> {
    /// Starts to read a part of a file.
    pub fn new(part: Part<'t>, limits: &Limits) -> Self {
        let nesting = limits.max_depth.saturating_add(1);
        let mut options = granit_parser::options! {
            flow_nesting_limit: nesting,
            block_nesting_limit: nesting,
        };
        options.set_emit_comments(false);
        Self {
            part,
            parser: Parser::new_from_str_with_options(part.text, options),
            nodes_left: limits.max_nodes,
            has_begun: false,
            quirk: None,
        }
    }

    /// The document's nodes; none where there is none.
    pub fn nodes(&mut self) -> Result<Nodes<'t>, LoadError> {
        let at = self.part.at;
        self.read().map_err(|error| error.within(at))
    }

    fn read(&mut self) -> Result<Nodes<'t>, LoadError> {
        let mut nodes = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        let mut anchors: HashMap<usize, Id> = HashMap::new();
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|e| {
                self.quirk = Quirk::of(&e, open.last().is_some_and(|open| open.in_flow));
                syntax(&e)
            })?;
            let mut in_flow = false;
            let (kind, anchor) = match event {
                Event::DocumentStart(..) => {
                    if self.has_begun {
                        let message = "Kubernetes reads nothing between `...` and the next `---`";
                        return Err(LoadError::new(message, start(&span)));
                    }
                    self.has_begun = true;
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag.as_deref().map(full);
                    let plain = style == ScalarStyle::Plain && tag.is_none();
                    let is_quoted =
                        matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
                    if !is_quoted && !text.is_ascii() {
                        check_breaks(&text, &span)?;
                    }
                    if style == ScalarStyle::Plain && open.last().is_some_and(|o| o.in_flow) {
                        check_indicators(self.part.text, &text, &span)?;
                    }
                    if style == ScalarStyle::DoubleQuoted && !self.part.is_json {
                        check_escapes(self.part.text, &span)?;
                    }
                    let literal = style == ScalarStyle::Literal;
                    let kind = Kind::Scalar {
                        text,
                        plain,
                        literal,
                        tag,
                    };
                    (kind, anchor)
                }
                Event::SequenceStart(style, anchor, _) => {
                    in_flow = style == StructureStyle::Flow;
                    (Kind::List(Vec::new()), anchor)
                }
                Event::MappingStart(style, anchor, _) => {
                    in_flow = style == StructureStyle::Flow;
                    (Kind::Map(Vec::new()), anchor)
                }
                Event::Alias(anchor) => {
                    let target = anchors.get(&anchor).ok_or_else(|| {
                        LoadError::new("the alias has no anchor in this document", start(&span))
                    })?;
                    (Kind::Alias(*target), 0)
                }
                _ => continue,
            };
            let at = start(&span);
            let Some(left) = self.nodes_left.checked_sub(1) else {
                return Err(LoadError::too_large("the file holds too many values", at));
            };
            self.nodes_left = left;
            let id = Id::try_from(nodes.len())
                .map_err(|_| LoadError::too_large("the file holds too many values", at))?;
            if anchor != 0 {
                anchors.insert(anchor, id);
            }
            attach(&mut nodes, open.last_mut(), id);
            if matches!(kind, Kind::List(_) | Kind::Map(_)) {
                let key = None;
                open.push(Open { id, key, in_flow });
            }
            let at = within(at, self.part.at);
            nodes.push(Node { at, kind });
        }
        Ok(nodes)
    }
}

/// Puts a new node into the innermost open map or list.
fn attach(nodes: &mut Nodes<'_>, open: Option<&mut Open>, id: Id) {
    let Some(open) = open else {
        return;
    };
    match nodes.get_mut(open.id as usize).map(|node| &mut node.kind) {
        Some(Kind::List(items)) => items.push(id),
        Some(Kind::Map(entries)) => match open.key.take() {
            None => open.key = Some(id),
            Some(key) => entries.push((key, id)),
        },
        _ => {}
    }
}

/// Refuses what is a line break in YAML 1.1, where it would end the text, and no more in 1.2.
fn check_breaks(text: &str, span: &Span) -> Result<(), LoadError> {
    match text
        .chars()
        .find(|c| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}'))
    {
        None => Ok(()),
        Some(c) => {
            let message = format!(
                "Kubernetes takes U+{:04X} for a line break; write it as an escape in double quotes",
                u32::from(c)
            );
            Err(LoadError::new(message, start(span)))
        }
    }
}

/// Refuses what has another meaning in YAML 1.2 than in 1.1 within brackets and braces: a colon that no space follows
/// is a part of the text, and a question mark begins a key.
fn check_indicators(source: &str, text: &str, span: &Span) -> Result<(), LoadError> {
    if text.starts_with('?') {
        let message =
            "Kubernetes takes this question mark for the mark of a key; put the text in quotes";
        return Err(LoadError::new(message, start(span)));
    }
    let after = span.end.byte_offset().and_then(|end| source.get(end..));
    let colon = after.and_then(|rest| rest.trim_start_matches([' ', '\t']).strip_prefix(':'));
    let is_text = colon.is_some_and(|rest| rest.starts_with([',', '[', ']', '{', '}']));
    // A value that is left out has no length, and stands in front of nothing.
    if is_text && span.start.index() < span.end.index() {
        let message = "Kubernetes takes this colon for a part of the text; put a space behind it, or the text in quotes";
        return Err(LoadError::new(message, start(span)));
    }
    Ok(())
}

/// Refuses escapes that JSON and YAML 1.2 have and go-yaml has not: `\/`, and characters written as two halves.
fn check_escapes(source: &str, span: &Span) -> Result<(), LoadError> {
    let range = span.start.byte_offset().zip(span.end.byte_offset());
    let written = range.and_then(|(from, to)| source.get(from..to));
    let mut chars = written.unwrap_or_default().chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            continue;
        }
        let message = match chars.next() {
            Some('/') => "Kubernetes does not know `\\/` in YAML; a slash needs no backslash",
            Some('u') if is_half(chars.as_str()) => {
                "Kubernetes does not know `\\ud800` to `\\udfff` in YAML; write the character as it is"
            }
            _ => continue,
        };
        return Err(LoadError::new(message, start(span)));
    }
    Ok(())
}

/// Whether four digits are one half of a character of UTF-16.
fn is_half(digits: &str) -> bool {
    let code = digits.get(..4).map(|d| u16::from_str_radix(d, 16));
    matches!(code, Some(Ok(0xd800..=0xdfff)))
}

fn full(tag: &Tag) -> Box<str> {
    format!("{}{}", tag.handle(), tag.suffix()).into()
}

fn start(span: &Span) -> Position {
    position(span.start.line(), span.start.col())
}

fn syntax(error: &granit_parser::ScanError) -> LoadError {
    let at = position(error.marker().line(), error.marker().col());
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            LoadError::too_large("maps and lists are nested too deep", at)
        }
        _ => LoadError::new(error.info(), at),
    }
}
