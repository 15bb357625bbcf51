//! SQL over what is in a Vineyard store, with [DataFusion](https://datafusion.apache.org), without a copy.
//!
//! Every name in the store is a table. A query that mentions one gets its object, a `vineyard::RecordBatch`,
//! `vineyard::Table` or `vineyard::DataFrame`, and DataFusion's operators work on the batches where they lie: in shared
//! memory that this process has mapped. The query holds their leases, so who deletes an object disturbs no query.
//!
//! ```no_run
//! use vineyard_core::Client;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let frame = vineyard_sql::session(&client)?.sql("SELECT city, degrees FROM weather WHERE degrees < 0").await?;
//! frame.show().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Names are written as SQL wants them: `"airports/table"` in quotes, because of the slash; without quotes a name is
//! lower case. What a scan is asked for is done in the scan ([`StoreScan`]): columns that a query does not need are not
//! looked at, conditions are applied to the shared batches before anything above sees a row, and a limit ends it.
#![forbid(unsafe_code)]

mod error;
mod filter;
mod frame;
mod part;
mod pieces;
mod scan;
mod schema;
mod table;

pub use error::SqlError;
pub use scan::StoreScan;
pub use schema::{StoreSchema, session};
pub use table::StoreTable;
