//! Chunks that one side writes and another reads meanwhile.

use std::time::Duration;

use vineyard_core::{Client, Error, ObjectId, StatusCode, StreamChunk, StreamReader};
use vineyard_tests::checked::Checked;
use vineyard_tests::samples::Bytes;
use vineyard_tests::{TestResult, TestServer};

use crate::known::is_left_out;

/// A stream that goes by the id of a new object.
fn stream(client: &Client) -> Result<ObjectId, Error> {
    let id = client.put(&Bytes { bytes: vec![].into() })?;
    client.create_stream(id)?;
    Ok(id)
}

fn code(error: &Error) -> Option<StatusCode> {
    match error {
        Error::Call(call) => call.code(),
        _ => None,
    }
}

/// All chunks, and how the stream ended.
fn read_all(reader: StreamReader) -> (Vec<Vec<u8>>, Option<Error>) {
    let (mut chunks, mut end) = (Vec::new(), None);
    for chunk in reader {
        match chunk {
            Ok(chunk) => chunks.push(chunk.as_bytes().expect("bytes").to_vec()),
            Err(error) => end = Some(error),
        }
    }
    (chunks, end)
}

#[test]
fn chunks_arrive_in_order_while_they_are_written() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    let reader = server.client()?.read_stream(id)?;
    std::thread::scope(|scope| -> TestResult {
        let reading = scope.spawn(|| read_all(reader));
        for len in 0..100 {
            writer.next_chunk(len)?.fill(u8::try_from(len)?);
        }
        writer.finish()?;
        let (chunks, end) = reading.join().expect("no panic");
        assert!(end.is_none(), "{end:?}");
        assert!(chunks.iter().map(Vec::len).eq(0..100));
        assert!(chunks.iter().all(|chunk| chunk.iter().all(|byte| usize::from(*byte) == chunk.len())));
        Ok(())
    })
}

#[test]
fn a_writer_waits_for_room_until_the_reader_has_read() -> TestResult {
    let server = TestServer::with_size(8 << 20);
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    let reader = client.read_stream(id)?;
    std::thread::scope(|scope| -> TestResult {
        // 32 MiB through 8.
        let writing = scope.spawn(move || -> Result<(), Error> {
            for value in 0..32u8 {
                writer.next_chunk(1 << 20)?.fill(value);
            }
            writer.finish()
        });
        for (chunk, value) in reader.zip(0..) {
            let chunk = chunk?;
            assert!(chunk.as_bytes().is_some_and(|bytes| bytes.len() == 1 << 20 && bytes.iter().all(|b| *b == value)));
            assert!(client.instance_status()?.memory_usage <= 8 << 20, "the client itself is not held up");
        }
        writing.join().expect("no panic")?;
        Ok(())
    })
}

#[test]
fn a_chunk_that_is_held_keeps_its_bytes() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    for value in 0..20u8 {
        writer.next_chunk(100_000)?.fill(value);
    }
    writer.finish()?;
    let chunks = client.read_stream(id)?.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(chunks.len(), 20);
    for (chunk, value) in chunks.iter().zip(0..) {
        assert!(
            chunk.as_bytes().is_some_and(|bytes| bytes.len() == 100_000 && bytes.iter().all(|byte| *byte == value))
        );
    }
    Ok(())
}

#[test]
fn a_writer_that_is_dropped_fails_its_stream() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    writer.next_chunk(3)?.copy_from_slice(b"one");
    drop(writer);
    // A reader that waits already is told at once; one that comes later gets what was written first.
    while client.instance_status()?.ipc_connections > 1 {
        std::thread::yield_now();
    }
    let (chunks, end) = read_all(client.read_stream(id)?);
    assert_eq!(chunks, [b"one"]);
    assert_eq!(end.as_ref().and_then(code), Some(StatusCode::StreamFailed), "{end:?}");
    Ok(())
}

#[test]
fn a_writer_can_say_that_it_failed() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    client.write_stream(id)?.fail()?;
    let (chunks, end) = read_all(client.read_stream(id)?);
    assert!(chunks.is_empty());
    assert_eq!(end.as_ref().and_then(code), Some(StatusCode::StreamFailed), "{end:?}");
    Ok(())
}

#[test]
fn objects_travel_through_a_stream_and_go_when_they_were_read() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    let objects = [1u8, 2, 3].map(|value| client.put(&Bytes { bytes: vec![value; 10].into() }));
    for object in objects {
        writer.push(object?)?;
    }
    writer.finish()?;
    let mut seen = Vec::new();
    for chunk in client.read_stream(id)? {
        let StreamChunk::Object(object) = chunk? else { panic!("no object") };
        seen.push(object);
        assert!(client.get::<Bytes>(object)?.bytes.iter().all(|byte| usize::from(*byte) == seen.len()));
    }
    assert_eq!(seen.len(), 3);
    assert!(!client.exists(seen[0])? && !client.exists(seen[1])?, "they are deleted when the next is asked for");
    Ok(())
}

#[test]
fn objects_that_nobody_has_read_go_with_their_stream() -> TestResult {
    if is_left_out("streams::objects_that_nobody_has_read_go_with_their_stream") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    for value in 0..3 {
        writer.push(client.put(&Checked::new(value, 100))?)?;
    }
    client.drop_stream(id)?;
    assert_eq!(client.list("test::Checked*", 10)?.len(), 0, "members go with who has them");
    assert_eq!(client.instance_status()?.memory_usage, 0);
    Ok(())
}

#[test]
fn the_chunk_that_is_read_goes_with_its_reader() -> TestResult {
    if is_left_out("streams::the_chunk_that_is_read_goes_with_its_reader") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    for _ in 0..3 {
        writer.next_chunk(1000)?.fill(1);
    }
    let mut reader = client.read_stream(id)?;
    let chunk = reader.next().ok_or("no chunk")??;
    drop((reader, writer));
    assert!(chunk.as_bytes().is_some_and(|bytes| bytes == [1; 1000]), "who views it goes on");
    drop(chunk);
    while client.instance_status()?.memory_usage > 0 {
        std::thread::yield_now();
    }
    Ok(())
}

#[test]
fn each_end_is_opened_once() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    assert_eq!(client.create_stream(id).as_ref().map_err(code), Err(Some(StatusCode::ObjectExists)));
    let _writer = client.write_stream(id)?;
    let error = client.write_stream(id).expect_err("it has a writer");
    assert_eq!(code(&error), Some(StatusCode::StreamOpened), "{error}");
    let reader = client.read_stream(id)?;
    let error = client.read_stream(id).expect_err("it has a reader");
    assert_eq!(code(&error), Some(StatusCode::StreamOpened), "{error}");
    let missing = ObjectId::from_raw(5);
    let error = client.read_stream(missing).expect_err("there is none");
    assert_eq!(code(&error), Some(StatusCode::ObjectNotExists), "{error}");
    drop(reader);
    Ok(())
}

#[test]
fn dropping_a_stream_wakes_its_reader() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut reader = client.read_stream(id)?;
    std::thread::scope(|scope| -> TestResult {
        let reading = scope.spawn(move || reader.next());
        // Whether it waits already or not, it ends with an error.
        client.drop_stream(id)?;
        let end = reading.join().expect("no panic");
        let end = end.and_then(Result::err).as_ref().and_then(code);
        assert!(matches!(end, Some(StatusCode::StreamFailed | StatusCode::ObjectNotExists)), "{end:?}");
        Ok(())
    })
}

#[test]
fn a_reader_waits_no_longer_than_it_is_told() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut reader = client.read_stream(id)?;
    reader.set_timeout(Duration::from_millis(20))?;
    let error = reader.next().and_then(Result::err).ok_or("nobody writes")?;
    assert!(error.to_string().contains("no reply within 20ms"), "{error}");
    assert!(reader.next().is_none());
    assert!(client.exists(id)?, "the client itself goes on");
    Ok(())
}

#[test]
fn chunks_are_read_over_tcp() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = stream(&client)?;
    let mut writer = client.write_stream(id)?;
    for value in 1..=5u8 {
        writer.next_chunk(usize::from(value) * 50_000)?.fill(value);
    }
    writer.finish()?;
    let (chunks, end) = read_all(server.rpc_client()?.read_stream(id)?);
    assert!(end.is_none(), "{end:?}");
    assert!(chunks.iter().map(Vec::len).eq((1..=5).map(|value| value * 50_000)));
    assert!(chunks.iter().zip(1..).all(|(chunk, value)| chunk.iter().all(|byte| *byte == value)));
    Ok(())
}
