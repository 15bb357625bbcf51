//! The batches of a scan, piece by piece.

use std::sync::Arc;
use std::vec;

use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::compute::{and, filter_record_batch};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::physical_plan::metrics::{BaselineMetrics, Count};

use crate::part::Part;
use crate::scan::Wanted;

/// The pieces of some batches: slices of at most as many rows as the session wants in a batch, or what is left of them.
///
/// Without conditions a piece is a view of shared memory. With conditions it is one as well where all rows meet them;
/// otherwise the rows that do are gathered on the heap, as any query's result is.
pub(crate) struct Pieces {
    pub(crate) wanted: Arc<Wanted>,
    pub(crate) parts: vec::IntoIter<Part>,
    pub(crate) piece_rows: usize,
    /// Rows that may still be given out.
    pub(crate) left: Option<usize>,
    pub(crate) open: Option<OpenPart>,
    pub(crate) metrics: ScanMetrics,
}

/// What `EXPLAIN ANALYZE` tells of a scan.
pub(crate) struct ScanMetrics {
    pub(crate) baseline: BaselineMetrics,
    /// Batches of which no row met the conditions, so that the columns of the result were not looked at.
    pub(crate) batches_skipped: Count,
    /// Columns of batches that were viewed, for a condition or for the result.
    pub(crate) columns_viewed: Count,
}

/// A batch on the way.
pub(crate) struct OpenPart {
    part: Part,
    at: usize,
    /// For each condition, the columns that it looks at.
    conditions: Vec<RecordBatch>,
    /// The columns of the result, once a row was found.
    output: Option<RecordBatch>,
}

impl Pieces {
    fn open(&mut self, part: Part) -> Result<OpenPart> {
        let conditions = self.wanted.filters.iter().map(|filter| {
            self.metrics.columns_viewed.add(filter.columns().len());
            let schema = Arc::new(self.wanted.schema.project(filter.columns())?);
            Ok(part.view(filter.columns(), &schema)?)
        });
        let conditions = conditions.collect::<Result<_>>()?;
        Ok(OpenPart { part, at: 0, conditions, output: None })
    }

    /// The next piece of a batch; `None` if no row of it meets the conditions.
    fn piece(&self, open: &mut OpenPart) -> Result<Option<RecordBatch>> {
        let rows = self.piece_rows.min(open.part.rows().saturating_sub(open.at));
        let from = open.at;
        open.at = open.at.saturating_add(rows);
        let Some(selected) = self.selected(open, from, rows)? else { return Ok(None) };
        let output = match &open.output {
            Some(output) => output,
            None => {
                let viewed = open.part.view(&self.wanted.projection, &self.wanted.output)?;
                self.metrics.columns_viewed.add(self.wanted.projection.len());
                open.output.insert(viewed)
            }
        };
        let piece = output.slice(from, rows);
        Ok(Some(match selected {
            Selected::All => piece,
            Selected::Some(rows) => filter_record_batch(&piece, &rows)?,
        }))
    }

    /// Which rows meet all conditions; `None` if none does.
    fn selected(&self, open: &OpenPart, from: usize, rows: usize) -> Result<Option<Selected>> {
        let mut all: Option<BooleanArray> = None;
        for (filter, columns) in self.wanted.filters.iter().zip(&open.conditions) {
            let found = filter.rows(&columns.slice(from, rows))?;
            let found = match &all {
                Some(before) => and(before, &found)?,
                None => found,
            };
            if found.true_count() == 0 {
                return Ok(None);
            }
            all = Some(found);
        }
        Ok(Some(match all {
            Some(found) if found.true_count() < rows => Selected::Some(found),
            _ => Selected::All,
        }))
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if self.left == Some(0) {
                return Ok(None);
            }
            let mut open = match self.open.take() {
                Some(open) => open,
                None => match self.parts.next() {
                    Some(part) => self.open(part)?,
                    None => return Ok(None),
                },
            };
            if open.at >= open.part.rows() {
                if open.output.is_none() {
                    self.metrics.batches_skipped.add(1);
                }
                continue;
            }
            let piece = self.piece(&mut open)?;
            self.open = Some(open);
            let Some(mut piece) = piece else { continue };
            if let Some(left) = &mut self.left {
                piece = piece.slice(0, piece.num_rows().min(*left));
                *left = left.saturating_sub(piece.num_rows());
            }
            return Ok(Some(piece));
        }
    }
}

/// The rows of a piece that are wanted.
enum Selected {
    All,
    Some(BooleanArray),
}

impl Iterator for Pieces {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = {
            let time = self.metrics.baseline.elapsed_compute().clone();
            let _timer = time.timer();
            self.advance()
        };
        match found {
            Ok(piece) => {
                let piece = piece?;
                self.metrics.baseline.record_output(piece.num_rows());
                Some(Ok(piece))
            }
            Err(error) => {
                // Nothing comes after an error.
                self.left = Some(0);
                Some(Err(error))
            }
        }
    }
}
