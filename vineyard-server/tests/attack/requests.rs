//! Requests of every type that the protocol has, with fields as a hostile client fills them.

use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::trees::tree;
use super::values::{self, Known, PATHS};

/// What a field holds if it is as it should be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Any,
    Blob,
    Id,
    Ids,
    /// Ids under their numbers, and `num`.
    IndexedIds,
    IdsToIds,
    IdsToPlasma,
    Flag,
    Label,
    Name,
    Native,
    Number,
    /// Mostly the id of an object.
    Object,
    Path,
    Pattern,
    Plasma,
    IndexedPlasma,
    PlasmaToIds,
    PlasmaToPlasma,
    Session,
    Size,
    Sizes,
    /// Parts of blobs, as three lists.
    Slices,
    StoreType,
    Stream,
    Text,
    Texts,
    Tree,
    Trees,
}

use Kind::*;

type Field = (&'static str, Kind);

const ID: &[Field] = &[("id", Id)];
const OBJECT_ID: &[Field] = &[("object_id", Id)];
const DELETION: &[Field] = &[("id", Ids), ("force", Flag), ("deep", Flag), ("memory_trim", Flag), ("fastpath", Flag)];
const REMOTE: [Field; 2] = [("compress", Flag), ("use_rdma", Flag)];

/// Every type of request and its fields.
pub const REQUESTS: &[(&str, &[Field])] = &[
    (
        "register_request",
        &[
            ("version", Text),
            ("store_type", StoreType),
            ("session_id", Session),
            ("username", Text),
            ("password", Text),
            ("native", Native),
        ],
    ),
    ("exit_request", &[]),
    ("instance_status_request", &[]),
    ("cluster_meta", &[]),
    ("debug_command", &[("debug", Any)]),
    ("create_buffer_request", &[("size", Size)]),
    ("create_buffers_request", &[("sizes", Sizes), ("num", Number)]),
    ("create_disk_buffer_request", &[("size", Size), ("path", Path)]),
    ("create_gpu_buffer_request", &[("size", Size)]),
    ("seal_request", &[("object_id", Blob)]),
    ("get_buffers_request", &[("ids", Ids), ("unsafe", Flag)]),
    ("get_buffers_request", &[("", IndexedIds), ("unsafe", Flag)]),
    ("get_gpu_buffers_request", &[("", IndexedIds), ("unsafe", Flag)]),
    ("drop_buffer_request", &[("id", Blob)]),
    ("shrink_buffer_request", &[("id", Blob), ("size", Size)]),
    ("release_leases_notice", &[("ids", Ids)]),
    ("slice_buffers_request", &[("", Slices)]),
    ("slice_buffers_request", &[("ids", Ids), ("offsets", Sizes), ("sizes", Sizes)]),
    ("create_remote_buffer_request", &[("size", Size), REMOTE[0], REMOTE[1]]),
    ("create_remote_buffers_request", &[("sizes", Sizes), ("num", Number), REMOTE[0], REMOTE[1]]),
    ("get_remote_buffers_request", &[("", IndexedIds), ("unsafe", Flag), REMOTE[0], REMOTE[1]]),
    ("release_blobs_with_rdma_request", &[("", IndexedIds)]),
    ("increase_reference_count_request", &[("ids", Ids)]),
    ("release_request", OBJECT_ID),
    ("is_in_use_request", ID),
    ("is_spilled_request", ID),
    ("evict_request", &[("ids", Ids)]),
    ("load_request", &[("ids", Ids), ("pin", Flag)]),
    ("unpin_request", &[("ids", Ids)]),
    ("create_data_request", &[("content", Tree)]),
    ("create_data_request", &[("content", Tree), ("seal", Ids)]),
    ("create_datas_request", &[("contents", Trees), ("num", Number), ("seal", Ids)]),
    ("get_data_request", &[("id", Ids), ("sync_remote", Flag), ("wait", Flag)]),
    ("list_data_request", &[("pattern", Pattern), ("limit", Number), ("regex", Flag), ("after", Id)]),
    ("del_data_request", DELETION),
    ("del_data_with_feedbacks_request", DELETION),
    ("exists_request", ID),
    ("persist_request", &[("id", Object)]),
    ("if_persist_request", &[("id", Object)]),
    ("label_request", &[("id", Object), ("keys", Texts), ("values", Texts)]),
    ("shallow_copy_request", &[("id", Object), ("extra", Tree)]),
    ("migrate_object_request", &[("object_id", Object)]),
    ("clear_request", &[]),
    ("memory_trim_request", &[]),
    ("put_name_request", &[("object_id", Object), ("name", Name)]),
    ("get_name_request", &[("name", Name), ("wait", Flag)]),
    ("list_name_request", &[("pattern", Pattern), ("limit", Number), ("regex", Flag), ("after", Name)]),
    ("drop_name_request", &[("name", Name)]),
    ("create_stream_request", &[("object_id", Stream)]),
    ("open_stream_request", &[("object_id", Stream), ("mode", Number)]),
    ("get_next_stream_chunk_request", &[("id", Stream), ("size", Size)]),
    ("push_next_stream_chunk_request", &[("id", Stream), ("chunk", Id)]),
    ("pull_next_stream_chunk_request", &[("id", Stream)]),
    ("stop_stream_request", &[("id", Stream), ("failed", Flag)]),
    ("drop_stream_request", &[("id", Stream)]),
    ("new_session_request", &[("bulk_store_type", StoreType)]),
    ("delete_session_request", &[]),
    (
        "move_buffers_ownership_request",
        &[
            ("session_id", Session),
            ("id_to_id", IdsToIds),
            ("id_to_pid", IdsToPlasma),
            ("pid_to_id", PlasmaToIds),
            ("pid_to_pid", PlasmaToPlasma),
        ],
    ),
    ("make_arena_request", &[("size", Size)]),
    ("finalize_arena_request", &[("fd", Label), ("offsets", Sizes), ("sizes", Sizes)]),
    ("create_buffer_by_plasma_request", &[("plasma_id", Plasma), ("size", Size), ("plasma_size", Size)]),
    ("get_buffers_by_plasma_request", &[("", IndexedPlasma), ("unsafe", Flag)]),
    ("plasma_seal_request", &[("plasma_id", Plasma)]),
    ("plasma_release_request", &[("plasma_id", Plasma)]),
    ("plasma_delete_data_request", &[("plasma_id", Plasma)]),
    ("acquire_lock_request", &[("key", Text)]),
    ("release_lock_request", &[("key", Text)]),
    ("request_fd_request", &[]),
];

/// A request of any type.
pub fn request(choices: &mut Choices<'_>, known: &Known) -> Value {
    let (message_type, fields) = REQUESTS[choices.below(REQUESTS.len())];
    fill(message_type, fields, choices, known)
}

/// A request of one type.
pub fn request_of(message_type: &str, choices: &mut Choices<'_>, known: &Known) -> Value {
    let fields = REQUESTS.iter().find(|(known, _)| *known == message_type).map_or(&[][..], |(_, fields)| fields);
    fill(message_type, fields, choices, known)
}

fn fill(message_type: &str, fields: &[Field], choices: &mut Choices<'_>, known: &Known) -> Value {
    let mut message = Map::new();
    for (key, kind) in fields {
        match (choices.below(24), kind) {
            (22, _) => {}
            (23, IndexedIds | IndexedPlasma) => drop(message.insert("num".to_owned(), values::absurd(choices))),
            (23, _) => drop(message.insert((*key).to_owned(), values::absurd(choices))),
            (_, IndexedIds | IndexedPlasma) => index(*kind, &mut message, choices, known),
            (_, Slices) => slices(&mut message, choices, known),
            _ => drop(message.insert((*key).to_owned(), value(*kind, choices, known))),
        }
    }
    if choices.once_in(60) {
        message.insert("code".to_owned(), values::absurd(choices));
    }
    let message_type = if choices.once_in(60) { values::absurd(choices) } else { json!(message_type) };
    message.insert("type".to_owned(), message_type);
    Value::Object(message)
}

fn index(kind: Kind, message: &mut Map<String, Value>, choices: &mut Choices<'_>, known: &Known) {
    let count = choices.below(5);
    for number in 0..count {
        let item = match kind {
            IndexedPlasma => json!(values::plasma_id(choices)),
            _ => json!(known.id(choices)),
        };
        message.insert(number.to_string(), item);
    }
    message.insert("num".to_owned(), json!(count));
}

/// Parts of blobs, most of which lie inside.
fn slices(message: &mut Map<String, Value>, choices: &mut Choices<'_>, known: &Known) {
    let parts = list(choices, |choices| (known.blob(choices), choices.below(70), choices.below(70)));
    message.insert("ids".to_owned(), json!(parts.iter().map(|(id, ..)| id).collect::<Vec<_>>()));
    message.insert("offsets".to_owned(), json!(parts.iter().map(|(_, offset, _)| offset).collect::<Vec<_>>()));
    message.insert("sizes".to_owned(), json!(parts.iter().map(|(.., size)| size).collect::<Vec<_>>()));
}

fn list<T>(choices: &mut Choices<'_>, mut item: impl FnMut(&mut Choices<'_>) -> T) -> Vec<T> {
    let count = choices.below(5);
    (0..count).map(|_| item(choices)).collect()
}

fn value(kind: Kind, choices: &mut Choices<'_>, known: &Known) -> Value {
    match kind {
        Any => values::absurd(choices),
        Blob => json!(known.blob(choices)),
        Id => json!(known.id(choices)),
        Ids => json!(list(choices, |choices| known.id(choices))),
        IdsToIds => json!(list(choices, |choices| (known.blob(choices), known.blob(choices)))),
        IdsToPlasma => json!(list(choices, |choices| (known.blob(choices), values::plasma_id(choices)))),
        Flag => json!(choices.below(2) == 1),
        Label => json!(known.label(choices)),
        Name => json!(values::name(choices)),
        Native => json!(choices.below(3)),
        Number => json!(choices.pick(&[5u64, 1, 0, 2, 3, 1000, u64::MAX])),
        Object if choices.once_in(8) => json!(known.id(choices)),
        Object => json!(known.object(choices)),
        Path => json!(choices.pick(&PATHS)),
        Pattern => json!(values::pattern(choices)),
        Plasma => json!(values::plasma_id(choices)),
        PlasmaToIds => {
            let pairs = list(choices, |choices| (values::plasma_id(choices), json!(known.blob(choices))));
            Value::Object(pairs.into_iter().collect())
        }
        PlasmaToPlasma => {
            let pairs = list(choices, |choices| (values::plasma_id(choices), json!(values::plasma_id(choices))));
            Value::Object(pairs.into_iter().collect())
        }
        Session => json!(known.session(choices)),
        Size => json!(values::size(choices)),
        Sizes => json!(list(choices, values::size)),
        StoreType => choices.pick(&[1, 2, 77]).map_or(json!("Plasma"), |number| json!(number)),
        Stream => json!(known.stream(choices)),
        Text => json!(values::text(choices)),
        Texts => json!(list(choices, values::text)),
        Tree => tree(choices, known),
        Trees => json!(list(choices, |choices| tree(choices, known))),
        IndexedIds | IndexedPlasma | Slices => Value::Null,
    }
}

/// The type of the reply to a request.
pub fn reply_type(request: &str) -> String {
    match request {
        "cluster_meta" => "cluster_meta".to_owned(),
        "debug_command" => "debug_reply".to_owned(),
        "list_data_request" => "get_data_reply".to_owned(),
        "create_remote_buffer_request" => "create_buffer_reply".to_owned(),
        "create_remote_buffers_request" => "create_buffers_reply".to_owned(),
        "get_remote_buffers_request" => "get_buffers_reply".to_owned(),
        "plasma_seal_request" => "seal_reply".to_owned(),
        other => other.strip_suffix("_request").map_or_else(String::new, |stem| format!("{stem}_reply")),
    }
}
