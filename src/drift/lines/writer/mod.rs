//! Lays two objects out as lines.

mod pair;
mod wanted;

use std::collections::HashMap;

use crate::domain::{FieldPath, ObjectDrift, Step, Value};
use crate::drift::identity::{self, Identities, Identity};

use super::layout::{Layout, Raw, Side};
use super::text::{Text, body, is_long};

#[derive(Clone, Copy, Default)]
struct Here {
    node: u32,
    parent: Option<u32>,
    field: Option<u32>,
    foreign: Option<u32>,
}

/// Goes through both objects at once and writes their lines.
pub struct Writer<'a> {
    drift: &'a ObjectDrift,
    known: Identities<'a>,
    fields: HashMap<FieldPath, u32>,
    foreign: HashMap<FieldPath, u32>,
    /// What Git wants in vain, by the path above it.
    wanted: HashMap<FieldPath, Vec<(Step, u32)>>,
    out: Layout<'a>,
    at: FieldPath,
    here: Here,
}

impl<'a> Writer<'a> {
    /// Makes ready what is looked up on the way.
    pub fn new(drift: &'a ObjectDrift, foreign: bool) -> Self {
        let index = |paths: &mut dyn Iterator<Item = &'a FieldPath>| -> HashMap<FieldPath, u32> {
            paths.zip(0..).map(|(path, i)| (path.clone(), i)).collect()
        };
        let mut found = Identities::default();
        let all = drift
            .fields
            .iter()
            .chain(&drift.overridden)
            .map(|f| &f.path)
            .chain(drift.foreign.iter().map(|f| &f.path));
        all.for_each(|path| remember(&mut found.hints, path));
        let mut writer = Self {
            known: found,
            fields: index(&mut drift.fields.iter().map(|f| &f.path)),
            foreign: if foreign {
                index(&mut drift.foreign.iter().map(|f| &f.path))
            } else {
                HashMap::new()
            },
            wanted: HashMap::new(),
            drift,
            out: Layout::empty(),
            at: FieldPath::default(),
            here: Here::default(),
        };
        for (i, field) in drift.overridden.iter().enumerate() {
            let mut parent = field.path.clone();
            if let Some(last) = parent.0.pop() {
                writer
                    .wanted
                    .entry(parent)
                    .or_default()
                    .push((last, i as u32));
            }
        }
        writer
    }

    /// Writes all lines.
    pub fn write(mut self) -> Layout<'a> {
        let drift = self.drift;
        match (drift.live.as_deref(), drift.predicted.as_deref()) {
            (Some(live), Some(predicted)) => self.pair(live, predicted, 0, 0, &[]),
            (Some(live), None) => self.one(Side::Live, live, 0, 0, &[]),
            (None, Some(predicted)) => self.one(Side::Predicted, predicted, 0, 0, &[]),
            (None, None) => {}
        }
        self.out
    }

    /// Goes one step down, writes there, and comes back.
    fn below(&mut self, step: Step, write: impl FnOnce(&mut Self)) {
        let before = self.here;
        let node = self.out.below(before.node, step.clone());
        self.at.0.push(step);
        self.here.node = node;
        if !self.fields.is_empty() {
            self.here.field = self.fields.get(&self.at).copied().or(before.field);
        }
        if !self.foreign.is_empty() {
            self.here.foreign = self.foreign.get(&self.at).copied().or(before.foreign);
        }
        write(self);
        self.at.0.pop();
        self.here = before;
    }

    /// Writes what stands under the line that was written last.
    fn under(&mut self, parent: Option<u32>, write: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.here.parent, parent);
        write(self);
        self.here.parent = before;
    }

    fn line(&mut self, side: Side, text: Text<'a>, column: u16, dashes: u16) -> u32 {
        self.out.lines.push(Raw {
            side,
            indent: column.saturating_sub(2 * dashes),
            dashes,
            text,
            node: self.here.node,
            parent: self.here.parent,
            keys: 1,
            partner: None,
            field: if side == Side::Both {
                None
            } else {
                self.here.field
            },
            foreign: if side == Side::Both {
                self.here.foreign
            } else {
                None
            },
        });
        self.last()
    }

    fn last(&self) -> u32 {
        self.out.lines.len().saturating_sub(1) as u32
    }

    /// A value on one side, or the same on both, that starts after `dashes`. `first` names the fields of a map that
    /// are written first.
    fn one(&mut self, side: Side, value: &'a Value, column: u16, dashes: u16, first: &[String]) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                let names = ordered(map.keys(), first);
                self.fields(names, column, dashes, first, |w, name, dashes| {
                    if let Some(value) = map.get(name) {
                        w.field(side, name, value, column, dashes);
                    }
                });
                self.wanted_in_vain(
                    side,
                    column,
                    |step| matches!(step, Step::Field(name) if map.contains_key(name)),
                );
            }
            Value::Array(items) if !items.is_empty() => {
                let identity = self.known.of(&self.at, items, items);
                for (i, item) in items.iter().enumerate() {
                    let dashes = if i == 0 { dashes } else { 0 };
                    self.below(identity::step(&identity, item, i), |w| {
                        w.one(side, item, column + 2, dashes + 1, keys(&identity));
                        w.instead(side, column + 2, 1);
                    });
                }
                let stands = |step: &Step| {
                    matches!(step, Step::Index(i) if *i < items.len())
                        || items
                            .iter()
                            .enumerate()
                            .any(|(i, item)| identity::step(&identity, item, i) == *step)
                };
                self.wanted_in_vain(side, column + 2, stands);
            }
            Value::String(text) if is_long(text) => {
                let start = self.line(side, Text::Start(None, text), column, dashes);
                self.under(Some(start), |w| w.body(side, text, column));
            }
            value => {
                self.line(side, Text::Item(value), column, dashes);
            }
        }
    }

    /// A field on one side, or the same on both.
    fn field(&mut self, side: Side, name: &'a str, value: &'a Value, column: u16, dashes: u16) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                let start = self.line(side, Text::Field(name, None), column, dashes);
                self.under(Some(start), |w| w.one(side, value, column + 2, 0, &[]));
            }
            Value::Array(items) if !items.is_empty() => {
                let start = self.line(side, Text::Field(name, None), column, dashes);
                self.under(Some(start), |w| w.one(side, value, column, 0, &[]));
            }
            Value::String(text) if is_long(text) => {
                let start = self.line(side, Text::Start(Some(name), text), column, dashes);
                self.under(Some(start), |w| w.body(side, text, column + 2));
            }
            value => {
                self.line(side, Text::Field(name, Some(value)), column, dashes);
            }
        }
    }

    /// The fields of a map: the first line carries the dashes of the list items that start with it, and the others
    /// stand under it.
    fn fields(
        &mut self,
        names: Vec<&'a str>,
        column: u16,
        dashes: u16,
        first: &[String],
        mut write: impl FnMut(&mut Self, &'a str, u16),
    ) {
        let before = self.here.parent;
        let n_keys = names
            .iter()
            .filter(|name| first.iter().any(|k| k == *name))
            .count();
        for (i, name) in names.into_iter().enumerate() {
            let start = self.out.lines.len() as u32;
            self.below(Step::Field(name.to_owned()), |w| {
                write(w, name, if i == 0 { dashes } else { 0 });
                w.instead(Side::Both, column, 0);
            });
            if i == 0 && dashes > 0 && self.out.lines.len() as u32 > start {
                self.here.parent = Some(start);
                self.out.lines[start as usize].keys = n_keys.max(1) as u16;
            }
        }
        self.here.parent = before;
    }

    fn body(&mut self, side: Side, text: &'a str, column: u16) {
        for (line, number) in body(text).zip(0..) {
            self.line(side, Text::Body(line, number), column, 0);
        }
    }
}

/// The steps of a path tell how its lists were matched when it was found.
fn remember(hints: &mut HashMap<FieldPath, Identity>, path: &FieldPath) {
    for (i, step) in path.0.iter().enumerate() {
        let identity = match step {
            Step::Item(keys) => Identity::Keys(keys.iter().map(|(k, _)| k.clone()).collect()),
            Step::Member(_) => Identity::Set,
            Step::Index(_) => Identity::Position,
            Step::Field(_) => continue,
        };
        hints
            .entry(FieldPath(path.0[..i].to_vec()))
            .or_insert(identity);
    }
}

/// Names in their order: those that identify a list item, then the rest. Top-level fields are in Kubernetes' order.
fn ordered<'a>(names: impl Iterator<Item = &'a String>, first: &[String]) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    let rank = |name: &str| match first.iter().position(|key| key == name) {
        Some(i) => i,
        None => first.len() + usize::from(!matches!(name, "apiVersion" | "kind" | "metadata")),
    };
    names.sort_by_key(|name| rank(name));
    names
}

fn keys(identity: &Identity) -> &[String] {
    match identity {
        Identity::Keys(keys) => keys,
        Identity::Set | Identity::Position => &[],
    }
}
