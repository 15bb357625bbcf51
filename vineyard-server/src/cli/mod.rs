//! The command line: arguments, logging, signals, exit codes.

mod args;
mod gflags;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use self::args::{Args, Parsed};
use crate::config::AboveMemory;
use crate::error::StartError;
use crate::server::{Server, ServerHandle};
use crate::size::parse_size;
use crate::socket::default_path;
use crate::workers::runtime;

/// Where a log filter is taken from if there is no flag.
const LOG_VARIABLE: &str = "VINEYARD_LOG";

/// How the original daemon's launcher asks for more in the log.
const VERBOSITY_VARIABLE: &str = "GLOG_v";

/// How the original daemon is asked to tell Kubernetes of objects, besides by a flag.
const SYNC_VARIABLE: &str = "VINEYARD_SYNC_CRDS";

/// What the process does: reads its arguments, serves until a signal comes, and says how it ended.
///
/// The binaries `vineyard-server` and `vineyardd` are this function and nothing else; another binary becomes the server
/// by calling it. It takes the flags of the original daemon as well as our own options; `--help` tells them.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     vineyard_server::cli::main()
/// }
/// ```
pub fn main() -> ExitCode {
    let parsed = match args::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(message) => {
            // Help and version arrive here too. If nobody reads it, there is nobody to tell.
            let _ = message.print();
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
        }
    };
    match serve(parsed) {
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

fn serve(parsed: Parsed) -> Result<(), StartError> {
    // Other processes of this user could take the descriptors of arenas out of /proc, writable ones among them.
    set_dumpable(false).map_err(|errno| StartError::system("protection of its descriptors")(errno.into()))?;
    start_logging(&parsed.args)?;
    warn_of_differences(&parsed);
    raise_open_files();
    let runtime = runtime().map_err(StartError::system("event loop"))?;
    // Before the socket is there: who sees it may send a signal.
    let (mut terminate, mut interrupt) = {
        let _entered = runtime.enter();
        let listen = |kind| signal(kind).map_err(StartError::system("signal handler"));
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?)
    };
    let above_memory =
        if parsed.as_vineyardd || parsed.args.overcommit { AboveMemory::Warn } else { AboveMemory::Refuse };
    let server = spawn(parsed.args, above_memory)?;
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

/// Lets the process open as many files as it is allowed to: each connection takes one, and what can be opened bounds what
/// clients have opened for them. As a library, the server leaves the limits of its process alone.
fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| match soft < hard {
        true => setrlimit(Resource::RLIMIT_NOFILE, hard, hard),
        false => Ok(()),
    });
    if let Err(error) = raised {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
}

fn spawn(args: Args, above_memory: AboveMemory) -> Result<ServerHandle, StartError> {
    match args.meta.as_str() {
        "local" => {}
        "etcd" => return Err(StartError::NoCluster),
        _ => return Err(StartError::Option { option: "metadata backend", value: args.meta, expected: "local" }),
    }
    let mode = u32::from_str_radix(&args.socket_mode, 8).map_err(|_| StartError::Option {
        option: "socket mode",
        value: args.socket_mode,
        expected: "octal permissions up to 777",
    })?;
    let max_message_size = usize::try_from(parse_size(&args.max_message_size)?).unwrap_or(usize::MAX);
    let mut builder = Server::builder()
        .instance_id(args.instance_id)
        .above_memory(above_memory)
        .reserve(args.reserve)
        .socket_mode(mode)
        .max_connections(args.max_connections)
        .max_message_size(max_message_size)
        .message_memory(parse_size(&args.message_memory)?)
        .peer_timeout(Duration::from_secs(args.peer_timeout))
        .stream_threshold(args.stream_threshold)
        .stock_leases(args.stock_leases)
        .spill_rates(args.spill_upper_rate, args.spill_lower_rate)
        .compression(!args.no_compression)
        .deployment(args.deployment);
    if let Some(bytes) = &args.max_metadata {
        builder = builder.max_metadata(parse_size(bytes)?);
    }
    if let Some(bytes) = &args.seal_above {
        builder = builder.seal_above(parse_size(bytes)?);
    }
    if let Some(size) = args.size.filter(|size| !size.is_empty()) {
        builder = builder.size(parse_size(&size)?);
    }
    builder = match args.prefault.as_deref() {
        None | Some("") => builder.prefault_share(),
        Some("off" | "0") => builder.prefault(0),
        Some(bytes) => builder.prefault(parse_size(bytes)?),
    };
    if let Some(owner) = args.socket_owner {
        builder = builder.socket_owner(owner);
    }
    if let Some(group) = args.socket_group {
        builder = builder.socket_group(group);
    }
    if let Some(workers) = args.workers {
        builder = builder.workers(workers);
    }
    if !args.no_rpc {
        builder = builder.rpc(args.rpc_host, args.rpc_port);
    }
    if let Some(address) = args.http.filter(|address| !address.is_empty()) {
        builder = builder.http(address);
    }
    if let Some(directory) = path(Some(args.spill_path)) {
        builder = builder.spill(directory);
    }
    if let (Some(certificate), Some(key)) = (path(args.tls_cert), path(args.tls_key)) {
        builder = builder.tls(certificate, key);
    }
    if let Some(file) = path(args.tls_client_ca) {
        builder = builder.tls_client_ca(file);
    }
    builder = builder.tls_optional(args.tls.is_some_and(|when| when == "allow"));
    if let Some(file) = path(args.htpasswd) {
        builder = builder.htpasswd(file);
    }
    if let Some(file) = path(args.rules) {
        builder = builder.rules(file);
    }
    let socket = match path(args.socket) {
        Some(path) => path,
        None => default_path()?,
    };
    builder.socket(socket).spawn()
}

/// An empty path is none.
fn path(text: Option<OsString>) -> Option<PathBuf> {
    text.filter(|text| !text.is_empty()).map(PathBuf::from)
}

/// One line for each kind of thing that was asked for and is not done.
fn warn_of_differences(parsed: &Parsed) {
    let mut ignored: Vec<_> = parsed.ignored.iter().map(|name| format!("--{name}")).collect();
    if std::env::var(SYNC_VARIABLE).is_ok_and(|value| value == "1") {
        ignored.push(SYNC_VARIABLE.to_owned());
    }
    if !ignored.is_empty() {
        tracing::warn!("ignored, because it has no meaning here: {}", ignored.join(", "));
    }
    if parsed.ignored.iter().any(|name| ["metrics", "prometheus"].contains(name)) && parsed.args.http.is_none() {
        tracing::warn!("no metrics are written to the log: --http 127.0.0.1:9601 serves them to Prometheus");
    }
    for name in &parsed.left_on {
        tracing::warn!("--{name} is on, the word after it says nothing: --no-{name} or --{name}=false turn it off");
    }
}

fn start_logging(args: &Args) -> Result<(), StartError> {
    let from_environment = std::env::var(LOG_VARIABLE).ok();
    let chosen = args.log_level.as_deref().or(from_environment.as_deref()).filter(|text| !text.is_empty());
    let filter = chosen.unwrap_or(if is_verbose(args) { "debug" } else { "warn" });
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

/// Whether more is asked for in the log in the original's way.
fn is_verbose(args: &Args) -> bool {
    let from_environment = std::env::var(VERBOSITY_VARIABLE).ok().and_then(|value| value.parse().ok());
    args.verbosity.max(from_environment.unwrap_or(0)) > 0
}
