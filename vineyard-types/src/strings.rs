//! Text in shared memory.

use std::ops::RangeBounds;
use std::str::Utf8Error;

use vineyard_core::{Array, Blob, Object};

use crate::rows::{RowsError, within};

/// A text that cannot be read from a string array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StringError {
    /// The offsets of a text lie outside of the data, or run backwards.
    #[error("text {index}: offsets {start} to {end} do not lie inside {nbytes} bytes of text")]
    Offsets {
        /// Which text.
        index: usize,
        /// Where it is said to start.
        start: i64,
        /// Where it is said to end.
        end: i64,
        /// Bytes of all texts.
        nbytes: usize,
    },
    /// A text is not UTF-8.
    #[error("text {index} is not UTF-8")]
    Utf8 {
        /// Which text.
        index: usize,
        /// Where it stops being UTF-8.
        source: Utf8Error,
    },
}

/// Texts in the layout of Arrow's `LargeString`: all bytes in one blob, offsets of 64 bits in another, and a bitmap of
/// those that are there.
///
/// Getting it costs the same however many texts there are: each text is checked when it is read. Arrow's columnar
/// format is the source of the layout (<https://arrow.apache.org/docs/format/Columnar.html>).
///
/// ```
/// use vineyard_types::StringArray;
/// let texts: StringArray = ["a", "", "naïve"].into_iter().collect();
/// assert_eq!(texts.get(2).transpose()?, Some("naïve"));
/// assert_eq!(texts.get(3), None);
/// # Ok::<(), vineyard_types::StringError>(())
/// ```
#[derive(Debug, Clone, Object)]
#[object(
    typename = "vineyard::BaseBinaryArray<arrow::LargeStringArray>",
    rename_all = "{}_",
    validate = Self::check
)]
pub struct StringArray {
    length: u64,
    null_count: u64,
    #[object(default)]
    offset: u64,
    buffer_offsets: Array<i64>,
    buffer_data: Array<u8>,
    null_bitmap: Blob,
}

impl StringArray {
    /// Collects texts, some of which may not be there. Copies each text once.
    pub fn from_options<S: AsRef<str>>(texts: impl IntoIterator<Item = Option<S>>) -> Self {
        let (mut offsets, mut data, mut bitmap) = (vec![0i64], Vec::new(), Vec::new());
        let (mut length, mut null_count) = (0u64, 0u64);
        for text in texts {
            let bit = 1u8 << (length % 8);
            if bit == 1 {
                bitmap.push(0u8);
            }
            match text {
                Some(text) => {
                    data.extend_from_slice(text.as_ref().as_bytes());
                    if let Some(byte) = bitmap.last_mut() {
                        *byte |= bit;
                    }
                }
                None => null_count += 1,
            }
            // A vector has at most i64::MAX bytes.
            offsets.push(data.len() as i64);
            length += 1;
        }
        let null_bitmap = if null_count == 0 { Blob::empty() } else { Blob::from(bitmap) };
        Self { length, null_count, offset: 0, buffer_offsets: offsets.into(), buffer_data: data.into(), null_bitmap }
    }

    /// An array of these parts: length, texts that are not there, and offset first. `None` if they do not fit.
    #[cfg(feature = "arrow")]
    pub(crate) fn of_parts(
        [length, null_count, offset]: [usize; 3],
        buffer_offsets: Array<i64>,
        buffer_data: Array<u8>,
        null_bitmap: Blob,
    ) -> Option<Self> {
        let [length, null_count, offset] = [length, null_count, offset].map(|number| number as u64);
        let array = Self { length, null_count, offset, buffer_offsets, buffer_data, null_bitmap };
        array.check().is_ok().then_some(array)
    }

    /// Where the first text is in the offsets and the bitmap.
    #[cfg(feature = "arrow")]
    pub(crate) fn offset(&self) -> usize {
        // `check` has seen that there are offsets for it, unless there are no texts.
        usize::try_from(self.offset).unwrap_or(usize::MAX)
    }

    /// A bit for each text that is there; no bytes if none is missing.
    #[cfg(feature = "arrow")]
    pub(crate) fn bitmap(&self) -> &Blob {
        &self.null_bitmap
    }

    /// Number of texts, those that are not there included.
    pub fn len(&self) -> usize {
        // `check` has seen that there are offsets for so many, so it fits.
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many of the texts are not there, as the writer counted them.
    pub fn null_count(&self) -> u64 {
        self.null_count
    }

    /// Where each text starts in [`data`](Self::data), and where the last one ends.
    pub fn offsets(&self) -> &Array<i64> {
        &self.buffer_offsets
    }

    /// The bytes of all texts, one after the other.
    pub fn data(&self) -> &Array<u8> {
        &self.buffer_data
    }

    /// Whether a text is not there (Arrow's null). False beyond the end.
    pub fn is_null(&self, index: usize) -> bool {
        let Some(place) = self.place(index).filter(|_| index < self.len()) else { return false };
        let byte = self.null_bitmap.as_bytes().get(place / 8);
        byte.is_some_and(|byte| byte >> (place % 8) & 1 == 0)
    }

    /// One text: its bytes are checked now. `None` beyond the end and for texts that are not there.
    pub fn get(&self, index: usize) -> Option<Result<&str, StringError>> {
        if index >= self.len() || self.is_null(index) {
            return None;
        }
        let place = self.place(index)?;
        let (start, end) = (*self.buffer_offsets.get(place)?, *self.buffer_offsets.get(place.checked_add(1)?)?);
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let bytes = range.and_then(|(start, end)| self.buffer_data.get(start..end));
        Some(match bytes {
            None => Err(StringError::Offsets { index, start, end, nbytes: self.buffer_data.len() }),
            Some(bytes) => std::str::from_utf8(bytes).map_err(|source| StringError::Utf8 { index, source }),
        })
    }

    /// All texts in order; `None` for those that are not there.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<Result<&str, StringError>>> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Some of the texts, without a copy: the offsets, the bitmap and the bytes are those of this array. Looks at no text;
    /// counts the texts that are not there, if some are not.
    ///
    /// The bytes of all texts go with a slice: what is put of it links those that are stored, and copies those that are
    /// not.
    ///
    /// ```
    /// use vineyard_types::StringArray;
    /// let texts = StringArray::from_options([Some("a"), None, Some("naïve")]);
    /// let slice = texts.slice(1..)?;
    /// assert_eq!((slice.len(), slice.null_count(), slice.is_null(0)), (2, 1, true));
    /// assert_eq!(slice.get(1).transpose()?, Some("naïve"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RowsError`] if the range does not lie inside of the array.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self, RowsError> {
        let rows = within(range, self.len())?;
        if rows.is_empty() {
            return Ok(Self::from_iter([""; 0]));
        }
        let outside = RowsError { start: rows.start, end: rows.end, found: self.len() };
        let first = self.place(rows.start).ok_or(outside)?;
        // Bitmaps are cut at bytes.
        let bits = self.null_bitmap.nbytes();
        let skipped = if bits == 0 { first } else { first & !7 };
        let offset = first.saturating_sub(skipped);
        let end = first.saturating_add(rows.len());
        let (from, to) = (skipped / 8, end.div_ceil(8).min(bits));
        let mut slice = Self {
            length: rows.len() as u64,
            null_count: 0,
            offset: offset as u64,
            buffer_offsets: self.buffer_offsets.slice(skipped..=end).map_err(|_| outside)?,
            buffer_data: self.buffer_data.clone(),
            null_bitmap: self.null_bitmap.slice(from.min(to)..to).map_err(|_| outside)?,
        };
        slice.null_count = (0..slice.len()).filter(|row| slice.is_null(*row)).count() as u64;
        if slice.null_count == 0 {
            slice.null_bitmap = Blob::empty();
        }
        Ok(slice)
    }

    /// Reads all texts once. O(bytes).
    ///
    /// # Errors
    ///
    /// The first [`StringError`].
    pub fn verify(&self) -> Result<(), StringError> {
        self.iter().flatten().try_for_each(|text| text.map(|_| ()))
    }

    /// Where the offsets and the bit of a text are.
    fn place(&self, index: usize) -> Option<usize> {
        usize::try_from(self.offset).ok()?.checked_add(index)
    }

    fn check(&self) -> Result<(), String> {
        let last = self.length.checked_add(self.offset);
        let fits = last.is_some_and(|last| last < self.buffer_offsets.len() as u64 || self.length == 0);
        if !fits {
            let (length, offset, found) = (self.length, self.offset, self.buffer_offsets.len());
            let needed = u128::from(length) + u128::from(offset) + 1;
            return Err(format!("{length} texts from {offset} on need {needed} offsets, found {found}"));
        }
        let bitmap = self.null_bitmap.nbytes() as u64;
        if self.null_count > 0 && bitmap.saturating_mul(8) < last.unwrap_or(u64::MAX) {
            return Err(format!("{} texts need a bit each, the bitmap has {bitmap} bytes", self.length));
        }
        Ok(())
    }
}

impl<S: AsRef<str>> FromIterator<S> for StringArray {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        Self::from_options(texts.into_iter().map(Some))
    }
}

impl PartialEq for StringArray {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

fn row_major() -> String {
    "C".to_owned()
}

/// A tensor of texts, as Python stores arrays of `str` and columns of text.
///
/// One dimension when made here; Python's readers ignore the shape.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(typename = "vineyard::Tensor<std::string>", rename_all = "{}_")]
pub struct StringTensor {
    shape: Vec<u64>,
    #[object(default)]
    partition_index: Vec<i64>,
    #[object(json, default = row_major)]
    order: String,
    #[object(default)]
    value_type: String,
    #[object(default)]
    value_type_meta: String,
    buffer: StringArray,
}

impl StringTensor {
    /// The length of each dimension.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The texts, the last dimension fastest.
    pub fn texts(&self) -> &StringArray {
        &self.buffer
    }

    /// Some of the texts in one dimension, without a copy, as [`StringArray::slice`].
    ///
    /// # Errors
    ///
    /// [`RowsError`] if the range does not lie inside of the texts.
    pub fn slice_rows(&self, range: impl RangeBounds<usize>) -> Result<Self, RowsError> {
        self.buffer.slice(range).map(Self::from)
    }
}

impl From<StringArray> for StringTensor {
    fn from(buffer: StringArray) -> Self {
        Self {
            shape: vec![buffer.length],
            partition_index: Vec::new(),
            order: row_major(),
            value_type: "string".to_owned(),
            value_type_meta: "str".to_owned(),
            buffer,
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for StringTensor {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        StringArray::from_iter(texts).into()
    }
}

#[cfg(test)]
#[path = "strings_tests.rs"]
mod tests;
