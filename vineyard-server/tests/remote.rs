//! Blobs whose bytes travel through the connection, and what TCP peers can and cannot do.

mod raw;

use std::io::Write;
use std::time::Duration;

use raw::{MIB, Raw, server_with_rpc, until};
use serde_json::{Value, json};
use vineyard_core::protocol::chunk::{HEADER_BYTES, MAX_CHUNK_BYTES, Packer, Unpacker};
use vineyard_server::Server;

fn create(size: usize, compress: bool) -> Value {
    json!({"type": "create_remote_buffer_request", "size": size, "compress": compress, "use_rdma": false})
}

fn get(ids: &[&Value], compress: bool) -> Value {
    let mut request = json!({"type": "get_remote_buffers_request", "num": ids.len(), "compress": compress});
    for (index, id) in ids.iter().enumerate() {
        request[index.to_string()] = (*id).clone();
    }
    request
}

/// Bytes of which half can be compressed.
fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|i| if i % 1000 < 500 { 7 } else { (i.wrapping_mul(2_654_435_761) >> 13) as u8 }).collect()
}

fn packed(packer: &mut Packer, bytes: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::new();
    packer.pack(bytes, true, &mut chunks).expect("packs");
    chunks
}

/// Reads the chunks of one blob.
fn unpacked(peer: &mut Raw, unpacker: &mut Unpacker, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let header = peer.bytes(HEADER_BYTES);
        let count = usize::try_from(u64::from_le_bytes(header.try_into().expect("eight bytes"))).expect("short");
        assert!((1..=MAX_CHUNK_BYTES).contains(&count), "a chunk of {count} bytes");
        let data = peer.bytes(count);
        unpacker
            .unpack(&data, |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })
            .expect("unpacks");
    }
    bytes
}

#[test]
fn bytes_go_in_and_out_in_every_combination() {
    let server = server_with_rpc();
    for entrance in [Raw::tcp(&server, 0), Raw::stock(&server)] {
        let mut peer = entrance;
        for length in [1, 5, 4096, 200_000, 3 << 20] {
            let bytes = sample(length);
            for compress in [false, true] {
                let first = peer.ok(create(length, compress));
                assert_eq!((&first["fd"], &first["created"]["is_sealed"]), (&json!(-1), &json!(false)));
                let wire = if compress { packed(&mut Packer::new().expect("zstd"), &bytes) } else { bytes.clone() };
                assert_eq!(peer.stream.write_all(&wire).map_err(|error| error.kind()), Ok(()));
                let second = peer.receive();
                assert_eq!((&second["id"], &second["created"]["is_sealed"]), (&first["id"], &json!(true)));
                let id = &first["id"];
                let reply = peer.ok(get(&[id], false));
                assert_eq!((&reply["fds"], &reply["compress"]), (&json!([]), &json!(false)));
                assert_eq!(peer.bytes(length), bytes);
                assert_eq!(peer.ok(get(&[id], true))["compress"], true);
                assert_eq!(unpacked(&mut peer, &mut Unpacker::new().expect("zstd"), length), bytes);
                peer.drop_buffer(id);
            }
        }
        assert!(peer.is_quiet());
    }
    assert_eq!(server.stop().used_bytes, 0);
}

#[test]
fn several_blobs_share_one_compressed_stream() {
    let server = server_with_rpc();
    let mut peer = Raw::tcp(&server, 0);
    let blobs = [sample(10), Vec::new(), sample(70_000), sample(1)];
    let sizes: Vec<usize> = blobs.iter().map(Vec::len).collect();
    let reply = peer.ok(json!({"type": "create_remote_buffers_request", "sizes": sizes, "num": 4, "compress": true}));
    let mut packer = Packer::new().expect("zstd");
    for blob in blobs.iter().filter(|blob| !blob.is_empty()) {
        let wire = packed(&mut packer, blob);
        peer.stream.write_all(&wire).expect("written");
    }
    let ids = reply["ids"].as_array().expect("ids").clone();
    assert_eq!(peer.receive()["ids"], reply["ids"]);
    // What is missing is left out, of the bytes too.
    let wanted = [&ids[2], &json!((1u64 << 63) + 291), &ids[0], &ids[1], &ids[3], &json!(u64::MAX)];
    assert_eq!(peer.ok(get(&wanted, true))["num"], 4);
    let mut unpacker = Unpacker::new().expect("zstd");
    for index in [2, 0, 3] {
        assert_eq!(unpacked(&mut peer, &mut unpacker, sizes[index]), blobs[index]);
    }
    assert!(peer.is_quiet());
    assert_eq!(peer.ok(get(&[], false))["num"], 0);
    assert!(peer.is_quiet());
}

#[test]
fn no_bytes_still_have_two_replies() {
    let server = server_with_rpc();
    let mut peer = Raw::tcp(&server, 0);
    for compress in [false, true] {
        let first = peer.ok(create(0, compress));
        assert_eq!(peer.receive(), first);
        assert_eq!(first["id"], 1u64 << 63);
    }
    let none = peer.ok(json!({"type": "create_remote_buffers_request", "sizes": [0, 0]}));
    assert_eq!(peer.receive(), none);
    let by_rdma = peer.ok(json!({"type": "create_remote_buffer_request", "size": 8, "use_rdma": true}));
    assert_eq!(by_rdma["created"]["is_sealed"], false, "nothing has come");
    assert!(peer.is_quiet());
    let refused = peer.code(create(1 << 40, false));
    assert_eq!(refused, 41);
    assert!(peer.is_quiet(), "no bytes are expected after a refusal");
}

#[test]
fn what_has_not_arrived_is_never_seen() {
    let server = server_with_rpc();
    let (mut peer, mut other) = (Raw::tcp(&server, 0), Raw::stock(&server));
    let id = peer.ok(create(1000, false))["id"].clone();
    peer.stream.write_all(&[1; 999]).expect("written");
    assert_eq!(other.code(json!({"type": "get_buffers_request", "ids": [id]})), 14);
    assert_eq!(other.code(get(&[&id], false)), 2);
    assert_eq!(other.used(), 1000);
    drop(peer);
    until(|| other.used() == 0);
    assert!(!other.exists(&id));
}

#[test]
fn malformed_chunks_end_only_that_connection() {
    let server = server_with_rpc();
    let mut other = Raw::tcp(&server, 0);
    let bytes = sample(1000);
    let longer = packed(&mut Packer::new().expect("zstd"), &sample(1001));
    let mut broken = packed(&mut Packer::new().expect("zstd"), &bytes);
    broken[12] ^= 0xff;
    let huge = u64::MAX.to_le_bytes().to_vec();
    let none = 0u64.to_le_bytes().to_vec();
    for wire in [longer, broken, huge, none] {
        let mut peer = Raw::tcp(&server, 0);
        peer.ok(create(1000, true));
        peer.stream.write_all(&wire).expect("written");
        assert!(peer.ended());
        until(|| other.used() == 0);
    }
    assert!(other.is_quiet());
}

#[test]
fn memory_on_its_way_out_is_not_reused() {
    let server = Server::builder().size(8 * MIB).workers(2).rpc("127.0.0.1", 0).spawn().expect("a server");
    let (mut slow, mut other) = (Raw::tcp(&server, 0), Raw::tcp(&server, 0));
    let size = usize::try_from(6 * MIB).expect("fits");
    let bytes = sample(size);
    let id = other.ok(create(size, false))["id"].clone();
    other.stream.write_all(&bytes).expect("written");
    other.receive();
    slow.ok(get(&[&id], false));
    // The socket takes a part of it; the rest is in the arena when the blob is deleted.
    other.drop_buffer(&id);
    assert!(!other.exists(&id));
    if other.used() > 0 {
        assert_eq!(other.code(create(size, false)), 41);
    }
    assert_eq!(slow.bytes(size), bytes);
    until(|| other.used() == 0);
    // A peer that goes in the middle gives it back as well.
    let id = other.ok(create(size, false))["id"].clone();
    other.stream.write_all(&bytes).expect("written");
    other.receive();
    slow.ok(get(&[&id], false));
    other.drop_buffer(&id);
    drop(slow);
    until(|| other.used() == 0);
}

#[test]
fn nothing_that_needs_descriptors_is_sent_over_tcp() {
    let server = server_with_rpc();
    let mut peer = Raw::tcp(&server, 0);
    let created = peer.ok(json!({"type": "create_buffer_request", "size": 10}));
    assert_eq!((&created["fd"], &created["created"]["store_fd"]), (&json!(-1), &json!(-1)));
    peer.seal(&created["id"]);
    assert_eq!(peer.get(&[&created["id"]])["fds"], json!([]));
    assert_eq!(peer.ok(json!({"type": "create_buffers_request", "sizes": [1, 2]}))["fds"], json!([]));
    assert_eq!(peer.code(json!({"type": "make_arena_request", "size": 4096})), 1);
    assert_eq!(peer.code(json!({"type": "create_disk_buffer_request", "size": 4096, "path": ""})), 1);
    assert!(peer.is_quiet());
}

#[test]
fn peers_that_stall_are_dropped_and_idle_ones_are_not() {
    let timeout = Duration::from_secs(1);
    let server = Server::builder().size(8 * MIB).rpc("127.0.0.1", 0).peer_timeout(timeout).spawn().expect("a server");
    let mut idle = Raw::tcp(&server, 0);
    let mut silent = Raw::mute_tcp(&server);
    let mut half = Raw::tcp(&server, 0);
    half.stream.write_all(&100u64.to_le_bytes()).expect("written");
    let mut stuck = Raw::tcp(&server, 0);
    stuck.ok(create(1000, false));
    stuck.stream.write_all(&[1; 10]).expect("written");
    // Each is told to go by the server itself, and not before it stalled.
    assert!(silent.ended() && half.ended() && stuck.ended());
    until(|| idle.used() == 0);
    assert_eq!(idle.status()["rpc_connections"], 1);
}
