//! Listing objects by typename.

use std::collections::{BTreeMap, btree_map, btree_set};
use std::ops::Bound;

use vineyard_core::ObjectId;

use super::tree::Tree;
use super::view::View;
use crate::pattern::Pattern;

impl Tree {
    /// At most `limit` objects whose typename matches, in order of their ids. What cannot be read is left out.
    ///
    /// Looks at every typename that begins as the pattern does, but only at as many objects as are taken.
    pub fn list<'a>(&'a self, pattern: &'a Pattern, limit: usize) -> impl Iterator<Item = (ObjectId, View<'a>)> + 'a {
        self.ids_of(pattern).filter_map(|id| Some((id, self.view(id)?))).take(limit)
    }

    fn ids_of(&self, pattern: &Pattern) -> Ids<'_> {
        let prefix = pattern.prefix();
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let candidates = self.by_type.range::<str, _>(from).take_while(|(typename, _)| typename.starts_with(prefix));
        let matching: Vec<_> = candidates.filter(|(name, _)| pattern.matches(name)).map(|(_, ids)| ids).collect();
        if matching.len() == self.by_type.len() {
            return Ids::All(self.records.keys());
        }
        let mut heads = BTreeMap::new();
        for ids in matching {
            let mut rest = ids.iter();
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
    All(btree_map::Keys<'a, ObjectId, Box<super::record::Record>>),
    /// Those of several types: what is left of each, by its next id. An object has one type, so no two are equal.
    Merged(BTreeMap<ObjectId, btree_set::Iter<'a, ObjectId>>),
}

impl Iterator for Ids<'_> {
    type Item = ObjectId;

    fn next(&mut self) -> Option<ObjectId> {
        match self {
            Self::All(ids) => ids.next().copied(),
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
