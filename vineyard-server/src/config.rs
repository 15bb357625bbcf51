//! What a server is started with, checked once.

use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use vineyard_core::InstanceId;
use vineyard_core::protocol::frame::MAX_BODY_BYTES;

use crate::error::StartError;
use crate::memory::Memory;
use crate::size::{Bytes, SizeError};

/// What a server holds if nobody says and the memory of the machine is unknown.
const FALLBACK_BYTES: u64 = 256 << 20;

/// Bytes of pages that are made ahead if nobody says.
const MOST_PREFAULT: u64 = 512 << 20;
/// What clients may make a server keep besides blobs, as a part of the memory, and if the memory is unknown.
const METADATA_PART: u64 = 4;
const FALLBACK_METADATA_BYTES: u64 = 1 << 30;

/// The least of it that can be chosen: for what a few clients need.
const LEAST_METADATA_BYTES: u64 = 1 << 20;

/// The longest stall of a peer that can be chosen.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// What the long messages of all connections may take, and as much the long replies.
const DEFAULT_MESSAGE_MEMORY: u64 = 1 << 30;

/// The least that can be chosen for them.
const LEAST_MESSAGE_MEMORY: u64 = 1 << 20;

/// The TCP endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RpcConfig {
    /// An address or a name of this machine.
    pub(crate) host: String,
    /// The port; 0 lets the system choose one.
    pub(crate) port: u16,
}

/// What happens to TCP peers that do not begin with a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plaintext {
    /// They are told what was expected, and dropped.
    Refused,
    /// They are served.
    Allowed,
}

/// How the server shows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerIdentity {
    /// Its certificate and those between it and a root, PEM.
    pub(crate) certificate: PathBuf,
    /// Its private key, PEM.
    pub(crate) key: PathBuf,
}

/// TLS on the TCP endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsConfig {
    /// Without it there is no TLS.
    pub(crate) identity: Option<ServerIdentity>,
    /// Who signs the certificates that clients have to show; without it they show none.
    pub(crate) client_ca: Option<PathBuf>,
    /// What happens to who does without.
    pub(crate) plaintext: Plaintext,
}

/// What happens if the size is above the memory there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AboveMemory {
    /// The server does not start.
    Refuse,
    /// It starts, with a line in the log.
    Warn,
}

/// How many pages are made ahead for the next writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefault {
    /// So many bytes; 0 is none.
    Bytes(u64),
    /// A quarter of the size, up to [`MOST_PREFAULT`].
    Share,
}

/// Everything that can be chosen about a server.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where to listen; a private directory if it is not given.
    pub(crate) socket: Option<PathBuf>,
    /// Permissions of the socket.
    pub(crate) socket_mode: u32,
    /// The user that the socket is given to, by name or number.
    pub(crate) socket_owner: Option<String>,
    /// The group that the socket is given to, by name or number.
    pub(crate) socket_group: Option<String>,
    /// Bytes that blobs may take; half of the memory if it is not given.
    pub(crate) size: Option<u64>,
    /// What happens if that is above the memory there is.
    pub(crate) above_memory: AboveMemory,
    /// How many pages are made ahead for the next writer.
    pub(crate) prefault: Prefault,
    /// Whether all pages are made at the start.
    pub(crate) reserve: bool,
    /// Bytes of its own memory that objects, names and the records of blobs may take; a part of the memory if it is not
    /// given.
    pub(crate) max_metadata: Option<u64>,
    /// The number of this server in its cluster.
    pub(crate) instance: InstanceId,
    /// Threads that serve connections; as many as processors, up to a few, if it is not given.
    pub(crate) workers: Option<usize>,
    /// Connections that are served at a time at each endpoint; others wait to be accepted.
    pub(crate) max_connections: usize,
    /// The TCP endpoint, if there is to be one.
    pub(crate) rpc: Option<RpcConfig>,
    /// Where to tell how it is doing, as `host:port`, if anywhere.
    pub(crate) http: Option<String>,
    /// TLS for the TCP endpoint.
    pub(crate) tls: TlsConfig,
    /// The longest message that is read.
    pub(crate) max_message_bytes: usize,
    /// Bytes that the long messages of all connections may take, and as many that the long replies may.
    pub(crate) message_memory: u64,
    /// How long a TCP peer may stall within a message, a payload or a reply.
    pub(crate) peer_timeout: Duration,
    /// Percent of the size from which on the writers of streams wait.
    pub(crate) stream_threshold: u32,
    /// Where blobs go when memory is short; without it they stay.
    pub(crate) spill: Option<PathBuf>,
    /// How full the memory is when blobs begin to go there, and when that ends, as parts of the size.
    pub(crate) spill_rates: (f64, f64),
    /// What becomes of deleted blobs that published clients may look at.
    pub(crate) stock_leases: StockLeases,
    /// Above how many bytes blobs of our own clients are sealed by the kernel; none are if it is not given.
    pub(crate) seal_above: Option<u64>,
    /// Whether TCP clients are offered compression.
    pub(crate) compression: bool,
    /// The users and their passwords; without the file all are let in.
    pub(crate) htpasswd: Option<PathBuf>,
    /// Who has which role; without the file everybody may do everything.
    pub(crate) rules: Option<PathBuf>,
    /// What the status says about where the server runs.
    pub(crate) deployment: String,
}

/// What becomes of deleted blobs that connections of the published client may still look at, which never say when they
/// are done, once memory is short. While there is room their memory is nobody else's in any case, and that of what our
/// own clients look at never is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StockLeases {
    /// Their memory is used again, what was deleted first first: such a client that still looks at a deleted blob may
    /// see other bytes, as on the original server.
    #[default]
    Reclaim,
    /// It is kept until the connection ends; who asks for more is refused.
    Honour,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            socket: None,
            socket_mode: 0o660,
            socket_owner: None,
            socket_group: None,
            size: None,
            above_memory: AboveMemory::Refuse,
            prefault: Prefault::Bytes(0),
            reserve: false,
            max_metadata: None,
            instance: InstanceId::from_raw(0),
            workers: None,
            max_connections: 4096,
            rpc: None,
            http: None,
            tls: TlsConfig { identity: None, client_ca: None, plaintext: Plaintext::Refused },
            max_message_bytes: MAX_BODY_BYTES,
            message_memory: DEFAULT_MESSAGE_MEMORY,
            peer_timeout: Duration::from_secs(300),
            stream_threshold: 80,
            spill: None,
            spill_rates: (0.8, 0.3),
            stock_leases: StockLeases::default(),
            seal_above: None,
            compression: true,
            htpasswd: None,
            rules: None,
            deployment: "local".to_owned(),
        }
    }
}

impl Config {
    /// The bytes that blobs may take.
    ///
    /// # Errors
    ///
    /// If they are none, or above the memory there is and that is not to be borne.
    pub(crate) fn checked_size(&self) -> Result<u64, StartError> {
        self.size_within(Memory::read())
    }

    fn size_within(&self, memory: Option<Memory>) -> Result<u64, StartError> {
        let usable = memory.map(Memory::usable);
        let size = self.size_of(usable)?;
        match memory.and_then(|memory| memory.free).filter(|free| size > *free) {
            Some(free) if self.reserve && self.above_memory == AboveMemory::Refuse => {
                return Err(StartError::AboveFree { size, free });
            }
            // Half of the memory is asked for by nobody, and need not be there at once.
            Some(free) if self.size.is_some() || self.reserve => {
                tracing::warn!("the size {} is above the {} of memory that are free now", Bytes(size), Bytes(free));
            }
            _ => {}
        }
        Ok(size)
    }

    fn size_of(&self, usable: Option<u64>) -> Result<u64, StartError> {
        match (self.size, usable) {
            (Some(0), _) => Err(SizeError::Zero.into()),
            (Some(size), Some(memory)) if size > memory => match self.above_memory {
                AboveMemory::Refuse => Err(StartError::AboveMemory { size, memory }),
                AboveMemory::Warn => {
                    tracing::warn!(
                        "the size {} is above the {} of memory this machine and its control group allow",
                        Bytes(size),
                        Bytes(memory)
                    );
                    Ok(size)
                }
            },
            (Some(size), _) => Ok(size),
            (None, Some(memory)) => Ok((memory / 2).max(1)),
            (None, None) => Ok(FALLBACK_BYTES),
        }
    }

    /// Bytes of pages to make ahead, of a size.
    pub(crate) fn checked_prefault(&self, size: u64) -> u64 {
        match self.prefault {
            _ if self.reserve => 0,
            Prefault::Bytes(bytes) => bytes.min(size),
            Prefault::Share => (size / 4).min(MOST_PREFAULT),
        }
    }

    /// The bytes that objects, names and the records of blobs may take.
    pub(crate) fn metadata(&self) -> u64 {
        let part = || Memory::read().map_or(FALLBACK_METADATA_BYTES, |memory| memory.usable() / METADATA_PART);
        self.max_metadata.unwrap_or_else(|| part().max(LEAST_METADATA_BYTES))
    }

    /// The threads that serve connections.
    ///
    /// # Errors
    ///
    /// If they are none or absurdly many.
    pub(crate) fn checked_workers(&self) -> Result<usize, StartError> {
        match self.workers {
            None => Ok(available_parallelism().map_or(1, usize::from).min(8)),
            Some(workers) if (1..=256).contains(&workers) => Ok(workers),
            Some(workers) => Err(StartError::Option {
                option: "number of workers",
                value: workers.to_string(),
                expected: "1 to 256",
            }),
        }
    }

    /// Refuses the other values that make no sense.
    ///
    /// # Errors
    ///
    /// [`StartError::Option`] naming the first of them.
    pub(crate) fn check_options(&self) -> Result<(), StartError> {
        if self.socket_mode > 0o777 {
            let value = format!("{:o}", self.socket_mode);
            return Err(StartError::Option { option: "socket mode", value, expected: "octal permissions up to 777" });
        }
        if let Some(rpc) = &self.rpc
            && rpc.host.is_empty()
        {
            let value = rpc.host.clone();
            return Err(StartError::Option { option: "TCP host", value, expected: "an address or a name" });
        }
        if let (None, Some(file)) = (&self.tls.identity, &self.tls.client_ca) {
            let value = file.display().to_string();
            return Err(StartError::Option {
                option: "CA of clients",
                value,
                expected: "a certificate of the server, too",
            });
        }
        if !(4 << 10..=MAX_BODY_BYTES).contains(&self.max_message_bytes) {
            let value = u64::try_from(self.max_message_bytes).map_or_else(|_| String::new(), |n| Bytes(n).to_string());
            return Err(StartError::Option { option: "longest message", value, expected: "4Ki to 256Mi" });
        }
        let least = u64::try_from(self.max_message_bytes).unwrap_or(u64::MAX).max(LEAST_MESSAGE_MEMORY);
        if self.message_memory < least {
            let value = Bytes(self.message_memory).to_string();
            let expected = "1Mi at least, and not less than the longest message";
            return Err(StartError::Option { option: "memory for messages", value, expected });
        }
        if let Some(bytes) = self.max_metadata.filter(|bytes| *bytes < LEAST_METADATA_BYTES) {
            let value = Bytes(bytes).to_string();
            return Err(StartError::Option { option: "memory for metadata", value, expected: "1Mi at least" });
        }
        if !(Duration::from_secs(1)..=MAX_TIMEOUT).contains(&self.peer_timeout) {
            let value = self.peer_timeout.as_secs_f64().to_string();
            return Err(StartError::Option { option: "peer timeout", value, expected: "1 to 86400 seconds" });
        }
        if !(1..=100).contains(&self.stream_threshold) {
            let value = self.stream_threshold.to_string();
            return Err(StartError::Option { option: "stream threshold", value, expected: "1 to 100 percent" });
        }
        let (upper, lower) = self.spill_rates;
        if !(0.0 <= lower && lower <= upper && upper <= 1.0) {
            let value = format!("{lower} to {upper}");
            return Err(StartError::Option {
                option: "pair of spill rates",
                value,
                expected: "0 to 1, the lower first",
            });
        }
        // The permits of the accept loop are counted in fewer bits than a usize has.
        if !(1..=1 << 20).contains(&self.max_connections) {
            let value = self.max_connections.to_string();
            return Err(StartError::Option { option: "number of connections", value, expected: "1 to 1048576" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Option<Memory> = Some(Memory { physical: 8 << 30, cgroup: Some(2 << 30), free: Some(3 << 29) });

    #[test]
    fn half_of_the_usable_memory_is_the_default() {
        assert_eq!(Config::default().size_within(MEMORY).ok(), Some(1 << 30));
        assert_eq!(Config::default().size_within(None).ok(), Some(FALLBACK_BYTES));
    }

    #[test]
    fn a_size_above_the_memory_is_refused_with_both_numbers() {
        let config = Config { size: Some(3 << 30), ..Config::default() };
        let error = config.size_within(MEMORY).expect_err("above");
        let message = error.to_string();
        assert!(message.contains("3Gi") && message.contains("2Gi"), "{message}");
        assert!(config.size_within(None).is_ok());
        assert!(Config { size: Some(2 << 30), ..Config::default() }.size_within(MEMORY).is_ok());
        assert!(Config { size: Some(0), ..Config::default() }.size_within(MEMORY).is_err());
        let config = Config { above_memory: AboveMemory::Warn, ..config };
        assert_eq!(config.size_within(MEMORY).ok(), Some(3 << 30));
    }

    #[test]
    fn what_is_not_free_cannot_be_reserved() {
        let config = Config { size: Some(7 << 28), reserve: true, ..Config::default() };
        let message = config.size_within(MEMORY).expect_err("above").to_string();
        assert!(message.contains("1.7Gi") && message.contains("1.5Gi"), "{message}");
        let willing = Config { above_memory: AboveMemory::Warn, ..config.clone() };
        assert_eq!(willing.size_within(MEMORY).ok(), Some(7 << 28));
        let later = Config { reserve: false, ..config.clone() };
        assert_eq!(later.size_within(MEMORY).ok(), Some(7 << 28), "it may be free when it is needed");
        assert!(Config { size: Some(3 << 29), ..config }.size_within(MEMORY).is_ok());
    }

    #[test]
    fn a_part_of_the_size_is_prefaulted_and_never_more_than_that() {
        let prefault = |prefault, size| Config { prefault, ..Config::default() }.checked_prefault(size);
        assert_eq!(prefault(Prefault::Share, 64 << 20), 16 << 20);
        assert_eq!(prefault(Prefault::Share, 64 << 30), MOST_PREFAULT);
        assert_eq!(prefault(Prefault::Bytes(5 << 20), 64 << 20), 5 << 20);
        assert_eq!(prefault(Prefault::Bytes(5 << 30), 64 << 20), 64 << 20);
        let all = Config { reserve: true, prefault: Prefault::Share, ..Config::default() };
        assert_eq!(all.checked_prefault(64 << 20), 0, "all of it is there anyway");
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        assert!(Config::default().check_options().is_ok());
        assert!(Config { socket_mode: 0o1777, ..Config::default() }.check_options().is_err());
        assert!(Config { max_connections: 0, ..Config::default() }.check_options().is_err());
        for percent in [0, 101, u32::MAX] {
            assert!(Config { stream_threshold: percent, ..Config::default() }.check_options().is_err());
        }
        for max_message_bytes in [0, 4095, MAX_BODY_BYTES + 1, usize::MAX] {
            assert!(Config { max_message_bytes, ..Config::default() }.check_options().is_err());
        }
        for message_memory in [0, (1 << 20) - 1, u64::try_from(MAX_BODY_BYTES).unwrap_or(0) - 1] {
            assert!(Config { message_memory, ..Config::default() }.check_options().is_err());
        }
        assert!(Config { max_metadata: Some(1000), ..Config::default() }.check_options().is_err());
        for peer_timeout in [Duration::ZERO, Duration::from_millis(999), Duration::MAX] {
            assert!(Config { peer_timeout, ..Config::default() }.check_options().is_err());
        }
        let tls = TlsConfig { client_ca: Some("ca.pem".into()), ..Config::default().tls };
        assert!(Config { tls, ..Config::default() }.check_options().is_err());
        let rpc = Some(RpcConfig { host: String::new(), port: 9600 });
        assert!(Config { rpc, ..Config::default() }.check_options().is_err());
        assert!(Config { workers: Some(0), ..Config::default() }.checked_workers().is_err());
        assert!(Config::default().checked_workers().is_ok_and(|workers| workers > 0));
    }
}
