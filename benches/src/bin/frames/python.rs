//! Peers in Python: processes that stay for the whole run, and are told what to do by lines.

use std::path::Path;
use std::process::Command;

use vineyard_benches::{Asked, Done};

use crate::frame::COLUMNS;
use crate::peer::{Needs, Peer};

/// The program, in the directory of this crate.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/frames.py");

/// A process of the program, with one of its peers.
#[derive(Debug)]
pub(crate) struct Python {
    needs: Needs,
    process: Asked,
}

impl Python {
    /// Starts the process and waits until it has made the frame, or says why it cannot take part.
    pub(crate) fn start(program: &Path, name: &str, peer: &str, needs: Needs, rows: usize) -> Done<Self> {
        let mut command = Command::new(program);
        command.args([SCRIPT, peer, &rows.to_string(), &COLUMNS.to_string()]);
        Ok(Self { needs, process: Asked::start(name, &mut command)? })
    }
}

impl Peer for Python {
    fn name(&self) -> &str {
        self.process.name()
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn missing(&self) -> Option<&str> {
        self.process.missing()
    }

    fn gets(&self) -> usize {
        20
    }

    fn open(&mut self, at: &Path) -> Done {
        self.process.tell(&format!("open {}", at.display()))
    }

    fn put(&mut self) -> Done<f64> {
        self.process.number("put")
    }

    fn get(&mut self) -> Done<f64> {
        self.process.number("get")
    }

    fn touch(&mut self) -> Done<f64> {
        self.process.number("touch")
    }

    fn sum(&mut self) -> Done<f64> {
        self.process.number("sum")
    }

    fn delete(&mut self) -> Done {
        self.process.tell("delete")
    }

    fn close(&mut self) -> Done {
        self.process.tell("close")
    }
}
