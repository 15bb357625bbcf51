//! The leaf of a plan that reads an object.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::{Statistics, internal_err};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};

use crate::filter::Filter;
use crate::part::Part;
use crate::pieces::{Pieces, ScanMetrics};
use crate::table::StoreTable;

/// What a query wants of a table.
pub(crate) struct ScanRequest {
    pub(crate) projection: Vec<usize>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) limit: Option<usize>,
    pub(crate) partitions: usize,
}

/// The same, as the pieces need it.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// All columns of the table.
    pub(crate) schema: SchemaRef,
    /// The columns of the result.
    pub(crate) output: SchemaRef,
    pub(crate) projection: Vec<usize>,
    pub(crate) filters: Vec<Filter>,
}

/// Reads the batches of one object where they lie.
///
/// Batches are spread over as many partitions as the session has threads, and come in slices of its batch size. The
/// columns of conditions are viewed first, and those of the result only once a row of the batch meets them all.
#[derive(Debug)]
pub struct StoreScan {
    table: StoreTable,
    wanted: Arc<Wanted>,
    limit: Option<usize>,
    partitions: Vec<Vec<Part>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl StoreScan {
    pub(crate) fn try_new(table: StoreTable, request: ScanRequest) -> Result<Self> {
        let ScanRequest { projection, filters, limit, partitions } = request;
        let schema = Arc::clone(table.arrow_schema());
        let output = Arc::new(schema.project(&projection)?);
        let partitions = spread(table.parts(), partitions);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&output)),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            table,
            wanted: Arc::new(Wanted { schema, output, projection, filters }),
            limit,
            partitions,
            properties: Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative)),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    /// The table that is read.
    pub fn table(&self) -> &StoreTable {
        &self.table
    }

    /// The places of the columns that are given out.
    pub fn projection(&self) -> &[usize] {
        &self.wanted.projection
    }
}

/// Batches in runs of about the same number of rows; one run without batches if there are none.
fn spread(parts: &[Part], partitions: usize) -> Vec<Vec<Part>> {
    let rows = parts.iter().map(Part::rows).fold(0, usize::saturating_add);
    let share = rows.div_ceil(partitions.max(1)).max(1);
    let (mut runs, mut run, mut filled) = (Vec::new(), Vec::new(), 0usize);
    for part in parts {
        filled = filled.saturating_add(part.rows());
        run.push(part.clone());
        if filled >= share {
            runs.push(std::mem::take(&mut run));
            filled = 0;
        }
    }
    if !run.is_empty() || runs.is_empty() {
        runs.push(run);
    }
    runs
}

impl DisplayAs for StoreScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> = self.wanted.output.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "StoreScan: {}, columns=[{}]", self.table.name(), columns.join(", "))?;
        if !self.wanted.filters.is_empty() {
            let filters: Vec<String> = self.wanted.filters.iter().map(Filter::to_string).collect();
            write!(f, ", filters=[{}]", filters.join(", "))?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        write!(f, ", batches={}", self.table.num_batches())
    }
}

impl ExecutionPlan for StoreScan {
    fn name(&self) -> &str {
        "StoreScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(parts) = self.partitions.get(partition) else {
            return internal_err!("there is no partition {partition}, only {}", self.partitions.len());
        };
        let count = |name: &'static str| MetricBuilder::new(&self.metrics).counter(name, partition);
        let pieces = Pieces {
            wanted: Arc::clone(&self.wanted),
            parts: parts.clone().into_iter(),
            piece_rows: context.session_config().batch_size(),
            left: self.limit,
            open: None,
            metrics: ScanMetrics {
                baseline: BaselineMetrics::new(&self.metrics, partition),
                batches_skipped: count("batches_skipped"),
                columns_viewed: count("columns_viewed"),
            },
        };
        let stream = RecordBatchStreamAdapter::new(Arc::clone(&self.wanted.output), futures::stream::iter(pieces));
        Ok(Box::pin(cooperative(stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    /// The number of rows, which the metadata tells: exact without conditions, so that `count(*)` reads nothing. Nothing is
    /// known of the values.
    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let count = |parts: &[Part]| {
            let rows = parts.iter().map(Part::rows).fold(0, usize::saturating_add);
            self.limit.map_or(rows, |limit| rows.min(limit))
        };
        let rows = match partition.map(|partition| self.partitions.get(partition)) {
            Some(Some(parts)) => count(parts),
            Some(None) => return internal_err!("there are only {} partitions", self.partitions.len()),
            // Each partition may give out as many rows as the limit says.
            None => self.partitions.iter().map(|parts| count(parts)).fold(0, usize::saturating_add),
        };
        let exact = self.wanted.filters.is_empty();
        let num_rows = if exact { Precision::Exact(rows) } else { Precision::Inexact(rows) };
        Ok(Arc::new(Statistics { num_rows, ..Statistics::new_unknown(&self.wanted.output) }))
    }
}
