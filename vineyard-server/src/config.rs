//! What a server is started with, checked once.

use std::path::PathBuf;
use std::thread::available_parallelism;

use vineyard_core::InstanceId;

use crate::error::StartError;
use crate::memory::Memory;
use crate::size::SizeError;

/// What a server holds if nobody says and the memory of the machine is unknown.
const FALLBACK_BYTES: u64 = 256 << 20;

/// Everything that can be chosen about a server.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where to listen; a private directory if it is not given.
    pub(crate) socket: Option<PathBuf>,
    /// Permissions of the socket.
    pub(crate) socket_mode: u32,
    /// Bytes that blobs may take; half of the memory if it is not given.
    pub(crate) size: Option<u64>,
    /// The number of this server in its cluster.
    pub(crate) instance: InstanceId,
    /// Threads that serve connections; as many as processors, up to a few, if it is not given.
    pub(crate) workers: Option<usize>,
    /// Connections that are served at a time; others wait to be accepted.
    pub(crate) max_connections: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            socket: None,
            socket_mode: 0o660,
            size: None,
            instance: InstanceId::from_raw(0),
            workers: None,
            max_connections: 4096,
        }
    }
}

impl Config {
    /// The bytes that blobs may take.
    ///
    /// # Errors
    ///
    /// If they are none, or above the memory there is.
    pub(crate) fn checked_size(&self) -> Result<u64, StartError> {
        self.size_within(Memory::read())
    }

    fn size_within(&self, memory: Option<Memory>) -> Result<u64, StartError> {
        let usable = memory.map(Memory::usable);
        match (self.size, usable) {
            (Some(0), _) => Err(SizeError::Zero.into()),
            (Some(size), Some(memory)) if size > memory => Err(StartError::AboveMemory { size, memory }),
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
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        assert!(Config::default().check_options().is_ok());
        assert!(Config { socket_mode: 0o1777, ..Config::default() }.check_options().is_err());
        assert!(Config { max_connections: 0, ..Config::default() }.check_options().is_err());
        assert!(Config { workers: Some(0), ..Config::default() }.checked_workers().is_err());
        assert!(Config::default().checked_workers().is_ok_and(|workers| workers > 0));
    }
}
