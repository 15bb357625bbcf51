//! A process of a measurement, which ends with it.

use std::process::{Child, ChildStdout, Command, ExitStatus};

use vineyard_benches::Done;

/// A process; killed when this is dropped, unless it has ended.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts it.
    pub(crate) fn spawn(command: &mut Command) -> Done<Self> {
        let child = command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it prints, once, if that goes to a pipe.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Done<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it ends.
    pub(crate) fn wait(&mut self) -> Done<ExitStatus> {
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
