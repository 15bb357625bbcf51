//! Objects as records: labels, copies, pages of listings, and the end of it all.

use vineyard_core::{Error, ObjectId, StatusCode};
use vineyard_tests::samples::{Bytes, Pair};
use vineyard_tests::{TestResult, TestServer};

fn code<T>(result: Result<T, Error>) -> Option<StatusCode> {
    match result {
        Err(Error::Call(call)) => call.code(),
        _ => None,
    }
}

#[test]
fn labels_add_up() -> TestResult {
    let server = TestServer::start();
    let (near, far) = (server.client()?, server.rpc_client()?);
    let id = near.put(&Bytes { bytes: vec![1].into() })?;
    assert!(near.get_meta(id)?.labels().is_empty());
    near.label(id, [("stage", "raw"), ("owner", "ada")])?;
    far.label(id, [("stage".to_owned(), "clean \"1\"".to_owned())])?;
    let labels = far.get_meta(id)?.labels();
    assert_eq!(
        labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>(),
        [("owner", "ada"), ("stage", "clean \"1\"")]
    );
    assert_eq!(code(near.label(ObjectId::from_raw(5), [("a", "b")])), Some(StatusCode::ObjectNotExists));
    assert_eq!(*near.get::<Bytes>(id)?.bytes, [1], "the object is as it was");
    Ok(())
}

#[test]
fn a_shallow_copy_shares_its_members() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&Pair { first: vec![1.0, 2.0].into(), second: None })?;
    let before = client.instance_status()?.memory_usage;
    let copy = client.shallow_copy(id, [("note".to_owned(), "second".into()), ("count".to_owned(), 2.into())])?;
    assert_ne!(copy, id);
    assert_eq!(client.instance_status()?.memory_usage, before);
    let (original, copy) = (client.get::<Pair>(id)?, client.get::<Pair>(copy)?);
    assert_eq!(copy.first.blob().id(), original.first.blob().id());
    assert_eq!(copy.meta().value("note")?, "second");
    assert_eq!(copy.meta().value("count")?, 2);
    assert!(!original.meta().contains("note"));
    assert!(code(client.shallow_copy(ObjectId::from_raw(5), [])).is_some());
    assert!(code(client.shallow_copy(id, [("list".to_owned(), vec![1].into())])).is_some(), "no plain value");
    Ok(())
}

#[test]
fn pages_of_objects_are_the_whole_listing() -> TestResult {
    let server = TestServer::start();
    let (near, far) = (server.client()?, server.rpc_client()?);
    let put = |value: u8| near.put(&Bytes { bytes: vec![value].into() });
    let mut ids = (0..25).map(put).collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    near.put(&Pair { first: vec![1.0].into(), second: None })?;
    macro_rules! pages {
        ($client:expr) => {{
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = $client.list_page("test::Bytes", after, 10)?;
                let Some(last) = page.last() else { break };
                assert!(page.len() <= 10);
                after = Some(last.id());
                found.extend(page.iter().map(|meta| meta.id()));
            }
            found
        }};
    }
    assert_eq!(pages!(near), ids);
    assert_eq!(pages!(far), ids);
    Ok(())
}

#[test]
fn pages_of_names_are_the_whole_listing() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put_named("other", &Bytes { bytes: vec![1].into() })?;
    let names: Vec<String> = (10..35).map(|number| format!("a/~{number}")).collect();
    names.iter().try_for_each(|name| client.put_name(id, name))?;
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = client.list_names_page("a/*", after.as_deref(), 10)?;
        let Some((last, _)) = page.last_key_value() else { break };
        assert!(page.len() <= 10 && page.values().all(|named| *named == id));
        after = Some(last.clone());
        found.extend(page.into_keys());
    }
    assert_eq!(found, names);
    Ok(())
}

#[test]
fn clearing_leaves_nothing() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&Bytes { bytes: vec![1; 1000].into() })?;
    let blob = client.put_array(&[1u8; 1000])?.blob().id().ok_or("not stored")?;
    client.clear()?;
    assert!(!client.exists(id)? && !client.exists(blob)?);
    assert!(client.list("*", 1000)?.is_empty());
    assert_eq!(client.instance_status()?.memory_usage, 0);
    let id = client.put(&Bytes { bytes: vec![2; 1000].into() })?;
    assert_eq!(*client.get::<Bytes>(id)?.bytes, [2; 1000]);
    Ok(())
}

#[test]
fn the_cluster_has_this_instance() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let cluster = client.cluster_meta()?;
    let own = cluster.get(&client.instance()).ok_or("not listed")?;
    assert_eq!(std::path::Path::new(&own.ipc_socket), server.socket());
    Ok(())
}
