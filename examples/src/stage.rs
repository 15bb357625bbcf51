//! The processes of an example, one after the other on a private server; nothing stays behind, also on Ctrl-C.

use std::error::Error;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vineyard_server::Server;

use crate::show;

/// The process that is waited for, and whether the user wants to stop.
#[derive(Default)]
struct Stage {
    child: Mutex<Option<Pid>>,
    stopped: AtomicBool,
}

impl Stage {
    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(child) = *self.child.lock().unwrap_or_else(PoisonError::into_inner) {
            // It may have ended by the same Ctrl-C.
            let _gone = kill(child, Signal::SIGTERM);
        }
    }

    /// Runs this program again in a process of its own, and waits for its end.
    fn run(&self, command: &str, socket: &Path, options: &[&OsStr]) -> Result<ExitCode, Box<dyn Error>> {
        let mut program = Command::new(std::env::current_exe()?);
        program.arg(command).arg(socket).args(options);
        // Under the lock, so that Ctrl-C finds either no child or one that it can stop.
        let mut current = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stopped.load(Ordering::SeqCst) {
            return Ok(ExitCode::from(130));
        }
        let mut child = program.spawn()?;
        *current = i32::try_from(child.id()).ok().map(Pid::from_raw);
        drop(current);
        let ended = child.wait();
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let ended = ended?;
        if self.stopped.load(Ordering::SeqCst) {
            return Ok(ExitCode::from(130));
        }
        Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Starts a server with `size` bytes and runs this program again for each command, as `COMMAND SOCKET OPTIONS..`, until one
/// of them fails. Blocks until all have ended, and says what became of the server.
///
/// # Errors
///
/// A server or a process that cannot be started. What a process says about itself is its exit code.
pub fn run(size: u64, commands: &[&str], options: &[&OsStr]) -> Result<ExitCode, Box<dyn Error>> {
    let stage = Arc::new(Stage::default());
    let handler = Arc::clone(&stage);
    ctrlc::set_handler(move || handler.stop())?;
    let server = Server::builder().size(size).spawn()?;
    println!("server     private, {}, at {}", show::bytes(size), server.socket().display());
    for command in commands {
        let code = stage.run(command, server.socket(), options)?;
        if code != ExitCode::SUCCESS {
            server.stop();
            return Ok(code);
        }
    }
    let report = server.stop();
    println!("\nserver     stopped: {} connections and {} leases left", report.connections, report.leases);
    Ok(ExitCode::SUCCESS)
}

/// The exit code of a program whose work has this outcome; an error is told with its causes, after the program's name.
pub fn end(program: &str, outcome: Result<ExitCode, Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let mut message = format!("{program}: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                message += &format!(": {error}");
                cause = error.source();
            }
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
