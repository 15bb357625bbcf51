//! Which process runs on which processor.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Done;

/// Where the two processes of a measurement run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// `one core` or `two cores`.
    pub name: &'static str,
    /// The processor of the measuring process.
    pub client: usize,
    /// The processor of the other one.
    pub peer: usize,
}

/// The placements that this machine allows: both processes on one processor, and on two if there are as many.
///
/// # Errors
///
/// What the system says when asked for the processors.
pub fn placements() -> Done<Vec<Placement>> {
    let allowed = sched_getaffinity(Pid::from_raw(0))?;
    let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
    let client = cores.next().ok_or("no processor is allowed")?;
    let mut placements = vec![Placement { name: "one core", client, peer: client }];
    match cores.next() {
        Some(peer) => placements.push(Placement { name: "two cores", client, peer }),
        None => eprintln!("one processor is allowed: nothing is measured on two"),
    }
    Ok(placements)
}

/// Moves the calling thread, and those it will start, to one processor.
///
/// # Errors
///
/// What the system says.
pub fn pin(core: usize) -> Done {
    let mut only = CpuSet::new();
    only.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &only)?)
}
