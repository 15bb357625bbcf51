use std::error::Error;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use vineyard_core::{Blob, InstanceId, MetaTree, ObjectId, ObjectMeta, registry, testing};

use super::*;
use crate::time::TimeUnit;

type TestResult = Result<(), Box<dyn Error>>;

/// The tensor as a reader gets it once it is stored.
fn again<T: Numeric>(tensor: &Tensor<T>) -> Result<Tensor<T>, Box<dyn Error>> {
    Ok(Tensor::resolve(&testing::draft_meta(&tensor.stage()?)?)?)
}

fn survives<T: Numeric>(typename: &str, dtype: [&str; 2], elements: Vec<T>) -> TestResult {
    let tensor = Tensor::from(elements);
    let stored = testing::draft_meta(&tensor.stage()?)?;
    assert_eq!(stored.typename(), typename);
    assert_eq!([stored.value("value_type_")?, stored.value("value_type_meta_")?], dtype);
    assert_eq!(stored.nbytes(), size_of_val(tensor.as_slice()) as u64);
    let back = Tensor::<T>::resolve(&stored)?;
    assert_eq!(back.shape(), [tensor.len() as u64]);
    // Bytes, because not every float equals itself.
    assert_eq!(back.array().blob().as_bytes(), tensor.array().blob().as_bytes());
    assert_eq!(back.as_slice().as_ptr(), tensor.as_slice().as_ptr(), "{typename} was copied");
    Ok(())
}

#[test]
fn every_element_type_survives_the_round_trip_without_a_copy() -> TestResult {
    survives("vineyard::Tensor<int8>", ["int8", "|i1"], vec![i8::MIN, -1, i8::MAX])?;
    survives("vineyard::Tensor<int16>", ["int16", "<i2"], vec![i16::MIN, -1, i16::MAX])?;
    survives("vineyard::Tensor<int>", ["int32", "<i4"], vec![i32::MIN, -1, i32::MAX])?;
    survives("vineyard::Tensor<int64>", ["int64", "<i8"], vec![i64::MIN, -1, i64::MAX])?;
    survives("vineyard::Tensor<uint8>", ["uint8", "|u1"], vec![0, 1, u8::MAX])?;
    survives("vineyard::Tensor<uint16>", ["uint16", "<u2"], vec![0, 1, u16::MAX])?;
    survives("vineyard::Tensor<uint>", ["uint32", "<u4"], vec![0, 1, u32::MAX])?;
    survives("vineyard::Tensor<uint64>", ["uint64", "<u8"], vec![0, 1, u64::MAX])?;
    survives("vineyard::Tensor<float>", ["float32", "<f4"], vec![f32::NAN, -0.0, f32::INFINITY])?;
    survives("vineyard::Tensor<double>", ["float64", "<f8"], vec![f64::NAN, -0.0, f64::NEG_INFINITY])?;
    let halves = [f16::NAN, f16::from_bits(0x7c01), f16::NEG_ZERO, f16::INFINITY];
    survives("vineyard::Tensor<float16>", ["float16", "<f2"], halves.to_vec())?;
    let complex = vec![Complex::new(f32::NAN, -0.0), Complex::new(f32::from_bits(0x7f80_0001), f32::MIN)];
    survives("vineyard::Tensor<complex64>", ["complex64", "<c8"], complex)?;
    let complex = vec![Complex::new(-0.0, f64::NAN), Complex::new(f64::from_bits(u64::MAX), f64::INFINITY)];
    survives("vineyard::Tensor<complex128>", ["complex128", "<c16"], complex)?;
    survives("vineyard::Tensor<bool>", ["bool", "|b1"], vec![Bool8::from(true), Bool8::from(false)])
}

#[test]
fn times_of_every_unit_survive_the_round_trip_without_a_copy() -> TestResult {
    fn of<U: TimeUnit>() -> TestResult {
        let (symbol, counts) = (U::SYMBOL, [i64::MIN, -1, 0, i64::MAX]);
        let names = [format!("datetime64[{symbol}]"), format!("<M8[{symbol}]")];
        let typename = format!("vineyard::Tensor<datetime64[{symbol}]>");
        survives(&typename, [&names[0], &names[1]], counts.map(DateTime64::<U>::new).to_vec())?;
        let names = [format!("timedelta64[{symbol}]"), format!("<m8[{symbol}]")];
        let typename = format!("vineyard::Tensor<timedelta64[{symbol}]>");
        survives(&typename, [&names[0], &names[1]], counts.map(TimeDelta64::<U>::new).to_vec())
    }

    of::<Year>()?;
    of::<Month>()?;
    of::<Week>()?;
    of::<Day>()?;
    of::<Hour>()?;
    of::<Minute>()?;
    of::<Second>()?;
    of::<Millisecond>()?;
    of::<Microsecond>()?;
    of::<Nanosecond>()?;
    of::<Picosecond>()?;
    of::<Femtosecond>()?;
    of::<Attosecond>()
}

#[test]
fn no_time_at_all_is_told_apart() {
    let [nat, early] = [DateTime64::<Second>::NAT, DateTime64::new(i64::MIN + 1)];
    assert_eq!([nat.count(), early.count()], [None, Some(i64::MIN + 1)]);
    assert_eq!([nat.to_string(), DateTime64::<Second>::new(-5).to_string()], ["NaT", "-5s"]);
    assert_eq!(TimeDelta64::<Day>::new(i64::MIN), TimeDelta64::NAT);
}

proptest! {
    #[test]
    fn any_bits_survive(bits: Vec<u64>) {
        let floats: Vec<f64> = bits.iter().copied().map(f64::from_bits).collect();
        let back = again(&Tensor::from(floats)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(back.as_slice().iter().map(|float| float.to_bits()).collect::<Vec<_>>(), bits);
    }

    #[test]
    fn column_major_elements_are_found_where_they_were(shape in vec(0u64..5, 0..5), seed: u32) {
        let len = usize::try_from(shape.iter().product::<u64>()).unwrap_or_default();
        let elements: Vec<u32> = (0..len).map(|place| (place as u32).wrapping_add(seed)).collect();
        let tensor = Tensor::from_column_major(shape.clone(), &elements);
        let tensor = tensor.map_err(|error| TestCaseError::fail(error.to_string()))?;
        for (place, element) in elements.iter().enumerate() {
            // The first dimension is the fastest.
            let mut rest = place;
            let mut index = Vec::new();
            for length in &shape {
                let length = usize::try_from(*length).unwrap_or_default();
                index.push(rest % length);
                rest /= length;
            }
            prop_assert_eq!(tensor.get(&index), Some(element));
        }
        prop_assert_eq!(tensor.to_column_major(), elements);
    }
}

#[test]
fn a_tensor_without_dimensions_has_one_element() -> TestResult {
    let tensor = again(&Tensor::new([], vec![7.5])?)?;
    assert!(tensor.shape().is_empty());
    assert_eq!(tensor.as_slice(), [7.5]);
    assert_eq!(tensor.get(&[]), Some(&7.5));
    assert_eq!(tensor.get(&[0]), None);
    assert_eq!(tensor.row(0), None);
    Ok(())
}

#[test]
fn a_dimension_of_zero_makes_a_tensor_empty() -> TestResult {
    for shape in [vec![0], vec![2, 0, 3], vec![0, u64::MAX, u64::MAX]] {
        let tensor = again(&Tensor::<i32>::new(shape.clone(), vec![])?)?;
        assert_eq!(tensor.shape(), shape);
        assert!(tensor.is_empty());
        assert_eq!(tensor.get(&vec![0; shape.len()]), None);
    }
    let rows = again(&Tensor::<i32>::new([2, 0], vec![])?)?;
    assert_eq!([rows.row(0), rows.row(1), rows.row(2)], [Some(&[][..]), Some(&[][..]), None]);
    Ok(())
}

#[test]
fn the_last_dimension_is_the_fastest() -> TestResult {
    let tensor = again(&Tensor::new([2, 3, 4], (0..24).collect::<Vec<i16>>())?)?;
    assert_eq!(tensor.shape(), [2, 3, 4]);
    assert_eq!(tensor.get(&[0, 0, 3]), Some(&3));
    assert_eq!(tensor.get(&[0, 1, 0]), Some(&4));
    assert_eq!(tensor.get(&[1, 2, 3]), Some(&23));
    assert_eq!(tensor.row(1), Some(&(12..24).collect::<Vec<i16>>()[..]));
    for outside in [&[0, 0, 4][..], &[0, 3, 0], &[2, 0, 0], &[0, 0], &[0, 0, 0, 0], &[usize::MAX; 3]] {
        assert_eq!(tensor.get(outside), None, "{outside:?}");
    }
    assert_eq!(tensor.row(2), None);
    assert_eq!(tensor.row(usize::MAX), None);
    assert_eq!(tensor.original_order(), "C");
    Ok(())
}

#[test]
fn elements_that_do_not_fill_the_shape_are_refused() {
    let refused = |shape: &[u64], len: usize| Tensor::new(shape, vec![0u8; len]).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(refused(&[2, 3], 5), Err("shape [2, 3] has 6 places, but there are 5 elements".into()));
    assert_eq!(refused(&[2, 3], 7), Err("shape [2, 3] has 6 places, but there are 7 elements".into()));
    assert_eq!(refused(&[], 0), Err("shape [] has 1 places, but there are 0 elements".into()));
    assert_eq!(refused(&[0], 1), Err("shape [0] has 0 places, but there are 1 elements".into()));
    let wide = "shape [4294967296, 4294967296] has more places than can be counted";
    assert_eq!(refused(&[1 << 32, 1 << 32], 0), Err(wide.into()));
}

#[test]
fn tensors_are_equal_if_shape_and_elements_are() -> TestResult {
    let flat = Tensor::from([1, 2, 3, 4]);
    assert_eq!(flat, (1..5).collect());
    assert_ne!(flat, Tensor::new([2, 2], vec![1, 2, 3, 4])?);
    assert_ne!(flat, Tensor::from([1, 2, 3, 5]));
    Ok(())
}

/// The metadata of a tensor of three `i64`, as another client writes it, with some keys replaced or removed (null).
fn foreign(changes: Value, payload: Blob) -> Result<ObjectMeta, Box<dyn Error>> {
    let id = ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | 7);
    let mut tree = json!({
        "typename": "vineyard::Tensor<int64>", "id": "o0000000000000001", "instance_id": 0, "nbytes": 24,
        "shape_": "[3]", "partition_index_": "[]", "order_": "\"C\"", "value_type_": "int64",
        "value_type_meta_": "<i8",
        "buffer_": {"typename": "vineyard::Blob", "id": id.to_string(), "instance_id": 0, "length": 24},
    });
    let fields = tree.as_object_mut().ok_or("an object")?;
    for (key, value) in changes.as_object().ok_or("an object")? {
        match value {
            Value::Null => fields.remove(key),
            value => fields.insert(key.clone(), value.clone()),
        };
    }
    let tree: MetaTree = serde_json::from_value(tree)?;
    Ok(testing::object_meta(tree, [(id, payload)]))
}

/// C++ names types after its compiler, and has no word for some (X-01, X-02, X-08, X-09).
#[test]
fn names_of_other_languages_are_read() -> TestResult {
    fn read<T: Numeric>(typename: &str, value_type: &str, payload: Vec<T>) -> TestResult {
        let changes = json!({
            "typename": format!("vineyard::Tensor<{typename}>"), "value_type_": value_type, "value_type_meta_": null,
            "order_": null, "shape_": format!("[{}]", payload.len()),
        });
        let expected = Tensor::from(payload.clone());
        let meta = foreign(changes, payload.into())?;
        let object = registry().resolve(&meta)?;
        assert!(object.is::<Tensor<T>>(), "{typename}: {object:?}");
        let tensor = Tensor::<T>::resolve(&meta)?;
        assert_eq!(tensor, expected, "{typename}");
        // What is put again is what Python reads as these elements.
        assert_eq!(testing::draft_meta(&tensor.stage()?)?.value("value_type_")?, T::NUMPY);
        Ok(())
    }

    read("uint", "uint32", vec![u32::MAX])?;
    read("uint32", "uint32", vec![u32::MAX])?;
    read("unsigned int", "uint", vec![u32::MAX])?;
    read("int", "int32", vec![-1i32])?;
    read("float", "float", vec![0.5f32])?;
    read("float", "float32", vec![0.5f32])?;
    read("double", "double", vec![0.5f64])?;
    read("signed char", "undefined", vec![-1i8])?;
    read("short", "undefined", vec![-1i16])?;
    read("short int", "int16", vec![-1i16])?;
    read("unsigned char", "", vec![255u8])?;
    read("short unsigned int", "undefined", vec![65535u16])?;
    read("unsigned short", "uint16", vec![65535u16])?;
    read("uint64", "uint64", vec![u64::MAX])
}

#[test]
fn elements_of_another_type_than_the_typename_says_are_refused() -> TestResult {
    let value_type = |found: &str| {
        format!("value_type: metadata key `value_type_` is \"{found}\", expected `int64`, as the typename has it")
    };
    for found in ["uint64", "int32", "float", "object", "datetime64[ns]"] {
        assert_eq!(fault(json!({"value_type_": found}))?, value_type(found));
    }
    // Another order of bytes, which Python calls `int64` as well.
    for found in [">i8", "<i4", "<f8", "str"] {
        let expected = format!(
            "value_type_meta: metadata key `value_type_meta_` is \"{found}\", expected `<i8`, as the typename has it"
        );
        assert_eq!(fault(json!({"value_type_meta_": found}))?, expected);
    }
    let meta = foreign(json!({"typename": "vineyard::Tensor<float>", "value_type_": "float64"}), Blob::empty())?;
    assert!(Tensor::<f32>::resolve(&meta).is_err());
    Ok(())
}

/// The order is that of the array which Python put; the bytes are in the order of C nonetheless (X-11).
#[test]
fn the_order_of_fortran_does_not_move_elements() -> TestResult {
    let meta = foreign(json!({"order_": "\"F\"", "shape_": "[3, 1]"}), vec![1i64, 2, 3].into())?;
    let tensor = Tensor::<i64>::resolve(&meta)?;
    assert_eq!([tensor.get(&[1, 0]), tensor.get(&[2, 0])], [Some(&2), Some(&3)]);
    assert_eq!(fault(json!({"order_": "\"K\""}))?, "not valid: order `K` is neither `C` nor `F`");
    Ok(())
}

fn fault(changes: Value) -> Result<String, Box<dyn Error>> {
    let meta = foreign(changes.clone(), vec![1i64, 2, 3].into())?;
    match Tensor::<i64>::resolve(&meta) {
        Ok(tensor) => Err(format!("{changes} was accepted as {tensor:?}").into()),
        Err(error) => Ok(error.to_string()),
    }
}

#[test]
fn shapes_that_lie_are_refused_by_name() -> TestResult {
    let expected =
        |found: &str| format!("shape: metadata key `shape_` is {found}, expected the JSON text of a list of uint64");
    assert_eq!(fault(json!({"shape_": "[4]"}))?, "not valid: shape [4] has 4 places, but there are 3 elements");
    assert_eq!(
        fault(json!({"shape_": "[4294967296,4294967296]"}))?,
        "not valid: shape [4294967296, 4294967296] has more places than can be counted"
    );
    assert_eq!(
        fault(json!({"shape_": "[18446744073709551615]"}))?,
        "not valid: shape [18446744073709551615] has 18446744073709551615 places, but there are 3 elements"
    );
    assert_eq!(fault(json!({"shape_": "[18446744073709551616]"}))?, expected("\"[18446744073709551616]\""));
    assert_eq!(fault(json!({"shape_": "[-3]"}))?, expected("\"[-3]\""));
    assert_eq!(fault(json!({"shape_": "[1.5]"}))?, expected("\"[1.5]\""));
    assert_eq!(fault(json!({"shape_": "[\"3\"]"}))?, expected(r#""[\"3\"]""#));
    assert_eq!(fault(json!({"shape_": "three"}))?, expected("\"three\""));
    assert_eq!(fault(json!({"shape_": "3"}))?, expected("\"3\""));
    assert_eq!(fault(json!({"shape_": 3}))?, expected("3"));
    assert_eq!(fault(json!({"shape_": null}))?, "shape: metadata key `shape_` is missing");
    assert_eq!(fault(json!({"shape_": {}}))?, "shape: metadata key `shape_` holds a member, expected a value");
    Ok(())
}

#[test]
fn other_fields_that_lie_are_refused_by_name() -> TestResult {
    assert_eq!(fault(json!({"buffer_": null}))?, "buffer: metadata key `buffer_` is missing");
    assert_eq!(
        fault(json!({"buffer_": "o8000000000000007"}))?,
        "buffer: metadata key `buffer_` holds a value, expected a member"
    );
    assert_eq!(
        fault(json!({"buffer_": {"typename": "vineyard::Index", "id": "o8000000000000007"}}))?,
        "buffer: metadata key `buffer_` holds an object of type `vineyard::Index`, expected a blob"
    );
    assert_eq!(
        fault(json!({"buffer_": {"typename": "vineyard::Blob", "id": "o8000000000000008", "instance_id": 0}}))?,
        "buffer: the server does not have the payload of blob o8000000000000008: it was deleted"
    );
    let elsewhere = InstanceId::from_raw(5);
    assert_eq!(
        fault(json!({"buffer_": {"typename": "vineyard::Blob", "id": "o8000000000000008", "instance_id": 5}}))?,
        format!("buffer: the payload lives on instance {elsewhere}")
    );
    assert_eq!(
        fault(json!({"partition_index_": "[true]"}))?,
        "partition_index: metadata key `partition_index_` is \"[true]\", expected the JSON text of a list of int64"
    );
    assert_eq!(
        fault(json!({"value_type_": 1}))?,
        "value_type: metadata key `value_type_` is 1, expected a value of type std::string"
    );
    let order = fault(json!({"order_": "C"}))?;
    assert!(order.starts_with("order: metadata key `order_` is \"C\", expected JSON text ("), "{order}");
    Ok(())
}

#[test]
fn payloads_that_cut_an_element_are_refused() -> TestResult {
    let meta = foreign(json!({"shape_": "[2]"}), vec![0u8; 20].into())?;
    let error = Tensor::<i64>::resolve(&meta).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(error, Err("buffer: blob holds 20 bytes, not a multiple of 8".into()));
    Ok(())
}

#[test]
fn room_to_spare_at_the_end_of_a_payload_is_not_seen() -> TestResult {
    let meta = foreign(json!({"shape_": "[1, 2]"}), vec![1i64, 2, 3].into())?;
    let tensor = Tensor::<i64>::resolve(&meta)?;
    assert_eq!(tensor.as_slice(), [1, 2]);
    assert_eq!(tensor.row(0), Some(&[1, 2][..]));
    assert_eq!(tensor, Tensor::new([1, 2], vec![1, 2])?);
    assert_eq!(again(&tensor)?, tensor);
    Ok(())
}

#[test]
fn what_older_writers_leave_out_has_defaults() -> TestResult {
    let changes = json!({"order_": null, "partition_index_": null, "value_type_": null, "value_type_meta_": null});
    let tensor = Tensor::<i64>::resolve(&foreign(changes, vec![1i64, 2, 3].into())?)?;
    assert_eq!(tensor, Tensor::from([1, 2, 3]));
    assert_eq!(tensor.original_order(), "C");
    let fortran = Tensor::<i64>::resolve(&foreign(json!({"order_": "\"F\""}), vec![1i64, 2, 3].into())?)?;
    assert_eq!(again(&fortran)?.original_order(), "F");
    Ok(())
}

/// The tensor as numpy stores it in the other byte order, read here.
fn swapped<T: Numeric>(tensor: &Tensor<T>, bytes: Vec<u8>, dtype: &str) -> Result<Tensor<T>, Box<dyn Error>> {
    let meta = testing::draft_meta(&tensor.stage()?)?;
    let id = meta.member("buffer_")?.id();
    let mut tree = serde_json::to_value(meta.tree().as_ref())?;
    tree["value_type_meta_"] = dtype.into();
    let meta = testing::object_meta(serde_json::from_value(tree)?, [(id, Blob::from(bytes))]);
    let refused = Tensor::<T>::resolve(&meta).map(|_| ()).expect_err("views of it would be other numbers").to_string();
    assert!(refused.contains(&format!("`value_type_meta_` is {dtype:?}, expected")), "{refused}");
    Ok(Tensor::to_native_endian(&Opaque::resolve(&meta)?)?)
}

#[test]
fn the_other_byte_order_is_read_by_a_copy() -> TestResult {
    let numbers = Tensor::from_column_major([1, 2], &[1i32, -2])?;
    let back = swapped(&numbers, vec![0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe], ">i4")?;
    assert_eq!((&back, back.original_order()), (&numbers, "F"));
    let complex = Tensor::from([Complex::new(1.0f32, -2.0)]);
    assert_eq!(swapped(&complex, vec![0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], ">c8")?, complex);
    let times = Tensor::from([DateTime64::<Second>::new(256)]);
    assert_eq!(swapped(&times, vec![0, 0, 0, 0, 0, 0, 1, 0], ">M8[s]")?, times);
    let error = swapped(&numbers, vec![0; 4], ">i4").expect_err("one number is missing").to_string();
    assert!(error.contains("shape [1, 2] has 2 places, but there are 1 elements"), "{error}");
    // With one dimension there is one order.
    assert_eq!(Tensor::from_column_major([2], &[1u8, 2])?.original_order(), "C");
    // In this machine's order it is the tensor itself.
    let native = testing::draft_meta(&numbers.stage()?)?;
    let view = Tensor::<i32>::to_native_endian(&Opaque::resolve(&native)?)?;
    assert_eq!(view.as_slice().as_ptr(), numbers.as_slice().as_ptr());
    assert!(Tensor::<i64>::to_native_endian(&Opaque::resolve(&native)?).is_err());
    Ok(())
}
