//! What the published daemon is known not to do: the tests that are left out there, by name.
//!
//! With `VINEYARD_TEST_SERVER=stock` every other test of this program runs on that daemon.

use std::collections::BTreeSet;
use std::process::Command;

use vineyard_tests::{TestResult, on_stock};

/// Tests and what the published daemon does instead of what they expect.
const WEAKNESSES: &[(&str, &str)] = &[
    (
        "collections::a_collection_that_does_not_fit_into_memory_is_read_part_by_part",
        "what a connection has put or got stays in memory until it ends",
    ),
    ("concurrent::nobody_ever_sees_wrong_bytes", "memory of deleted blobs is reused at once, also while it is viewed"),
    (
        "crash::whoever_is_killed_leaves_nothing_on_disk",
        "blobs that no object holds stay for ever, and memory of deleted blobs is reused at once",
    ),
    (
        "crash::whoever_is_killed_leaves_whole_objects_and_nothing_else",
        "blobs that no object holds stay for ever, and memory of deleted blobs is reused at once",
    ),
    (
        "faults::a_put_beyond_the_limit_says_size_limit_and_use_and_leaves_nothing",
        "several blobs of which one does not fit: the ones before it stay",
    ),
    ("frames::sharing::rows_of_a_frame_take_no_memory", "a blob cannot be a part of another: parts are copied"),
    (
        "leases::a_view_keeps_its_bytes_after_its_object_was_deleted",
        "memory of deleted blobs is reused at once, also while it is viewed",
    ),
    ("leases::a_view_outlives_its_client", "memory of deleted blobs is reused at once, also while it is viewed"),
    (
        "leases::leases_end_with_the_process_that_holds_them",
        "there are no leases: memory of deleted blobs is free at once",
    ),
    (
        "processes::a_client_killed_while_it_writes_disturbs_nobody",
        "blobs that a killed client has not sealed stay for ever",
    ),
    (
        "processes::a_killed_client_leaves_only_the_bare_blobs_that_it_kept",
        "sealed blobs that no object holds stay for ever",
    ),
    (
        "property::a_graph_of_which_a_fragment_was_deleted_cannot_be_got",
        "memory of deleted blobs is reused at once, also while it is viewed",
    ),
    (
        "requests::a_native_put_takes_one_request_or_two_and_a_get_one",
        "objects cannot be created and their blobs sealed by one request, nor got with their payloads",
    ),
    (
        "requests::many_objects_and_a_name_take_one_request",
        "metadata, names and payloads are asked for one after the other",
    ),
    ("restart::the_instance_need_not_be_zero", "an instance on its own has number 0"),
    (
        "rpc::a_put_beyond_the_limit_leaves_nothing_and_the_connection_goes_on",
        "several blobs of which one does not fit: the ones before it stay",
    ),
    (
        "rpc::a_put_over_tcp_that_fails_half_way_is_taken_back",
        "objects may nest as deeply as they like, so that nothing fails half-way",
    ),
    (
        "sessions::a_session_is_reached_over_tcp",
        "over TCP, objects are those of the session, but blobs are those of the root session",
    ),
    (
        "slices::a_part_of_what_was_deleted_is_linked_by_who_views_it_and_copied_by_others",
        "memory of deleted blobs is reused at once, also while it is viewed",
    ),
    (
        "slices::a_put_of_parts_that_fails_leaves_nothing",
        "objects may nest as deeply as they like, so that nothing fails half-way",
    ),
    (
        "slices::parts_go_to_disk_and_come_back_as_they_were",
        "what a connection has put or got stays in memory until it ends",
    ),
    (
        "spill::four_times_the_memory_comes_back_as_it_was",
        "what a connection has put or got stays in memory until it ends",
    ),
    ("streams::objects_that_nobody_has_read_go_with_their_stream", "their members stay when the stream is dropped"),
    ("streams::the_chunk_that_is_read_goes_with_its_reader", "the chunk that a reader has when it goes stays for ever"),
    (
        "undo::a_member_that_cannot_be_created_takes_the_whole_put_back",
        "objects may nest as deeply as they like, so that nothing fails half-way",
    ),
    (
        "undo::a_put_that_fails_leaves_the_blobs_it_linked",
        "objects may nest as deeply as they like, so that nothing fails half-way",
    ),
    ("writing::what_a_writer_gives_back_is_not_counted", "what is given back by shrinking stays counted as used"),
];

/// Whether the named test is left out on the server that tests run on; says so if it is.
///
/// # Panics
///
/// If the test is not in the table.
pub(crate) fn is_left_out(test: &str) -> bool {
    let Some((_, weakness)) = WEAKNESSES.iter().find(|(name, _)| *name == test) else {
        panic!("`{test}` is not in the table of known weaknesses");
    };
    if on_stock() {
        println!("left out on the published daemon: {test}: {weakness}");
    }
    on_stock()
}

#[test]
fn what_is_left_out_is_there() -> TestResult {
    let output = Command::new(std::env::current_exe()?).args(["--list", "--format", "terse"]).output()?;
    let listed = String::from_utf8(output.stdout)?;
    let tests: BTreeSet<&str> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    assert!(tests.contains("known::what_is_left_out_is_there"), "{listed}");
    for (name, weakness) in WEAKNESSES {
        assert!(tests.contains(name), "there is no test `{name}`, which shows that {weakness}");
        println!("{name}: {weakness}");
    }
    Ok(())
}
