//! What other peers say cannot make our client read what it should not.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};
use vineyard_core::protocol::frame::{FrameBuffer, encode};
use vineyard_core::{Blob, Error, GetError, Object, ObjectId, Opaque};
use vineyard_tests::{TestResult, TestServer};

/// One request and its reply, as any client could send it.
fn request(stream: &mut UnixStream, message: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    let mut wire = Vec::new();
    encode(&mut wire, message)?;
    stream.write_all(&wire)?;
    let mut buffer = FrameBuffer::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(body) = buffer.next_frame()? {
            return Ok(serde_json::from_slice(body)?);
        }
        let count = stream.read(&mut chunk)?;
        buffer.extend(chunk.get(..count).filter(|bytes| !bytes.is_empty()).ok_or("the server has closed")?);
    }
}

/// Creates an object whose member `bytes` is the blob with this id, and says that it is 8 bytes long.
fn object_over(server: &TestServer, blob: &str) -> Result<ObjectId, Box<dyn std::error::Error>> {
    let mut stream = UnixStream::connect(server.socket())?;
    let registered = request(&mut stream, &json!({"type": "register_request", "version": "0.24.2"}))?;
    let instance = &registered["instance_id"];
    let member = json!({"id": blob, "typename": "vineyard::Blob", "instance_id": instance, "length": 8, "nbytes": 8});
    let content = json!({"typename": "test::Window", "instance_id": instance, "nbytes": 8, "bytes": member});
    let created = request(&mut stream, &json!({"type": "create_data_request", "content": content}))?;
    Ok(ObjectId::from_raw(created["id"].as_u64().ok_or_else(|| created.to_string())?))
}

#[derive(Debug, Object)]
#[object(typename = "test::Window")]
struct Window {
    bytes: Blob,
}

#[test]
fn the_placeholder_is_no_window_into_the_arena() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let secret = client.put_array(&[0x5Eu8; 4096])?;
    let error = client.get_blob(ObjectId::PLACEHOLDER_BLOB).expect_err("it has no payload of its own");
    assert!(matches!(error, Error::Get(GetError::NotFound { .. })), "{error}");
    let id = object_over(&server, "offffffffffffffff")?;
    let error = client.get::<Window>(id).map(|window| window.bytes.nbytes()).expect_err("a view of everything");
    assert!(error.to_string().contains("test::Window.bytes: the server does not have the payload"), "{error}");
    let any = client.get::<Opaque>(id)?;
    assert!(any.array::<u8>("bytes").is_err());
    assert_eq!(secret[0], 0x5E);
    Ok(())
}
