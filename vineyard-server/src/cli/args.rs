//! The arguments: our own options, and what the flags of the original daemon mean.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser};

use crate::config::StockLeases;

use super::gflags::{FLAGS, Flag, Kind, Role, rewrite};

/// A vineyard server: holds large immutable data in shared memory, so that the processes of this machine share it
/// without copying.
///
/// Clients of vineyard 0.24 connect to its UNIX socket (Python: `vineyard.connect(PATH)`) or, from other machines, to
/// its TCP port. Everything has a default; `vineyard-server` alone starts a server with half of the memory.
#[derive(Debug, Parser)]
#[command(
    name = "vineyard-server",
    version,
    args_override_self = true,
    after_help = "An option that is given twice counts the last time. An empty socket, size or htpasswd is the default.\n\n\
                  vineyardd's flags are taken as well, so that what launches vineyardd can launch this: --socket, --size, \
                  --rpc_socket_port, --norpc, --stream_threshold and so on, with one dash or two, with or without =. \
                  Those that mean nothing here (--allocator, --etcd_prefix, --log_dir, ...) are named in the log and \
                  ignored. With them a size above the memory is warned about, not refused.\n\n\
                  SIGTERM and SIGINT stop the server: requests in hand are answered, the socket is removed, the exit \
                  code is 0. If it cannot start, one sentence on stderr says why and the exit code is 1; it is 2 if \
                  the arguments cannot be read.\n\n\
                  Examples:\n  vineyard-server --socket /tmp/v.sock --size 4Gi --no-rpc\n  \
                  VINEYARD_LOG=debug vineyard-server --rpc-host 0.0.0.0 --htpasswd /etc/vineyard.htpasswd\n  \
                  vineyard-server --rpc-host 0.0.0.0 --tls-cert v.pem --tls-key v.key --tls-client-ca clients.pem"
)]
pub(super) struct Args {
    /// Where to listen. Directories are made, the socket of a server that died is replaced [default:
    /// /var/run/vineyard.sock if it can be written, else $XDG_RUNTIME_DIR/vineyard.sock, else
    /// ~/.local/vineyard/vineyard.sock]
    #[arg(long, value_name = "PATH")]
    pub(super) socket: Option<OsString>,

    /// How much data to hold: bytes, or a number with K, M, G, T, P or E, all powers of 1024 (an i or B after it
    /// changes nothing). Memory is taken when data arrives, not before [default: half of the memory, or of the control
    /// group's limit if that is lower]
    #[arg(long, value_name = "SIZE")]
    pub(super) size: Option<String>,

    /// How much memory to make ready, in the background, for the next client that writes a megabyte or more at once: a
    /// size, or `off`. Writing to memory that is ready is several times as fast [default: a quarter of the size, 512Mi
    /// at most]
    #[arg(long, value_name = "SIZE")]
    pub(super) prefault: Option<String>,

    /// Takes all of the memory at the start, before the server listens, and keeps it
    #[arg(long, alias = "reserve_memory", overrides_with = "no_reserve")]
    pub(super) reserve: bool,

    /// Undoes `--reserve`.
    #[arg(long, hide = true, alias = "noreserve_memory", overrides_with = "reserve")]
    no_reserve: bool,

    /// Only warns if the size is above the memory there is, and does not refuse it
    #[arg(long)]
    pub(super) overcommit: bool,

    /// Permissions of the socket, octal. Who may connect may read, write and delete everything, unless there
    /// are --rules
    #[arg(long, value_name = "MODE", default_value = "660")]
    pub(super) socket_mode: String,

    /// The user that the socket belongs to, by name or number; only root may give it away [default: who starts the server]
    #[arg(long, value_name = "USER")]
    pub(super) socket_owner: Option<String>,

    /// The group that the socket belongs to, by name or number [default: the group of who starts the server]
    #[arg(long, value_name = "GROUP")]
    pub(super) socket_group: Option<String>,

    /// The address to listen on for TCP clients, or its name; 0.0.0.0 for other machines to connect
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(super) rpc_host: String,

    /// The port to listen on for TCP clients; 0 lets the system choose one
    #[arg(long, value_name = "PORT", alias = "rpc_socket_port", default_value_t = 9600)]
    pub(super) rpc_port: u16,

    /// No TCP clients
    #[arg(long, alias = "norpc", overrides_with = "rpc")]
    pub(super) no_rpc: bool,

    /// Undoes `--no-rpc`.
    #[arg(long, hide = true, overrides_with = "no_rpc")]
    rpc: bool,

    /// Tells over HTTP how the server is doing, at this address and port, as 127.0.0.1:9601: /metrics for Prometheus,
    /// /status as JSON, /healthz [default: not at all]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) http: Option<String>,
    /// The certificate of the TCP endpoint, with those between it and a root: encrypts what travels over TCP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_cert: Option<OsString>,

    /// The private key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<OsString>,

    /// Lets only TLS clients in that show a certificate which is signed by one of this file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_client_ca: Option<OsString>,

    /// Whether TCP clients have to use TLS (require), or may do without as well, as stock clients do (allow) [default:
    /// require, if there is a certificate]
    #[arg(long, value_name = "WHEN", requires = "tls_cert", value_parser = ["require", "allow"])]
    pub(super) tls: Option<String>,

    /// Lets only clients in that give a user and a password of this file, which the program htpasswd writes
    #[arg(long, value_name = "FILE")]
    pub(super) htpasswd: Option<OsString>,

    /// Gives clients roles (read, write, admin) by the rules of this TOML file, which is read once; without it everybody may
    /// do everything
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<OsString>,

    /// The number of this server among the servers of its cluster
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) instance_id: u64,

    /// Threads that serve connections [default: one for each processor, 8 at most]
    #[arg(long, value_name = "COUNT")]
    pub(super) workers: Option<usize>,

    /// Connections that are served at a time, UNIX and TCP each; more wait until one ends
    #[arg(long, value_name = "COUNT", default_value_t = 4096)]
    pub(super) max_connections: usize,

    /// The longest message to read, 4Ki to 256Mi; payloads are no messages
    #[arg(long, value_name = "SIZE", default_value = "256Mi")]
    pub(super) max_message_size: String,

    /// What messages above 256Ki may take of all connections together, and as much again what replies of that length may;
    /// who needs more than is left waits
    #[arg(long, value_name = "SIZE", default_value = "1Gi")]
    pub(super) message_memory: String,

    /// What objects, names, streams and the records of blobs may take of the server's own memory, besides --size; what
    /// needs more is refused [default: a quarter of the memory]
    #[arg(long, value_name = "SIZE")]
    pub(super) max_metadata: Option<String>,

    /// How long a TCP client may stall in the middle of a message, a payload or a reply, or be unreachable, before it
    /// is dropped
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) peer_timeout: u64,

    /// How full of streams the server may become, in percent of its size; above that, their writers wait
    #[arg(long, value_name = "PERCENT", alias = "stream_threshold", default_value_t = 80)]
    pub(super) stream_threshold: u32,

    /// What becomes of deleted blobs that published clients may still look at, when memory is short: it is used again, or
    /// kept until they go
    #[arg(long, value_name = "POLICY", value_enum, default_value_t)]
    pub(super) stock_leases: StockLeases,

    /// Rust clients of this host put blobs above this size into files of their own, which the kernel seals: nobody can
    /// change them any more, their writer neither; without it, only what clients want to be sealed so
    #[arg(long, value_name = "SIZE")]
    pub(super) seal_above: Option<String>,

    /// TCP clients are not offered to have payloads compressed
    #[arg(long, alias = "nocompression", overrides_with = "compression")]
    pub(super) no_compression: bool,

    /// Undoes `--no-compression`.
    #[arg(long, hide = true, overrides_with = "no_compression")]
    compression: bool,

    /// What the status says about where the server runs
    #[arg(long, value_name = "TEXT", default_value = "local")]
    pub(super) deployment: String,

    /// Where metadata is kept: local, in this server, is what this version has
    #[arg(long, value_name = "BACKEND", default_value = "local")]
    pub(super) meta: String,

    /// A directory for blobs that nobody views, when memory is short; without it they stay in memory
    #[arg(long, value_name = "PATH", alias = "spill_path", default_value = "", hide_default_value = true)]
    pub(super) spill_path: OsString,

    /// How full the memory is when blobs begin to go to the spill directory, as a part of the size
    #[arg(long, value_name = "RATE", alias = "spill_upper_rate", default_value_t = 0.8)]
    pub(super) spill_upper_rate: f64,

    /// Down to how full the memory is then made
    #[arg(long, value_name = "RATE", alias = "spill_lower_rate", default_value_t = 0.3)]
    pub(super) spill_lower_rate: f64,

    /// What to log to stderr: error, warn, info, debug, trace, or a filter such as `vineyard_server=debug` [default:
    /// $VINEYARD_LOG, else warn]
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<String>,

    /// How much the original logs for its developers.
    #[arg(long = "v", hide = true, default_value_t = 0)]
    pub(super) verbosity: i32,
}

/// What a command line amounts to.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) args: Args,
    /// Whether the original daemon was meant: by the program's name, or by a flag that only the original has.
    pub(super) as_vineyardd: bool,
    /// Flags of the original that were given and mean nothing here.
    pub(super) ignored: Vec<&'static str>,
    /// Switches that stay on although the next word is `false`.
    pub(super) left_on: Vec<&'static str>,
}

/// Reads a command line, the program's name first.
///
/// # Errors
///
/// What to tell the user instead of starting: what is wrong, or the help or the version that was asked for.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed, clap::Error> {
    let mut words = words.into_iter();
    let program = words.next().unwrap_or_else(|| "vineyard-server".into());
    let mut command = command();
    let rewritten = rewrite(words).map_err(|wrong| command.error(ErrorKind::InvalidValue, wrong))?;
    let named_so = Path::new(&program).file_name().is_some_and(|name| name == OsStr::new("vineyardd"));
    let matches = command.try_get_matches_from_mut(std::iter::once(program).chain(rewritten.words))?;
    Ok(Parsed {
        args: Args::from_arg_matches(&matches)?,
        as_vineyardd: named_so || rewritten.as_vineyardd,
        ignored: ignored().filter(|flag| was_given(&matches, flag)).map(|flag| flag.name).collect(),
        left_on: rewritten.left_on,
    })
}

/// Our options, and the flags without meaning as hidden ones: so a misspelt one is answered with the right one.
fn command() -> Command {
    Args::command().args(ignored().map(|flag| {
        let arg = Arg::new(flag.name).long(flag.name).hide(true);
        match flag.kind {
            Kind::Value => arg.value_parser(clap::value_parser!(OsString)),
            Kind::Switch | Kind::Help => arg.action(ArgAction::SetTrue),
        }
    }))
}

fn ignored() -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().filter(|flag| flag.role == Role::Ignored)
}

fn was_given(matches: &ArgMatches, flag: &Flag) -> bool {
    matches.value_source(flag.name) == Some(ValueSource::CommandLine)
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::ffi::OsStringExt;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Command lines of flags that there are, values, halves of both, and bytes.
    pub(in super::super) fn command_line() -> impl Strategy<Value = Vec<OsString>> {
        let ours: Vec<_> =
            Args::command().get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned)).collect();
        let name = prop_oneof![
            prop::sample::select(ours),
            prop::sample::select(FLAGS.iter().map(|flag| flag.name.to_owned()).collect::<Vec<_>>()),
        ];
        let value = prop::sample::select(vec!["", "1", "false", "-1", "local", "9600", "=", "--", "1Gi", "ü"]);
        let flag = ("-{0,3}(no)?", name, "=?", value.clone()).prop_map(|(dashes, name, equals, value)| {
            if equals.is_empty() { format!("{dashes}{name}") } else { format!("{dashes}{name}={value}") }
        });
        let word = prop_oneof![
            4 => flag.prop_map(OsString::from),
            2 => value.prop_map(OsString::from),
            1 => vec(any::<u8>(), 0..8).prop_map(OsString::from_vec),
        ];
        vec(word, 0..8)
    }

    fn parsed(words: &[&str]) -> Parsed {
        parse(std::iter::once("vineyard-server").chain(words.iter().copied()).map(OsString::from))
            .unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    fn refused(words: &[&str]) -> String {
        let words = std::iter::once("vineyard-server").chain(words.iter().copied()).map(OsString::from);
        parse(words).expect_err("refused").to_string()
    }

    #[test]
    fn the_command_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_flag_of_the_original_is_taken_in_every_way() {
        for flag in FLAGS.iter().filter(|flag| flag.kind != Kind::Help) {
            let value = match flag.name {
                "spill_lower_rate" | "spill_upper_rate" => "0.5",
                _ => "7",
            };
            let ways: &[String] = match flag.kind {
                Kind::Switch => {
                    &[format!("--{}", flag.name), format!("-no{}", flag.name), format!("--{}=f", flag.name)]
                }
                _ => &[format!("-{}={value}", flag.name), format!("--{}={value}", flag.name.replace('_', "-"))],
            };
            for way in ways {
                let parsed = parsed(&[way, "--size", "1G"]);
                assert_eq!(parsed.ignored.contains(&flag.name), flag.role == Role::Ignored, "{way}");
                assert_eq!(parsed.args.size.as_deref(), Some("1G"), "{way}");
            }
        }
    }

    #[test]
    fn flags_of_the_original_mean_our_options() {
        let launcher = "--deployment local --size= --socket /tmp/s --norpc --rpc_socket_port 9601 --meta local";
        let parsed = parsed(&launcher.split(' ').collect::<Vec<_>>());
        assert!(parsed.as_vineyardd && parsed.ignored.is_empty() && parsed.left_on.is_empty());
        let args = parsed.args;
        assert_eq!((args.size.as_deref(), args.socket), (Some(""), Some("/tmp/s".into())));
        assert_eq!((args.no_rpc, args.rpc_port), (true, 9601));
        assert_eq!((args.meta.as_str(), args.deployment.as_str()), ("local", "local"));
    }

    #[test]
    fn the_last_occurrence_wins() {
        assert_eq!(parsed(&["--size", "1G", "-size=2G"]).args.size.as_deref(), Some("2G"));
        assert_eq!(parsed(&["--rpc-port", "1", "--rpc_socket_port", "2"]).args.rpc_port, 2);
        for (words, off) in [
            (&["--norpc", "--rpc"][..], false),
            (&["--rpc", "--no-rpc"], true),
            (&["--no-rpc", "--rpc=true", "--rpc=false"], true),
            (&["--norpc", "--norpc"], true),
            (&[], false),
        ] {
            assert_eq!(parsed(words).args.no_rpc, off, "{words:?}");
        }
        assert!(parsed(&["--compression", "--compression=0"]).args.no_compression);
        assert!(!parsed(&["--no-compression", "--compression"]).args.no_compression);
    }

    #[test]
    fn an_unknown_flag_is_answered_with_a_known_one() {
        for (unknown, known) in [
            ("--rpc_socket_prot=1", "--rpc_socket_port"),
            ("-etcd_prefx", "--etcd_prefix"),
            ("--sockt", "--socket"),
            ("--stream-treshold=3", "--stream-threshold"),
        ] {
            let message = refused(&[unknown]);
            assert!(message.contains(known), "{unknown}: {message}");
        }
        assert!(refused(&["--flagfile=x"]).contains("--flagfile"));
        assert!(refused(&["word"]).contains("word"));
        assert!(refused(&["--rpc=maybe"]).contains("expected true or false"));
    }

    #[test]
    fn the_program_may_be_called_vineyardd() {
        let as_vineyardd =
            |program: &str| parse([program.into()]).unwrap_or_else(|error| panic!("{error}")).as_vineyardd;
        assert!(as_vineyardd("vineyardd") && as_vineyardd("/usr/bin/vineyardd"));
        assert!(!as_vineyardd("/usr/bin/vineyard-server") && !as_vineyardd("/vineyardd/x"));
        assert!(parse([]).is_ok());
    }

    proptest! {
        #[test]
        fn no_command_line_panics(words in command_line()) {
            let _ = parse(words);
        }
    }
}
