//! A process that does with the memory it is given what it likes, through everything but the protocol.

mod attempts;
#[path = "../raw/mod.rs"]
mod raw;
mod sealed;

use std::collections::HashMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;
use raw::{Arena, MIB, Raw};
use serde_json::{Value, json};
use tempfile::TempDir;
use vineyard_server::{Server, ServerHandle};

/// Set for a process that is to be hostile: where the server listens, and which blobs it is to change.
const SOCKET: &str = "VINEYARD_TEST_TAMPER_SOCKET";
const BLOBS: &str = "VINEYARD_TEST_TAMPER_BLOBS";

/// Another user, with no rights.
const NOBODY: u32 = 65534;

/// What the test says when it has tried everything, as a whole line.
const ALL_TRIED: &str = "all was tried";

/// This program, where every user can start it, and a server that every user can connect to.
struct Scene {
    server: ServerHandle,
    program: PathBuf,
    #[expect(dead_code, reason = "it goes with the scene")]
    directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).expect("set");
        let program = directory.path().join("hostile");
        std::fs::copy(std::env::current_exe().expect("known"), &program).expect("copied");
        let builder = Server::builder().size(64 * MIB).instance_id(5).workers(2);
        let server = builder.socket(directory.path().join("s.sock")).socket_mode(0o666).spawn().expect("a server");
        Self { server, program, directory }
    }

    /// Runs one of the tests that are for a process of its own, as a user; what it says.
    fn run(&self, test: &str, uid: Option<u32>, blobs: &[Value]) -> String {
        let mut command = Command::new(&self.program);
        command.args(["--exact", test, "--nocapture"]).current_dir("/");
        command.env(SOCKET, self.server.socket()).env(BLOBS, json!(blobs).to_string());
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        let output = command.output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.lines().any(|line| line == ALL_TRIED), "{output:?}");
        text
    }
}

/// Who a hostile process can be: this user, and another if this one may become that.
fn users() -> Vec<Option<u32>> {
    if Uid::effective().is_root() { vec![None, Some(NOBODY)] } else { vec![None] }
}

/// Where a hostile process is to go, and what it is to change; `None` for who runs the tests.
fn orders() -> Option<(PathBuf, Vec<Value>)> {
    let socket = std::env::var_os(SOCKET)?;
    let blobs = std::env::var(BLOBS).expect("given as well");
    Some((socket.into(), serde_json::from_str(&blobs).expect("JSON")))
}

fn enter(socket: &Path, native: bool) -> Raw {
    let mut peer = Raw::mute_at(socket);
    let native = if native { json!(1) } else { Value::Null };
    peer.ok(json!({"type": "register_request", "version": "0.24.2", "native": native}));
    peer
}

/// Sealed blobs of one connection, each with its contents.
fn put_some(peer: &mut Raw) -> Vec<(Value, Vec<u8>)> {
    let mut arena = None;
    let mut blobs = Vec::new();
    for (size, byte) in [(100, 1), (5000, 2), (1 << 20, 3)] {
        let made = peer.create(size);
        let bytes = vec![byte; usize::try_from(size).expect("small")];
        arena.get_or_insert_with(|| peer.descriptor()).write(&made["created"], &bytes).expect("writable");
        peer.seal(&made["id"]);
        blobs.push((made["id"].clone(), bytes));
    }
    blobs
}

/// Where blobs lie, with all descriptors that come with that.
fn get(peer: &mut Raw, blobs: &[Value]) -> (Vec<Value>, HashMap<i64, Arena>) {
    let found = peer.get(&blobs.iter().collect::<Vec<_>>());
    let label = |value: &Value| value.as_i64().expect("a label");
    let arenas = found["fds"].as_array().expect("labels").iter().map(|fd| (label(fd), peer.descriptor())).collect();
    let payload = |number: usize| found.get(number.to_string()).unwrap_or_else(|| &found["payloads"][number]).clone();
    ((0..blobs.len()).map(payload).collect(), arenas)
}

fn ids(blobs: &[(Value, Vec<u8>)]) -> Vec<Value> {
    blobs.iter().map(|(id, _)| id.clone()).collect()
}

/// A new reader finds what was written, and the server still takes blobs.
fn assert_unharmed(server: &ServerHandle, blobs: &[(Value, Vec<u8>)]) {
    let mut reader = Raw::native(server);
    let (payloads, arenas) = get(&mut reader, &ids(blobs));
    for (payload, (id, bytes)) in payloads.iter().zip(blobs) {
        let arena = &arenas[&payload["store_fd"].as_i64().expect("a label")];
        assert!(arena.read(payload) == *bytes, "blob {id} is not what it was");
    }
    put_some(&mut reader);
}

/// Tries to change the bytes of blobs that others wrote, through what every reader gets.
fn tamper_with_others(peer: &mut Raw, blobs: &[Value]) -> Vec<u64> {
    let (_, arenas) = get(peer, blobs);
    for arena in arenas.values() {
        let done = attempts::by_descriptor(arena.file());
        assert!(done.is_empty(), "{done:?}");
        let done = attempts::by_mappings(arena.file()).but(&["write to a copy of one's own"]);
        assert!(done.is_empty(), "{done:?}");
    }
    arenas.values().map(Arena::inode).collect()
}

/// Writes all over an arena of the peer's own, before and after it has sealed what lies there.
fn tamper_with_own(peer: &mut Raw, others: &[u64]) {
    let made = peer.create(5000);
    let arena = peer.descriptor();
    assert!(!others.contains(&arena.inode()), "what can be written to is no file of others");
    arena.write(&made["created"], &[7; 5000]).expect("its own");
    peer.seal(&made["id"]);
    let done = attempts::by_descriptor(arena.file()).but(&["write", "punch"]);
    assert!(done.is_empty(), "{done:?}");
    arena.write(&json!({"data_offset": 0}), &[0xEE; 4 << 20]).expect("its own");
    // The limit of it: nothing keeps a writer from writing to what it has sealed.
    let (payloads, arenas) = get(peer, &[made["id"].clone()]);
    let seen = arenas.values().next().expect("one").read(&payloads[0]);
    assert_eq!(seen, [0xEE; 5000]);
}

#[test]
fn a_hostile_process() {
    let Some((socket, blobs)) = orders() else { return };
    if !Uid::effective().is_root() {
        attempts::open_files_of_parent().expect_err("they are another user's");
    }
    for native in [false, true, false] {
        // The second time it may be given the arena that it has still open from the first.
        let mut peer = enter(&socket, native);
        let others = tamper_with_others(&mut peer, &blobs);
        tamper_with_own(&mut peer, &others);
    }
    println!("{ALL_TRIED}");
}

#[test]
fn nobody_changes_what_others_wrote() {
    let scene = Scene::new();
    let mut writers = [Raw::stock(&scene.server), Raw::native(&scene.server)];
    let of_each: Vec<_> = writers.iter_mut().map(put_some).collect();
    // One of them is gone by then, so its arena is nobody's.
    let [_stays, gone] = writers;
    drop(gone);
    for uid in users() {
        for blobs in &of_each {
            scene.run("a_hostile_process", uid, &ids(blobs));
            of_each.iter().for_each(|blobs| assert_unharmed(&scene.server, blobs));
        }
    }
}
