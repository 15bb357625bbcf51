//! The arguments.

use std::path::PathBuf;

use clap::Parser;
use vineyard_benches::Done;

use crate::placement::Choice;
use crate::server::{Kind, Program};

/// Measures our server beside the published daemon and an echo, over the wire.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Under a minute: few samples, small populations, one placement
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only what has one of these texts in its group or its name, such as `seal`, `TCP`, `clients`, `memory`, `growth`
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    pub(crate) only: Vec<String>,

    /// Where the processes run [default: all three; with --quick, two]
    #[arg(long, value_name = "PLACEMENT", num_args = 1.., value_enum)]
    place: Vec<Choice>,

    /// Our server [default: vineyard-server beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,

    /// The published daemon [default: $VINEYARD_TEST_DAEMON]
    #[arg(long, value_name = "PROGRAM")]
    daemon: Option<PathBuf>,

    /// Without the published daemon
    #[arg(long)]
    no_daemon: bool,

    /// How many objects the servers hold when lists and memory are measured [default: 20000; with --quick, 2000]
    #[arg(long, value_name = "COUNT")]
    population: Option<usize>,

    /// Up to how many objects growth is measured [default: 1000000; with --quick, 10000]
    #[arg(long, value_name = "COUNT")]
    growth: Option<usize>,

    /// Up to how many objects the published daemon takes part in that
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub(crate) daemon_growth: usize,

    /// The page whose section `wire` is written; without it, the tables are only printed
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,
}

impl Options {
    /// The programs to measure.
    pub(crate) fn programs(&self) -> Done<Vec<Program>> {
        let itself = std::env::current_exe()?;
        let ours = self.server.clone().unwrap_or_else(|| itself.with_file_name("vineyard-server"));
        let mut programs = vec![Program { kind: Kind::Echo, path: itself }, Program { kind: Kind::Ours, path: ours }];
        if !self.no_daemon {
            let named = self.daemon.clone().or_else(|| std::env::var_os("VINEYARD_TEST_DAEMON").map(PathBuf::from));
            let path = named.ok_or("give --daemon, set VINEYARD_TEST_DAEMON, or do without: --no-daemon")?;
            programs.push(Program { kind: Kind::Stock, path });
        }
        Ok(programs)
    }

    pub(crate) fn places(&self) -> Vec<Choice> {
        match self.place.as_slice() {
            [] if self.quick => vec![Choice::Two],
            [] => vec![Choice::Anywhere, Choice::One, Choice::Two],
            given => given.to_vec(),
        }
    }

    pub(crate) fn population(&self) -> usize {
        self.population.unwrap_or(if self.quick { 2000 } else { 20_000 })
    }

    /// Sizes of the population at which growth is measured.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let most = self.growth.unwrap_or(if self.quick { 10_000 } else { 1_000_000 });
        [1000, 10_000, 100_000, 1_000_000].into_iter().filter(|size| *size <= most).collect()
    }

    /// How often to time what is timed `times` times in a full run.
    pub(crate) fn times(&self, times: usize) -> usize {
        if self.quick { (times / 10).max(1) } else { times }
    }

    /// Whether something is to be measured.
    pub(crate) fn wants(&self, group: &str, name: &str) -> bool {
        let title = format!("{group}: {name}").to_lowercase();
        self.only.is_empty() || self.only.iter().any(|text| title.contains(&text.to_lowercase()))
    }
}
