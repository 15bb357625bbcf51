//! Asks a running server one question in SQL.

use std::path::PathBuf;

use clap::Parser;
use datafusion::prelude::SQLOptions;
use vineyard_core::Client;

/// Queries the named objects of a Vineyard store with DataFusion.
#[derive(Parser)]
struct Arguments {
    /// The server's socket; where servers listen by default if it is not given.
    #[arg(long)]
    socket: Option<PathBuf>,
    /// The query, as `SELECT city FROM "weather/table"`, or `SHOW TABLES`.
    query: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let client = match arguments.socket {
        Some(socket) => Client::connect(socket)?,
        None => Client::from_env()?,
    };
    // What is in a store never changes.
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false);
    vineyard_sql::session(&client).sql_with_options(&arguments.query, options).await?.show().await?;
    Ok(())
}
