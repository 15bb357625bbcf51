//! What Python has pickled: Rust carries it as it is and never runs it.

use vineyard_core::Opaque;
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::dataframe::Column;
use vineyard_types::{DataFrame, Int, Item, Scalar, Sequence};

use crate::python_with;

#[test]
fn what_is_pickled_is_carried_and_not_run() -> TestResult {
    let directory = tempfile::tempdir()?;
    let trap = directory.path().join("trap");
    let server = TestServer::start();
    let (socket, path) = (server.socket().display().to_string(), trap.display().to_string());
    assert_eq!(python_with("pickled.py", &[&socket, "put", &path]), "put");
    let client = server.client()?;
    let pickled = client.get_any(client.get_name("py/pickled")?.ok_or("it has a name")?)?;
    assert!(pickled.is::<Opaque>());
    let pickled = client.get_by_name::<Opaque>("py/pickled")?;
    assert_eq!(pickled.meta().typename(), "vineyard::PickleBuffer");
    assert!(pickled.meta().blob("buffer_")?.nbytes() > 0);
    let frame = client.get_by_name::<DataFrame>("py/frame")?;
    assert_eq!(frame.numbers::<i64>("n")?.as_slice(), &[1, 2]);
    assert!(matches!(frame.column("trap")?, Column::Other(_)));
    let linked: Sequence = [Item::of(&*pickled)?, Item::of(&Scalar::<Int>::from(7))?].into_iter().collect();
    client.put_named("rs/linked", &linked)?;
    assert!(!trap.exists(), "Rust has unpickled something");
    assert_eq!(python_with("pickled.py", &[&socket, "get", &path]), "get");
    assert!(trap.exists(), "it was no trap");
    server.stop();
    Ok(())
}
