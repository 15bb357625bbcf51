//! Both processes on a private server; nothing stays behind, also on Ctrl-C.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vineyard_server::Server;

use crate::{Failure, show};

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
    fn run(&self, command: &str, socket: &Path, directory: Option<&Path>) -> Result<ExitCode, Failure> {
        let mut program = Command::new(std::env::current_exe()?);
        program.arg(command).arg(socket);
        if let Some(directory) = directory {
            program.arg("--data").arg(directory);
        }
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

pub fn run(directory: Option<&Path>) -> Result<ExitCode, Failure> {
    let stage = Arc::new(Stage::default());
    let handler = Arc::clone(&stage);
    ctrlc::set_handler(move || handler.stop())?;
    let size = 64 << 20;
    let server = Server::builder().size(size).spawn()?;
    println!("server     private, {}, at {}", show::bytes(size), server.socket().display());
    for command in ["load", "rank"] {
        let code = stage.run(command, server.socket(), directory)?;
        if code != ExitCode::SUCCESS {
            server.stop();
            return Ok(code);
        }
    }
    let report = server.stop();
    println!("\nserver     stopped: {} connections and {} leases left", report.connections, report.leases);
    Ok(ExitCode::SUCCESS)
}
