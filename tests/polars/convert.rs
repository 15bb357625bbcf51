//! What comes back, and what is refused.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, DictionaryArray, Int8Array, LargeStringArray, RecordBatch, StringArray as Strings, record_batch, types,
};
use arrow_schema::{DataType as Arrow, Field, Schema, TimeUnit as ArrowUnit};
use polars_core::df;
use polars_core::prelude::{Categories, Column, DataFrame, DataType, NamedFrom, Scalar, Series, TimeUnit};
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::arrow::{RecordBatch as StoredBatch, Table};
use vineyard_types::time::{DateTime64, Millisecond};
use vineyard_types::{Column as Stored, DataFrame as Frame, Index, StringArray, Tensor};

use crate::{Failure, every_type, frame, with_nulls};

#[test]
fn columns_of_every_type_come_back_as_they_were() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let columns = every_type()?;
    let nulls = with_nulls(&columns)?;
    for polars in [frame(columns)?, frame(nulls)?] {
        for part in [polars.clone(), polars.slice(3, 40), polars.slice(0, 0), polars.vstack(&polars)?] {
            let stored = Frame::from_polars(&part)?;
            let got = client.get::<Frame>(client.put(&stored)?)?;
            assert_eq!((got.num_rows(), got.num_columns()), part.shape());
            let back = got.to_polars()?;
            for (found, expected) in back.columns().iter().zip(part.columns()) {
                assert_eq!((found.name(), found.dtype()), (expected.name(), expected.dtype()));
                assert!(
                    found.as_materialized_series().equals_missing(expected.as_materialized_series()),
                    "{}",
                    found.name()
                );
            }
        }
    }
    Ok(())
}

#[test]
fn numbers_become_what_python_reads_and_a_repeated_value_is_as_many_rows() -> TestResult {
    let columns = vec![
        Series::new("n".into(), vec![1i32, 2]).into(),
        Series::new("missing".into(), vec![Some(1u8), None]).into(),
        Column::new_scalar("same".into(), Scalar::from(7i64), 2),
    ];
    let stored = Frame::from_polars(&DataFrame::new(2, columns)?)?;
    assert_eq!(stored.numbers::<i32>("n")?.as_slice(), [1, 2]);
    assert_eq!(stored.arrow("missing")?.null_count(), Some(1));
    assert_eq!(stored.numbers::<i64>("same")?.as_slice(), [7, 7]);
    Ok(())
}

/// A frame as Python's pandas makes it: text in a row, and times of which one is none.
#[test]
fn what_other_languages_put_becomes_what_polars_has() -> TestResult {
    let texts = StringArray::from_options([Some("short"), None, Some("a text that is too long for a view")]);
    let times: Tensor<DateTime64<Millisecond>> =
        [DateTime64::new(5), DateTime64::NAT, DateTime64::new(-7)].into_iter().collect();
    let frame =
        Frame::new().with_column("t", texts)?.with_column("time", times)?.with_column("b", vec![true, false, true])?;
    let polars = frame.slice(1..)?.to_polars()?;
    let texts = polars.column("t")?.str()?.iter().collect::<Vec<_>>();
    assert_eq!(texts, [None, Some("a text that is too long for a view")]);
    let times = polars.column("time")?;
    assert_eq!(times.dtype(), &DataType::Datetime(TimeUnit::Milliseconds, None));
    assert_eq!(times.to_physical_repr().i64()?.iter().collect::<Vec<_>>(), [None, Some(-7)]);
    assert_eq!(polars.column("b")?.bool()?.iter().collect::<Vec<_>>(), [Some(false), Some(true)]);
    Ok(())
}

fn one(array: ArrayRef) -> Result<Frame, Failure> {
    Ok(Frame::from_arrow(&RecordBatch::try_from_iter_with_nullable([("c", array, true)])?)?)
}

/// Categories of pandas have keys with a sign, and anything in the places of nulls.
#[test]
fn dictionaries_of_texts_become_enums_with_all_their_words() -> TestResult {
    let keys = Int8Array::new(vec![2, 99, 0].into(), Some(vec![true, false, true].into()));
    let words = LargeStringArray::from(vec!["c", "b", "a"]);
    let polars = one(Arc::new(DictionaryArray::try_new(keys, Arc::new(words))?))?.to_polars()?;
    let DataType::Enum(words, _) = polars.column("c")?.dtype() else { return Err("an enum".into()) };
    assert_eq!(words.categories().values_iter().collect::<Vec<_>>(), ["c", "b", "a"]);
    let texts = polars.column("c")?.cast(&DataType::String)?;
    assert_eq!(texts.str()?.iter().collect::<Vec<_>>(), [Some("a"), None, Some("c")]);
    // All is null, and there are no words.
    let keys = Int8Array::new(vec![5, 5].into(), Some(vec![false, false].into()));
    let none = DictionaryArray::<types::Int8Type>::try_new(keys, Arc::new(Strings::from(Vec::<&str>::new())))?;
    assert_eq!(one(Arc::new(none))?.to_polars()?.column("c")?.null_count(), 2);
    for (words, problem) in [
        (Strings::from(vec!["a", "b", "a"]), "FrozenCategories must contain unique strings; found duplicate 'a'"),
        (Strings::from(vec![Some("a"), None]), "one of its words is null"),
    ] {
        let array = DictionaryArray::<types::Int8Type>::try_new(Int8Array::from(vec![0]), Arc::new(words))?;
        let error = one(Arc::new(array))?.to_polars().expect_err("no enum").to_string();
        assert_eq!(error, format!("column `c` is of type Dictionary(Int8, Utf8): {problem}"));
    }
    Ok(())
}

#[test]
fn what_a_frame_cannot_keep_is_refused_by_name() -> TestResult {
    let column = Series::new("c".into(), ["a", "b"]);
    let categories = column.cast(&DataType::from_categories(Categories::global()))?;
    let inside = Series::new("list".into(), [categories.clone()]);
    let problem = "its categories are those of the process: cast it to an enum or to text";
    for (series, found) in [(categories, "cat"), (inside, "cat")] {
        let name = series.name().to_string();
        let error =
            Frame::from_polars(&DataFrame::new_infer_height(vec![series.into()])?).expect_err("refused").to_string();
        assert_eq!(error, format!("column `{name}` is of the type {found} of polars: {problem}"));
    }
    let wide = Series::new("wide".into(), [1i64]).cast(&DataType::Int128)?;
    let error = Frame::from_polars(&DataFrame::new_infer_height(vec![wide.into()])?).expect_err("refused").to_string();
    assert_eq!(
        error,
        "column `wide` is of the type i128 of polars: it has no form of Arrow's that comes back the same"
    );
    let error = Frame::from_polars(&DataFrame::new(3, vec![])?).expect_err("refused").to_string();
    assert_eq!(error, "a batch of 3 rows without columns cannot be a frame: it would have no rows");
    assert_eq!(Frame::from_polars(&DataFrame::new(0, vec![])?)?.to_polars()?.shape(), (0, 0));
    Ok(())
}

#[test]
fn what_polars_does_not_have_is_refused_by_name() -> TestResult {
    let mut random = vineyard_tests::random::Random::new(1);
    for (data_type, problem) in [
        (Arrow::Timestamp(ArrowUnit::Second, None), "polars counts no seconds: cast it to milliseconds"),
        (Arrow::Duration(ArrowUnit::Second), "polars counts no seconds: cast it to milliseconds"),
        (Arrow::Decimal128(9, -2), "polars has no decimals of a negative scale"),
        (Arrow::Date64, "polars has no such type"),
        (Arrow::Time32(ArrowUnit::Second), "polars has no such type"),
        (Arrow::FixedSizeBinary(3), "polars has no such type"),
        (Arrow::Decimal256(9, 2), "polars has no such type"),
    ] {
        let frame = one(vineyard_tests::arrays::array(&mut random, &data_type, 5)?)?;
        let found = frame.to_arrow()?.column(0).data_type().clone();
        let error = frame.to_polars().expect_err("refused").to_string();
        assert_eq!(error, format!("column `c` is of type {found}: {problem}"));
    }
    let frame = Frame::new().with_column("n", vec![1i64])?.with_index(Index::new(vec![5u8]))?;
    let error = frame.to_polars().expect_err("refused").to_string();
    assert!(error.starts_with("the frame has an index"), "{error}");
    let matrix = Stored::from(Tensor::new([1, 2], vec![1u8, 2])?);
    let error = Frame::new().with_column("m", matrix)?.to_polars().expect_err("refused").to_string();
    assert!(error.starts_with("column `m` is a tensor of shape [1, 2]"), "{error}");
    Ok(())
}

/// As Python stores its frames of polars: in several batches, with metadata that says so.
#[test]
fn tables_become_frames_in_as_many_pieces() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let batch =
        record_batch!(("n", Int64, [1, 2, 3, 4, 5]), ("t", Utf8View, [Some("a"), None, Some("c"), Some("d"), None]))?;
    let metadata = [("vineyard_exact".to_owned(), "{}".to_owned())];
    let schema = Arc::new(Schema::new_with_metadata(batch.schema().fields().clone(), metadata));
    let batch = RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec())?;
    let pieces = [batch.slice(0, 2), batch.slice(2, 0), batch.slice(2, 3)];
    let table = client.get::<Table>(client.put(&Table::from_arrow(&schema, &pieces)?)?)?;
    let expected = df!("n" => [1i64, 2, 3, 4, 5], "t" => [Some("a"), None, Some("c"), Some("d"), None])?;
    let found = table.to_polars()?;
    assert!(found.equals_missing(&expected));
    assert_eq!(found.column("n")?.as_materialized_series().n_chunks(), 2);
    assert!(table.batches()[2].to_polars()?.equals_missing(&expected.slice(2, 3)));
    let none = Table::from_arrow(&schema, &[])?.to_polars()?;
    assert!(none.equals_missing(&expected.slice(0, 0)) && none.dtypes() == expected.dtypes());
    let uuid = Field::new("u", Arrow::Int64, true);
    let uuid = uuid.with_metadata([("ARROW:extension:name".to_owned(), "some.type".to_owned())]);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![uuid])), vec![batch.columns()[0].clone()])?;
    let error = StoredBatch::from_arrow(&batch)?.to_polars().expect_err("refused").to_string();
    assert_eq!(error, "column `u` is of type some.type: it is a type of an extension");
    Ok(())
}
