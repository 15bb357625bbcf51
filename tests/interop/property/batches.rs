//! Batches and tables of any columns, of which Python puts a part.

use arrow_array::RecordBatch as Batch;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use vineyard_tests::TestResult;
use vineyard_types::arrow::{ArrowArray, RecordBatch, Table};

use super::arrays::{array, data_type};
use super::check;

/// A batch and the rows that Python puts of it.
fn cases() -> impl Strategy<Value = (Batch, usize, usize)> {
    let sized = (vec(data_type(), 1..5), prop_oneof![1 => Just(0usize), 4 => 1..40usize]);
    let batches = sized.prop_flat_map(|(types, rows)| {
        let columns: Vec<_> = types.iter().map(|one| array(one, rows)).collect();
        columns.prop_map(|columns| {
            let named = columns.into_iter().enumerate().map(|(place, column)| (format!("c{place}"), column, true));
            Batch::try_from_iter_with_nullable(named).expect("columns of one length and different names")
        })
    });
    batches.prop_flat_map(|batch| {
        let rows = batch.num_rows();
        (0..=rows).prop_flat_map(move |start| (Just(batch.clone()), Just(start), 0..=rows - start))
    })
}

#[test]
fn parts_of_any_batch_and_table_come_back_from_python() -> TestResult {
    check(&cases(), |python, (batch, start, count)| {
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        let part = batch.slice(start, count);
        let order = json!({ "rows": [start, count] });
        let stored = RecordBatch::from_arrow(&batch).map_err(|error| failed(&error))?;
        let id = python.through(&stored, order.clone()).map_err(|error| failed(&error))?;
        let back = python.client.get::<RecordBatch>(id).map_err(|error| failed(&error))?;
        let back = back.to_arrow().map_err(|error| failed(&error))?;
        if back != part {
            return Err(format!("{:?} {back:?}, expected {part:?}", back.schema()));
        }
        // The same of a table that is in two pieces.
        let pieces = [batch.slice(0, start), batch.slice(start, batch.num_rows() - start)];
        let stored = Table::from_arrow(&batch.schema(), &pieces).map_err(|error| failed(&error))?;
        let id = python.through(&stored, order).map_err(|error| failed(&error))?;
        let back = python.client.get::<Table>(id).map_err(|error| failed(&error))?;
        let mut rows = 0;
        for piece in back.to_arrow().map_err(|error| failed(&error))? {
            let found = piece.num_rows();
            if rows + found > count || piece != part.slice(rows, found) {
                return Err(format!("of a table, from row {rows} on: {piece:?}, expected {part:?}"));
            }
            rows += found;
        }
        if rows != count {
            return Err(format!("a table of {rows} rows, expected {count}"));
        }
        // One column by itself, and what Rust itself slices.
        let column = ArrowArray::from_arrow(&part.columns()[0]);
        let id = python.through(&column, json!({ "rows": [0, count] })).map_err(|error| failed(&error))?;
        let back = python.client.get::<ArrowArray>(id).map_err(|error| failed(&error))?;
        let back = back.to_arrow().map_err(|error| failed(&error))?;
        if &back != part.column(0) {
            return Err(format!("{back:?}, expected {:?}", part.column(0)));
        }
        Ok(())
    })
}
