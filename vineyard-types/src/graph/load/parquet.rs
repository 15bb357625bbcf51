//! Edges in Parquet files.

use std::ops::ControlFlow;
use std::path::Path;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::errors::ParquetError;
use arrow_array::RecordBatch;

use super::arrow::Reading;
use super::progress::Reporter;
use super::text::open;
use super::{EdgeColumns, EdgeSink, LoadError, Progress};

/// Rows that are decoded at a time.
const ROWS: usize = 1 << 16;

impl EdgeColumns {
    /// Reads the edges of a Parquet file, in the order of its rows. Decodes 65,536 rows at a time, and only the columns that
    /// are ends, weights or properties.
    ///
    /// Files may be compressed by Snappy, or not at all; a program that turns on further codecs of the crate `parquet`
    /// has these as well. `progress` is told as by [`read`](Self::read), and how many edges there are.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read); [`LoadError::Io`] if the file cannot be opened, [`LoadError::Format`] if it is no
    /// Parquet file, or a codec is not there.
    ///
    /// ```no_run
    /// use vineyard_types::graph::load::{EdgeColumns, PlainEdges, silent};
    /// let columns = EdgeColumns::new("src", "dst").weight("weight");
    /// let edges: PlainEdges<i64, f64> = columns.load_parquet("edges.parquet", silent)?;
    /// # Ok::<(), vineyard_types::graph::load::LoadError>(())
    /// ```
    pub fn load_parquet<E: EdgeSink>(
        &self,
        file: impl AsRef<Path>,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        let name = file.as_ref().display().to_string();
        let (opened, _) = open(file.as_ref(), &name)?;
        let invalid = |source: Box<dyn std::error::Error + Send + Sync>| LoadError::Format {
            file: name.clone(),
            format: "Parquet file",
            source,
        };
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error: ParquetError| invalid(error.into()))?;
        let total = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
        let ends = [Some(&self.source), Some(&self.target), self.weight.as_ref()];
        let wanted = |column: &str| self.is_property(column) || ends.into_iter().flatten().any(|end| end == column);
        let fields = builder.schema().fields().iter().enumerate().filter(|(_, field)| wanted(field.name()));
        let mask = ProjectionMask::roots(builder.parquet_schema(), fields.map(|(place, _)| place));
        let reader = builder.with_projection(mask).with_batch_size(ROWS).build();
        let reader = reader.map_err(|error| invalid(error.into()))?;

        let mut reading = Reading::new(self, &name, Reporter::new(total, None, progress));
        // So that columns are looked for also if there are no rows.
        reading.batch(&RecordBatch::new_empty(arrow_array::RecordBatchReader::schema(&reader)))?;
        for batch in reader {
            reading.batch(&batch.map_err(|error| invalid(error.into()))?)?;
        }
        reading.finish()
    }
}
