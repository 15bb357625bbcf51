//! What values can be.

use vineyard_core::{Element, Typename};

use super::text::{Bytes, TextSpan, any, utf8};
use crate::scalar::Text;

/// A value of a [`SharedMap`](super::SharedMap) or [`PerfectMap`](super::PerfectMap): any [`Element`] that is aligned to
/// 16 bytes at most, [`Text`], or [`Bytes`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a value of a shared map",
    note = "use elements of arrays, `vineyard_types::Text`, or `vineyard_types::hashmap::Bytes`"
)]
pub trait MapValue: Typename + Send + Sync + 'static {
    /// What look-ups give a reference to: the element, `str`, or `[u8]`.
    type View: ?Sized;
    /// What an entry holds.
    type Cell: Element;

    /// The value of an entry; `None` if it cannot be read.
    #[doc(hidden)]
    fn read<'a>(cell: &'a Self::Cell, texts: &'a [u8]) -> Option<&'a Self::View>;

    /// What of the value goes to the texts.
    #[doc(hidden)]
    fn text(view: &Self::View) -> &[u8];

    /// What an entry holds for a value whose text starts there.
    #[doc(hidden)]
    fn cell(view: &Self::View, start: u64) -> Self::Cell;
}

impl<T: Element> MapValue for T {
    type View = T;
    type Cell = T;

    #[inline]
    fn read<'a>(cell: &'a T, _: &'a [u8]) -> Option<&'a T> {
        Some(cell)
    }

    fn text(_: &T) -> &[u8] {
        &[]
    }

    fn cell(view: &T, _: u64) -> T {
        *view
    }
}

macro_rules! texts {
    ($($value:ty = $view:ty, $read:path, $bytes:expr;)*) => {$(
        impl MapValue for $value {
            type View = $view;
            type Cell = TextSpan;

            #[inline]
            fn read<'a>(cell: &'a TextSpan, texts: &'a [u8]) -> Option<&'a $view> {
                $read(cell.bytes(texts)?)
            }

            fn text(view: &$view) -> &[u8] {
                $bytes(view)
            }

            fn cell(view: &$view, start: u64) -> TextSpan {
                TextSpan { start, nbytes: view.len() as u64 }
            }
        }
    )*};
}

texts! {
    Text = str, utf8, str::as_bytes;
    Bytes = [u8], any, std::convert::identity;
}
