//! The table of a map: entries in the order of their homes, each as near to its own as those before have left room.

use std::borrow::Borrow;

use bytemuck::Zeroable;

use super::{Fault, Given, Hashed, Room, Slab, each, first_fault, partition, take};
use crate::hashmap::entry::{Entries, Line, ROUND};
use crate::hashmap::group::{EMPTY, WIDTH};
use crate::hashmap::map::{MAX_PROBES, home, tag};
use crate::hashmap::{MapKey, MapValue, Seed, SharedMap};

/// Homes of a part, if there are not too many parts: what belongs there fits the cache of a processor.
const PART_BITS: u32 = 14;
/// More parts than this are too many places to write to at a time.
const MAX_PARTS_BITS: u32 = 12;
/// Of 16 homes, so many have a key on average, at most.
const LOAD: usize = 14;

/// The entries of a part that are kept, in the order of their homes.
struct Part<'a> {
    first: u64,
    kept: &'a mut [Hashed],
    /// The slot after the last one that is taken, if nothing of the parts before reaches into this one.
    end: u64,
    texts: u64,
}

/// Where a part lies in the payloads.
struct Place<'a> {
    part: Part<'a>,
    /// The first slot that is not taken by the parts before.
    slot: u64,
    control: &'a mut [u8],
    entries: &'a mut [u8],
    text: u64,
    texts: &'a mut [u8],
}

/// How many homes there are for so many keys: a power of two.
fn homes(len: usize) -> u64 {
    (len as u64).saturating_mul(16).div_ceil(LOAD as u64).next_power_of_two().max(WIDTH as u64)
}

/// Builds a map; `None` if its keys collide too much with this seed.
pub(super) fn build<K, V, Q, W, R>(
    room: &R,
    given: &Given<'_, K, V, Q, W>,
    seed: Seed,
) -> Result<Option<SharedMap<K, V>>, R::Failure>
where
    K: MapKey,
    V: MapValue,
    Q: Borrow<K::Query> + Sync,
    W: Borrow<V::View> + Sync,
    R: Room,
{
    let (len, homes) = (given.len(), homes(given.len()));
    let shift = homes.ilog2().saturating_sub(MAX_PARTS_BITS).max(PART_BITS).min(homes.ilog2());
    let part_of = |hash| home(hash, homes) >> shift;
    let mut parts = partition(len, (homes >> shift) as usize, |entry| given.hash(entry, seed), part_of)?;
    let numbered = parts.split().into_iter().zip(0..).collect();
    let arranged = each(numbered, |(hashed, number): (_, u64)| arrange(given, hashed, number << shift, homes, shift));
    let Some(arranged) = first_fault(arranged, |first, second| given.twice(first, second))? else { return Ok(None) };

    let mut ends = Vec::with_capacity(arranged.len());
    let (mut end, mut length, mut text_bytes) = (0u64, 0u64, 0u64);
    for part in &arranged {
        let count = part.kept.len() as u64;
        if count > 0 {
            end = part.end.max(end + count);
        }
        length += count;
        text_bytes += part.texts;
        ends.push(end);
    }
    let slots = end.max(homes).next_multiple_of(ROUND as u64) as usize;
    let mut control = room.make::<u8>(len, slots + WIDTH)?;
    let mut entries = room.make::<Line>(len, Entries::<K, V>::lines_of(slots))?;
    let mut texts = room.make::<u8>(len, text_bytes as usize)?;
    let (mut rest, mut bytes, mut text) = (control.slots(), bytemuck::cast_slice_mut(entries.slots()), texts.slots());
    let (mut slot, mut start, mut places) = (0, 0, Vec::with_capacity(arranged.len()));
    let mut coming = arranged.into_iter().zip(ends).peekable();
    while let Some((part, end)) = coming.next() {
        // The slots up to where the next part goes, the last part has all that are left.
        let until = coming.peek().map_or((slots + WIDTH) as u64, |(next, _)| next.first.max(end));
        let taken = (until - slot) as usize;
        let (text_start, text_len) = (start, part.texts as usize);
        start += part.texts;
        places.push(Place {
            part,
            slot,
            control: take(&mut rest, taken),
            entries: take(&mut bytes, taken.saturating_mul(Entries::<K, V>::STRIDE)),
            text: text_start,
            texts: take(&mut text, text_len),
        });
        slot = until;
    }
    let farthest = each(places, |place| write(given, place, homes)).into_iter().max().unwrap_or_default();
    let probes = farthest / WIDTH as u64 + 1;
    if probes > MAX_PROBES {
        return Ok(None);
    }
    Ok(Some(SharedMap {
        length,
        homes,
        probes,
        seed: seed.offset,
        multiplier: seed.multiplier,
        control: control.finish()?,
        entries: Entries::new(entries.finish()?),
        texts: if text_bytes > 0 { Some(texts.finish()?) } else { None },
    }))
}

/// Sorts the entries of a part by their homes, those of one home in the order given, and settles which are kept.
fn arrange<'a, K, V, Q, W>(
    given: &Given<'_, K, V, Q, W>,
    hashed: &'a mut [Hashed],
    first: u64,
    homes: u64,
    shift: u32,
) -> Result<Part<'a>, Fault>
where
    K: MapKey,
    V: MapValue,
    Q: Borrow<K::Query>,
    W: Borrow<V::View>,
{
    let place = |one: &Hashed| home(one.hash, homes) - first as usize;
    let mut ends = vec![0usize; 1 << shift];
    hashed.iter().for_each(|one| ends[place(one)] += 1);
    let mut start = 0;
    for end in &mut ends {
        (*end, start) = (start, start + *end);
    }
    let mut sorted = vec![Hashed::zeroed(); hashed.len()];
    for one in &*hashed {
        let end = &mut ends[place(one)];
        sorted[*end] = *one;
        *end += 1;
    }
    let (mut count, mut end, mut texts, mut start) = (0, 0, 0, 0);
    let mut twice: Option<(u64, u64)> = None;
    for (home, run) in (first..).zip(ends) {
        let run_start = count;
        for one in &sorted[start..run] {
            match given.settle(&mut hashed[run_start..count], *one) {
                Ok(true) => {
                    hashed[count] = *one;
                    count += 1;
                    end = end.max(home) + 1;
                }
                Ok(false) => {}
                Err((first, second)) => twice = twice.min(Some((second, first))).or(Some((second, first))),
            }
            if (count - run_start) as u64 > MAX_PROBES * WIDTH as u64 {
                return Err(Fault::Collisions);
            }
        }
        start = run;
    }
    if let Some((second, first)) = twice {
        return Err(Fault::Twice { first, second });
    }
    let kept = &mut hashed[..count];
    kept.iter().for_each(|one| texts += given.text_bytes(one.entry));
    Ok(Part { first, kept, end, texts })
}

/// Writes the slots of a part. How far from its home the farthest entry is.
fn write<K, V, Q, W>(given: &Given<'_, K, V, Q, W>, place: Place<'_>, homes: u64) -> u64
where
    K: MapKey,
    V: MapValue,
    Q: Borrow<K::Query>,
    W: Borrow<V::View>,
{
    let Place { part, slot: first, control, entries, mut text, mut texts } = place;
    control.fill(EMPTY);
    entries.fill(0);
    let (mut slot, mut farthest) = (first, 0);
    for one in &*part.kept {
        let home = home(one.hash, homes) as u64;
        slot = slot.max(home);
        farthest = farthest.max(slot - home);
        let at = (slot - first) as usize;
        control[at] = tag(one.hash);
        let entry = &mut entries[at * Entries::<K, V>::STRIDE..];
        texts = Entries::<K, V>::write(entry, given.entry(one.entry), &mut text, texts);
        slot += 1;
    }
    farthest
}
