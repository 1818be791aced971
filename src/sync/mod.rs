//! The Plan (order, waves, prune) and the Run as a pure state machine; the encoding of records. No I/O.
