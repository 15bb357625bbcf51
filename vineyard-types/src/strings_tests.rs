use std::error::Error;

use serde_json::{Value, json};
use vineyard_core::{MetaTree, ObjectId, ObjectMeta, Plain, testing};

use super::*;

type TestResult = Result<(), Box<dyn Error>>;

fn again<T: Object>(value: &T) -> Result<T, Box<dyn Error>> {
    Ok(T::resolve(&testing::draft_meta(&value.stage()?)?)?)
}

fn texts(array: &StringArray) -> Result<Vec<Option<&str>>, StringError> {
    array.iter().map(Option::transpose).collect()
}

#[test]
fn texts_survive_the_round_trip() -> TestResult {
    let many: Vec<String> = (0..1000).map(|i| "x".repeat(i % 7)).collect();
    let cases: [Vec<&str>; 5] = [
        vec![],
        vec![""],
        vec!["", "", ""],
        vec!["a", "", "naïve", "日本語", "🦀", "\0", "line\nbreak"],
        many.iter().map(String::as_str).collect(),
    ];
    for case in cases {
        let array: StringArray = case.iter().collect();
        let back = again(&array)?;
        assert_eq!(texts(&back)?, case.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(back, array);
        assert_eq!((back.len(), back.null_count(), back.is_empty()), (case.len(), 0, case.is_empty()));
        back.verify()?;
    }
    Ok(())
}

#[test]
fn texts_that_are_not_there_survive_the_round_trip() -> TestResult {
    // More than one byte of bitmap, with both kinds on each side of the border.
    let case: Vec<Option<&str>> = (0..19).map(|i| (i % 3 != 0).then_some(["", "ä", "xyz"][i % 3])).collect();
    let back = again(&StringArray::from_options(case.iter().copied()))?;
    assert_eq!(texts(&back)?, case);
    assert_eq!(back.null_count(), 7);
    for (i, text) in case.iter().enumerate() {
        assert_eq!(back.is_null(i), text.is_none(), "{i}");
    }
    let nothing = again(&StringArray::from_options([None::<&str>; 9]))?;
    assert_eq!((nothing.len(), nothing.null_count()), (9, 9));
    assert_eq!(texts(&nothing)?, [None; 9]);
    Ok(())
}

#[test]
fn beyond_the_end_there_is_neither_a_text_nor_a_null() {
    let array = StringArray::from_options([Some("a"), None]);
    for index in [2, 3, 8, 100, usize::MAX] {
        assert_eq!(array.get(index), None, "{index}");
        assert!(!array.is_null(index), "{index}");
    }
}

#[test]
fn an_empty_text_differs_from_one_that_is_not_there() {
    let [there, missing] = [Some(""), None].map(|text| StringArray::from_options([text]));
    assert_ne!(there, missing);
    assert_eq!(there.get(0), Some(Ok("")));
    assert_eq!(missing.get(0), None);
}

#[test]
fn a_tensor_of_texts_is_stored_as_python_stores_it() -> TestResult {
    let tensor: StringTensor = ["x", "yz"].into_iter().collect();
    let meta = testing::draft_meta(&tensor.stage()?)?;
    assert_eq!(meta.typename(), "vineyard::Tensor<std::string>");
    for (key, value) in [
        ("shape_", "[2]"),
        ("partition_index_", "[]"),
        ("order_", "\"C\""),
        ("value_type_", "string"),
        ("value_type_meta_", "str"),
    ] {
        assert_eq!(meta.value(key)?, value, "{key}");
    }
    let texts = meta.member("buffer_")?;
    assert_eq!(texts.typename(), "vineyard::BaseBinaryArray<arrow::LargeStringArray>");
    let counts = ["length_", "null_count_", "offset_"].map(|key| texts.value(key).ok().and_then(Plain::as_u64));
    assert_eq!(counts, [Some(2), Some(0), Some(0)]);
    assert_eq!(&*texts.blob("buffer_offsets_")?.elements::<i64>()?, [0, 1, 3]);
    assert_eq!(texts.blob("buffer_data_")?.as_bytes(), b"xyz");
    assert_eq!(texts.blob("null_bitmap_")?.nbytes(), 0);
    assert_eq!(again(&tensor)?, tensor);
    assert_eq!(tensor.shape(), [2]);
    Ok(())
}

/// The metadata of a string array as another client writes it.
struct Foreign {
    length: Value,
    null_count: Value,
    offset: Value,
    offsets: Vec<i64>,
    data: Vec<u8>,
    bitmap: Vec<u8>,
}

impl Foreign {
    /// `"ab"`, `""` and `"c"`.
    fn new() -> Self {
        let (offsets, data) = (vec![0, 2, 2, 3], b"abc".to_vec());
        Self { length: json!(3), null_count: json!(0), offset: json!(0), offsets, data, bitmap: Vec::new() }
    }

    fn meta(self) -> Result<ObjectMeta, Box<dyn Error>> {
        let blobs: [Blob; 3] = [self.offsets.into(), self.data.into(), self.bitmap.into()];
        let ids = [1, 2, 3].map(|id| ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | id));
        let [offsets, data, bitmap] =
            ids.map(|id| json!({"typename": "vineyard::Blob", "id": id.to_string(), "instance_id": 0}));
        let tree: MetaTree = serde_json::from_value(json!({
            "typename": "vineyard::BaseBinaryArray<arrow::LargeStringArray>", "instance_id": 0,
            "length_": self.length, "null_count_": self.null_count, "offset_": self.offset,
            "buffer_offsets_": offsets, "buffer_data_": data, "null_bitmap_": bitmap,
        }))?;
        Ok(testing::object_meta(tree, ids.into_iter().zip(blobs)))
    }

    fn resolve(self) -> Result<StringArray, Box<dyn Error>> {
        Ok(StringArray::resolve(&self.meta()?)?)
    }

    fn fault(self) -> Result<String, Box<dyn Error>> {
        match StringArray::resolve(&self.meta()?) {
            Ok(array) => Err(format!("accepted as {array:?}").into()),
            Err(error) => Ok(error.to_string()),
        }
    }
}

#[test]
fn slices_of_other_arrays_start_at_their_offset() -> TestResult {
    let foreign = Foreign { length: json!(2), offset: json!(1), ..Foreign::new() };
    let array = foreign.resolve()?;
    assert_eq!(texts(&array)?, [Some(""), Some("c")]);
    assert_eq!(texts(&again(&array)?)?, [Some(""), Some("c")]);
    let with_null = Foreign {
        length: json!(2),
        offset: json!(1),
        null_count: json!(1),
        bitmap: vec![0b0000_0011],
        ..Foreign::new()
    };
    assert_eq!(texts(&with_null.resolve()?)?, [Some(""), None]);
    Ok(())
}

#[test]
fn lengths_that_lie_are_refused_by_name() -> TestResult {
    let length = |length: Value| Foreign { length, ..Foreign::new() }.fault();
    let offset = |offset: Value| Foreign { offset, ..Foreign::new() }.fault();
    assert_eq!(length(json!(4))?, "not valid: 4 texts from 0 on need 5 offsets, found 4");
    assert_eq!(
        length(json!(u64::MAX))?,
        format!("not valid: {} texts from 0 on need {} offsets, found 4", u64::MAX, 1u128 << 64)
    );
    assert_eq!(offset(json!(1))?, "not valid: 3 texts from 1 on need 5 offsets, found 4");
    assert_eq!(
        offset(json!(u64::MAX))?,
        format!("not valid: 3 texts from {} on need {} offsets, found 4", u64::MAX, (1u128 << 64) + 3)
    );
    assert_eq!(length(json!(-1))?, "length: metadata key `length_` is -1, expected a value of type uint64");
    assert_eq!(length(json!("3"))?, "length: metadata key `length_` is \"3\", expected a value of type uint64");
    assert_eq!(length(json!({}))?, "length: metadata key `length_` holds a member, expected a value");
    assert_eq!(offset(json!(0.5))?, "offset: metadata key `offset_` is 0.5, expected a value of type uint64");
    let nulls = Foreign { null_count: json!([]), ..Foreign::new() };
    assert_eq!(nulls.fault()?, "null_count: metadata key `null_count_` is [], expected a value of type uint64");
    Ok(())
}

#[test]
fn a_bitmap_that_is_too_short_is_refused() -> TestResult {
    let none = Foreign { null_count: json!(1), ..Foreign::new() };
    assert_eq!(none.fault()?, "not valid: 3 texts need a bit each, the bitmap has 0 bytes");
    let short =
        Foreign { length: json!(9), null_count: json!(1), offsets: vec![0; 10], bitmap: vec![0xff], ..Foreign::new() };
    assert_eq!(short.fault()?, "not valid: 9 texts need a bit each, the bitmap has 1 bytes");
    let shifted = Foreign {
        length: json!(2),
        offset: json!(7),
        null_count: json!(1),
        offsets: vec![0; 10],
        bitmap: vec![0xff],
        ..Foreign::new()
    };
    assert_eq!(shifted.fault()?, "not valid: 2 texts need a bit each, the bitmap has 1 bytes");
    Ok(())
}

#[test]
fn offsets_that_lie_are_found_when_a_text_is_read() -> TestResult {
    let read = |offsets: [i64; 4]| -> Result<Vec<String>, Box<dyn Error>> {
        let array = Foreign { offsets: offsets.to_vec(), ..Foreign::new() }.resolve()?;
        assert_eq!(array.verify().is_err(), array.iter().flatten().any(|text| text.is_err()));
        let shown = array.iter().flatten().map(|text| text.map_or_else(|error| error.to_string(), str::to_owned));
        Ok(shown.collect())
    };
    assert_eq!(read([0, 2, 2, 3])?, ["ab", "", "c"]);
    let outside = |index: usize, start: i64, end: i64| {
        format!("text {index}: offsets {start} to {end} do not lie inside 3 bytes of text")
    };
    assert_eq!(read([-1, 2, 2, 3])?, [outside(0, -1, 2), String::new(), "c".into()]);
    assert_eq!(read([0, 2, 1, 3])?, ["ab".into(), outside(1, 2, 1), "bc".into()]);
    assert_eq!(read([0, 2, 2, 4])?, ["ab".into(), String::new(), outside(2, 2, 4)]);
    assert_eq!(
        read([i64::MIN, i64::MAX, i64::MAX, i64::MIN])?,
        [outside(0, i64::MIN, i64::MAX), outside(1, i64::MAX, i64::MAX), outside(2, i64::MAX, i64::MIN)]
    );
    Ok(())
}

#[test]
fn bytes_that_are_not_utf8_are_found_when_the_text_is_read() -> TestResult {
    let array = Foreign { data: b"\xff\xfec".to_vec(), ..Foreign::new() }.resolve()?;
    let error = array.get(0).and_then(Result::err).ok_or("an error")?;
    assert_eq!(error.to_string(), "text 0 is not UTF-8");
    assert!(error.source().is_some());
    assert_eq!(array.get(2), Some(Ok("c")));
    assert_eq!(array.verify(), Err(error));
    Ok(())
}

#[test]
fn a_text_cut_inside_a_character_is_not_utf8() -> TestResult {
    let array = Foreign { length: json!(2), offsets: vec![0, 1, 2], data: "é".into(), ..Foreign::new() }.resolve()?;
    assert!(array.iter().flatten().all(|text| matches!(text, Err(StringError::Utf8 { .. }))));
    Ok(())
}

#[test]
fn no_texts_need_no_offsets() -> TestResult {
    let array = Foreign { length: json!(0), offsets: vec![], data: vec![], ..Foreign::new() }.resolve()?;
    assert!(array.is_empty());
    assert_eq!(array.get(0), None);
    assert_eq!(array, StringArray::from_options([None::<&str>; 0]));
    Ok(())
}
