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

/// The longest stall of a peer that can be chosen.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

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
    /// The number of this server in its cluster.
    pub(crate) instance: InstanceId,
    /// Threads that serve connections; as many as processors, up to a few, if it is not given.
    pub(crate) workers: Option<usize>,
    /// Connections that are served at a time at each endpoint; others wait to be accepted.
    pub(crate) max_connections: usize,
    /// The TCP endpoint, if there is to be one.
    pub(crate) rpc: Option<RpcConfig>,
    /// TLS for the TCP endpoint.
    pub(crate) tls: TlsConfig,
    /// The longest message that is read.
    pub(crate) max_message_bytes: usize,
    /// How long a TCP peer may stall within a message, a payload or a reply.
    pub(crate) peer_timeout: Duration,
    /// Percent of the size from which on the writers of streams wait.
    pub(crate) stream_threshold: u32,
    /// Whether TCP clients are offered compression.
    pub(crate) compression: bool,
    /// The users and their passwords; without the file all are let in.
    pub(crate) htpasswd: Option<PathBuf>,
    /// Who has which role; without the file everybody may do everything.
    pub(crate) rules: Option<PathBuf>,
    /// What the status says about where the server runs.
    pub(crate) deployment: String,
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
            instance: InstanceId::from_raw(0),
            workers: None,
            max_connections: 4096,
            rpc: None,
            tls: TlsConfig { identity: None, client_ca: None, plaintext: Plaintext::Refused },
            max_message_bytes: MAX_BODY_BYTES,
            peer_timeout: Duration::from_secs(300),
            stream_threshold: 80,
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
        if !(Duration::from_secs(1)..=MAX_TIMEOUT).contains(&self.peer_timeout) {
            let value = self.peer_timeout.as_secs_f64().to_string();
            return Err(StartError::Option { option: "peer timeout", value, expected: "1 to 86400 seconds" });
        }
        if !(1..=100).contains(&self.stream_threshold) {
            let value = self.stream_threshold.to_string();
            return Err(StartError::Option { option: "stream threshold", value, expected: "1 to 100 percent" });
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

    const MEMORY: Option<Memory> = Some(Memory { physical: 8 << 30, cgroup: Some(2 << 30) });

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
