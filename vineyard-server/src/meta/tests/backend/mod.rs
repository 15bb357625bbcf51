//! Backends: what every one must do, and which ones do it.

mod local;
mod random;
mod state;
mod suite;

pub(super) use state::{State, object};
