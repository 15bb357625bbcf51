//! Objects of earlier versions of a type, kept as files, and what each version of the type makes of them.
//!
//! A new version gets a module here and, with `BLESS=1`, a file of its own. The files of earlier versions never change.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use vineyard_core::{Blob, DraftField, DraftNode, Object, ObjectId, ObjectMeta, testing};

/// The first.
mod v1 {
    use vineyard_core::{Array, Object};

    #[derive(Debug, Object)]
    #[object(typename = "test::Series", no_register)]
    pub(super) struct Series {
        pub(super) unit: String,
        pub(super) values: Array<f64>,
    }
}

/// Adds fields that may be absent, and gives one another name: a compatible change.
mod v2 {
    use vineyard_core::{Array, Object};

    #[derive(Debug, Object)]
    #[object(typename = "test::Series", no_register)]
    pub(super) struct Series {
        #[object(rename = "si_unit", alias = "unit")]
        pub(super) unit: String,
        pub(super) values: Array<f64>,
        pub(super) weights: Option<Array<f32>>,
        #[object(default)]
        pub(super) offset: i64,
    }
}

/// Changes the type of the values, which needs another version; reads neither of the earlier ones.
mod v3 {
    use vineyard_core::{Array, Object};

    #[derive(Debug, Object)]
    #[object(typename = "test::Series", version = 2, no_register)]
    pub(super) struct Series {
        pub(super) si_unit: String,
        pub(super) values: Array<f32>,
    }
}

/// Moves to another name, and reads version 2 under the old one.
mod v4 {
    use vineyard_core::{Array, Object};

    #[derive(Debug, Object)]
    #[object(typename = "test::Signal", alias = "test::Series", version = 3, accepts(2), no_register)]
    pub(super) struct Signal {
        #[object(rename = "unit", alias = "si_unit")]
        pub(super) unit: String,
        pub(super) values: Array<f32>,
    }
}

fn written() -> Result<Vec<(&'static str, DraftNode)>, Box<dyn std::error::Error>> {
    let v1 = v1::Series { unit: "m".into(), values: vec![1.0, 2.0].into() };
    let v2 = v2::Series {
        unit: "m".into(),
        values: vec![1.0, 2.0].into(),
        weights: Some(vec![0.5, 0.5].into()),
        offset: -3,
    };
    let v3 = v3::Series { si_unit: "m".into(), values: vec![1.0, 2.0].into() };
    let v4 = v4::Signal { unit: "m".into(), values: vec![1.0, 2.0].into() };
    Ok(vec![("v1", v1.stage()?), ("v2", v2.stage()?), ("v3", v3.stage()?), ("v4", v4.stage()?)])
}

/// The object as a file: its metadata, and its payloads in the order of their ids.
fn to_file(node: &DraftNode) -> Result<String, Box<dyn std::error::Error>> {
    let tree = serde_json::to_value(testing::draft_meta(node)?.tree().as_ref())?;
    let payloads = node.fields().filter_map(|(_, field)| match field {
        DraftField::Payload(blob) => Some(Value::from(blob.as_bytes().to_vec())),
        _ => None,
    });
    Ok(json!({"tree": tree, "payloads": payloads.collect::<Vec<_>>()}).to_string() + "\n")
}

fn from_file(version: &str) -> Result<ObjectMeta, Box<dyn std::error::Error>> {
    let file: Value = serde_json::from_str(&fs::read_to_string(path(version))?)?;
    let payloads: Vec<Vec<u8>> = serde_json::from_value(file["payloads"].clone())?;
    let blobs = (1u64..).map(|number| ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | number));
    let blobs: Vec<(ObjectId, Blob)> = blobs.zip(payloads.into_iter().map(aligned)).collect();
    Ok(testing::object_meta(serde_json::from_value(file["tree"].clone())?, blobs))
}

/// Bytes that start where any element may start, as blobs of a server do.
fn aligned(bytes: Vec<u8>) -> Blob {
    let words: Vec<u64> =
        bytes.chunks(8).map(|chunk| chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))).collect();
    Blob::from(words)
}

fn path(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/evolution/{version}.json"))
}

#[test]
fn each_version_writes_what_it_wrote_when_it_was_new() -> Result<(), Box<dyn std::error::Error>> {
    for (version, node) in written()? {
        let text = to_file(&node)?;
        if std::env::var_os("BLESS").is_some() && !path(version).exists() {
            fs::write(path(version), &text)?;
        }
        assert_eq!(text, fs::read_to_string(path(version))?, "{version}");
    }
    Ok(())
}

fn outcome<T: Object>(meta: &ObjectMeta, show: impl Fn(&T) -> String) -> String {
    T::resolve(meta).map_or_else(|error| error.to_string(), |object| show(&object))
}

#[test]
fn each_version_reads_what_it_should_of_the_others() -> Result<(), Box<dyn std::error::Error>> {
    let mut found = Vec::new();
    for version in ["v1", "v2", "v3", "v4"] {
        let meta = from_file(version)?;
        let v1 = outcome::<v1::Series>(&meta, |read| format!("{} {:?}", read.unit, read.values));
        let v2 = outcome::<v2::Series>(&meta, |read| {
            format!("{} {:?} {:?} {}", read.unit, read.values, read.weights, read.offset)
        });
        let v3 = outcome::<v3::Series>(&meta, |read| format!("{} {:?}", read.si_unit, read.values));
        let v4 = outcome::<v4::Signal>(&meta, |read| format!("{} {:?}", read.unit, read.values));
        found.extend([v1, v2, v3, v4].map(|outcome| format!("{version}: {outcome}")));
    }
    let [v1, v2] = [v1::Series::schema(), v2::Series::schema()].map(|schema| schema.fingerprint());
    let expected = [
        "v1: m [1.0, 2.0]".to_owned(),
        "v1: m [1.0, 2.0] None 0".to_owned(),
        "v1: written with version 1 of the type, this program reads 2".to_owned(),
        "v1: written with version 1 of the type, this program reads 3, 2".to_owned(),
        format!("v2: unit: metadata key `unit` is missing (written with schema {v2}, this program has {v1})"),
        "v2: m [1.0, 2.0] Some([0.5, 0.5]) -3".to_owned(),
        "v2: written with version 1 of the type, this program reads 2".to_owned(),
        "v2: written with version 1 of the type, this program reads 3, 2".to_owned(),
        "v3: written with version 2 of the type, this program reads 1".to_owned(),
        "v3: written with version 2 of the type, this program reads 1".to_owned(),
        "v3: m [1.0, 2.0]".to_owned(),
        "v3: m [1.0, 2.0]".to_owned(),
    ];
    assert_eq!(found[..12], expected);
    // Under another name only the newest is asked for it; the typename is compared before anything is resolved.
    assert_eq!(found[15], "v4: m [1.0, 2.0]");
    Ok(())
}
