//! The command line: arguments, logging, signals, exit codes.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::error::StartError;
use crate::server::{Server, ServerHandle};
use crate::size::parse_size;
use crate::socket::default_path;
use crate::workers::runtime;

/// Where a log filter is taken from if there is no flag.
const LOG_VARIABLE: &str = "VINEYARD_LOG";

/// A vineyard server: holds large immutable data in shared memory, so that the processes of this machine share it
/// without copying.
///
/// Clients of vineyard 0.24 connect to its UNIX socket (Python: `vineyard.connect(PATH)`). Everything has a default;
/// `vineyard-server` alone starts a server with half of the memory.
#[derive(Debug, Parser)]
#[command(
    name = "vineyard-server",
    version,
    after_help = "SIGTERM and SIGINT stop the server: requests in hand are answered, the socket is removed, the exit \
                  code is 0. If it cannot start, one sentence on stderr says why and the exit code is 1.\n\n\
                  Examples:\n  vineyard-server --socket /tmp/v.sock --size 4Gi\n  \
                  VINEYARD_LOG=debug vineyard-server"
)]
struct Args {
    /// Where to listen. Directories are made, the socket of a server that died is replaced [default:
    /// /var/run/vineyard.sock if it can be written, else $XDG_RUNTIME_DIR/vineyard.sock, else
    /// ~/.local/vineyard/vineyard.sock]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// How much data to hold: bytes, or a number with K, M, G, T or P, all powers of 1024 (an i or B after it changes
    /// nothing). Memory is taken when data arrives, not before [default: half of the memory, or of the control
    /// group's limit if that is lower]
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    size: Option<String>,

    /// Permissions of the socket, octal. Who may connect may read, write and delete everything
    #[arg(long, value_name = "MODE", default_value = "660")]
    socket_mode: String,

    /// The number of this server among the servers of its cluster
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    instance_id: u64,

    /// Threads that serve connections [default: one for each processor, 8 at most]
    #[arg(long, value_name = "COUNT")]
    workers: Option<usize>,

    /// Connections that are served at a time; more wait until one ends
    #[arg(long, value_name = "COUNT", default_value_t = 4096)]
    max_connections: usize,

    /// What to log to stderr: error, warn, info, debug, trace, or a filter such as `vineyard_server=debug` [default:
    /// $VINEYARD_LOG, else warn]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

/// What the process does: reads its arguments, serves until a signal comes, and says how it ended.
///
/// The binary `vineyard-server` is this function and nothing else; another binary becomes the server by calling it.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     vineyard_server::cli::main()
/// }
/// ```
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(message) => {
            // Help and version arrive here too. If nobody reads it, there is nobody to tell.
            let _ = message.print();
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
        }
    };
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match std::error::Error::source(&error) {
                Some(cause) => eprintln!("vineyard-server: {error}: {cause}"),
                None => eprintln!("vineyard-server: {error}"),
            }
            ExitCode::FAILURE
        }
    }
}

fn serve(args: Args) -> Result<(), StartError> {
    start_logging(args.log_level.as_deref())?;
    let runtime = runtime().map_err(StartError::system("event loop"))?;
    // Before the socket is there: who sees it may send a signal.
    let (mut terminate, mut interrupt) = {
        let _entered = runtime.enter();
        let listen = |kind| signal(kind).map_err(StartError::system("signal handler"));
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?)
    };
    let server = spawn(args)?;
    let stop = server.stop_token().clone();
    runtime.block_on(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stop.cancelled() => {}
        }
    });
    let report = server.stop();
    tracing::info!(?report, "stopped");
    Ok(())
}

fn spawn(args: Args) -> Result<ServerHandle, StartError> {
    let mode = u32::from_str_radix(&args.socket_mode, 8).map_err(|_| StartError::Option {
        option: "socket mode",
        value: args.socket_mode,
        expected: "octal permissions up to 777",
    })?;
    let mut builder =
        Server::builder().instance_id(args.instance_id).socket_mode(mode).max_connections(args.max_connections);
    if let Some(size) = args.size {
        builder = builder.size(parse_size(&size)?);
    }
    if let Some(workers) = args.workers {
        builder = builder.workers(workers);
    }
    let socket = match args.socket {
        Some(path) => path,
        None => default_path()?,
    };
    builder.socket(socket).spawn()
}

fn start_logging(level: Option<&str>) -> Result<(), StartError> {
    let from_environment = std::env::var(LOG_VARIABLE).ok();
    let filter = level.or(from_environment.as_deref()).filter(|text| !text.is_empty()).unwrap_or("warn");
    let filter = EnvFilter::try_new(filter).map_err(|_| StartError::Option {
        option: "log filter",
        value: filter.to_owned(),
        expected: "error, warn, info, debug, trace or target=level",
    })?;
    // It may be set already if another binary became the server; then its choice holds.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    Ok(())
}
