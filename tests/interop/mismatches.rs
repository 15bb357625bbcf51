//! What writers of different languages call and store differently, X-01 to X-11 in `tests/python/mismatches.py`: Rust
//! reads all of it, and Python what Rust writes.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{
    Array as _, ArrayRef, Float32Array, LargeBinaryArray, LargeListArray, ListArray, StringArray as ArrowTexts,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::Field;
use half::f16;
use num_complex::Complex;
use vineyard_core::{Client, Object, Opaque};
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::arrow::ArrowArray;
use vineyard_types::dataframe::Column;
use vineyard_types::time::{DateTime64, Microsecond, Nanosecond, Picosecond, Second, TimeDelta64};
use vineyard_types::{ArrayObject, Bool, Bool8, DataFrame, Float, Index, Int, Integer, Numeric, Scalar, Tensor};

use crate::python_with;

fn check_tensor<T: Numeric>(client: &Client, name: &str, shape: &[u64], bytes: &[u8]) -> TestResult {
    let tensor = client.get_by_name::<Tensor<T>>(&format!("x/{name}")).map_err(|error| format!("{name}: {error}"))?;
    assert_eq!((tensor.shape(), bytemuck::cast_slice(tensor.as_slice())), (shape, bytes), "{name}");
    Ok(())
}

fn check_arrow(client: &Client, name: &str, expected: &dyn arrow_array::Array) -> TestResult {
    let found = client.get_by_name::<ArrowArray>(&format!("x/{name}"))?.to_arrow()?;
    assert_eq!(found.to_data(), expected.to_data(), "{name}");
    Ok(())
}

fn check_arrays(client: &Client) -> TestResult {
    let floats = [0.1f32, f32::NAN, -0.0];
    let unsigned = [1u32, 2, u32::MAX];
    check_tensor::<u32>(client, "01/cpp", &[3], bytemuck::cast_slice(&unsigned))?;
    check_tensor::<u32>(client, "01/python", &[3], bytemuck::cast_slice(&unsigned))?;
    check_tensor::<f32>(client, "02/tensor", &[3], bytemuck::cast_slice(&floats))?;
    let array = client.get_by_name::<ArrayObject<f32>>("x/02/array")?;
    assert_eq!(bytemuck::cast_slice::<f32, u32>(&array), bytemuck::cast_slice::<f32, u32>(&floats));
    check_arrow(client, "02/arrow", &Float32Array::from(floats.to_vec()))?;
    check_tensor::<i64>(client, "07/tensor", &[1, 3], bytemuck::cast_slice(&[1i64, -2, 3]))?;
    for name in ["08/short", "08/short int"] {
        check_tensor::<i16>(client, name, &[2], bytemuck::cast_slice(&[1i16, -2]))?;
    }
    check_tensor::<i8>(client, "08/signed char", &[2], &[1, 0xfe])?;
    check_tensor::<u8>(client, "08/unsigned char", &[2], &[1, 255])?;
    check_tensor::<Bool8>(client, "09/bool", &[2], &[1, 0])?;
    check_tensor::<f16>(client, "09/float16", &[2], &[0, 0x3e, 0, 0x7e])?;
    let complex = [Complex::new(0.0, 1.0), Complex::new(f64::NAN, 0.0)];
    check_tensor::<Complex<f64>>(client, "09/complex128", &[2], bytemuck::cast_slice(&complex))?;
    let days = [1_709_164_800_000_000_000, i64::MIN];
    check_tensor::<DateTime64<Nanosecond>>(client, "09/datetime64[ns]", &[2], bytemuck::cast_slice(&days))?;
    check_tensor::<TimeDelta64<Microsecond>>(client, "09/timedelta64[us]", &[2], bytemuck::cast_slice(&[1i64, -1]))?;
    let columns_first = client.get_by_name::<Tensor<i64>>("x/11/python")?;
    assert_eq!((columns_first.shape(), columns_first.get(&[1, 0])), (&[2, 3][..], Some(&3)));
    Ok(())
}

fn check_scalars(client: &Client) -> TestResult {
    assert_eq!(client.get_by_name::<Scalar<i64>>("x/03/int64")?.get(), &i64::MIN);
    assert_eq!(client.get_by_name::<Scalar<u32>>("x/03/uint")?.get(), &u32::MAX);
    assert_eq!(client.get_by_name::<Scalar<i16>>("x/03/int16")?.get(), &-5);
    assert_eq!(client.get_by_name::<Scalar<u64>>("x/03/uint64")?.get(), &(u64::MAX >> 1));
    assert_eq!(client.get_by_name::<Scalar<f32>>("x/03/float")?.get(), &0.5);
    assert!(*client.get_by_name::<Scalar<bool>>("x/03/bool")?.get());
    assert_eq!(client.get_by_name::<Scalar<Int>>("x/10/large")?.get(), &Integer::from(u64::MAX));
    assert!(*client.get_by_name::<Scalar<Bool>>("x/10/true")?.get());
    assert_eq!(client.get_by_name::<Scalar<Float>>("x/10/nan")?.get().to_bits(), f64::NAN.to_bits());
    assert_eq!(client.get_by_name::<Scalar<Float>>("x/10/tenth")?.get(), &0.1);
    Ok(())
}

fn check_lists_and_frames(client: &Client) -> TestResult {
    let lists = [Some(vec![Some(1), Some(2)]), Some(vec![Some(3)])];
    let large = LargeListArray::from_iter_primitive::<Int64Type, _, _>(lists.clone());
    check_arrow(client, "04/vineyard::LargeListArray", &large)?;
    check_arrow(client, "04/vineyard::BaseListArray<arrow::LargeListArray>", &large)?;
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>(lists);
    check_arrow(client, "04/vineyard::BaseListArray<arrow::ListArray>", &list)?;
    check_arrow(client, "05/cpp", &LargeBinaryArray::from_vec(vec![b"a", b"\xff\0"]))?;
    for name in ["x/06/cpp", "x/07/frame"] {
        let frame = client.get_by_name::<DataFrame>(name)?;
        assert_eq!(frame.numbers::<i64>("n")?.as_slice(), &[1, 2], "{name}");
        assert!(frame.index().is_none(), "{name}");
    }
    Ok(())
}

#[test]
fn what_is_called_differently_is_read_by_both() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    assert_eq!(python_with("mismatches.py", &[&server.socket().display().to_string(), "put"]), "put: 33");
    check_arrays(&client)?;
    check_scalars(&client)?;
    check_lists_and_frames(&client)?;
    server.stop();
    Ok(())
}

/// A series as the original stores it.
#[derive(Object)]
#[object(typename = "vineyard::Series", no_register)]
struct Labelled {
    #[object(json)]
    name: String,
    #[object(rename = "index_")]
    index: Index,
    #[object(rename = "value_")]
    values: ArrowArray,
}

/// A column that is the object of some other type.
fn column(client: &Client, object: &impl Object) -> Result<Column, Box<dyn std::error::Error>> {
    Ok(Column::Other((*client.get::<Opaque>(client.put(object)?)?).clone()))
}

#[test]
fn python_reads_frames_of_arrows_columns() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let arrow = ArrowArray::from_arrow(&Float32Array::from(vec![Some(0.5), None, Some(1.5)]));
    let texts: ArrayRef = Arc::new(ArrowTexts::from(vec!["a"]));
    let field = Field::new_list_field(texts.data_type().clone(), true).into();
    let lists =
        ListArray::try_new(field, OffsetBuffer::from_lengths([1, 0, 0]), texts, Some(vec![true, false, true].into()))?;
    let lists = ArrowArray::from_arrow(&lists);
    let days = Tensor::<DateTime64<Second>>::from(vec![
        DateTime64::new(1_709_164_800),
        DateTime64::new(i64::MIN),
        DateTime64::new(-86_400),
    ]);
    let frame = DataFrame::new()
        .with_column("n", vec![1i64, 2, 3])?
        .with_column("arrow", column(&client, &arrow)?)?
        .with_column("lists", column(&client, &lists)?)?
        .with_column("text", vec!["x", "y", "z"])?
        .with_column("days", column(&client, &days)?)?
        .with_index(Index::new(column(&client, &arrow)?).named("labels"))?;
    client.put_named("rs/frame", &frame)?;
    let deltas = Tensor::<TimeDelta64<Nanosecond>>::from(vec![TimeDelta64::new(1), TimeDelta64::new(-1)]);
    let two = Tensor::<DateTime64<Second>>::from(vec![DateTime64::new(1_709_164_800), DateTime64::new(i64::MIN)]);
    let frame = DataFrame::new().with_column("d", column(&client, &deltas)?)?;
    client.put_named("rs/deltas", &frame.with_index(Index::new(column(&client, &two)?))?)?;
    let odd = Tensor::<TimeDelta64<Picosecond>>::from(vec![TimeDelta64::new(1)]);
    client.put_named("rs/odd", &DataFrame::new().with_column("d", column(&client, &odd)?)?)?;
    client.put_named(
        "rs/series",
        &Labelled { name: "s".to_owned(), index: Index::new(vec![5i64, 6, 7]), values: lists },
    )?;
    client.put_named("rs/true", &Scalar::<Bool>::from(true))?;
    client.put_named("rs/large", &Scalar::<Int>::from(Integer::from(u64::MAX)))?;
    client.put_named("rs/nan", &Scalar::<Float>::from(f64::NAN))?;
    assert_eq!(python_with("mismatches.py", &[&server.socket().display().to_string(), "get"]), "get: 7");
    server.stop();
    Ok(())
}
