//! Gets the network as what it is: `get SOCKET`.

use std::error::Error;

use downstream_types::{Network, Road};

fn main() -> Result<(), Box<dyn Error>> {
    let socket = std::env::args().nth(1).ok_or("usage: get SOCKET")?;
    let client = vineyard_core::Client::connect(socket)?;
    let network = client.get_by_name::<Network<Road>>("network")?;
    let cars = network.tables["north"]["2024"].numbers::<f64>("cars")?;
    let shared = network.edges.is_shared() && cars.array().is_shared();
    println!(
        "{:?} {:?} {:?} {:?} shared: {shared}",
        network.kind,
        network.edges_of(0),
        network.tables.keys(),
        cars.as_slice()
    );
    Ok(())
}
