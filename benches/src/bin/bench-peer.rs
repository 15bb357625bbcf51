//! The other process of a measurement: `bench-peer echo|serve SOCKET CORE SIZE`. Ends with its input.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;

use vineyard_benches::{Done, ROUND_TRIP_BYTES, pin};
use vineyard_server::Server;

/// Sends back what comes, until the peer leaves.
fn echo(socket: &Path) -> Done {
    let listener = UnixListener::bind(socket)?;
    println!("ready");
    let (mut stream, _) = listener.accept()?;
    let mut bytes = [0; ROUND_TRIP_BYTES];
    while stream.read_exact(&mut bytes).is_ok() {
        stream.write_all(&bytes)?;
    }
    Ok(())
}

/// Serves until the input ends.
fn serve(socket: &Path, size: u64) -> Done {
    let server = Server::builder().socket(socket).size(size).workers(1).spawn()?;
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    server.stop();
    Ok(())
}

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [role, socket, core, size] = arguments.as_slice() else {
        return Err("usage: bench-peer echo|serve SOCKET CORE SIZE".into());
    };
    pin(core.parse()?)?;
    match role.as_str() {
        "echo" => echo(Path::new(socket)),
        "serve" => serve(Path::new(socket), size.parse()?),
        other => Err(format!("{other} is neither echo nor serve").into()),
    }
}
