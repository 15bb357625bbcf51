//! What the server says over HTTP of processes that hold memory, and of those that are killed.

use serde_json::Value;
use vineyard_core::Client;
use vineyard_server::{Server, ServerHandle};
use vineyard_tests::samples::Bytes;
use vineyard_tests::{Peer, TestResult, on_stock};

use crate::PEER;
use crate::scrape::{Page, get};

/// What a process holds, as the status says: unsealed and leased bytes.
fn held_by(server: &ServerHandle, pid: u32) -> Option<(u64, u64)> {
    let status: Value = serde_json::from_str(&get(server, "/status")).ok()?;
    let holder = status["holders"].as_array()?.iter().find(|holder| holder["pid"] == pid)?;
    Some((holder["unsealed_bytes"].as_u64()?, holder["leased_bytes"].as_u64()?))
}

#[test]
fn what_killed_processes_held_is_seen_and_seen_to_go() -> TestResult {
    if on_stock() {
        return Ok(());
    }
    let server = Server::builder().size(64 << 20).http("127.0.0.1:0").spawn()?;
    let putting = Client::connect(server.socket())?;
    let id = putting.put(&Bytes { bytes: vec![7; 1 << 20].into() })?;
    // What it wrote it may view; leases end with the connection at the latest.
    drop(putting);
    while Page::get(&server).bytes_by_state()[1] > 0 {
        std::thread::yield_now();
    }
    let before = Page::get(&server).bytes_by_state();
    let client = Client::connect(server.socket())?;
    let mut writer = Peer::start(PEER, "write-forever", server.socket(), &["6000000"]);
    assert_eq!(writer.line(), "writing");
    let mut viewer = Peer::start(PEER, "hold", server.socket(), &[&id.to_string()]);
    assert_eq!(viewer.line(), "holding");
    let (writing, viewing) = (writer.id(), viewer.id());
    let [unsealed, leased, ..] = Page::get(&server).bytes_by_state();
    assert_eq!((unsealed, leased), (6_000_000, 1 << 20));
    assert_eq!(
        (held_by(&server, writing), held_by(&server, viewing)),
        (Some((6_000_000, 6_000_000)), Some((0, 1 << 20)))
    );
    client.delete(id)?;
    assert_eq!(Page::get(&server).bytes_by_state()[3], 1 << 20, "it is hidden");
    writer.kill();
    while Page::get(&server).bytes_by_state()[0] > 0 {
        std::thread::yield_now();
    }
    viewer.kill();
    let cold = before[2] - (1 << 20);
    while Page::get(&server).bytes_by_state() != [0, 0, cold, 0, 0] {
        std::thread::yield_now();
    }
    assert_eq!((held_by(&server, writing), held_by(&server, viewing)), (None, None));
    Ok(())
}
