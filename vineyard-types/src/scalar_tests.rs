use std::error::Error;

use proptest::prelude::*;
use serde_json::{Value, json};
use vineyard_core::{MetaTree, ObjectMeta, registry, testing};

use super::*;
use crate::integer::IntegerError;

type TestResult = Result<(), Box<dyn Error>>;

/// Stores a scalar; returns typename, type and value as stored, and the value as read.
fn stored<K: ScalarKind>(scalar: &Scalar<K>) -> Result<([Value; 3], K::Value), Box<dyn Error>> {
    let meta = testing::draft_meta(&scalar.stage()?)?;
    assert_eq!(meta.nbytes(), 0);
    let fields = [Value::from(meta.typename()), meta.value("type_")?.to_json(), meta.value("value_")?.to_json()];
    Ok((fields, Scalar::<K>::resolve(&meta)?.get().clone()))
}

fn foreign(typename: &str, type_: &str, value: Value) -> Result<ObjectMeta, Box<dyn Error>> {
    let tree = json!({
        "typename": format!("vineyard::Scalar<{typename}>"), "id": "o0000000000000001", "instance_id": 0,
        "nbytes": 0, "type_": type_, "value_": value,
    });
    let tree: MetaTree = serde_json::from_value(tree)?;
    Ok(testing::object_meta(tree, []))
}

#[test]
fn integers_are_stored_as_python_stores_its_own() -> TestResult {
    for value in [0, -1, i64::MIN, i64::MAX] {
        let fields = [json!("vineyard::Scalar<int>"), json!("int"), json!(value)];
        assert_eq!(stored(&Scalar::<Int>::from(value))?, (fields, value.into()));
    }
    for value in [1 << 63, u64::MAX] {
        // As digits, of which Python makes the same integer.
        let fields = [json!("vineyard::Scalar<int>"), json!("int"), json!(value.to_string())];
        assert_eq!(stored(&Scalar::<Int>::from(Integer::from(value)))?, (fields, value.into()));
        assert_eq!(Scalar::<Int>::resolve(&foreign("int", "int", json!(value))?)?.get(), &value.into());
    }
    Ok(())
}

#[test]
fn integers_of_more_than_64_bits_are_refused() {
    let refused = |value: Result<Integer, IntegerError>| value.map_err(|error| error.to_string());
    let too_large = "has more than 64 bits: JSON readers would round it, and the published Python client would lose it; \
                     store it as text";
    assert_eq!(refused(Integer::try_from(1i128 << 64)), Err(format!("18446744073709551616 {too_large}")));
    assert_eq!(refused(Integer::try_from(-(1i128 << 63) - 1)), Err(format!("-9223372036854775809 {too_large}")));
    assert_eq!(refused(Integer::try_from(u128::MAX)), Err(format!("{} {too_large}", u128::MAX)));
    assert_eq!(Integer::try_from(-(1i128 << 63)).map(Integer::get), Ok(i64::MIN.into()));
}

/// The published client writes `true` for 2^63 and for 2^70.
#[test]
fn integers_that_python_lost_are_refused() -> TestResult {
    let error = Scalar::<Int>::resolve(&foreign("int", "int", json!(true))?).map(|_| ()).map_err(|e| e.to_string());
    let expected = "value: metadata key `value_` is true, expected an integer; the published Python client writes \
                    `true` for every integer of more than 64 bits, whose value is lost";
    assert_eq!(error, Err(expected.to_owned()));
    let error = Scalar::<Bool>::resolve(&foreign("int", "int", json!(true))?).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(error, Err("not valid: its writer calls it `int`, not `bool`".to_owned()));
    for found in [json!(1.0), json!(1e30), json!("1"), json!("09223372036854775808"), Value::Null] {
        let error = Scalar::<Int>::resolve(&foreign("int", "int", found.clone())?).map(|_| ());
        let expected = format!("value: metadata key `value_` is {found}, expected an integer of at most 64 bits");
        assert_eq!(error.map_err(|error| error.to_string()), Err(expected));
    }
    Ok(())
}

#[test]
fn booleans_are_stored_as_python_stores_its_own() -> TestResult {
    for value in [true, false] {
        let fields = [json!("vineyard::Scalar<int>"), json!("bool"), json!(value)];
        assert_eq!(stored(&Scalar::<Bool>::from(value))?, (fields, value));
        let meta = foreign("int", "bool", json!(value))?;
        assert_eq!(Scalar::<Int>::resolve(&meta)?.get(), &Integer::from(u8::from(value)));
        assert_eq!(Scalar::<Int>::resolve(&meta)?.writers_type(), "bool");
    }
    Ok(())
}

/// Names of C++ that the published Python client gets `None` for.
#[test]
fn names_of_cpp_are_read() -> TestResult {
    fn read<K: ScalarKind>(typename: &str, value: Value, expected: K::Value) -> TestResult {
        let meta = foreign(typename, "whatever", value)?;
        let object = registry().resolve(&meta)?.downcast::<Scalar<K>>();
        assert_eq!(object.map_err(|other| format!("{typename} is {other:?}"))?.get(), &expected);
        Ok(())
    }

    read::<i64>("int64", json!(i64::MIN), i64::MIN)?;
    read::<u64>("uint64", json!(u64::MAX), u64::MAX)?;
    read::<u32>("uint", json!(u32::MAX), u32::MAX)?;
    read::<u32>("uint32", json!(1), 1)?;
    read::<Int>("int", json!(-5), (-5i8).into())?;
    read::<i16>("short", json!(-5), -5)?;
    read::<u8>("unsigned char", json!(5), 5)?;
    read::<f32>("float", json!(0.10000000149011612), 0.1)?;
    read::<bool>("bool", json!(1), true)?;
    read::<bool>("bool", json!(false), false)?;
    let error = Scalar::<u8>::resolve(&foreign("uint8", "uint8", json!(256))?).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(error, Err("value: metadata key `value_` is 256, expected a value of type uint8".to_owned()));
    Ok(())
}

#[test]
fn floats_that_json_lacks_are_words() -> TestResult {
    let fields = |value: Value| [json!("vineyard::Scalar<double>"), json!("float"), value];
    assert_eq!(stored(&Scalar::<Float>::from(0.1))?, (fields(json!(0.1)), 0.1));
    assert_eq!(stored(&Scalar::<Float>::from(f64::INFINITY))?, (fields(json!("inf")), f64::INFINITY));
    assert_eq!(stored(&Scalar::<Float>::from(f64::NAN))?.0, fields(json!("NaN")));
    let signalling = f64::from_bits(0x7ff0_0000_0000_0001);
    assert_eq!(stored(&Scalar::<Float>::from(signalling))?.0, fields(json!("NaN:7ff0000000000001")));
    // What the published client makes of its own NaN.
    let error =
        Scalar::<Float>::resolve(&foreign("double", "float", Value::Null)?).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(error, Err("value: metadata key `value_` is null, expected a value of type double".to_owned()));
    Ok(())
}

#[test]
fn text_of_any_kind_survives() -> TestResult {
    for value in ["", "naïve \"text\"\0\n", "[1]"] {
        let fields = [json!("vineyard::Scalar<std::string>"), json!("str"), json!(value)];
        assert_eq!(stored(&Scalar::<Text>::from(value))?, (fields, value.to_owned()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_value_survives(int: i64, unsigned: u64, bits: u64, narrow_bits: u32, text: String) {
        let fail = |error: Box<dyn Error>| TestCaseError::fail(error.to_string());
        prop_assert_eq!(stored(&Scalar::<Int>::from(int)).map_err(fail)?.1, Integer::from(int));
        prop_assert_eq!(stored(&Scalar::<Int>::from(Integer::from(unsigned))).map_err(fail)?.1, unsigned.into());
        prop_assert_eq!(stored(&Scalar::<i64>::from(int)).map_err(fail)?.1, int);
        prop_assert_eq!(stored(&Scalar::<u64>::from(unsigned)).map_err(fail)?.1, unsigned);
        prop_assert_eq!(stored(&Scalar::<Float>::from(f64::from_bits(bits))).map_err(fail)?.1.to_bits(), bits);
        let narrow = f32::from_bits(narrow_bits);
        prop_assert_eq!(stored(&Scalar::<f32>::from(narrow)).map_err(fail)?.1.to_bits(), narrow_bits);
        prop_assert_eq!(stored(&Scalar::<Text>::from(text.clone())).map_err(fail)?.1, text);
    }
}
