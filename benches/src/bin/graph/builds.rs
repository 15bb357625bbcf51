//! All who build graphs, and their turns.

use std::path::Path;
use std::process::Command;

use vineyard_benches::report::duration;
use vineyard_benches::{Asked, Done};

/// What is made of the edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Ids of 32 bits; rows in ascending order.
    Sorted,
    /// Ids of 64 bits; rows in ascending order.
    Wide,
    /// Ids of 32 bits and weights; rows in ascending order, parallel edges merged.
    Merged,
    /// Ids of 32 bits; rows in any order, which is less work.
    Unsorted,
}

impl Work {
    /// How a result of this work and another one's are compared, and how it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sorted => "sorted, ids of 32 bits",
            Self::Wide => "sorted, ids of 64 bits",
            Self::Merged => "sorted and merged, with weights",
            Self::Unsorted => "less work: unsorted, ids of 32 bits",
        }
    }
}

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Our graph, on the heap.
    Heap,
    /// Our graph, in memory of a server.
    Store,
    /// The crate `graph_builder`.
    Crate,
    /// A program in Python.
    Python,
}

/// One who builds graphs.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    pub(crate) by: By,
    /// What its process is called.
    process: &'static str,
}

const fn builder(name: &'static str, work: Work, by: By, process: &'static str) -> Builder {
    Builder { name, work, by, process }
}

/// All of them; of each work, ours on the heap is the first.
pub(crate) const BUILDERS: &[Builder] = &[
    builder("`CsrGraph::build`", Work::Sorted, By::Heap, "ours"),
    builder("`CsrGraph::build_in`", Work::Sorted, By::Store, "ours"),
    builder("`graph_builder`", Work::Sorted, By::Crate, "theirs"),
    builder("`CsrGraph::build`", Work::Wide, By::Heap, "ours-wide"),
    builder("`CsrGraph::build_in`", Work::Wide, By::Store, "ours-wide"),
    builder("`graph_builder`", Work::Wide, By::Crate, "theirs-wide"),
    builder("`CsrGraph::build`", Work::Merged, By::Heap, "ours-merged"),
    builder("`CsrGraph::build_in`", Work::Merged, By::Store, "ours-merged"),
    builder("SciPy, `tocsr`", Work::Merged, By::Python, "scipy"),
    builder("`graph_builder`", Work::Unsorted, By::Crate, "theirs-unsorted"),
    builder("SciPy, `coo_tocsr`", Work::Unsorted, By::Python, "scipy-unsorted"),
];

/// What was found of one of them.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Why there is nothing, if there is nothing.
    pub(crate) missing: Option<String>,
    /// Nanoseconds of each build but the first.
    pub(crate) times: Vec<f64>,
    /// Bytes that the first build took at most.
    pub(crate) peak: f64,
    /// Bytes of the result.
    pub(crate) nbytes: f64,
}

/// Where programs and files are.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    pub(crate) python: &'a Path,
    pub(crate) edges: &'a Path,
    pub(crate) socket: &'a Path,
    pub(crate) scale: u32,
}

/// The program in Python, in the directory of this crate.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/graph.py");

/// A process of the program in Python.
pub(crate) fn python(places: &Places<'_>, name: &str, process: &str) -> Done<Asked> {
    let mut command = Command::new(places.python);
    command.arg(SCRIPT).arg(process).arg(places.edges).arg(places.scale.to_string());
    Asked::start(name, &mut command)
}

impl Builder {
    fn start(&self, places: &Places<'_>) -> Done<Asked> {
        if self.by == By::Python {
            return python(places, self.name, self.process);
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("builder").arg(self.process).arg(places.edges).arg(places.scale.to_string());
        if self.by == By::Store {
            command.arg(places.socket);
        }
        Asked::start(self.name, &mut command)
    }
}

/// One build: nanoseconds, peak, bytes of the result, checksum.
fn build(process: &mut Asked) -> Done<([f64; 3], String)> {
    let line = process.ask("build")?;
    let mut words = line.split_whitespace();
    let mut number = || -> Done<f64> { Ok(words.next().ok_or("a number is missing")?.parse()?) };
    let numbers = [number()?, number()?, number()?];
    let sum = words.next().ok_or("the checksum is missing")?.to_owned();
    Ok((numbers, sum))
}

/// All rounds, in each of which another one is the first. The first build of a process is for its memory, and not among
/// the times.
pub(crate) fn run(places: &Places<'_>, rounds: usize) -> Done<Vec<Found>> {
    let mut processes: Vec<Asked> = BUILDERS.iter().map(|builder| builder.start(places)).collect::<Done<_>>()?;
    let mut found: Vec<Found> = Vec::new();
    let mut sums: Vec<(bool, String)> = Vec::new();
    for (process, builder) in processes.iter_mut().zip(BUILDERS) {
        if let Some(why) = process.missing() {
            found.push(Found { missing: Some(why.to_owned()), ..Found::default() });
            continue;
        }
        let ([_, peak, nbytes], sum) = build(process)?;
        let merged = builder.work == Work::Merged;
        match sums.iter().find(|(of_merged, _)| *of_merged == merged) {
            Some((_, expected)) if *expected != sum => {
                return Err(format!("{} builds another graph: {sum}, expected {expected}", builder.name).into());
            }
            Some(_) => {}
            None => sums.push((merged, sum)),
        }
        found.push(Found { peak, nbytes, ..Found::default() });
    }
    let count = processes.len();
    for round in 0..rounds {
        for place in 0..count {
            let number = (round + place) % count;
            let (Some(process), Some(found)) = (processes.get_mut(number), found.get_mut(number)) else { continue };
            if found.missing.is_none() {
                let ([time, ..], _) = build(process)?;
                eprintln!("round {round}: {}: {}", process.name(), duration(time));
                found.times.push(time);
            }
        }
    }
    Ok(found)
}
