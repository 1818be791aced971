//! Two values that may differ, side by side.

use std::collections::{BTreeSet, HashMap};

use serde_json::Map;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::domain::{Step, Value};
use crate::drift::identity;

use super::super::layout::Side;
use super::super::text::{Text, body, header, is_long};
use super::{Writer, keys, ordered};

impl<'a> Writer<'a> {
    /// Two values that may differ.
    pub(super) fn pair(
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
}

/// Two maps read as one where both have fields; as a list item only where one line can carry the dash for both.
fn can_merge(a: &Map<String, Value>, b: &Map<String, Value>, dashes: u16) -> bool {
    !a.is_empty() && !b.is_empty() && (dashes == 0 || a.keys().any(|name| b.contains_key(name)))
}
