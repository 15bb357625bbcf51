//! What the server says of itself over HTTP is so.

mod raw;
mod scrape;

use std::collections::{BTreeMap, BTreeSet};

use raw::{MIB, Raw};
use scrape::{Page, get};
use serde_json::{Value, json};
use vineyard_core::{Array, Client, Object};
use vineyard_server::{Server, ServerHandle};

#[derive(Object)]
#[object(typename = "metrics::Bytes")]
struct Bytes {
    bytes: Array<u8>,
}

fn server() -> ServerHandle {
    let builder = Server::builder().size(64 * MIB).workers(2).rpc("127.0.0.1", 0);
    builder.http("127.0.0.1:0").spawn().expect("a server")
}

fn status(server: &ServerHandle) -> Value {
    serde_json::from_str(&get(server, "/status")).expect("JSON")
}

#[test]
fn bytes_are_counted_in_the_state_they_are_in() {
    let server = server();
    let page = || Page::get(&server);
    assert_eq!(page().bytes_by_state(), [0; 5]);
    let mut stock = Raw::stock(&server);
    let blob = stock.create(1000)["id"].clone();
    stock.descriptor();
    assert_eq!(page().bytes_by_state(), [1024, 0, 0, 0, 0]);
    assert_eq!(page().value("vineyard_memory_used_bytes"), 1000.0);
    stock.seal(&blob);
    assert_eq!(page().bytes_by_state(), [0, 1024, 0, 0, 0], "its maker may look at it until metadata reaches it");
    drop(stock);
    raw::until(|| page().bytes_by_state() == [0, 0, 1024, 0, 0]);
    assert_eq!((page().value("vineyard_bare_blobs"), page().value("vineyard_bare_bytes")), (1.0, 1024.0));

    let client = Client::connect(server.socket()).expect("connects");
    let id = client.put(&Bytes { bytes: vec![7; 1 << 20].into() }).expect("fits");
    let view = client.get::<Bytes>(id).expect("there");
    let [unsealed, leased, cold, hidden, unclaimed] = page().bytes_by_state();
    assert_eq!((unsealed, leased, hidden, unclaimed), (0, MIB, 0, 0));
    assert!(cold >= 1024, "what was there, and perhaps the schema");
    assert_eq!(page().value("vineyard_bare_blobs"), 1.0, "an object links to the other");
    client.delete(id).expect("there");
    assert_eq!(page().bytes_by_state()[3], MIB);
    assert_eq!(page().value("vineyard_blobs{state=\"hidden\"}"), 1.0);
    drop(view);
    // Leases go back together with later requests, at the latest with the end of the connection.
    drop(client);
    raw::until(|| page().bytes_by_state() == [0, 0, 1024, 0, 0]);
    Raw::stock(&server).drop_buffer(&blob);
    assert_eq!(page().bytes_by_state(), [0; 5]);
}

#[test]
fn what_is_left_of_a_shared_range_is_unclaimed() {
    let server = server();
    let mut native = Raw::native(&server);
    let made = native.call(json!({"type": "create_buffers_request", "sizes": [10, 20], "num": 2}));
    native.descriptor();
    assert_eq!(Page::get(&server).bytes_by_state(), [128, 0, 0, 0, 0]);
    let ids = made["ids"].as_array().expect("two").clone();
    native.drop_buffer(&ids[0]);
    native.send(&json!({"type": "release_leases_notice", "ids": [ids[0]]}));
    assert!(native.is_quiet());
    assert_eq!(Page::get(&server).bytes_by_state(), [64, 0, 0, 0, 64]);
    drop(native);
    raw::until(|| Page::get(&server).bytes_by_state() == [0; 5]);
}

#[test]
fn memory_of_all_sessions_is_counted_once() {
    let server = server();
    let mut root = Raw::stock(&server);
    let blob = root.create(100)["id"].clone();
    root.descriptor();
    root.seal(&blob);
    let socket = root.ok(json!({"type": "new_session_request", "bulk_store_type": 1}))["socket_path"].clone();
    let mut inside = Raw::at(std::path::Path::new(socket.as_str().expect("a path")), 1);
    inside.ok(json!({"type": "move_buffers_ownership_request", "session_id": 0, "id_to_id": [[blob, blob]]}));
    let page = Page::get(&server);
    assert_eq!(page.bytes_by_state(), [0, 128, 0, 0, 0], "its maker is there");
    let blobs = |state| page.value(&format!("vineyard_blobs{{state=\"{state}\"}}"));
    assert_eq!((page.value("vineyard_sessions"), blobs("leased"), blobs("cold")), (2.0, 1.0, 1.0));
    root.drop_buffer(&blob);
    assert_eq!(Page::get(&server).bytes_by_state(), [0, 0, 0, 0, 128], "the one that counted it is gone");
    let told = status(&server);
    assert_eq!(told["sessions"].as_array().map(Vec::len), Some(2));
    assert_eq!((&told["sessions"][1]["blobs"], &told["sessions"][1]["bytes"]), (&json!(1), &json!(0)));
    assert_eq!(told["sessions"][1]["socket"], socket);
}

#[test]
fn requests_and_refusals_are_counted() {
    let server = server();
    let mut peer = Raw::stock(&server);
    for _ in 0..5 {
        peer.exists(&json!(1));
    }
    assert_eq!(peer.code(json!({"type": "seal_request", "object_id": 5})), 12);
    assert_eq!(peer.code(json!({"type": "frobnicate"})), 1);
    let page = Page::get(&server);
    let count = |request| page.value(&format!("vineyard_request_seconds_count{{request=\"{request}\"}}"));
    assert_eq!((count("exists_request"), count("seal_request"), count("register_request")), (5.0, 1.0, 1.0));
    assert_eq!(page.value("vineyard_request_seconds_bucket{le=\"+Inf\",request=\"exists_request\"}"), 5.0);
    assert!(page.value("vineyard_request_seconds_sum{request=\"exists_request\"}") > 0.0);
    let refusals = |code| page.value(&format!("vineyard_refusals_total{{code=\"{code}\"}}"));
    assert_eq!(
        (refusals("ObjectNotExists"), refusals("Invalid"), page.sum("vineyard_refusals_total")),
        (1.0, 1.0, 2.0)
    );
    // A request that waits is in hand, and in no histogram.
    peer.send(&json!({"type": "get_name_request", "name": "x", "wait": true}));
    raw::until(|| Page::get(&server).value("vineyard_requests_waiting") == 1.0);
    let page = Page::get(&server);
    assert_eq!(page.value("vineyard_requests_in_hand"), 1.0);
    assert_eq!(page.value("vineyard_waited_requests_total{request=\"get_name_request\"}"), 1.0);
    assert_eq!(page.value("vineyard_request_seconds_count{request=\"get_name_request\"}"), 0.0);
    drop(peer);
    raw::until(|| Page::get(&server).value("vineyard_requests_in_hand") == 0.0);
}

#[test]
fn connections_and_their_bytes_are_counted() {
    let server = server();
    let before = Page::get(&server);
    let mut remote = Raw::tcp(&server, 0);
    let _local = Raw::stock(&server);
    remote.ok(json!({"type": "create_remote_buffer_request", "size": 1000}));
    std::io::Write::write_all(&mut remote.stream, &[7; 1000]).expect("written");
    let id = remote.receive()["id"].clone();
    remote.ok(json!({"type": "get_remote_buffers_request", "num": 2, "0": id, "1": id}));
    assert_eq!(remote.bytes(2000), [7; 2000]);
    assert!(remote.is_quiet());
    let page = Page::get(&server);
    let by_transport = |name: &str| ["unix", "tcp"].map(|kind| page.value(&format!("{name}{{transport=\"{kind}\"}}")));
    assert_eq!(by_transport("vineyard_connections"), [1.0, 1.0]);
    assert_eq!(by_transport("vineyard_accepted_connections_total"), [1.0, 1.0]);
    assert_eq!(page.value("vineyard_received_payload_bytes_total"), 1000.0);
    assert_eq!(page.value("vineyard_sent_payload_bytes_total"), 2000.0);
    assert!(page.value("process_open_fds") > before.value("process_open_fds"));
    assert!(page.value("process_max_fds") > page.value("process_open_fds"));
}

#[test]
fn objects_names_streams_and_arenas_are_counted() {
    let server = server();
    let client = Client::connect(server.socket()).expect("connects");
    let before = Page::get(&server);
    let id = client.put(&Bytes { bytes: vec![7; 1 << 20].into() }).expect("fits");
    client.persist(id).expect("there");
    client.put_name(id, "a name").expect("there");
    let mut peer = Raw::stock(&server);
    peer.ok(json!({"type": "create_stream_request", "object_id": 77}));
    let chunk = peer.create(64)["id"].clone();
    peer.descriptor();
    peer.seal(&chunk);
    peer.ok(json!({"type": "push_next_stream_chunk_request", "id": 77, "chunk": chunk}));
    let page = Page::get(&server);
    let more = |name: &str| page.value(name) - before.value(name);
    assert!(more("vineyard_objects") >= 1.0 && more("vineyard_names") >= 1.0);
    assert_eq!((more("vineyard_streams"), more("vineyard_stream_chunks")), (1.0, 1.0));
    assert!(more("vineyard_arena_resident_bytes") >= MIB as f64, "it was written to");
    assert_eq!((page.value("vineyard_arenas"), page.value("vineyard_arena_capacity_bytes")), (1.0, (64 * MIB) as f64));
    let (free, largest) = (page.value("vineyard_arena_free_bytes"), page.value("vineyard_arena_largest_free_bytes"));
    assert_eq!(free, (64 * MIB) as f64 - page.value("vineyard_memory_allocated_bytes"));
    assert_eq!(page.value("vineyard_arena_fragmentation_ratio"), 1.0 - largest / free);
}

#[test]
fn the_status_says_who_holds_what() {
    let server = server();
    let mut writer = Raw::stock(&server);
    writer.create(5000);
    writer.descriptor();
    let client = Client::connect(server.socket()).expect("connects");
    let id = client.put(&Bytes { bytes: vec![7; 1 << 20].into() }).expect("fits");
    let view = client.get::<Bytes>(id).expect("there");
    let told = status(&server);
    assert_eq!((&told["version"], &told["stopping"]), (&json!(env!("CARGO_PKG_VERSION")), &json!(false)));
    assert_eq!(told["socket"], json!(server.socket()));
    assert_eq!(told["rpc_endpoint"], json!(server.rpc_address().map(|address| address.to_string())));
    assert_eq!(told["connections"], json!({"unix": 2, "tcp": 0}));
    assert_eq!((&told["process"]["pid"], &told["sessions"][0]["connections"]), (&json!(std::process::id()), &json!(2)));
    let holders = told["holders"].as_array().expect("a list");
    let held: Vec<_> = holders.iter().map(|holder| (&holder["leased_bytes"], &holder["unsealed_bytes"])).collect();
    assert_eq!(held, [(&json!(MIB), &json!(0)), (&json!(0), &json!(5056))], "the greatest first");
    for holder in holders {
        assert_eq!((&holder["pid"], &holder["transport"]), (&json!(std::process::id()), &json!("unix")));
    }
    drop((view, client, writer));
    raw::until(|| status(&server)["holders"] == json!([]));
}

/// The names, types and labels of the tables in the documentation.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let text = include_str!("../../docs/metrics.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split_once("` | "));
    let metrics = rows.filter(|(name, _)| name.contains('_'));
    let words = |cell: &str| cell.split(['`', ',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    metrics
        .map(|(name, rest)| {
            let mut cells = rest.split('|').map(str::trim);
            let (kind, labels) = (cells.next().expect("a type"), cells.next().expect("labels"));
            (name.to_owned(), (kind.to_owned(), words(labels)))
        })
        .collect()
}

#[test]
fn the_documentation_has_every_metric_and_no_other() {
    let server = server();
    let mut peer = Raw::stock(&server);
    peer.code(json!({"type": "seal_request", "object_id": 5}));
    peer.send(&json!({"type": "get_name_request", "name": "x", "wait": true}));
    raw::until(|| Page::get(&server).value("vineyard_requests_waiting") == 1.0);
    let page = Page::get(&server);
    let exported: BTreeMap<String, (String, BTreeSet<String>)> = page
        .types
        .iter()
        .map(|(family, kind)| {
            let name = match kind.as_str() {
                "counter" => format!("{family}_total"),
                "info" => format!("{family}_info"),
                _ => family.clone(),
            };
            let first = if kind == "histogram" { format!("{name}_count") } else { name.clone() };
            let is_of = |key: &&String| key.split('{').next() == Some(&first);
            let key = page.values.keys().find(is_of).unwrap_or_else(|| panic!("{name} has no value"));
            let labels = key.split_once('{').map_or("", |(_, labels)| labels).trim_end_matches('}');
            let labels = labels.split(',').filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
            (name, (kind.clone(), labels.collect()))
        })
        .collect();
    assert_eq!(documented(), exported);
}
