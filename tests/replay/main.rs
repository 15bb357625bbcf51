//! Recorded traffic, replayed: the same requests get the same replies.
//!
//! `ours` replays against this project's server, where the table of [`deviations`] says what is different on purpose.
//! With the feature `interop`, `stock` replays against the published daemon, where nothing may be different: that is
//! the test of the replayer. Each test prints how many replies it compared.

#[macro_use]
mod scenario;
mod deviations;
mod ours;
#[cfg(feature = "interop")]
mod stock;
