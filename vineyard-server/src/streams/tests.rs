//! Streams without a server.

use super::*;

const STREAM: ObjectId = ObjectId::from_raw(7);
const READER: ConnectionId = ConnectionId(1);

fn chunk(number: u64) -> ObjectId {
    ObjectId::blob(1, number)
}

fn code<T: std::fmt::Debug>(result: Result<T, ServerError>) -> StatusCode {
    result.expect_err("refused").code
}

fn started() -> Streams {
    let mut streams = Streams::new(Budget::new(1 << 20));
    streams.create(STREAM).expect("new");
    streams
}

fn pull(streams: &mut Streams) -> (Vec<ObjectId>, Pull) {
    streams.pull(STREAM, READER).expect("there is nobody else")
}

#[test]
fn each_end_is_opened_once() {
    let mut streams = started();
    assert_eq!(code(streams.create(STREAM)), StatusCode::ObjectExists);
    assert_eq!(streams.open(STREAM, OpenStreamRequest::READ), Ok(()));
    assert_eq!(code(streams.open(STREAM, OpenStreamRequest::READ)), StatusCode::StreamOpened);
    assert_eq!(code(streams.open(STREAM, 3)), StatusCode::StreamOpened);
    assert_eq!(streams.open(STREAM, OpenStreamRequest::WRITE), Ok(()));
    assert_eq!(code(streams.open(ObjectId::from_raw(8), 1)), StatusCode::ObjectNotExists);
}

#[test]
fn a_waiting_reader_gets_the_chunk_when_the_writer_goes_on() {
    let mut streams = started();
    streams.advance(STREAM, |_| unreachable!()).expect("no chunk yet");
    streams.start_chunk(STREAM, chunk(1)).expect("there");
    let (_, Pull::Later(mut later)) = pull(&mut streams) else { panic!("nothing is ready") };
    assert_eq!(code(streams.pull(STREAM, ConnectionId(2))), StatusCode::InvalidStreamState);
    streams.advance(STREAM, |_| true).expect("it goes on");
    assert_eq!(later.try_recv(), Ok(Ok(chunk(1))));
    let (done, Pull::Later(later)) = pull(&mut streams) else { panic!("nothing is ready") };
    assert_eq!(done, [chunk(1)]);
    // The reader goes; the next chunk is for who comes after it.
    drop(later);
    streams.push(STREAM, chunk(2)).expect("open");
    let (done, Pull::Now(Ok(next))) = pull(&mut streams) else { panic!("it is ready") };
    assert_eq!((done, next), (vec![], chunk(2)));
}

#[test]
fn what_is_ready_can_be_read_after_the_end() {
    for (failed, end) in [(false, StatusCode::StreamDrained), (true, StatusCode::StreamFailed)] {
        let mut streams = started();
        streams.push(STREAM, chunk(1)).expect("open");
        streams.start_chunk(STREAM, chunk(2)).expect("there");
        streams.stop(STREAM, failed, |_| true).expect("open");
        assert_eq!(code(streams.stop(STREAM, failed, |_| true)), StatusCode::InvalidStreamState);
        assert_eq!(code(streams.push(STREAM, chunk(3))), StatusCode::InvalidStreamState);
        for number in [1, 2] {
            let (_, Pull::Now(Ok(next))) = pull(&mut streams) else { panic!("it is ready") };
            assert_eq!(next, chunk(number));
        }
        for _ in 0..2 {
            let (_, Pull::Now(next)) = pull(&mut streams) else { panic!("it has ended") };
            assert_eq!(code(next), end);
        }
    }
}

#[test]
fn a_waiting_reader_is_told_the_end() {
    for failed in [false, true] {
        let mut streams = started();
        let (_, Pull::Later(mut later)) = pull(&mut streams) else { panic!("nothing is ready") };
        streams.start_chunk(STREAM, chunk(1)).expect("there");
        streams.stop(STREAM, failed, |_| true).expect("open");
        let told = later.try_recv().expect("an answer");
        if failed {
            assert_eq!(code(told), StatusCode::StreamFailed);
        } else {
            assert_eq!(told, Ok(chunk(1)));
        }
    }
}

#[test]
fn what_waits_for_a_reader_has_an_end() {
    let mut streams = started();
    let budget = Arc::clone(&streams.budget);
    let pushed = (0..).find(|number| streams.push(STREAM, chunk(*number)).is_err());
    assert_eq!(code(streams.create(ObjectId::from_raw(8))), StatusCode::NotEnoughMemory);
    assert_eq!(code(streams.push(STREAM, chunk(0))), StatusCode::NotEnoughMemory);
    (0..10).for_each(|_| drop(pull(&mut streams)));
    streams.push(STREAM, chunk(0)).expect("some have gone");
    let unread = streams.remove(STREAM).expect("there");
    assert_eq!((Some(unread.len() as u64 + 9), budget.used()), (pushed, READER_BYTES), "one is looked at");
    assert_eq!((streams.disconnect(READER).map(|left| left.len()), budget.used()), (Some(1), 0));
}

#[test]
fn one_writer_waits_at_a_time() {
    let mut streams = started();
    let ticket = streams.wait_for_room(STREAM).expect("there");
    assert_eq!(code(streams.advance(STREAM, |_| true)), StatusCode::InvalidStreamState);
    assert_eq!(code(streams.stop(STREAM, false, |_| true)), StatusCode::InvalidStreamState);
    drop(ticket);
    assert_eq!(streams.advance(STREAM, |_| true), Ok(()));
}

#[test]
fn a_chunk_that_cannot_be_sealed_is_no_chunk() {
    let mut streams = started();
    streams.start_chunk(STREAM, chunk(1)).expect("there");
    streams.stop(STREAM, false, |_| false).expect("open");
    let (_, Pull::Now(next)) = pull(&mut streams) else { panic!("it has ended") };
    assert_eq!(code(next), StatusCode::StreamDrained);
}

#[test]
fn a_stream_goes_with_its_reader() {
    let mut streams = started();
    streams.push(STREAM, chunk(1)).expect("open");
    streams.push(STREAM, chunk(2)).expect("open");
    assert_eq!(streams.count(), (1, 2));
    pull(&mut streams);
    assert_eq!(streams.count(), (1, 1));
    assert_eq!(streams.disconnect(READER), Some(vec![chunk(2), chunk(1)]));
    assert!(streams.disconnect(READER).is_none() && !streams.contains(STREAM) && streams.pulled.is_empty());
    let mut streams = started();
    streams.push(STREAM, ObjectId::from_raw(1)).expect("open");
    pull(&mut streams);
    assert_eq!(streams.disconnect(READER), Some(Vec::new()), "an object that was read stays");
    let mut streams = started();
    let (_, Pull::Later(mut later)) = pull(&mut streams) else { panic!("nothing is ready") };
    assert_eq!(streams.remove(STREAM), Ok(Vec::new()));
    assert_eq!(code(later.try_recv().expect("an answer")), StatusCode::StreamFailed);
}

#[test]
fn what_a_reader_looks_at_stays_its_own_when_the_stream_is_dropped() {
    const OTHER: ConnectionId = ConnectionId(2);
    let read_and_drop = |streams: &mut Streams, number| {
        streams.push(STREAM, chunk(number)).expect("open");
        pull(streams);
        assert_eq!(streams.remove(STREAM), Ok(Vec::new()));
    };
    let mut streams = started();
    let budget = Arc::clone(&streams.budget);
    read_and_drop(&mut streams, 1);
    assert!(streams.disconnect(OTHER).is_none(), "it is not what another connection looks at");
    assert_eq!(streams.disconnect(READER), Some(vec![chunk(1)]));
    assert_eq!((streams.left.len(), budget.used()), (0, 0));
    // Or until it asks for more: of the stream that is gone, or of the next with the same id.
    streams.create(STREAM).expect("gone");
    read_and_drop(&mut streams, 2);
    let (done, Pull::Now(next)) = pull(&mut streams) else { panic!("there is no stream") };
    assert_eq!((done, code(next)), (vec![chunk(2)], StatusCode::ObjectNotExists));
    streams.create(STREAM).expect("gone");
    read_and_drop(&mut streams, 3);
    streams.create(STREAM).expect("gone");
    streams.push(STREAM, chunk(4)).expect("open");
    streams.pull(STREAM, OTHER).expect("nobody waits");
    let (done, _waiting) = pull(&mut streams);
    assert_eq!(done, [chunk(4), chunk(3)]);
    // Another reader's end drops the stream, and leaves what this one looks at.
    streams.push(STREAM, chunk(5)).expect("the reader waits");
    assert_eq!(streams.disconnect(OTHER), Some(Vec::new()));
    assert_eq!(streams.disconnect(READER), Some(vec![chunk(5)]));
    assert_eq!((streams.left.len(), budget.used()), (0, 0));
}
