//! Messages with numbered keys: `"0"`, `"1"`.., `num`, and a few named ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize};

use super::blob::Payload;
use super::lax;
use crate::id::ObjectId;

/// What a message with numbered keys holds: the numbered items, and every named key that any such message has.
pub(super) struct Indexed<T> {
    items: BTreeMap<u64, T>,
    num: Option<u64>,
    pub(super) payloads: Option<Vec<Payload>>,
    pub(super) ids: Option<Vec<ObjectId>>,
    pub(super) fds: Vec<i64>,
    pub(super) unsealed: bool,
    pub(super) compress: bool,
    pub(super) use_rdma: bool,
}

impl<T> Indexed<T> {
    /// The items 0 to num-1, in order; missing ones are an error.
    pub(super) fn into_items<E: Error>(self) -> Result<Vec<T>, E> {
        let num = self.num.ok_or_else(|| E::missing_field("num"))?;
        let found = self.items.len() as u64;
        let items: Vec<T> =
            (0..num).zip(self.items).map_while(|(want, (i, item))| (want == i).then_some(item)).collect();
        if items.len() as u64 == num {
            Ok(items)
        } else {
            Err(E::custom(format_args!(
                "`num` is {num}, but the keys 0 to num-1 are not all there ({found} indexed keys)"
            )))
        }
    }
}

/// Reads a message with numbered keys.
pub(super) fn read<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Indexed<T>, D::Error> {
    deserializer.deserialize_map(IndexedVisitor(PhantomData))
}

/// Writes items under their numbers, and how many there are under `num`.
pub(super) fn write<M: SerializeMap, T: Serialize>(map: &mut M, items: &[T]) -> Result<(), M::Error> {
    for (index, item) in items.iter().enumerate() {
        map.serialize_entry(&index, item)?;
    }
    map.serialize_entry("num", &items.len())
}

struct IndexedVisitor<T>(PhantomData<T>);

#[derive(Deserialize)]
struct LaxInt(#[serde(deserialize_with = "lax::u64")] u64);

impl<'de, T: Deserialize<'de>> Visitor<'de> for IndexedVisitor<T> {
    type Value = Indexed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message with numbered keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Indexed<T>, A::Error> {
        let mut found = Indexed {
            items: BTreeMap::new(),
            num: None,
            payloads: None,
            ids: None,
            fds: Vec::new(),
            unsealed: false,
            compress: false,
            use_rdma: false,
        };
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "num" => found.num = Some(map.next_value::<LaxInt>()?.0),
                "payloads" => found.payloads = Some(map.next_value()?),
                "ids" => found.ids = Some(map.next_value()?),
                "fds" => found.fds = map.next_value()?,
                "unsafe" => found.unsealed = map.next_value()?,
                "compress" => found.compress = map.next_value()?,
                "use_rdma" => found.use_rdma = map.next_value()?,
                other => match other.parse::<u64>() {
                    Ok(index) => {
                        found.items.insert(index, map.next_value()?);
                    }
                    Err(_) => {
                        map.next_value::<IgnoredAny>()?;
                    }
                },
            }
        }
        Ok(found)
    }
}
