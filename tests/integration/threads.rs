//! One client, many threads.

use std::time::Duration;

use vineyard_core::{Error, GetError};
use vineyard_tests::samples::Bytes;
use vineyard_tests::{TestResult, TestServer};

#[test]
fn many_threads_share_a_client() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8u8)
            .map(|worker| {
                let client = client.clone();
                scope.spawn(move || -> Result<(), Error> {
                    for round in 0..50 {
                        let bytes = vec![worker; 1 + usize::from(worker) * 1000 + round];
                        let id = client.put(&Bytes { bytes: bytes.clone().into() })?;
                        let stored = client.get::<Bytes>(id)?;
                        assert_eq!(stored.bytes, bytes.into());
                        client.delete(id)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
    })?;
    assert_eq!(client.instance_status()?.memory_usage, 0);
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn a_call_that_waits_holds_up_nobody() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    std::thread::scope(|scope| -> TestResult {
        let waiting = scope.spawn(|| client.wait_for_name("later", Duration::from_secs(60)));
        // The waiting request is there: from now on the other calls have to get past it.
        while client.instance_status()?.deferred_requests == 0 {
            std::thread::yield_now();
        }
        let id = client.put_named("later", &Bytes { bytes: vec![1].into() })?;
        assert_eq!(waiting.join().expect("no panic")?, id);
        Ok(())
    })?;
    Ok(())
}

#[test]
fn waiting_ends_after_its_time() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let error = client.wait_for_name("never", Duration::from_millis(20)).expect_err("nobody gives the name");
    assert!(matches!(error, Error::Get(GetError::NameTimeout { .. })), "{error}");
    assert_eq!(error.to_string(), "no object was named `never` within 20ms");
    // The client itself goes on.
    client.put_named("never", &Bytes { bytes: vec![1].into() })?;
    assert!(client.wait_for_name("never", Duration::from_secs(60)).is_ok());
    drop(client);
    server.stop();
    Ok(())
}
