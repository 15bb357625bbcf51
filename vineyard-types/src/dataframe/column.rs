//! One column: numbers of one type, text, an array of Arrow's, or something that is not known here.

use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::ops::RangeBounds;
use std::sync::LazyLock;

use half::f16;
use num_complex::Complex;
use vineyard_core::{
    BuildError, DraftField, DraftNode, FieldKind, FieldSchema, Key, Member, NodeKind, Object, ObjectMeta, Opaque,
    ResolveError, TypeName,
};

use super::cell::Cell;
use super::concat::concat_tensors;
use super::error::FrameError;
#[cfg(feature = "arrow")]
use crate::arrow::ArrowArray;
use crate::numeric::{Bool8, Numeric};
use crate::rows::within;
use crate::strings::{StringArray, StringTensor};
use crate::tensor::Tensor;
use crate::time::{
    Attosecond, DateTime64, Day, Femtosecond, Hour, Microsecond, Millisecond, Minute, Month, Nanosecond, Picosecond,
    Second, TimeDelta64, Week, Year,
};

mod sealed {
    pub trait Sealed {}
}

/// Numbers that can be asked of a [`Column`].
pub trait ColumnNumber: Numeric + sealed::Sealed {
    #[doc(hidden)]
    fn of(column: &Column) -> Option<&Tensor<Self>>;
}

type Resolve = fn(&ObjectMeta) -> Result<Column, ResolveError>;

/// A typename that is found by its text.
#[derive(PartialEq, Eq, Hash)]
struct Spelling(TypeName);

impl Borrow<str> for Spelling {
    fn borrow(&self) -> &str {
        self.0.as_str()
    }
}

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident($number:ty),)*) => {
        /// One column of a dataframe.
        ///
        /// Made from vectors, arrays, tensors and texts, and of Arrow's arrays of any type; cloning shares the payload.
        ///
        /// The published Python package reads frames of tensors and text only.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Column {
            $($(#[$doc])* $variant(Tensor<$number>),)*
            /// Texts.
            Text(StringTensor),
            /// An array of any of Arrow's types. It is text that is stored otherwise, numbers of which some are null, and all
            /// that numpy has no type for. Without the feature `arrow` it is [`Other`](Self::Other).
            #[cfg(feature = "arrow")]
            Arrow(ArrowArray),
            /// An object of a type that this library has no column for, as what Python pickled; kept as it is, and linked
            /// when it is put again.
            Other(Opaque),
        }

        impl Column {
            /// Number of rows: the first dimension of a tensor. `None` if an object of another type does not tell.
            pub fn num_rows(&self) -> Option<usize> {
                match self {
                    $(Self::$variant(tensor) => Some(first_dimension(tensor.shape())),)*
                    Self::Text(texts) => Some(texts.texts().len()),
                    #[cfg(feature = "arrow")]
                    Self::Arrow(array) => Some(array.len()),
                    Self::Other(other) => rows_of(other),
                }
            }

            /// Whether it is a tensor of a single number, which has no rows.
            pub(crate) fn has_no_dimensions(&self) -> bool {
                match self {
                    $(Self::$variant(tensor) => tensor.shape().is_empty(),)*
                    _ => false,
                }
            }

            /// Some of the rows, without a copy: of tensors a part of the blob, of texts and Arrow's arrays the same buffers,
            /// seen from another row on.
            ///
            /// # Errors
            ///
            /// [`FrameError::Range`] if they are not there, [`FrameError::Whole`] if an object of another type is to be cut,
            /// [`FrameError::Buffers`] if the buffers of one of Arrow's arrays are shorter than its metadata says.
            pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self, FrameError> {
                match self {
                    $(Self::$variant(tensor) => Ok(Self::$variant(tensor.slice_rows(range)?)),)*
                    Self::Text(texts) => Ok(Self::Text(texts.slice_rows(range)?)),
                    #[cfg(feature = "arrow")]
                    Self::Arrow(array) => {
                        let rows = within(range, array.len())?;
                        let slice = array.slice(rows).map_err(|error| FrameError::Buffers(error.to_string()))?;
                        Ok(Self::Arrow(slice))
                    }
                    Self::Other(other) => {
                        let found = || other.meta().typename().to_owned();
                        let rows = rows_of(other).ok_or_else(|| FrameError::Unknown { found: found() })?;
                        if within(range, rows)? == (0..rows) {
                            return Ok(self.clone());
                        }
                        Err(FrameError::Whole { found: found() })
                    }
                }
            }

            /// Tensors of one type below each other; `None` if the first is none.
            pub(super) fn concat_numbers(parts: &[&Self]) -> Option<Result<Self, FrameError>> {
                match parts.first()? {
                    $(Self::$variant(_) => Some(concat_tensors::<$number>(parts).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// The type of the values in words: numpy's name, `text`, Arrow's name, or the typename of another object.
            pub fn type_name(&self) -> Cow<'_, str> {
                match self {
                    $(Self::$variant(_) => <$number>::NUMPY.into(),)*
                    Self::Text(_) => "text".into(),
                    #[cfg(feature = "arrow")]
                    Self::Arrow(array) => array.data_type().to_string().into(),
                    Self::Other(other) => other.meta().typename().into(),
                }
            }

            /// What numpy calls the type of its values.
            pub fn numpy_name(&self) -> &str {
                match self {
                    $(Self::$variant(_) => <$number>::NUMPY,)*
                    // Arrays of text are arrays of objects to numpy.
                    Self::Text(_) | Self::Other(_) => "object",
                    #[cfg(feature = "arrow")]
                    Self::Arrow(array) => array.numpy_name(),
                }
            }

            /// The value in one row as text; `None` outside of the column.
            pub fn display(&self, row: usize) -> Option<Cell<'_>> {
                match self {
                    $(Self::$variant(tensor) => tensor.get(&[row]).map(|value| Cell::Number(value)),)*
                    Self::Text(texts) => match texts.texts().get(row) {
                        Some(Ok(text)) => Some(Cell::Text(text)),
                        Some(Err(_)) => Some(Cell::Unreadable),
                        None if texts.texts().is_null(row) => Some(Cell::Missing),
                        None => None,
                    },
                    #[cfg(feature = "arrow")]
                    Self::Arrow(array) => (row < array.len()).then(|| array.display(row)),
                    Self::Other(_) => self.num_rows().is_some_and(|rows| row < rows).then_some(Cell::Unreadable),
                }
            }
        }

        $(
            impl sealed::Sealed for $number {}

            impl ColumnNumber for $number {
                fn of(column: &Column) -> Option<&Tensor<Self>> {
                    match column {
                        Column::$variant(tensor) => Some(tensor),
                        _ => None,
                    }
                }
            }

            impl From<Tensor<$number>> for Column {
                fn from(tensor: Tensor<$number>) -> Self {
                    Self::$variant(tensor)
                }
            }

            impl From<Vec<$number>> for Column {
                fn from(values: Vec<$number>) -> Self {
                    Self::$variant(values.into())
                }
            }

            impl From<vineyard_core::Array<$number>> for Column {
                fn from(values: vineyard_core::Array<$number>) -> Self {
                    Self::$variant(values.into())
                }
            }
        )*

        /// What makes columns of tensors, by their typenames as we write them. Frames have many columns, and composing the
        /// names takes longer than the rest.
        static TENSORS: LazyLock<HashMap<Spelling, Resolve>> = LazyLock::new(|| {
            HashMap::from([$((
                Spelling(<Tensor<$number> as Object>::typename()),
                (|member| <Tensor<$number> as Object>::resolve(member).map(Column::$variant)) as Resolve,
            ),)*])
        });

        impl Member for Column {
            type Kind = NodeKind;
            type Input = Self;

            fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                let node = match self {
                    $(Self::$variant(tensor) => Object::stage(tensor)?,)*
                    Self::Text(texts) => Object::stage(texts)?,
                    #[cfg(feature = "arrow")]
                    Self::Arrow(array) => Object::stage(array)?,
                    Self::Other(other) => return draft.set(key, DraftField::Link(other.meta().clone())),
                };
                draft.set(key, DraftField::Node(node))
            }

            fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                input.stage_at(key, draft)
            }

            fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
                let member = meta.member(key.as_str())?;
                let typename = member.typename();
                if let Some(resolve) = TENSORS.get(typename) {
                    return resolve(&member);
                }
                if <StringTensor as Object>::typename().matches(typename) {
                    return <StringTensor as Object>::resolve(&member).map(Self::Text);
                }
                #[cfg(feature = "arrow")]
                if <ArrowArray as Object>::__accepts(typename) {
                    return <ArrowArray as Object>::resolve(&member).map(Self::Arrow);
                }
                // Other languages' spellings.
                if let Some((_, resolve)) = TENSORS.iter().find(|(name, _)| name.0.matches(typename)) {
                    return resolve(&member);
                }
                <Opaque as Object>::resolve(&member).map(Self::Other)
            }

            fn describe(key: &Key) -> FieldSchema {
                FieldSchema::new(key.as_str(), FieldKind::Member, TypeName::new("vineyard::Tensor"))
            }
        }
    };
}

columns! {
    /// Integers of 8 bits.
    Int8(i8),
    /// Integers of 16 bits.
    Int16(i16),
    /// Integers of 32 bits.
    Int32(i32),
    /// Integers of 64 bits.
    Int64(i64),
    /// Unsigned integers of 8 bits.
    UInt8(u8),
    /// Unsigned integers of 16 bits.
    UInt16(u16),
    /// Unsigned integers of 32 bits.
    UInt32(u32),
    /// Unsigned integers of 64 bits.
    UInt64(u64),
    /// Floats of 16 bits.
    Float16(f16),
    /// Floats of 32 bits.
    Float32(f32),
    /// Floats of 64 bits.
    Float64(f64),
    /// Booleans of a byte.
    Bool(Bool8),
    /// Complex numbers of two floats of 32 bits.
    Complex64(Complex<f32>),
    /// Complex numbers of two floats of 64 bits.
    Complex128(Complex<f64>),
    /// Points in time, in years.
    DateTimeYear(DateTime64<Year>),
    /// Points in time, in months.
    DateTimeMonth(DateTime64<Month>),
    /// Points in time, in weeks.
    DateTimeWeek(DateTime64<Week>),
    /// Points in time, in days.
    DateTimeDay(DateTime64<Day>),
    /// Points in time, in hours.
    DateTimeHour(DateTime64<Hour>),
    /// Points in time, in minutes.
    DateTimeMinute(DateTime64<Minute>),
    /// Points in time, in seconds.
    DateTimeSecond(DateTime64<Second>),
    /// Points in time, in milliseconds.
    DateTimeMillisecond(DateTime64<Millisecond>),
    /// Points in time, in microseconds.
    DateTimeMicrosecond(DateTime64<Microsecond>),
    /// Points in time, in nanoseconds.
    DateTimeNanosecond(DateTime64<Nanosecond>),
    /// Points in time, in picoseconds.
    DateTimePicosecond(DateTime64<Picosecond>),
    /// Points in time, in femtoseconds.
    DateTimeFemtosecond(DateTime64<Femtosecond>),
    /// Points in time, in attoseconds.
    DateTimeAttosecond(DateTime64<Attosecond>),
    /// Spans of time, in years.
    TimeDeltaYear(TimeDelta64<Year>),
    /// Spans of time, in months.
    TimeDeltaMonth(TimeDelta64<Month>),
    /// Spans of time, in weeks.
    TimeDeltaWeek(TimeDelta64<Week>),
    /// Spans of time, in days.
    TimeDeltaDay(TimeDelta64<Day>),
    /// Spans of time, in hours.
    TimeDeltaHour(TimeDelta64<Hour>),
    /// Spans of time, in minutes.
    TimeDeltaMinute(TimeDelta64<Minute>),
    /// Spans of time, in seconds.
    TimeDeltaSecond(TimeDelta64<Second>),
    /// Spans of time, in milliseconds.
    TimeDeltaMillisecond(TimeDelta64<Millisecond>),
    /// Spans of time, in microseconds.
    TimeDeltaMicrosecond(TimeDelta64<Microsecond>),
    /// Spans of time, in nanoseconds.
    TimeDeltaNanosecond(TimeDelta64<Nanosecond>),
    /// Spans of time, in picoseconds.
    TimeDeltaPicosecond(TimeDelta64<Picosecond>),
    /// Spans of time, in femtoseconds.
    TimeDeltaFemtosecond(TimeDelta64<Femtosecond>),
    /// Spans of time, in attoseconds.
    TimeDeltaAttosecond(TimeDelta64<Attosecond>),
}

/// What an object of another type tells: the shape of a tensor, or the length of one of Arrow's arrays.
fn rows_of(other: &Opaque) -> Option<usize> {
    let shape = other.value::<Vec<u64>>("shape_").ok().map(|shape| first_dimension(&shape));
    shape.or_else(|| other.value::<u64>("length_").ok().and_then(|length| usize::try_from(length).ok()))
}

fn first_dimension(shape: &[u64]) -> usize {
    shape.first().map_or(0, |rows| usize::try_from(*rows).unwrap_or(usize::MAX))
}

impl Column {
    /// The numbers, if they are of type `T`.
    pub fn numbers<T: ColumnNumber>(&self) -> Option<&Tensor<T>> {
        T::of(self)
    }

    /// The texts, if it is a column of text.
    pub fn texts(&self) -> Option<&StringArray> {
        match self {
            Self::Text(texts) => Some(texts.texts()),
            _ => None,
        }
    }

    /// The array, if it is one of Arrow's.
    #[cfg(feature = "arrow")]
    pub fn arrow(&self) -> Option<&ArrowArray> {
        match self {
            Self::Arrow(array) => Some(array),
            _ => None,
        }
    }
}

#[cfg(feature = "arrow")]
impl From<ArrowArray> for Column {
    /// The array as it is stored, whatever its type.
    fn from(array: ArrowArray) -> Self {
        Self::Arrow(array)
    }
}

impl From<StringTensor> for Column {
    fn from(texts: StringTensor) -> Self {
        Self::Text(texts)
    }
}

impl From<StringArray> for Column {
    fn from(texts: StringArray) -> Self {
        Self::Text(texts.into())
    }
}

impl From<Vec<String>> for Column {
    fn from(texts: Vec<String>) -> Self {
        Self::Text(texts.iter().collect())
    }
}

impl From<Vec<&str>> for Column {
    fn from(texts: Vec<&str>) -> Self {
        Self::Text(texts.iter().collect())
    }
}

impl From<Vec<bool>> for Column {
    fn from(values: Vec<bool>) -> Self {
        Self::Bool(values.into_iter().map(Bool8::from).collect())
    }
}
