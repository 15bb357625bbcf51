//! What an operation finds in a server, and what it leaves there.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

use vineyard_benches::Done;
use vineyard_core::protocol::chunk::Packer;

use crate::client::Client;
use crate::operations::{Operation, Uses};

/// The name that the tensor has.
pub(crate) const KEPT_NAME: &str = "bench/tensor";

/// Objects that are deleted with one request.
const AT_ONCE: usize = 100;

/// A payload, as it is and as chunks of compressed bytes.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) bytes: Rc<[u8]>,
    pub(crate) packed: Rc<[u8]>,
}

impl Data {
    /// Numbers from 0 on: neither noise nor nothing to a compressor.
    fn new(size: usize) -> Done<Self> {
        let bytes: Vec<u8> = (0..size.div_ceil(8) as u64).flat_map(u64::to_le_bytes).take(size).collect();
        let mut packed = Vec::new();
        Packer::new()?.pack(&bytes, true, &mut packed)?;
        Ok(Self { bytes: bytes.into(), packed: packed.into() })
    }
}

/// Payloads by their size, each made once for all operations and servers.
#[derive(Debug, Default)]
pub(crate) struct Payloads(BTreeMap<usize, Data>);

impl Payloads {
    pub(crate) fn of(&mut self, size: usize) -> Done<&Data> {
        Ok(match self.0.entry(size) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(none) => none.insert(Data::new(size)?),
        })
    }
}

/// What an operation uses, in one server.
#[derive(Debug, Default, Clone)]
pub(crate) struct Stage {
    /// A tensor and its blob.
    pub(crate) tensor: u64,
    pub(crate) blob: u64,
    pub(crate) payload: Rc<[u8]>,
    pub(crate) packed: Rc<[u8]>,
    /// What runs use up.
    pub(crate) supply: Vec<u64>,
    /// What runs have made.
    pub(crate) made: Vec<u64>,
    /// Objects that are there all the time.
    pub(crate) population: Rc<[u64]>,
    random: u64,
}

impl Stage {
    /// Puts the tensor and names it.
    pub(crate) fn set(&mut self, client: &mut Client, data: &Data) -> Done {
        (self.payload, self.packed) = (Rc::clone(&data.bytes), Rc::clone(&data.packed));
        self.tensor = client.put(&data.bytes)?;
        self.blob = client.get(self.tensor)?;
        client.persist(self.tensor)?;
        client.put_name(self.tensor, KEPT_NAME)
    }

    /// Deletes the tensor.
    pub(crate) fn strike(&mut self, client: &mut Client) -> Done {
        client.delete(&[self.tensor])
    }

    /// Makes what `count` runs use up.
    pub(crate) fn prepare(&mut self, client: &mut Client, operation: &Operation, count: usize) -> Done {
        for _ in 0..count {
            let id = match operation.uses {
                Uses::Nothing => return Ok(()),
                Uses::Unsealed => client.create(operation.bytes)?.0,
                Uses::Sealed => {
                    let blob = client.create(operation.bytes)?.0;
                    client.seal(blob)?;
                    blob
                }
                Uses::Tensor => client.put(&self.payload)?,
            };
            self.supply.push(id);
        }
        Ok(())
    }

    /// Deletes what runs have made.
    pub(crate) fn clean(&mut self, client: &mut Client) -> Done {
        for ids in self.made.chunks(AT_ONCE) {
            client.delete(ids)?;
        }
        self.made.clear();
        Ok(())
    }

    /// Takes one of what runs use up.
    pub(crate) fn next(&mut self) -> Done<u64> {
        self.supply.pop().ok_or_else(|| "there are more runs than was prepared for".into())
    }

    /// One of the population, another one each time; the constants are Knuth's, of MMIX.
    pub(crate) fn any(&mut self) -> Done<u64> {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = (self.random >> 33) as usize % self.population.len().max(1);
        self.population.get(place).copied().ok_or_else(|| "the population is missing".into())
    }
}
