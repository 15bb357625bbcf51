//! Peers that stall, end in the middle, or are there when the server stops.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::certificates::Authority;
use super::raw::{self, MIB, Raw};
use super::{builder, connect, directory, trusting};
use vineyard_server::ServerHandle;

/// A peer that can stop wherever it wants.
struct Peer(StreamOwned<ClientConnection, TcpStream>);

impl Peer {
    fn new(server: &ServerHandle, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).expect("PEM")).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
        let socket = TcpStream::connect(server.rpc_address().expect("an endpoint")).expect("it listens");
        socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a watchdog");
        Self(StreamOwned::new(connection, socket))
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.0.write_all(&(body.len() as u64).to_le_bytes()).expect("written");
        self.0.write_all(body.as_bytes()).expect("written");
        self.0.flush().expect("flushed");
    }

    fn receive(&mut self) -> Value {
        let mut header = [0; 8];
        self.0.read_exact(&mut header).expect("a header");
        let mut body = vec![0; usize::try_from(u64::from_le_bytes(header)).expect("a length")];
        self.0.read_exact(&mut body).expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn register(&mut self) {
        self.send(&json!({"type": "register_request"}));
        assert_eq!(self.receive()["type"], "register_reply");
    }

    /// Whether the server has ended the connection, and properly.
    fn has_ended(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 1]), Ok(0))
    }
}

fn connections(here: &mut Raw) -> u64 {
    here.status()["rpc_connections"].as_u64().expect("a number")
}

#[test]
fn who_stalls_in_a_handshake_keeps_nobody_up_and_is_dropped() {
    let (directory, authority) = (directory(), Authority::new());
    let patience = Duration::from_secs(1);
    let server = builder(directory.path(), &authority.server()).peer_timeout(patience).spawn().expect("a server");
    // Nothing, the first byte, and the start of a handshake.
    let mut stalling: Vec<_> = (0..3).map(|_| Raw::mute_tcp(&server)).collect();
    for (peer, start) in stalling.iter_mut().zip([&[][..], &[0x16], &[0x16, 3, 1, 2, 0, 1]]) {
        peer.stream.write_all(start).expect("written");
    }
    connect(&server, trusting(&authority)).expect("the others are served").put_array(vec![1u8]).expect("put");
    for mut peer in stalling {
        assert!(peer.ended());
    }
}

#[test]
fn who_does_not_read_is_dropped() {
    let (directory, authority) = (directory(), Authority::new());
    let patience = Duration::from_secs(1);
    let server = builder(directory.path(), &authority.server()).peer_timeout(patience).spawn().expect("a server");
    let client = connect(&server, trusting(&authority)).expect("it is let in");
    let put = client.put_array(vec![7u8; 32 * MIB as usize]).expect("put");
    let mut here = Raw::stock(&server);
    let mut peer = Peer::new(&server, &authority);
    peer.register();
    let id = put.blob().id().expect("stored").as_raw();
    peer.send(&json!({"type": "get_remote_buffers_request", "num": 1, "0": id}));
    assert_eq!(peer.receive()["type"], "get_buffers_reply");
    // It reads no more. The other client, which is idle, stays.
    raw::until(|| connections(&mut here) == 1);
    assert!(client.exists(put.blob().id().expect("stored")).expect("it is served"));
}

#[test]
fn who_ends_in_the_middle_is_gone() {
    let (directory, authority) = (directory(), Authority::new());
    let server = builder(directory.path(), &authority.server()).spawn().expect("a server");
    let mut here = Raw::stock(&server);
    let mut peer = Peer::new(&server, &authority);
    peer.register();
    peer.send(&json!({"type": "get_name_request", "name": "never", "wait": true}));
    raw::until(|| here.status()["deferred_requests"] == 1);
    // Without a goodbye.
    drop(peer);
    raw::until(|| connections(&mut here) == 0);
    assert_eq!(here.status()["deferred_requests"], 0);
    let mut peer = Peer::new(&server, &authority);
    peer.register();
    // With one, behind a request that is still answered.
    peer.send(&json!({"type": "exists_request", "id": 1}));
    peer.0.conn.send_close_notify();
    peer.0.flush().expect("flushed");
    assert_eq!(peer.receive()["type"], "exists_reply");
    assert!(peer.has_ended());
    raw::until(|| connections(&mut here) == 0);
}

#[test]
fn what_a_peer_sends_before_it_goes_does_not_keep_its_place() {
    let (directory, authority) = (directory(), Authority::new());
    let patience = Duration::from_secs(1);
    let server = builder(directory.path(), &authority.server()).peer_timeout(patience).spawn().expect("a server");
    let mut here = Raw::stock(&server);
    let mut peer = Peer::new(&server, &authority);
    peer.register();
    peer.send(&json!({"type": "get_name_request", "name": "never", "wait": true}));
    raw::until(|| here.status()["deferred_requests"] == 1);
    // More than fits between what decrypts and what serves, which is busy; but not more than the kernel takes besides,
    // which would not hear of the end otherwise.
    for _ in 0..5 {
        peer.send(&json!({"type": "get_name_request", "name": "x".repeat(64 << 10), "wait": false}));
    }
    drop(peer);
    raw::until(|| connections(&mut here) == 0);
}

#[test]
fn the_last_reply_arrives_and_the_connection_ends_properly() {
    let (directory, authority) = (directory(), Authority::new());
    let server = builder(directory.path(), &authority.server()).spawn().expect("a server");
    let (mut idle, mut waiting) = (Peer::new(&server, &authority), Peer::new(&server, &authority));
    idle.register();
    waiting.register();
    let mut here = Raw::stock(&server);
    waiting.send(&json!({"type": "get_name_request", "name": "never", "wait": true}));
    raw::until(|| here.status()["deferred_requests"] == 1);
    drop(here);
    let report = server.stop();
    assert_eq!((report.connections, report.leases), (0, 0));
    assert_eq!(waiting.receive()["code"], 36);
    assert!(waiting.has_ended() && idle.has_ended());
}
