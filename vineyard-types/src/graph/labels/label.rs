//! What vertices can be called outside of a graph.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::hash::Hash;

use crate::dataframe::{Column, DataFrame, FrameError};
use crate::hashmap::MapKey;
use crate::scalar::Text;

/// Label of a vertex: an integer of 8 to 64 bits, with or without a sign, or [`Text`].
///
/// ```
/// use vineyard_types::Text;
/// use vineyard_types::graph::VertexMap;
/// let cities = VertexMap::<Text>::from_labels(["Oslo", "Rome"])?;
/// assert_eq!(cities.vertex("Rome"), Some(1));
/// # Ok::<(), vineyard_types::graph::LabelError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the label of a vertex",
    note = "use integers of fixed width, or `vineyard_types::Text`"
)]
pub trait VertexLabel: MapKey<Query: Eq + Hash> {
    /// A label that somebody holds: the integer, or a `String`.
    #[doc(hidden)]
    type Held: Borrow<Self::Query> + Clone + Eq + Hash + Debug + Send + Sync;

    /// A label that was read: the integer, or a part of a text.
    #[doc(hidden)]
    type Read<'a>: Borrow<Self::Query>;

    /// What is expected where a label is read.
    #[doc(hidden)]
    const EXPECTED: &'static str;

    #[doc(hidden)]
    fn hold(label: &Self::Query) -> Self::Held;

    /// Calls `found` with the label that a text spells.
    #[doc(hidden)]
    fn parse<R>(text: &str, found: impl FnOnce(&Self::Query) -> R) -> Option<R>;

    /// The labels as a column.
    #[doc(hidden)]
    fn to_column<'a>(labels: impl Iterator<Item = &'a Self::Query>) -> Column
    where
        Self::Query: 'a;

    /// The labels in a column of a frame; `None` for a row that has none, or one that cannot be read.
    #[doc(hidden)]
    fn of_column<'a>(
        frame: &'a DataFrame,
        name: &str,
    ) -> Result<impl Iterator<Item = Option<&'a Self::Query>>, FrameError>;

    /// The labels in an array of Arrow's, or why there are none.
    #[doc(hidden)]
    #[cfg(feature = "arrow")]
    fn of_arrow(array: &dyn arrow_array::Array) -> Result<Vec<Self::Read<'_>>, crate::graph::load::Unread>;
}

macro_rules! integers {
    ($($label:ty = $expected:literal;)*) => {$(
        impl VertexLabel for $label {
            type Held = Self;
            type Read<'a> = Self;

            const EXPECTED: &'static str = $expected;

            fn hold(label: &Self) -> Self {
                *label
            }

            fn parse<R>(text: &str, found: impl FnOnce(&Self) -> R) -> Option<R> {
                text.parse().ok().map(|label| found(&label))
            }

            fn to_column<'a>(labels: impl Iterator<Item = &'a Self>) -> Column {
                labels.copied().collect::<Vec<Self>>().into()
            }

            fn of_column<'a>(
                frame: &'a DataFrame,
                name: &str,
            ) -> Result<impl Iterator<Item = Option<&'a Self>>, FrameError> {
                Ok(frame.numbers::<Self>(name)?.as_slice().iter().map(Some))
            }

            #[cfg(feature = "arrow")]
            fn of_arrow(array: &dyn arrow_array::Array) -> Result<Vec<Self>, crate::graph::load::Unread> {
                crate::graph::load::integers(array)
            }
        }
    )*};
}

integers! {
    i8 = "an integer of 8 bits";
    i16 = "an integer of 16 bits";
    i32 = "an integer of 32 bits";
    i64 = "an integer of 64 bits";
    u8 = "an integer of 8 bits without a sign";
    u16 = "an integer of 16 bits without a sign";
    u32 = "an integer of 32 bits without a sign";
    u64 = "an integer of 64 bits without a sign";
}

impl VertexLabel for Text {
    type Held = String;
    type Read<'a> = &'a str;

    const EXPECTED: &'static str = "a text";

    fn hold(label: &str) -> String {
        label.to_owned()
    }

    fn parse<R>(text: &str, found: impl FnOnce(&str) -> R) -> Option<R> {
        Some(found(text))
    }

    fn to_column<'a>(labels: impl Iterator<Item = &'a str>) -> Column {
        labels.collect::<crate::strings::StringArray>().into()
    }

    fn of_column<'a>(frame: &'a DataFrame, name: &str) -> Result<impl Iterator<Item = Option<&'a str>>, FrameError> {
        Ok(frame.texts(name)?.iter().map(|text| text.and_then(Result::ok)))
    }

    #[cfg(feature = "arrow")]
    fn of_arrow(array: &dyn arrow_array::Array) -> Result<Vec<&str>, crate::graph::load::Unread> {
        crate::graph::load::texts(array)
    }
}
