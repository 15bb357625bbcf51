//! The process that builds maps, and puts them for the others.

use std::time::Instant;

use hashbrown::HashMap;
use rayon::ThreadPool;
use vineyard_benches::{Done, Payload};
use vineyard_core::Client;
use vineyard_types::Text;
use vineyard_types::hashmap::{Duplicates, PerfectMap, SharedMap};

use crate::cases::{CASES, Case, Keys};
use crate::look_ups::{Found, SMALL};

/// Maps with at least so many entries are built for their times.
pub(crate) const LARGE: u64 = 1_000_000;

fn timed<T, E>(found: &mut Found, what: String, build: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let begin = Instant::now();
    let built = build();
    found.insert(what, begin.elapsed().as_secs_f64() * 1e9);
    built
}

fn build<K: Keys>(client: &Client, one: &ThreadPool, case: &Case, put: bool, found: &mut Found) -> Done {
    let name = case.name;
    let entries: Vec<(K::Owned, u64)> = (0..case.entries).map(|number| (K::key(number), number)).collect();
    if case.entries >= LARGE {
        let keys: Vec<_> = entries.clone();
        drop(timed(found, format!("hashbrown build {name}"), || {
            let mut map: HashMap<K::Owned, u64> = HashMap::with_capacity(keys.len());
            map.extend(keys);
            Ok::<_, String>(map)
        })?);
        drop(timed(found, format!("shared one {name}"), || {
            one.install(|| SharedMap::<K, u64>::build(&entries, Duplicates::Refuse))
        })?);
        drop(timed(found, format!("shared all {name}"), || SharedMap::<K, u64>::build(&entries, Duplicates::Refuse))?);
        drop(timed(found, format!("perfect one {name}"), || {
            one.install(|| PerfectMap::<K, u64>::build(&entries, Duplicates::Refuse))
        })?);
    }
    // The store has room for each map once.
    if put {
        let shared = timed(found, format!("shared store {name}"), || {
            SharedMap::<K, u64>::build_in(client, &entries, Duplicates::Refuse)
        })?;
        let perfect = timed(found, format!("perfect store {name}"), || {
            PerfectMap::<K, u64>::build_in(client, &entries, Duplicates::Refuse)
        })?;
        client.put_named(&format!("shared {name}"), &shared)?;
        client.put_named(&format!("perfect {name}"), &perfect)?;
    }
    Ok(())
}

/// Builds everything once and prints how long it took; puts it if it is to be looked up.
pub(crate) fn run(socket: &str, put: bool) -> Done {
    let client = Client::connect(socket)?;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut found = Found::new();
    for case in CASES.iter().filter(|case| put || case.entries >= LARGE) {
        if case.texts {
            build::<Text>(&client, &one, case, put, &mut found)?;
        } else {
            build::<u64>(&client, &one, case, put, &mut found)?;
        }
    }
    if put {
        client.put_named(SMALL, &Payload { bytes: (0..64).collect() })?;
    }
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}
