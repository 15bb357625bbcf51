//! Many objects in a server: what memory they take, and whether requests get slower.

use std::collections::BTreeMap;

use vineyard_benches::Done;

use crate::measure::{self, ByKind, Target, Times};
use crate::operations::{Family, OPERATIONS, Operation, SMALL};
use crate::server::Kind;
use crate::stage::Payloads;

/// Puts tensors of 64 bytes until there are `count`, and returns what memory of its own each server took for one.
pub(crate) fn populate(count: usize, payloads: &mut Payloads, targets: &mut [Target]) -> Done<ByKind<f64>> {
    let bytes = payloads.of(SMALL)?.bytes.clone();
    let mut grown = BTreeMap::new();
    for target in targets {
        let Some(client) = &mut target.client else { continue };
        let mut ids = target.stage.population.to_vec();
        // The first put makes arenas and tables, which are not an object's.
        if ids.is_empty() {
            ids.push(client.put(&bytes)?);
        }
        let (before, missing) = (target.server.private_bytes()?, count.saturating_sub(ids.len()));
        for _ in 0..missing {
            ids.push(client.put(&bytes)?);
        }
        let after = target.server.private_bytes()?;
        grown.insert(target.kind, after.saturating_sub(before) as f64 / missing.max(1) as f64);
        target.stage.population = ids.into();
    }
    Ok(grown)
}

/// Gives the first of the population `count` names.
pub(crate) fn name(count: usize, targets: &mut [Target]) -> Done {
    for target in targets {
        let (Some(client), Some(&first)) = (&mut target.client, target.stage.population.first()) else { continue };
        client.persist(first)?;
        for number in 0..count {
            client.put_name(first, &format!("bench/name-{number:07}"))?;
        }
    }
    Ok(())
}

/// Times at one size of the population.
#[derive(Debug)]
pub(crate) struct Grown {
    pub(crate) objects: usize,
    pub(crate) get: ByKind<Times>,
    pub(crate) put: ByKind<Times>,
}

/// What gets of any tensor and puts take while the population grows. The published daemon takes part up to `most_stock`
/// objects.
pub(crate) fn grow(
    sizes: &[usize],
    most_stock: usize,
    times: usize,
    payloads: &mut Payloads,
    mut targets: Vec<Target>,
) -> Done<Vec<Grown>> {
    let populated = |what: &str| {
        let found = OPERATIONS.iter().find(|one| one.family == Family::Populated && one.name.starts_with(what));
        found.ok_or_else(|| format!("no {what}"))
    };
    let (get, put) = (populated("get")?, populated("put")?);
    let mut found = Vec::new();
    for &objects in sizes {
        if objects > most_stock {
            targets.retain(|target| target.kind != Kind::Stock);
        }
        populate(objects, payloads, &mut targets)?;
        let mut time = |operation: &Operation| -> Done<ByKind<Times>> {
            measure::measure(operation, times, payloads.of(SMALL)?, &mut targets)
        };
        found.push(Grown { objects, get: time(get)?, put: time(put)? });
    }
    Ok(found)
}
