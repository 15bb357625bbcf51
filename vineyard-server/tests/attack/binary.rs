//! Requests of our own clients, which are binary, and their replies as what those in JSON would be.

use serde_json::{Value, json};
use vineyard_core::ObjectId;
use vineyard_core::meta::{MetaTree, Record};
use vineyard_core::protocol::native::{MARK, NEW_BLOB};
use vineyard_core::protocol::{
    CreateBlobsReply, CreateBlobsRequest, GetObjectsReply, GetObjectsRequest, NEW_MEMBER, Payload, PayloadsOf,
    PutObjectsReply, PutObjectsRequest, Wanted, frame,
};

use super::choices::Choices;
use super::trees::tree;
use super::values::{self, Known};

/// The body of a request: well-formed, with ids, sizes and trees as the others have them.
pub fn body(choices: &mut Choices<'_>, known: &Known) -> Vec<u8> {
    let mut out = Vec::new();
    match choices.below(3) {
        0 => get(choices, known).encode(&mut out),
        1 => {
            let sizes = (0..choices.below(4)).map(|_| values::size(choices)).collect();
            CreateBlobsRequest { sizes }.encode(&mut out);
        }
        _ => put(choices, known).encode(&mut out),
    }
    out.split_off(frame::HEADER_BYTES)
}

fn get(choices: &mut Choices<'_>, known: &Known) -> GetObjectsRequest {
    let modes = [PayloadsOf::All, PayloadsOf::None, PayloadsOf::Local];
    let wanted = |choices: &mut Choices<'_>| match choices.below(4) {
        0 => Wanted::Name(values::name(choices)),
        1 => Wanted::Id(ObjectId::from_raw(known.id(choices))),
        _ => Wanted::Id(ObjectId::from_raw(known.object(choices))),
    };
    let payloads_of = modes[choices.below(modes.len())];
    GetObjectsRequest { payloads_of, wanted: (0..choices.below(5)).map(|_| wanted(choices)).collect() }
}

fn put(choices: &mut Choices<'_>, known: &Known) -> PutObjectsRequest {
    let seal = (0..choices.below(3)).map(|_| ObjectId::from_raw(known.blob(choices))).collect();
    let payloads = (0..choices.below(4)).map(|_| choices.take(40).to_vec()).collect();
    let objects = (0..choices.below(4)).filter_map(|_| object(choices, known)).collect();
    PutObjectsRequest { seal, payloads, objects }
}

/// A tree, of which a member may be a blob or an object of the request, or of none.
fn object(choices: &mut Choices<'_>, known: &Known) -> Option<Record> {
    let mut tree: MetaTree = serde_json::from_value(tree(choices, known)).ok()?;
    for key in [NEW_BLOB, NEW_MEMBER] {
        if choices.once_in(2) {
            tree.set(format!("of_{key}"), json!({key: choices.below(4)}));
        }
    }
    Record::of_tree(&tree).ok()
}

/// Whether a body is none of JSON.
pub fn is_binary(body: &[u8]) -> bool {
    body.first() == Some(&MARK)
}

/// A reply, with what is to be known of it under the keys that JSON would have.
pub fn reply(body: &[u8]) -> Value {
    if let Ok(GetObjectsReply { objects, payloads, fds }) = GetObjectsReply::decode(body) {
        return json!({"type": "get_objects_reply", "num": objects.len(), "payloads": places(&payloads), "fds": fds});
    }
    if let Ok(CreateBlobsReply { payloads, fds }) = CreateBlobsReply::decode(body) {
        return json!({"type": "create_blobs_reply", "payloads": places(&payloads), "fds": fds});
    }
    let PutObjectsReply { objects, blobs } = PutObjectsReply::decode(body).expect("a reply of the third kind");
    json!({"type": "put_objects_reply", "ids": objects, "blobs": blobs})
}

fn places(payloads: &[Payload]) -> Vec<Value> {
    payloads.iter().map(|payload| serde_json::to_value(payload).expect("JSON")).collect()
}
