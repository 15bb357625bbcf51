//! Several clients at a time, each a thread with a connection of its own.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use vineyard_benches::Done;

use crate::client::Client;
use crate::measure::{self, ByKind, Target, Times};
use crate::operations::{Family, OPERATIONS, SMALL};
use crate::stage::Data;

/// How many.
pub(crate) const CLIENTS: usize = 4;

/// How often the servers take turns.
const ROUNDS: usize = 5;

/// What a get of a tensor takes when all clients get it all the time: the time of all divided by the gets of all. Each
/// client does `times` gets.
pub(crate) fn measure(times: usize, data: &Data, targets: &mut [Target]) -> Done<ByKind<Times>> {
    let get = OPERATIONS.iter().find(|operation| operation.family == Family::Several && operation.name.contains("get"));
    let get = get.ok_or("no get")?;
    assert_eq!(get.bytes, SMALL);
    let script = measure::set_up(get, data, targets)?;
    let mut samples: ByKind<Vec<f64>> = BTreeMap::new();
    for round in 0..ROUNDS {
        for turn in 0..targets.len() {
            let Some(target) = targets.get((round + turn) % targets.len()) else { continue };
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| match target.client {
                    None => Client::echo(&target.server.socket, &script, false),
                    Some(_) => Client::unix(&target.server.socket).map(|(client, _)| client),
                })
                .collect::<Done<_>>()?;
            samples.entry(target.kind).or_default().push(together(clients, target.stage.tensor, times / ROUNDS)?);
        }
    }
    measure::take_down(targets)?;
    Ok(samples.into_iter().map(|(kind, samples)| (kind, Times::of(samples))).collect())
}

/// Microseconds per get.
fn together(clients: Vec<Client>, tensor: u64, times: usize) -> Done<f64> {
    let (start_line, count) = (Barrier::new(clients.len() + 1), clients.len() * times);
    thread::scope(|scope| {
        let run = |mut client: Client| {
            start_line.wait();
            (0..times).try_for_each(|_| client.get(tensor).map(drop)).map_err(|error| error.to_string())
        };
        let threads: Vec<_> = clients.into_iter().map(|client| scope.spawn(move || run(client))).collect();
        start_line.wait();
        let start = Instant::now();
        for thread in threads {
            thread.join().map_err(|_| "a client panicked")??;
        }
        Ok(start.elapsed().as_nanos() as f64 / 1e3 / count as f64)
    })
}
