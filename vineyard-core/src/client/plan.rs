//! What a put consists of, worked out before anything is sent.

use std::collections::{HashMap, HashSet};

use crate::blob::{Blob, Part, StoreId};
use crate::error::{BuildError, BuildReason};
use crate::id::{InstanceId, ObjectId};
use crate::meta::{BLOB_TYPENAME, DraftField, DraftNode, MetaTree, ObjectMeta};
use crate::protocol::NEW_MEMBER;
use crate::protocol::native::NEW_BLOB;

/// The steps of one put: bytes to copy in, and nodes to create, members before those who hold them.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Blobs to copy into the store.
    pub(super) uploads: Vec<Blob>,
    /// Parts of blobs of the store that become blobs of their own there.
    pub(super) slices: Vec<Part>,
    /// Blobs of the store that are linked.
    pub(super) linked_blobs: Vec<ObjectId>,
    /// Objects of the store that are linked.
    pub(super) linked_objects: Vec<ObjectId>,
    /// Nodes to create, by level: the members of a node are on lower levels.
    pub(super) levels: Vec<Vec<Node>>,
}

/// One node to create.
#[derive(Debug)]
pub(super) struct Node {
    tree: MetaTree,
    slots: Vec<(String, Slot)>,
}

/// A member of a node whose id is not known yet, or not by value.
#[derive(Debug)]
enum Slot {
    Upload { index: usize, nbytes: u64 },
    Slice { index: usize, nbytes: u64 },
    Linked { id: ObjectId, nbytes: u64 },
    Object(ObjectId),
    Node { level: usize, index: usize },
}

/// What the new blobs of a plan go by, in the order of the plan.
#[derive(Debug, Default)]
pub(super) struct NewIds {
    pub(super) uploads: Vec<ObjectId>,
    pub(super) slices: Vec<ObjectId>,
    /// Uploads come with the objects, and go by their numbers.
    pub(super) inline: bool,
}

/// Where a plan is carried out, and what is known of it.
pub(super) struct Target<'a> {
    pub(super) store: StoreId,
    pub(super) instance: InstanceId,
    /// Blobs and objects that were found to be gone; they are copied instead of linked.
    pub(super) gone: &'a HashSet<ObjectId>,
    /// Whether parts of its blobs can be had without a copy.
    pub(super) slices: bool,
}

impl Plan {
    pub(super) fn new(draft: &DraftNode, target: &Target<'_>) -> Result<Self, BuildError> {
        let (copied, sliced) = Default::default();
        let mut planner = Planner { plan: Self::default(), target, copied, sliced };
        planner.node(draft)?;
        Ok(planner.plan)
    }

    /// Bytes that will be copied.
    pub(super) fn upload_bytes(&self) -> u64 {
        self.uploads.iter().map(|blob| blob.nbytes() as u64).fold(0, u64::saturating_add)
    }
}

struct Planner<'a> {
    plan: Plan,
    target: &'a Target<'a>,
    /// Uploads by address and length: bytes that are used twice are copied once.
    copied: HashMap<(usize, usize), usize>,
    /// Slices by what they are parts of.
    sliced: HashMap<Part, usize>,
}

impl Planner<'_> {
    /// Plans a node and everything below it; returns where it will be.
    fn node(&mut self, draft: &DraftNode) -> Result<(usize, usize), BuildError> {
        let mut tree = MetaTree::new();
        tree.set("typename", draft.typename().as_str());
        tree.set("instance_id", self.target.instance.as_raw());
        tree.set("transient", true);
        tree.set("global", draft.is_global());
        tree.set("nbytes", draft.nbytes());
        let mut slots = Vec::new();
        let mut level = 0;
        for (key, field) in draft.fields() {
            let slot = match field {
                DraftField::Value(value) => {
                    tree.set(key, value.clone());
                    continue;
                }
                DraftField::Payload(blob) => self.payload(blob),
                DraftField::Node(node) => self.member(node)?,
                DraftField::Link(meta) if self.is_linkable(meta) => {
                    self.plan.linked_objects.push(meta.id());
                    Slot::Object(meta.id())
                }
                DraftField::Link(meta) if meta.payloads().blobs.is_none() => {
                    let reason = BuildReason::NotHere { id: meta.id(), typename: meta.typename().to_owned() };
                    return Err(BuildError::from(reason).in_field(key));
                }
                DraftField::Link(meta) => {
                    let copy = DraftNode::from_meta(meta).map_err(|error| error.in_field(key))?;
                    self.member(&copy)?
                }
            };
            if let Slot::Node { level: below, .. } = slot {
                level = level.max(below.saturating_add(1));
            }
            slots.push((key.to_owned(), slot));
        }
        if self.plan.levels.len() <= level {
            self.plan.levels.resize_with(level.saturating_add(1), Vec::new);
        }
        let index = self.plan.levels.get_mut(level).map_or(0, |nodes| {
            nodes.push(Node { tree, slots });
            nodes.len().saturating_sub(1)
        });
        Ok((level, index))
    }

    fn member(&mut self, draft: &DraftNode) -> Result<Slot, BuildError> {
        self.node(draft).map(|(level, index)| Slot::Node { level, index })
    }

    fn payload(&mut self, blob: &Blob) -> Slot {
        let nbytes = blob.nbytes() as u64;
        if nbytes == 0 {
            return Slot::Linked { id: ObjectId::EMPTY_BLOB, nbytes };
        }
        match blob.part_in(self.target.store).filter(|part| !self.target.gone.contains(&part.id)) {
            Some(Part { id, is_whole: true, .. }) => {
                self.plan.linked_blobs.push(id);
                return Slot::Linked { id, nbytes };
            }
            Some(part) if self.target.slices => {
                let slices = &mut self.plan.slices;
                let index = *self.sliced.entry(part).or_insert_with(|| {
                    slices.push(part);
                    slices.len().saturating_sub(1)
                });
                return Slot::Slice { index, nbytes };
            }
            _ => {}
        }
        let uploads = &mut self.plan.uploads;
        let place = (blob.as_bytes().as_ptr().addr(), blob.nbytes());
        let index = *self.copied.entry(place).or_insert_with(|| {
            uploads.push(blob.clone());
            uploads.len().saturating_sub(1)
        });
        Slot::Upload { index, nbytes }
    }

    fn is_linkable(&self, meta: &ObjectMeta) -> bool {
        let stored = meta.id() != ObjectId::INVALID;
        stored && meta.store() == Some(self.target.store) && !self.target.gone.contains(&meta.id())
    }
}

impl Node {
    /// Whether it holds blobs that were there before.
    pub(super) fn holds_linked_blobs(&self) -> bool {
        self.slots.iter().any(|(_, slot)| matches!(slot, Slot::Linked { id, .. } if *id != ObjectId::EMPTY_BLOB))
    }

    /// The tree to send, now that the ids of new blobs are known and `member` names the nodes of lower levels, by level
    /// and place; `None` if one of them is not.
    pub(super) fn into_tree(
        self,
        instance: InstanceId,
        new: &NewIds,
        member: impl Fn(usize, usize) -> Option<MetaTree>,
    ) -> Option<MetaTree> {
        let mut tree = self.tree;
        for (key, slot) in self.slots {
            let below = match slot {
                Slot::Upload { index, .. } if new.inline => numbered_tree(NEW_BLOB, index),
                Slot::Upload { index, nbytes } => blob_tree(*new.uploads.get(index)?, nbytes, instance),
                Slot::Slice { index, nbytes } => blob_tree(*new.slices.get(index)?, nbytes, instance),
                Slot::Linked { id, nbytes } => blob_tree(id, nbytes, instance),
                Slot::Object(id) => object_tree(id),
                Slot::Node { level, index } => member(level, index)?,
            };
            tree.set_member(key, below);
        }
        Some(tree)
    }
}

/// A blob, described as clients do.
fn blob_tree(id: ObjectId, nbytes: u64, instance: InstanceId) -> MetaTree {
    let mut tree = MetaTree::new();
    tree.set("id", id.to_string());
    tree.set("typename", BLOB_TYPENAME);
    tree.set("instance_id", instance.as_raw());
    tree.set("length", nbytes);
    tree.set("nbytes", nbytes);
    tree.set("transient", true);
    tree
}

/// An object that exists already: nothing but its id.
pub(super) fn object_tree(id: ObjectId) -> MetaTree {
    let mut tree = MetaTree::new();
    tree.set("id", id.to_string());
    tree
}

/// An object that is made by the same request, so many places behind its first.
pub(super) fn new_tree(place: usize) -> MetaTree {
    numbered_tree(NEW_MEMBER, place)
}

fn numbered_tree(key: &str, number: usize) -> MetaTree {
    let mut tree = MetaTree::new();
    tree.set(key, number as u64);
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Key;
    use crate::typename::TypeName;

    const STORE: StoreId = StoreId::Connection(1);

    fn plan(draft: &DraftNode, gone: &[ObjectId]) -> Plan {
        let gone = gone.iter().copied().collect();
        let target = Target { store: STORE, instance: InstanceId::from_raw(3), gone: &gone, slices: true };
        Plan::new(draft, &target).expect("plans")
    }

    fn node(fields: impl IntoIterator<Item = (&'static str, DraftField)>) -> DraftNode {
        let mut node = DraftNode::new(TypeName::new("test::Node"));
        for (key, field) in fields {
            node.set(&Key::new(key), field).expect("a good key");
        }
        node
    }

    #[test]
    fn bytes_that_are_used_twice_are_copied_once() {
        let blob = Blob::from(vec![1u8; 100]);
        let inner = node([("x", DraftField::Payload(blob.clone()))]);
        let draft = node([("a", DraftField::Payload(blob)), ("b", DraftField::Node(inner))]);
        let plan = plan(&draft, &[]);
        assert_eq!((plan.uploads.len(), plan.upload_bytes()), (1, 100));
        assert_eq!(plan.levels.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn blobs_of_the_store_are_linked_unless_they_are_gone() {
        let id = ObjectId::from_raw(0x8000_0000_0000_0005);
        let region = crate::shm::Region::heap(vec![1u8; 8]);
        let ours = DraftField::Payload(Blob::stored(region.clone(), STORE, id));
        let theirs = DraftField::Payload(Blob::stored(region, StoreId::Connection(2), id));
        assert_eq!(plan(&node([("a", ours.clone())]), &[]).linked_blobs, [id]);
        assert_eq!(plan(&node([("a", ours)]), &[id]).uploads.len(), 1);
        assert_eq!(plan(&node([("a", theirs)]), &[]).uploads.len(), 1);
    }

    #[test]
    fn parts_of_blobs_of_the_store_become_slices_each_once() {
        let id = ObjectId::from_raw(0x8000_0000_0000_0005);
        let blob = Blob::stored(crate::shm::Region::heap(vec![1u8; 8]), STORE, id);
        let part = |range| DraftField::Payload(blob.slice(range).expect("inside"));
        let draft = node([("a", part(2..6)), ("b", part(2..6)), ("c", part(3..6)), ("d", part(0..8))]);
        let sliced = plan(&draft, &[]);
        let found: Vec<_> = sliced.slices.iter().map(|part| (part.id, part.offset, part.nbytes)).collect();
        assert_eq!((found, sliced.uploads.len()), (vec![(id, 2, 4), (id, 3, 3)], 0));
        assert_eq!(sliced.linked_blobs, [id], "the whole is linked");
        let copied = plan(&draft, &[id]);
        assert_eq!((copied.slices.len(), copied.uploads.len(), copied.linked_blobs.len()), (0, 3, 0));
        let new = NewIds { slices: vec![ObjectId::blob(3, 1), ObjectId::blob(3, 2)], ..NewIds::default() };
        let node = sliced.levels.into_iter().flatten().next().expect("one node");
        let tree = node.into_tree(InstanceId::from_raw(3), &new, |_, _| None).expect("complete");
        let member = |key| tree.member(key).and_then(|member| member.id());
        let expected = [new.slices[0], new.slices[0], new.slices[1], id].map(Some);
        assert_eq!([member("a"), member("b"), member("c"), member("d")], expected);
    }

    #[test]
    fn no_bytes_are_the_empty_blob() {
        let plan = plan(&node([("a", DraftField::Payload(Blob::empty()))]), &[]);
        assert!(plan.uploads.is_empty() && plan.linked_blobs.is_empty());
        let node = plan.levels.into_iter().flatten().next().expect("one node");
        let tree = node.into_tree(InstanceId::from_raw(3), &NewIds::default(), |_, _| None).expect("complete");
        assert_eq!(tree.member("a").and_then(|m| m.id()), Some(ObjectId::EMPTY_BLOB));
    }
}
