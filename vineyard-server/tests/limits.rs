//! What a peer can make the server keep, open or say has an end.

mod raw;

use raw::{Raw, server};
use serde_json::json;

#[test]
fn errors_do_not_repeat_all_that_was_sent() {
    let server = server();
    let mut peer = Raw::stock(&server);
    let long = "\u{e9}".repeat(1 << 20);
    for request in [
        json!({"type": "seal_request", "object_id": long}),
        json!({"type": "create_disk_buffer_request", "size": 5, "path": long}),
        json!({"type": "exists_request", "id": 1, "code": 12, "message": long}),
    ] {
        let reply = peer.call(request);
        let message = reply["message"].as_str().expect("text");
        assert!(message.len() < 8192, "{} bytes are repeated", message.len());
    }
}

#[test]
fn who_has_many_files_opened_leaves_descriptors_to_others() {
    let server = server();
    let requests = [
        json!({"type": "create_disk_buffer_request", "size": 1, "path": ""}),
        json!({"type": "make_arena_request", "size": 1}),
    ];
    for request in requests {
        let mut greedy = Raw::stock(&server);
        let refusal = (0..5000).find_map(|_| {
            let reply = greedy.call(request.clone());
            if reply["type"].is_string() {
                greedy.descriptor();
            }
            reply["code"].as_i64()
        });
        assert_eq!(refusal, Some(41));
        let mut other = Raw::stock(&server);
        assert_eq!(other.code(request.clone()), 41);
        other.create(64);
        other.descriptor();
        drop(greedy);
        raw::until(|| other.call(request.clone())["type"].is_string());
    }
}

#[test]
fn a_request_names_a_bounded_number_of_objects() {
    let server = server();
    let mut peer = Raw::stock(&server);
    for (kind, key) in [
        ("get_data_request", "id"),
        ("del_data_request", "id"),
        ("del_data_with_feedbacks_request", "id"),
        ("increase_reference_count_request", "ids"),
    ] {
        for (count, fits) in [(1 << 19, true), ((1 << 19) + 1, false)] {
            let reply = peer.call(json!({"type": kind, key: vec![1; count]}));
            assert_eq!(reply["code"] == 1, !fits, "{kind} of {count}");
        }
    }
}
