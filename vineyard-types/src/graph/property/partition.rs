//! Which fragment each vertex is in.

use std::borrow::Borrow;
use std::fmt;

use serde_json::{Value, json};
use vineyard_core::MetaValue;

use super::OutsideId;

/// Which fragment each vertex is an inner vertex of.
pub enum Partition<O: OutsideId> {
    /// By the hash of its id, times the number of fragments, over 2^64. The hash of an integer is the finaliser of
    /// SplitMix64 of its bits, extended with zeros; that of a text is XXH3 of its UTF-8, of 64 bits.
    Hash,
    /// By its id: for each label, ids of which a vertex of the next fragment has the first or a greater one. A label
    /// without vertices may have fewer.
    Range(Vec<Vec<O::Owned>>),
}

impl<O: OutsideId> Partition<O> {
    /// The fragment of a vertex, if there are so many.
    pub fn fragment(&self, fragments: usize, label: usize, id: &O::Query) -> usize {
        match self {
            Self::Hash => {
                let product = u128::from(O::spread(id)) * fragments as u128;
                // Less than the number of fragments.
                (product >> 64) as usize
            }
            Self::Range(bounds) => {
                let bounds = bounds.get(label).map(Vec::as_slice).unwrap_or_default();
                bounds.partition_point(|bound| bound.borrow() <= id)
            }
        }
    }

    /// Bounds between which equally many of these ids lie, as far as possible.
    pub(super) fn bounds<'a>(fragments: usize, ids: impl Iterator<Item = &'a O::Query>) -> Vec<O::Owned>
    where
        O::Query: 'a,
    {
        let mut ids: Vec<&O::Query> = ids.collect();
        ids.sort_unstable();
        let bound = |fragment: usize| ids.get(ids.len().checked_mul(fragment)? / fragments).map(|id| O::to_owned(id));
        (1..fragments).filter_map(bound).collect()
    }

    pub(super) fn with_bounds(&self, bounds: Vec<O::Owned>) -> Self {
        match self {
            Self::Hash => Self::Hash,
            Self::Range(all) => Self::Range(all.iter().cloned().chain([bounds]).collect()),
        }
    }

    /// The first bound that is less than the one before it.
    pub(super) fn unsorted(bounds: &[O::Owned]) -> Option<usize> {
        let before = bounds.windows(2).position(|pair| match pair {
            [first, second] => Borrow::<O::Query>::borrow(first) > Borrow::<O::Query>::borrow(second),
            _ => false,
        })?;
        before.checked_add(1)
    }
}

impl<O: OutsideId> Clone for Partition<O> {
    fn clone(&self) -> Self {
        match self {
            Self::Hash => Self::Hash,
            Self::Range(bounds) => Self::Range(bounds.clone()),
        }
    }
}

impl<O: OutsideId> PartialEq for Partition<O> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Hash, Self::Hash) => true,
            (Self::Range(one), Self::Range(other)) => one == other,
            _ => false,
        }
    }
}

impl<O: OutsideId> fmt::Debug for Partition<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash => f.write_str("Hash"),
            Self::Range(bounds) => f.debug_tuple("Range").field(bounds).finish(),
        }
    }
}

impl<O: OutsideId> MetaValue for Partition<O> {
    const NAME: &'static str = "partition";

    fn to_json(&self) -> Value {
        match self {
            Self::Hash => json!({"by": "hash"}),
            Self::Range(bounds) => {
                let list = |bounds: &Vec<O::Owned>| bounds.iter().map(O::Owned::to_json).collect::<Value>();
                json!({"by": "range", "bounds": bounds.iter().map(list).collect::<Value>()})
            }
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        let list = |bounds: &Value| bounds.as_array()?.iter().map(O::Owned::from_json).collect::<Option<Vec<_>>>();
        match value.get("by")?.as_str()? {
            "hash" => Some(Self::Hash),
            "range" => value.get("bounds")?.as_array()?.iter().map(list).collect::<Option<_>>().map(Self::Range),
            _ => None,
        }
    }
}
