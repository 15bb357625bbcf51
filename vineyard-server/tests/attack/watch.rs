//! What the process does while it is attacked: panics, memory, descriptors, hangs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, mpsc};
use std::time::Duration;

use vineyard_server::{ServerHandle, StopReport};

/// Bounds a hang; nothing is asserted about time.
const WATCHDOG: Duration = Duration::from_secs(60);

static PANICS: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

/// Counts panics of the server's threads from now on.
pub fn count_panics() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name().is_some_and(|name| name.starts_with("vineyard")) {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            before(info);
        }));
    });
}

/// Panics of the server's threads.
pub fn panics() -> usize {
    PANICS.load(Ordering::SeqCst)
}

/// Stops a server, and fails if that does not come to an end.
pub fn stop(server: ServerHandle) -> StopReport {
    let (sender, receiver) = mpsc::channel();
    // If it hangs, so does the thread; the failure ends the process.
    std::thread::spawn(move || sender.send(server.stop()));
    receiver.recv_timeout(WATCHDOG).expect("the server did not stop")
}

/// What a server has no reason to hold when everything was deleted and nobody is there.
pub fn left(report: &StopReport) -> [u64; 6] {
    let metadata = report.metadata_bytes.abs_diff(report.lasting_bytes);
    let sessions = report.sessions as u64;
    [report.connections, report.leases, sessions, report.used_bytes, report.allocated_bytes, metadata]
}

/// Bytes of this process that are neither a file's nor shared.
pub fn private_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let mut pages = statm.split_whitespace().skip(1).map(|number| number.parse::<u64>().expect("a number"));
    let (resident, shared) = (pages.next().expect("resident"), pages.next().expect("shared"));
    (resident - shared) * 4096
}

/// Open descriptors of this process: how many lead to memory, and how many to anything else.
pub fn descriptors() -> (usize, usize) {
    let entries = std::fs::read_dir("/proc/self/fd").expect("Linux");
    let links = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let (memory, others): (Vec<_>, Vec<_>) = links.partition(|link| link.to_string_lossy().contains("memfd:"));
    (memory.len(), others.len())
}

/// Bytes that this process took at most so far.
pub fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    peak.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}
