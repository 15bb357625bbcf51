use std::error::Error;

use serde_json::{Value, json};
use vineyard_core::{Blob, MetaTree, ObjectMeta, Stored, registry, testing};

use super::*;
use crate::scalar::{Int, Scalar, Text};
use crate::tensor::Tensor;

type TestResult = Result<(), Box<dyn Error>>;

fn mixed() -> Result<Sequence, Box<dyn Error>> {
    let inner = Sequence::new().with(&Scalar::<Text>::from("deep"))?;
    let mut mixed = Sequence::new().with(&Scalar::<Int>::from(7))?.with(&Tensor::from([0.5, 1.5]))?.with(&inner)?;
    mixed.push(Blob::from(vec![1u8, 2, 3]));
    Ok(mixed)
}

fn stored<T: Object>(object: &T) -> Result<ObjectMeta, Box<dyn Error>> {
    Ok(testing::draft_meta(&object.stage()?)?)
}

fn check(sequence: &Sequence) -> TestResult {
    let names: Vec<&str> = sequence.iter().map(Item::typename).collect();
    let expected = ["vineyard::Scalar<int>", "vineyard::Tensor<double>", "vineyard::Sequence", "vineyard::Blob"];
    assert_eq!(names, expected);
    let [number, tensor, inner, bytes] = &sequence.elements[..] else { return Err("four elements".into()) };
    assert_eq!(number.get::<Scalar<Int>>()?, Scalar::from(7));
    assert_eq!(tensor.get::<Tensor<f64>>()?, Tensor::from([0.5, 1.5]));
    assert!(tensor.get::<Stored<dyn Object>>()?.is::<Tensor<f64>>());
    assert_eq!(inner.get::<Sequence>()?.to_vec::<Scalar<Text>>()?, [Scalar::from("deep")]);
    assert_eq!(bytes.get::<Blob>()?.as_bytes(), [1, 2, 3]);
    Ok(())
}

#[test]
fn objects_of_any_types_survive_in_a_sequence() -> TestResult {
    let meta = stored(&mixed()?)?;
    assert_eq!(meta.nbytes(), 19);
    assert_eq!([meta.value("size_")?, meta.value("__elements_-size")?], [&json!(4), &json!(4)]);
    let sequence = Sequence::resolve(&meta)?;
    check(&sequence)?;
    assert!(registry().resolve(&meta)?.is::<Sequence>());
    Ok(())
}

#[test]
fn what_was_got_can_be_put_again() -> TestResult {
    let sequence = Sequence::new().with(&Tensor::from([1i64, 2]))?.with(&Scalar::<Int>::from(7))?;
    let again = Sequence::resolve(&stored(&Sequence::resolve(&stored(&sequence)?)?)?)?;
    let [tensor, number] = &again.elements[..] else { return Err("two elements".into()) };
    assert_eq!(tensor.get::<Tensor<i64>>()?, Tensor::from([1, 2]));
    assert_eq!(number.get::<Scalar<Int>>()?, Scalar::from(7));
    Ok(())
}

#[test]
fn only_lists_are_marked_and_stay_so() -> TestResult {
    let tuple = stored(&mixed()?)?;
    assert!(tuple.value("is_list_").is_err() && !Sequence::resolve(&tuple)?.is_list());
    let list = stored(&mixed()?.into_list())?;
    assert_eq!(list.value("is_list_")?, &json!(1));
    check(&Sequence::resolve(&list)?)?;
    let again = stored(&Sequence::resolve(&list)?)?;
    assert!(Sequence::resolve(&again)?.is_list());
    Ok(())
}

#[test]
fn payloads_are_not_copied_into_a_sequence() -> TestResult {
    let tensor = Tensor::from([1.0, 2.0]);
    let sequence = Sequence::resolve(&stored(&Sequence::new().with(&tensor)?)?)?;
    let [found] = &sequence.to_vec::<Tensor<f64>>()?[..] else { return Err("one element".into()) };
    assert_eq!(found.as_slice().as_ptr(), tensor.as_slice().as_ptr());
    Ok(())
}

#[test]
fn elements_of_another_type_are_refused_by_place() -> TestResult {
    let sequence = Sequence::resolve(&stored(&mixed()?)?)?;
    let error = sequence.to_vec::<Scalar<Int>>().map(|_| ()).map_err(|error| error.to_string());
    let expected = "[1]: expected an object of type `vineyard::Scalar<int>`, found `vineyard::Tensor<double>`";
    assert_eq!(error, Err(expected.to_owned()));
    let fresh = Item::of(&Tensor::from([1.0]))?.get::<Tensor<f64>>().map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(fresh, Err("not valid: it is not stored yet: put the container, and get it".to_owned()));
    Ok(())
}

fn foreign(tree: Value) -> Result<ObjectMeta, Box<dyn Error>> {
    let tree: MetaTree = serde_json::from_value(tree)?;
    Ok(testing::object_meta(tree, []))
}

fn number(value: i64) -> Value {
    json!({
        "typename": "vineyard::Scalar<int>", "id": "o0000000000000002", "instance_id": 0, "nbytes": 0,
        "type_": "int", "value_": value,
    })
}

#[test]
fn older_names_are_read() -> TestResult {
    let tuple = foreign(json!({
        "typename": "vineyard::Tuple", "id": "o0000000000000001", "instance_id": 0, "nbytes": 0,
        "size_": 2, "__elements_-size": 2, "__elements_-0": number(1), "__elements_-1": number(2),
    }))?;
    assert_eq!(Sequence::resolve(&tuple)?.to_vec::<Scalar<Int>>()?, [Scalar::from(1), Scalar::from(2)]);
    assert!(registry().resolve(&tuple)?.is::<Sequence>());
    let pair = foreign(json!({
        "typename": "vineyard::Pair", "id": "o0000000000000001", "instance_id": 0, "nbytes": 0,
        "first_": number(1), "second_": number(2),
    }))?;
    assert!(registry().resolve(&pair)?.is::<Pair>());
    let both = Sequence::resolve(&stored(&Sequence::from(Pair::resolve(&pair)?))?)?;
    assert_eq!(both.to_vec::<Scalar<Int>>()?, [Scalar::from(1), Scalar::from(2)]);
    Ok(())
}

#[test]
fn sizes_that_lie_are_refused() -> TestResult {
    for (size, count, expected) in [
        (3, 1, "not valid: size 3, but 1 elements"),
        (1, 2, "elements[1]: metadata key `__elements_-1` is missing"),
        (1, 1000, "elements: metadata key `__elements_-size` is 1000, expected the number of elements"),
    ] {
        let meta = foreign(json!({
            "typename": "vineyard::Sequence", "id": "o0000000000000001", "instance_id": 0, "nbytes": 0,
            "size_": size, "__elements_-size": count, "__elements_-0": number(1),
        }))?;
        let error = Sequence::resolve(&meta).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err(expected.to_owned()));
    }
    Ok(())
}

#[test]
fn maps_keep_names_order_and_values() -> TestResult {
    let mut map = Map::new().with("z", &Scalar::<Int>::from(1))?.with("", &Tensor::from([1u8]))?;
    assert!(map.insert("a/b~", Item::of(&Scalar::<Text>::from("x"))?).is_none());
    let map = Map::resolve(&stored(&map)?)?;
    assert_eq!(map.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["z", "", "a/b~"]);
    let text = map.get("a/b~").ok_or("the name is there")?.get::<Scalar<Text>>()?;
    assert_eq!(text, Scalar::from("x"));
    assert_eq!(map.get("").ok_or("the name is there")?.get::<Tensor<u8>>()?, Tensor::from([1u8]));
    assert!(map.get("b").is_none());
    Ok(())
}
