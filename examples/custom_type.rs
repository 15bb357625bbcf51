//! A type of one's own with everything a type can have: members, an element, an enum, a check, versions, and a change of
//! one member that shares the rest.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};
use vineyard_core::{Array, Client, Element, MetaValue, Object};
use vineyard_server::Server;
use vineyard_types::DataFrame;

/// An edge as it lies in shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable, Element)]
#[repr(C)]
#[object(typename = "custom_type::Road")]
struct Road {
    target: u32,
    metres: f32,
}

/// Stored by the name of the variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, MetaValue)]
enum Surface {
    Asphalt,
    Gravel,
}

/// Roads that lead away from each place.
#[derive(Debug, Object)]
#[object(typename = "custom_type::RoadMap", validate = Self::check)]
struct RoadMap {
    surface: Surface,
    /// Where the roads of each place begin, and the number of all.
    offsets: Array<u64>,
    roads: Array<Road>,
    /// Counts by year.
    counts: BTreeMap<u16, DataFrame>,
    /// Was added later: maps without it are read as well.
    #[object(default)]
    editor: String,
}

impl RoadMap {
    fn check(&self) -> Result<(), String> {
        let (last, roads) = (self.offsets.last().copied().unwrap_or(0), self.roads.len());
        if last == roads as u64 { Ok(()) } else { Err(format!("the last offset is {last}, there are {roads} roads")) }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().size(64 << 20).spawn()?;
    let client = Client::connect(server.socket())?;

    let counts = DataFrame::new().with_column("cars", vec![120i64, 80])?;
    let roads = [(1, 900.0), (0, 900.0)].map(|(target, metres)| Road { target, metres });
    let map = RoadMap {
        surface: Surface::Gravel,
        offsets: vec![0, 1, 2].into(),
        roads: roads.into(),
        counts: BTreeMap::from([(2025, counts)]),
        editor: "first".to_owned(),
    };
    let first = client.get::<RoadMap>(client.put(&map)?)?;
    let before = client.instance_status()?.memory_usage;

    // What is not set is shared with the first map.
    let draft = RoadMapBuilder::from(&first).surface(Surface::Asphalt).editor("second").build()?;
    let second = client.get::<RoadMap>(client.put(draft)?)?;
    let after = client.instance_status()?.memory_usage;
    println!("{:?} by {}, then {:?} by {}", first.surface, first.editor, second.surface, second.editor);
    println!("{:?}, {} bytes newly allocated", second.roads, after - before);

    // What does not fit together is refused before anybody sees it.
    let error = RoadMapBuilder::from(&first).roads(vec![]).build().expect_err("two roads are missing");
    println!("refused: {error}");

    // Any program can ask what the type consists of.
    println!("{}", serde_json::to_string_pretty(&RoadMap::schema())?);
    Ok(())
}
