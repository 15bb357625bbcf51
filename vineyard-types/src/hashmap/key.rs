//! What keys can be, and how they are hashed.

use std::borrow::Borrow;
use std::fmt::Debug;

use bytemuck::{Pod, Zeroable};
use twox_hash::XxHash3_64;
use vineyard_core::{Element, Typename};

use crate::scalar::Text;

mod sealed {
    pub trait Sealed {}
}

/// The two numbers that a map's hashes depend on, stored with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    /// Integers are xored with it; texts are hashed with it as XXH3's seed.
    pub offset: u64,
    /// What integers are multiplied by then; odd.
    pub multiplier: u64,
}

impl Seed {
    /// What maps are built with unless their keys collide: the same keys in the same order then give the same bytes.
    pub const DEFAULT: Self = Self { offset: 0x243f_6a88_85a3_08d3, multiplier: 0x9e37_79b9_7f4a_7c15 };
}

/// A key of a [`SharedMap`](super::SharedMap): an integer of 8 to 64 bits, or [`Text`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a shared map",
    note = "use integers of fixed width, or `vineyard_types::Text`"
)]
pub trait MapKey: Typename + Send + Sync + 'static + sealed::Sealed {
    /// What is looked up: the integer, or `str`.
    type Query: Borrow<Self::Query> + PartialEq + Debug + ?Sized;
    /// What a slot holds.
    type Cell: Element;

    #[doc(hidden)]
    fn hash(query: &Self::Query, seed: Seed) -> u64;

    /// The key in a slot; `None` if it cannot be read.
    #[doc(hidden)]
    fn read<'a>(cell: &'a Self::Cell, texts: &'a [u8]) -> Option<&'a Self::Query>;

    /// Whether a slot holds this key.
    #[doc(hidden)]
    fn is(cell: &Self::Cell, texts: &[u8], query: &Self::Query) -> bool;

    #[doc(hidden)]
    fn write(query: &Self::Query, texts: &mut Vec<u8>) -> Self::Cell;
}

macro_rules! integers {
    ($($key:ty as $unsigned:ty),*) => {$(
        impl sealed::Sealed for $key {}

        impl MapKey for $key {
            type Query = Self;
            type Cell = Self;

            #[inline]
            fn hash(query: &Self, seed: Seed) -> u64 {
                // The multiplication that wyhash is made of: both halves of the product, xored.
                let bits = u64::from(<$unsigned>::from_le_bytes(query.to_le_bytes()));
                let product = u128::from(bits ^ seed.offset) * u128::from(seed.multiplier);
                (product as u64) ^ ((product >> 64) as u64)
            }

            #[inline]
            fn read<'a>(cell: &'a Self, _: &'a [u8]) -> Option<&'a Self> {
                Some(cell)
            }

            #[inline]
            fn is(cell: &Self, _: &[u8], query: &Self) -> bool {
                cell == query
            }

            fn write(query: &Self, _: &mut Vec<u8>) -> Self {
                *query
            }
        }
    )*};
}

integers!(u8 as u8, u16 as u16, u32 as u32, u64 as u64, i8 as u8, i16 as u16, i32 as u32, i64 as u64);

/// Where a text lies among the bytes of all texts of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable, Element)]
#[repr(C)]
#[object(typename = "vineyard::TextSpan")]
pub struct TextSpan {
    /// Its first byte.
    pub start: u64,
    /// How many bytes it has.
    pub nbytes: u64,
}

impl TextSpan {
    fn bytes(self, texts: &[u8]) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = start.checked_add(usize::try_from(self.nbytes).ok()?)?;
        texts.get(start..end)
    }
}

impl sealed::Sealed for Text {}

impl MapKey for Text {
    type Query = str;
    type Cell = TextSpan;

    fn hash(query: &str, seed: Seed) -> u64 {
        XxHash3_64::oneshot_with_seed(seed.offset, query.as_bytes())
    }

    fn read<'a>(cell: &'a TextSpan, texts: &'a [u8]) -> Option<&'a str> {
        std::str::from_utf8(cell.bytes(texts)?).ok()
    }

    #[inline]
    fn is(cell: &TextSpan, texts: &[u8], query: &str) -> bool {
        cell.bytes(texts) == Some(query.as_bytes())
    }

    fn write(query: &str, texts: &mut Vec<u8>) -> TextSpan {
        let start = texts.len() as u64;
        texts.extend_from_slice(query.as_bytes());
        TextSpan { start, nbytes: query.len() as u64 }
    }
}
