//! What was measured on.

use std::fs;
use std::process::Command;

use crate::Done;

/// The value of the first line of a file that starts with a key.
fn fact(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.rsplit(": ").next().map(str::to_owned)
}

/// The start of a sentence with the processor, how many there are, the kernel, the date and our version.
///
/// # Errors
///
/// What the system says when asked for the processors or the date.
pub fn facts() -> Done<String> {
    let processor = fact("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let kernel = fact("/proc/sys/kernel/osrelease", "").unwrap_or_else(|| "unknown".to_owned());
    let date = String::from_utf8(Command::new("date").arg("+%F").output()?.stdout)?;
    let processors = fs::read_to_string("/proc/cpuinfo")?.lines().filter(|line| line.starts_with("processor")).count();
    Ok(format!(
        "Measured on {processor}, {processors} processors, Linux {kernel}, {}, with version {}",
        date.trim(),
        env!("CARGO_PKG_VERSION")
    ))
}

/// How many processes wanted to run at a time in the last minute, as text: what is more than a benchmark itself has is of
/// others, and what it measures is less certain then.
///
/// # Errors
///
/// What the system says.
pub fn load() -> Done<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}
