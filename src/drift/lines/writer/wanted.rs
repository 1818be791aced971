//! What Git wants in vain, beside what stands in its place.

use crate::domain::{FieldPath, Step};

use super::super::layout::Side;
use super::Writer;

impl Writer<'_> {
    /// What Git wants in place of what was just written, if anything. `dashes`: 1 for a list item.
    pub(super) fn instead(&mut self, side: Side, column: u16, dashes: u16) {
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
    pub(super) fn wanted_in_vain(
        &mut self,
        side: Side,
        column: u16,
        stands: impl Fn(&Step) -> bool,
    ) {
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
