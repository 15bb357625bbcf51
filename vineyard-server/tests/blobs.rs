//! References, files as blobs, arenas that clients divide, and memory that is given back.

mod raw;

use raw::{MIB, Raw, server, until};
use serde_json::{Value, json};

fn release(id: &Value) -> Value {
    json!({"type": "release_request", "object_id": id})
}

fn in_use(peer: &mut Raw, id: &Value) -> bool {
    peer.ok(json!({"type": "is_in_use_request", "id": id}))["is_in_use"] == true
}

#[test]
fn each_connection_counts_once_for_a_blob() {
    let server = server();
    let (mut one, mut two) = (Raw::stock(&server), Raw::stock(&server));
    assert_eq!(one.code(release(&json!(1u64 << 63 | 5))), 2, "it depends on nothing");
    let id = one.create(10)["id"].clone();
    one.descriptor();
    assert!(in_use(&mut two, &id), "it is being written");
    one.seal(&id);
    two.get(&[&id, &id]);
    two.descriptor();
    assert!(in_use(&mut one, &id));
    one.ok(release(&id));
    assert!(in_use(&mut one, &id));
    two.ok(release(&id));
    assert!(!in_use(&mut one, &id));
    one.ok(json!({"type": "increase_reference_count_request", "ids": [id, 1u64 << 63 | 291]}));
    assert!(in_use(&mut two, &id));
    one.ok(release(&json!(1u64 << 63 | 291)));
    assert_eq!(one.code(release(&json!(1u64 << 63 | 291))), 12);
    drop(one);
    until(|| !in_use(&mut two, &id));
    assert!(two.exists(&id), "nothing is deleted by that");
    assert_eq!(two.ok(json!({"type": "is_spilled_request", "id": id}))["is_spilled"], false);
    for kind in ["load_request", "unpin_request"] {
        two.ok(json!({"type": kind, "ids": [id]}));
    }
}

#[test]
fn files_are_blobs_of_their_own() {
    let server = server();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("blob.bin");
    let (mut peer, mut other) = (Raw::stock(&server), Raw::stock(&server));
    let request = json!({"type": "create_disk_buffer_request", "size": 4100, "path": path});
    let created = peer.ok(request.clone());
    let payload = &created["created"];
    assert_eq!((&payload["data_offset"], &payload["map_size"]), (&json!(0), &json!(4100)));
    assert_eq!(created["fd"], payload["store_fd"]);
    peer.descriptor().write(payload, &[7; 4100]).expect("writable");
    peer.seal(&created["id"]);
    assert_eq!(std::fs::read(&path).expect("a file"), [7; 4100]);
    let found = other.get(&[&created["id"]]);
    // Readers map eight bytes less than they are told, and must see the last page.
    assert_eq!(found["0"]["map_size"], 4108);
    let arena = other.descriptor();
    assert_eq!(arena.read(&found["0"]), [7; 4100]);
    assert!(arena.write(&found["0"], b"x").is_err());
    assert_eq!(peer.used(), 0, "a file is no memory");
    let unnamed = peer.ok(json!({"type": "create_disk_buffer_request", "size": 100, "path": ""}));
    assert_ne!(unnamed["fd"], created["fd"]);
    peer.descriptor().write(&unnamed["created"], &[8; 100]).expect("writable");
    peer.drop_buffer(&created["id"]);
    assert!(path.exists() && !other.exists(&created["id"]));
    let empty = peer.ok(json!({"type": "create_disk_buffer_request", "size": 0, "path": "/nonexistent/x"}));
    assert_eq!((&empty["id"], &empty["fd"]), (&json!(1u64 << 63), &json!(-1)));
    assert_eq!(peer.code(json!({"type": "create_disk_buffer_request", "size": 9, "path": "/nonexistent/x"})), 1);
    assert_eq!(peer.code(json!({"type": "create_disk_buffer_request", "size": 9, "path": directory.path()})), 1);
    assert!(peer.is_quiet());
}

#[test]
fn arenas_are_lent_within_bounds_and_come_back() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let make = |size: u64| json!({"type": "make_arena_request", "size": size});
    let made = peer.ok(make(MIB));
    assert_eq!(made["size"], MIB);
    assert_eq!(peer.descriptor().length(), MIB);
    let finalize = |fd: &Value, offsets: Value, sizes: Value| json!({"type": "finalize_arena_request", "fd": fd, "offsets": offsets, "sizes": sizes});
    assert_eq!(peer.code(finalize(&made["fd"], json!([1]), json!([]))), 8);
    assert_eq!(peer.code(finalize(&made["fd"], json!([MIB]), json!([1]))), 8);
    assert_eq!(peer.code(finalize(&made["fd"], json!([u64::MAX]), json!([1]))), 8);
    peer.ok(finalize(&made["fd"], json!([4096, 65536]), json!([100, 200])));
    assert_eq!(peer.code(finalize(&made["fd"], json!([]), json!([]))), 12);
    let all = peer.ok(make(u64::MAX));
    assert_eq!(all["size"], 64 * MIB);
    peer.descriptor();
    peer.ok(make(64 * MIB));
    peer.descriptor();
    assert_eq!(peer.code(make(1)), 41, "twice the memory is lent");
    assert_eq!(peer.code(make(0)), 41);
    drop(peer);
    let mut other = Raw::stock(&server);
    until(|| other.call(make(64 * MIB))["type"] == "make_arena_reply");
}

#[test]
fn trimming_gives_pages_back() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let (kept, freed) = (peer.create(4 * MIB), 8 * MIB);
    let arena = peer.descriptor();
    arena.write(&kept["created"], &vec![1; usize::try_from(4 * MIB).expect("fits")]).expect("writable");
    let big = vec![2; usize::try_from(freed).expect("fits")];
    let put = |peer: &mut Raw| {
        let blob = peer.create(freed);
        arena.write(&blob["created"], &big).expect("writable");
        peer.seal(&blob["id"]);
        blob["id"].clone()
    };
    let trim = |peer: &mut Raw| peer.ok(json!({"type": "memory_trim_request"}))["trimmed"].clone();
    let blob = put(&mut peer);
    assert_eq!(trim(&mut peer), false, "nothing is free");
    let full = arena.allocated();
    peer.drop_buffer(&blob);
    assert_eq!(arena.allocated(), full, "freed pages are kept for the next");
    assert_eq!(trim(&mut peer), true);
    assert_eq!(full - arena.allocated(), freed);
    // A deletion can ask for it at once.
    let blob = put(&mut peer);
    assert_eq!(arena.allocated(), full);
    peer.ok(json!({"type": "del_data_request", "id": [blob], "memory_trim": true}));
    assert_eq!(full - arena.allocated(), freed);
    let blob = put(&mut peer);
    let deletion =
        json!({"type": "del_data_with_feedbacks_request", "id": [blob, 1u64 << 63 | 9], "memory_trim": true});
    assert_eq!(peer.ok(deletion)["deleted_bids"], json!([1u64 << 63 | 9, blob]));
    put(&mut peer);
    peer.ok(json!({"type": "clear_request"}));
    assert_eq!((arena.allocated(), peer.used()), (0, 0));
}
