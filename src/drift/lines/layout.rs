//! Two objects as one sequence of lines. Lines are cheap here: they borrow, and are written out only where they are
//! shown.

use crate::domain::{FieldPath, ObjectDrift, Step};

use super::text::Text;
use super::writer::Writer;

/// Which side a line is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Both.
    Both,
    /// Live only.
    Live,
    /// Predicted only.
    Predicted,
    /// Neither: what Git wants in vain.
    Wanted,
}

/// One line, not written out.
#[derive(Clone, Debug)]
pub struct Raw<'a> {
    pub side: Side,
    /// Column of the first dash or of the text.
    pub indent: u16,
    /// How many list items start on this line.
    pub dashes: u16,
    pub text: Text<'a>,
    /// Index of the path in [`Layout::nodes`].
    pub node: u32,
    /// The line under which this one stands.
    pub parent: Option<u32>,
    /// How many lines from here on name a list item.
    pub keys: u16,
    /// The other version of this line.
    pub partner: Option<u32>,
    /// Index into the drift's `fields`, for what differs; into `overridden`, for what is wanted in vain.
    pub field: Option<u32>,
    /// Index into the drift's `foreign`.
    pub foreign: Option<u32>,
}

/// All lines of one object.
pub struct Layout<'a> {
    pub lines: Vec<Raw<'a>>,
    /// Every path as its last step and the index of the path above; 0 is the root.
    nodes: Vec<(u32, Option<Step>)>,
}

impl Layout<'_> {
    /// The path of a line.
    pub fn path(&self, node: u32) -> FieldPath {
        let mut steps = Vec::new();
        let mut at = node;
        while let (above, Some(step)) = &self.nodes[at as usize] {
            steps.push(step.clone());
            at = *above;
        }
        steps.reverse();
        FieldPath(steps)
    }
}

impl<'a> Layout<'a> {
    /// Lays out a drift; with `foreign`, what others added is told apart.
    pub fn of(drift: &'a ObjectDrift, foreign: bool) -> Self {
        Writer::new(drift, foreign).write()
    }

    /// A layout with the root alone.
    pub fn empty() -> Self {
        Self {
            lines: Vec::new(),
            nodes: vec![(0, None)],
        }
    }

    /// Names the path one step below another.
    pub fn below(&mut self, node: u32, step: Step) -> u32 {
        self.nodes.push((node, Some(step)));
        (self.nodes.len() - 1) as u32
    }
}
