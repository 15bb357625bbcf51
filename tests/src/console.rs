//! How a peer talks with the test that started it.

use std::error::Error;
use std::io::{BufRead, Write};

/// Says a line on standard output.
///
/// # Errors
///
/// If the test is gone.
pub fn say(line: impl std::fmt::Display) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// Waits for a line on standard input, or its end.
///
/// # Errors
///
/// What the system says.
pub fn wait() -> Result<(), Box<dyn Error>> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(())
}
