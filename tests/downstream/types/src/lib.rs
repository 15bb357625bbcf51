//! Types that a crate outside of Vineyard shares between processes.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};
use vineyard_core::{Array, Element, MetaValue, Object};
use vineyard_types::DataFrame;

/// An edge as it lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable, Element)]
#[repr(C)]
#[object(typename = "downstream::Road")]
pub struct Road {
    /// Where it leads.
    pub target: u32,
    /// In metres.
    pub length: f32,
}

/// What a network is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, MetaValue)]
pub enum Kind {
    /// Cars.
    Roads,
    /// Trains.
    #[object(rename = "rail")]
    Rails,
}

/// A graph in compressed sparse rows, whose edges are of any element type, with tables by region and year.
#[derive(Debug, Object)]
#[object(typename = "downstream::Network", validate = Self::check, register(<Road>, <u32>))]
pub struct Network<E: Element> {
    /// What it is of.
    pub kind: Kind,
    /// Where the edges of each vertex begin, and the number of all.
    pub offsets: Array<u64>,
    /// The edges.
    pub edges: Array<E>,
    /// Tables by region, then by year.
    pub tables: BTreeMap<String, BTreeMap<String, DataFrame>>,
}

impl<E: Element> Network<E> {
    /// The edges of a vertex; none if there is no such vertex.
    pub fn edges_of(&self, vertex: usize) -> &[E] {
        let place = |index| usize::try_from(*self.offsets.get(index)?).ok();
        let range = place(vertex).zip(vertex.checked_add(1).and_then(place));
        range.and_then(|(start, end)| self.edges.get(start..end)).unwrap_or_default()
    }

    fn check(&self) -> Result<(), String> {
        let (end, edges) = (self.offsets.last().copied().unwrap_or(0), self.edges.len());
        if end == edges as u64 { Ok(()) } else { Err(format!("the last offset is {end}, there are {edges} edges")) }
    }
}

/// The network that the programs share.
///
/// # Errors
///
/// None, as its columns are of one length.
pub fn sample() -> Result<Network<Road>, Box<dyn std::error::Error>> {
    let table = |values: Vec<f64>| DataFrame::new().with_column("cars", values);
    let north = BTreeMap::from([("2024".to_owned(), table(vec![1.0, 2.0])?), ("2025".to_owned(), table(vec![3.0])?)]);
    Ok(Network {
        kind: Kind::Rails,
        offsets: vec![0, 2, 3].into(),
        edges: [(1, 10.0), (0, 2.5), (1, 7.0)].map(|(target, length)| Road { target, length }).into(),
        tables: BTreeMap::from([("north".to_owned(), north), ("south".to_owned(), BTreeMap::new())]),
    })
}
