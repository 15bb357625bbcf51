//! Recorded traffic between the published Python client and the published daemon: every message of the families that
//! are offered is read, written again and compared as JSON.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use serde_json::Value;
use vineyard_core::protocol::{
    self, Call, ClearRequest, ClusterMetaRequest, CreateBufferByPlasmaRequest, CreateBufferRequest,
    CreateBuffersRequest, CreateDataRequest, CreateDatasRequest, CreateDiskBufferRequest, CreateGpuBufferRequest,
    CreateRemoteBufferRequest, CreateRemoteBuffersRequest, CreateStreamRequest, DebugRequest, DecodeError,
    DelDataRequest, DelDataWithFeedbacksRequest, DeleteSessionRequest, DropBufferRequest, DropNameRequest,
    DropStreamRequest, ErrorReply, EvictRequest, ExistsRequest, FinalizeArenaRequest, GetBuffersByPlasmaRequest,
    GetBuffersRequest, GetDataRequest, GetGpuBuffersRequest, GetNameRequest, GetNextStreamChunkRequest,
    GetRemoteBuffersRequest, IfPersistRequest, IncreaseReferenceCountRequest, InstanceStatusRequest, IsInUseRequest,
    IsSpilledRequest, LabelRequest, ListDataRequest, ListNameRequest, LoadRequest, MakeArenaRequest, MemoryTrimRequest,
    MigrateObjectRequest, MoveBuffersOwnershipRequest, NewSessionRequest, OpenStreamRequest, PersistRequest,
    PlasmaDeleteDataRequest, PlasmaReleaseRequest, PlasmaSealRequest, PullNextStreamChunkRequest,
    PushNextStreamChunkRequest, PutNameRequest, RegisterRequest, ReleaseBlobsWithRdmaRequest, ReleaseRequest, Request,
    SealRequest, ShallowCopyRequest, ShrinkBufferRequest, StopStreamRequest, UnpinRequest,
};

/// What was compared, and what could not be.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    replies: usize,
    errors: usize,
}

fn reencode<C: Call>(body: &[u8]) -> Result<Value, DecodeError> {
    let reply = protocol::decode_reply::<C>(body)?;
    Ok(serde_json::to_value(&reply).expect("replies can be written"))
}

/// Reads a reply as the answer to a request of the given type, and writes it again.
fn reencode_reply(request: &str, body: &[u8]) -> Result<Value, DecodeError> {
    macro_rules! by_type {
        ($($call:ty),* $(,)?) => {
            match request {
                $(<$call>::TYPE => reencode::<$call>(body),)*
                other => panic!("the test does not know replies to {other}"),
            }
        };
    }
    by_type!(
        RegisterRequest,
        InstanceStatusRequest,
        ClusterMetaRequest,
        CreateBufferRequest,
        CreateBuffersRequest,
        SealRequest,
        GetBuffersRequest,
        DropBufferRequest,
        ShrinkBufferRequest,
        CreateDataRequest,
        CreateDatasRequest,
        GetDataRequest,
        ListDataRequest,
        DelDataRequest,
        ExistsRequest,
        PersistRequest,
        IfPersistRequest,
        PutNameRequest,
        GetNameRequest,
        ListNameRequest,
        DropNameRequest,
        ClearRequest,
        CreateBufferByPlasmaRequest,
        CreateDiskBufferRequest,
        CreateGpuBufferRequest,
        CreateRemoteBufferRequest,
        CreateRemoteBuffersRequest,
        CreateStreamRequest,
        DebugRequest,
        DelDataWithFeedbacksRequest,
        DeleteSessionRequest,
        DropStreamRequest,
        EvictRequest,
        FinalizeArenaRequest,
        GetBuffersByPlasmaRequest,
        GetGpuBuffersRequest,
        GetNextStreamChunkRequest,
        GetRemoteBuffersRequest,
        IncreaseReferenceCountRequest,
        IsInUseRequest,
        IsSpilledRequest,
        LabelRequest,
        LoadRequest,
        MakeArenaRequest,
        MemoryTrimRequest,
        MigrateObjectRequest,
        MoveBuffersOwnershipRequest,
        NewSessionRequest,
        OpenStreamRequest,
        PlasmaDeleteDataRequest,
        PlasmaReleaseRequest,
        PlasmaSealRequest,
        PullNextStreamChunkRequest,
        PushNextStreamChunkRequest,
        ReleaseBlobsWithRdmaRequest,
        ReleaseRequest,
        ShallowCopyRequest,
        StopStreamRequest,
        UnpinRequest,
    )
}

fn frame_to_json(frame: &[u8]) -> Value {
    serde_json::from_slice(&frame[protocol::frame::HEADER_BYTES..]).expect("frames hold JSON")
}

fn check_file(path: &Path, tally: &mut Tally) {
    let text = std::fs::read_to_string(path).expect("the fixture is readable");
    // Replies come in the order of the requests, on each connection.
    let mut open: HashMap<u64, VecDeque<Option<String>>> = HashMap::new();
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line"));
    let mut lines: Vec<Value> = lines.collect();
    // A reply was written only after what follows it had been seen.
    lines.sort_by_key(|line| line["seq"].as_u64());
    for line in lines {
        let place = format!("{} seq {}", path.display(), line["seq"]);
        let (Some(dir), Some(message)) = (line["dir"].as_str(), line.get("msg")) else { continue };
        let body = serde_json::to_vec(message).expect("writes");
        let queue = open.entry(line["conn"].as_u64().expect("a connection")).or_default();
        if dir == "c>s" {
            match Request::decode(&body) {
                Ok(request) => {
                    let mut frame = Vec::new();
                    request.encode(&mut frame).expect("can be written");
                    assert_eq!(frame_to_json(&frame), *message, "{place}");
                    tally.requests += 1;
                    let kind = request.message_type();
                    // Before and after the contents, unless it was refused.
                    let replies = if kind.starts_with("create_remote_buffer") { 2 } else { 1 };
                    queue.extend(std::iter::repeat_n(Some(kind.to_owned()), replies));
                }
                Err(error) => panic!("{place}: {error}"),
            }
            continue;
        }
        let Some(request) = queue.pop_front().expect("a request came before") else { continue };
        if request.starts_with("create_remote_buffer") && message.get("code").is_some() {
            queue.pop_front();
        }
        match reencode_reply(&request, &body) {
            Ok(again) => {
                assert_eq!(again, *message, "{place}");
                tally.replies += 1;
            }
            Err(DecodeError::Peer(error)) => {
                let again = serde_json::to_value(ErrorReply::from(&error)).expect("writes");
                assert_eq!(again, *message, "{place}");
                tally.errors += 1;
            }
            Err(error) => panic!("{place}: {error}"),
        }
    }
}

#[test]
fn recorded_messages_are_read_and_written_the_same() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/wire");
    let mut tally = Tally::default();
    let mut files = 0;
    for entry in std::fs::read_dir(&fixtures).expect("the fixtures are there") {
        let path = entry.expect("readable").path();
        // Those written by hand leave keys out or are malformed on purpose; `tests/replay` sends them to servers.
        let by_hand =
            path.file_stem().is_some_and(|name| name != "delete_raw" && name.to_string_lossy().ends_with("_raw"));
        if path.extension().is_some_and(|extension| extension == "jsonl") && !by_hand {
            check_file(&path, &mut tally);
            files += 1;
        }
    }
    println!("{files} recordings: {tally:?}");
    assert!(files >= 14, "fixtures are missing: {files}");
    assert!(tally.requests > 700 && tally.replies > 700 && tally.errors > 10, "{tally:?}");
}
