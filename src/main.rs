//! trueup: wires the rooms together.

fn main() {}
