//! Listing objects by typename.

use std::collections::{BTreeMap, btree_map, btree_set};
use std::ops::Bound;

use vineyard_core::ObjectId;

use super::Blobs;
use super::record::Record;
use super::tree::Tree;
use super::view::View;
use crate::pattern::Pattern;

impl Tree {
    /// At most `limit` objects whose typename matches and whose ids come `after` an id, in order of their ids; from the
    /// first on, if there is none. The last id of a page is the `after` of the next one. What cannot be read is left
    /// out. Lengths of blobs are as in [`view`](Self::view).
    ///
    /// Looks at every typename that begins as the pattern does, but only at as many objects as are taken, wherever
    /// the page begins.
    pub fn list<'a>(
        &'a self,
        pattern: &Pattern,
        after: Option<ObjectId>,
        limit: usize,
        blobs: &'a dyn Blobs,
    ) -> impl Iterator<Item = (ObjectId, View<'a>)> + use<'a> {
        self.ids_of(pattern, after).filter_map(move |id| Some((id, self.view(id, blobs)?))).take(limit)
    }

    fn ids_of(&self, pattern: &Pattern, after: Option<ObjectId>) -> Ids<'_> {
        let prefix = pattern.prefix();
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let candidates = self.by_type.range::<str, _>(from).take_while(|(typename, _)| typename.starts_with(prefix));
        let matching: Vec<_> = candidates.filter(|(name, _)| pattern.matches(name)).map(|(_, ids)| ids).collect();
        let page = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        if matching.len() == self.by_type.len() {
            return Ids::All(self.records.range(page));
        }
        let mut heads = BTreeMap::new();
        for ids in matching {
            let mut rest = ids.range(page);
            if let Some(id) = rest.next() {
                heads.insert(*id, rest);
            }
        }
        Ids::Merged(heads)
    }
}

/// Ids in ascending order.
enum Ids<'a> {
    /// Every object.
    All(btree_map::Range<'a, ObjectId, Box<Record>>),
    /// Those of several types: what is left of each, by its next id. An object has one type, so no two are equal.
    Merged(BTreeMap<ObjectId, btree_set::Range<'a, ObjectId>>),
}

impl Iterator for Ids<'_> {
    type Item = ObjectId;

    fn next(&mut self) -> Option<ObjectId> {
        match self {
            Self::All(ids) => ids.next().map(|(id, _)| *id),
            Self::Merged(heads) => {
                let (id, mut rest) = heads.pop_first()?;
                if let Some(next) = rest.next() {
                    heads.insert(*next, rest);
                }
                Some(id)
            }
        }
    }
}
