//! Recorded traffic, replayed against a running server: every request is sent as it was, every reply compared.
//!
//! A recording is one scenario between the published client (or a peer written by hand) and the published daemon, as a
//! proxy in the middle saw it. The [player](play) opens the same connections, sends the same requests in the same order
//! and expects the same replies. What may differ is said in one place each: ids and addresses in `names`, fields
//! without a promise in `compare`, and, for a server that differs on purpose, a table of [`Deviation`]s, each of which
//! has to be needed.
//!
//! Servers are processes of their own, because the player has to know when one has nothing left to do; only then "no
//! reply yet" means that there is none. See `process`.

mod compare;
mod deviation;
mod names;
mod payload;
mod player;
mod process;
mod raw;
mod recording;
mod wire;

pub use deviation::{Change, Deviation, Place, Quirk};
pub use player::{Report, play};
pub use process::{Process, free_port};
pub use recording::Recording;

/// What a step of a replay returns; the text says what was expected and what came.
pub type Step<T = ()> = Result<T, String>;
