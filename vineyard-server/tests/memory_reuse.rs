//! Memory that is deleted while its bytes travel: it must not be another's before they have arrived.

mod raw;

use std::io::Write;

use raw::{MIB, Raw, server_with_rpc};
use serde_json::{Value, json};

fn get(id: &Value) -> Value {
    json!({"type": "get_remote_buffers_request", "num": 1, "0": id})
}

/// Makes a sealed blob of one repeated byte.
fn filled(peer: &mut Raw, size: u64, byte: u8) -> Value {
    peer.ok(json!({"type": "create_remote_buffer_request", "size": size}));
    peer.stream.write_all(&vec![byte; usize::try_from(size).expect("small")]).expect("written");
    peer.receive()["id"].clone()
}

#[test]
fn a_peer_that_reads_late_gets_what_it_asked_for() {
    let server = server_with_rpc();
    // Short enough to fit into the buffers of a socket, so that the server is done with it at once.
    const SIZE: u64 = 64 << 10;
    for mut reader in [Raw::tcp(&server, 0), Raw::stock(&server)] {
        let mut other = Raw::stock(&server);
        let blob = filled(&mut other, SIZE, 1);
        let reply = reader.ok(get(&blob));
        assert_eq!(reply["payloads"][0]["data_size"], SIZE);
        other.drop_buffer(&blob);
        for _ in 0..4 {
            filled(&mut other, SIZE, 2);
        }
        assert!(reader.bytes(usize::try_from(SIZE).expect("small")).iter().all(|byte| *byte == 1), "another's bytes");
    }
}

#[test]
fn bytes_that_arrive_for_a_deleted_blob_go_nowhere() {
    let server = server_with_rpc();
    let (mut writer, mut other) = (Raw::tcp(&server, 0), Raw::stock(&server));
    let deletions = [
        |id: &Value| json!({"type": "drop_buffer_request", "id": id}),
        |_: &Value| json!({"type": "clear_request"}),
        |id: &Value| json!({"type": "del_data_request", "id": [id], "fastpath": true, "memory_trim": true}),
        |id: &Value| json!({"type": "shrink_buffer_request", "id": id, "size": 1}),
    ];
    for delete in deletions {
        let id = writer.ok(json!({"type": "create_remote_buffer_request", "size": MIB}))["id"].clone();
        other.ok(delete(&id));
        let taken = filled(&mut other, MIB - 64, 2);
        writer.stream.write_all(&vec![1; usize::try_from(MIB).expect("small")]).expect("written");
        let reply = writer.receive();
        assert!(reply["code"] == 12 || reply["created"]["is_sealed"] == true, "{reply}");
        other.ok(get(&taken));
        let found = other.bytes(usize::try_from(MIB - 64).expect("small"));
        assert!(found.iter().all(|byte| *byte == 2), "another's bytes");
        other.ok(json!({"type": "clear_request"}));
        assert_eq!(other.used(), 0);
    }
    let report = server.stop();
    assert_eq!((report.allocated_bytes, report.leases), (0, 0));
}
