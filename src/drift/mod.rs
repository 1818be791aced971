//! Live against Predicted: normalise, owners, redaction, and the lines that show it.
//!
//! Pure: no I/O. `drift` may use `merge`. Results hold raw values; whatever shows them takes [`redact::masked`] first.

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub mod compare;
pub mod content;
pub mod desired;
pub mod lines;
pub mod redact;
mod revealed;
pub mod taken;

mod canonical;
mod cause;
mod differ;
mod estimate;
mod foreign;
mod identity;
mod ignore;
mod invented;
mod locate;
mod overridden;
mod quantity;
mod respect;
mod whereabouts;

pub use compare::{Comparison, compare, local, name_holders, refused};
pub use content::significant;
pub use desired::{Prepared, duplicates, prepare};
pub use foreign::keep_own_work;
pub use lines::{Line, LineKind, LineOptions, Note, Span, build};
pub use redact::{mask, mask_object, mask_problem, mask_texts, masked};
pub use respect::respected;
pub use revealed::{revealed, revealed_object};
pub use taken::{Taken, taken};
pub use whereabouts::say_where;
