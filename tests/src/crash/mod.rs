//! Clients that are killed in the middle of something, and what a server has left of them then.
//!
//! ```text
//! victim   what the killed process does, in a process of its own: steps it stops at, loops it is killed in
//! ground   a server under which clients are killed, round by round, and what is to be true after each round
//! watcher  somebody who looks at all objects meanwhile
//! ```

mod ground;
mod victim;
mod watcher;

pub use ground::{Aftermath, Ground};
pub use victim::{SPILL_STEPS, STEPS, Step, suffer};
pub use watcher::{Sights, Watcher};
