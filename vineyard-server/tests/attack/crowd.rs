//! Many peers at the same time, in the same sessions.

use std::sync::Mutex;
use std::thread;

use vineyard_server::ServerHandle;

use super::choices::{Choices, noise};
use super::good::Good;
use super::peer::Progress;
use super::scene::{body, delete_sessions, enter};
use super::values::Known;

/// Requests of a peer before it goes.
const MOST_REQUESTS: usize = 40;

/// Lets so many threads loose, each on so many bytes. Afterwards nothing is left of what they did.
pub fn crowd(server: &ServerHandle, seed: u64, threads: u64, bytes: usize) {
    let shared = Mutex::new(Known::default());
    thread::scope(|scope| {
        for number in 0..threads {
            let shared = &shared;
            scope.spawn(move || act(server, shared, &noise(seed.wrapping_mul(threads).wrapping_add(number), bytes)));
        }
    });
    let known = shared.into_inner().expect("nobody panicked");
    delete_sessions(&known);
    let mut good = Good::new(server);
    good.check();
    good.tidy(&known.streams());
    good.leave();
}

fn act(server: &ServerHandle, shared: &Mutex<Known>, bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut known = Known::default();
    while !choices.is_over() {
        known.absorb(&shared.lock().expect("nobody panicked"));
        let Some(mut peer) = enter(server, &known, &mut choices) else { continue };
        let mut progress = peer.settle(&mut known, &mut choices);
        for _ in 0..choices.below(MOST_REQUESTS) {
            let body = body(peer.plasma, &mut choices, &known);
            if progress != Progress::Ended && peer.is_free() && peer.may_send(&body, &known) {
                peer.send(&[body]);
                progress = peer.settle(&mut known, &mut choices);
            }
            if peer.owes_payload() {
                peer.deliver();
            }
        }
        shared.lock().expect("nobody panicked").absorb(&known);
    }
}
