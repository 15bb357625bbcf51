//! Two processes and a server.

use vineyard_core::{ConnectOptions, Error, ObjectId};
use vineyard_tests::samples::{self, Bytes};
use vineyard_tests::{Peer, TestResult, TestServer};

use crate::PEER;
use crate::known::is_left_out;

#[test]
fn every_type_crosses_processes_without_a_copy() -> TestResult {
    let server = TestServer::start();
    let mut writer = Peer::start(PEER, "put-all", server.socket(), &[]);
    assert_eq!(writer.line(), "put");
    assert!(writer.end().success());
    // The writer is gone; what it put is there.
    let mut reader = Peer::start(PEER, "check-all", server.socket(), &[]);
    assert_eq!(reader.line(), format!("checked {}", samples::COUNT));
    assert!(reader.end().success());
    server.stop();
    Ok(())
}

#[test]
fn a_client_killed_while_it_writes_disturbs_nobody() -> TestResult {
    if is_left_out("processes::a_client_killed_while_it_writes_disturbs_nobody") {
        return Ok(());
    }
    let server = TestServer::with_size(8 << 20);
    let client = server.client()?;
    let kept = client.put(&Bytes { bytes: vec![7; 1 << 20].into() })?;
    let view = client.get::<Bytes>(kept)?;
    for _ in 0..20 {
        let mut peer = Peer::start(PEER, "write-forever", server.socket(), &["6000000"]);
        assert_eq!(peer.line(), "writing");
        assert_eq!(client.instance_status()?.memory_usage, (1 << 20) + 6_000_000);
        peer.kill();
        while client.instance_status()?.memory_usage > 1 << 20 {
            std::thread::yield_now();
        }
    }
    assert!(view.bytes.iter().all(|byte| *byte == 7));
    drop((view, client));
    server.stop();
    Ok(())
}

#[test]
fn a_killed_client_leaves_only_the_bare_blobs_that_it_kept() -> TestResult {
    if is_left_out("processes::a_killed_client_leaves_only_the_bare_blobs_that_it_kept") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let endpoint = server.endpoint();
    for (command, address) in [("make-blobs", server.socket()), ("make-remote-blobs", endpoint.as_ref())] {
        let mut peer = Peer::start(PEER, command, address, &[]);
        let line = peer.line();
        let ids = line.split(' ').map(str::parse).collect::<Result<Vec<ObjectId>, _>>()?;
        assert_eq!(client.instance_status()?.memory_usage, 1500);
        assert_eq!(client.get_blob(ids[0])?.as_bytes(), [1; 1000]);
        peer.kill();
        while client.instance_status()?.memory_usage > 500 {
            std::thread::yield_now();
        }
        assert!(!client.exists(ids[0])?, "{command}");
        assert_eq!(client.get_blob(ids[1])?.as_bytes(), [2; 500], "{command}");
        client.delete(ids[1])?;
    }
    Ok(())
}

#[test]
fn when_the_server_is_killed_calls_end_and_views_stay() -> TestResult {
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("killed.sock");
    let mut server = Peer::start(PEER, "serve", &socket, &[]);
    assert_eq!(server.line(), "listening");
    let client = ConnectOptions::new().socket(&socket).connect()?;
    let id = client.put(&Bytes { bytes: vec![9; 1 << 20].into() })?;
    let view = client.get::<Bytes>(id)?;
    server.kill();
    for _ in 0..3 {
        let error = client.get::<Bytes>(id).expect_err("the server is gone");
        assert!(matches!(error, Error::Get(_)), "{error}");
        assert!(client.put(&Bytes { bytes: vec![1].into() }).is_err());
        assert!(client.instance_status().is_err());
        assert!(client.wait_for_name("nobody", std::time::Duration::from_secs(60)).is_err());
    }
    assert!(view.bytes.iter().all(|byte| *byte == 9), "the view changed with the server's end");
    assert!(client.reconnect().is_err(), "nobody listens");
    // A new server at the same place: reconnecting is explicit, and what was linked is copied.
    let mut server = Peer::start(PEER, "serve", &socket, &[]);
    assert_eq!(server.line(), "listening");
    assert!(client.instance_status().is_err(), "nothing reconnects by itself");
    client.reconnect()?;
    assert!(!client.exists(id)?);
    let again = client.put(&*view)?;
    assert_ne!(again, id);
    assert_eq!(client.get::<Bytes>(again)?.bytes, view.bytes);
    drop((view, client));
    assert!(server.end().success());
    assert!(!socket.exists());
    Ok(())
}
