//! Lays two objects out as lines.

use std::collections::{BTreeSet, HashMap};

use serde_json::Map;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::domain::{FieldPath, ObjectDrift, Step, Value};
use crate::drift::identity::{self, Identities, Identity};

use super::layout::{Layout, Raw, Side};
use super::text::{Text, body, header, is_long};

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

    /// Two values that may differ.
    fn pair(
        &mut self,
        live: &'a Value,
        predicted: &'a Value,
        column: u16,
        dashes: u16,
        first: &[String],
    ) {
        match (live, predicted) {
            _ if live == predicted => self.one(Side::Both, predicted, column, dashes, first),
            (Value::Object(a), Value::Object(b)) if can_merge(a, b, dashes) => {
                self.maps(a, b, column, dashes, first);
            }
            (Value::Array(a), Value::Array(b)) if !a.is_empty() && !b.is_empty() && dashes == 0 => {
                self.lists(a, b, column);
            }
            _ => self.both_ways(|w, side| {
                w.one(
                    side,
                    if side == Side::Live { live } else { predicted },
                    column,
                    dashes,
                    first,
                );
            }),
        }
    }

    fn maps(
        &mut self,
        a: &'a Map<String, Value>,
        b: &'a Map<String, Value>,
        column: u16,
        dashes: u16,
        first: &[String],
    ) {
        let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        let mut names = ordered(names.into_iter(), first);
        if dashes > 0 {
            // The line with the dash must be there on both sides.
            let head = names
                .iter()
                .position(|name| a.contains_key(*name) && b.contains_key(*name));
            let head = names.remove(head.unwrap_or_default());
            names.insert(0, head);
        }
        self.fields(names, column, dashes, first, |w, name, dashes| {
            match (a.get(name), b.get(name)) {
                (Some(live), Some(predicted)) => {
                    w.field_pair(name, live, predicted, column, dashes)
                }
                (Some(live), None) => w.field(Side::Live, name, live, column, dashes),
                (None, Some(predicted)) => {
                    w.field(Side::Predicted, name, predicted, column, dashes)
                }
                (None, None) => {}
            }
        });
        self.wanted_in_vain(
            Side::Both,
            column,
            |step| matches!(step, Step::Field(name) if b.contains_key(name)),
        );
    }

    fn field_pair(
        &mut self,
        name: &'a str,
        live: &'a Value,
        predicted: &'a Value,
        column: u16,
        dashes: u16,
    ) {
        match (live, predicted) {
            _ if live == predicted => self.field(Side::Both, name, predicted, column, dashes),
            (Value::Object(a), Value::Object(b)) if !a.is_empty() && !b.is_empty() => {
                let start = self.line(Side::Both, Text::Field(name, None), column, dashes);
                self.under(Some(start), |w| w.maps(a, b, column + 2, 0, &[]));
            }
            (Value::Array(a), Value::Array(b)) if !a.is_empty() && !b.is_empty() => {
                let start = self.line(Side::Both, Text::Field(name, None), column, dashes);
                self.under(Some(start), |w| w.lists(a, b, column));
            }
            (Value::String(a), Value::String(b)) if is_long(a) && is_long(b) => {
                if header(a) == header(b) {
                    self.line(Side::Both, Text::Start(Some(name), a), column, dashes);
                } else {
                    self.line(Side::Live, Text::Start(Some(name), a), column, dashes);
                    self.line(Side::Predicted, Text::Start(Some(name), b), column, dashes);
                }
                self.under(Some(self.last()), |w| w.bodies(a, b, column + 2));
            }
            _ => self.both_ways(|w, side| {
                w.field(
                    side,
                    name,
                    if side == Side::Live { live } else { predicted },
                    column,
                    dashes,
                );
            }),
        }
    }

    fn lists(&mut self, a: &'a [Value], b: &'a [Value], column: u16) {
        let identity = self.known.of(&self.at, a, b);
        let (matches, moved) = identity::matches(&identity, a, b);
        if moved {
            let steps = |items: &[Value]| {
                items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| identity::step(&identity, item, i))
                    .collect()
            };
            self.line(Side::Live, Text::Order(steps(a)), column, 0);
            self.line(Side::Predicted, Text::Order(steps(b)), column, 0);
        }
        for m in matches {
            let (live, predicted) = (m.a.map(|i| &a[i]), m.b.map(|j| &b[j]));
            let Some(item) = predicted.or(live) else {
                continue;
            };
            let index = m.b.or(m.a).unwrap_or_default();
            self.below(identity::step(&identity, item, index), |w| {
                match (live, predicted) {
                    (Some(live), Some(predicted)) => {
                        w.pair(live, predicted, column + 2, 1, keys(&identity))
                    }
                    (Some(live), None) => w.one(Side::Live, live, column + 2, 1, keys(&identity)),
                    (None, Some(predicted)) => {
                        w.one(Side::Predicted, predicted, column + 2, 1, keys(&identity))
                    }
                    (None, None) => {}
                }
                w.instead(Side::Both, column + 2, 1);
            });
        }
        let stands = |step: &Step| {
            b.iter()
                .enumerate()
                .any(|(i, item)| identity::step(&identity, item, i) == *step)
        };
        self.wanted_in_vain(Side::Both, column + 2, stands);
    }

    /// The live version, then the predicted one; two lines alone are versions of each other.
    fn both_ways(&mut self, mut write: impl FnMut(&mut Self, Side)) {
        let start = self.out.lines.len();
        write(self, Side::Live);
        let middle = self.out.lines.len();
        write(self, Side::Predicted);
        if middle == start + 1 && self.out.lines.len() == middle + 1 {
            self.out.lines[start].partner = Some(middle as u32);
            self.out.lines[middle].partner = Some(start as u32);
        }
    }

    fn body(&mut self, side: Side, text: &'a str, column: u16) {
        for (line, number) in body(text).zip(0..) {
            self.line(side, Text::Body(line, number), column, 0);
        }
    }

    fn bodies(&mut self, a: &'a str, b: &'a str, column: u16) {
        let (old, new): (Vec<&str>, Vec<&str>) = (body(a).collect(), body(b).collect());
        // Numbers compare fast; Myers' heuristics bound the work on texts that have nothing in common.
        let mut numbers: HashMap<&str, u32> = HashMap::with_capacity(old.len());
        let mut number = |line: &&'a str| {
            let next = numbers.len() as u32;
            *numbers.entry(*line).or_insert(next)
        };
        let x: Vec<u32> = old.iter().map(&mut number).collect();
        let y: Vec<u32> = new.iter().map(&mut number).collect();
        for op in capture_diff_slices(Algorithm::Myers, &x, &y) {
            if let DiffOp::Equal { .. } = op {
                for i in op.old_range() {
                    self.line(Side::Both, Text::Body(old[i], i as u32), column, 0);
                }
                continue;
            }
            let start = self.out.lines.len() as u32;
            for i in op.old_range() {
                self.line(Side::Live, Text::Body(old[i], i as u32), column, 0);
            }
            let middle = self.out.lines.len() as u32;
            for j in op.new_range() {
                self.line(Side::Predicted, Text::Body(new[j], j as u32), column, 0);
            }
            let n_pairs = (op.old_range().len().min(op.new_range().len())) as u32;
            for k in 0..n_pairs {
                self.out.lines[(start + k) as usize].partner = Some(middle + k);
                self.out.lines[(middle + k) as usize].partner = Some(start + k);
            }
        }
    }

    /// What Git wants in place of what was just written, if anything. `dashes`: 1 for a list item.
    fn instead(&mut self, side: Side, column: u16, dashes: u16) {
        if self.wanted.is_empty() || side == Side::Wanted {
            return;
        }
        let Some((last, above)) = self.at.0.split_last() else {
            return;
        };
        let above = FieldPath(above.to_vec());
        let Some(list) = self.wanted.get_mut(&above) else {
            return;
        };
        let Some(i) = list.iter().position(|(step, _)| step == last) else {
            return;
        };
        let (step, index) = list.remove(i);
        self.want(&step, index, column, dashes);
    }

    /// What Git wants below this path and nothing stands in place of.
    fn wanted_in_vain(&mut self, side: Side, column: u16, stands: impl Fn(&Step) -> bool) {
        if self.wanted.is_empty() || side == Side::Wanted {
            return;
        }
        let Some(list) = self.wanted.get_mut(&self.at) else {
            return;
        };
        let absent: Vec<_> = list.extract_if(.., |(step, _)| !stands(step)).collect();
        for (step, index) in absent {
            let dashes = u16::from(!matches!(step, Step::Field(_)));
            let named = step.clone();
            self.below(step, |w| w.want(&named, index, column, dashes));
        }
    }

    fn want(&mut self, step: &Step, index: u32, column: u16, dashes: u16) {
        let drift = self.drift;
        let Some(value) = drift
            .overridden
            .get(index as usize)
            .and_then(|f| f.live.as_ref())
        else {
            return;
        };
        let before = self.here.field.replace(index);
        match step {
            Step::Field(_) => {
                let name = drift.overridden[index as usize].path.0.last();
                if let Some(Step::Field(name)) = name {
                    self.field(Side::Wanted, name, value, column, 0);
                }
            }
            _ => self.one(Side::Wanted, value, column, dashes, &[]),
        }
        self.here.field = before;
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

/// Two maps read as one where both have fields; as a list item only where one line can carry the dash for both.
fn can_merge(a: &Map<String, Value>, b: &Map<String, Value>, dashes: u16) -> bool {
    !a.is_empty() && !b.is_empty() && (dashes == 0 || a.keys().any(|name| b.contains_key(name)))
}
