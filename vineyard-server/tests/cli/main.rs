//! The program as its users meet it: arguments, refusals, signals.

mod arguments;
mod common;
mod ending;
mod memory;
mod socket;
