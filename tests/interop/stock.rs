//! Our client on the published daemon.

use vineyard_core::{Client, Error, RpcOptions};
use vineyard_tests::samples::{self, Bytes};
use vineyard_tests::{Peer, StockDaemon, TestResult};

use crate::{PEER, python};

#[test]
fn our_client_puts_and_gets_on_the_published_daemon() -> TestResult {
    let daemon = StockDaemon::start(256 << 20, &[]);
    let client = Client::connect(daemon.socket())?;
    samples::put_all(&client)?;
    assert_eq!(samples::check_all(&client)?, samples::COUNT);
    let mut peer = Peer::start(PEER, "check-all", daemon.socket(), &[]);
    assert_eq!(peer.line(), format!("checked {}", samples::COUNT));
    assert!(peer.end().success());
    Ok(())
}

#[test]
fn both_clients_understand_each_other_on_the_published_daemon() -> TestResult {
    let daemon = StockDaemon::start(256 << 20, &[]);
    let client = Client::connect(daemon.socket())?;
    assert_eq!(python("put_for_rust.py", daemon.socket()), "put");
    samples::check_python(&client)?;
    samples::put_for_python(&client)?;
    assert_eq!(python("get_from_rust.py", daemon.socket()), "got");
    // The same over TCP, compressed and not.
    for compression in [true, false] {
        let far = RpcOptions::new().endpoint(daemon.endpoint()).compression(compression).connect()?;
        samples::check_python(&far)?;
        samples::put_for_python(&far)?;
        assert_eq!(python("get_from_rust.py", daemon.socket()), "got");
    }
    Ok(())
}

#[test]
fn arrays_are_linked_on_the_published_daemon_unless_they_are_gone() -> TestResult {
    let daemon = StockDaemon::start(256 << 20, &[]);
    let client = Client::connect(daemon.socket())?;
    let id = client.put(&Bytes { bytes: vec![5; 1000].into() })?;
    let stored = client.get::<Bytes>(id)?;
    let before = client.instance_status()?.memory_usage;
    let linked = client.put(&*stored)?;
    assert_eq!(client.instance_status()?.memory_usage, before);
    assert_eq!(client.get::<Bytes>(linked)?.bytes.blob().id(), stored.bytes.blob().id());
    // Nothing else is put in between, so the view still shows its own bytes, deleted or not.
    client.delete(linked)?;
    client.delete(id)?;
    let copied = client.get::<Bytes>(client.put(&*stored)?)?;
    assert_ne!(copied.bytes.blob().id(), stored.bytes.blob().id());
    let missing = client.get::<Bytes>(id);
    assert!(matches!(missing, Err(Error::Get(_))), "{missing:?}");
    Ok(())
}
