//! Put and get, beside what they are made of: round trips of two processes, and copies.

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use vineyard_benches::{Done, Members, Payload, Peer, Placement, ROUND_TRIP_BYTES, pin, placements};
use vineyard_core::{Client, Error, IntoDraft, Object, ObjectId};

const PEER: &str = env!("CARGO_BIN_EXE_bench-peer");

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Room for the payload of 1 GiB and one of 256 MiB beside it.
const STORE_BYTES: u64 = 3 << 30;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// What one echo of 64 bytes takes, which no request can beat.
fn round_trip(group: &mut Group<'_>, directory: &Path, placement: Placement) -> Done {
    let socket = directory.join("echo.sock");
    let peer = Peer::start(PEER, "echo", &socket, placement.peer, 0)?;
    let mut stream = UnixStream::connect(&socket)?;
    let mut bytes = [7; ROUND_TRIP_BYTES];
    let mut echo = || stream.write_all(&bytes).and_then(|()| stream.read_exact(&mut bytes));
    group.bench_function("round trip", |bencher| bencher.iter(|| echo().expect("the peer lives")));
    drop((stream, peer));
    Ok(())
}

/// Times puts; what was put is deleted outside of the measurement, so that memory is warm and there is always room.
fn put<'a, T>(client: &Client, object: &'a T, times: u64) -> Result<Duration, Error>
where
    &'a T: IntoDraft,
{
    let mut spent = Duration::ZERO;
    for _ in 0..times {
        let start = Instant::now();
        let id = client.put(object)?;
        spent += start.elapsed();
        client.delete(id)?;
    }
    Ok(spent)
}

fn size_name(nbytes: usize) -> String {
    match nbytes {
        KIB..MIB => format!("{} KiB", nbytes / KIB),
        MIB.. => format!("{} MiB", nbytes / MIB),
        _ => format!("{nbytes} B"),
    }
}

/// An object whose payload was not copied in: what it holds does not matter to a get.
fn put_in_place(client: &Client, nbytes: usize) -> Result<ObjectId, Error> {
    let bytes = client.create_array(nbytes)?.seal()?;
    client.put(&Payload { bytes })
}

fn sizes(group: &mut Group<'_>, client: &Client) -> Done {
    for nbytes in [64, MIB, 256 * MIB] {
        let object = Payload { bytes: vec![1; nbytes].into() };
        group.bench_function(BenchmarkId::new("put", size_name(nbytes)), |bencher| {
            bencher.iter_custom(|times| put(client, &object, times).expect("the server has room"));
        });
    }
    for nbytes in [64, KIB, MIB, 256 * MIB, 1024 * MIB] {
        let id = put_in_place(client, nbytes)?;
        group.bench_function(BenchmarkId::new("get", size_name(nbytes)), |bencher| {
            bencher.iter(|| black_box(client.get::<Payload>(id).expect("it is there")));
        });
        client.delete(id)?;
    }
    Ok(())
}

fn members(group: &mut Group<'_>, client: &Client) -> Done {
    for count in [1, 20, 200] {
        let object = Members { members: (0..count).map(|_| vec![1; 64].into()).collect() };
        let name = if count == 1 { "1 member".to_owned() } else { format!("{count} members") };
        group.bench_function(BenchmarkId::new("put", &name), |bencher| {
            bencher.iter_custom(|times| put(client, &object, times).expect("the server has room"));
        });
        let id = client.put(&object)?;
        group.bench_function(BenchmarkId::new("get", &name), |bencher| {
            bencher.iter(|| black_box(client.get::<Members>(id).expect("it is there")));
        });
        let meta = client.get_meta(id)?;
        group.bench_function(BenchmarkId::new("resolve", &name), |bencher| {
            bencher.iter(|| black_box(Members::resolve(&meta).expect("it fits")));
        });
        drop(meta);
        client.delete(id)?;
    }
    Ok(())
}

/// What copying takes where both sides are in memory already.
fn copies(group: &mut Group<'_>) {
    for nbytes in [MIB, 256 * MIB] {
        let (from, mut to) = (vec![1u8; nbytes], vec![2u8; nbytes]);
        group.bench_function(BenchmarkId::new("copy", size_name(nbytes)), |bencher| {
            bencher.iter(|| black_box(&mut to).copy_from_slice(black_box(&from)));
        });
    }
}

fn place(criterion: &mut Criterion, placement: Placement) -> Done {
    pin(placement.client)?;
    let directory = tempfile::tempdir()?;
    let mut group = criterion.benchmark_group(placement.name);
    round_trip(&mut group, directory.path(), placement)?;
    copies(&mut group);
    let socket = directory.path().join("vineyard.sock");
    let server = Peer::start(PEER, "serve", &socket, placement.peer, STORE_BYTES)?;
    let client = Client::connect(&socket)?;
    sizes(&mut group, &client)?;
    members(&mut group, &client)?;
    group.finish();
    drop((client, server));
    Ok(())
}

fn main() -> Done {
    let criterion = Criterion::default().warm_up_time(Duration::from_millis(300));
    let criterion = criterion.measurement_time(Duration::from_secs(1)).sample_size(30);
    let mut criterion = criterion.configure_from_args();
    for placement in placements()? {
        place(&mut criterion, placement)?;
    }
    criterion.final_summary();
    Ok(())
}
