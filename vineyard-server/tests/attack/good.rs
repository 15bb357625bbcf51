//! A client that does everything right, and what it has put away: whatever others do, it finds what it put.

use std::path::PathBuf;

use serde_json::{Value, json};
use vineyard_server::ServerHandle;

use super::watch;
use crate::raw::{Arena, Raw, until};

/// Code of what does not fit, which hostile peers may bring about.
const NOT_ENOUGH_MEMORY: i64 = 41;

const BLOB_BYTES: usize = 64;

/// A sealed blob, and how its bytes can be looked at whatever the server says now.
struct Canary {
    id: Value,
    payload: Value,
    bytes: Vec<u8>,
}

/// A connection through a UNIX socket, with the arenas that it was sent.
struct Mapped {
    raw: Raw,
    arenas: Vec<(Value, Arena)>,
}

impl Mapped {
    fn new(raw: Raw) -> Self {
        Self { raw, arenas: Vec::new() }
    }

    /// Takes the descriptors that follow a reply.
    fn follow(&mut self, labels: &Value) {
        let labels = labels.as_array().cloned().unwrap_or_else(|| vec![labels.clone()]);
        for label in labels.into_iter().filter(|label| *label != -1) {
            let arena = self.raw.descriptor();
            self.arenas.push((label, arena));
        }
    }

    fn arena(&self, payload: &Value) -> &Arena {
        let known = self.arenas.iter().find(|(label, _)| *label == payload["store_fd"]);
        known.map(|(_, arena)| arena).expect("its descriptor was sent")
    }

    /// Puts bytes; `None` if there is no room.
    fn put(&mut self, bytes: &[u8]) -> Option<(Value, Value)> {
        let reply = self.raw.call(json!({"type": "create_buffer_request", "size": bytes.len()}));
        if reply["code"] == NOT_ENOUGH_MEMORY {
            return None;
        }
        self.follow(&reply["fd"]);
        let (id, payload) = (reply["id"].clone(), reply["created"].clone());
        self.arena(&payload).write(&payload, bytes).expect("written");
        self.raw.seal(&id);
        Some((id, payload))
    }

    fn get(&mut self, id: &Value) -> Vec<u8> {
        let reply = self.raw.get(&[id]);
        self.follow(&reply["fds"]);
        let payload = reply["payloads"][0].clone();
        assert_eq!((&payload["object_id"], &payload["is_sealed"]), (id, &json!(true)), "{reply}");
        self.arena(&payload).read(&payload)
    }
}

pub struct Good {
    root: Mapped,
    /// In a session that nobody else knows.
    apart: Mapped,
    session: PathBuf,
    tcp: Raw,
    canaries: Option<Canary>,
    hidden: Option<Canary>,
    count: u8,
}

impl Good {
    pub fn new(server: &ServerHandle) -> Self {
        let mut root = Mapped::new(Raw::stock(server));
        let reply = root.raw.ok(json!({"type": "new_session_request"}));
        let session = PathBuf::from(reply["socket_path"].as_str().expect("a path"));
        let apart = Mapped::new(Raw::at(&session, 1));
        let mut good = Self { root, apart, session, tcp: Raw::tcp(server, 0), canaries: None, hidden: None, count: 0 };
        good.renew();
        good.hidden = good.apart.put(&[0xa5; BLOB_BYTES]).map(|(id, payload)| Canary {
            id,
            payload,
            bytes: vec![0xa5; BLOB_BYTES],
        });
        good
    }

    /// Ids that others must not touch.
    pub fn protected(&self) -> Vec<u64> {
        [&self.canaries, &self.hidden].into_iter().flatten().filter_map(|canary| canary.id.as_u64()).collect()
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.count = self.count.wrapping_add(1);
        (0..BLOB_BYTES).map(|index| self.count.wrapping_add(index as u8)).collect()
    }

    /// Puts another canary in place of the one in the root session, which is deleted if it still is there.
    pub fn renew(&mut self) {
        if let Some(old) = self.canaries.take() {
            self.root.raw.call(json!({"type": "drop_buffer_request", "id": old.id}));
        }
        let bytes = self.bytes();
        self.canaries = self.root.put(&bytes).map(|(id, payload)| Canary { id, payload, bytes });
    }

    /// Puts and gets in all ways, and looks at the canaries.
    pub fn check(&mut self) {
        for (way, canary) in [(&mut self.root, &self.canaries), (&mut self.apart, &self.hidden)] {
            if let Some(canary) = canary {
                assert_eq!(way.get(&canary.id), canary.bytes, "a sealed blob has other bytes than were put");
                assert_eq!(way.arena(&canary.payload).read(&canary.payload), canary.bytes, "its place was given away");
            }
        }
        let bytes = self.bytes();
        for way in [&mut self.root, &mut self.apart] {
            if let Some((id, _)) = way.put(&bytes) {
                assert_eq!(way.get(&id), bytes);
                way.raw.ok(json!({"type": "del_data_request", "id": [id]}));
                assert!(!way.raw.exists(&id));
            }
        }
        self.check_remote(&bytes);
        assert_eq!(watch::panics(), 0, "a thread of the server has panicked");
    }

    fn check_remote(&mut self, bytes: &[u8]) {
        use std::io::Write;
        let reply = self.tcp.call(json!({"type": "create_remote_buffer_request", "size": bytes.len()}));
        if reply["code"] == NOT_ENOUGH_MEMORY {
            return;
        }
        self.tcp.stream.write_all(bytes).expect("written");
        assert_eq!(self.tcp.receive()["id"], reply["id"]);
        let got = self.tcp.ok(json!({"type": "get_remote_buffers_request", "num": 1, "0": reply["id"]}));
        assert_eq!(got["num"], 1, "{got}");
        assert_eq!(self.tcp.bytes(bytes.len()), bytes);
        self.tcp.drop_buffer(&reply["id"]);
    }

    /// Everybody else has left: what they left behind is deleted, and nothing else is left.
    pub fn tidy(&mut self, streams: &[u64]) {
        let Self { root, .. } = self;
        until(|| {
            let status = root.raw.status();
            status["ipc_connections"] == 1 && status["rpc_connections"] == 1
        });
        for stream in streams {
            root.raw.call(json!({"type": "drop_stream_request", "id": stream}));
        }
        let names = root.raw.ok(json!({"type": "list_name_request", "pattern": "*", "limit": u64::MAX}));
        for name in names["names"].as_object().expect("names").keys() {
            root.raw.ok(json!({"type": "drop_name_request", "name": name}));
        }
        root.raw.ok(json!({"type": "clear_request"}));
        self.canaries = None;
        let kept = self.hidden.as_ref().map_or(0, |canary| canary.bytes.len() as u64);
        // Sessions end when the server finds their last connection closed.
        let root = &mut self.root;
        until(|| root.raw.used() == kept);
        let socket_directory = self.session.parent().expect("a directory");
        let sockets = || std::fs::read_dir(socket_directory).expect("a directory").count();
        until(|| sockets() == 2);
        assert_eq!(self.root.raw.status()["deferred_requests"], 0);
    }

    /// Deletes its own session and leaves.
    pub fn leave(mut self) {
        self.apart.raw.ok(json!({"type": "delete_session_request"}));
        assert!(self.apart.raw.ended());
    }
}
