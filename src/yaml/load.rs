//! From the syntax tree to values: scalars resolved, aliases followed within a budget, merge keys applied, keys made
//! text, all in go-yaml v2's order of work.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number};

use crate::domain::{PlacesBuilder, Position, Value};

use super::nodes::{Id, Kind, Node, Nodes};
use super::resolve::{self, Meaning};
use super::{Document, Duplicate, Limits, LoadError, number};

/// What is left of the limits.
#[derive(Clone, Copy)]
pub struct Budget {
    limits: Limits,
    n_values: usize,
    n_bytes: usize,
    /// How many values were there before this document.
    n_before: usize,
    /// How many of this document's come from aliases.
    n_aliased: usize,
}

impl Budget {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            n_values: 0,
            n_bytes: 0,
            n_before: 0,
            n_aliased: 0,
        }
    }

    /// Begins the next document.
    fn begin(&mut self) {
        self.n_before = self.n_values;
        self.n_aliased = 0;
    }

    /// Takes one value. Refuses where go-yaml v2 would: when more than 99 in 100 values come from aliases.
    fn take(&mut self, aliased: bool, node: &Node<'_>) -> Result<(), LoadError> {
        self.n_values += 1;
        self.n_aliased += usize::from(aliased);
        if let Kind::Scalar { text, .. } = &node.kind {
            self.n_bytes += text.len();
        }
        let n_values = self.n_values - self.n_before;
        let excessive =
            self.n_aliased > 100 && n_values > 1000 && self.n_aliased > n_values / 100 * 99 + 99;
        if excessive {
            return Err(LoadError::too_large("aliases repeat too much", node.at));
        }
        if self.n_values > self.limits.max_nodes {
            return Err(LoadError::too_large(
                "the file holds too many values",
                node.at,
            ));
        }
        if self.n_bytes > self.limits.max_bytes {
            return Err(LoadError::too_large(
                "the file holds too much text",
                node.at,
            ));
        }
        Ok(())
    }
}

/// Makes a document of its nodes; `None` where it has no content.
///
/// # Errors
/// The first place that JSON cannot express, or that exceeds a limit.
pub fn document(
    nodes: &Nodes<'_>,
    index: usize,
    budget: &mut Budget,
) -> Result<Option<Document>, LoadError> {
    budget.begin();
    Loader::document(nodes, index, budget)
}

struct Loader<'n, 't> {
    nodes: &'n [Node<'t>],
    budget: &'n mut Budget,
    /// RFC 6901 pointer of the value being read.
    path: String,
    depth: usize,
    /// Aliases being followed.
    following: Vec<Id>,
    places: PlacesBuilder,
    duplicates: Vec<Duplicate>,
}

impl<'n, 't> Loader<'n, 't> {
    fn document(
        nodes: &'n Nodes<'t>,
        index: usize,
        budget: &'n mut Budget,
    ) -> Result<Option<Document>, LoadError> {
        let Some(root) = nodes.first() else {
            return Ok(None);
        };
        let mut loader = Self {
            nodes,
            budget,
            path: String::new(),
            depth: 0,
            following: Vec::new(),
            places: PlacesBuilder::default(),
            duplicates: Vec::new(),
        };
        loader.places.note("", root.at);
        let value = loader.value(0)?;
        Ok((!value.is_null()).then(|| Document {
            value,
            index,
            start: root.at,
            places: loader.places.build(),
            duplicates: loader.duplicates,
        }))
    }

    fn node(&self, id: Id) -> &'n Node<'t> {
        &self.nodes[id as usize]
    }

    fn value(&mut self, id: Id) -> Result<Value, LoadError> {
        let node = self.node(id);
        self.budget.take(!self.following.is_empty(), node)?;
        match &node.kind {
            Kind::Scalar {
                text,
                plain,
                literal,
                tag,
            } => {
                if text.contains('\n') {
                    // Empty lines in front do not count for the parser.
                    let n_empty = text.bytes().take_while(|b| *b == b'\n').count();
                    let line = node.at.line.saturating_sub(n_empty as u32);
                    let first = Position { line, ..node.at };
                    self.places.note_text(&self.path, literal.then_some(first));
                }
                scalar(node, text, *plain, tag.as_deref())
            }
            Kind::Alias(target) => self.follow(id, |loader| loader.value(*target)),
            Kind::List(items) => self.deeper(node, |loader| {
                let mut list = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    let above = loader.path.len();
                    // Writing to a String cannot fail.
                    let _ = write!(loader.path, "/{i}");
                    loader.places.note(&loader.path, loader.node(*item).at);
                    list.push(loader.value(*item)?);
                    loader.path.truncate(above);
                }
                Ok(Value::Array(list))
            }),
            Kind::Map(_) => {
                let mut map = Map::new();
                self.fill(&mut map, id)?;
                Ok(Value::Object(map))
            }
        }
    }

    /// Sets the entries of a map node, in the order written: a later key replaces an earlier one, and a merge key replaces
    /// what stands above it.
    fn fill(&mut self, map: &mut Map<String, Value>, id: Id) -> Result<(), LoadError> {
        let node = self.node(id);
        let Kind::Map(entries) = &node.kind else {
            return Err(LoadError::new(
                "a merge key needs a map or a list of maps",
                node.at,
            ));
        };
        self.deeper(node, |loader| {
            // Keys that a merge brought in may be given again; only then is a set of one's own needed.
            let merges = !map.is_empty() || entries.iter().any(|(key, _)| loader.is_merge(*key));
            let mut own = BTreeSet::new();
            for (key, value) in entries {
                if loader.is_merge(*key) {
                    loader.merge(map, *value)?;
                    continue;
                }
                let name = loader.key(*key)?;
                let at = loader.node(*key).at;
                let above = loader.path.len();
                push_token(&mut loader.path, &name);
                loader.places.note(&loader.path, at);
                let value = loader.value(*value)?;
                let repeated = if merges {
                    !own.insert(name.clone())
                } else {
                    map.contains_key(&name)
                };
                if repeated && loader.following.is_empty() {
                    loader.duplicates.push(Duplicate {
                        pointer: loader.path.clone(),
                        at,
                    });
                }
                map.insert(name, value);
                loader.path.truncate(above);
            }
            Ok(())
        })
    }

    fn is_merge(&self, key: Id) -> bool {
        match &self.node(key).kind {
            Kind::Scalar {
                text, plain, tag, ..
            } => text == "<<" && (*plain || tag.as_deref().is_some_and(resolve::is_merge)),
            _ => false,
        }
    }

    /// Applies the value of a merge key; of a list of maps the first that has a key wins.
    fn merge(&mut self, map: &mut Map<String, Value>, id: Id) -> Result<(), LoadError> {
        let node = self.node(id);
        match &node.kind {
            Kind::List(items) => items
                .iter()
                .rev()
                .try_for_each(|item| self.merge_one(map, *item)),
            _ => self.merge_one(map, id),
        }
    }

    fn merge_one(&mut self, map: &mut Map<String, Value>, id: Id) -> Result<(), LoadError> {
        let node = self.node(id);
        self.budget.take(!self.following.is_empty(), node)?;
        match node.kind {
            Kind::Alias(target) => self.follow(id, |loader| loader.fill(map, target)),
            _ => self.fill(map, id),
        }
    }

    fn key(&mut self, id: Id) -> Result<String, LoadError> {
        let node = self.node(id);
        self.budget.take(!self.following.is_empty(), node)?;
        match &node.kind {
            Kind::Scalar {
                text, plain, tag, ..
            } => {
                let tag = tag.as_deref();
                if tag.is_some_and(resolve::is_binary) {
                    return binary(node, text);
                }
                let meaning = meaning(node, text, *plain, tag)?;
                resolve::key(meaning, text).map_err(|m| LoadError::new(m, node.at))
            }
            Kind::Alias(target) => self.follow(id, |loader| loader.key(*target)),
            _ => Err(LoadError::new("a key must not be a map or a list", node.at)),
        }
    }

    /// Reads what an alias stands for.
    fn follow<T>(
        &mut self,
        alias: Id,
        read: impl FnOnce(&mut Self) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        if self.following.contains(&alias) {
            let at = self.node(alias).at;
            return Err(LoadError::new("the anchored value contains itself", at));
        }
        self.following.push(alias);
        let result = read(self);
        self.following.pop();
        result
    }

    fn deeper<T>(
        &mut self,
        node: &Node<'_>,
        read: impl FnOnce(&mut Self) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        if self.depth >= self.budget.limits.max_depth {
            let message = "maps and lists are nested too deep";
            return Err(LoadError::too_large(message, node.at));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }
}

fn meaning(
    node: &Node<'_>,
    text: &str,
    plain: bool,
    tag: Option<&str>,
) -> Result<Meaning, LoadError> {
    match tag {
        Some(tag) => resolve::tagged(tag, text).map_err(|m| LoadError::new(m, node.at)),
        None if plain => Ok(resolve::plain(text)),
        None => Ok(Meaning::Text),
    }
}

fn scalar(node: &Node<'_>, text: &str, plain: bool, tag: Option<&str>) -> Result<Value, LoadError> {
    if tag.is_some_and(resolve::is_binary) {
        return binary(node, text).map(Value::String);
    }
    Ok(match meaning(node, text, plain, tag)? {
        Meaning::Text => Value::String(text.to_owned()),
        Meaning::Null => Value::Null,
        Meaning::Bool(value) => Value::Bool(value),
        Meaning::Int(int) => Value::Number(int.into()),
        // Kubernetes' JSON knows 64 bits signed, and floats.
        Meaning::Unsigned(int) => Number::from_f64(int as f64).map_or(Value::Null, Value::Number),
        Meaning::Float(float) => match number::from_float(float) {
            Some(number) => Value::Number(number),
            None => {
                let message = "infinity and NaN cannot be sent to Kubernetes";
                return Err(LoadError::new(message, node.at));
            }
        },
    })
}

/// The text behind `!!binary`; bytes that are not UTF-8 become U+FFFD one by one, as Go's encoding/json writes them.
fn binary(node: &Node<'_>, text: &str) -> Result<String, LoadError> {
    let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = STANDARD
        .decode(packed)
        .map_err(|_| LoadError::new("the !!binary value is not base64", node.at))?;
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(decoded)
}

/// Appends one step to an RFC 6901 pointer.
pub fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    if token.contains(['~', '/']) {
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(token);
    }
}
