//! Blobs that the kernel seals, as our client puts and gets them.

mod raw;

use raw::{MIB, Raw, server, until};
use serde_json::json;
use vineyard_core::{Array, Blob, Client, ConnectOptions, Error, Object, ObjectId};
use vineyard_server::{Server, ServerHandle};

/// Arrays on both sides of what is sealed.
#[derive(Debug, Object)]
#[object(typename = "test::Mixed")]
struct Mixed {
    large: Array<u64>,
    small: Array<u8>,
    larger: Array<u32>,
    tiny: Array<u8>,
}

fn mixed() -> Mixed {
    Mixed {
        large: (0..1000).collect::<Vec<u64>>().into(),
        small: vec![1; 4096].into(),
        larger: (0..3000).collect::<Vec<u32>>().into(),
        tiny: vec![3; 5].into(),
    }
}

fn client(server: &ServerHandle) -> Result<Client, Error> {
    Client::connect(server.socket())
}

fn sealed(server: &ServerHandle, id: ObjectId) -> Result<[bool; 4], Error> {
    let found = client(server)?.get::<Mixed>(id)?;
    let expected = mixed();
    assert_eq!((&*found.large, &*found.small), (&*expected.large, &*expected.small));
    assert_eq!((&*found.larger, &*found.tiny), (&*expected.larger, &*expected.tiny));
    let blobs = [found.large.blob(), found.small.blob(), found.larger.blob(), found.tiny.blob()];
    Ok(blobs.map(Blob::is_kernel_sealed))
}

#[test]
fn one_blob_is_sealed_by_the_kernel_and_read_by_everybody() -> Result<(), Error> {
    let server = server();
    let writer = client(&server)?;
    let mut blob = writer.create_sealed_blob(100_000)?;
    blob.as_mut_slice().fill(7);
    blob.shrink(99_999)?;
    let blob = blob.seal()?;
    assert!(blob.blob().is_kernel_sealed() && blob.blob().is_shared());
    assert_eq!(*blob, [7; 99_999]);
    let id = blob.blob().id().expect("it is stored");
    let mut stock = Raw::stock(&server);
    let found = stock.get(&[&json!(id.as_raw())]);
    assert_eq!(stock.descriptor().read(&found["0"]), [7; 99_999]);
    assert!(!writer.put_array(&[1u8; 5000])?.blob().is_kernel_sealed(), "that one lies in an arena");
    assert!(!Blob::from(vec![1u8]).is_kernel_sealed());
    assert!(writer.create_sealed_blob(0)?.seal()?.is_empty());
    let gone = writer.create_sealed_blob(10)?;
    assert_eq!(server.memory().own_files, 2);
    drop(gone);
    writer.exists(id)?;
    assert_eq!(server.memory().own_files, 1, "a writer that is dropped gives its blob up");
    Ok(())
}

#[test]
fn a_client_chooses_from_which_size_on() -> Result<(), Error> {
    let server = server();
    let strict = ConnectOptions::new().socket(server.socket()).kernel_sealed_above(4096).connect()?;
    let id = strict.put(&mixed())?;
    assert_eq!(sealed(&server, id)?, [true, false, true, false]);
    let id = client(&server)?.put(&mixed())?;
    assert_eq!(sealed(&server, id)?, [false; 4]);
    strict.reconnect()?;
    assert!(strict.put_array(&[1u8; 5000])?.blob().is_kernel_sealed());
    Ok(())
}

#[test]
fn a_server_chooses_for_its_clients() -> Result<(), Error> {
    let server = Server::builder().size(64 * MIB).seal_above(10_000).spawn().expect("a server");
    let id = client(&server)?.put(&mixed())?;
    assert_eq!(sealed(&server, id)?, [false, false, true, false]);
    // The lower of both counts.
    for (above, expected) in [(100_000, [false, false, true, false]), (4095, [true, true, true, false])] {
        let strict = ConnectOptions::new().socket(server.socket()).kernel_sealed_above(above).connect()?;
        assert_eq!(sealed(&server, strict.put(&mixed())?)?, expected);
    }
    Ok(())
}

#[test]
fn what_does_not_fit_leaves_nothing() -> Result<(), Error> {
    let server = Server::builder().size(MIB).spawn().expect("a server");
    let strict = ConnectOptions::new().socket(server.socket()).kernel_sealed_above(4096).connect()?;
    let much = Mixed { larger: vec![0; 300_000].into(), ..mixed() };
    strict.put(&much).expect_err("it does not fit");
    let id = strict.put(&mixed())?;
    assert_eq!(sealed(&server, id)?, [true, false, true, false]);
    assert_eq!((server.memory().used, server.memory().own_files), (8000 + 4096 + 12_000 + 5, 2));
    Ok(())
}

/// Descriptors of this process, in which the server runs as well.
fn num_open() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("there").count()
}

/// Mappings of this process.
fn num_mapped() -> usize {
    std::fs::read_to_string("/proc/self/maps").expect("there").matches("vineyard-arena").count()
}

/// Runs alone in a process of its own: others would open files meanwhile.
#[test]
fn files_are_closed_when_nobody_views_them() -> Result<(), Error> {
    const ALONE: &str = "VINEYARD_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let test = ["--exact", "files_are_closed_when_nobody_views_them", "--nocapture"];
        let program = std::env::current_exe().expect("known");
        let status = std::process::Command::new(program).args(test).env(ALONE, "1").status();
        assert!(status.expect("it runs").success());
        return Ok(());
    }
    let server = server();
    let (writer, reader) = (client(&server)?, client(&server)?);
    writer.put_array(&[0u8; 10])?;
    let before = (num_open(), num_mapped());
    let mut last = None;
    for number in 0..50u8 {
        let mut blob = writer.create_sealed_blob(20_000)?;
        blob.as_mut_slice().fill(number);
        let id = blob.seal()?.blob().id().expect("stored");
        let view = reader.get_blob(id)?;
        let again = reader.get_blob(id)?;
        assert_eq!(view.as_bytes(), again.as_bytes());
        writer.delete(id)?;
        // The view stays what it was.
        last = Some(view);
    }
    let last = last.expect("there were some");
    assert!(last.is_kernel_sealed() && last.as_bytes().iter().all(|byte| *byte == 49));
    drop(last);
    reader.instance_status()?;
    writer.instance_status()?;
    until(|| server.memory().own_files == 0);
    assert_eq!((num_open(), num_mapped()), before);
    Ok(())
}
