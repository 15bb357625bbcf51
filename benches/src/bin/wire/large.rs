//! Puts of a large payload: into memory that was never used, and into memory that was.

use std::collections::BTreeMap;

use vineyard_benches::Done;

use crate::measure::{ByKind, Target, Times};
use crate::operations::{Family, LARGE, OPERATIONS, Operation, SMALL};
use crate::placement::Where;
use crate::server::{Kind, Program};
use crate::stage::{Data, Payloads};

/// Puts of the second kind in each round.
const AGAIN: usize = 3;

/// Median times of a put with fresh memory and of one with used memory. Memory is fresh once only, so every round has
/// servers of its own.
pub(crate) fn measure(
    programs: &[Program],
    place: Where,
    rounds: usize,
    payloads: &mut Payloads,
) -> Done<(ByKind<Times>, ByKind<Times>)> {
    let put = OPERATIONS.iter().find(|operation| operation.family == Family::Several && operation.bytes > SMALL);
    let put = Operation { bytes: LARGE, ..*put.ok_or("no put")? };
    let ours = programs.iter().find(|program| program.kind == Kind::Ours).ok_or("our server takes part")?;
    let mut target = Target::start(ours, place)?;
    target.set(payloads.of(SMALL)?)?;
    let (script, stage) = target.record(&put)?;
    drop(target);
    let data: &Data = payloads.of(LARGE)?;
    let (mut fresh, mut again): (ByKind<Vec<f64>>, ByKind<Vec<f64>>) = (BTreeMap::new(), BTreeMap::new());
    for round in 0..rounds {
        for turn in 0..programs.len() {
            let Some(program) = programs.get((round + turn) % programs.len()) else { continue };
            let mut target = Target::start(program, place)?;
            target.stage = stage.clone();
            target.stage.payload = data.bytes.clone();
            target.connect(&script, false)?;
            fresh.entry(program.kind).or_default().extend(target.time(&put, 1)?);
            again.entry(program.kind).or_default().extend(target.time(&put, AGAIN)?);
        }
    }
    let medians = |samples: ByKind<Vec<f64>>| samples.into_iter().map(|(kind, all)| (kind, Times::of(all))).collect();
    Ok((medians(fresh), medians(again)))
}
