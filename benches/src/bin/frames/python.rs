//! Peers in Python: processes that stay for the whole run, and are told what to do by lines.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use vineyard_benches::{Done, Process};

use crate::frame::COLUMNS;
use crate::peer::{Needs, Peer};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, in the directory of this crate.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/frames.py");

/// A process of the program, with one of its peers.
#[derive(Debug)]
pub(crate) struct Python {
    name: &'static str,
    needs: Needs,
    missing: Option<String>,
    input: ChildStdin,
    lines: Receiver<String>,
    _process: Process,
}

impl Python {
    /// Starts the process and waits until it has made the frame, or says why it cannot take part.
    pub(crate) fn start(program: &Path, name: &'static str, peer: &str, needs: Needs, rows: usize) -> Done<Self> {
        let mut command = Command::new(program);
        command.args([SCRIPT, peer, &rows.to_string(), &COLUMNS.to_string()]);
        let mut process = Process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let (Some(input), Some(output)) = (process.input(), process.output()) else {
            return Err("a process without pipes".into());
        };
        let (sender, lines) = channel();
        // Ends with the process, or when nobody waits any more.
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut python = Self { name, needs, missing: None, input, lines, _process: process };
        match python.line()?.as_str() {
            "ready" => {}
            why => python.missing = Some(why.to_owned()),
        }
        Ok(python)
    }

    fn line(&self) -> Done<String> {
        self.lines.recv_timeout(PATIENCE).map_err(|_| format!("`{}` has ended or does not answer", self.name).into())
    }

    fn ask(&mut self, command: &str) -> Done<String> {
        writeln!(self.input, "{command}")?;
        self.line()
    }

    fn number(&mut self, command: &str) -> Done<f64> {
        let found = self.ask(command)?;
        Ok(found.parse().map_err(|_| format!("`{}` answers {found:?} to {command:?}", self.name))?)
    }

    fn tell(&mut self, command: &str) -> Done {
        match self.ask(command)?.as_str() {
            "ok" => Ok(()),
            found => Err(format!("`{}` answers {found:?} to {command:?}", self.name).into()),
        }
    }
}

impl Peer for Python {
    fn name(&self) -> &str {
        self.name
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    fn gets(&self) -> usize {
        20
    }

    fn open(&mut self, at: &Path) -> Done {
        self.tell(&format!("open {}", at.display()))
    }

    fn put(&mut self) -> Done<f64> {
        self.number("put")
    }

    fn get(&mut self) -> Done<f64> {
        self.number("get")
    }

    fn touch(&mut self) -> Done<f64> {
        self.number("touch")
    }

    fn sum(&mut self) -> Done<f64> {
        self.number("sum")
    }

    fn delete(&mut self) -> Done {
        self.tell("delete")
    }

    fn close(&mut self) -> Done {
        self.tell("close")
    }
}
