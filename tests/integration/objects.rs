//! Objects as a whole: members, names, listing, drafts, types that are not known.

use std::collections::BTreeMap;

use vineyard_core::{Array, Client, Object, Opaque, Pattern, Stored};
use vineyard_tests::samples::{Bytes, Pair};
use vineyard_tests::{TestResult, TestServer};

/// One field of each kind.
#[derive(Debug, Object)]
#[object(typename = "test::Everything")]
struct Everything {
    flag: bool,
    small: i8,
    large: u64,
    ratio: f64,
    text: String,
    list: Vec<String>,
    nested: Vec<Vec<i64>>,
    map: BTreeMap<String, f32>,
    maybe: Option<u32>,
    bytes: Option<Array<u8>>,
    numbers: Array<f64>,
    pair: Pair,
    linked: Stored<Pair>,
    arrays: Vec<Array<u16>>,
    pairs: Vec<Pair>,
    matrix: Vec<Vec<Pair>>,
    table: BTreeMap<String, Pair>,
    nothing: Option<Pair>,
}

fn pair(value: f64) -> Pair {
    Pair { first: vec![value; 3].into(), second: None }
}

fn everything(client: &Client) -> Result<Everything, vineyard_core::Error> {
    let linked = client.get::<Pair>(client.put(&pair(0.5))?)?;
    Ok(Everything {
        flag: true,
        small: -7,
        large: u64::MAX,
        ratio: f64::NEG_INFINITY,
        text: "naïve \"text\"\0".into(),
        list: vec!["a".into(), String::new()],
        nested: vec![vec![i64::MIN, 2], vec![]],
        map: BTreeMap::from([("k/~ ".into(), 1.5)]),
        maybe: None,
        bytes: Some(vec![].into()),
        numbers: (0..100).map(f64::from).collect(),
        pair: pair(1.0),
        linked,
        arrays: vec![vec![1, 2].into(), vec![].into()],
        pairs: vec![pair(2.0), pair(3.0)],
        matrix: vec![vec![pair(4.0)], vec![]],
        table: BTreeMap::from([("x".into(), pair(5.0))]),
        nothing: None,
    })
}

#[test]
fn every_kind_of_field_comes_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let put = everything(&client)?;
    let id = client.put(&put)?;
    let got = server.client()?.get::<Everything>(id)?;
    assert_eq!(format!("{:?}", *got), format!("{put:?}"));
    assert_eq!(got.linked.id(), put.linked.id(), "a stored field links the node itself");
    assert!(got.numbers.is_shared() && got.matrix[0][0].first.is_shared());
    assert_eq!(got.nbytes(), 800 + 4 + 24 * 6);
    Ok(())
}

#[test]
fn deleting_takes_what_nobody_else_uses() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let put = everything(&client)?;
    let linked = put.linked.id();
    let id = client.put(&put)?;
    let other = client.put(&put)?;
    drop(put);
    client.delete(id)?;
    assert!(client.exists(linked)?, "the other object links it");
    client.delete(other)?;
    assert!(!client.exists(linked)?, "nobody links it any more");
    assert_eq!(client.instance_status()?.memory_usage, 0);
    assert!(client.list("test::*", 1000)?.is_empty());
    drop(client);
    server.stop();
    Ok(())
}

#[test]
fn names_find_objects_of_other_clients() -> TestResult {
    let server = TestServer::start();
    let (client, other) = (server.client()?, server.client()?);
    let id = client.put_named("dir/~name", &pair(1.0))?;
    assert_eq!(other.get_by_name::<Pair>("dir/~name")?.id(), id);
    assert!(other.is_persistent(id)?);
    assert_eq!(other.list_names("dir*", 10)?, BTreeMap::from([("dir/~name".to_owned(), id)]));
    assert!(other.list_names(Pattern::Regex("dir".into()), 10)?.is_empty(), "the whole name must match");
    let second = other.put_named("dir/~name", &pair(2.0))?;
    assert_eq!(client.get_name("dir/~name")?, Some(second), "the earlier holder loses the name");
    client.drop_name("dir/~name")?;
    assert_eq!(other.get_name("dir/~name")?, None);
    assert!(other.exists(second)?, "the object stays");
    Ok(())
}

#[test]
fn listing_goes_by_typename() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let ids = [client.put(&pair(1.0))?, client.put(&pair(2.0))?];
    client.put(&Bytes { bytes: vec![1].into() })?;
    let mut found: Vec<_> = client.list("test::Pa?r", 10)?.iter().map(|meta| meta.id()).collect();
    found.sort();
    assert_eq!(found, ids);
    assert_eq!(client.list("test::*", 2)?.len(), 2);
    assert_eq!(client.list(Pattern::Regex("test::(Pair|Bytes)".into()), 10)?.len(), 3);
    Ok(())
}

#[test]
fn types_are_found_by_their_name() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&pair(1.0))?;
    let any = client.get_any(id)?;
    assert!(any.is::<Pair>());
    assert_eq!(any.downcast::<Pair>().map_err(|_| "another type")?.first.len(), 3);
    // A type that this program does not register can still be looked into.
    let id = client.put(&Unknown { note: "hi".into(), numbers: vec![1, 2].into(), pair: pair(3.0) })?;
    let any = client.get_any(id)?.downcast::<Opaque>().map_err(|_| "not opaque")?;
    assert_eq!(any.value::<String>("note")?, "hi");
    assert_eq!(&*any.array::<u32>("numbers")?, &[1, 2]);
    assert_eq!(any.value::<Pair>("pair")?.first[0], 3.0);
    assert_eq!(any.member("pair")?.meta().typename(), "test::Pair");
    Ok(())
}

#[derive(Object)]
#[object(typename = "test::Unknown", no_register)]
struct Unknown {
    note: String,
    numbers: Array<u32>,
    pair: Pair,
}

#[test]
fn a_builder_takes_values_stored_members_and_drafts() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let stored = client.get::<Pair>(client.put(&pair(1.0))?)?;
    let before = client.instance_status()?.memory_usage;
    let inner = Pair::builder().first([9.0]).build()?;
    let by_link = Unknown::builder().note("link").numbers(Vec::new()).pair(&stored).build()?;
    let by_draft = Unknown::builder().note("draft").numbers([1, 2, 3]).pair(inner).build()?;
    let by_link = client.get::<Unknown>(client.put(by_link)?)?;
    assert_eq!(client.instance_status()?.memory_usage, before, "a linked member costs no payload");
    assert_eq!(by_link.pair.first, stored.first);
    assert_eq!(client.get::<Unknown>(client.put(by_draft)?)?.pair.first[0], 9.0);
    let error = Unknown::builder().note("half").build().expect_err("fields are missing");
    assert_eq!(error.to_string(), "numbers: the field was not given, and has no default");
    Ok(())
}

#[test]
fn putting_a_stored_object_returns_it() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&pair(1.0))?;
    let stored = client.get::<Pair>(id)?;
    assert_eq!(client.put(&stored)?, id);
    client.put_named("again", &stored)?;
    assert_eq!(client.get_name("again")?, Some(id));
    Ok(())
}

/// Lists and maps of what may be absent, and of objects of any type.
#[derive(Debug, Object)]
#[object(typename = "test::Sparse")]
struct Sparse {
    arrays: Vec<Option<Array<u8>>>,
    numbers: Vec<Option<i64>>,
    table: BTreeMap<String, Option<Pair>>,
    any: Stored<dyn Object>,
    anything: Vec<Stored<dyn Object>>,
}

#[test]
fn absent_elements_keep_their_places() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let any = client.get_any(client.put(&pair(9.0))?)?;
    let sparse = Sparse {
        arrays: vec![None, Some(vec![1].into()), None, None, None, None, None, None, None, None],
        numbers: vec![Some(1), None, None],
        table: BTreeMap::from([("a".into(), None), ("b".into(), Some(pair(1.0)))]),
        any: any.clone(),
        anything: vec![any],
    };
    let back = client.get::<Sparse>(client.put(&sparse)?)?;
    assert_eq!((&back.arrays, &back.numbers), (&sparse.arrays, &sparse.numbers));
    assert_eq!(back.table.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert!(back.table["a"].is_none() && back.table["b"].is_some());
    assert!(back.any.is::<Pair>() && back.anything[0].is::<Pair>());
    assert_eq!(back.any.id(), sparse.any.id(), "linked, not copied");
    Ok(())
}

#[test]
fn listings_come_without_payloads_and_say_so() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    client.put_named("dir/na~me", &pair(1.0))?;
    let listed = client.list("test::Pair", 10)?.pop().ok_or("not listed")?;
    assert_eq!(listed.name().as_deref(), Some("dir/na~me"));
    let error = listed.blob("first").expect_err("no payloads");
    assert!(error.to_string().contains("was not fetched"), "{error}");
    assert!(client.put(&client.get_any(listed.id())?).is_ok());
    Ok(())
}

#[test]
fn errors_of_what_has_a_name_tell_it() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put_named("pair", &pair(1.0))?;
    let error = client.get_by_name::<Bytes>("pair").expect_err("another type");
    let expected = format!("`pair`: object {id}: expected an object of type `test::Bytes`, found `test::Pair`");
    assert_eq!(error.to_string(), expected);
    client.delete(id)?;
    let error = client.get_by_name::<Pair>("pair").expect_err("deleted");
    assert_eq!(error.to_string(), format!("`pair`: there is no object {id}"));
    Ok(())
}
