//! Where our server differs from the recorded one on purpose. Each entry has to be needed in each of its recordings.

use vineyard_tests::replay::{Change, Deviation, Place, Quirk};

const NO_REPLY: Quirk = Quirk {
    number: Some(2),
    text: "evict, load, unpin, releasing a lock without etcd, and moving blobs from one's own session have no reply",
};

const LEAKS: Quirk = Quirk {
    number: Some(5),
    text: "blobs of a create_buffers that fails are never freed, and what a blob was shrunk by stays counted",
};

const BYTE_OVER_TCP: Quirk =
    Quirk { number: Some(6), text: "over TCP a descriptor is announced, and its byte sent, though it cannot travel" };

const NO_LENGTHS: Quirk = Quirk { number: Some(7), text: "blobs below objects are said to have the length 0" };

const ROOT_BLOBS: Quirk = Quirk {
    number: Some(11),
    text: "a TCP connection to a session uses its metadata, but the blobs of the root session",
};

const SEALED_EARLY: Quirk =
    Quirk { number: Some(12), text: "a blob whose bytes travel is sealed before they have come" };

const BENT_KEYS: Quirk = Quirk {
    number: Some(13),
    text: "keys with a slash, a tilde or nothing but digits, and empty ones, are taken for paths into the record",
};

const FALSE_PERSISTENCE: Quirk =
    Quirk { number: Some(14), text: "an object counts as persistent if its creator says so" };

const ORPHANS: Quirk = Quirk { number: Some(16), text: "blobs that nobody sealed stay when their creator has gone" };

const MADE_UP_PLASMA_ID: Quirk =
    Quirk { number: None, text: "a plasma id that a blob is moved to is replaced by one made of the blob's id" };

const PLACES: Quirk =
    Quirk { number: None, text: "payloads say where in memory blobs lie, even where nobody can look there" };

const ONE_LABEL: Quirk =
    Quirk { number: None, text: "a connection knows an arena by one number, for reading and for writing" };

const NO_STORE_TYPE: Quirk =
    Quirk { number: None, text: "whether the store matches is random if the client does not say what it wants" };

const HOPELESS: Quirk =
    Quirk { number: None, text: "who wants a chunk that is larger than all of the memory waits for ever" };

/// All of them.
pub const DEVIATIONS: &[Deviation] = &[
    Deviation::anywhere(
        &[
            "delete",
            "exists_copy_clear",
            "listing",
            "meta",
            "persist",
            "putget_arrow",
            "putget_containers",
            "putget_numpy",
            "putget_pandas",
            "putget_scalars",
            "rpc",
            "spill",
            "stream_recordbatch",
        ],
        NO_LENGTHS,
        "the server knows the lengths of its blobs and says them",
        Change::Lengths,
    ),
    Deviation::anywhere(
        &[
            "blobs",
            "blobs_raw",
            "delete",
            "exists_copy_clear",
            "listing",
            "meta",
            "persist",
            "plasma_raw",
            "putget_arrow",
            "putget_containers",
            "putget_numpy",
            "putget_pandas",
            "putget_scalars",
            "sessions_raw",
            "stream_byte",
            "stream_dataframe",
        ],
        ONE_LABEL,
        "reading goes through a descriptor of its own that cannot write, which comes although the connection writes",
        Change::Descriptors,
    ),
    Deviation {
        recordings: &["rpc", "rpc_blobs", "rpc_raw", "rpc_server_nocompress", "sessions_raw"],
        place: Place::Remote,
        quirk: PLACES,
        why: "where blobs lie is no business of who gets their bytes by another way",
        change: Change::NoPlace,
    },
    Deviation {
        recordings: &["rpc", "rpc_blobs", "rpc_raw", "rpc_server_nocompress", "sessions_raw"],
        place: Place::BeforeBytes,
        quirk: SEALED_EARLY,
        why: "it is sealed when they are complete",
        change: Change::NotSealed,
    },
    Deviation::at(
        &["blobs_raw"],
        111,
        LEAKS,
        "60 bytes that were shrunk away and 1 MiB of the pair whose second failed are free again",
        Change::Value("/meta/memory_usage", "105"),
    ),
    Deviation::at(&["blobs_raw"], 135, LEAKS, "as before", Change::Value("/meta/memory_usage", "105")),
    Deviation::at(
        &["connect_raw"],
        7,
        NO_STORE_TYPE,
        "who does not say it wants the normal store",
        Change::Value("/store_match", "true"),
    ),
    Deviation::at(&["connect_raw"], 10, NO_STORE_TYPE, "as before", Change::Value("/store_match", "true")),
    Deviation::at(
        &["evict_client"],
        8,
        NO_REPLY,
        "it is refused as there is no directory for spilled blobs",
        Change::Answered(r#"{"code": 1, "message": ""}"#),
    ),
    Deviation::at(&["evict_client"], 12, NO_REPLY, "there is a reply", Change::Answered(r#"{"type": "load_reply"}"#)),
    Deviation::at(&["evict_raw"], 14, NO_REPLY, "there is a reply", Change::Answered(r#"{"type": "evict_reply"}"#)),
    Deviation::at(&["evict_raw"], 25, NO_REPLY, "as before", Change::Answered(r#"{"type": "evict_reply"}"#)),
    Deviation::at(&["evict_raw"], 36, NO_REPLY, "as before", Change::Answered(r#"{"type": "evict_reply"}"#)),
    Deviation::at(&["evict_raw"], 47, NO_REPLY, "as before", Change::Answered(r#"{"type": "load_reply"}"#)),
    Deviation::at(&["evict_raw"], 58, NO_REPLY, "as before", Change::Answered(r#"{"type": "load_reply"}"#)),
    Deviation::at(&["evict_raw"], 69, NO_REPLY, "as before", Change::Answered(r#"{"type": "load_reply"}"#)),
    Deviation::at(&["evict_raw"], 80, NO_REPLY, "as before", Change::Answered(r#"{"type": "unpin_reply"}"#)),
    Deviation::at(&["evict_raw"], 91, NO_REPLY, "as before", Change::Answered(r#"{"type": "unpin_reply"}"#)),
    Deviation::at(&["evict_raw"], 102, NO_REPLY, "as before", Change::Answered(r#"{"type": "unpin_reply"}"#)),
    Deviation::at(
        &["evict_raw"],
        20,
        NO_REPLY,
        "who was answered has gone",
        Change::Value("/meta/ipc_connections", "1"),
    ),
    Deviation::at(&["evict_raw"], 31, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(&["evict_raw"], 42, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(&["evict_raw"], 53, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(&["evict_raw"], 64, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(&["evict_raw"], 75, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(&["evict_raw"], 86, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(&["evict_raw"], 97, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(&["evict_raw"], 108, NO_REPLY, "as before", Change::Value("/meta/ipc_connections", "1")),
    Deviation::at(
        &["lifetime_raw"],
        15,
        ORPHANS,
        "the blob of 10 bytes has gone with its creator",
        Change::Value("/exists", "false"),
    ),
    Deviation::at(
        &["lifetime_raw"],
        27,
        ORPHANS,
        "its 10 bytes are not counted",
        Change::Value("/meta/memory_usage", "20"),
    ),
    Deviation::at(&["meta_raw"], 20, FALSE_PERSISTENCE, "it is transient until it is persisted", TRANSIENT),
    Deviation::at(&["meta_raw"], 153, FALSE_PERSISTENCE, "as before", TRANSIENT),
    Deviation::at(&["meta_raw"], 155, FALSE_PERSISTENCE, "as before", TRANSIENT),
    Deviation::at(&["meta_raw"], 38, BENT_KEYS, "a/b is a key", SLASH),
    Deviation::at(&["meta_raw"], 153, BENT_KEYS, "as before", SLASH),
    Deviation::at(&["meta_raw"], 42, BENT_KEYS, "c~d is a key", TILDE),
    Deviation::at(&["meta_raw"], 153, BENT_KEYS, "as before", TILDE),
    Deviation::at(&["meta_raw"], 46, BENT_KEYS, "the empty key is one", EMPTY),
    Deviation::at(&["meta_raw"], 153, BENT_KEYS, "as before", EMPTY),
    Deviation::at(&["meta_raw"], 50, BENT_KEYS, "0 is a key", DIGIT),
    Deviation::at(&["meta_raw"], 153, BENT_KEYS, "as before", DIGIT),
    Deviation::at(&["meta_raw"], 54, BENT_KEYS, "12 is a key", DIGITS),
    Deviation::at(&["meta_raw"], 153, BENT_KEYS, "as before", DIGITS),
    Deviation::at(&["meta_raw"], 58, BENT_KEYS, "zz/0 is a key", SLASH_DIGIT),
    Deviation::at(&["meta_raw"], 153, BENT_KEYS, "as before", SLASH_DIGIT),
    Deviation::at(
        &["meta_raw"],
        254,
        NO_REPLY,
        "it is refused as acquiring one is",
        Change::Answered(r#"{"code": 6, "message": ""}"#),
    ),
    Deviation::at(
        &["plasma_raw"],
        68,
        MADE_UP_PLASMA_ID,
        "it is the id that was asked for",
        Change::Value("/0/plasma_id", r#""Zm91cnRo""#),
    ),
    Deviation::at(
        &["rpc_raw"],
        37,
        SEALED_EARLY,
        "nothing has come, and there is no RDMA by which it could",
        Change::NotSealed,
    ),
    Deviation::at(&["rpc_raw"], 47, BYTE_OVER_TCP, "nothing is announced", Change::Descriptors),
    Deviation::at(&["rpc_raw"], 47, PLACES, "TCP clients are not told where blobs lie", Change::NoPlace),
    Deviation::at(
        &["rpc_raw"],
        49,
        BYTE_OVER_TCP,
        "there is a reply where it belongs",
        Change::Answered(
            r#"{"type": "get_buffers_reply", "num": 1, "compress": false, "fds": [],
                "0": {"object_id": 16753575269238833153, "data_size": 3, "is_sealed": true, "is_owner": true,
                    "is_gpu": false, "store_fd": -1, "data_offset": 0, "map_size": 0, "pointer": 0},
                "payloads": [{"object_id": 16753575269238833153, "data_size": 3, "is_sealed": true, "is_owner": true,
                    "is_gpu": false, "store_fd": -1, "data_offset": 0, "map_size": 0, "pointer": 0}]}"#,
        ),
    ),
    Deviation::at(
        &["rpc_raw"],
        50,
        BYTE_OVER_TCP,
        "there is a reply where it belongs",
        Change::Answered(
            r#"{"type": "instance_status_reply", "meta": {"deferred_requests": 0, "deployment": "local",
                "instance_id": 0, "ipc_connections": 1, "memory_limit": 268435456, "memory_usage": 38,
                "rpc_connections": 1}}"#,
        ),
    ),
    Deviation::at(&["sessions_raw"], 42, ROOT_BLOBS, "it is in the session", Change::Value("/exists", "true")),
    Deviation::at(
        &["sessions_raw"],
        44,
        ROOT_BLOBS,
        "it is not in the root session",
        Change::Value("/exists", "false"),
    ),
    Deviation::at(
        &["sessions_raw"],
        49,
        NO_REPLY,
        "there is a reply",
        Change::Answered(r#"{"type": "move_buffers_ownership_reply"}"#),
    ),
    Deviation::at(
        &["stream_raw"],
        100,
        HOPELESS,
        "it is refused at once",
        Change::Answered(r#"{"code": 41, "message": ""}"#),
    ),
];

/// What `meta_raw` creates as persistent.
const TRANSIENT: Change = Change::Value("/content/o6880a7cc59000003/transient", "true");

// Objects of `meta_raw`, as they were created. Times are free.

const SLASH: Change = Change::Value(
    "/content/o6880a7cc5a40000b",
    r#"{"__timestamp": 0, "a/b": "x", "id": "o6880a7cc5a40000b", "instance_id": 0, "nbytes": 0,
        "signature": 7530203073092780042, "transient": true, "typename": "my::T"}"#,
);

const TILDE: Change = Change::Value(
    "/content/o6880a7cc5a80000d",
    r#"{"__timestamp": 0, "c~d": "x", "id": "o6880a7cc5a80000d", "instance_id": 0, "nbytes": 0,
        "signature": 7530203073096974348, "transient": true, "typename": "my::T"}"#,
);

const EMPTY: Change = Change::Value(
    "/content/o6880a7cc5b00000f",
    r#"{"__timestamp": 0, "": "x", "id": "o6880a7cc5b00000f", "instance_id": 0, "nbytes": 0,
        "signature": 7530203073105362958, "transient": true, "typename": "my::T"}"#,
);

const DIGIT: Change = Change::Value(
    "/content/o6880a7cc5b400011",
    r#"{"__timestamp": 0, "0": "x", "id": "o6880a7cc5b400011", "instance_id": 0, "nbytes": 0,
        "signature": 7530203073109557264, "transient": true, "typename": "my::T"}"#,
);

const DIGITS: Change = Change::Value(
    "/content/o6880a7cc5b800013",
    r#"{"__timestamp": 0, "12": "x", "id": "o6880a7cc5b800013", "instance_id": 0, "nbytes": 0,
        "signature": 7530203073113751570, "transient": true, "typename": "my::T"}"#,
);

const SLASH_DIGIT: Change = Change::Value(
    "/content/o6880a7cc5bc00015",
    r#"{"__timestamp": 0, "zz/0": "x", "id": "o6880a7cc5bc00015", "instance_id": 0, "nbytes": 0,
        "signature": 7530203073117945876, "transient": true, "typename": "my::T"}"#,
);
