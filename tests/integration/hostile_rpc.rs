//! What a server says over TCP cannot make our client allocate, read or believe what it should not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use vineyard_core::protocol::frame::{FrameBuffer, encode};
use vineyard_core::{CallReason, Error, GetError, ObjectId, PutError, RpcClient, RpcOptions};
use vineyard_tests::TestResult;
use vineyard_tests::samples::Bytes;

/// A blob that the server is asked for.
const BLOB: ObjectId = ObjectId::from_raw(0x8000_0000_0000_0007);

/// A message and the raw bytes that follow it.
type Answer = (Value, Vec<u8>);

/// A server that registers one client, answers its next requests as told, and then keeps the connection until the
/// client leaves.
fn serve(answers: Vec<Answer>) -> Result<(String, JoinHandle<std::io::Result<()>>), std::io::Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = listener.local_addr()?.to_string();
    let registered = json!({"type": "register_reply", "ipc_socket": "", "rpc_endpoint": "", "instance_id": 0,
        "session_id": 0, "version": "0.24.2", "store_match": true, "support_rpc_compression": true});
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut frames = FrameBuffer::new();
        let mut chunk = [0; 4096];
        for (message, raw) in std::iter::once((registered, Vec::new())).chain(answers) {
            while frames.next_frame().map_err(std::io::Error::other)?.is_none() {
                match stream.read(&mut chunk)? {
                    0 => return Ok(()),
                    count => frames.extend(&chunk[..count]),
                }
            }
            let mut wire = Vec::new();
            encode(&mut wire, &message).map_err(std::io::Error::other)?;
            wire.extend(raw);
            stream.write_all(&wire)?;
        }
        // A client that gives the connection up may leave unread bytes behind.
        while stream.read(&mut chunk).unwrap_or(0) > 0 {}
        Ok(())
    });
    Ok((endpoint, thread))
}

fn payload(id: ObjectId, nbytes: u64) -> Value {
    json!({"object_id": id.as_raw(), "store_fd": -1, "data_offset": 0, "data_size": nbytes, "map_size": 0,
        "pointer": 0, "is_sealed": true})
}

fn got(payloads: &[Value], raw: Vec<u8>) -> Answer {
    (json!({"type": "get_buffers_reply", "payloads": payloads, "fds": [], "compress": false}), raw)
}

/// What a get of [`BLOB`] ends with, and what the next call of the same client does.
fn get(answer: Answer, compression: bool) -> Result<(CallReason, CallReason), Box<dyn std::error::Error>> {
    let (endpoint, thread) = serve(vec![answer])?;
    let options = RpcOptions::new().endpoint(endpoint).compression(compression).timeout(Duration::from_millis(200));
    let client = options.connect()?;
    let reason = |error| match error {
        Error::Get(GetError::Call { cause, .. }) => cause.reason,
        other => panic!("{other}"),
    };
    let first = reason(client.get_blob(BLOB).expect_err("a lie"));
    let second = reason(client.get_blob(BLOB).expect_err("given up"));
    drop(client);
    thread.join().map_err(|_| "the server panicked")??;
    Ok((first, second))
}

#[test]
fn an_announced_length_without_memory_is_an_error() -> TestResult {
    for nbytes in [1 << 60, u64::MAX, 1 << 62] {
        for compression in [true, false] {
            let (first, second) = get(got(&[payload(BLOB, nbytes)], Vec::new()), compression)?;
            assert_eq!(first.to_string(), format!("no memory for {nbytes} bytes"));
            assert!(matches!(second, CallReason::Disconnected(None)), "{second}");
        }
    }
    Ok(())
}

#[test]
fn blobs_that_were_not_asked_for_are_refused() -> TestResult {
    let other = ObjectId::from_raw(0x8000_0000_0000_0008);
    let unsealed = json!({"object_id": BLOB.as_raw(), "store_fd": -1, "data_offset": 0, "data_size": 1, "map_size": 0,
        "pointer": 0, "is_sealed": false});
    for payloads in [vec![payload(other, 1)], vec![payload(BLOB, 1), payload(BLOB, 1)], vec![unsealed]] {
        let (first, second) = get(got(&payloads, vec![0; 2]), false)?;
        assert!(matches!(&first, CallReason::Protocol(what) if what.contains("was not asked for")), "{first}");
        assert!(matches!(second, CallReason::Disconnected(None)), "{second}");
    }
    Ok(())
}

#[test]
fn bytes_that_stop_coming_end_the_call() -> TestResult {
    let (first, second) = get(got(&[payload(BLOB, 1 << 20)], vec![0; 100_000]), false)?;
    assert!(matches!(first, CallReason::Timeout { .. }), "{first}");
    assert!(matches!(second, CallReason::Disconnected(None)), "{second}");
    Ok(())
}

#[test]
fn chunks_that_are_no_chunks_are_refused() -> TestResult {
    let long = (1u64 << 40).to_le_bytes().to_vec();
    let none = 0u64.to_le_bytes().to_vec();
    let other = [&8u64.to_le_bytes()[..], b"vineyard"].concat();
    for raw in [long, none, other] {
        let (first, second) = get(got(&[payload(BLOB, 1000)], raw), true)?;
        assert!(matches!(first, CallReason::Protocol(_)), "{first}");
        assert!(matches!(second, CallReason::Disconnected(None)), "{second}");
    }
    Ok(())
}

/// What a put of five bytes ends with.
fn put(answers: Vec<Answer>) -> Result<CallReason, Box<dyn std::error::Error>> {
    // The schema of the type is looked for first.
    let found = (json!({"type": "get_name_reply", "object_id": 1}), Vec::new());
    let (endpoint, thread) = serve(std::iter::once(found).chain(answers).collect())?;
    let client = RpcClient::connect(endpoint)?;
    let error = client.put(&Bytes { bytes: vec![1; 5].into() }).expect_err("a lie");
    drop(client);
    thread.join().map_err(|_| "the server panicked")??;
    match error {
        Error::Put(PutError::Call { cause, .. }) => Ok(cause.reason),
        other => Err(other.into()),
    }
}

#[test]
fn other_blobs_than_were_sent_are_refused() -> TestResult {
    let created = |id: ObjectId, nbytes| {
        let message =
            json!({"type": "create_buffer_reply", "id": id.as_raw(), "created": payload(id, nbytes), "fd": -1});
        (message, Vec::new())
    };
    let reason = put(vec![created(BLOB, 6)])?;
    assert!(matches!(&reason, CallReason::Protocol(what) if what.contains("other sizes")), "{reason}");
    // The second reply comes with the first: the server of this test answers frames, not bytes.
    let mut early = created(BLOB, 5);
    let other = created(ObjectId::from_raw(0x8000_0000_0000_0009), 5);
    encode(&mut early.1, &other.0)?;
    let reason = put(vec![early])?;
    assert!(matches!(&reason, CallReason::Protocol(what) if what.contains("other blobs")), "{reason}");
    Ok(())
}
