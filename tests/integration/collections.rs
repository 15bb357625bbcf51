//! Wholes in parts: over several processes, with parts that are gone, elsewhere or on disk.

use std::collections::BTreeMap;

use vineyard_core::{Client, DeleteOptions, Error, GetError, ObjectId, ObjectRef, Opaque, ResolveReason, Stored};
use vineyard_tests::{Peer, Proxy, TestResult, TestServer, on_stock, parts};
use vineyard_types::{Collection, CollectionError, DataFrame, GlobalDataFrame, GlobalTensor, Tensor};

use crate::PEER;
use crate::known::is_left_out;

fn tensor(client: &Client, elements: Vec<i64>) -> Result<Stored<Tensor<i64>>, Error> {
    client.get(client.put(&Tensor::from(elements))?)
}

/// A published tensor of two parts, and the ids of these.
fn in_two(client: &Client) -> Result<(ObjectId, [ObjectId; 2]), Box<dyn std::error::Error>> {
    let ids = [client.put(&Tensor::from(vec![1i64; 1000]))?, client.put(&Tensor::from(vec![2i64; 500]))?];
    let whole = GlobalTensor::new(client.get_refs::<Tensor<i64>>(&ids)?)?;
    Ok((client.put(&whole)?, ids))
}

#[test]
fn collections_cross_processes_without_a_copy() -> TestResult {
    let server = TestServer::start();
    let mut writer = Peer::start(PEER, "put-parts", server.socket(), &[]);
    assert_eq!(writer.line(), "put");
    assert!(writer.end().success());
    let client = server.client()?;
    let before = client.instance_status()?.memory_usage;
    let mut reader = Peer::start(PEER, "check-parts", server.socket(), &[]);
    assert_eq!(reader.line(), "checked 9");
    assert!(reader.end().success());
    assert_eq!(parts::check(&client)?, 9);
    assert_eq!(client.instance_status()?.memory_usage, before);
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn a_collection_links_its_parts_and_is_published_with_them() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let parts = [tensor(&client, vec![1, 2])?, tensor(&client, vec![3])?];
    let before = client.instance_status()?.memory_usage;
    let id = client.put(&GlobalTensor::new(&parts)?)?;
    assert_eq!(client.instance_status()?.memory_usage, before);
    assert!(client.is_persistent(id)?);
    for part in &parts {
        assert!(client.is_persistent(part.id())?);
    }
    let whole = client.get::<GlobalTensor>(id)?;
    assert!(whole.ids().eq(parts.iter().map(Stored::id)));
    assert_eq!(whole.nbytes(), 24);
    // What was got can be put again, under a name as well: it is the same object.
    assert_eq!(client.put_named("whole", &whole)?, id);
    let any = client.get_any(id)?.downcast::<GlobalTensor>().map_err(|_| "another type")?;
    assert_eq!(any.shape(), [3]);
    Ok(())
}

#[test]
fn collections_do_not_nest() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let (id, _) = in_two(&client)?;
    let outer = Collection::new([client.get_ref::<GlobalTensor>(id)?]);
    let error = client.put(&outer).expect_err("a global object in a global object").to_string();
    assert!(error.starts_with("putting a vineyard::Collection<vineyard::GlobalTensor>: "), "{error}");
    Ok(())
}

#[test]
fn a_get_looks_at_no_part() -> TestResult {
    let server = TestServer::start();
    let (writer, reader) = (server.client()?, server.client()?);
    let (id, parts) = in_two(&writer)?;
    let whole = reader.get::<GlobalTensor>(id)?;
    let reference: ObjectRef<Opaque> = reader.get_ref(parts[0])?;
    let error = reference.typed::<Tensor<i64>>()?.resolve().expect_err("nobody has fetched it");
    assert!(matches!(error.reason(), ResolveReason::NotFetched { .. }), "{error}");
    let told: Vec<(u64, u64)> = whole.parts().map(|part| (part.start()[0], part.nbytes())).collect();
    assert_eq!(told, [(0, 8000), (1000, 4000)]);
    // One request, and one for all parts.
    let proxy = Proxy::start(server.socket(), false).map_err(|error| error.to_string())?;
    let client = Client::connect(proxy.socket())?;
    proxy.take_counts();
    let counted = client.get::<GlobalTensor>(id)?;
    let one = |kind: &str| BTreeMap::from([(kind.to_owned(), 1)]);
    assert_eq!(proxy.take_counts(), one(if on_stock() { "get_data_request" } else { "get_objects_request" }));
    assert_eq!(counted.local_parts::<i64>(&client)?.len(), 2);
    assert_eq!(proxy.take_counts(), one("get_buffers_request"));
    drop((counted, client, proxy));
    // Over TCP, payloads would have to be sent.
    let far = server.rpc_client()?;
    let whole = far.get::<GlobalTensor>(id)?;
    assert_eq!(whole.shape(), [1500]);
    let parts = whole.local_parts::<i64>(&far)?;
    assert!(!parts[1].1.array().is_shared() && parts[1].1.as_slice() == [2; 500]);
    assert_eq!(whole.assemble::<i64>(&far)?.len(), 1500);
    Ok(())
}

#[test]
fn a_collection_that_does_not_fit_into_memory_is_read_part_by_part() -> TestResult {
    if is_left_out("collections::a_collection_that_does_not_fit_into_memory_is_read_part_by_part") {
        return Ok(());
    }
    const PARTS: u64 = 16;
    let directory = tempfile::tempdir()?;
    let server = TestServer::spilling(8 << 20, directory.path());
    let client = server.client()?;
    let part = |number: u64| client.put(&Tensor::from(vec![number; 128 << 10]));
    let ids = (0..PARTS).map(part).collect::<Result<Vec<_>, _>>()?;
    let id = client.put(&GlobalTensor::new(client.get_refs::<Tensor<u64>>(&ids)?)?)?;
    let (reader, all) = (server.client()?, PARTS << 20);
    let whole = reader.get::<GlobalTensor>(id)?;
    assert_eq!(whole.parts().map(|part| part.nbytes()).sum::<u64>(), all);
    for (number, part) in whole.iter::<u64>(&reader).enumerate() {
        assert!(part?.as_slice().iter().all(|element| *element == number as u64), "part {number}");
    }
    let error = whole.local_parts::<u64>(&reader).expect_err("all at once do not fit").to_string();
    assert!(error.contains("NotEnoughMemory"), "{error}");
    drop((client, reader));
    server.stop();
    Ok(())
}

#[test]
fn a_part_in_use_is_not_deleted_and_a_forced_deletion_takes_the_whole() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let (id, [first, second]) = in_two(&client)?;
    client.delete(first)?;
    assert!(client.exists(first)?, "it is in use");
    let whole = client.get::<GlobalTensor>(id)?;
    client.delete_with(&[first], DeleteOptions { deep: true, force: true })?;
    assert!(!client.exists(first)? && !client.exists(id)?);
    assert!(matches!(client.get::<GlobalTensor>(id), Err(Error::Get(GetError::NotFound { .. }))));
    // Who has it still knows of the parts, and is told which is gone.
    assert_eq!(whole.shape(), [1500]);
    let error = whole.get_part::<i64>(&client, 0).expect_err("it was deleted");
    assert!(matches!(error, CollectionError::Part { part: 0, id, .. } if id == first), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("part 0 ({first} on instance ")), "{text}");
    assert!(text.contains("it was deleted"), "{text}");
    let found: Vec<bool> = whole.iter::<i64>(&client).map(|part| part.is_ok()).collect();
    assert_eq!((found.len(), found[0]), (2, false));
    assert_eq!(whole.local_parts::<i64>(&client).expect_err("as above").to_string(), text);
    assert_eq!(whole.assemble::<i64>(&client).expect_err("as above").to_string(), text);
    // Nor can it be part of another one.
    let error = client.put(&*whole).expect_err("a part is gone").to_string();
    let expected = format!("object {first} of type `vineyard::Tensor<int64>` is not in this store (any more)");
    assert!(error.contains("partitions_-0") && error.contains(&expected), "{error}");
    assert!(client.exists(second)? == client.get_ref::<Tensor<i64>>(second).is_ok());
    Ok(())
}

#[test]
fn a_whole_goes_with_its_parts() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let before = client.instance_status()?.memory_usage;
    let (id, parts) = in_two(&client)?;
    client.delete(id)?;
    assert!(!client.exists(parts[0])? && !client.exists(parts[1])?);
    assert_eq!(client.instance_status()?.memory_usage, before);
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn parts_that_do_not_fit_are_refused_before_anything_is_put() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let ints = tensor(&client, vec![1, 2])?;
    let floats = client.put(&Tensor::from(vec![0.5]))?;
    let mixed: Vec<ObjectRef<Opaque>> = client.get_refs(&[ints.id(), floats])?;
    let error = GlobalTensor::new(&mixed).expect_err("of two types").to_string();
    assert_eq!(error, "part 1 is of type `vineyard::Tensor<double>`, part 0 is of type `vineyard::Tensor<int64>`");
    let error = GlobalTensor::on_grid([&ints, &ints], [3]).expect_err("a gap").to_string();
    assert_eq!(error, "a grid of [3] does not have one place for each of 2 parts of 1 dimensions");
    let frames = [parts::frame(0, 2)?, parts::frame(2, 2)?.renamed("x", "y")?];
    let ids = frames.iter().map(|frame| client.put(frame)).collect::<Result<Vec<_>, _>>()?;
    let error = GlobalDataFrame::new(client.get_refs::<DataFrame>(&ids)?).expect_err("other names").to_string();
    assert!(error.starts_with("part 1 has the columns "), "{error}");
    let error = client.get_refs::<Tensor<i64>>(&[ints.id(), floats]).expect_err("of another type").to_string();
    assert!(
        error.starts_with(&format!("object {floats}: expected an object of type `vineyard::Tensor<int64>`")),
        "{error}"
    );
    client.delete(floats)?;
    let error = client.get_refs::<Opaque>(&[ints.id(), floats]).expect_err("it is gone");
    assert!(matches!(error, Error::Get(GetError::NotFound { id }) if id == floats), "{error}");
    // With the derived builder, everything can be said, and is checked.
    let said =
        |shape: Vec<u64>| GlobalTensor::builder().shape(shape).partition_shape([1]).partitions(mixed[..1].to_vec());
    assert_eq!(client.get::<GlobalTensor>(client.put(said(vec![2]).build()?)?)?.shape(), [2]);
    let error = said(vec![3]).build().expect_err("one row too few").to_string();
    assert_eq!(error, "not valid: the parts make up [2], `shape_` says [3]");
    Ok(())
}

#[test]
fn frames_lie_side_by_side_as_well() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let whole = parts::frame(0, 5)?;
    let cut =
        |rows: std::ops::Range<usize>, columns: &[&str], row, column| -> Result<ObjectId, Box<dyn std::error::Error>> {
            Ok(client.put(&whole.slice(rows)?.select(columns.to_vec())?.with_partition_index(row, column))?)
        };
    let ids = [
        cut(2..5, &["x"], 1, 1)?,
        cut(0..2, &["n", "s"], 0, 0)?,
        cut(0..2, &["x"], 0, 1)?,
        cut(2..5, &["n", "s"], 1, 0)?,
    ];
    let parts = client.get_refs::<DataFrame>(&ids)?;
    let frame = client.get::<GlobalDataFrame>(client.put(&GlobalDataFrame::new(&parts)?)?)?;
    assert_eq!((frame.num_rows(), frame.num_columns(), frame.partition_shape()), (5, 3, (2, 2)));
    assert_eq!(frame.part_at(1, 1).map(|part| (part.index(), part.start().to_vec())), Some((0, vec![2, 2])));
    assert_eq!(frame.concat(&client)?.head(10).to_string(), whole.head(10).to_string());
    Ok(())
}

#[test]
fn parts_of_other_instances_are_told_of() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    parts::put_spread(&client, server.socket())?;
    let whole = client.get_by_name::<GlobalTensor>("parts/spread")?;
    assert_eq!((whole.shape(), whole.is_local()), (&[6][..], false));
    let told: Vec<_> = whole.parts().map(|part| (part.instance().as_raw(), part.is_local(), part.nbytes())).collect();
    assert_eq!(told, [(parts::ELSEWHERE, false, 24), (client.instance().as_raw(), true, 24)]);
    let local = whole.local_parts::<i64>(&client)?;
    assert_eq!((local.len(), local[0].0, local[0].1.as_slice()), (1, 1, &[3, 4, 5][..]));
    let found: Vec<_> = whole.iter::<i64>(&client).collect();
    assert!(found[1].is_ok());
    let error = whole.assemble::<i64>(&client).expect_err("a part is elsewhere");
    assert!(matches!(&error, CollectionError::Part { part: 0, instance, .. } if instance.as_raw() == parts::ELSEWHERE));
    let text = error.to_string();
    assert!(text.contains("buffer: the payload lives on instance"), "{text}");
    assert_eq!(found[0].as_ref().expect_err("as above").to_string(), text);
    // A whole of these parts is spread as well.
    let again = client.get::<GlobalTensor>(client.put(&GlobalTensor::clone(&whole))?)?;
    assert!(again.ids().eq(whole.ids()) && !again.is_local());
    Ok(())
}

#[test]
fn references_of_another_store_are_looked_up_anew() -> TestResult {
    let (server, other) = (TestServer::start(), TestServer::start());
    let (client, elsewhere) = (server.client()?, other.client()?);
    let (id, _) = in_two(&client)?;
    let whole = client.get::<GlobalTensor>(id)?;
    let error = whole.get_part::<i64>(&elsewhere, 1).expect_err("it is not there").to_string();
    assert!(error.starts_with("part 1 (") && error.contains("there is no object"), "{error}");
    let error = elsewhere.put(&*whole).expect_err("its parts are not there").to_string();
    assert!(error.contains("is not in this store (any more), and its payloads were not fetched"), "{error}");
    // A second connection to the same store has its own leases, and knows the objects.
    let second = server.client()?;
    assert_eq!(whole.get_part::<i64>(&second, 1)?.as_slice(), [2; 500]);
    Ok(())
}
