//! What was handed out, in the arena it lies in. Pure.

use vineyard_core::ObjectId;

/// Names an allocation; never reused, but for one in 2^32 whose place in the table is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllocationId {
    index: u32,
    generation: u32,
}

/// The blobs whose windows an allocation was made for.
#[derive(Debug, Clone)]
pub enum Tenants {
    /// One.
    One(ObjectId),
    /// Several, side by side.
    Many(Box<[ObjectId]>),
}

impl Tenants {
    /// How many.
    pub fn count(&self) -> usize {
        self.ids().len()
    }

    /// Which.
    pub fn ids(&self) -> &[ObjectId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }
}

/// A range of an arena, shared by the windows on it and freed with the last of them.
#[derive(Debug)]
pub(super) struct Allocation {
    pub(super) offset: u64,
    /// Bytes it occupies, as was asked for.
    pub(super) length: u64,
    /// Bytes it counts for: what clients asked for, without the gaps that alignment leaves.
    pub(super) charged: u64,
    pub(super) tenants: Tenants,
    pub(super) arena: usize,
    pub(super) windows: u32,
    /// Whether it lies among the small ones.
    pub(super) small: bool,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    /// Its neighbours in the list of its arena.
    before: u32,
    after: u32,
    allocation: Option<Allocation>,
}

/// Stands for no slot.
pub(super) const NONE: u32 = u32::MAX;

/// All allocations. Those of an arena are a list, of which the arena keeps the head. Taking and giving back is O(1).
#[derive(Debug, Default)]
pub(super) struct Allocations {
    slots: Vec<Slot>,
    vacant: Vec<u32>,
}

impl Allocations {
    /// Enters an allocation at the head of a list; `None` if there are too many.
    pub(super) fn insert(&mut self, allocation: Allocation, head: &mut u32) -> Option<AllocationId> {
        let index = match self.vacant.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.slots.len()).ok().filter(|index| *index != NONE)?;
                self.slots.push(Slot { generation: 0, before: NONE, after: NONE, allocation: None });
                index
            }
        };
        let after = std::mem::replace(head, index);
        if let Some(next) = self.slot(after) {
            next.before = index;
        }
        let slot = self.slot(index)?;
        (slot.before, slot.after, slot.allocation) = (NONE, after, Some(allocation));
        Some(AllocationId { index, generation: slot.generation })
    }

    /// Takes an allocation out of the list with this head.
    pub(super) fn remove(&mut self, id: AllocationId, head: &mut u32) -> Option<Allocation> {
        let slot = self.slot(id.index).filter(|slot| slot.generation == id.generation)?;
        let allocation = slot.allocation.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        let (before, after) = (slot.before, slot.after);
        match self.slot(before) {
            Some(previous) => previous.after = after,
            None => *head = after,
        }
        if let Some(next) = self.slot(after) {
            next.before = before;
        }
        self.vacant.push(id.index);
        Some(allocation)
    }

    /// An allocation that is there.
    pub(super) fn get_mut(&mut self, id: AllocationId) -> Option<&mut Allocation> {
        self.slot(id.index).filter(|slot| slot.generation == id.generation)?.allocation.as_mut()
    }

    /// The allocations of the list with this head.
    pub(super) fn list(&self, head: u32) -> impl Iterator<Item = (AllocationId, &Allocation)> + '_ {
        let mut next = head;
        std::iter::from_fn(move || {
            let index = next;
            let slot = self.slots.get(usize::try_from(index).ok()?)?;
            next = slot.after;
            Some((AllocationId { index, generation: slot.generation }, slot.allocation.as_ref()?))
        })
    }

    fn slot(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allocation(arena: usize, offset: u64) -> Allocation {
        let tenants = Tenants::One(ObjectId::blob(1, offset));
        Allocation { offset, length: 1, charged: 1, tenants, arena, windows: 1, small: true }
    }

    proptest! {
        #[test]
        fn each_arena_has_the_list_of_its_allocations(
            steps in prop::collection::vec((0usize..3, any::<prop::sample::Index>(), any::<bool>()), 0..200),
        ) {
            let (mut all, mut heads) = (Allocations::default(), [NONE; 3]);
            let mut model: [Vec<(AllocationId, u64)>; 3] = Default::default();
            let mut gone: Option<AllocationId> = None;
            for (number, (arena, which, add)) in steps.into_iter().enumerate() {
                let offset = number as u64;
                if add || model[arena].is_empty() {
                    let id = all.insert(allocation(arena, offset), &mut heads[arena]).expect("there is room");
                    prop_assert!(Some(id) != gone, "a name was given twice");
                    model[arena].push((id, offset));
                } else {
                    let (id, offset) = model[arena].swap_remove(which.index(model[arena].len()));
                    prop_assert_eq!(all.remove(id, &mut heads[arena]).map(|found| found.offset), Some(offset));
                    prop_assert!(all.remove(id, &mut heads[arena]).is_none() && all.get_mut(id).is_none());
                    gone = Some(id);
                }
                for (arena, known) in model.iter().enumerate() {
                    let mut listed: Vec<_> = all.list(heads[arena]).map(|(id, found)| (id, found.offset)).collect();
                    let mut known = known.clone();
                    listed.sort_by_key(|(_, offset)| *offset);
                    known.sort_by_key(|(_, offset)| *offset);
                    prop_assert_eq!(listed, known);
                }
            }
        }
    }
}
