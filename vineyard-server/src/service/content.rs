//! The trees of a reply, written straight from the records: copying them out would take longer.
//!
//! They are written in pages, between which others get their turn at the metadata. A reply of several pages is thus no
//! snapshot: what is created or deleted meanwhile may be in it or not, but no tree is half of one and half of another.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use vineyard_core::{InstanceId, ObjectId};

use crate::meta::BlobView;
use crate::pattern::Pattern;
use crate::session::Session;
use crate::turn::STEP;

/// Trees that are written before others get their turn.
const PAGE: usize = 128;

/// The typename of blobs, which have no record in the tree.
const BLOB_TYPENAME: &str = "vineyard::Blob";

/// A JSON object of trees by id, or null if there is none.
enum Writer<S: Serializer> {
    Empty(S),
    Begun(S::SerializeMap),
}

impl<S: Serializer> Writer<S> {
    fn entry(self, id: ObjectId, view: &impl Serialize) -> Result<Self, S::Error> {
        struct Key(ObjectId);
        impl Serialize for Key {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                vineyard_core::id::text::serialize(&self.0, serializer)
            }
        }
        let mut map = match self {
            Self::Empty(serializer) => serializer.serialize_map(None)?,
            Self::Begun(map) => map,
        };
        map.serialize_entry(&Key(id), view)?;
        Ok(Self::Begun(map))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty(serializer) => serializer.serialize_none(),
            Self::Begun(map) => map.end(),
        }
    }
}

/// The trees of those of some objects and blobs that are there.
pub(super) struct Named<'a> {
    pub(super) session: &'a Session,
    pub(super) instance: InstanceId,
    /// Each of them once.
    pub(super) ids: &'a [ObjectId],
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { session, instance, ids } = *self;
        let mut writer = Writer::Empty(serializer);
        for page in ids.chunks(PAGE) {
            let tree = session.tree();
            for &id in page {
                if id.is_blob() {
                    let length = session.blobs().sealed_length(id);
                    if let Some(length) = length {
                        writer = writer.entry(id, &BlobView { id, instance, length })?;
                    }
                } else if let Some(view) = tree.view(id, session) {
                    writer = writer.entry(id, &view)?;
                }
            }
        }
        writer.end()
    }
}

/// The trees of the objects whose typename matches, then blobs if they match and the limit allows.
pub(super) struct Matching<'a> {
    pub(super) session: &'a Session,
    pub(super) instance: InstanceId,
    /// A glob or an expression.
    pub(super) pattern: &'a Pattern,
    /// Whether blobs match: for them, the pattern is a glob in any case.
    pub(super) blobs_too: bool,
    /// Where the list begins.
    pub(super) after: Option<ObjectId>,
    /// How many there may be.
    pub(super) limit: usize,
}

/// Whether a glob matches blobs.
pub(super) fn matches_blobs(glob: &str) -> bool {
    Pattern::new(glob, false).matches(BLOB_TYPENAME)
}

impl Serialize for Matching<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut writer = Writer::Empty(serializer);
        let (mut after, mut room) = (self.after, self.limit);
        loop {
            let (before, wanted) = (room, room.min(PAGE));
            let tree = self.session.tree();
            for (id, view) in tree.list(self.pattern, after, wanted, self.session) {
                writer = writer.entry(id, &view)?;
                (after, room) = (Some(id), room.saturating_sub(1));
            }
            if before.saturating_sub(room) < PAGE {
                break;
            }
        }
        let mut after = None;
        while self.blobs_too && room > 0 {
            // Taken out first: they are written without the lock.
            let (blobs, last) = self.session.blobs().sealed(after, STEP);
            for (id, length) in blobs.into_iter().take(room) {
                writer = writer.entry(id, &BlobView { id, instance: self.instance, length })?;
                room = room.saturating_sub(1);
            }
            if last.is_none() {
                break;
            }
            after = last;
        }
        writer.end()
    }
}
