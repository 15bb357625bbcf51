//! The frame, in the forms in which it is put, and the copy of its bytes that is the measure of a put.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use vineyard_benches::Done;
use vineyard_core::Array;

use crate::peer::{Needs, Peer, timed};

/// Columns of the frame.
pub(crate) const COLUMNS: usize = 20;

/// One value in this many differs from those around it, and all are whole, so that sums are exact in any order.
const PERIOD: usize = 1024;

/// The columns, `c0` and so on; as the program in Python makes them.
pub(crate) fn columns(rows: usize) -> Vec<(String, Array<f64>)> {
    let column = |number: usize| (number..number + rows).map(|value| (value % PERIOD) as f64).collect::<Vec<_>>();
    (0..COLUMNS).map(|number| (format!("c{number}"), column(number).into())).collect()
}

/// The sum of all values.
pub(crate) fn sum(columns: &[(String, Array<f64>)]) -> f64 {
    columns.iter().map(|(_, values)| values.iter().sum::<f64>()).sum()
}

/// The columns as a record batch; copies them.
pub(crate) fn batch(columns: &[(String, Array<f64>)]) -> Done<RecordBatch> {
    let array = |values: &Array<f64>| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
    Ok(RecordBatch::try_from_iter(columns.iter().map(|(name, values)| (name, array(values))))?)
}

/// The sum of the first value of each column.
pub(crate) fn look_at(batch: &RecordBatch) -> f64 {
    let first = |column: &ArrayRef| column.as_primitive::<Float64Type>().values().first().copied();
    batch.columns().iter().filter_map(first).sum()
}

/// The sum of all values.
pub(crate) fn sum_of(batch: &RecordBatch) -> f64 {
    batch.columns().iter().map(|column| column.as_primitive::<Float64Type>().values().iter().sum::<f64>()).sum()
}

/// A copy into other memory of the same process, by one thread: no put of the same bytes is expected to be faster.
#[derive(Debug)]
pub(crate) struct Copy {
    from: Vec<(String, Array<f64>)>,
    to: Vec<f64>,
}

impl Copy {
    pub(crate) fn new(from: Vec<(String, Array<f64>)>) -> Self {
        Self { from, to: Vec::new() }
    }
}

impl Peer for Copy {
    fn name(&self) -> &str {
        "memcpy, one thread"
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn gets(&self) -> usize {
        0
    }

    fn open(&mut self, _: &Path) -> Done {
        Ok(())
    }

    fn put(&mut self) -> Done<f64> {
        let ((), time) = timed(|| {
            if self.to.is_empty() {
                self.to.reserve_exact(self.from.iter().map(|(_, values)| values.len()).sum());
                self.from.iter().for_each(|(_, values)| self.to.extend_from_slice(values));
                return Ok(());
            }
            let mut rest = self.to.as_mut_slice();
            for (_, values) in &self.from {
                let (to, behind) = rest.split_at_mut(values.len());
                to.copy_from_slice(values);
                rest = behind;
            }
            Ok(())
        })?;
        Ok(time)
    }

    fn get(&mut self) -> Done<f64> {
        Err("a copy is not got".into())
    }

    fn touch(&mut self) -> Done<f64> {
        self.get()
    }

    fn sum(&mut self) -> Done<f64> {
        Ok(self.to.iter().sum())
    }

    fn delete(&mut self) -> Done {
        Ok(())
    }

    fn close(&mut self) -> Done {
        // Pages that are there from the last round would not be fresh.
        self.to = Vec::new();
        Ok(())
    }
}
