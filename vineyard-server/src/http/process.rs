//! What the system says of this process.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};

/// This process; what cannot be found out is `None`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    /// Bytes of its own memory. Arenas are not among them: the server does not map them.
    pub(super) resident: Option<u64>,
    /// Descriptors that are open.
    pub(super) descriptors: Option<u64>,
    /// Descriptors that may be open.
    pub(super) most_descriptors: Option<u64>,
}

impl Process {
    /// Asks the system. Costs a step for each open descriptor.
    pub(super) fn look() -> Self {
        let status = fs::read_to_string("/proc/self/status").ok();
        // Less the one that is open for looking.
        let descriptors = fs::read_dir("/proc/self/fd").ok().map(|found| found.count().saturating_sub(1));
        Self {
            resident: status.as_deref().and_then(resident),
            descriptors: descriptors.and_then(|count| u64::try_from(count).ok()),
            most_descriptors: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft),
        }
    }
}

/// The resident bytes that a `/proc/PID/status` tells.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_this_process_has() {
        let before = Process::look();
        assert!(before.resident.is_some_and(|bytes| bytes > 1 << 16));
        assert!(before.descriptors.is_some_and(|open| Some(open) <= before.most_descriptors));
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t    12 kB\n"), Some(12 << 10));
        assert_eq!(resident("VmRSS:\t lots\n"), None);
    }
}
