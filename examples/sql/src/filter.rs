//! Conditions on rows, for batches that have only the columns which the condition names.

use std::sync::Arc;

use datafusion::arrow::array::{Array, BooleanArray};
use datafusion::arrow::compute::prep_null_mask_filter;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::Session;
use datafusion::common::DFSchema;
use datafusion::common::cast::as_boolean_array;
use datafusion::error::Result;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

/// One condition.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    predicate: Arc<dyn PhysicalExpr>,
    columns: Vec<usize>,
}

impl Filter {
    /// A condition on rows of `schema`.
    pub(crate) fn new(condition: &Expr, schema: &SchemaRef, state: &dyn Session) -> Result<Self> {
        let all = DFSchema::try_from(Arc::clone(schema))?;
        let predicate = state.create_physical_expr(unnormalize_col(condition.clone()), &all)?;
        let mut columns: Vec<usize> = collect_columns(&predicate).iter().map(|column| column.index()).collect();
        columns.sort_unstable();
        let predicate = reassign_expr_columns(predicate, &schema.project(&columns)?)?;
        Ok(Self { predicate, columns })
    }

    /// The places of the columns it looks at, in the order in which [`rows`](Self::rows) wants them.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// For each row whether the condition is true; neither false nor null.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let value = self.predicate.evaluate(batch)?.into_array(batch.num_rows())?;
        let rows = as_boolean_array(&value)?;
        Ok(if rows.null_count() > 0 { prep_null_mask_filter(rows) } else { rows.clone() })
    }
}

impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.predicate.fmt(f)
    }
}

/// Whether a condition can be computed from columns of `schema` alone: subqueries cannot.
pub(crate) fn can_be_applied(condition: &Expr, schema: &SchemaRef) -> bool {
    let planned = DFSchema::try_from(Arc::clone(schema))
        .and_then(|schema| create_physical_expr(&unnormalize_col(condition.clone()), &schema, &ExecutionProps::new()));
    planned.is_ok()
}
