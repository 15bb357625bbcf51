//! The state: all records and the indexes that must agree with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vineyard_core::{InstanceId, ObjectId, ServerError};

use super::backend::{Fields, Key, Log};
use super::edges::Edges;
use super::extent::Extent;
use super::publish::Changes;
use super::record::{Draft, KeyLists, Record};
use super::weight;
use crate::budget::{Share, Stay};
use crate::ids::IdGenerator;

/// The objects of one instance and their names.
///
/// Nothing blocks. Unless a method says otherwise, its cost depends on the objects named and their members, and only
/// logarithmically on how many objects there are.
///
/// ```
/// use vineyard_core::meta::MetaTree;
/// use vineyard_core::{InstanceId, ObjectId};
/// use vineyard_server::ids::IdGenerator;
/// use vineyard_server::meta::{Blobs, Tree};
///
/// struct NoBlobs;
/// impl Blobs for NoBlobs {
///     fn length(&self, _: ObjectId) -> Option<u64> {
///         None
///     }
/// }
///
/// let instance = InstanceId::from_raw(0);
/// let mut tree = Tree::new(instance);
/// let content: MetaTree = serde_json::from_str(r#"{"typename": "T", "instance_id": 0, "x": 1}"#)?;
/// let created = tree.create(&[content], &IdGenerator::new(instance), 1_700_000_000_000, &NoBlobs, true)?;
/// let view = tree.view(created.objects[0].id, &NoBlobs).ok_or("just created")?;
/// assert_eq!(serde_json::to_value(view)?["x"], 1);
/// assert_eq!(tree.delete(&[created.objects[0].id], false, true).objects, [created.objects[0].id]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tree {
    pub(super) instance: InstanceId,
    pub(super) records: BTreeMap<ObjectId, Box<Record>>,
    pub(super) by_type: BTreeMap<Arc<str>, BTreeSet<ObjectId>>,
    pub(super) edges: Edges,
    pub(super) key_lists: KeyLists,
    /// Names are given by clients and survive their object.
    pub(super) names: BTreeMap<String, ObjectId>,
    /// Published fields of what is no object yet, or none any more.
    pub(super) strays: BTreeMap<ObjectId, Fields>,
    pub(super) log: Log,
    /// About how much memory the records and the typenames take.
    pub(super) weight: u64,
    /// The same of the names.
    pub(super) names_weight: u64,
    /// Of what the server may keep.
    pub(super) share: Share,
}

impl Tree {
    /// No objects, no names, and no bound for them.
    pub fn new(instance: InstanceId) -> Self {
        Self::within(instance, Share::unbounded())
    }

    /// As [`new`](Self::new); what it comes to hold is taken from a budget. What others have published is taken from it
    /// as well, but never refused.
    pub(crate) fn within(instance: InstanceId, share: Share) -> Self {
        Self {
            instance,
            records: BTreeMap::new(),
            by_type: BTreeMap::new(),
            edges: Edges::new(instance),
            key_lists: KeyLists::default(),
            names: BTreeMap::new(),
            strays: BTreeMap::new(),
            log: Log::default(),
            weight: 0,
            names_weight: 0,
            share,
        }
    }

    /// Whether there is such an object. Blobs are not objects.
    pub fn contains(&self, id: ObjectId) -> bool {
        self.records.contains_key(&id)
    }

    /// On which instance an object lives, and whether it is global.
    pub fn place(&self, id: ObjectId) -> Option<(InstanceId, bool)> {
        self.record(id).map(|record| (record.instance, record.global))
    }

    /// How many objects there are.
    pub fn num_objects(&self) -> usize {
        self.records.len()
    }

    /// Takes room for what is about to be added.
    ///
    /// # Errors
    ///
    /// Code 41 if there is none.
    pub(super) fn take_room(&mut self, bytes: u64) -> Result<(), ServerError> {
        self.share.take(bytes, Stay::Stored)
    }

    /// Holds as much of the budget as there is to hold now.
    pub(super) fn settle(&mut self) {
        self.share.settle(self.objects_weight().saturating_add(self.names_weight));
    }

    /// About how much memory the objects take, with what they share.
    pub(super) fn objects_weight(&self) -> u64 {
        self.weight.saturating_add(self.key_lists.weight())
    }

    /// What the names take, counted anew. O(names).
    pub fn names_bytes(&self) -> u64 {
        self.names.keys().map(|name| weight::of_name(name)).fold(0, u64::saturating_add)
    }

    /// How many names there are.
    pub fn num_names(&self) -> usize {
        self.names.len()
    }

    /// At most `most` blobs of this instance that objects link to, in the order of their ids, behind `after`. Whether
    /// they are there is not looked at.
    pub fn linked_blobs(&self, after: ObjectId, most: usize) -> Vec<ObjectId> {
        std::iter::successors(self.edges.next_blob(after), |last| self.edges.next_blob(*last)).take(most).collect()
    }

    /// The blobs of this instance below an object; none if it does not exist. Cost grows with the tree.
    pub fn blobs_below(&self, id: ObjectId) -> Vec<ObjectId> {
        let (mut found, mut seen, mut ahead) = (Vec::new(), BTreeSet::new(), vec![id]);
        while let Some(id) = ahead.pop() {
            let Some(record) = self.record(id).filter(|_| seen.insert(id)) else { continue };
            for member in record.links().filter_map(|link| self.edges.member(link)) {
                if member.is_blob() { &mut found } else { &mut ahead }.push(member);
            }
        }
        found
    }

    pub(super) fn record(&self, id: ObjectId) -> Option<&Record> {
        self.records.get(&id).map(|record| &**record)
    }

    /// An id that no client has taken: members come with ids of their own, which may be those of tomorrow. `reserved`
    /// says which ids are about to be taken.
    pub(super) fn fresh_id(&self, ids: &IdGenerator, reserved: impl Fn(ObjectId) -> bool) -> ObjectId {
        loop {
            let id = ids.object();
            let is_linked_to = self.edges.parents(id, None).next().is_some();
            if !is_linked_to && !self.contains(id) && !reserved(id) {
                return id;
            }
        }
    }

    /// Measures a draft with the members that it has now. Those that are gone count for nothing.
    pub(super) fn expand(&self, draft: &Draft) -> Extent {
        let links = draft.fields.iter().filter_map(|(_, field)| field.link());
        let members = links.filter_map(|link| self.record(self.edges.member(link)?));
        members.fold(draft.own, |mut whole, member| {
            whole.include(member.whole);
            whole
        })
    }

    /// Stores an object; the id must be free.
    pub(super) fn insert(&mut self, id: ObjectId, draft: Draft) {
        let typename = match self.by_type.get_key_value(draft.typename.as_str()) {
            Some((known, _)) => Arc::clone(known),
            None => {
                self.weight = self.weight.saturating_add(weight::of_key(&draft.typename));
                draft.typename.as_str().into()
            }
        };
        let record = Record::new(draft, Arc::clone(&typename), &mut self.key_lists);
        self.weight = self.weight.saturating_add(record.weight());
        self.by_type.entry(typename).or_default().insert(id);
        self.edges.connect(id, &record);
        self.records.insert(id, Box::new(record));
    }

    /// Takes an object out of every index but that of signatures.
    pub(super) fn unlink(&mut self, id: ObjectId) -> Option<Box<Record>> {
        let record = self.records.remove(&id)?;
        self.weight = self.weight.saturating_sub(record.weight());
        self.edges.disconnect(id, &record);
        if let Some(ids) = self.by_type.get_mut(&record.typename) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_type.remove(&record.typename);
                self.weight = self.weight.saturating_sub(weight::of_key(&record.typename));
            }
        }
        Some(record)
    }

    /// Removes an object from every index.
    pub(super) fn remove(&mut self, id: ObjectId, changes: &mut Changes) -> bool {
        let Some(record) = self.unlink(id) else {
            let stray = self.strays.remove(&id).is_some();
            if stray {
                changes.delete(Key::Object(id));
            }
            return stray;
        };
        if !record.transient {
            changes.delete(Key::Object(id));
        }
        if let Some((signature, true)) = self.edges.withdraw(id, &record, false) {
            changes.delete(Key::Signature(signature, record.instance));
        }
        record.release(&mut self.key_lists);
        true
    }
}
