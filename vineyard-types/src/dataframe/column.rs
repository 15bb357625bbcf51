//! One column: numbers of one type, text, or something that is not known here.

use std::fmt;

use vineyard_core::{
    BuildError, DraftField, DraftNode, FieldKind, FieldSchema, Key, Member, NodeKind, Object, ObjectMeta, Opaque,
    ResolveError, TypeName,
};

use crate::numeric::{Bool8, Numeric};
use crate::strings::{StringArray, StringTensor};
use crate::tensor::Tensor;

mod sealed {
    pub trait Sealed {}
}

/// Numbers that can be asked of a [`Column`].
pub trait ColumnNumber: Numeric + sealed::Sealed {
    #[doc(hidden)]
    fn of(column: &Column) -> Option<&Tensor<Self>>;
}

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident($number:ty),)*) => {
        /// One column of a dataframe.
        ///
        /// Made from vectors, arrays, tensors and texts; cloning shares the payload.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Column {
            $($(#[$doc])* $variant(Tensor<$number>),)*
            /// Texts.
            Text(StringTensor),
            /// An object of a type that this library has no column for; kept as it is.
            Other(Opaque),
        }

        impl Column {
            /// Number of rows: the first dimension of a tensor. `None` if an object of another type does not tell.
            pub fn num_rows(&self) -> Option<usize> {
                match self {
                    $(Self::$variant(tensor) => Some(first_dimension(tensor.shape())),)*
                    Self::Text(texts) => Some(texts.texts().len()),
                    Self::Other(other) => {
                        other.value::<Vec<u64>>("shape_").ok().map(|shape| first_dimension(&shape))
                    }
                }
            }

            /// What numpy calls the type of its values.
            pub fn numpy_name(&self) -> &str {
                match self {
                    $(Self::$variant(_) => <$number>::NUMPY,)*
                    // Arrays of text are arrays of objects to numpy.
                    Self::Text(_) | Self::Other(_) => "object",
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

        impl Member for Column {
            type Kind = NodeKind;
            type Input = Self;

            fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
                let node = match self {
                    $(Self::$variant(tensor) => Object::stage(tensor)?,)*
                    Self::Text(texts) => Object::stage(texts)?,
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
                $(
                    if <Tensor<$number> as Object>::typename().matches(typename) {
                        return <Tensor<$number> as Object>::resolve(&member).map(Self::$variant);
                    }
                )*
                if <StringTensor as Object>::typename().matches(typename) {
                    return <StringTensor as Object>::resolve(&member).map(Self::Text);
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
    /// Floats of 32 bits.
    Float32(f32),
    /// Floats of 64 bits.
    Float64(f64),
    /// Booleans.
    Bool(Bool8),
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

/// One value of a column, to be shown.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Cell<'a> {
    /// A number or a boolean.
    Number(&'a dyn fmt::Display),
    /// A text.
    Text(&'a str),
    /// A text that is not there.
    Missing,
    /// A value that cannot be shown.
    Unreadable,
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.pad(text),
            Self::Missing => f.pad("-"),
            Self::Unreadable => f.pad("?"),
        }
    }
}

impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({self})")
    }
}
