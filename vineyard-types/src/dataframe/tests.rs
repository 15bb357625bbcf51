mod concat;
mod hostile;

use std::error::Error;

use vineyard_core::testing;

use super::*;
use crate::Bool8;

type TestResult = Result<(), Box<dyn Error>>;

/// The frame as a reader gets it once it is stored.
fn again(frame: &DataFrame) -> Result<DataFrame, Box<dyn Error>> {
    Ok(DataFrame::resolve(&testing::draft_meta(&frame.stage()?)?)?)
}

fn names(frame: &DataFrame) -> Vec<String> {
    frame.names().map(ToString::to_string).collect()
}

/// Where the payload of a column of numbers lies.
fn address<T: ColumnNumber>(frame: &DataFrame, name: &str) -> Result<*const T, FrameError> {
    Ok(frame.numbers::<T>(name)?.as_slice().as_ptr())
}

fn mixed() -> Result<DataFrame, FrameError> {
    DataFrame::new()
        .with_column("i8", vec![i8::MIN, 1])?
        .with_column("i16", vec![i16::MIN, 1])?
        .with_column("i32", vec![i32::MIN, 1])?
        .with_column("i64", vec![i64::MIN, 1])?
        .with_column("u8", vec![u8::MAX, 1])?
        .with_column("u16", vec![u16::MAX, 1])?
        .with_column("u32", vec![u32::MAX, 1])?
        .with_column("u64", vec![u64::MAX, 1])?
        .with_column("f32", vec![f32::MIN, 0.5])?
        .with_column("f64", vec![f64::MIN, 0.5])?
        .with_column("bool", vec![true, false])?
        .with_column("text", StringArray::from_options([Some("naïve"), None]))
}

#[test]
fn columns_of_every_type_survive_the_round_trip() -> TestResult {
    let frame = again(&mixed()?)?;
    assert_eq!(names(&frame), ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "bool", "text"]);
    assert_eq!((frame.num_rows(), frame.num_columns()), (2, 12));
    assert!(frame.index().is_none());
    assert_eq!(frame.numbers::<i8>("i8")?.as_slice(), [i8::MIN, 1]);
    assert_eq!(frame.numbers::<i16>("i16")?.as_slice(), [i16::MIN, 1]);
    assert_eq!(frame.numbers::<i32>("i32")?.as_slice(), [i32::MIN, 1]);
    assert_eq!(frame.numbers::<i64>("i64")?.as_slice(), [i64::MIN, 1]);
    assert_eq!(frame.numbers::<u8>("u8")?.as_slice(), [u8::MAX, 1]);
    assert_eq!(frame.numbers::<u16>("u16")?.as_slice(), [u16::MAX, 1]);
    assert_eq!(frame.numbers::<u32>("u32")?.as_slice(), [u32::MAX, 1]);
    assert_eq!(frame.numbers::<u64>("u64")?.as_slice(), [u64::MAX, 1]);
    assert_eq!(frame.numbers::<f32>("f32")?.as_slice(), [f32::MIN, 0.5]);
    assert_eq!(frame.numbers::<f64>("f64")?.as_slice(), [f64::MIN, 0.5]);
    assert_eq!(frame.numbers::<Bool8>("bool")?.as_slice(), [true, false].map(Bool8::from));
    assert_eq!(frame.texts("text")?.get(0).transpose()?, Some("naïve"));
    assert!(frame.texts("text")?.is_null(1));
    Ok(())
}

#[test]
fn an_index_survives_the_round_trip() -> TestResult {
    let frame =
        DataFrame::new().with_column("a", vec![1i64, 2])?.with_index(Index::new(vec!["x", "y"]).named("key"))?;
    let back = again(&frame)?;
    let index = back.index().ok_or("an index")?;
    assert_eq!((index.name(), index.num_labels()), (Some("key"), Some(2)));
    assert_eq!(index.values().texts().and_then(|texts| texts.get(1)).transpose()?, Some("y"));
    let unnamed = again(&DataFrame::new().with_index(Index::new(vec![5u8, 6, 7]))?)?;
    assert_eq!(unnamed.index().map(|index| (index.name(), index.num_labels())), Some((None, Some(3))));
    assert_eq!((unnamed.num_rows(), unnamed.num_columns()), (3, 0));
    Ok(())
}

#[test]
fn an_index_alone_survives_the_round_trip() -> TestResult {
    let index = Index::new(vec![0.5, 1.5]).named("seconds");
    let meta = testing::draft_meta(&index.stage()?)?;
    assert_eq!(meta.value("name")?, "\"seconds\"");
    assert_eq!(meta.value("value_type_")?, "float64");
    let back = Index::resolve(&meta)?;
    assert_eq!(back.name(), Some("seconds"));
    assert_eq!(back.values().numbers::<f64>().map(Tensor::as_slice), Some(&[0.5, 1.5][..]));
    assert_eq!(testing::draft_meta(&Index::new(vec![1i64]).stage()?)?.value("name")?, "null");
    Ok(())
}

#[test]
fn frames_without_columns_or_rows_survive_the_round_trip() -> TestResult {
    for frame in [DataFrame::new(), DataFrame::default()] {
        let back = again(&frame)?;
        assert_eq!((back.num_rows(), back.num_columns(), back.index().is_some()), (0, 0, false));
    }
    let empty = DataFrame::new().with_column("n", Vec::<f64>::new())?.with_column("t", Vec::<String>::new())?;
    let back = again(&empty)?;
    assert_eq!((back.num_rows(), names(&back)), (0, vec!["n".to_owned(), "t".to_owned()]));
    assert_eq!(back.column("t")?.num_rows(), Some(0));
    Ok(())
}

#[test]
fn columns_may_be_named_by_numbers() -> TestResult {
    let frame = DataFrame::new().with_column(0, vec![1u8])?.with_column("0", vec![2u8])?.with_column(-7, vec![3u8])?;
    let meta = testing::draft_meta(&frame.stage()?)?;
    assert_eq!(meta.value("columns_")?, "[0,\"0\",-7]");
    assert_eq!([meta.value("__values_-key-0")?, meta.value("__values_-key-1")?], ["0", "\"0\""]);
    let back = DataFrame::resolve(&meta)?;
    assert_eq!(back.numbers::<u8>(0)?.as_slice(), [1]);
    assert_eq!(back.numbers::<u8>("0")?.as_slice(), [2]);
    assert_eq!(back.numbers::<u8>(-7)?.as_slice(), [3]);
    assert_eq!(back.names().map(ColumnName::as_str).collect::<Vec<_>>(), [None, Some("0"), None]);
    Ok(())
}

#[test]
fn a_column_under_a_name_that_is_taken_takes_its_place() -> TestResult {
    let frame = DataFrame::new()
        .with_column("a", vec![1i64, 2])?
        .with_column("b", vec![3i64, 4])?
        .with_column("a", vec!["x", "y"])?;
    let back = again(&frame)?;
    assert_eq!(names(&back), ["a", "b"]);
    assert_eq!(back.texts("a")?.get(1).transpose()?, Some("y"));
    assert_eq!(testing::draft_meta(&frame.stage()?)?.value("columns_")?, r#"["a","b"]"#);
    let longer = DataFrame::new().with_column("a", vec![1i64])?.with_column("a", vec![1i64, 2])?;
    assert_eq!(longer.num_rows(), 2, "the only column may be replaced by one of another length");
    Ok(())
}

#[test]
fn columns_and_labels_of_another_length_are_refused() -> TestResult {
    let frame = DataFrame::new().with_column("a", vec![1i64, 2])?;
    let refused = frame.clone().with_column("b", vec!["x"]).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(refused, Err("column `b` has 1 rows, the frame has 2".into()));
    let refused = frame.with_index(Index::new(vec![1i64, 2, 3])).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(refused, Err("the index has 3 labels for 2 rows".into()));
    let labelled = DataFrame::new().with_index(Index::new(vec![1i64]))?;
    let refused = labelled.with_column("a", vec![1i64, 2]).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(refused, Err("column `a` has 2 rows, the frame has 1".into()));
    Ok(())
}

#[test]
fn asking_for_a_column_that_is_not_so_says_what_there_is() -> TestResult {
    let frame = mixed()?;
    let message = |result: Result<&Tensor<f64>, FrameError>| result.map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(message(frame.numbers("x")), Err("there is no column `x`".into()));
    assert_eq!(message(frame.numbers(3)), Err("there is no column `3`".into()));
    assert_eq!(message(frame.numbers("i64")), Err("column `i64` is of type int64, expected float64".into()));
    assert_eq!(message(frame.numbers("text")), Err("column `text` is of type text, expected float64".into()));
    let texts = frame.texts("bool").map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(texts, Err("column `bool` is of type bool, expected text".into()));
    Ok(())
}

#[test]
fn a_frame_with_one_more_column_shares_the_others() -> TestResult {
    let first = again(&DataFrame::new().with_column("a", vec![1i64, 2])?.with_column("b", vec![0.5, 1.5])?)?;
    let (a, b) = (address::<i64>(&first, "a")?, address::<f64>(&first, "b")?);
    let second = again(&first.clone().with_column("c", vec![7u8, 8])?.with_column("b", vec![9i16, 9])?)?;
    assert_eq!(address::<i64>(&second, "a")?, a, "the untouched column was copied");
    assert_eq!(second.numbers::<i16>("b")?.as_slice(), [9, 9]);
    assert_eq!(address::<f64>(&first, "b")?, b, "the first frame is as it was");
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(names(&second), ["a", "b", "c"]);
    Ok(())
}

#[test]
fn the_first_rows_are_shown_as_a_table() -> TestResult {
    let frame = DataFrame::new()
        .with_column("city", StringArray::from_options([Some("Oslo"), None, Some("São Paulo"), Some("Rome")]))?
        .with_column("n", vec![1i64, -20, 300, 4])?
        .with_column("degrees", vec![-3.5, 14.0, 1.0 / 3.0, f64::NAN])?
        .with_column("note", vec!["", "short", "a text that is far too long for one cell of a table", "end"])?
        .with_column("ok", vec![true, false, true, true])?
        .with_index(Index::new(vec![10u32, 11, 12, 13]).named("id"))?;
    let expected = "\
id  city         n   degrees  note                                 ok
10  Oslo         1      -3.5                                     true
11  -          -20        14  short                             false
12  São Paulo  300  0.333333  a text that is far too long for…   true
… and 1 more rows
";
    assert_eq!(frame.head(3).to_string(), expected);
    assert_eq!(frame.head(100).to_string().lines().count(), 5);
    Ok(())
}

#[test]
fn rows_without_labels_are_numbered() -> TestResult {
    let frame = DataFrame::new().with_column("a", vec!["x", "y"])?.with_column(7, vec![0.1f32, 2.0])?;
    assert_eq!(frame.head(2).to_string(), "   a    7\n0  x  0.1\n1  y    2\n");
    assert_eq!(frame.head(0).to_string(), "  a  7\n… and 2 more rows\n");
    Ok(())
}

#[test]
fn a_frame_of_nothing_is_shown_as_an_empty_line() {
    assert_eq!(DataFrame::new().head(5).to_string(), "\n");
}

#[test]
fn a_text_that_looks_like_a_number_is_shown_as_it_is() -> TestResult {
    let frame = DataFrame::new().with_column("version", vec!["1.23456789"])?;
    assert_eq!(frame.head(1).to_string(), "   version\n0  1.23456789\n");
    Ok(())
}

#[test]
fn a_text_of_several_lines_does_not_break_the_table() -> TestResult {
    let frame = DataFrame::new().with_column("a", vec!["one\ntwo", "three"])?;
    assert_eq!(frame.head(2).to_string().lines().count(), 3, "a title and two rows");
    Ok(())
}

#[test]
fn there_is_no_cell_outside_of_a_column() -> TestResult {
    let texts = StringArray::from_options([Some("a"), None]);
    let frame = DataFrame::new().with_column("n", vec![1i64, 2])?.with_column("t", texts)?;
    for (name, column) in frame.columns() {
        for row in [2, 3, 8, usize::MAX] {
            assert!(column.display(row).is_none(), "column {name}, row {row}");
        }
    }
    Ok(())
}
