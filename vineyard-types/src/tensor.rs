//! Numbers in any number of dimensions.

use std::ops::RangeBounds;

use vineyard_core::{Array, Object, Opaque, ResolveError, ResolveReason};

use half::f16;
use num_complex::Complex;

use crate::dtype::{ValueType, ValueTypeMeta};
use crate::numeric::{Bool8, Numeric};
use crate::rows::{RowsError, within};
use crate::time::{
    Attosecond, DateTime64, Day, Femtosecond, Hour, Microsecond, Millisecond, Minute, Month, Nanosecond, Picosecond,
    Second, TimeDelta64, Week, Year,
};

/// A shape and elements that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// Fewer or more elements than the shape has places.
    #[error("shape {shape:?} has {places} places, but there are {elements} elements")]
    Elements {
        /// The shape.
        shape: Vec<u64>,
        /// The product of its dimensions.
        places: u64,
        /// How many elements there are.
        elements: usize,
    },
    /// More places than can be counted.
    #[error("shape {shape:?} has more places than can be counted")]
    Overflow {
        /// The shape.
        shape: Vec<u64>,
    },
    /// An order that is neither rows first nor columns first.
    #[error("order `{order}` is neither `C` nor `F`")]
    Order {
        /// What the writer calls it.
        order: String,
    },
}

/// The number of places in a shape; 1 without dimensions.
fn places(shape: &[u64]) -> Result<u64, ShapeError> {
    // A dimension of zero wins over others whose product could not be counted.
    if shape.contains(&0) {
        return Ok(0);
    }
    let product = shape.iter().try_fold(1u64, |product, dimension| product.checked_mul(*dimension));
    product.ok_or_else(|| ShapeError::Overflow { shape: shape.to_vec() })
}

/// Elements in the order of the reversed shape: what is stored with the last dimension fastest, the first fastest. As
/// many as there are, for shapes that they do not fill.
fn reverse_axes<T: Copy>(shape: &[u64], elements: &[T]) -> Vec<T> {
    if places(shape) != Ok(elements.len() as u64) {
        return elements.to_vec();
    }
    // For each dimension, from the first: its length, how far its steps are apart, and where we are. All fit, for their
    // product is the number of elements.
    let mut stride = elements.len();
    let mut axes = Vec::with_capacity(shape.len());
    for length in shape {
        let length = usize::try_from(*length).unwrap_or(usize::MAX);
        stride = stride.checked_div(length).unwrap_or(0);
        axes.push((length, stride, 0usize));
    }
    let mut out = Vec::with_capacity(elements.len());
    let mut place = 0usize;
    while let Some(element) = elements.get(place).filter(|_| out.len() < elements.len()) {
        out.push(*element);
        for (length, stride, index) in &mut axes {
            *index += 1;
            place += *stride;
            if *index < *length {
                break;
            }
            place -= *stride * *length;
            *index = 0;
        }
    }
    out
}

fn row_major() -> String {
    "C".to_owned()
}

/// A dense tensor: a shape and its elements, the last dimension fastest.
///
/// Python gets it as a `numpy.ndarray`, without a copy, and what Python puts as an array is got as a `Tensor`.
///
/// ```
/// use vineyard_types::Tensor;
/// let tensor = Tensor::new([2, 3], vec![1, 2, 3, 4, 5, 6])?;
/// assert_eq!(tensor.get(&[1, 0]), Some(&4));
/// assert_eq!(tensor.row(1), Some(&[4, 5, 6][..]));
/// assert!(Tensor::new([2, 3], vec![1.0]).is_err());
/// # Ok::<(), vineyard_types::ShapeError>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(
    typename = "vineyard::Tensor",
    rename_all = "{}_",
    validate = Self::check,
    register(<i8>, <i16>, <i32>, <i64>, <u8>, <u16>, <u32>, <u64>, <f16>, <f32>, <f64>, <Complex<f32>>, <Complex<f64>>, <Bool8>, <DateTime64<Year>>, <DateTime64<Month>>, <DateTime64<Week>>, <DateTime64<Day>>, <DateTime64<Hour>>, <DateTime64<Minute>>, <DateTime64<Second>>, <DateTime64<Millisecond>>, <DateTime64<Microsecond>>, <DateTime64<Nanosecond>>, <DateTime64<Picosecond>>, <DateTime64<Femtosecond>>, <DateTime64<Attosecond>>, <TimeDelta64<Year>>, <TimeDelta64<Month>>, <TimeDelta64<Week>>, <TimeDelta64<Day>>, <TimeDelta64<Hour>>, <TimeDelta64<Minute>>, <TimeDelta64<Second>>, <TimeDelta64<Millisecond>>, <TimeDelta64<Microsecond>>, <TimeDelta64<Nanosecond>>, <TimeDelta64<Picosecond>>, <TimeDelta64<Femtosecond>>, <TimeDelta64<Attosecond>>)
)]
pub struct Tensor<T: Numeric> {
    shape: Vec<u64>,
    #[object(default)]
    partition_index: Vec<i64>,
    #[object(json, default = row_major)]
    order: String,
    #[object(default)]
    value_type: ValueType<T>,
    #[object(default)]
    value_type_meta: ValueTypeMeta<T>,
    buffer: Array<T>,
}

impl<T: Numeric> Tensor<T> {
    /// A tensor of this shape over these elements. Neither copies a vector nor an array.
    ///
    /// # Errors
    ///
    /// [`ShapeError`] if the number of elements is not the product of the dimensions.
    pub fn new(shape: impl Into<Vec<u64>>, elements: impl Into<Array<T>>) -> Result<Self, ShapeError> {
        let (shape, buffer) = (shape.into(), elements.into());
        let places = places(&shape)?;
        if places != buffer.len() as u64 {
            return Err(ShapeError::Elements { shape, places, elements: buffer.len() });
        }
        Ok(Self::over(shape, buffer))
    }

    /// Elements that fill the shape.
    pub(crate) fn over(shape: Vec<u64>, buffer: Array<T>) -> Self {
        Self {
            shape,
            partition_index: Vec::new(),
            order: row_major(),
            value_type: ValueType::default(),
            value_type_meta: ValueTypeMeta::default(),
            buffer,
        }
    }

    /// A tensor of this shape from elements of which the *first* dimension is the fastest, as Fortran and Julia have
    /// them. Stores are given the last dimension fastest in any case, so this copies each element once; Python gets an
    /// array in Fortran's order, as if it had put one.
    ///
    /// ```
    /// use vineyard_types::Tensor;
    /// let tensor = Tensor::from_column_major([2, 3], &[1, 4, 2, 5, 3, 6])?;
    /// assert_eq!(tensor.as_slice(), [1, 2, 3, 4, 5, 6]);
    /// assert_eq!(tensor.original_order(), "F");
    /// assert_eq!(tensor.to_column_major(), [1, 4, 2, 5, 3, 6]);
    /// # Ok::<(), vineyard_types::ShapeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_column_major(shape: impl Into<Vec<u64>>, elements: &[T]) -> Result<Self, ShapeError> {
        let shape = shape.into();
        let backwards: Vec<u64> = shape.iter().rev().copied().collect();
        let tensor = Self::new(shape, reverse_axes(&backwards, elements))?;
        Ok(tensor.marked_column_major())
    }

    /// The tensor that an object is, of which the elements may be in the other byte order: numpy's `>i8` and the like, which
    /// Python stores as they are and [`get`](vineyard_core::Client::get) refuses, for views of them would be other numbers.
    ///
    /// Copies each element once if they are; else it is what `get` gives, without a copy.
    ///
    /// ```no_run
    /// use vineyard_core::{Client, Opaque};
    /// use vineyard_types::Tensor;
    /// let client = Client::from_env()?;
    /// let object = client.get_by_name::<Opaque>("from a file of big-endian numbers")?;
    /// let tensor = Tensor::<f32>::to_native_endian(&object)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ResolveError`] if it is no tensor of this type, or not valid.
    pub fn to_native_endian(object: &Opaque) -> Result<Self, ResolveError> {
        let meta = object.meta();
        let described = object.value::<String>("value_type_meta_").unwrap_or_default();
        let is_swapped = described.starts_with('>') && described.replace('>', "<") == T::NUMPY_META;
        if !is_swapped || !<Self as Object>::typename().matches(meta.typename()) {
            return Self::resolve(meta);
        }
        let stored = object.array::<T>("buffer_")?;
        let mut bytes = bytemuck::cast_slice::<T, u8>(&stored).to_vec();
        // Complex numbers are two floats.
        let parts = if described.starts_with(">c") { 2 } else { 1 };
        let width = size_of::<T>().checked_div(parts).unwrap_or(1);
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        let tensor = Self {
            order: object.value::<String>("order_").map_or_else(|_| row_major(), |order| order.replace('"', "")),
            ..Self::over(object.value("shape_")?, bytemuck::pod_collect_to_vec::<u8, T>(&bytes).into())
        };
        tensor.check().map_err(|error| ResolveReason::Invalid(error.into()))?;
        Ok(tensor)
    }

    /// The same tensor as a part of a [`GlobalTensor`](crate::GlobalTensor): its place in the grid of parts, one number for
    /// each dimension.
    #[must_use]
    pub fn with_partition_index(self, index: impl Into<Vec<i64>>) -> Self {
        Self { partition_index: index.into(), ..self }
    }

    /// Its place in the grid of parts of a [`GlobalTensor`](crate::GlobalTensor); empty if it was put without one.
    pub fn partition_index(&self) -> &[i64] {
        &self.partition_index
    }

    /// The same elements, of an array whose first dimension was the fastest.
    pub(crate) fn marked_column_major(self) -> Self {
        // With fewer dimensions both orders are the same, and Python would make one dimension out of none.
        if self.shape.len() > 1 { Self { order: "F".to_owned(), ..self } } else { self }
    }

    /// A copy of the elements, the first dimension fastest.
    pub fn to_column_major(&self) -> Vec<T> {
        reverse_axes(&self.shape, self.as_slice())
    }

    /// The length of each dimension.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All elements, the last dimension fastest.
    pub fn as_slice(&self) -> &[T] {
        // `check` has seen that there are at least so many; a blob may have room to spare at its end.
        let places = places(&self.shape).ok().and_then(|places| usize::try_from(places).ok());
        places.and_then(|places| self.buffer.get(..places)).unwrap_or_default()
    }

    /// The array the elements lie in.
    pub fn array(&self) -> &Array<T> {
        &self.buffer
    }

    /// The element at a place, one index for each dimension; `None` outside of the shape.
    pub fn get(&self, index: &[usize]) -> Option<&T> {
        if index.len() != self.shape.len() {
            return None;
        }
        let offset = index.iter().zip(&self.shape).try_fold(0u64, |offset, (index, dimension)| {
            let index = u64::try_from(*index).ok().filter(|index| index < dimension)?;
            offset.checked_mul(*dimension)?.checked_add(index)
        })?;
        self.as_slice().get(usize::try_from(offset).ok()?)
    }

    /// The elements at one index of the first dimension; `None` outside of it, and without dimensions.
    pub fn row(&self, index: usize) -> Option<&[T]> {
        let (rows, inner) = self.shape.split_first()?;
        u64::try_from(index).ok().filter(|index| index < rows)?;
        let width = usize::try_from(places(inner).ok()?).ok()?;
        let start = index.checked_mul(width)?;
        self.as_slice().get(start..start.checked_add(width)?)
    }

    /// Some places of the first dimension, without a copy: the elements are those of this tensor. A tensor without
    /// dimensions has no rows.
    ///
    /// ```
    /// use vineyard_types::Tensor;
    /// let tensor = Tensor::new([3, 2], vec![1, 2, 3, 4, 5, 6])?;
    /// let rows = tensor.slice_rows(1..)?;
    /// assert_eq!((rows.shape(), rows.as_slice()), (&[2, 2][..], &[3, 4, 5, 6][..]));
    /// assert!(tensor.slice_rows(2..4).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RowsError`] if the range does not lie inside of the first dimension.
    pub fn slice_rows(&self, range: impl RangeBounds<usize>) -> Result<Self, RowsError> {
        let (rows, inner) = self.shape.split_first().unwrap_or((&0, &[]));
        let found = usize::try_from(*rows).unwrap_or(usize::MAX);
        let rows = within(range, found)?;
        let outside = RowsError { start: rows.start, end: rows.end, found };
        // There are as many elements as places, so what is inside can be counted; without elements all is empty.
        let width = if self.is_empty() { Some(0) } else { places(inner).ok().and_then(|width| width.try_into().ok()) };
        let place = |row: usize| width.and_then(|width: usize| row.checked_mul(width)).ok_or(outside);
        let buffer = self.buffer.slice(place(rows.start)?..place(rows.end)?).map_err(|_| outside)?;
        let shape = std::iter::once(rows.len() as u64).chain(inner.iter().copied()).collect();
        Ok(Self { order: self.order.clone(), ..Self::over(shape, buffer) })
    }

    /// The order that the writer's array had, `C` or `F`; the elements are stored in the order of `C` in any case.
    pub fn original_order(&self) -> &str {
        &self.order
    }

    fn check(&self) -> Result<(), ShapeError> {
        let places = places(&self.shape)?;
        if places > self.buffer.len() as u64 {
            let elements = self.buffer.len();
            return Err(ShapeError::Elements { shape: self.shape.clone(), places, elements });
        }
        if !matches!(self.order.as_str(), "C" | "F") {
            return Err(ShapeError::Order { order: self.order.clone() });
        }
        Ok(())
    }
}

impl<T: Numeric> From<Vec<T>> for Tensor<T> {
    /// One dimension; the vector is not copied.
    fn from(elements: Vec<T>) -> Self {
        Array::from(elements).into()
    }
}

impl<T: Numeric> From<Array<T>> for Tensor<T> {
    /// One dimension; the array is not copied.
    fn from(elements: Array<T>) -> Self {
        Self::over(vec![elements.len() as u64], elements)
    }
}

impl<T: Numeric, const N: usize> From<[T; N]> for Tensor<T> {
    /// One dimension.
    fn from(elements: [T; N]) -> Self {
        Array::from(elements).into()
    }
}

impl<T: Numeric> FromIterator<T> for Tensor<T> {
    /// One dimension.
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Array::from_iter(elements).into()
    }
}

impl<T: Numeric> PartialEq for Tensor<T> {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.as_slice() == other.as_slice()
    }
}

#[cfg(test)]
#[path = "tensor_tests.rs"]
mod tests;
