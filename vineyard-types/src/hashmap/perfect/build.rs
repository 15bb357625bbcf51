//! From entries in any order to a perfect map, in parallel: a part is searched by one thread.

use std::borrow::Borrow;
use std::sync::atomic::{AtomicBool, Ordering};

use vineyard_core::{Array, Client};

use super::PerfectMap;
use super::function::{Shape, mixed};
use super::search::search;
use crate::hashmap::build::{
    Fault, Given, Hashed, Heap, InStore, Room, Slab, each, first_fault, partition, take, with_seeds, zeros,
};
use crate::hashmap::entry::{Entries, Line, ROUND};
use crate::hashmap::{BuildInError, Duplicates, MapError, MapKey, MapValue, Seed};

/// Keys of a part: what belongs to it fits the cache of a processor.
const PART_KEYS: usize = 1 << 17;
/// Keys of a bucket on average.
const BUCKET_KEYS: u64 = 3;
/// Of 1,000 slots, so many have a key.
const LOAD: u64 = 990;
/// In the part with the most keys, of 1,000 slots so many have a key at most.
const MAX_LOAD: u64 = 995;
/// Entries that one thread writes at a time; a multiple of [`ROUND`].
const CHUNK: usize = 1 << 14;
/// What a slot has before it has an entry.
const NOTHING: u64 = u64::MAX;

impl<K: MapKey, V: MapValue> PerfectMap<K, V> {
    /// Builds a map from entries in any order. Collects them, then costs what [`build`](Self::build) does.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build).
    pub fn from_entries<Q, W>(
        entries: impl IntoIterator<Item = (Q, W)>,
        duplicates: Duplicates,
    ) -> Result<Self, MapError>
    where
        Q: Borrow<K::Query> + Sync,
        W: Borrow<V::View> + Sync,
    {
        Self::build(&entries.into_iter().collect::<Vec<_>>(), duplicates)
    }

    /// Builds a map from entries in any order that lie in memory, with all threads of rayon's pool. O(entries), some times
    /// as long as a [`SharedMap`](crate::SharedMap) takes.
    ///
    /// The bytes do not depend on the number of threads. Beside the entries, which are the caller's, and the map, building
    /// takes 24 bytes for each entry.
    ///
    /// # Errors
    ///
    /// - [`MapError::Duplicate`] if a key is given twice and `duplicates` says to refuse that; the first one that is.
    /// - [`MapError::Collisions`] if no function was found with the default seed and with several random ones.
    /// - [`MapError::Memory`] if there is no room for the map.
    pub fn build<Q, W>(entries: &[(Q, W)], duplicates: Duplicates) -> Result<Self, MapError>
    where
        Q: Borrow<K::Query> + Sync,
        W: Borrow<V::View> + Sync,
    {
        let given = Given::new(entries, duplicates);
        with_seeds(|seed| build(&Heap, &given, seed))
    }

    /// As [`build`](Self::build), straight into memory of the client's server: putting the map copies nothing then.
    ///
    /// The payloads are sealed. If the map is not put, they go with the last view of them and the client.
    ///
    /// # Errors
    ///
    /// [`BuildInError`]: those of [`build`](Self::build), and what the server says.
    pub fn build_in<Q, W>(client: &Client, entries: &[(Q, W)], duplicates: Duplicates) -> Result<Self, BuildInError>
    where
        Q: Borrow<K::Query> + Sync,
        W: Borrow<V::View> + Sync,
    {
        let given = Given::new(entries, duplicates);
        with_seeds(|seed| build(&InStore(client), &given, seed))
    }
}

/// The sizes for parts with so many keys.
fn shape(keys: &[&mut [Hashed]]) -> Shape {
    let total: usize = keys.iter().map(|part| part.len()).sum();
    let most = keys.iter().map(|part| part.len()).max().unwrap_or_default();
    let parts = keys.len() as u64;
    let slots_for = |keys: u64, load: u64| keys.saturating_mul(1000).div_ceil(load).max(1);
    let average = (total as u64).div_ceil(parts);
    Shape {
        parts,
        slots: slots_for(average, LOAD).max(slots_for(most as u64, MAX_LOAD)),
        buckets: average.div_ceil(BUCKET_KEYS).max(1),
    }
}

/// Builds a map; `None` if no function was found with this seed.
fn build<K, V, Q, W, R>(
    room: &R,
    given: &Given<'_, K, V, Q, W>,
    seed: Seed,
) -> Result<Option<PerfectMap<K, V>>, R::Failure>
where
    K: MapKey,
    V: MapValue,
    Q: Borrow<K::Query> + Sync,
    W: Borrow<V::View> + Sync,
    R: Room,
{
    let len = given.len();
    let num_parts = len.div_ceil(PART_KEYS).max(1);
    let one_of = Shape { parts: num_parts as u64, slots: 1, buckets: 1 };
    let part_of = |hash| one_of.part(hash).0 as usize;
    let mut parts = partition(len, num_parts, |entry| mixed(given.hash(entry, seed)), part_of)?;
    let parts = each(parts.split(), |keys| settle(given, keys));
    let Some(parts) = first_fault(parts, |first, second| given.twice(first, second))? else { return Ok(None) };

    let shape = shape(&parts);
    let (num_buckets, num_slots) = shape.totals()?;
    let length: usize = parts.iter().map(|keys| keys.len()).sum();
    let mut pilots = room.make::<u8>(len, num_buckets as usize)?;
    pilots.slots().fill(0);
    let mut order = zeros::<u64>(len, num_slots as usize)?;
    let pilots_of = pilots.slots().chunks_mut(shape.buckets as usize);
    let places = parts.into_iter().zip(pilots_of).zip(order.chunks_mut(shape.slots as usize)).collect();
    let failed = AtomicBool::new(false);
    each(places, |((keys, pilots), order)| {
        // Once a part has failed, the others need not be searched.
        if failed.load(Ordering::Relaxed) || !search(&shape, keys, pilots) {
            failed.store(true, Ordering::Relaxed);
            return;
        }
        order.fill(NOTHING);
        for key in &*keys {
            let pilot = pilots[shape.bucket(shape.part(key.hash).1) as usize];
            order[shape.slot(key.hash, pilot) as usize] = key.entry;
        }
    });
    if failed.into_inner() {
        return Ok(None);
    }

    let mut moved = room.make::<u64>(len, order.len() - length)?;
    let (numbered, beyond) = order.split_at_mut(length);
    let mut gaps = numbered.iter_mut().zip(0..).filter(|(entry, _)| **entry == NOTHING);
    for (entry, number) in beyond.iter().zip(moved.slots()) {
        let gap = if *entry == NOTHING { None } else { gaps.next() };
        *number = gap.map_or(0, |(gap, at)| {
            *gap = *entry;
            at
        });
    }
    let (entries, texts) = write(room, given, numbered)?;
    Ok(Some(PerfectMap {
        length: length as u64,
        parts: shape.parts,
        slots: shape.slots,
        buckets: shape.buckets,
        seed: seed.offset,
        multiplier: seed.multiplier,
        pilots: pilots.finish()?,
        moved: moved.finish()?,
        entries: Entries::new(entries),
        texts,
    }))
}

/// Sorts the keys of a part by their hashes, and settles which are kept.
fn settle<'a, K, V, Q, W>(given: &Given<'_, K, V, Q, W>, keys: &'a mut [Hashed]) -> Result<&'a mut [Hashed], Fault>
where
    K: MapKey,
    V: MapValue,
    Q: Borrow<K::Query>,
    W: Borrow<V::View>,
{
    keys.sort_unstable_by_key(|key| (key.hash, key.entry));
    let (mut count, mut start) = (0, 0);
    let mut twice: Option<(u64, u64)> = None;
    for at in 0..keys.len() {
        let key = keys[at];
        if count > start && keys[start].hash != key.hash {
            start = count;
        }
        match given.settle(&mut keys[start..count], key) {
            // Another key with the same hash: no function of hashes tells them apart.
            Ok(true) if count > start => return Err(Fault::Collisions),
            Ok(true) => {
                keys[count] = key;
                count += 1;
            }
            Ok(false) => {}
            Err((first, second)) => twice = twice.min(Some((second, first))).or(Some((second, first))),
        }
    }
    match twice {
        Some((second, first)) => Err(Fault::Twice { first, second }),
        None => Ok(&mut keys[..count]),
    }
}

/// Entries, and the bytes of their texts if there are any.
type Written = (Array<Line>, Option<Array<u8>>);

/// Writes the entries in this order, and their texts.
fn write<K, V, Q, W, R>(room: &R, given: &Given<'_, K, V, Q, W>, order: &[u64]) -> Result<Written, R::Failure>
where
    K: MapKey,
    V: MapValue,
    Q: Borrow<K::Query> + Sync,
    W: Borrow<V::View> + Sync,
    R: Room,
{
    let chunk_texts = each(order.chunks(CHUNK).collect(), |order: &[u64]| {
        order.iter().map(|entry| given.text_bytes(*entry)).sum::<u64>()
    });
    let text_bytes: u64 = chunk_texts.iter().sum();
    let mut lines = room.make::<Line>(given.len(), Entries::<K, V>::lines_of(order.len().next_multiple_of(ROUND)))?;
    let mut texts = room.make::<u8>(given.len(), text_bytes as usize)?;
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(lines.slots());
    let (mut rest, mut start, mut places) = (texts.slots(), 0, Vec::with_capacity(chunk_texts.len()));
    let chunks = order.chunks(CHUNK).zip(bytes.chunks_mut(CHUNK.saturating_mul(Entries::<K, V>::STRIDE)));
    for ((order, bytes), len) in chunks.zip(chunk_texts) {
        places.push((order, bytes, start, take(&mut rest, len as usize)));
        start += len;
    }
    each(places, |(order, bytes, mut start, mut texts)| {
        bytes.fill(0);
        for (entry, bytes) in order.iter().zip(bytes.chunks_mut(Entries::<K, V>::STRIDE)) {
            texts = Entries::<K, V>::write(bytes, given.entry(*entry), &mut start, texts);
        }
    });
    let texts = if text_bytes > 0 { Some(texts.finish()?) } else { None };
    Ok((lines.finish()?, texts))
}
