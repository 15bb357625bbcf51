//! How many requests puts and gets take, whatever they hold.

use std::collections::BTreeMap;

use vineyard_core::{Array, Client, Object};
use vineyard_tests::samples::Pair;
use vineyard_tests::{Proxy, TestResult, TestServer};

use crate::known::is_left_out;

#[derive(Debug, Object)]
#[object(typename = "test::Parts")]
struct Parts {
    arrays: Vec<Array<u16>>,
    pairs: Vec<Pair>,
}

fn parts() -> Parts {
    let pair = |value: u8| Pair { first: vec![f64::from(value)].into(), second: None };
    Parts { arrays: (0..7).map(|value| vec![value; 9].into()).collect(), pairs: (0..3).map(pair).collect() }
}

fn counts(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

/// The requests of a put and of a get, after the first of each.
fn measure(stock: bool) -> Result<[BTreeMap<String, usize>; 2], Box<dyn std::error::Error>> {
    let server = TestServer::start();
    let proxy = Proxy::start(server.socket(), stock).map_err(|error| error.to_string())?;
    let client = Client::connect(proxy.socket())?;
    let id = client.put(&parts())?;
    drop(client.get::<Parts>(id)?);
    proxy.take_counts();
    let id = client.put(&parts())?;
    let put = proxy.take_counts();
    let stored = client.get::<Parts>(id)?;
    let get = proxy.take_counts();
    assert_eq!((stored.arrays.len(), stored.pairs.len()), (7, 3));
    drop((stored, client, proxy));
    Ok([put, get])
}

#[test]
fn a_native_put_seals_and_creates_by_one_request() -> TestResult {
    if is_left_out("requests::a_native_put_seals_and_creates_by_one_request") {
        return Ok(());
    }
    let [put, get] = measure(false)?;
    let mut expected = counts(&[("create_buffers_request", 1), ("create_datas_request", 1)]);
    // Leases of what was dropped before go back with the next request.
    expected.extend(counts(&[("release_leases_notice", 1)]));
    assert_eq!(put, expected);
    assert_eq!(get.get("get_data_request").zip(get.get("get_buffers_request")), Some((&1, &1)));
    assert!(get.keys().all(|kind| kind.starts_with("get_") || kind == "release_leases_notice"), "{get:?}");
    Ok(())
}

#[test]
fn a_put_over_the_original_protocol_seals_each_blob() -> TestResult {
    let [put, get] = measure(true)?;
    let expected =
        [("create_buffers_request", 1), ("seal_request", 10), ("create_datas_request", 1), ("create_data_request", 1)];
    assert_eq!(put, counts(&expected));
    assert_eq!(get, counts(&[("get_data_request", 1), ("get_buffers_request", 1)]));
    Ok(())
}
