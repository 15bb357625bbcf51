use std::error::Error;

use serde_json::json;
use vineyard_core::{Blob, ObjectId, ObjectMeta, registry, testing};

use super::*;

type TestResult = Result<(), Box<dyn Error>>;

/// An array as C++ writes it.
fn foreign(element: &str, size: u64, blob: Blob) -> Result<ObjectMeta, Box<dyn Error>> {
    let id = ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | 2);
    let tree = json!({
        "typename": format!("vineyard::Array<{element}>"), "id": "o0000000000000001", "instance_id": 0, "nbytes": 0,
        "size_": size, "buffer_": { "typename": "vineyard::Blob", "id": id.to_string(), "instance_id": 0 },
    });
    Ok(testing::object_meta(serde_json::from_value(tree)?, [(id, blob)]))
}

#[test]
fn elements_survive_with_the_keys_of_the_original() -> TestResult {
    let array = ArrayObject::from(vec![1.5f32, -0.0]);
    let meta = testing::draft_meta(&array.stage()?)?;
    assert_eq!(meta.typename(), "vineyard::Array<float>");
    assert_eq!(meta.value("size_")?, 2);
    let keys: Vec<_> = meta.tree().members().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(keys, ["buffer_"]);
    let back = ArrayObject::<f32>::resolve(&meta)?;
    assert_eq!(back.as_slice(), [1.5, -0.0]);
    assert_eq!(back.as_ptr(), array.as_ptr(), "copied");
    assert!(ArrayObject::<u8>::from(vec![]).is_empty());
    Ok(())
}

#[test]
fn what_cpp_wrote_is_read_under_its_names() -> TestResult {
    let blob = || Blob::from(vec![1i16, -2, 3]);
    for name in ["int16", "short", "short int"] {
        let meta = foreign(name, 2, blob())?;
        assert_eq!(ArrayObject::<i16>::resolve(&meta)?.as_slice(), [1, -2], "the third is room to spare");
        assert!(registry().resolve(&meta)?.is::<ArrayObject<i16>>());
    }
    let message = |meta| ArrayObject::<i16>::resolve(&meta).map(|_| ()).map_err(|error| error.to_string());
    let short = message(foreign("short", 4, blob())?);
    assert_eq!(short, Err("not valid: `size_` says 4 elements, the blob holds 3".to_owned()));
    let odd = message(foreign("short", 1, Blob::from(vec![1u8, 2, 3]))?);
    assert_eq!(odd, Err("buffer: blob holds 3 bytes, not a multiple of 2".to_owned()));
    Ok(())
}
