//! One object as a table.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use vineyard_core::{Client, ObjectId};

use crate::error::SqlError;
use crate::filter::{Filter, can_be_applied};
use crate::part::{Part, parts_of};
use crate::scan::{ScanRequest, StoreScan};

/// The table that an object is: its schema, and its batches as they lie in shared memory. Holds their leases.
#[derive(Debug, Clone)]
pub struct StoreTable {
    name: String,
    id: ObjectId,
    schema: SchemaRef,
    parts: Vec<Part>,
}

impl StoreTable {
    /// The object of that name; `None` if there is no such name. Three requests, whatever the size; looks at no column.
    ///
    /// # Errors
    ///
    /// [`SqlError::NoTable`] if the object is of another type, [`SqlError::Store`] if it was deleted or its metadata does
    /// not fit, [`SqlError::Array`] if its schema cannot be read, [`SqlError::Frame`] if a column of a frame has no
    /// counterpart in Arrow, [`SqlError::Columns`] if two have the same text for a name.
    pub fn get(client: &Client, name: &str) -> Result<Option<Self>, SqlError> {
        let failed = |cause| SqlError::Store { name: name.to_owned(), cause };
        let Some(id) = client.get_name(name).map_err(failed)? else { return Ok(None) };
        let object = client.get_any(id).map_err(failed)?;
        let (schema, parts) = parts_of(name, object)?;
        Ok(Some(Self { name: name.to_owned(), id, schema, parts }))
    }

    /// The name it was found under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The object.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Number of batches.
    pub fn num_batches(&self) -> usize {
        self.parts.len()
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(crate) fn arrow_schema(&self) -> &SchemaRef {
        &self.schema
    }
}

#[async_trait]
impl TableProvider for StoreTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let request = ScanRequest {
            projection: projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect()),
            filters: filters.iter().map(|filter| Filter::new(filter, &self.schema, state)).collect::<Result<_>>()?,
            limit,
            partitions: state.config_options().execution.target_partitions,
        };
        Ok(Arc::new(StoreScan::try_new(self.clone(), request)?))
    }

    /// Exact for every condition that can be computed from this table's columns alone: the scan computes it with
    /// DataFusion's own expressions.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match can_be_applied(filter, &self.schema) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }
}
