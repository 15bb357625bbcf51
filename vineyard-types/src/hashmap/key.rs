//! What keys can be, and how they are hashed.

use std::borrow::Borrow;
use std::fmt::Debug;

use vineyard_core::{Element, Typename};

use super::text::{Bytes, TextSpan};
use super::wyhash::{fold, wyhash};
use crate::scalar::Text;

mod sealed {
    pub trait Sealed {}
}

/// The two numbers that a map's hashes depend on, stored with it. Both are below 2^63 in maps that are built here, for
/// languages that have no larger ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    /// Integers are xored with it; texts and bytes are hashed with it as wyhash's seed.
    pub offset: u64,
    /// What integers are multiplied by then; odd.
    pub multiplier: u64,
}

impl Seed {
    /// What maps are built with unless their keys collide: the same keys in the same order then give the same bytes.
    pub const DEFAULT: Self = Self { offset: 0x243f_6a88_85a3_08d3, multiplier: 0x2b7e_1516_28ae_d2a7 };
}

/// A key of a [`SharedMap`](super::SharedMap) or [`PerfectMap`](super::PerfectMap): an integer of 8 to 64 bits, [`Text`],
/// or [`Bytes`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a shared map",
    note = "use integers of fixed width, `vineyard_types::Text`, or `vineyard_types::hashmap::Bytes`"
)]
pub trait MapKey: Typename + Send + Sync + 'static + sealed::Sealed {
    /// What is looked up: the integer, `str`, or `[u8]`.
    type Query: Borrow<Self::Query> + PartialEq + Debug + Sync + ?Sized;
    /// What an entry holds.
    type Cell: Element;

    #[doc(hidden)]
    fn hash(query: &Self::Query, seed: Seed) -> u64;

    /// The key of an entry; `None` if it cannot be read.
    #[doc(hidden)]
    fn read<'a>(cell: &'a Self::Cell, texts: &'a [u8]) -> Option<&'a Self::Query>;

    /// Whether an entry has this key.
    #[doc(hidden)]
    fn is(cell: &Self::Cell, texts: &[u8], query: &Self::Query) -> bool;

    /// What of the key goes to the texts.
    #[doc(hidden)]
    fn text(query: &Self::Query) -> &[u8];

    /// What an entry holds for a key whose text starts there.
    #[doc(hidden)]
    fn cell(query: &Self::Query, start: u64) -> Self::Cell;
}

macro_rules! integers {
    ($($key:ty as $unsigned:ty),*) => {$(
        impl sealed::Sealed for $key {}

        impl MapKey for $key {
            type Query = Self;
            type Cell = Self;

            #[inline]
            fn hash(query: &Self, seed: Seed) -> u64 {
                let bits = u64::from(<$unsigned>::from_le_bytes(query.to_le_bytes()));
                fold(bits ^ seed.offset, seed.multiplier)
            }

            #[inline]
            fn read<'a>(cell: &'a Self, _: &'a [u8]) -> Option<&'a Self> {
                Some(cell)
            }

            #[inline]
            fn is(cell: &Self, _: &[u8], query: &Self) -> bool {
                cell == query
            }

            fn text(_: &Self) -> &[u8] {
                &[]
            }

            fn cell(query: &Self, _: u64) -> Self {
                *query
            }
        }
    )*};
}

integers!(u8 as u8, u16 as u16, u32 as u32, u64 as u64, i8 as u8, i16 as u16, i32 as u32, i64 as u64);

macro_rules! texts {
    ($($key:ty = $query:ty, $read:path, $bytes:expr;)*) => {$(
        impl sealed::Sealed for $key {}

        impl MapKey for $key {
            type Query = $query;
            type Cell = TextSpan;

            #[inline]
            fn hash(query: &$query, seed: Seed) -> u64 {
                wyhash($bytes(query), seed.offset)
            }

            fn read<'a>(cell: &'a TextSpan, texts: &'a [u8]) -> Option<&'a $query> {
                $read(cell.bytes(texts)?)
            }

            #[inline]
            fn is(cell: &TextSpan, texts: &[u8], query: &$query) -> bool {
                cell.nbytes == query.len() as u64 && cell.bytes(texts) == Some($bytes(query))
            }

            fn text(query: &$query) -> &[u8] {
                $bytes(query)
            }

            fn cell(query: &$query, start: u64) -> TextSpan {
                TextSpan { start, nbytes: query.len() as u64 }
            }
        }
    )*};
}

texts! {
    Text = str, super::text::utf8, str::as_bytes;
    Bytes = [u8], super::text::any, std::convert::identity;
}
