//! Blobs that the kernel seals, whose own writer is hostile.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use vineyard_server::{Server, ServerHandle};

use crate::raw::{Arena, MIB, Raw, server, until};
use crate::{ALL_TRIED, Scene, attempts, enter, get, orders, users};

const SIZE: u64 = 5000;

/// Maps a file for writing and keeps it so.
const HOLD: &str = "import mmap, signal; m = mmap.mmap(0, 0); print('mapped', flush=True); signal.pause()";

fn bytes() -> Vec<u8> {
    vec![7; usize::try_from(SIZE).expect("small")]
}

/// An unsealed blob with a file of its own.
fn create(peer: &mut Raw) -> (Value, Arena) {
    let made = peer.ok(json!({"type": "create_buffer_request", "size": SIZE, "sealable": true}));
    let file = peer.descriptor();
    file.write(&made["created"], &bytes()).expect("it is not sealed yet");
    (made["id"].clone(), file)
}

/// The one file in which a blob lies, and its bytes.
fn read(peer: &mut Raw, id: &Value) -> (Arena, Vec<u8>) {
    let (payloads, arenas) = get(peer, std::slice::from_ref(id));
    let arena = arenas.into_values().next().expect("a descriptor comes along");
    let bytes = arena.read(&payloads[0]);
    (arena, bytes)
}

fn is_unharmed(peer: &mut Raw, id: &Value) -> bool {
    read(peer, id).1 == bytes()
}

/// Tries everything on a file that the kernel has sealed.
fn tamper_with(arena: &Arena) {
    let done = attempts::by_descriptor(arena.file());
    assert!(done.is_empty(), "{done:?}");
    let done = attempts::by_mappings(arena.file()).but(&["write to a copy of one's own"]);
    assert!(done.is_empty(), "{done:?}");
}

#[test]
fn a_hostile_writer() {
    let Some((socket, _)) = orders() else { return };
    let mut peer = enter(&socket, true);
    let (id, file) = create(&mut peer);
    peer.seal(&id);
    tamper_with(&file);
    let (readable, seen) = read(&mut peer, &id);
    assert_eq!((readable.inode(), seen), (file.inode(), bytes()));
    tamper_with(&readable);
    // Who is the server's user may open it anew, which is of no use.
    let path = PathBuf::from(format!("/proc/self/fd/{}", readable.file().as_raw_fd()));
    if let Ok(again) = OpenOptions::new().read(true).write(true).open(path) {
        tamper_with(&Arena::from(again));
    }
    assert!(is_unharmed(&mut peer, &id));
    println!("blob {id}\n{ALL_TRIED}");
}

#[test]
fn nobody_changes_what_the_kernel_has_sealed() {
    let scene = Scene::new();
    for uid in users() {
        let said = scene.run("sealed::a_hostile_writer", uid, &[]);
        let id = said.lines().find_map(|line| line.strip_prefix("blob ")).expect("it says which blob it made");
        let id: Value = serde_json::from_str(id).expect("a number");
        for mut reader in [Raw::stock(&scene.server), Raw::native(&scene.server)] {
            assert!(is_unharmed(&mut reader, &id));
        }
        scene.run("a_hostile_process", uid, std::slice::from_ref(&id));
        assert!(is_unharmed(&mut Raw::stock(&scene.server), &id));
    }
}

/// A process that has a file mapped for writing until it is told to go.
fn hold(file: &Arena) -> Child {
    let descriptor = file.file().try_clone().expect("another");
    let mut command = Command::new("python3");
    let mut child = command
        .args(["-c", HOLD])
        .stdin(Stdio::from(descriptor))
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a Python");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says something");
    assert_eq!(line, "mapped\n");
    child
}

#[test]
fn what_is_mapped_for_writing_is_not_sealed() {
    let server = server();
    let mut peer = Raw::native(&server);
    let (id, file) = create(&mut peer);
    let mut holder = hold(&file);
    for request in [
        json!({"type": "seal_request", "object_id": id}),
        json!({"type": "create_data_request", "content": {"typename": "T", "instance_id": 5}, "seal": [id]}),
    ] {
        let reply = peer.call(request);
        assert_eq!(reply["code"], 1, "{reply}");
        assert!(reply["message"].to_string().contains("still mapped for writing"), "{reply}");
    }
    let mut other = Raw::native(&server);
    let refused = other.call(json!({"type": "get_buffers_request", "ids": [id]}));
    assert_eq!(refused["code"], 14, "nobody reads it before: {refused}");
    assert_eq!(other.code(json!({"type": "seal_request", "object_id": id})), 1, "it is not the other's to seal");
    holder.kill().expect("it runs");
    holder.wait().expect("it ends");
    peer.seal(&id);
    peer.seal(&id);
    assert!(is_unharmed(&mut other, &id));
}

#[test]
fn who_forbids_further_seals_has_no_sealed_blob() {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    let server = server();
    let mut peer = Raw::native(&server);
    let (id, file) = create(&mut peer);
    fcntl(file.file(), FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SEAL)).expect("its own");
    assert_eq!(peer.code(json!({"type": "seal_request", "object_id": id})), 1);
    assert_eq!(peer.code(json!({"type": "get_buffers_request", "ids": [id]})), 14);
    drop(peer);
    until(|| server.memory().own_files == 0);
}

#[test]
fn such_memory_counts_until_nobody_views_it() {
    let server = server();
    let used = |server: &ServerHandle| (server.memory().used, server.memory().own_files);
    let (mut writer, mut reader, mut stock) = (Raw::native(&server), Raw::native(&server), Raw::stock(&server));
    let (id, _) = create(&mut writer);
    assert_eq!((used(&server), server.memory().own_file_bytes), ((SIZE, 1), SIZE));
    let too_much = json!({"type": "create_buffer_request", "size": 64 * MIB, "sealable": true});
    assert_eq!(writer.code(too_much), 41);
    writer.seal(&id);
    read(&mut reader, &id);
    // Each reply brings the file anew for who closes it, and once for who keeps it.
    read(&mut reader, &id);
    read(&mut stock, &id);
    stock.get(&[&id]);
    assert!(stock.is_quiet());
    reader.drop_buffer(&id);
    writer.send(&json!({"type": "release_leases_notice", "ids": [id]}));
    reader.send(&json!({"type": "release_leases_notice", "ids": [id, id]}));
    assert!(writer.is_quiet() && reader.is_quiet());
    assert_eq!(used(&server), (SIZE, 1), "the published client may have it mapped");
    // Even if memory is short: it would keep its pages.
    assert_eq!(writer.code(json!({"type": "create_buffer_request", "size": 64 * MIB})), 41);
    drop(stock);
    until(|| used(&server) == (0, 0));
    // What its maker leaves unsealed goes with it.
    create(&mut writer);
    drop(writer);
    until(|| used(&server) == (0, 0));
}

#[test]
fn such_blobs_stay_in_memory_when_others_go_to_disk() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::builder().size(MIB).spill(directory.path()).spawn().expect("a server");
    let mut peer = Raw::native(&server);
    let (id, _) = create(&mut peer);
    peer.seal(&id);
    let made = peer.create(MIB / 2);
    peer.descriptor();
    peer.seal(&made["id"]);
    peer.send(&json!({"type": "release_leases_notice", "ids": [id, made["id"]]}));
    // There is room for this one only if the other in the arena goes.
    if peer.create(MIB - SIZE)["fd"] != -1 {
        peer.descriptor();
    }
    assert_eq!(server.memory().used, MIB);
    let is_spilled = |peer: &mut Raw, id: &Value| peer.ok(json!({"type": "is_spilled_request", "id": id}));
    assert_eq!(is_spilled(&mut peer, &made["id"])["is_spilled"], true);
    assert_eq!(is_spilled(&mut peer, &id)["is_spilled"], false);
    let mut reader = Raw::native(&server);
    assert!(is_unharmed(&mut reader, &id));
}

#[test]
fn such_memory_counts_once_in_two_sessions_and_until_both_are_done() {
    let server = server();
    let mut here = Raw::native(&server);
    let session = here.ok(json!({"type": "new_session_request"}));
    let mut there = enter(session["socket_path"].as_str().expect("a path").as_ref(), true);
    let (id, _) = create(&mut here);
    here.seal(&id);
    there.ok(json!({"type": "move_buffers_ownership_request", "session_id": 0, "id_to_id": [[id, id]]}));
    assert!(is_unharmed(&mut there, &id));
    assert_eq!((server.memory().used, server.memory().own_files), (SIZE, 1));
    here.drop_buffer(&id);
    drop(here);
    assert!(is_unharmed(&mut there, &id));
    assert_eq!((server.memory().used, server.memory().own_files), (SIZE, 1));
    there.drop_buffer(&id);
    drop(there);
    until(|| server.memory().used == 0);
}

#[test]
fn only_who_can_unmap_them_gets_such_blobs() {
    let server = server();
    let mut stock = Raw::stock(&server);
    stock.ok(json!({"type": "create_buffer_request", "size": SIZE, "sealable": true}));
    stock.descriptor();
    assert_eq!(server.memory().own_files, 0, "stock clients do not know the key");
    let announced = |server: &ServerHandle| Raw::mute(server).ok(json!({"type": "register_request", "native": 1}));
    let reply = announced(&server);
    assert_eq!((&reply["kernel_seals"], &reply["seal_above"]), (&json!(true), &Value::Null));
    let told = Server::builder().size(MIB).seal_above(4096).spawn().expect("a server");
    assert_eq!(announced(&told)["seal_above"], 4096);
}
