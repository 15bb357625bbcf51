//! Gets the network without naming its type; the crate that defines it is only linked: `any SOCKET`.

use std::error::Error;

use downstream_types as _;
use vineyard_core::{Opaque, registry};

fn main() -> Result<(), Box<dyn Error>> {
    let socket = std::env::args().nth(1).ok_or("usage: any SOCKET")?;
    let client = vineyard_core::Client::connect(socket)?;
    let id = client.get_name("network")?.ok_or("no such name")?;
    let any = client.get_any(id)?;
    let registered = registry().iter().filter(|entry| entry.typename().as_str().starts_with("downstream::")).count();
    println!("{} opaque: {} registered: {registered}", any.meta().typename(), any.is::<Opaque>());
    Ok(())
}
