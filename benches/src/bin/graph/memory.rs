//! What a process takes of the machine's memory.

use std::fs;
use std::time::Instant;

use vineyard_benches::Done;

/// A work that was done.
#[derive(Debug)]
pub(crate) struct Measured<T> {
    pub(crate) result: T,
    pub(crate) nanoseconds: f64,
    /// Bytes that there were at most, beside those before.
    pub(crate) peak: u64,
}

/// Does some work, and measures it.
pub(crate) fn measure<T>(work: impl FnOnce() -> Done<T>) -> Done<Measured<T>> {
    // The peak is what there is now, from now on.
    fs::write("/proc/self/clear_refs", "5")?;
    let before = status("VmRSS:")?;
    let start = Instant::now();
    let result = work()?;
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9;
    Ok(Measured { result, nanoseconds, peak: status("VmHWM:")?.saturating_sub(before) })
}

/// A line of the system's file on this process, in bytes.
fn status(key: &str) -> Done<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)).ok_or_else(|| format!("no {key}"))?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()?.saturating_mul(1024))
}
