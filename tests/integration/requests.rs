//! How many requests puts and gets take, whatever they hold.

use std::collections::BTreeMap;

use vineyard_core::{Array, Client, Error, GetError, Object};
use vineyard_tests::samples::Pair;
use vineyard_tests::{Proxy, TestResult, TestServer, on_stock};

use crate::known::is_left_out;

#[derive(Debug, Object)]
#[object(typename = "test::Parts")]
struct Parts {
    arrays: Vec<Array<u16>>,
    pairs: Vec<Pair>,
}

fn parts(len: usize) -> Parts {
    Parts { arrays: (0..7).map(|value| vec![value; len].into()).collect(), pairs: (0..3).map(pair).collect() }
}

fn pair(value: u16) -> Pair {
    Pair { first: vec![f64::from(value)].into(), second: None }
}

fn counts(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

/// The requests of a put and of a get, after the first of each.
fn measure(stock: bool, len: usize) -> Result<[BTreeMap<String, usize>; 2], Box<dyn std::error::Error>> {
    let server = TestServer::start();
    let proxy = Proxy::start(server.socket(), stock).map_err(|error| error.to_string())?;
    let client = Client::connect(proxy.socket())?;
    let id = client.put(&parts(len))?;
    drop(client.get::<Parts>(id)?);
    proxy.take_counts();
    let id = client.put(&parts(len))?;
    let put = proxy.take_counts();
    let stored = client.get::<Parts>(id)?;
    let get = proxy.take_counts();
    assert_eq!((stored.arrays.len(), stored.pairs.len()), (7, 3));
    drop((stored, client, proxy));
    Ok([put, get])
}

#[test]
fn a_native_put_takes_one_request_or_two_and_a_get_one() -> TestResult {
    if is_left_out("requests::a_native_put_takes_one_request_or_two_and_a_get_one") {
        return Ok(());
    }
    let [put, get] = measure(false, 9)?;
    // Leases of what was dropped before go back with the next request.
    assert_eq!(put, counts(&[("put_objects_request", 1), ("release_leases_notice", 1)]));
    assert_eq!(get.get("get_objects_request"), Some(&1));
    let [put, get] = measure(false, 9000)?;
    assert_eq!(put.get("create_blobs_request").zip(put.get("put_objects_request")), Some((&1, &1)));
    assert!(put.keys().all(|kind| kind.ends_with("s_request") || kind == "release_leases_notice"), "{put:?}");
    assert_eq!(put.values().sum::<usize>() - put.get("release_leases_notice").unwrap_or(&0), 2);
    assert_eq!(get.get("get_objects_request"), Some(&1));
    assert!(
        get.keys().all(|kind| ["get_objects_request", "release_leases_notice"].contains(&kind.as_str())),
        "{get:?}"
    );
    Ok(())
}

#[test]
fn many_objects_and_a_name_take_one_request() -> TestResult {
    if is_left_out("requests::many_objects_and_a_name_take_one_request") {
        return Ok(());
    }
    let server = TestServer::start();
    let proxy = Proxy::start(server.socket(), false).map_err(|error| error.to_string())?;
    let client = Client::connect(proxy.socket())?;
    let ids = (0..5u16).map(|value| client.put(&pair(value))).collect::<Result<Vec<_>, _>>()?;
    let named = client.put_named("the pair", &pair(7))?;
    proxy.take_counts();
    let pairs = client.get_many::<Pair>(&ids)?;
    let by_name = client.get_by_name::<Pair>("the pair")?;
    assert_eq!(proxy.take_counts().get("get_objects_request"), Some(&2));
    assert!(pairs.iter().zip(0..).all(|(found, value)| *found.first == [f64::from(value)]));
    assert_eq!((by_name.id(), &*by_name.first), (named, &[7.0][..]));
    assert!(client.get_many::<Pair>(&[])?.is_empty());
    // Each holds its own payloads only: with one of them, the memory of the others is given back.
    let kept = pairs.into_iter().nth(2).ok_or("five were got")?;
    drop(by_name);
    for id in ids.iter().chain([&named]) {
        client.delete(*id)?;
    }
    client.exists(ids[0])?;
    assert_eq!(client.instance_status()?.memory_usage, 8, "one array");
    assert_eq!(*kept.first, [2.0]);
    Ok(())
}

#[test]
fn what_is_not_there_is_named() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let (there, gone) = (client.put(&pair(1))?, client.put_named("gone", &pair(2))?);
    client.delete(gone)?;
    let error = client.get_many::<Pair>(&[there, gone]).err();
    assert!(matches!(error, Some(Error::Get(GetError::NotFound { id })) if id == gone), "{error:?}");
    let error = client.get_by_name::<Pair>("nobody").err();
    assert!(matches!(&error, Some(Error::Get(GetError::NoSuchName { name })) if name == "nobody"), "{error:?}");
    let error = client.get_by_name::<Pair>("gone").err();
    let inner = match &error {
        Some(Error::Get(GetError::Named { name, cause })) if name == "gone" => Some(&**cause),
        // The original forgets the name with its object.
        Some(Error::Get(GetError::NoSuchName { .. })) if on_stock() => return Ok(()),
        _ => None,
    };
    assert!(matches!(inner, Some(GetError::NotFound { id }) if *id == gone), "{error:?}");
    Ok(())
}

#[test]
fn a_put_over_the_original_protocol_seals_each_blob() -> TestResult {
    let [put, get] = measure(true, 9)?;
    let expected =
        [("create_buffers_request", 1), ("seal_request", 10), ("create_datas_request", 1), ("create_data_request", 1)];
    assert_eq!(put, counts(&expected));
    assert_eq!(get, counts(&[("get_data_request", 1), ("get_buffers_request", 1)]));
    Ok(())
}
