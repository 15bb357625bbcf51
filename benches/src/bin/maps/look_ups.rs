//! The process that gets maps of another one, and looks keys up in them and in private maps.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::hint::black_box;
use std::time::Instant;

use hashbrown::{DefaultHashBuilder, HashMap};
use vineyard_benches::{Done, Payload};
use vineyard_core::{Client, Object};
use vineyard_types::Text;
use vineyard_types::hashmap::{PerfectMap, SharedMap};

use crate::cases::{CASES, Case, Keys, LOOK_UPS, OurHash, asked};

/// What was found, by name; times in nanoseconds.
pub(crate) type Found = BTreeMap<String, f64>;

/// How often the tables take turns.
const TURNS: usize = 5;

/// Gets of which the median is taken.
const GETS: usize = 300;

/// The name under which the object of 64 bytes is.
pub(crate) const SMALL: &str = "small";

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Nanoseconds of a look-up.
fn time<'a, Q: ?Sized + 'a, O: Borrow<Q>>(keys: &'a [O], get: impl Fn(&'a Q) -> Option<u64>) -> f64 {
    let begin = Instant::now();
    let sum = keys.iter().filter_map(|key| get(key.borrow())).fold(0, u64::wrapping_add);
    let time = begin.elapsed();
    black_box(sum);
    time.as_secs_f64() * 1e9 / keys.len() as f64
}

fn private<K: Keys, S: BuildHasher + Default>(entries: u64) -> HashMap<K::Owned, u64, S> {
    let mut map = HashMap::with_capacity_and_hasher(entries as usize, S::default());
    map.extend((0..entries).map(|number| (K::key(number), number)));
    map
}

/// Medians of gets of an object.
fn gets<T: Object>(client: &Client, name: &str) -> Done<f64> {
    let id = client.get_name(name)?.ok_or("an object is not there")?;
    let mut times = Vec::with_capacity(GETS);
    for _ in 0..GETS {
        let begin = Instant::now();
        let got = client.get::<T>(id)?;
        times.push(begin.elapsed().as_secs_f64() * 1e9);
        drop(got);
    }
    Ok(median(&mut times))
}

/// Looks keys up in the tables of one case, which take turns.
fn look_up<K: Keys>(client: &Client, case: &Case, found: &mut Found) -> Done {
    let name = case.name;
    let shared = client.get_by_name::<SharedMap<K, u64>>(&format!("shared {name}"))?;
    let perfect = client.get_by_name::<PerfectMap<K, u64>>(&format!("perfect {name}"))?;
    let default = private::<K, DefaultHashBuilder>(case.entries);
    let same = private::<K, OurHash>(case.entries);
    let (there, absent) = asked::<K>(case.entries);
    let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..TURNS {
        for (kind, keys) in [("hit", &there), ("miss", &absent)] {
            let mut add = |table: &str, time| times.entry(format!("{table} {kind} {name}")).or_default().push(time);
            add("hashbrown", time(keys, |key: &K::Query| default.get(key).copied()));
            add("same hash", time(keys, |key: &K::Query| same.get(key).copied()));
            add("shared", time(keys, |key: &K::Query| shared.get(key).copied()));
            add("perfect", time(keys, |key: &K::Query| perfect.get(key).copied()));
        }
    }
    found.extend(times.into_iter().map(|(what, mut times)| (what, median(&mut times))));
    let counts = [&there, &absent].map(|keys| keys.iter().filter(|key| shared.contains((*key).borrow())).count());
    if counts != [LOOK_UPS, 0] || perfect.len() as u64 != case.entries {
        return Err(
            format!("{name}: found {counts:?} of {LOOK_UPS} keys that are there, and as many that are not").into()
        );
    }
    let per_entry = |bytes: u64| bytes as f64 / case.entries as f64;
    let outside: usize = default.keys().map(K::outside).sum();
    found.insert(format!("hashbrown size {name}"), per_entry((default.allocation_size() + outside) as u64));
    found.insert(format!("shared size {name}"), per_entry(shared.nbytes()));
    found.insert(format!("perfect size {name}"), per_entry(perfect.nbytes()));
    found.insert(format!("perfect bits {name}"), perfect.bits_per_key());
    Ok(())
}

/// Measures everything once and prints it.
pub(crate) fn run(socket: &str) -> Done {
    let client = Client::connect(socket)?;
    let mut found = Found::new();
    for case in CASES {
        if case.texts {
            look_up::<Text>(&client, case, &mut found)?;
        } else {
            look_up::<u64>(&client, case, &mut found)?;
        }
    }
    for case in CASES.iter().filter(|case| !case.texts) {
        let name = case.name;
        found.insert(format!("shared get {name}"), gets::<SharedMap<u64, u64>>(&client, &format!("shared {name}"))?);
        found.insert(format!("perfect get {name}"), gets::<PerfectMap<u64, u64>>(&client, &format!("perfect {name}"))?);
        found.insert(format!("small get {name}"), gets::<Payload>(&client, SMALL)?);
    }
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}
