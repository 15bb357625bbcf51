//! Roles: what each may do and may not, request by request.

mod raw;

use std::path::Path;
use std::process::Command;

use nix::unistd::Uid;
use raw::Raw;
use serde_json::{Value, json};
use vineyard_core::protocol::Request;
use vineyard_server::{Server, ServerHandle};

/// `secret`, as `htpasswd -nbs bob secret` writes it.
const USERS: &str = "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nalice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

/// Set for a process that is to be a peer as another user.
const PEER_VARIABLE: &str = "VINEYARD_TEST_PEER_SOCKET";

const ROLES: [&str; 4] = ["none", "read", "write", "admin"];

/// Every request that a registered peer can make, as small as it may be, and the role it needs.
fn requests() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("register_request", "none", json!({})),
        ("exit_request", "none", json!({})),
        ("instance_status_request", "read", json!({})),
        ("cluster_meta", "read", json!({})),
        ("get_data_request", "read", json!({"id": [1]})),
        ("list_data_request", "read", json!({"pattern": "*", "limit": 1})),
        ("exists_request", "read", json!({"id": 1})),
        ("if_persist_request", "read", json!({"id": 1})),
        ("get_name_request", "read", json!({"name": "n"})),
        ("list_name_request", "read", json!({"pattern": "*", "limit": 1})),
        ("get_buffers_request", "read", json!({"ids": [1]})),
        ("get_remote_buffers_request", "read", json!({"num": 0})),
        ("get_gpu_buffers_request", "read", json!({"num": 0})),
        ("get_buffers_by_plasma_request", "read", json!({"num": 0})),
        ("is_in_use_request", "read", json!({"id": 1})),
        ("is_spilled_request", "read", json!({"id": 1})),
        ("increase_reference_count_request", "read", json!({"ids": [1]})),
        ("release_request", "read", json!({"object_id": 1})),
        ("plasma_release_request", "read", json!({"plasma_id": "p"})),
        ("release_leases_notice", "read", json!({"ids": [1]})),
        ("release_blobs_with_rdma_request", "read", json!({"num": 0})),
        ("open_stream_request", "read", json!({"object_id": 1, "mode": 1})),
        ("open_stream_request", "write", json!({"object_id": 1, "mode": 2})),
        ("open_stream_request", "write", json!({"object_id": 1, "mode": 3})),
        ("pull_next_stream_chunk_request", "read", json!({"id": 1})),
        ("create_buffer_request", "write", json!({"size": 8})),
        ("create_buffers_request", "write", json!({"sizes": [8], "num": 1})),
        ("create_disk_buffer_request", "write", json!({"size": 8, "path": ""})),
        ("create_gpu_buffer_request", "write", json!({"size": 8})),
        ("create_remote_buffer_request", "write", json!({"size": 0})),
        ("create_remote_buffers_request", "write", json!({"sizes": [], "num": 0})),
        ("create_buffer_by_plasma_request", "write", json!({"plasma_id": "p", "size": 8, "plasma_size": 8})),
        ("make_arena_request", "write", json!({"size": 4096})),
        ("get_next_stream_chunk_request", "write", json!({"id": 1, "size": 8})),
        ("seal_request", "write", json!({"object_id": 1})),
        ("keep_request", "write", json!({"ids": [1]})),
        ("slice_buffers_request", "write", json!({"ids": [1], "offsets": [0], "sizes": [1]})),
        ("plasma_seal_request", "write", json!({"plasma_id": "p"})),
        ("shrink_buffer_request", "write", json!({"id": 1, "size": 1})),
        ("finalize_arena_request", "write", json!({"fd": 1, "offsets": [], "sizes": []})),
        ("create_data_request", "write", json!({"content": {"typename": "T", "instance_id": 5}})),
        ("create_datas_request", "write", json!({"contents": [], "num": 0})),
        ("persist_request", "write", json!({"id": 1})),
        ("label_request", "write", json!({"id": 1, "keys": [], "values": []})),
        ("put_name_request", "write", json!({"object_id": 1, "name": "n"})),
        ("drop_name_request", "write", json!({"name": "n"})),
        ("shallow_copy_request", "write", json!({"id": 1, "extra": {}})),
        ("migrate_object_request", "write", json!({"object_id": 1})),
        ("move_buffers_ownership_request", "write", json!({"session_id": 0, "id_to_id": []})),
        ("load_request", "write", json!({"ids": []})),
        ("unpin_request", "write", json!({"ids": []})),
        ("del_data_request", "write", json!({"id": [1]})),
        ("del_data_with_feedbacks_request", "write", json!({"id": [1]})),
        ("drop_buffer_request", "write", json!({"id": 1})),
        ("plasma_delete_data_request", "write", json!({"plasma_id": "p"})),
        ("create_stream_request", "write", json!({"object_id": 77})),
        ("push_next_stream_chunk_request", "write", json!({"id": 1, "chunk": 1})),
        ("stop_stream_request", "write", json!({"id": 1, "failed": false})),
        ("drop_stream_request", "write", json!({"id": 1})),
        ("acquire_lock_request", "write", json!({"key": "k"})),
        ("release_lock_request", "write", json!({"key": "k"})),
        ("clear_request", "admin", json!({})),
        ("evict_request", "admin", json!({"ids": []})),
        ("memory_trim_request", "admin", json!({})),
        ("new_session_request", "admin", json!({})),
        ("delete_session_request", "admin", json!({})),
        ("debug_command", "admin", json!({})),
    ]
}

/// A server with rules; `OWN` in them is the user that runs the tests.
fn server(directory: &Path, rules: &str) -> ServerHandle {
    let (users, file) = (directory.join("users"), directory.join("rules"));
    std::fs::write(&file, rules.replace("OWN", &Uid::effective().to_string())).expect("written");
    std::fs::write(&users, USERS).expect("written");
    let builder = Server::builder().size(1 << 20).instance_id(5).workers(2).rpc("127.0.0.1", 0).rules(file);
    builder.htpasswd(users).spawn().expect("a server")
}

fn register(user: &str) -> Value {
    json!({"type": "register_request", "version": "0.24.2", "username": user, "password": "secret", "native": 1})
}

fn rank(role: &str) -> usize {
    ROLES.iter().position(|known| *known == role).expect("a role")
}

#[test]
fn every_role_may_do_what_it_needs_and_nothing_more() {
    let table = requests();
    for message_type in Request::TYPES {
        assert!(table.iter().any(|(known, ..)| known == message_type), "which role does {message_type} need?");
    }
    let directory = tempfile::tempdir().expect("a directory");
    for role in &ROLES[1..] {
        // Bob has the role over TCP, whoever runs the tests has it over the UNIX socket.
        let rules =
            format!("rpc = 'none'\n[[rule]]\nuid = OWN\nrole = '{role}'\n[[rule]]\nhtpasswd = 'bob'\nrole = '{role}'");
        let server = server(directory.path(), &rules);
        for (message_type, needed, body) in &table {
            let mut message = body.clone();
            message["type"] = json!(message_type);
            for mut peer in [Raw::mute(&server), Raw::mute_tcp(&server)] {
                peer.ok(register("bob"));
                let what = format!("{message_type} as {role}");
                if rank(needed) > rank(role) {
                    let reply = peer.call(message.clone());
                    assert_eq!(reply["code"], 1, "{what}: {reply}");
                    let expected = format!("{message_type} needs the role {needed}, this connection has {role}");
                    assert_eq!(reply["message"], expected, "{what}");
                    assert!(peer.is_quiet(), "{what}: no descriptor and no second reply follows");
                } else if *message_type == "release_leases_notice" {
                    peer.send(&message);
                    assert!(peer.is_quiet(), "{what}: a notice has no reply");
                } else if !matches!(*message_type, "exit_request" | "register_request") {
                    let reply = peer.call(message.clone());
                    assert!(!reply["message"].to_string().contains("needs the role"), "{what}: {reply}");
                }
            }
        }
    }
}

#[test]
fn who_has_no_role_is_told_so_and_dropped() {
    let directory = tempfile::tempdir().expect("a directory");
    let server =
        server(directory.path(), "[[rule]]\nhtpasswd = 'alice'\nrole = 'read'\n[[rule]]\nuid = OWN\nrole = 'none'");
    let mut here = Raw::mute(&server);
    let reply = here.call(register("bob"));
    let message = reply["message"].as_str().expect("text").to_owned();
    let own = format!("do not let uid {}, gid", Uid::effective());
    assert!(reply["code"] == 34 && message.contains(&own) && message.contains("user `bob`"), "{reply}");
    assert!(here.ended());
    let mut there = Raw::mute_tcp(&server);
    let reply = there.call(register("bob"));
    assert!(reply["code"] == 34 && reply["message"].to_string().contains("peers over TCP, user `bob`"), "{reply}");
    assert!(there.ended());
    // A wrong password comes first, and can be corrected.
    let mut alice = Raw::mute_tcp(&server);
    assert_eq!(alice.code(json!({"type": "register_request", "username": "alice", "password": "guess"})), 34);
    alice.ok(register("alice"));
    // Who comes in again as somebody else is that from then on.
    assert_eq!(alice.code(register("bob")), 34);
    assert!(alice.ended());
}

#[test]
fn readers_map_read_only() {
    let directory = tempfile::tempdir().expect("a directory");
    let rules = "[[rule]]\nhtpasswd = 'alice'\nrole = 'read'\n[[rule]]\nhtpasswd = 'bob'\nrole = 'write'";
    let server = server(directory.path(), rules);
    let (mut writer, mut reader) = (Raw::mute(&server), Raw::mute(&server));
    writer.ok(register("bob"));
    reader.ok(register("alice"));
    let created = writer.create(5);
    let arena = writer.descriptor();
    arena.write(&created["created"], b"hello").expect("a writer writes");
    writer.seal(&created["id"]);
    let got = reader.get(&[&created["id"]]);
    let arena = reader.descriptor();
    assert_eq!(arena.read(&got["payloads"][0]), b"hello");
    assert!(arena.write(&got["payloads"][0], b"jello").is_err(), "a reader wrote");
    assert!(reader.is_quiet(), "one descriptor, and no more");
    // Who was a writer and comes in again as a reader writes no more.
    writer.ok(register("alice"));
    assert_eq!(writer.code(json!({"type": "create_buffer_request", "size": 5})), 1);
    assert_eq!(writer.code(json!({"type": "del_data_request", "id": [created["id"]]})), 1);
    assert!(reader.exists(&created["id"]));
}

#[test]
fn roles_hold_in_every_session() {
    let directory = tempfile::tempdir().expect("a directory");
    let rules = "[[rule]]\nhtpasswd = 'alice'\nrole = 'read'\n[[rule]]\nhtpasswd = 'bob'\nrole = 'admin'";
    let server = server(directory.path(), rules);
    let mut admin = Raw::mute(&server);
    admin.ok(register("bob"));
    let session = admin.ok(json!({"type": "new_session_request"}));
    let path = session["socket_path"].as_str().expect("a path");
    let (mut reader, mut inside) = (Raw::mute_at(path.as_ref()), Raw::mute_at(path.as_ref()));
    reader.ok(register("alice"));
    inside.ok(register("bob"));
    for message_type in ["clear_request", "delete_session_request", "new_session_request"] {
        assert_eq!(reader.code(json!({"type": message_type})), 1, "{message_type}");
    }
    assert_eq!(reader.code(json!({"type": "create_buffer_request", "size": 1})), 1);
    inside.ok(json!({"type": "delete_session_request"}));
}

/// What a process of another user is told; it is this program, started again.
fn told(binary: &Path, socket: &Path, uid: u32) -> String {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(binary);
    command.args(["--exact", "a_peer_of_another_user", "--nocapture"]).env(PEER_VARIABLE, socket).uid(uid).gid(uid);
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_peer_of_another_user() {
    let Some(socket) = std::env::var_os(PEER_VARIABLE) else { return };
    let mut peer = Raw::mute_at(socket.as_ref());
    let reply = peer.call(json!({"type": "register_request"}));
    println!("registering: {reply}");
    if reply["code"].is_null() {
        println!("writing: {}", peer.call(json!({"type": "create_buffer_request", "size": 1})));
    }
}

#[test]
fn the_kernel_says_who_a_peer_is() {
    use std::os::unix::fs::PermissionsExt;
    if !Uid::effective().is_root() {
        println!("only root can be somebody else");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory.path(), everybody).expect("set");
    let binary = directory.path().join("peer");
    std::fs::copy(std::env::current_exe().expect("known"), &binary).expect("copied");
    let rules = directory.path().join("rules");
    std::fs::write(&rules, "[[rule]]\nuid = 60001\nrole = 'read'\n[[rule]]\ngid = 60002\nrole = 'write'")
        .expect("written");
    let socket = directory.path().join("s.sock");
    let builder = Server::builder().size(1 << 20).socket(&socket).socket_mode(0o666).rules(rules);
    let server = builder.spawn().expect("a server");
    let reader = told(&binary, &socket, 60_001);
    assert!(reader.contains("register_reply") && reader.contains("needs the role write"), "{reader}");
    let writer = told(&binary, &socket, 60_002);
    assert!(writer.contains("register_reply") && writer.contains("create_buffer_reply"), "{writer}");
    let stranger = told(&binary, &socket, 60_003);
    assert!(stranger.contains("do not let uid 60003, gid 60003 in"), "{stranger}");
    // Root, whom no rule names.
    Raw::stock(&server).ok(json!({"type": "clear_request"}));
}

#[test]
fn without_rules_everybody_may_do_everything() {
    let server = raw::server();
    let mut peer = Raw::stock(&server);
    for message_type in ["clear_request", "memory_trim_request", "debug_command"] {
        peer.ok(json!({"type": message_type}));
    }
}
