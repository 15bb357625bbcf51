//! Asks a running server one question in SQL, or shows on a server of its own what comes of that.
//!
//! ```text
//! sql                                          the tour
//! sql 'SELECT city FROM "weather/table"'       on the server at VINEYARD_IPC_SOCKET, or where servers listen by default
//! sql --socket SOCK 'SHOW TABLES'              on the server at SOCK
//! ```

mod tour;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use datafusion::prelude::SQLOptions;
use vineyard_core::Client;

/// What the program returns on failure.
type Failure = Box<dyn std::error::Error>;

/// Queries the named objects of a Vineyard store with DataFusion.
#[derive(Parser)]
struct Arguments {
    /// The server's socket; where servers listen by default if it is not given.
    #[arg(long, requires = "query")]
    socket: Option<PathBuf>,
    /// The query, as `SELECT city FROM "weather/table"`, or `SHOW TABLES`. Without one, a tour on a server of its own.
    query: Option<String>,
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Some(query) = arguments.query else { return tour::run().await };
    let client = match arguments.socket {
        Some(socket) => Client::connect(socket)?,
        None => Client::from_env()?,
    };
    // What is in a store never changes.
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false);
    vineyard_sql::session(&client)?.sql_with_options(&query, options).await?.show().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sql: {error}");
            ExitCode::FAILURE
        }
    }
}
