//! Live against Predicted: normalise, owners, redaction, and the lines that show it.
//!
//! Pure: no I/O. `drift` may use `merge`.
