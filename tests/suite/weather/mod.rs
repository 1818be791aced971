//! Bad input and bad weather, through the built program: what it says, how it ends, and that it ends.

mod answers;
mod input;
mod machine;
mod mistakes;
mod output;
mod renewal;
mod server;
mod waiting;
