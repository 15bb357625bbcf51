//! A hostile client: structured random requests on both transports, and what has to be true whatever they are.
//!
//! ```text
//! scene      actions of several peers and of a well-behaved client, decoded from bytes; what must hold at the end
//! crowd      peers on several threads
//!   peer     one hostile connection: knows which replies it is owed
//!   good     a client that does everything right, and its canaries
//!   requests every type of message with fields that are valid, missing, of the wrong kind or absurd
//!   binary   those of our own clients, which are not JSON
//!   trees    metadata with members that dangle, repeat or contain themselves
//!   values   numbers, texts, ids: of earlier replies, or made up
//!   choices  bytes as decisions
//! ```
//!
//! The tests decode bytes of a seeded generator, the fuzz target those of libFuzzer.
#![allow(dead_code, reason = "the tests and the fuzz target use a part of it each")]

mod binary;
pub mod choices;
pub mod crowd;
pub mod good;
mod peer;
mod requests;
pub mod scene;
mod trees;
pub mod values;
pub mod watch;
