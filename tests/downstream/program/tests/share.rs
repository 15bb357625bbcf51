//! Three programs share an object of a type that Vineyard does not know.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use vineyard_server::Server;

fn run(program: &str, socket: &Path) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).arg(socket).output()?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(String::from_utf8(output.stderr)?.into())
    }
}

#[test]
fn types_of_other_crates_are_put_got_and_found() -> Result<(), Box<dyn Error>> {
    let server = Server::builder().size(64 << 20).spawn()?;
    let id = run(env!("CARGO_BIN_EXE_put"), server.socket())?;
    assert!(id.starts_with('o'), "{id}");
    assert_eq!(
        run(env!("CARGO_BIN_EXE_get"), server.socket())?,
        "Rails [Road { target: 1, length: 10.0 }, Road { target: 0, length: 2.5 }] [\"north\", \"south\"] [1.0, 2.0] \
         shared: true\n"
    );
    assert_eq!(
        run(env!("CARGO_BIN_EXE_any"), server.socket())?,
        "downstream::Network<downstream::Road> opaque: false registered: 2\n"
    );
    Ok(())
}
