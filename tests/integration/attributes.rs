//! What the attributes of the derive make of fields, over a real server.

use vineyard_core::{Array, Error, GetError, Object, ObjectMeta, ObjectRef, ResolveReason, SchemaStamp, Stored};
use vineyard_tests::samples::{Bytes, Pair};
use vineyard_tests::{TestResult, TestServer};

/// Members stored in the ways of the original's library.
#[derive(Debug, Object)]
#[object(typename = "test::Foreign", rename_all = "{}_")]
struct Foreign {
    length: u64,
    #[object(len = length)]
    values: Array<i32>,
    #[object(none = "empty_blob")]
    bitmap: Option<Array<u8>>,
    #[object(collection)]
    partitions: Vec<Pair>,
    #[object(flatten)]
    extent: Extent,
}

#[derive(Debug, PartialEq, Object)]
#[object(typename = "test::Extent")]
struct Extent {
    first: i64,
    last: i64,
}

fn pair(value: f64) -> Pair {
    Pair { first: vec![value].into(), second: None }
}

fn foreign() -> Foreign {
    Foreign {
        length: 3,
        values: vec![1, 2, 3].into(),
        bitmap: None,
        partitions: vec![pair(1.0), pair(2.0)],
        extent: Extent { first: -1, last: 1 },
    }
}

fn keys(meta: &ObjectMeta) -> Vec<&str> {
    let own =
        |key: &&str| !["id", "instance_id", "nbytes", "signature", "transient", "global", "typename"].contains(key);
    let mut keys: Vec<&str> = meta.keys().filter(own).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn fields_have_the_keys_of_the_original() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let stored = client.get::<Foreign>(client.put(&foreign())?)?;
    let expected = [
        "__schema",
        "__timestamp",
        "bitmap_",
        "first",
        "last",
        "length_",
        "partitions_-0",
        "partitions_-1",
        "partitions_-size",
        "values_",
    ];
    assert_eq!(keys(stored.meta()), expected);
    assert_eq!((&*stored.values, stored.bitmap.is_none(), stored.partitions.len()), (&[1, 2, 3][..], true, 2));
    assert_eq!(stored.extent, Extent { first: -1, last: 1 });
    let with_bitmap = Foreign { bitmap: Some(vec![7].into()), ..foreign() };
    assert_eq!(client.get::<Foreign>(client.put(&with_bitmap)?)?.bitmap.as_deref(), Some(&[7][..]));
    Ok(())
}

#[test]
fn lengths_must_agree() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let error = client.put(&Foreign { length: 4, ..foreign() }).expect_err("3 elements");
    assert_eq!(error.to_string(), "test::Foreign.values: the array has 3 elements, `length_` says 4");
    let draft = Foreign::builder().values([5, 6]).partitions(vec![]).extent(Extent { first: 0, last: 0 }).build()?;
    assert_eq!(draft.preview()?.length, 2, "an array tells its length by itself");
    let error = Foreign::builder().length(9u64).values([5]).partitions(vec![]).extent(foreign().extent).build();
    assert!(error.is_err());
    Ok(())
}

#[test]
fn a_builder_shares_what_it_does_not_set() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let stored = client.get::<Foreign>(client.put(&foreign())?)?;
    let before = client.instance_status()?.memory_usage;
    let draft = ForeignBuilder::from(&stored).bitmap([1, 2]).build()?;
    let changed = client.get::<Foreign>(client.put(draft)?)?;
    assert_eq!(client.instance_status()?.memory_usage, before + 2, "only the new member is stored");
    assert_eq!(changed.values.blob().id(), stored.values.blob().id());
    assert_eq!(changed.meta().member("partitions_-0")?.id(), stored.meta().member("partitions_-0")?.id());
    assert_eq!((changed.length, changed.bitmap.as_deref()), (3, Some(&[1, 2][..])));
    assert_eq!(changed.extent, stored.extent);
    Ok(())
}

mod v1 {
    use vineyard_core::Object;

    #[derive(Debug, Object)]
    #[object(typename = "old::Point", builder = MakePoint)]
    pub(super) struct Point {
        pub(super) x: f64,
    }
}

mod v2 {
    use vineyard_core::Object;

    #[derive(Debug, Object)]
    #[object(typename = "new::Point", alias = "old::Point", version = 2, accepts(1), no_register)]
    pub(super) struct Point {
        pub(super) x: f64,
        #[object(default)]
        pub(super) y: f64,
    }
}

mod v3 {
    use vineyard_core::Object;

    #[derive(Debug, Object)]
    #[object(typename = "new::Point", version = 3, no_register)]
    pub(super) struct Point {
        pub(super) x: f32,
    }
}

#[test]
fn versions_and_older_names_are_read_where_they_are_accepted() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let old = client.put(v1::Point::builder().x(1.5).build()?)?;
    let read = client.get::<v2::Point>(old)?;
    assert_eq!((read.x, read.y), (1.5, 0.0));
    let new = client.put(&v2::Point { x: 2.5, y: 3.5 })?;
    assert!(client.get::<v1::Point>(new).is_err(), "another name");
    let error = client.get::<v3::Point>(new).map(|point| point.x).expect_err("another version");
    assert_eq!(
        error.to_string(),
        format!("object {new}: new::Point: written with version 2 of the type, this program reads 3")
    );
    let Error::Get(GetError::Resolve { cause, .. }) = &error else { panic!("{error}") };
    assert!(matches!(cause.reason(), ResolveReason::Version { expected: 3, found: 2, .. }));
    let _ = v1::MakePoint::from(&client.get::<v1::Point>(old)?);
    Ok(())
}

#[test]
fn schemas_are_in_the_store_once_under_their_fingerprints() -> TestResult {
    let server = TestServer::start();
    let (client, other) = (server.client()?, server.client()?);
    let id = client.put(&foreign())?;
    other.put(&foreign())?;
    let stamp = client.get_meta(id)?.schema_stamp().ok_or("no stamp")?;
    assert_eq!(stamp, SchemaStamp::from(&Foreign::schema()));
    let named = client.get_name(&format!("schema:{}", stamp.fingerprint))?.ok_or("not there")?;
    let schema = client.get_meta(named)?;
    assert_eq!(schema.value("text")?.as_str(), Some(Foreign::schema().canonical_text().as_str()));
    assert_eq!(schema.value("type")?, "test::Foreign");
    let all = client.list("vineyard::Schema", 100)?;
    let mut types: Vec<String> =
        all.iter().map(|meta| meta.value("type").map(|value| value.to_string())).collect::<Result<_, _>>()?;
    types.sort();
    assert_eq!(types, ["\"test::Foreign\"", "\"test::Pair\""], "flattened fields are part of the schema around them");
    Ok(())
}

/// Parts that may live on several instances.
#[derive(Debug, Object)]
#[object(typename = "test::Spread", global)]
struct Spread {
    count: u64,
    parts: Vec<ObjectRef<Bytes>>,
    one: ObjectRef<Bytes>,
}

#[test]
fn global_objects_hold_references() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let part: Stored<Bytes> = client.get(client.put(&Bytes { bytes: vec![1, 2].into() })?)?;
    let spread = Spread { count: 1, parts: vec![(&part).into()], one: (&part).into() };
    let stored = client.get::<Spread>(client.put(&spread)?)?;
    assert!(stored.meta().is_global());
    assert_eq!((stored.count, stored.one.id()), (1, part.id()));
    let error = stored.parts[0].resolve().expect_err("its payload was left where it is");
    assert!(matches!(error.reason(), ResolveReason::NotFetched { .. }), "{error}");
    let fetched = client.fetch([&stored.parts[0], &stored.one])?;
    assert_eq!((&*fetched[0].bytes, &*fetched[1].bytes), (&[1, 2][..], &[1, 2][..]));
    assert!(client.is_persistent(stored.id())?, "it is for other instances");
    Ok(())
}
