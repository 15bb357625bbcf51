//! The search for the pilots of one part.

use std::collections::BinaryHeap;

use super::function::Shape;
use crate::hashmap::build::Hashed;

/// A slot that is nobody's.
const FREE: u32 = u32::MAX;
/// Buckets that were placed last, which are not pushed aside.
const RECENT: usize = 16;
/// A bucket with more keys than this is not searched for: hashes that are random make none.
const MAX_KEYS: u32 = 64;
/// Buckets are pushed aside so often, for each bucket, before the search is given up.
const PATIENCE: usize = 16;

/// Slots and buckets of a part while pilots are searched.
struct Search<'a> {
    shape: &'a Shape,
    keys: &'a [Hashed],
    /// Where the keys of each bucket start, and where the last ones end.
    starts: Vec<u32>,
    pilots: &'a mut [u8],
    /// The bucket that has each slot.
    owners: Vec<u32>,
    recent: [u32; RECENT],
}

/// Chooses the pilots of the buckets of a part, whose keys are in the order of their hashes, all different. Whether there
/// are such pilots, as far as was searched.
///
/// Buckets with many keys go first. One for which no pilot is free pushes others aside, those with the fewest keys.
pub(super) fn search(shape: &Shape, keys: &[Hashed], pilots: &mut [u8]) -> bool {
    let mut starts = vec![0u32; pilots.len() + 1];
    for key in keys {
        let count = &mut starts[shape.bucket(shape.part(key.hash).1) as usize + 1];
        *count += 1;
        if *count > MAX_KEYS {
            return false;
        }
    }
    let mut sum = 0;
    starts.iter_mut().for_each(|start| {
        sum += *start;
        *start = sum;
    });
    let owners = vec![FREE; shape.slots as usize];
    let mut search = Search { shape, keys, starts, pilots, owners, recent: [FREE; RECENT] };
    let mut order: Vec<u32> = (0..search.pilots.len() as u32).collect();
    order.sort_by_key(|bucket| std::cmp::Reverse(search.keys_of(*bucket).len()));
    let mut left = order.len().saturating_mul(PATIENCE);
    let mut waiting = BinaryHeap::new();
    for bucket in order {
        waiting.push((search.keys_of(bucket).len(), bucket));
        while let Some((_, bucket)) = waiting.pop() {
            let aside = search.place(bucket);
            let Some(aside) = aside.filter(|_| left > 0) else { return false };
            left -= aside.len().min(left);
            waiting.extend(aside.into_iter().map(|bucket| (search.keys_of(bucket).len(), bucket)));
        }
    }
    true
}

impl Search<'_> {
    fn keys_of(&self, bucket: u32) -> &[Hashed] {
        let bucket = bucket as usize;
        &self.keys[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }

    /// Gives a bucket the first pilot whose slots are free, or else the one that costs least. The buckets that were pushed
    /// aside; `None` if no pilot keeps the keys of the bucket apart.
    fn place(&mut self, bucket: u32) -> Option<Vec<u32>> {
        let keys = self.keys_of(bucket);
        let mut slots = Vec::with_capacity(keys.len());
        let mut best: Option<(usize, u8)> = None;
        // Each time from another one on, so that two buckets do not push each other aside for ever.
        let from = self.recent[0].wrapping_add(bucket).wrapping_mul(0x9e37_79b9) >> 24;
        for pilot in (0..=u8::MAX).map(|pilot| pilot.wrapping_add(from as u8)) {
            slots.clear();
            slots.extend(keys.iter().map(|key| self.shape.slot(key.hash, pilot) as usize));
            let cost = self.cost(&slots, best.map_or(usize::MAX, |(cost, _)| cost));
            if let Some(cost) = cost.filter(|_| apart(&slots)) {
                best = Some((cost, pilot));
                if cost == 0 {
                    break;
                }
            }
        }
        let (_, pilot) = best?;
        let slots: Vec<usize> = keys.iter().map(|key| self.shape.slot(key.hash, pilot) as usize).collect();
        let mut aside: Vec<u32> = slots.iter().map(|slot| self.owners[*slot]).filter(|owner| *owner != FREE).collect();
        aside.sort_unstable();
        aside.dedup();
        for owner in &aside {
            let pilot = self.pilots[*owner as usize];
            let taken: Vec<usize> =
                self.keys_of(*owner).iter().map(|key| self.shape.slot(key.hash, pilot) as usize).collect();
            taken.into_iter().for_each(|slot| self.owners[slot] = FREE);
        }
        slots.into_iter().for_each(|slot| self.owners[slot] = bucket);
        self.pilots[bucket as usize] = pilot;
        if !aside.is_empty() {
            self.recent.rotate_right(1);
            self.recent[0] = bucket;
        }
        Some(aside)
    }

    /// What it costs to push aside who has one of the slots: the squares of the numbers of keys. `None` if not below `limit`.
    fn cost(&self, slots: &[usize], limit: usize) -> Option<usize> {
        let mut cost = 0;
        for (at, slot) in slots.iter().enumerate() {
            let owner = self.owners[*slot];
            if owner == FREE || slots[..at].iter().any(|earlier| self.owners[*earlier] == owner) {
                continue;
            }
            if self.recent.contains(&owner) {
                return None;
            }
            cost += self.keys_of(owner).len().pow(2);
            if cost >= limit {
                return None;
            }
        }
        Some(cost)
    }
}

/// Whether no slot is there twice.
fn apart(slots: &[usize]) -> bool {
    slots.iter().enumerate().all(|(at, slot)| !slots[..at].contains(slot))
}
