//! Putting, viewing and deleting by many at a time, with a model of what must be there.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vineyard_core::{Client, Error, GetError, ObjectId, PutError, StatusCode, Stored};

use crate::checked::Checked;
use crate::random::Random;

/// Views that each keeps while it goes on.
const KEPT: usize = 3;

/// An object that was put: its id, its seed, and how many words it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The object.
    pub id: ObjectId,
    /// What its words follow from.
    pub seed: u64,
    /// How many there are.
    pub len: usize,
}

/// The objects that are there: nobody else deletes them, and who does strikes them out before.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Vec<Entry>>);

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Any object.
    pub fn any(&self, random: &mut Random) -> Option<Entry> {
        let entries = self.entries();
        entries.get(random.below(entries.len())).copied()
    }

    /// Whether an object is to be there.
    pub fn contains(&self, entry: Entry) -> bool {
        self.entries().contains(&entry)
    }

    fn strike_out(&self, random: &mut Random) -> Option<Entry> {
        let mut entries = self.entries();
        let place = random.below(entries.len());
        (place < entries.len()).then(|| entries.swap_remove(place))
    }

    /// Deletes everything.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn clear(&self, client: &Client) -> Result<(), Error> {
        let entries = std::mem::take(&mut *self.entries());
        entries.iter().try_for_each(|entry| client.delete(entry.id))
    }
}

/// What happened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Times that bytes were checked.
    pub views: u64,
    /// Those of them after the object had been deleted.
    pub deleted_views: u64,
    /// Times that bytes were wrong.
    pub wrong: u64,
    /// Objects that were not there although nobody had deleted them, or that were there although somebody had.
    pub lost: u64,
    /// Requests for which there was no memory.
    pub refused: u64,
}

impl Tally {
    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            views: self.views + other.views,
            deleted_views: self.deleted_views + other.deleted_views,
            wrong: self.wrong + other.wrong,
            lost: self.lost + other.lost,
            refused: self.refused + other.refused,
        }
    }

    /// As one line.
    pub fn to_line(self) -> String {
        format!("{} {} {} {} {}", self.views, self.deleted_views, self.wrong, self.lost, self.refused)
    }

    /// What [`to_line`](Self::to_line) has written.
    pub fn from_line(line: &str) -> Option<Self> {
        let mut numbers = line.split(' ').map_while(|number| number.parse().ok());
        let mut next = || numbers.next();
        Some(Self { views: next()?, deleted_views: next()?, wrong: next()?, lost: next()?, refused: next()? })
    }
}

/// What one thread does.
#[derive(Debug)]
pub struct Worker<'a> {
    client: &'a Client,
    ledger: &'a Ledger,
    /// About how many objects there shall be.
    population: usize,
    random: Random,
    kept: Vec<(Entry, Stored<Checked>)>,
    tally: Tally,
}

impl<'a> Worker<'a> {
    /// Works on the objects of a ledger.
    pub fn new(client: &'a Client, ledger: &'a Ledger, population: usize, seed: u64) -> Self {
        Self { client, ledger, population, random: Random::new(seed), kept: Vec::new(), tally: Tally::default() }
    }

    /// Does so many things. The order is the same for a seed, as far as others do not come in between.
    ///
    /// # Errors
    ///
    /// What cannot be counted.
    pub fn work(mut self, operations: usize) -> Result<Tally, Error> {
        for _ in 0..operations {
            match self.random.below(10) {
                0..4 if self.random.below(2 * self.population) >= self.ledger.entries().len() => self.put()?,
                0..4 => self.delete()?,
                4..8 => self.view()?,
                _ => self.view_while_deleted()?,
            }
            self.look_again();
        }
        Ok(self.tally)
    }

    fn put(&mut self) -> Result<(), Error> {
        let (seed, len) = (self.random.number(), 1 + self.random.below(64 << 10));
        match self.client.put(&Checked::new(seed, len)) {
            Ok(id) => self.ledger.entries().push(Entry { id, seed, len }),
            Err(Error::Put(PutError::NoRoom { .. })) => self.make_room(),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn delete(&mut self) -> Result<(), Error> {
        let Some(entry) = self.ledger.strike_out(&mut self.random) else { return Ok(()) };
        self.client.delete(entry.id)?;
        self.tally.lost += u64::from(self.client.exists(entry.id)?);
        Ok(())
    }

    fn view(&mut self) -> Result<(), Error> {
        if let Some(entry) = self.ledger.any(&mut self.random) {
            self.get(entry)?;
        }
        Ok(())
    }

    /// Views an object that is deleted meanwhile, and goes on viewing it.
    fn view_while_deleted(&mut self) -> Result<(), Error> {
        let Some(entry) = self.ledger.strike_out(&mut self.random) else { return Ok(()) };
        self.get(entry)?;
        self.client.delete(entry.id)?;
        self.tally.lost += u64::from(self.client.get::<Checked>(entry.id).is_ok());
        Ok(())
    }

    /// Checks an object, and keeps it.
    fn get(&mut self, entry: Entry) -> Result<(), Error> {
        match self.client.get::<Checked>(entry.id) {
            Ok(object) => {
                self.check(entry, &object);
                if self.kept.len() == KEPT {
                    self.kept.remove(0);
                }
                self.kept.push((entry, object));
            }
            Err(Error::Get(GetError::Call { cause, .. })) if cause.code() == Some(StatusCode::NotEnoughMemory) => {
                self.make_room();
            }
            Err(Error::Get(error)) => {
                // It is struck out before it is deleted.
                if self.ledger.contains(entry) {
                    println!("{error}");
                    self.tally.lost += 1;
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What is viewed cannot go to disk.
    fn make_room(&mut self) {
        self.tally.refused += 1;
        self.kept.clear();
    }

    fn look_again(&mut self) {
        let place = self.random.below(self.kept.len());
        let Some((entry, object)) = self.kept.get(place) else { return };
        let (entry, object) = (*entry, Stored::as_arc(object).clone());
        self.tally.deleted_views += u64::from(!self.ledger.contains(entry));
        self.check(entry, &object);
    }

    fn check(&mut self, entry: Entry, object: &Checked) {
        let is_it = (object.seed, object.nbytes()) == (entry.seed, 8 * entry.len as u64);
        self.tally.views += 1;
        self.tally.wrong += u64::from(!is_it || !object.is_right());
    }
}
