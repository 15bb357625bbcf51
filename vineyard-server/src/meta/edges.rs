//! Who uses whom. Kept exactly as the links of the stored records say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use vineyard_core::{InstanceId, ObjectId, Signature};

use super::is_everlasting;
use super::record::{Link, Record};

/// The links of all records, seen from the member.
#[derive(Debug)]
pub(super) struct Edges {
    instance: InstanceId,
    /// (member, parent): links to objects, and to blobs of this instance.
    by_id: BTreeSet<(ObjectId, ObjectId)>,
    /// (signature of the member, parent): links of global objects.
    by_signature: BTreeSet<(Signature, ObjectId)>,
    /// Which object carries a signature on an instance. Written for the members of global objects, and for what is
    /// published.
    holders: BTreeMap<(Signature, InstanceId), Claim>,
}

/// An object carries a signature.
#[derive(Debug, Clone, Copy)]
struct Claim {
    id: ObjectId,
    published: bool,
}

impl Edges {
    pub fn new(instance: InstanceId) -> Self {
        Self { instance, by_id: BTreeSet::new(), by_signature: BTreeSet::new(), holders: BTreeMap::new() }
    }

    /// Enters the links of a record.
    pub fn connect(&mut self, parent: ObjectId, record: &Record) {
        for link in record.links() {
            if let Some(member) = self.edge(link) {
                self.by_id.insert((member, parent));
            } else if let Link::Signature(signature) = link {
                self.by_signature.insert((signature, parent));
            }
        }
    }

    /// Removes the links of a record.
    pub fn disconnect(&mut self, id: ObjectId, record: &Record) {
        for link in record.links() {
            if let Some(member) = self.edge(link) {
                self.by_id.remove(&(member, id));
            } else if let Link::Signature(signature) = link {
                self.by_signature.remove(&(signature, id));
            }
        }
    }

    /// The member that a link ties by its id. Blobs elsewhere are not ours to free, and their ids may repeat ours.
    fn edge(&self, link: Link) -> Option<ObjectId> {
        match link {
            Link::Object(id) => Some(id),
            Link::Blob(id) => (!is_everlasting(id)).then_some(id),
            Link::Signature(_) | Link::RemoteBlob => None,
        }
    }

    /// The object or local blob that a link leads to now.
    pub fn member(&self, link: Link) -> Option<ObjectId> {
        match link {
            Link::Signature(signature) => self.resolve(signature),
            direct => self.edge(direct),
        }
    }

    /// Who carries a signature: on this instance if there is one, else on any.
    pub fn resolve(&self, signature: Signature) -> Option<ObjectId> {
        let here = self.holder(signature, self.instance);
        here.or_else(|| self.copies(signature).next())
    }

    /// Everybody who carries a signature.
    fn copies(&self, signature: Signature) -> impl Iterator<Item = ObjectId> {
        let first = (signature, InstanceId::from_raw(u64::MIN));
        let last = (signature, InstanceId::from_raw(u64::MAX));
        self.holders.range(first..=last).map(|(_, claim)| claim.id)
    }

    /// Who carries a signature on one instance.
    pub fn holder(&self, signature: Signature, instance: InstanceId) -> Option<ObjectId> {
        self.holders.get(&(signature, instance)).map(|claim| claim.id)
    }

    /// Records that an object carries a signature. The first one keeps it: links to it must not change their meaning.
    pub fn hold(&mut self, signature: Signature, instance: InstanceId, id: ObjectId) {
        self.holders.entry((signature, instance)).or_insert(Claim { id, published: false });
    }

    /// Records that an object carries its signature, for everybody to see. Gives the signature if that is news; another
    /// object that has it keeps it.
    pub fn publish(&mut self, id: ObjectId, record: &Record) -> Option<Signature> {
        let signature = record.signature?;
        let unseen = Claim { id, published: false };
        let claim = self.holders.entry((signature, record.instance)).or_insert(unseen);
        let news = claim.id == id && !claim.published;
        claim.published |= news;
        news.then_some(signature)
    }

    /// Sets who carries a signature, as others have published it.
    pub fn set_published(&mut self, signature: Signature, instance: InstanceId, id: ObjectId) {
        self.holders.insert((signature, instance), Claim { id, published: true });
    }

    /// Takes back what others have published.
    pub fn remove_published(&mut self, signature: Signature, instance: InstanceId) {
        let key = (signature, instance);
        if self.holders.get(&key).is_some_and(|claim| claim.published) {
            self.holders.remove(&key);
        }
    }

    /// Takes the signature back from an object that carries it, and says whether that had been published. What is
    /// published stays if `keep_published`.
    pub fn withdraw(&mut self, id: ObjectId, record: &Record, keep_published: bool) -> Option<(Signature, bool)> {
        let signature = self.held_by(id, Some(record))?;
        let key = (signature, record.instance);
        let published = self.holders.get(&key)?.published;
        if published && keep_published {
            return None;
        }
        self.holders.remove(&key);
        Some((signature, published))
    }

    /// Everybody who carries a signature for all to see.
    pub fn published(&self) -> impl Iterator<Item = (Signature, InstanceId, ObjectId)> {
        let published = self.holders.iter().filter(|(_, claim)| claim.published);
        published.map(|((signature, instance), claim)| (*signature, *instance, claim.id))
    }

    /// The signature that links may find an object by.
    fn held_by(&self, id: ObjectId, record: Option<&Record>) -> Option<Signature> {
        let record = record?;
        let signature = record.signature?;
        (self.holder(signature, record.instance) == Some(id)).then_some(signature)
    }

    /// Everything that uses an object or blob.
    pub fn parents(&self, id: ObjectId, record: Option<&Record>) -> impl Iterator<Item = ObjectId> {
        let by_id = pairs(&self.by_id, id);
        let by_signature = self.held_by(id, record).map(|signature| pairs(&self.by_signature, signature));
        by_id.chain(by_signature.into_iter().flatten())
    }

    /// Whether nothing needs an object or blob: nothing uses it, or another instance has its equal.
    pub fn is_deletable(&self, id: ObjectId, record: Option<&Record>) -> bool {
        let spare = || self.held_by(id, record).is_some_and(|signature| self.copies(signature).nth(1).is_some());
        self.parents(id, record).next().is_none() || spare()
    }

    /// The blobs of this instance that are used, in the order of their ids.
    pub fn blobs(&self) -> Vec<ObjectId> {
        // Ids of blobs are greater than those of objects.
        let used = self.by_id.range((ObjectId::EMPTY_BLOB, ObjectId::from_raw(u64::MIN))..);
        let mut blobs: Vec<ObjectId> = used.map(|(member, _)| *member).collect();
        blobs.dedup();
        blobs
    }

    /// The first blob of this instance behind an id that is used.
    pub fn next_blob(&self, after: ObjectId) -> Option<ObjectId> {
        // Ids of blobs are greater than those of objects.
        let last = (after.max(ObjectId::EMPTY_BLOB), ObjectId::from_raw(u64::MAX));
        self.by_id.range((Bound::Excluded(last), Bound::Unbounded)).next().map(|(member, _)| *member)
    }

    /// All pairs of member and parent tied by id, for comparing with what the records say.
    #[cfg(test)]
    pub fn all_by_id(&self) -> &BTreeSet<(ObjectId, ObjectId)> {
        &self.by_id
    }

    /// All pairs of member and parent tied by signature.
    #[cfg(test)]
    pub fn all_by_signature(&self) -> &BTreeSet<(Signature, ObjectId)> {
        &self.by_signature
    }

    /// All claims to signatures that are not published.
    #[cfg(test)]
    pub fn unpublished(&self) -> impl Iterator<Item = (Signature, InstanceId, ObjectId)> {
        let unpublished = self.holders.iter().filter(|(_, claim)| !claim.published);
        unpublished.map(|((signature, instance), claim)| (*signature, *instance, claim.id))
    }
}

/// The second halves of all pairs that begin with `first`.
fn pairs<K: Ord + Copy>(set: &BTreeSet<(K, ObjectId)>, first: K) -> impl Iterator<Item = ObjectId> {
    let least = (first, ObjectId::from_raw(u64::MIN));
    let greatest = (first, ObjectId::from_raw(u64::MAX));
    set.range(least..=greatest).map(|(_, second)| *second)
}
