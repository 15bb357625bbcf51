//! The tables that the graphs are made of.

use vineyard_benches::Done;
use vineyard_types::DataFrame;
use vineyard_types::graph::property::{EdgeTable, VertexTable};

/// The generator `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(mixed ^ (mixed >> 31)) * end as u128) >> 64) as i64
    }
}

/// Everything there is, of which each graph has a part.
pub struct Tables {
    pub people: VertexTable,
    pub towns: VertexTable,
    pub knows: EdgeTable,
    pub follows: EdgeTable,
    pub lives_in: EdgeTable,
    /// One edge for each hundred of `knows`.
    pub more: EdgeTable,
    /// The edges of `knows`, and then those of `more`.
    pub all: EdgeTable,
    /// A number for each of the people, by their ids.
    pub scores: VertexTable,
}

impl Tables {
    /// So many people, and so many edges of each to others.
    pub fn new(people: usize, edges: usize) -> Done<Self> {
        let ids: Vec<i64> = (0..people as i64).collect();
        let names: Vec<String> = ids.iter().map(|id| format!("person {id}")).collect();
        let ages: Vec<u8> = ids.iter().map(|id| (id % 100) as u8).collect();
        let heights: Vec<f64> = ids.iter().map(|id| 150.0 + (id % 50) as f64).collect();
        let scores = DataFrame::new().with_column("id", ids.clone())?.with_column("score", heights.clone())?;
        let table = DataFrame::new().with_column("id", ids)?.with_column("name", names)?.with_column("age", ages)?;
        let towns = people / 100;
        let codes = DataFrame::new().with_column("code", (0..towns as i64).collect::<Vec<_>>())?;
        let (known, more) = (ends(1, people, people * edges), ends(3, people, people * edges / 100));
        let all = [[known[0].as_slice(), &more[0]].concat(), [known[1].as_slice(), &more[1]].concat()];
        Ok(Self {
            people: VertexTable::new("person", "id", table.with_column("height", heights)?),
            towns: VertexTable::new("town", "code", codes),
            knows: between_people("knows", known)?,
            follows: between_people("follows", ends(2, people, people * edges / 2))?,
            lives_in: homes(people, towns)?,
            more: between_people("knows", more)?,
            all: between_people("knows", all)?,
            scores: VertexTable::new("person", "id", scores),
        })
    }

    /// The people with their scores.
    pub fn scored(&self) -> Done<VertexTable> {
        let scores = self.scores.table().numbers::<f64>("score")?.clone();
        Ok(VertexTable::new("person", "id", self.people.table().clone().with_column("score", scores)?))
    }
}

/// The people at both ends of so many edges.
fn ends(seed: u64, people: usize, count: usize) -> [Vec<i64>; 2] {
    let mut random = Random(seed);
    [(); 2].map(|()| (0..count).map(|_| random.below(people)).collect())
}

fn between_people(label: &str, [from, to]: [Vec<i64>; 2]) -> Done<EdgeTable> {
    let weights: Vec<f64> = from.iter().map(|from| *from as f64).collect();
    let table = DataFrame::new().with_column("from", from)?.with_column("to", to)?.with_column("weight", weights)?;
    Ok(EdgeTable::new(label, ("person", "from"), ("person", "to"), table))
}

fn homes(people: usize, towns: usize) -> Done<EdgeTable> {
    let mut random = Random(4);
    let home: Vec<i64> = (0..people).map(|_| random.below(towns)).collect();
    let table = DataFrame::new().with_column("who", (0..people as i64).collect::<Vec<_>>())?;
    let table = table.with_column("where", home)?;
    Ok(EdgeTable::new("lives_in", ("person", "who"), ("town", "where"), table))
}
