//! The syntax tree of one document, as the parser's events give it: nothing resolved, aliases not followed.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::domain::Position;

use super::text::position;
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
    /// A scalar. `plain`: neither quoted nor a block, so that it may mean something other than its text.
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
        tag: Option<Box<str>>,
    },
    List(Vec<Id>),
    Map(Vec<(Id, Id)>),
    Alias(Id),
}

/// One document: its nodes, the root first.
pub type Nodes<'t> = Vec<Node<'t>>;

/// Reads a stream document by document.
pub struct Documents<'t> {
    parser: Parser<'t, StrInput<'t>>,
    nodes_left: usize,
    /// Line that continues a quoted scalar with less indentation than YAML 1.2 asks for, where that ended the reading.
    pub under_indented: Option<usize>,
}

/// A map or list whose end was not seen yet.
enum Open {
    List(Id),
    Map(Id, Option<Id>),
}

impl<'t> Documents<'t> {
    /// Starts to read a text.
    pub fn new(text: &'t str, limits: &Limits) -> Self {
        let nesting = limits.max_depth.saturating_add(1);
        let mut options = granit_parser::options! {
            flow_nesting_limit: nesting,
            block_nesting_limit: nesting,
        };
        options.set_emit_comments(false);
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            nodes_left: limits.max_nodes,
            under_indented: None,
        }
    }

    /// The next document; `None` at the end of the stream.
    pub fn next(&mut self) -> Result<Option<Nodes<'t>>, LoadError> {
        let mut nodes = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        let mut anchors: HashMap<usize, Id> = HashMap::new();
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|e| {
                if *e.kind() == ErrorKind::InvalidQuotedScalarIndent {
                    self.under_indented = Some(e.marker().line());
                }
                syntax(&e)
            })?;
            let (kind, anchor) = match event {
                Event::DocumentEnd => return Ok(Some(nodes)),
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag.as_deref().map(full);
                    let plain = style == ScalarStyle::Plain && tag.is_none();
                    (Kind::Scalar { text, plain, tag }, anchor)
                }
                Event::SequenceStart(_, anchor, _) => (Kind::List(Vec::new()), anchor),
                Event::MappingStart(_, anchor, _) => (Kind::Map(Vec::new()), anchor),
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
            attach(&mut nodes, &mut open, id);
            match &kind {
                Kind::List(_) => open.push(Open::List(id)),
                Kind::Map(_) => open.push(Open::Map(id, None)),
                _ => {}
            }
            nodes.push(Node { at, kind });
        }
        Ok(None)
    }
}

/// Puts a new node where it belongs: into the innermost open map or list.
fn attach(nodes: &mut Nodes<'_>, open: &mut [Open], id: Id) {
    match open.last_mut() {
        Some(Open::List(list)) => {
            if let Some(Kind::List(items)) = kind_of(nodes, *list) {
                items.push(id);
            }
        }
        Some(Open::Map(map, key)) => match key.take() {
            None => *key = Some(id),
            Some(key) => {
                if let Some(Kind::Map(entries)) = kind_of(nodes, *map) {
                    entries.push((key, id));
                }
            }
        },
        None => {}
    }
}

fn kind_of<'n, 't>(nodes: &'n mut Nodes<'t>, id: Id) -> Option<&'n mut Kind<'t>> {
    nodes.get_mut(id as usize).map(|node| &mut node.kind)
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
