//! Puts a network under the name `network`: `put SOCKET`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let socket = std::env::args().nth(1).ok_or("usage: put SOCKET")?;
    let client = vineyard_core::Client::connect(socket)?;
    println!("{}", client.put_named("network", &downstream_types::sample()?)?);
    Ok(())
}
