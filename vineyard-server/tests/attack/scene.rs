//! What several hostile peers do, and what has to be true meanwhile and afterwards.

use serde_json::json;
use vineyard_server::{Server, ServerHandle};

use super::binary;
use super::choices::Choices;
use super::good::Good;
use super::peer::{Peer, Progress, has_to_be_alone};
use super::requests::{request, request_of};
use super::values::{INSTANCE, Known, SERVER_BYTES};
use super::watch;
use crate::raw::Raw;

/// Connections at a time.
const MOST_PEERS: usize = 6;

/// Actions between two looks at the well-behaved client.
const CHECK_EVERY: usize = 16;

/// What is followed by what makes sense, so that more than refusals is seen.
const FRUITFUL: [&str; 14] = [
    "create_buffer_request",
    "create_buffers_request",
    "seal_request",
    "create_data_request",
    "create_remote_buffer_request",
    "get_remote_buffers_request",
    "get_buffers_request",
    "create_buffer_by_plasma_request",
    "create_stream_request",
    "get_next_stream_chunk_request",
    "pull_next_stream_chunk_request",
    "move_buffers_ownership_request",
    "drop_buffer_request",
    "shrink_buffer_request",
];

/// What is answered in sessions of the plasma kind only.
const PLASMA: [&str; 6] = [
    "create_buffer_by_plasma_request",
    "plasma_seal_request",
    "get_buffers_by_plasma_request",
    "plasma_release_request",
    "plasma_delete_data_request",
    "move_buffers_ownership_request",
];

/// A server for hostile peers.
pub fn server() -> ServerHandle {
    watch::count_panics();
    let builder = Server::builder().size(SERVER_BYTES).instance_id(INSTANCE).workers(2);
    builder.rpc("127.0.0.1", 0).spawn().expect("a server")
}

/// A server from its start to its end: the bytes decide what happens to it.
pub fn play(bytes: &[u8]) {
    let server = server();
    let mut choices = Choices::new(bytes);
    let stop_at_once = choices.once_in(4);
    let mut scene = Scene::new(&server);
    scene.act(&mut choices);
    if stop_at_once {
        let Scene { peers, good, .. } = scene;
        let report = watch::stop(server);
        peers.into_iter().for_each(Peer::expect_stop);
        drop(good);
        assert_eq!((report.connections, report.leases, report.sessions), (0, 0, 0), "{report:?}");
    } else {
        scene.end(&mut choices).leave();
        let report = watch::stop(server);
        assert_eq!(watch::left(&report), [0; 6], "{report:?}");
    }
    assert_eq!(watch::panics(), 0, "a thread of the server has panicked");
}

/// Hostile peers on a server that lives on, which is as it was before when this returns.
pub fn round(server: &ServerHandle, bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut scene = Scene::new(server);
    scene.act(&mut choices);
    scene.end(&mut choices).leave();
}

struct Scene<'a> {
    server: &'a ServerHandle,
    good: Good,
    peers: Vec<Peer>,
    known: Known,
}

impl<'a> Scene<'a> {
    fn new(server: &'a ServerHandle) -> Self {
        let good = Good::new(server);
        let known = Known { protected: good.protected(), ..Known::default() };
        Self { server, good, peers: Vec::new(), known }
    }

    fn act(&mut self, choices: &mut Choices<'_>) {
        self.prepare(choices);
        let mut count = 0;
        while !choices.is_over() {
            if self.peers.len() < 2 || (self.peers.len() < MOST_PEERS && choices.once_in(8)) {
                self.connect(choices);
            }
            if !self.peers.is_empty() {
                self.action(choices);
            }
            count += 1;
            if count % CHECK_EVERY == 0 {
                self.good.check();
            }
        }
        self.good.check();
    }

    /// Makes what random requests would rarely hit upon: sessions, streams, an object with a name.
    fn prepare(&mut self, choices: &mut Choices<'_>) {
        let mut peer = Peer::new(Raw::mute(self.server), true);
        let requests = [
            json!({"type": "register_request"}),
            json!({"type": "new_session_request", "bulk_store_type": 1}),
            json!({"type": "new_session_request", "bulk_store_type": 2}),
            json!({"type": "create_stream_request", "object_id": 7}),
            json!({"type": "create_stream_request", "object_id": 8}),
            json!({"type": "create_data_request", "content": {"typename": "T", "instance_id": INSTANCE}}),
        ];
        let wanted = choices.byte();
        for (number, request) in requests.iter().enumerate() {
            if number == 0 || wanted >> number & 1 == 1 {
                peer.send(&[request.to_string().into_bytes()]);
                peer.settle(&mut self.known, choices);
            }
        }
        self.peers.push(peer);
    }

    fn action(&mut self, choices: &mut Choices<'_>) {
        let at = choices.below(self.peers.len());
        if self.peers[at].owes_payload() {
            if choices.once_in(2) {
                let progress = self.peers[at].deliver();
                self.after(at, progress, choices);
            }
            return;
        }
        match choices.below(32) {
            0 => self.burst(choices),
            1 => self.garbage(at, choices),
            2 => self.mutated(at, choices),
            3 => self.quit(at, choices),
            4 => self.renew(),
            5..=7 => {
                let bodies = (0..1 + choices.below(4)).map(|_| self.body(at, choices)).collect();
                self.send(at, bodies, choices);
            }
            _ => {
                let body = self.body(at, choices);
                self.send(at, vec![body], choices);
            }
        }
    }

    fn connect(&mut self, choices: &mut Choices<'_>) {
        let Some(mut peer) = enter(self.server, &self.known, choices) else { return };
        let progress = peer.settle(&mut self.known, choices);
        self.peers.push(peer);
        self.after(self.peers.len() - 1, progress, choices);
    }

    fn body(&self, at: usize, choices: &mut Choices<'_>) -> Vec<u8> {
        body(self.peers[at].plasma, choices, &self.known)
    }

    fn send(&mut self, at: usize, bodies: Vec<Vec<u8>>, choices: &mut Choices<'_>) {
        let Self { peers, known, .. } = self;
        let peer = &mut peers[at];
        if !peer.is_free() {
            return self.quit(at, choices);
        }
        let alone = bodies.len() == 1;
        let allowed = |body: &Vec<u8>| peer.may_send(body, known) && (alone || !has_to_be_alone(body));
        let bodies: Vec<_> = bodies.into_iter().filter(allowed).collect();
        if !bodies.is_empty() {
            peer.send(&bodies);
            let progress = peer.settle(known, choices);
            self.after(at, progress, choices);
        }
    }

    /// Draws the consequences of what came of a peer's requests.
    fn after(&mut self, at: usize, progress: Progress, choices: &mut Choices<'_>) {
        if std::mem::take(&mut self.peers[at].cleared) {
            self.renew();
        }
        if progress == Progress::Ended {
            drop(self.peers.swap_remove(at));
        }
        // What one does may be what another waits for.
        if !self.peers.is_empty() {
            let other = choices.below(self.peers.len());
            if self.peers[other].settle(&mut self.known, choices) == Progress::Ended {
                drop(self.peers.swap_remove(other));
            }
        }
    }

    fn renew(&mut self) {
        self.good.renew();
        self.known.protected = self.good.protected();
    }

    /// Several peers at the same time.
    fn burst(&mut self, choices: &mut Choices<'_>) {
        let mut bodies = Vec::new();
        for at in 0..self.peers.len() {
            bodies.push(self.body(at, choices));
        }
        for (peer, body) in self.peers.iter_mut().zip(bodies) {
            if peer.is_free() && peer.may_send(&body, &self.known) && !has_to_be_alone(&body) {
                peer.send(&[body]);
            }
        }
        for at in (0..self.peers.len()).rev() {
            if self.peers[at].settle(&mut self.known, choices) == Progress::Ended {
                drop(self.peers.swap_remove(at));
            }
        }
    }

    /// Bytes that are no message at all, or the first part of one.
    fn garbage(&mut self, at: usize, choices: &mut Choices<'_>) {
        let peer = self.peers.swap_remove(at);
        let mut bytes = match choices.below(4) {
            0 => u64::MAX.to_le_bytes().to_vec(),
            1 => ((256u64 << 20) + 1).to_le_bytes().to_vec(),
            2 => 1000u64.to_le_bytes().to_vec(),
            _ => Vec::new(),
        };
        bytes.extend_from_slice(choices.take(20));
        // Not even by chance a message with consequences.
        peer.garbage(&bytes[..bytes.len().min(30)]);
    }

    /// A message with some of its bytes changed.
    fn mutated(&mut self, at: usize, choices: &mut Choices<'_>) {
        let mut body = self.body(at, choices);
        for _ in 0..1 + choices.below(3) {
            let place = usize::from(choices.byte()) * body.len() / 256;
            match choices.below(4) {
                0 => body.truncate(place),
                1 => body.insert(place.min(body.len()), choices.byte()),
                2 if place < body.len() => drop(body.remove(place)),
                _ => {
                    if let Some(byte) = body.get_mut(place) {
                        *byte = choices.byte();
                    }
                }
            }
        }
        self.send(at, vec![body], choices);
    }

    /// A peer goes, in one way or the other.
    fn quit(&mut self, at: usize, choices: &mut Choices<'_>) {
        let mut peer = self.peers.swap_remove(at);
        match choices.below(3) {
            0 => peer.finish(),
            1 if peer.is_free() => {
                peer.send(&[br#"{"type":"exit_request"}"#.to_vec()]);
                peer.settle(&mut self.known, choices);
            }
            _ => {}
        }
    }

    /// Everybody but the well-behaved client leaves, and takes the sessions along.
    fn end(mut self, choices: &mut Choices<'_>) -> Good {
        while !self.peers.is_empty() {
            self.quit(0, choices);
        }
        delete_sessions(&self.known);
        let streams = self.known.streams();
        self.good.check();
        self.good.tidy(&streams);
        self.good
    }
}

/// A peer that connects somewhere and says something, mostly who it is.
pub fn enter(server: &ServerHandle, known: &Known, choices: &mut Choices<'_>) -> Option<Peer> {
    let socket = if choices.once_in(3) { None } else { known.sockets.get(choices.below(4)) };
    let mut peer = match socket.filter(|(path, _)| path.exists()) {
        Some((path, plasma)) => {
            // The session may be closed meanwhile.
            let mut peer = Peer::new(Raw::try_mute_at(path).ok()?, false);
            peer.plasma = *plasma;
            peer
        }
        None if choices.once_in(3) => Peer::new(Raw::mute_tcp(server), true),
        None => Peer::new(Raw::mute(server), true),
    };
    let store_type = if peer.plasma { 2 } else { 1 };
    let first = match choices.below(8) {
        7 => request_of("register_request", choices, known),
        6 => request(choices, known),
        4 | 5 => json!({"type": "register_request", "store_type": store_type, "native": 1}),
        _ => json!({"type": "register_request", "store_type": store_type}),
    };
    let first = first.to_string().into_bytes();
    if peer.may_send(&first, known) {
        peer.send(&[first]);
    }
    Some(peer)
}

/// The body of a request, as often as not of one that comes to something.
pub fn body(plasma: bool, choices: &mut Choices<'_>, known: &Known) -> Vec<u8> {
    if choices.once_in(6) {
        return binary::body(choices, known);
    }
    let fruitful = if plasma { &PLASMA[..] } else { &FRUITFUL };
    let request = match choices.pick(fruitful).filter(|_| choices.once_in(2)) {
        Some(message_type) => request_of(message_type, choices, known),
        None => request(choices, known),
    };
    request.to_string().into_bytes()
}

/// Deletes sessions, as far as they are there.
pub fn delete_sessions(known: &Known) {
    for (path, _) in &known.sockets {
        if let Ok(mut raw) = Raw::try_mute_at(path) {
            // Its last member may be leaving just now, and the session with it.
            let register = raw.try_call(&json!({"type": "register_request"}));
            let _closing = register.and_then(|_| raw.try_call(&json!({"type": "delete_session_request"})));
        }
    }
}

/// The bytes of a scene that a number stands for.
pub fn seeded(seed: u64) -> Vec<u8> {
    let length = 400 + usize::try_from(seed % 7).unwrap_or(0) * 300;
    super::choices::noise(seed, length)
}
