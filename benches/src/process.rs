//! A process of a measurement, which ends with it.

use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};

use crate::Done;

/// A process; killed when this is dropped, unless it has ended.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// What the system says, with the name of the program.
    pub fn spawn(command: &mut Command) -> Done<Self> {
        let child = command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        Ok(Self { child })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it prints, once, if that goes to a pipe.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// What it reads, once, if that comes from a pipe.
    pub fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn ended(&mut self) -> Done<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it ends.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn wait(&mut self) -> Done<ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("a process of a measurement did not end: {error}");
        }
    }
}
