//! Clients over TCP: the same objects, with payloads that travel.

use vineyard_core::{
    Address, Array, ConnectError, Error, GetError, ObjectId, PutError, RpcClient, RpcOptions, SessionId, StatusCode,
};
use vineyard_tests::samples::{self, Bytes, Pair, Tower};
use vineyard_tests::{TestResult, TestServer};

use crate::known::is_left_out;

/// Bytes that hardly shrink.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[5]
    };
    (0..len).map(|_| next()).collect()
}

/// Clients that send payloads compressed and as they are.
fn both(server: &TestServer) -> Result<[RpcClient; 2], Error> {
    let options = RpcOptions::new().endpoint(server.endpoint());
    Ok([options.clone().connect()?, options.compression(false).connect()?])
}

#[test]
fn every_type_travels_both_ways() -> TestResult {
    let server = TestServer::start();
    for client in both(&server)? {
        samples::put_all(&client)?;
        assert_eq!(samples::check_all(&client)?, samples::COUNT);
    }
    // What came over TCP is shared by those who are near, and the reverse.
    let near = server.client()?;
    assert_eq!(samples::check_all(&near)?, samples::COUNT);
    samples::put_all(&near)?;
    assert_eq!(samples::check_all(&server.rpc_client()?)?, samples::COUNT);
    Ok(())
}

#[test]
fn payloads_of_any_size_travel_whole() -> TestResult {
    let server = TestServer::start();
    let [packed, raw] = both(&server)?;
    let sizes = [0, 1, 63, 65_536, 131_583, 131_591, 131_592, 1 << 20, 5_000_001];
    for (to, from) in [(&packed, &raw), (&raw, &packed)] {
        for make in [noise, |len| vec![7u8; len]] {
            for size in sizes {
                let bytes = make(size);
                let id = to.put(&Bytes { bytes: bytes.clone().into() })?;
                let found = from.get::<Bytes>(id)?;
                assert!(*found.bytes == *bytes, "{size} bytes have changed on their way");
            }
        }
    }
    Ok(())
}

#[test]
fn many_payloads_travel_with_one_request() -> TestResult {
    let server = TestServer::start();
    for client in both(&server)? {
        let arrays: Vec<Array<u8>> = (0..300).map(|len| noise(len * len).into()).collect();
        let parts: Vec<Bytes> = arrays.iter().map(|bytes| Bytes { bytes: bytes.clone() }).collect();
        let id = client.put(&Many { parts })?;
        let found = client.get::<Many>(id)?;
        assert!(found.parts.iter().map(|part| &part.bytes).eq(&arrays));
    }
    Ok(())
}

#[derive(Debug, vineyard_core::Object)]
#[object(typename = "test::Many")]
struct Many {
    parts: Vec<Bytes>,
}

#[test]
fn what_came_from_the_store_is_linked() -> TestResult {
    let server = TestServer::start();
    let client = server.rpc_client()?;
    let stored = client.get::<Bytes>(client.put(&Bytes { bytes: noise(1000).into() })?)?;
    let before = client.instance_status()?.memory_usage;
    let linked = client.get::<Bytes>(client.put(&*stored)?)?;
    assert_eq!(client.instance_status()?.memory_usage, before);
    assert_eq!(linked.bytes.blob().id(), stored.bytes.blob().id());
    // The same elements twice, in two objects, sent once.
    let array = client.put_array(vec![1.5f64, 2.5])?;
    let before = client.instance_status()?.memory_usage;
    let id = client.put(&Pair { first: array.clone(), second: Some(array.clone()) })?;
    assert_eq!(client.instance_status()?.memory_usage, before);
    assert_eq!(client.get::<Pair>(id)?.first, array);
    // What was deleted is sent again.
    client.delete(id)?;
    let id = client.put(&Pair { first: array.clone(), second: None })?;
    assert_eq!(client.get::<Pair>(id)?.first, array);
    Ok(())
}

#[test]
fn blobs_are_put_and_got_by_themselves() -> TestResult {
    let server = TestServer::start();
    for client in both(&server)? {
        let bytes = client.put_array(noise(200_000))?;
        let id = bytes.blob().id().ok_or("not stored")?;
        assert_eq!(client.get_blob(id)?.as_bytes(), &*bytes);
        assert_eq!(server.client()?.get_blob(id)?.as_bytes(), &*bytes);
        assert_eq!(client.put_array(Vec::<u8>::new())?.blob().id(), Some(ObjectId::EMPTY_BLOB));
        assert!(client.get_blob(ObjectId::EMPTY_BLOB)?.as_bytes().is_empty());
        assert!(client.get_blob(ObjectId::PLACEHOLDER_BLOB).is_err());
        let missing = ObjectId::from_raw(0x8000_0000_0000_0001);
        assert!(matches!(client.get_blob(missing), Err(Error::Get(GetError::NotFound { .. }))));
    }
    Ok(())
}

#[test]
fn an_unsealed_blob_does_not_travel() -> TestResult {
    let server = TestServer::start();
    let (near, far) = (server.client()?, server.rpc_client()?);
    let writer = near.create_blob(100)?;
    let error = far.get_blob(writer.id()).expect_err("not sealed");
    assert!(matches!(error, Error::Get(GetError::NotSealed { id, .. }) if id == writer.id()), "{error}");
    let id = writer.id();
    writer.seal()?;
    assert_eq!(far.get_blob(id)?.nbytes(), 100);
    Ok(())
}

#[test]
fn names_listing_and_deletion_work_as_over_a_socket() -> TestResult {
    let server = TestServer::start();
    let client = server.rpc_client()?;
    let id = client.put_named("a/name", &Pair { first: vec![1.0].into(), second: None })?;
    assert!(client.is_persistent(id)? && client.exists(id)?);
    assert_eq!(client.get_name("a/name")?, Some(id));
    assert_eq!(client.list_names("a/*", 10)?.into_iter().collect::<Vec<_>>(), [("a/name".to_owned(), id)]);
    assert_eq!(client.list("test::Pair", 10)?.iter().map(|meta| meta.id()).collect::<Vec<_>>(), [id]);
    assert_eq!(client.wait_for_name("a/name", std::time::Duration::from_secs(60))?, id);
    assert!(client.get_any(id)?.is::<Pair>());
    assert!(client.get_meta(id)?.is_local());
    client.drop_name("a/name")?;
    assert_eq!(client.get_name("a/name")?, None);
    client.delete(id)?;
    assert!(!client.exists(id)?);
    assert_eq!(client.instance(), server.client()?.instance());
    assert_eq!(client.session(), SessionId::ROOT);
    assert!(client.instance_status()?.rpc_connections >= 1);
    Ok(())
}

#[test]
fn a_put_beyond_the_limit_leaves_nothing_and_the_connection_goes_on() -> TestResult {
    if is_left_out("rpc::a_put_beyond_the_limit_leaves_nothing_and_the_connection_goes_on") {
        return Ok(());
    }
    let server = TestServer::with_size(1 << 20);
    for client in both(&server)? {
        let before = client.instance_status()?.memory_usage;
        let pair = Pair { first: vec![0.0; 50_000].into(), second: Some(vec![0.5; 112_500].into()) };
        let error = client.put(&pair).expect_err("1,300,000 bytes into 1,048,576");
        let Error::Put(PutError::NoRoom { nbytes, cause, .. }) = &error else { panic!("{error}") };
        assert_eq!((*nbytes, cause.code), (1_300_000, StatusCode::NotEnoughMemory));
        assert_eq!(client.instance_status()?.memory_usage, before);
        client.delete(client.put(&Bytes { bytes: noise(1 << 19).into() })?)?;
    }
    Ok(())
}

#[test]
fn a_put_over_tcp_that_fails_half_way_is_taken_back() -> TestResult {
    if is_left_out("rpc::a_put_over_tcp_that_fails_half_way_is_taken_back") {
        return Ok(());
    }
    let server = TestServer::start();
    for client in both(&server)? {
        // The server refuses so many levels, after the payload was sent and the lower ones were created.
        let error = client.put(&Tower::of(200, noise(1000).into())?).expect_err("too deep");
        assert!(matches!(error, Error::Put(PutError::Call { .. })), "{error}");
        assert_eq!(client.instance_status()?.memory_usage, 0, "a blob is left");
        assert!(client.list("test::*", 1000)?.is_empty(), "objects are left");
    }
    Ok(())
}

#[test]
fn threads_share_a_client_over_tcp() -> TestResult {
    let server = TestServer::start();
    let client = server.rpc_client()?;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4u8)
            .map(|worker| {
                let client = client.clone();
                scope.spawn(move || -> Result<(), Error> {
                    for round in 0..20 {
                        let bytes = vec![worker; 1 + usize::from(worker) * 70_000 + round];
                        let id = client.put(&Bytes { bytes: bytes.clone().into() })?;
                        assert_eq!(client.get::<Bytes>(id)?.bytes, bytes.into());
                        client.delete(id)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
    })?;
    assert_eq!(client.instance_status()?.memory_usage, 0);
    Ok(())
}

#[test]
fn an_unknown_session_is_refused() -> TestResult {
    let server = TestServer::start();
    let options = RpcOptions::new().endpoint(server.endpoint()).session(SessionId::from_raw(12345));
    let error = options.connect().expect_err("no such session");
    let ConnectError::Refused { address: Address::Tcp(_), cause } = &error else { panic!("{error}") };
    assert!(cause.code().is_some(), "{error}");
    Ok(())
}

#[test]
fn nobody_at_an_endpoint_is_said_at_once() -> TestResult {
    // The port of a client is taken, but does not listen.
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    let endpoint = client.local_addr()?.to_string();
    let error = RpcClient::connect(&endpoint).expect_err("nobody listens");
    assert!(
        matches!(&error, Error::Connect(ConnectError::Unreachable { address: Address::Tcp(found), .. }) if *found == endpoint)
    );
    assert!(error.to_string().starts_with(&format!("cannot connect to {endpoint}: ")), "{error}");
    Ok(())
}
