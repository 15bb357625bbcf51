//! Measuring an operation with all servers in turns, so that what disturbs the machine disturbs all alike.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use vineyard_benches::Done;

use crate::client::Client;
use crate::operations::{MIB, Operation};
use crate::placement::Where;
use crate::replay::Script;
use crate::server::{Kind, Program, Server};
use crate::stage::{Data, Stage};

/// How often the servers take turns in one measurement.
const ROUNDS: usize = 10;

/// Samples without which there is no 99th percentile.
const ENOUGH: usize = 100;

/// Times in microseconds. The percentile is not a number where there are too few samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Times {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Times {
    /// The median and the 99th percentile.
    pub(crate) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |percent: usize| samples.get(samples.len() * percent / 100).copied().unwrap_or(f64::NAN);
        Self { p50: at(50), p99: if samples.len() < ENOUGH { f64::NAN } else { at(99) } }
    }
}

/// Results by kind of server.
pub(crate) type ByKind<T> = BTreeMap<Kind, T>;

/// A server, the connections to it and what is in it.
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) server: Server,
    /// Makes and deletes what the operations use, and runs those over the UNIX socket; none with an echo.
    pub(crate) client: Option<Client>,
    /// Runs all others.
    other: Option<Client>,
    tcp: Option<SocketAddr>,
    pub(crate) stage: Stage,
}

impl Target {
    /// Starts a server and connects to it.
    pub(crate) fn start(program: &Program, place: Where) -> Done<Self> {
        let (kind, server) = (program.kind, Server::start(program, place)?);
        let mut target = Self { kind, server, client: None, other: None, tcp: None, stage: Stage::default() };
        if kind != Kind::Echo {
            let (client, reply) = Client::unix(&target.server.socket)?;
            let endpoint = reply.get("rpc_endpoint").and_then(|endpoint| endpoint.as_str()).ok_or("no endpoint")?;
            let port: u16 = endpoint.rsplit(':').next().unwrap_or_default().parse()?;
            (target.client, target.tcp) = (Some(client), Some(([127, 0, 0, 1], port).into()));
        }
        Ok(target)
    }

    /// Puts on the stage what operations find there. An echo's is that of ours.
    pub(crate) fn set(&mut self, data: &Data) -> Done {
        self.client.as_mut().map_or(Ok(()), |client| self.stage.set(client, data))
    }

    /// Connects for an operation. An echo needs to know what to answer.
    pub(crate) fn connect(&mut self, script: &Script, over_tcp: bool) -> Done {
        self.other = match self.tcp {
            None => Some(Client::echo(&self.server.socket, script, over_tcp)?),
            Some(address) if over_tcp => Some(Client::tcp(address)?),
            Some(_) => None,
        };
        Ok(())
    }

    /// Runs the operation `count` times and returns what each took, in microseconds.
    pub(crate) fn time(&mut self, operation: &Operation, count: usize) -> Done<Vec<f64>> {
        self.prepare(operation, count)?;
        let mut samples = Vec::with_capacity(count);
        for _ in 0..count {
            let start = Instant::now();
            self.run(operation)?;
            samples.push(start.elapsed().as_nanos() as f64 / 1e3);
            // Large payloads find the memory of the one before; many small ones are deleted together.
            if operation.bytes >= MIB {
                self.clean()?;
            }
        }
        self.clean()?;
        Ok(samples)
    }

    fn run(&mut self, operation: &Operation) -> Done {
        let client = self.other.as_mut().or(self.client.as_mut()).ok_or("not connected")?;
        (operation.run)(client, &mut self.stage)
    }

    fn prepare(&mut self, operation: &Operation, count: usize) -> Done {
        match &mut self.client {
            Some(client) => self.stage.prepare(client, operation, count),
            None => {
                self.stage.supply = vec![self.stage.tensor; count];
                Ok(())
            }
        }
    }

    fn clean(&mut self) -> Done {
        match &mut self.client {
            Some(client) => self.stage.clean(client),
            None => {
                self.stage.made.clear();
                Ok(())
            }
        }
    }

    /// What is exchanged when the operation runs once, and the stage it ran on.
    pub(crate) fn record(&mut self, operation: &Operation) -> Done<(Script, Stage)> {
        self.connect(&Script::default(), operation.family.is_tcp())?;
        // The first time, descriptors come along.
        self.time(operation, 1)?;
        self.prepare(operation, 1)?;
        let client = self.other.as_mut().or(self.client.as_mut()).ok_or("not connected")?;
        let stage = &mut self.stage;
        let script = client.record(|client| (operation.run)(client, stage))?;
        self.clean()?;
        Ok((script, self.stage.clone()))
    }
}

/// Puts on every stage what the operation finds there, and connects. The echo gets to know what ours answers.
pub(crate) fn set_up(operation: &Operation, data: &Data, targets: &mut [Target]) -> Done<Script> {
    let mut recorded = None;
    for target in targets.iter_mut() {
        target.set(data)?;
        if target.kind == Kind::Ours {
            recorded = Some(target.record(operation)?);
        }
    }
    let (script, stage) = recorded.ok_or("our server takes part in every measurement")?;
    for target in targets {
        if target.kind == Kind::Echo {
            target.stage = stage.clone();
        }
        target.connect(&script, operation.family.is_tcp())?;
    }
    Ok(script)
}

/// Starts a server of each program.
pub(crate) fn start(programs: &[Program], place: Where) -> Done<Vec<Target>> {
    programs.iter().map(|program| Target::start(program, place)).collect()
}

/// Takes from the stages what [`set_up`] put there.
pub(crate) fn take_down(targets: &mut [Target]) -> Done {
    for target in targets {
        if let Some(own) = &mut target.client {
            target.stage.strike(own)?;
        }
    }
    Ok(())
}

/// Measures an operation with every target, `times` in all for each.
pub(crate) fn measure(operation: &Operation, times: usize, data: &Data, targets: &mut [Target]) -> Done<ByKind<Times>> {
    set_up(operation, data, targets)?;
    for target in targets.iter_mut() {
        target.time(operation, times / 20 + 1)?;
    }
    let rounds = times.clamp(1, ROUNDS);
    let mut samples: ByKind<Vec<f64>> = BTreeMap::new();
    for round in 0..rounds {
        // Another one begins each time.
        for turn in 0..targets.len() {
            if let Some(target) = targets.get_mut((round + turn) % targets.len()) {
                samples.entry(target.kind).or_default().extend(target.time(operation, times.div_ceil(rounds))?);
            }
        }
    }
    take_down(targets)?;
    Ok(samples.into_iter().map(|(kind, samples)| (kind, Times::of(samples))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_samples() {
        let samples = (0..200).rev().map(f64::from).collect();
        assert_eq!(Times::of(samples), Times { p50: 100.0, p99: 198.0 });
        let few = Times::of(vec![3.0, 1.0, 2.0]);
        assert!(few.p50 == 2.0 && few.p99.is_nan());
        assert!(Times::of(Vec::new()).p50.is_nan());
    }
}
