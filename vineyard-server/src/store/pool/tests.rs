//! The pool with real files: who gets what, and how many pages there are.

use std::os::unix::fs::FileExt;

use proptest::test_runner::TestRng;
use vineyard_core::ObjectId;

use super::super::arena::Access;
use super::super::lease::ConnectionId;
use super::*;

const MIB: u64 = 1 << 20;

fn client(connection: u64, uid: u32) -> Writer {
    Writer::Client { connection: ConnectionId(connection), uid }
}

fn wanted(writer: Writer, length: u64) -> Wanted {
    Wanted { writer, length, charged: length, tenants: Tenants::One(ObjectId::blob(1, 1)) }
}

fn pool(limit: u64) -> SharedPool {
    SharedPool::new(limit).expect("memfd")
}

/// What a client is given, and writes all over.
fn put(pool: &SharedPool, writer: Writer, length: u64) -> (AllocationId, u64, u64) {
    let (id, file, offset) = pool.lock().allocate(wanted(writer, length)).expect("fits");
    pool.settle();
    fill(&file, offset, length);
    (id, file.number(), offset)
}

fn fill(file: &ArenaFile, offset: u64, length: u64) {
    let bytes = vec![1; usize::try_from(length.min(MIB)).expect("small")];
    let mut done = 0;
    while done < length {
        let step = (length - done).min(MIB);
        file.file(Access::Write).write_all_at(&bytes[..step as usize], offset + done).expect("written");
        done += step;
    }
}

#[test]
fn the_limit_counts_what_clients_asked_for() {
    let pool = pool(1000);
    let mut pool = pool.lock();
    let (id, _, _) = pool.allocate(wanted(client(1, 0), 1000)).expect("fits exactly");
    let error = pool.allocate(wanted(client(1, 0), 1)).expect_err("full");
    assert_eq!(error.code, StatusCode::NotEnoughMemory);
    assert_eq!(error.message, "no room for 1 bytes: 1000 of 1000 bytes are used, 0 are left");
    pool.release_window(id);
    pool.release_window(id);
    assert_eq!((pool.used(), pool.allocated()), (0, 0));
}

#[test]
fn gaps_take_as_much_as_the_limit_at_most() {
    let shared = pool(MIB);
    let mut pool = shared.lock();
    let error = (0..1 << 20).find_map(|_| pool.allocate(wanted(client(1, 0), 1)).err()).expect("gaps are memory too");
    assert!(error.message.contains("lost between blobs") && pool.used() > MIB / 64, "{error}");
}

#[test]
fn each_writer_has_arenas_of_its_own() {
    let pool = pool(256 * MIB);
    let arenas: Vec<u64> =
        [client(1, 0), client(2, 0), Writer::Server].map(|writer| put(&pool, writer, 1000).1).to_vec();
    assert!(arenas[0] != arenas[1] && arenas[1] != arenas[2] && arenas[0] != arenas[2]);
    for writer in [client(1, 0), client(2, 0)] {
        let second = put(&pool, writer, MIB).1;
        assert!(second == arenas[0] || second == arenas[1]);
        assert_eq!(put(&pool, writer, 1000).1, second);
    }
    assert_eq!(pool.lock().report().arenas, 3);
}

#[test]
fn an_arena_is_given_on_when_its_writer_is_gone_and_it_is_empty_to_the_same_user() {
    let pool = pool(256 * MIB);
    let (blob, arena, _) = put(&pool, client(1, 7), 1000);
    pool.lock().writer_gone(ConnectionId(1), 7);
    assert_ne!(put(&pool, client(2, 7), 1000).1, arena, "there is a blob in it");
    pool.lock().release_window(blob);
    assert_ne!(put(&pool, client(3, 8), 1000).1, arena, "it is another user");
    assert_ne!(put(&pool, Writer::Server, 1000).1, arena);
    assert_eq!(put(&pool, client(4, 7), 1000).1, arena);
    assert_ne!(put(&pool, client(5, 7), 1000).1, arena, "it has a writer again");
}

#[test]
fn fragmentation_brings_another_arena() {
    let limit = 128 * MIB;
    let pool = pool(limit);
    let third = limit / 3;
    let ids: Vec<_> = (0..3).map(|_| put(&pool, client(1, 0), third).0).collect();
    pool.lock().release_window(ids[0]);
    pool.lock().release_window(ids[2]);
    for _ in 0..4 {
        // Of what is free, no piece is half of the limit, or its pages are elsewhere.
        let (half, _, _) = put(&pool, client(1, 0), limit / 2);
        assert!(pool.resident_bytes() <= pool.lock().budget());
        pool.lock().release_window(half);
    }
    assert!(pool.lock().report().arenas <= 4);
}

#[test]
fn a_shared_range_is_freed_with_its_last_window() {
    let shared = pool(MIB);
    let mut pool = shared.lock();
    let tenants = Tenants::Many([1, 2].map(|number| ObjectId::blob(1, number)).into());
    let both = Wanted { writer: client(1, 0), length: 256, charged: 70, tenants };
    let (id, _, start) = pool.allocate(both).expect("fits");
    pool.shrink(id, start, 10);
    assert_eq!((pool.used(), pool.allocated()), (70, 256), "it is shared");
    pool.release_window(id);
    assert_eq!(pool.used(), 70);
    pool.shrink(id, start + 64, 10);
    assert_eq!((pool.used(), pool.allocated()), (10, 128), "the second window stays where it is");
    pool.release_window(id);
    assert_eq!((pool.used(), pool.allocated()), (0, 0));
}

#[test]
fn trimming_takes_nothing_that_is_handed_out() {
    let shared = pool(4 * MIB);
    let (kept, file, offset) = shared.lock().allocate(wanted(client(1, 0), 1 << 16)).expect("fits");
    let (freed, _, beside) = shared.lock().allocate(wanted(client(1, 0), 1 << 17)).expect("fits");
    file.file(Access::Write).write_all_at(&[7; 3 << 16], offset).expect("written");
    assert_eq!(beside, offset + (1 << 16));
    shared.lock().release_window(freed);
    assert_eq!(shared.trim_all(), 1 << 17);
    assert_eq!(shared.trim_all(), 0, "there is nothing more");
    let mut bytes = vec![0; 1 << 16];
    file.file(Access::Read).read_exact_at(&mut bytes, offset).expect("read");
    assert!(bytes.iter().all(|byte| *byte == 7));
    let range = shared.lock().reserve_window(kept).expect("the last window");
    assert_eq!(shared.lock().used(), 0);
    shared.trim(vec![range]);
    let report = shared.lock().report();
    assert_eq!((shared.resident_bytes(), report.touched, report.warm), (0, 0, 0));
    assert!(shared.lock().allocate(wanted(client(1, 0), 4 * MIB)).is_ok(), "everything is free again");
}

#[test]
fn a_put_and_delete_in_a_loop_finds_its_pages_again() {
    let pool = pool(64 * MIB);
    let (first, arena, offset) = put(&pool, client(1, 0), 32 * MIB);
    let there = pool.resident_bytes();
    pool.lock().release_window(first);
    for _ in 0..3 {
        pool.tidy(true, || true);
        assert_eq!(pool.resident_bytes(), there, "pages are kept for the next");
        let again = put(&pool, client(1, 0), 32 * MIB);
        assert_eq!((again.1, again.2), (arena, offset));
        pool.lock().release_window(again.0);
    }
}

#[test]
fn warm_pages_above_what_is_kept_are_given_back() {
    let pool = pool(64 * MIB);
    let ids: Vec<_> = (0..60).map(|_| put(&pool, client(1, 0), MIB).0).collect();
    ids.iter().for_each(|id| pool.lock().release_window(*id));
    pool.tidy(false, || true);
    assert_eq!((pool.resident_bytes(), pool.lock().warm), (32 * MIB, 32 * MIB));
    assert_eq!(pool.lock().touched, 32 * MIB);
}

#[test]
fn pages_of_writers_that_are_gone_are_given_back_first() {
    let pool = pool(32 * MIB);
    let (gone, file, _) = pool.lock().allocate(wanted(client(1, 0), 12 * MIB)).expect("fits");
    fill(&file, 0, 12 * MIB);
    let stays = put(&pool, client(2, 0), 12 * MIB).0;
    pool.lock().release_window(stays);
    pool.lock().release_window(gone);
    pool.lock().writer_gone(ConnectionId(1), 0);
    put(&pool, client(3, 9), 18 * MIB);
    // 24 were warm, and 33 may be there.
    assert_eq!(file.resident_bytes().expect("known"), 3 * MIB);
    put(&pool, client(2, 0), 12 * MIB);
    assert_eq!(pool.resident_bytes(), 33 * MIB, "the other has its pages");
}

#[test]
fn what_nobody_needs_is_closed() {
    let pool = pool(64 * MIB);
    for connection in 0..20 {
        // Nobody may have another's, so each has one of its own.
        let uid = u32::try_from(connection).expect("small");
        let blob = put(&pool, client(connection, uid), MIB).0;
        pool.lock().release_window(blob);
        pool.lock().writer_gone(ConnectionId(connection), uid);
    }
    pool.tidy(false, || true);
    let report = pool.lock().report();
    assert_eq!((report.arenas, report.vacant_arenas, report.touched), (4, 4, 4 * MIB));
    assert_eq!(pool.resident_bytes(), 4 * MIB);
}

#[test]
fn a_prepared_arena_goes_to_the_first_who_needs_one_and_is_prepared_anew() {
    let pool = pool(64 * MIB);
    assert!(pool.prefault(16 * MIB, || true) && !pool.prefault(16 * MIB, || true), "one is enough");
    let report = pool.lock().report();
    assert_eq!((report.prepared_arenas, report.touched, report.prefault_ready), (1, 16 * MIB, true));
    assert_eq!(pool.resident_bytes(), 16 * MIB);
    put(&pool, client(1, 0), 100);
    assert!(pool.lock().report().prefault_ready, "that is not worth it");
    let small = pool.resident_bytes() - 16 * MIB;
    let blob = put(&pool, client(1, 0), 10 * MIB).0;
    assert_eq!((pool.resident_bytes(), pool.lock().report().prepared_arenas), (16 * MIB + small, 0));
    assert!(pool.prefault(16 * MIB, || true));
    let other = put(&pool, client(2, 0), 16 * MIB).0;
    assert_eq!(pool.resident_bytes(), 32 * MIB + small);
    assert!(!pool.prefault(16 * MIB, || true), "the next would have to take it away");
    pool.lock().release_window(other);
    pool.tidy(true, || true);
    assert!(pool.trim_all() > 0 && pool.prefault(16 * MIB, || true) && pool.lock().report().prefault_ready);
    // There is no room for all that was prepared and this, so that what is prepared makes room.
    put(&pool, client(3, 0), 50 * MIB);
    assert!(pool.resident_bytes() <= pool.lock().budget());
    pool.lock().release_window(blob);
    pool.tidy(true, || true);
    assert!(!pool.prefault(16 * MIB, || true), "there is no room");
}

#[test]
fn all_of_the_memory_can_be_made_ahead_and_stays() {
    let pool = pool(200 * MIB);
    let told = std::cell::RefCell::new(Vec::new());
    pool.reserve_all(|done| told.borrow_mut().push(done)).expect("there is memory");
    assert_eq!((pool.resident_bytes(), pool.lock().report().prepared_arenas), (200 * MIB, 4));
    let told = told.into_inner();
    assert!(told.len() >= 9 && told.is_sorted() && told[0] >= 20 * MIB, "{told:?}");
    let blob = put(&pool, client(1, 0), 60 * MIB).0;
    pool.lock().release_window(blob);
    pool.tidy(true, || true);
    assert_eq!(pool.resident_bytes(), 200 * MIB);
}

/// Mixed sizes at nine tenths of the limit: nothing that fits is refused, and pages follow what is live.
#[test]
fn churn_refuses_nothing_and_keeps_to_the_limit() {
    use proptest::prelude::RngExt as _;
    const LIMIT: u64 = 32 * MIB;
    let mut random = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let pool = pool(LIMIT);
    let (mut held, mut largest) = (Vec::new(), 0);
    for step in 0..40_000u64 {
        // Each power of two is as likely as the others.
        let size = random.random_range(64u64..128) << random.random_range(0u32..=15);
        let size = size.min(LIMIT / 8);
        while pool.lock().used() + size > LIMIT * 9 / 10 {
            let (id, _, _) = held.swap_remove(random.random_range(0..held.len()));
            pool.lock().release_window(id);
        }
        let writer = client(step % 3, 0);
        let made = pool.lock().allocate(wanted(writer, size));
        let (id, file, offset) = made.unwrap_or_else(|error| panic!("step {step}: {size} bytes: {error}"));
        pool.settle();
        // One byte makes a page.
        for page in (offset / 4096)..(offset + size).div_ceil(4096) {
            file.file(Access::Write).write_all_at(&[1], (page * 4096).max(offset)).expect("written");
        }
        held.push((id, file, offset));
        if step % 16 == 0 {
            largest = largest.max(pool.resident_bytes());
        }
    }
    let report = pool.lock().report();
    assert!(largest <= pool.lock().budget(), "{largest} bytes were in memory: {report:?}");
    assert!(report.arenas <= 12, "{report:?}");
}
