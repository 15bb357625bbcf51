//! A process that does what it is told by lines on its input, and answers each by one line.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::{Done, Process};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A process that answers; ended when this is dropped.
#[derive(Debug)]
pub struct Asked {
    name: String,
    missing: Option<String>,
    input: ChildStdin,
    lines: Receiver<String>,
    _process: Process,
}

impl Asked {
    /// Starts a process and waits until it says `ready`, or why it cannot take part.
    ///
    /// # Errors
    ///
    /// What the system says, or that the process ended without a word.
    pub fn start(name: &str, command: &mut Command) -> Done<Self> {
        let mut process = Process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let (Some(input), Some(output)) = (process.input(), process.output()) else {
            return Err("a process without pipes".into());
        };
        let (sender, lines) = channel();
        // Ends with the process, or when nobody waits any more.
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut asked = Self { name: name.to_owned(), missing: None, input, lines, _process: process };
        match asked.line()?.as_str() {
            "ready" => {}
            why => asked.missing = Some(why.to_owned()),
        }
        Ok(asked)
    }

    /// How it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why it cannot take part, if it cannot.
    pub fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    fn line(&self) -> Done<String> {
        self.lines.recv_timeout(PATIENCE).map_err(|_| format!("`{}` has ended or does not answer", self.name).into())
    }

    /// The answer to a line.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub fn ask(&mut self, command: &str) -> Done<String> {
        writeln!(self.input, "{command}")?;
        self.line()
    }

    /// The answer to a line, which is one number.
    ///
    /// # Errors
    ///
    /// That there is none, or another.
    pub fn number(&mut self, command: &str) -> Done<f64> {
        let found = self.ask(command)?;
        Ok(found.parse().map_err(|_| format!("`{}` answers {found:?} to {command:?}", self.name))?)
    }

    /// Asks for something to be done, which is answered by `ok`.
    ///
    /// # Errors
    ///
    /// That there is no answer, or another.
    pub fn tell(&mut self, command: &str) -> Done {
        match self.ask(command)?.as_str() {
            "ok" => Ok(()),
            found => Err(format!("`{}` answers {found:?} to {command:?}", self.name).into()),
        }
    }
}
