//! What users call vertices.

use std::borrow::Borrow;
use std::fmt::Debug;

use twox_hash::XxHash3_64;
use vineyard_core::{Array, Member, MetaValue};

use crate::dataframe::Column;
use crate::hashmap::MapKey;
use crate::scalar::Text;
use crate::strings::StringArray;

mod sealed {
    pub trait Sealed {}
}

/// What users call vertices: an integer of 32 or 64 bits, or [`Text`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the outside id of a vertex",
    note = "use `i32`, `u32`, `i64`, `u64` or `vineyard_types::Text`"
)]
pub trait OutsideId: MapKey<Query: Ord + Debug + Sync> + sealed::Sealed {
    /// Ids in shared memory: those of a column.
    type Ids: Member + Clone + Debug + Send + Sync + 'static;
    /// An id that is not borrowed.
    type Owned: Borrow<Self::Query> + MetaValue + Clone + Debug + PartialEq + Send + Sync + 'static;

    /// What a column of such ids is called.
    #[doc(hidden)]
    const COLUMN: &'static str;

    /// The ids of a column, if it is one of them. No copy.
    #[doc(hidden)]
    fn ids(column: &Column) -> Option<Self::Ids>;

    /// A column of these ids.
    #[doc(hidden)]
    fn column<'a>(ids: impl Iterator<Item = &'a Self::Query>) -> Column
    where
        Self::Query: 'a;

    #[doc(hidden)]
    fn count(ids: &Self::Ids) -> usize;

    /// One id; `None` beyond the end, and if it is not there or cannot be read.
    #[doc(hidden)]
    fn id(ids: &Self::Ids, at: usize) -> Option<&Self::Query>;

    #[doc(hidden)]
    fn to_owned(id: &Self::Query) -> Self::Owned;

    /// The hash that fragments are chosen by. Not that of maps, or the keys of one map would be alike in it.
    #[doc(hidden)]
    fn spread(id: &Self::Query) -> u64;
}

/// The finaliser of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
fn mix(bits: u64) -> u64 {
    let z = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

macro_rules! integers {
    ($($int:ty as $unsigned:ty = $name:literal),*) => {$(
        impl sealed::Sealed for $int {}

        impl OutsideId for $int {
            type Ids = Array<$int>;
            type Owned = $int;

            const COLUMN: &'static str = $name;

            fn ids(column: &Column) -> Option<Array<$int>> {
                let tensor = column.numbers::<$int>().filter(|tensor| tensor.shape().len() == 1)?;
                tensor.array().slice(..tensor.len()).ok()
            }

            fn column<'a>(ids: impl Iterator<Item = &'a $int>) -> Column {
                ids.copied().collect::<Vec<$int>>().into()
            }

            fn count(ids: &Array<$int>) -> usize {
                ids.len()
            }

            fn id(ids: &Array<$int>, at: usize) -> Option<&$int> {
                ids.get(at)
            }

            fn to_owned(id: &$int) -> $int {
                *id
            }

            fn spread(id: &$int) -> u64 {
                mix(u64::from(<$unsigned>::from_le_bytes(id.to_le_bytes())))
            }
        }
    )*};
}

integers!(i32 as u32 = "int32", u32 as u32 = "uint32", i64 as u64 = "int64", u64 as u64 = "uint64");

impl sealed::Sealed for Text {}

impl OutsideId for Text {
    type Ids = StringArray;
    type Owned = String;

    const COLUMN: &'static str = "text";

    fn ids(column: &Column) -> Option<StringArray> {
        column.texts().cloned()
    }

    fn column<'a>(ids: impl Iterator<Item = &'a str>) -> Column {
        ids.collect::<StringArray>().into()
    }

    fn count(ids: &StringArray) -> usize {
        ids.len()
    }

    fn id(ids: &StringArray, at: usize) -> Option<&str> {
        ids.get(at)?.ok()
    }

    fn to_owned(id: &str) -> String {
        id.to_owned()
    }

    fn spread(id: &str) -> u64 {
        XxHash3_64::oneshot(id.as_bytes())
    }
}
