//! One run with one placement: everything that is asked for, group by group.

use vineyard_benches::Done;

use crate::clients::{self, CLIENTS};
use crate::large;
use crate::measure::{self, ByKind, Target, Times};
use crate::operations::{Family, OPERATIONS, SMALL};
use crate::options::Options;
use crate::placement::Where;
use crate::population::{self, Grown};
use crate::server::Program;
use crate::stage::Payloads;
use crate::table::{Row, Unit};

/// Rounds of large puts; each starts servers of its own.
const LARGE_ROUNDS: usize = 5;

/// What a run found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    pub(crate) grown: Vec<Grown>,
}

/// What a group is called in the table.
pub(crate) fn title(family: Family) -> &'static str {
    match family {
        Family::Request => "one request, UNIX",
        Family::Several => "several requests, UNIX",
        Family::TcpRequest => "one request, TCP",
        Family::Remote => "payload over TCP",
        Family::Populated => "with many objects",
    }
}

/// The run of a program with its options.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a Options,
    pub(crate) programs: &'a [Program],
    pub(crate) place: Where,
    pub(crate) payloads: &'a mut Payloads,
    pub(crate) found: Found,
}

impl Run<'_> {
    /// Measures everything but growth.
    pub(crate) fn all(&mut self) -> Done {
        self.family(Family::Request)?;
        self.family(Family::Several)?;
        self.large()?;
        self.clients()?;
        self.family(Family::TcpRequest)?;
        self.family(Family::Remote)?;
        self.populated()
    }

    /// Measures the operations of a family, on servers of their own.
    fn family(&mut self, family: Family) -> Done {
        if self.wants_some(family) {
            let mut targets = measure::start(self.programs, self.place)?;
            self.operations(family, &mut targets)?;
        }
        Ok(())
    }

    fn operations(&mut self, family: Family, targets: &mut [Target]) -> Done {
        let options = self.options;
        for operation in OPERATIONS.iter().filter(|operation| operation.family == family) {
            if options.wants(title(family), operation.name) {
                let data = self.payloads.of(operation.bytes)?;
                let found = measure::measure(operation, options.times(operation.times), data, targets)?;
                self.row(title(family), operation.name.to_owned(), Unit::Time, found);
            }
        }
        Ok(())
    }

    fn large(&mut self) -> Done {
        let (group, fresh, again) =
            (title(Family::Several), "put a tensor of 256 MiB, fresh memory", "put a tensor of 256 MiB, used memory");
        if self.options.wants(group, fresh) || self.options.wants(group, again) {
            let rounds = self.options.times(LARGE_ROUNDS);
            let found = large::measure(self.programs, self.place, rounds, self.payloads)?;
            self.row(group, fresh.to_owned(), Unit::Time, found.0);
            self.row(group, again.to_owned(), Unit::Time, found.1);
        }
        Ok(())
    }

    fn clients(&mut self) -> Done {
        let (group, name) = (title(Family::Several), format!("get a tensor, {CLIENTS} clients, time per get"));
        if self.options.wants(group, &name) {
            let mut targets = measure::start(self.programs, self.place)?;
            let times = self.options.times(5000);
            let found = clients::measure(times, self.payloads.of(SMALL)?, &mut targets)?;
            self.row(group, name, Unit::Time, found);
        }
        Ok(())
    }

    fn populated(&mut self) -> Done {
        let (group, name) = (title(Family::Populated), "memory of an object");
        if self.options.wants(group, name) || self.wants_some(Family::Populated) {
            let mut targets = measure::start(self.programs, self.place)?;
            let count = self.options.population();
            let grown = population::populate(count, self.payloads, &mut targets)?;
            let bytes = grown.into_iter().map(|(kind, bytes)| (kind, Times { p50: bytes, p99: f64::NAN })).collect();
            self.row(group, name.to_owned(), Unit::Bytes, bytes);
            population::name(count, &mut targets)?;
            self.operations(Family::Populated, &mut targets)?;
        }
        Ok(())
    }

    /// Measures whether requests get slower when objects get more.
    pub(crate) fn growth(&mut self) -> Done {
        if self.options.wants("growth", "") {
            let targets = measure::start(self.programs, self.place)?;
            let (sizes, times) = (self.options.sizes(), self.options.times(3000));
            self.found.grown = population::grow(&sizes, self.options.daemon_growth, times, self.payloads, targets)?;
        }
        Ok(())
    }

    fn wants_some(&self, family: Family) -> bool {
        let mut names = OPERATIONS.iter().filter(|operation| operation.family == family);
        names.any(|operation| self.options.wants(title(family), operation.name))
    }

    /// Keeps a row, and says on stderr how far it is.
    fn row(&mut self, group: &'static str, name: String, unit: Unit, found: ByKind<Times>) {
        eprintln!("{}: {group}: {name}", self.place.name());
        self.found.rows.push(Row { group, name, unit, found });
    }
}
