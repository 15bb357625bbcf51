use proptest::prelude::*;
use serde_json::json;

use super::frame::HEADER_BYTES;
use super::*;
use crate::meta::{MetaTree, Record};

fn body(frame: &[u8]) -> &[u8] {
    let (header, body) = frame.split_first_chunk::<HEADER_BYTES>().expect("a header");
    assert_eq!(u64::from_le_bytes(*header), body.len() as u64);
    body
}

fn record() -> Record {
    let tree: MetaTree = serde_json::from_value(json!({"typename": "T", "n": 1})).expect("an object");
    Record::of_tree(&tree).expect("a record")
}

fn reply() -> Vec<u8> {
    let mut out = b"before".to_vec();
    let start = begin_get_reply(&mut out);
    let write = |out: &mut Vec<u8>, fails: bool| {
        out.extend_from_slice(record().as_bytes());
        if fails { Err("full") } else { Ok(()) }
    };
    put_object(&mut out, |out| write(out, false)).expect("writes");
    assert_eq!(put_object(&mut out, |out| write(out, true)), Err("full"));
    put_missing(&mut out, Some(ObjectId::from_raw(1)));
    put_missing(&mut out, None);
    end_get_reply(&mut out, start, 3, &[payload(5, 4096)], &[5]);
    out.split_off(start)
}

fn payload(label: i64, map_size: u64) -> Payload {
    let object_id = ObjectId::from_raw(0x8000_0000_0000_0007);
    let place = Payload { store_fd: label, data_offset: 64, data_size: 10, map_size, ..Payload::empty() };
    Payload { object_id, is_sealed: true, ..place }
}

#[test]
fn what_is_written_is_read() {
    let wanted = vec![Wanted::Id(ObjectId::from_raw(9)), Wanted::Name("näme".to_owned()), Wanted::Name(String::new())];
    let mut out = Vec::new();
    GetObjectsRequest { payloads_of: PayloadsOf::Local, wanted: wanted.clone() }.encode(&mut out);
    assert_eq!(GetObjectsRequest::decode(body(&out)).expect("reads").wanted, wanted);
    let found = GetObjectsReply::decode(body(&reply())).expect("reads");
    assert_eq!(found.objects, [Found::Object(record()), Found::NoObject(ObjectId::from_raw(1)), Found::NoName]);
    assert_eq!((found.payloads, found.fds), (vec![payload(5, 4096)], vec![5]));
}

#[test]
fn an_error_of_the_server_is_one() {
    let error = GetObjectsReply::decode(br#"{"code":14,"message":"not sealed"}"#);
    assert!(matches!(error, Err(DecodeError::Peer(error)) if error.message == "not sealed"));
    assert!(matches!(GetObjectsReply::decode(br#"{"type":"x"}"#), Err(DecodeError::UnexpectedType { .. })));
}

#[test]
fn counts_are_not_believed() {
    let mut many = Kind::GetObjects.head().to_vec();
    many.extend_from_slice(&[0; 4]);
    many.extend_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(GetObjectsRequest::decode(&many), Err(DecodeError::Binary { .. })));
    let mut many = Kind::Objects.head().to_vec();
    many.extend_from_slice(&[0xff; 12]);
    assert!(matches!(GetObjectsReply::decode(&many), Err(DecodeError::Binary { .. })));
}

proptest! {
    #[test]
    fn damage_is_noticed_or_harmless(at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
        let mut whole = body(&reply()).to_vec();
        let (at, cut) = (at.index(whole.len()), cut.index(whole.len()));
        prop_assert!(GetObjectsReply::decode(&whole[..cut]).is_err());
        whole[at] = byte;
        let _ = GetObjectsReply::decode(&whole);
        let mut request = Vec::new();
        GetObjectsRequest { payloads_of: PayloadsOf::All, wanted: vec![Wanted::Name("ab".to_owned()); 3] }.encode(&mut request);
        let mut request = body(&request).to_vec();
        let at = at % request.len();
        prop_assert!(GetObjectsRequest::decode(&request[..at]).is_err());
        request[at] = byte;
        let _ = GetObjectsRequest::decode(&request);
    }
}
