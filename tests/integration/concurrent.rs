//! Threads and processes that put, view and delete at the same time, on a server with a quarter of the memory that their
//! objects take. `CONCURRENT_OPERATIONS` says how much each does; 250 things by default.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use vineyard_core::Client;
use vineyard_core::protocol::GetDataRequest;
use vineyard_tests::churn::{Entry, Ledger, Tally, Worker};
use vineyard_tests::random::Random;
use vineyard_tests::raw::StockClient;
use vineyard_tests::{Peer, TestServer};

use crate::PEER;
use crate::known::is_left_out;

const MEMORY: u64 = 8 << 20;

/// Objects of the threads, and of each process: 32 MiB in all, as one takes 256 KiB on average.
const POPULATIONS: [usize; 3] = [64, 32, 32];

type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What a stock client has seen: it cannot say that it looks at something, and when it does not any more.
#[derive(Debug, Default)]
struct StockTally {
    views: u64,
    /// Wrong bytes of objects that were there all the time.
    wrong: u64,
    /// Wrong bytes of objects that were deleted meanwhile.
    stale: u64,
}

/// Reads objects until it is told to stop, through a new connection each time, as what it reads stays in memory until
/// the connection ends.
fn read_as_stock_clients_do(socket: &Path, ledger: &Ledger, stop: &AtomicBool) -> Done<StockTally> {
    let (mut tally, mut random) = (StockTally::default(), Random::new(99));
    while !stop.load(Ordering::Relaxed) {
        let Some(entry) = ledger.any(&mut random) else { continue };
        let Some(found) = read_head(&mut StockClient::connect(socket)?, entry) else { continue };
        let mut words = Random::new(entry.seed);
        let expected: Vec<u8> = (0..entry.len / 3).flat_map(|_| words.number().to_le_bytes()).collect();
        let is_wrong = u64::from(found != expected);
        tally.views += 1;
        *if ledger.contains(entry) { &mut tally.wrong } else { &mut tally.stale } += is_wrong;
    }
    Ok(tally)
}

/// The first payload of an object, unless it is gone or there is no memory.
fn read_head(client: &mut StockClient, entry: Entry) -> Option<Vec<u8>> {
    let request = GetDataRequest { ids: vec![entry.id], sync_remote: false, wait: false };
    let content = client.call(&request).ok()?.content?;
    let blob = content.get(&entry.id.to_string())?.member("head")?.id()?;
    client.read(blob).ok()?
}

fn operations() -> Done<usize> {
    Ok(std::env::var("CONCURRENT_OPERATIONS").map_or(Ok(250), |count| count.parse())?)
}

/// Four threads: two share a client, two have one each.
fn work(clients: &[Client; 3], ledger: &Ledger, operations: usize) -> Done<Tally> {
    let [shared, own, another] = clients;
    std::thread::scope(|scope| {
        let threads: Vec<_> = [shared, shared, own, another]
            .into_iter()
            .zip(1..)
            .map(|(client, seed)| {
                scope.spawn(move || Worker::new(client, ledger, POPULATIONS[0], seed).work(operations))
            })
            .collect();
        threads
            .into_iter()
            .try_fold(Tally::default(), |sum, thread| Ok(sum.and(thread.join().map_err(|_| "a worker panicked")??)))
    })
}

#[test]
fn nobody_ever_sees_wrong_bytes() -> Done {
    if is_left_out("concurrent::nobody_ever_sees_wrong_bytes") {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let server = TestServer::spilling(MEMORY, directory.path());
    let operations = operations()?;
    let (ledger, stop) = (Ledger::default(), AtomicBool::new(false));
    let clients = [server.client()?, server.client()?, server.client()?];
    let mut peers = [1, 2].map(|number| {
        let numbers = [operations, POPULATIONS[number], 100 + number].map(|number| number.to_string());
        Peer::start(PEER, "churn", server.socket(), &numbers.each_ref().map(String::as_str))
    });
    let (tally, stock) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| read_as_stock_clients_do(server.socket(), &ledger, &stop));
        let tally = work(&clients, &ledger, operations);
        stop.store(true, Ordering::Relaxed);
        (tally, reading.join())
    });
    let (mut tally, stock) = (tally?, stock.map_err(|_| "the reader panicked")??);
    for peer in &mut peers {
        let line = peer.line();
        tally = tally.and(Tally::from_line(&line).ok_or(line)?);
    }
    println!("{tally:?} {stock:?}");
    assert_eq!((tally.wrong, tally.lost, stock.wrong), (0, 0, 0), "{tally:?} {stock:?}");
    assert!(tally.deleted_views > 0 && stock.views > 0, "{tally:?} {stock:?}");
    assert!(tally.refused <= tally.views / 10, "there was hardly ever memory: {tally:?}");
    for peer in peers {
        assert!(peer.end().success());
    }
    let [client, others @ ..] = clients;
    // What they have to give back, they say with their next request, or by leaving.
    drop(others);
    ledger.clear(&client)?;
    while client.instance_status()?.memory_usage > 0 {
        std::thread::yield_now();
    }
    drop(client);
    server.stop();
    Ok(())
}
