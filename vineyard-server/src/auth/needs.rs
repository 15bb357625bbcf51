//! Which role a request needs: the one table.

use vineyard_core::protocol::{OpenStreamRequest, Request};

use super::role::Role;

/// The role that a request needs.
///
/// A type that the table lacks needs [`Role::Admin`]; a test sees to it that there is none.
pub(crate) fn needed(request: &Request) -> Role {
    match request {
        // Who claims the writing end keeps others from writing.
        Request::OpenStream(request) if request.mode != OpenStreamRequest::READ => Role::Write,
        _ => of_type(request.message_type()).unwrap_or(Role::Admin),
    }
}

/// The least role that requests of a type need, whatever is in them; `None` for a type that is not in the table.
fn of_type(message_type: &str) -> Option<Role> {
    Some(match message_type {
        // To come and go.
        "register_request" | "exit_request" => Role::None,

        // To look at what is there.
        "instance_status_request"
        | "cluster_meta"
        | "get_data_request"
        | "list_data_request"
        | "exists_request"
        | "if_persist_request"
        | "get_name_request"
        | "list_name_request"
        | "get_buffers_request"
        | "get_objects_request"
        | "get_remote_buffers_request"
        | "get_gpu_buffers_request"
        | "get_buffers_by_plasma_request"
        | "is_in_use_request"
        | "is_spilled_request" => Role::Read,
        // To depend on what was got, and to give it back. Both end with the connection anyway.
        "increase_reference_count_request"
        | "release_request"
        | "plasma_release_request"
        | "release_leases_notice"
        | "release_blobs_with_rdma_request" => Role::Read,
        // To read a stream, which takes its chunks out of it.
        "open_stream_request" | "pull_next_stream_chunk_request" => Role::Read,

        // To put what is new. Only these hand out writable descriptors.
        "create_buffer_request"
        | "create_buffers_request"
        | "create_blobs_request"
        | "create_disk_buffer_request"
        | "create_gpu_buffer_request"
        | "create_remote_buffer_request"
        | "create_remote_buffers_request"
        | "create_buffer_by_plasma_request"
        | "make_arena_request"
        | "get_next_stream_chunk_request" => Role::Write,
        // To finish it.
        "seal_request"
        | "keep_request"
        | "slice_buffers_request"
        | "plasma_seal_request"
        | "shrink_buffer_request"
        | "finalize_arena_request"
        | "create_data_request"
        | "create_datas_request"
        | "put_objects_request" => Role::Write,
        // To change what objects are called, where they are, and how long they stay.
        "persist_request"
        | "label_request"
        | "put_name_request"
        | "drop_name_request"
        | "shallow_copy_request"
        | "migrate_object_request"
        | "move_buffers_ownership_request"
        | "load_request"
        | "unpin_request" => Role::Write,
        // To take objects away one by one, which is also how a put that does not succeed is undone.
        "del_data_request"
        | "del_data_with_feedbacks_request"
        | "drop_buffer_request"
        | "plasma_delete_data_request" => Role::Write,
        // To write a stream.
        "create_stream_request" | "push_next_stream_chunk_request" | "stop_stream_request" | "drop_stream_request" => {
            Role::Write
        }
        // Locks are for who writes.
        "acquire_lock_request" | "release_lock_request" => Role::Write,

        // What concerns everybody. Sessions are opened by who may close them.
        "clear_request"
        | "evict_request"
        | "memory_trim_request"
        | "new_session_request"
        | "delete_session_request"
        | "debug_command" => Role::Admin,

        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_in_the_table() {
        let missing: Vec<_> = Request::TYPES.iter().filter(|message_type| of_type(message_type).is_none()).collect();
        assert!(missing.is_empty(), "say which role they need: {missing:?}");
        assert_eq!(of_type("frobnicate_request"), None);
    }

    #[test]
    fn only_the_reading_end_of_a_stream_is_for_readers() {
        for (mode, role) in [(1, Role::Read), (2, Role::Write), (3, Role::Write), (0, Role::Write), (5, Role::Write)] {
            let body = format!(r#"{{"type":"open_stream_request","object_id":1,"mode":{mode}}}"#);
            let request = Request::decode(body.as_bytes()).expect("a request");
            assert_eq!(needed(&request), role, "{mode}");
        }
    }
}
