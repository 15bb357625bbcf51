//! Hostile clients: whatever several of them do to a server, on both transports, it answers as it should, forgets nobody
//! else's blobs, gives back what they held and stops when it is told to. The bytes decide what they do.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../vineyard-server/tests/attack/mod.rs"]
mod attack;
#[path = "../../vineyard-server/tests/raw/mod.rs"]
mod raw;

fuzz_target!(|data: &[u8]| attack::scene::play(data));
