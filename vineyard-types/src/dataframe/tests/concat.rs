//! Frames below each other.

use super::*;

fn frame(rows: std::ops::Range<i64>) -> Result<DataFrame, FrameError> {
    let rows: Vec<i64> = rows.collect();
    let texts = StringArray::from_options(rows.iter().map(|row| (row % 3 > 0).then(|| row.to_string())));
    let pairs: Vec<f32> = rows.iter().flat_map(|row| [*row as f32, 0.5]).collect();
    let flags: Vec<bool> = rows.iter().map(|row| row % 2 == 0).collect();
    let pairs = Tensor::new([rows.len() as u64, 2], pairs).map_err(|error| FrameError::Buffers(error.to_string()))?;
    let index = Index::range(*rows.first().unwrap_or(&0), 1, rows.len()).named("row");
    let frame = DataFrame::new().with_column("flag", flags)?.with_column("text", texts)?.with_column("pair", pairs)?;
    frame.with_index(index)
}

#[test]
fn rows_of_all_kinds_of_columns_follow_each_other() -> TestResult {
    let parts = [frame(0..4)?, frame(4..4)?, frame(4..7)?];
    let whole = DataFrame::concat(&parts.iter().collect::<Vec<_>>())?;
    let expected = frame(0..7)?;
    assert_eq!(whole.head(10).to_string(), expected.head(10).to_string());
    assert_eq!(whole.numbers::<Bool8>("flag")?, expected.numbers::<Bool8>("flag")?);
    assert_eq!(whole.texts("text")?, expected.texts("text")?);
    assert_eq!(whole.numbers::<f32>("pair")?, expected.numbers::<f32>("pair")?);
    assert_eq!(whole.index().and_then(Index::name), Some("row"));
    assert_eq!(whole.partition_index(), (-1, -1));
    Ok(())
}

#[test]
fn a_single_frame_is_shared() -> TestResult {
    let one = frame(0..3)?;
    let whole = DataFrame::concat(&[&one])?;
    let places = [&one, &whole].map(|frame| frame.numbers::<f32>("pair").map(|pair| pair.as_slice().as_ptr()));
    assert_eq!(places[0], places[1]);
    assert_eq!(DataFrame::concat(&[])?.num_columns(), 0);
    Ok(())
}

#[test]
fn frames_that_do_not_follow_say_why() -> TestResult {
    let fault = |second: DataFrame| DataFrame::concat(&[&frame(0..2)?, &second]).map(|_| String::new());
    let text = |second: DataFrame| match fault(second) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    let renamed = text(frame(2..4)?.renamed("flag", "f")?);
    let columns = r#"["flag","text","pair"]"#;
    assert_eq!(renamed, format!(r#"frame 1 has the columns ["f","text","pair"], frame 0 has the columns {columns}"#));
    assert_eq!(text(frame(2..4)?.without_index()), r#"frame 1 has no labels, frame 0 has labels named "row""#);
    let labels = frame(2..4)?.with_index(Index::range(2, 1, 2))?;
    assert_eq!(text(labels), r#"frame 1 has labels named null, frame 0 has labels named "row""#);
    let numbers = frame(2..4)?.with_column("flag", vec![1u8, 2])?;
    assert_eq!(text(numbers), "column `flag`: rows of type uint8 cannot follow rows of type bool");
    let longer = frame(2..4)?.with_column("pair", Tensor::new([2, 3], vec![0f32; 6])?)?;
    let shapes = "column `pair`: rows of type float32 of shape [3] cannot follow rows of type float32 of shape [2]";
    assert_eq!(text(longer), shapes);
    Ok(())
}

#[cfg(feature = "arrow")]
#[test]
fn arrays_of_arrow_follow_each_other() -> TestResult {
    use arrow_array::Array as _;
    use arrow_array::{DictionaryArray, Int32Array, types::Int8Type};

    use crate::arrow::ArrowArray;

    let numbers = Int32Array::from(vec![Some(1), None, Some(3), Some(4)]);
    let words: DictionaryArray<Int8Type> = ["a", "b", "a", "c"].into_iter().collect();
    let part = |from: usize, len: usize| -> Result<DataFrame, Box<dyn Error>> {
        let frame = DataFrame::new().with_column("n", ArrowArray::from_arrow(&numbers.slice(from, len)))?;
        Ok(frame.with_column("w", ArrowArray::from_arrow(&words.slice(from, len)))?)
    };
    let whole = DataFrame::concat(&[&part(0, 1)?, &part(1, 3)?])?;
    assert_eq!(whole.arrow("n")?.to_arrow()?.to_data(), numbers.to_data());
    let found = whole.arrow("w")?.to_arrow()?;
    assert_eq!((found.data_type(), found.len()), (words.data_type(), 4));
    let other = DataFrame::new().with_column("n", ArrowArray::from_arrow(&words))?.with_column("w", vec![1u8; 4])?;
    let error = DataFrame::concat(&[&part(0, 1)?, &other]).expect_err("another type").to_string();
    assert_eq!(error, "column `n`: rows of type Dictionary(Int8, Utf8) cannot follow rows of type Int32");
    Ok(())
}
