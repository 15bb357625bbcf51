//! Edges in tables of Arrow.

use std::borrow::Borrow;
use std::ops::ControlFlow;

use arrow_array::{Array, ArrayRef, RecordBatch};

use super::progress::Reporter;
use super::values::{Unread, weights};
use super::{EdgeSink, EdgeWeight, LoadError, Progress};
use crate::arrow::{ArrowArray, to_column};
use crate::dataframe::{ConvertError, DataFrame};
use crate::graph::VertexLabel;

/// Rows that are looked at at a time.
const PART: usize = 1 << 16;

/// Which columns of a table are the edges.
///
/// ```
/// use arrow_array::record_batch;
/// use vineyard_types::Text;
/// use vineyard_types::graph::load::{EdgeColumns, silent};
/// use vineyard_types::graph::{EdgeOptions, LabelledEdges, LabelledGraph};
///
/// let batch = record_batch!(("from", Utf8, ["a", "b"]), ("to", Utf8, ["b", "c"]), ("km", Float64, [1.5, 2.0]))?;
/// let columns = EdgeColumns::new("from", "to").weight("km");
/// let edges: LabelledEdges<Text, f64> = columns.read([&batch], "roads", silent)?;
/// let graph: LabelledGraph<Text, u32, f64> = edges.build(EdgeOptions::default())?;
/// assert_eq!(columns.batch_of(&graph)?.num_rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeColumns {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) weight: Option<String>,
    pub(super) properties: Option<Vec<String>>,
}

impl EdgeColumns {
    /// Edges between the vertices in two columns: integers of any width, or text. All other columns are properties, and go
    /// to the table of edges.
    pub fn new(source: impl Into<String>, target: impl Into<String>) -> Self {
        Self { source: source.into(), target: target.into(), weight: None, properties: None }
    }

    /// The same with weights from a column of integers or floats of any width, each of which has to be a weight exactly.
    #[must_use]
    pub fn weight(self, column: impl Into<String>) -> Self {
        Self { weight: Some(column.into()), ..self }
    }

    /// The same with these properties only; others are skipped.
    #[must_use]
    pub fn properties<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        Self { properties: Some(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// The edges in batches, in the order of their rows. Properties of several batches are put together, which copies them
    /// once; those of one batch are shared. Errors call the table `name`.
    ///
    /// `progress` is told each 65,536 edges, and at the end; [`silent`](super::silent) ignores it.
    ///
    /// # Errors
    ///
    /// - [`LoadError::NoColumn`] if a column is not there, [`LoadError::Twice`] if there are two of that name.
    /// - [`LoadError::Type`] if it is of another type, or of other types in several batches.
    /// - [`LoadError::Row`] with the first row that is null, or out of the range of the label or the weight.
    /// - [`LoadError::Cancelled`] if `progress` breaks.
    pub fn read<'a, E: EdgeSink>(
        &self,
        batches: impl IntoIterator<Item = &'a RecordBatch>,
        name: &str,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        let mut reading = Reading::new(self, name, Reporter::new(None, None, progress));
        for batch in batches {
            reading.batch(batch)?;
        }
        reading.finish()
    }

    /// As [`read`](Self::read), of the rows of a frame, which errors call `name`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`LoadError::Format`] if the frame [cannot be](DataFrame::to_arrow) a record batch.
    pub fn read_frame<E: EdgeSink>(
        &self,
        frame: &DataFrame,
        name: &str,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        let refused = |source: ConvertError| LoadError::Format {
            file: name.to_owned(),
            format: "table of Arrow",
            source: source.into(),
        };
        self.read([&frame.to_arrow().map_err(refused)?], name, progress)
    }

    /// Whether a column that is no end and no weight is kept.
    pub(super) fn is_property(&self, column: &str) -> bool {
        let taken = [Some(&self.source), Some(&self.target), self.weight.as_ref()];
        match &self.properties {
            Some(properties) => properties.iter().any(|name| name == column),
            None => !taken.into_iter().flatten().any(|name| name == column),
        }
    }
}

/// Edges that are being read.
pub(super) struct Reading<'a, E: EdgeSink, F> {
    columns: &'a EdgeColumns,
    name: &'a str,
    reporter: Reporter<F>,
    rows: u64,
    edges: E,
    weights: Vec<E::Weight>,
    properties: Option<Vec<(String, Vec<ArrayRef>)>>,
}

impl<'a, E: EdgeSink, F: FnMut(&Progress) -> ControlFlow<()>> Reading<'a, E, F> {
    pub(super) fn new(columns: &'a EdgeColumns, name: &'a str, reporter: Reporter<F>) -> Self {
        Self { columns, name, reporter, rows: 0, edges: E::default(), weights: Vec::new(), properties: None }
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<(), LoadError> {
        let (source, target) = (self.column(batch, &self.columns.source)?, self.column(batch, &self.columns.target)?);
        let weight = self.columns.weight.as_ref().map(|weight| self.column(batch, weight)).transpose()?;
        self.keep(batch)?;
        for start in (0..batch.num_rows()).step_by(PART) {
            let len = PART.min(batch.num_rows().saturating_sub(start));
            let (source, target) = (source.slice(start, len), target.slice(start, len));
            let ends =
                |column: &str, array: &dyn Array, unread| self.refused(column, array, unread, E::Label::EXPECTED);
            let sources = E::Label::of_arrow(&source).map_err(|unread| ends(&self.columns.source, &source, unread))?;
            let targets = E::Label::of_arrow(&target).map_err(|unread| ends(&self.columns.target, &target, unread))?;
            if let (Some(weight), Some(column)) = (weight, &self.columns.weight) {
                let part = weight.slice(start, len);
                let found = weights::<E::Weight>(&part);
                self.weights.extend(found.map_err(|unread| self.refused(column, &part, unread, E::Weight::EXPECTED))?);
            }
            for (source, target) in sources.iter().zip(&targets) {
                self.edges.push(source.borrow(), target.borrow());
            }
            self.rows = self.rows.saturating_add(len as u64);
            self.reporter.edges(len as u64, 0)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<E, LoadError> {
        self.reporter.end(0)?;
        let mut table = None;
        for (name, parts) in self.properties.unwrap_or_default() {
            // One at least, for its type.
            let is_filled = parts.iter().any(|part| !part.is_empty());
            let parts = parts.iter().filter(|part| !(is_filled && part.is_empty()));
            let parts: Vec<&dyn Array> = parts.map(AsRef::as_ref).collect();
            let whole = match parts.as_slice() {
                [one] => ArrowArray::from_arrow(*one),
                several => {
                    let whole = arrow_select::concat::concat(several).map_err(|error| LoadError::Format {
                        file: self.name.to_owned(),
                        format: "table",
                        source: error.into(),
                    })?;
                    ArrowArray::from_arrow(&whole)
                }
            };
            let frame = table.unwrap_or_else(DataFrame::new);
            table = Some(frame.with_column(name, to_column(whole))?);
        }
        let weights = self.columns.weight.is_some().then_some(self.weights);
        Ok(self.edges.finish(weights, table)?)
    }

    /// Keeps the properties.
    fn keep(&mut self, batch: &RecordBatch) -> Result<(), LoadError> {
        if self.properties.is_none() {
            let names: Vec<String> = match &self.columns.properties {
                Some(names) => names.clone(),
                None => {
                    let schema = batch.schema_ref();
                    let names = schema.fields().iter().map(|field| field.name().clone());
                    names.filter(|name| self.columns.is_property(name)).collect()
                }
            };
            self.properties = Some(names.into_iter().map(|name| (name, Vec::new())).collect());
        }
        let mut properties = self.properties.take().unwrap_or_default();
        for (name, parts) in &mut properties {
            let part = self.column(batch, name)?;
            if let Some(first) = parts.first().filter(|first| first.data_type() != part.data_type()) {
                let found = format!("{}, and {} before", part.data_type(), first.data_type());
                let (file, column) = (self.name.to_owned(), name.clone());
                return Err(LoadError::Type { file, column, found, expected: "the same in each batch" });
            }
            parts.push(part.clone());
        }
        self.properties = Some(properties);
        Ok(())
    }

    fn column<'b>(&self, batch: &'b RecordBatch, column: &str) -> Result<&'b ArrayRef, LoadError> {
        let names = || batch.schema_ref().fields().iter().map(|field| field.name());
        let (file, mut found) =
            (self.name.to_owned(), batch.columns().iter().zip(names()).filter(|(_, name)| *name == column));
        match (found.next(), found.next()) {
            (Some((array, _)), None) => Ok(array),
            (Some(_), Some(_)) => Err(LoadError::Twice { file, column: column.to_owned() }),
            (None, _) => {
                Err(LoadError::NoColumn { file, column: column.to_owned(), found: names().cloned().collect() })
            }
        }
    }

    fn refused(&self, column: &str, array: &dyn Array, unread: Unread, expected: &'static str) -> LoadError {
        let (file, column) = (self.name.to_owned(), column.to_owned());
        match unread {
            Unread::Type => LoadError::Type { file, column, found: array.data_type().to_string(), expected },
            Unread::Row { row, found } => {
                LoadError::Row { file, row: self.rows.saturating_add(row as u64), column, found, expected }
            }
        }
    }
}
