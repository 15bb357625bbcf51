//! Collections as the published Python client wrote them, recorded on the published daemon, and as mistaken or hostile
//! writers would: what is told of the parts, and errors that name the one that does not fit.

use std::error::Error;

use serde_json::{Value, json};
use vineyard_core::{Object, ObjectMeta, registry, testing};
use vineyard_types::{Collection, CsrGraph, GlobalDataFrame, GlobalTensor};

type TestResult = Result<(), Box<dyn Error>>;

const TENSOR: &str = include_str!("fixtures/global_tensor.json");
const BARE: &str = include_str!("fixtures/global_tensor_bare.json");
const PLACED: &str = include_str!("fixtures/global_tensor_placed.json");
const FRAME: &str = include_str!("fixtures/global_dataframe.json");

/// Keys that every object has, or that only our writers add.
const ABOUT_THE_OBJECT: &[&str] =
    &["id", "signature", "typename", "instance_id", "transient", "global", "nbytes", "__timestamp", "__schema"];

/// Metadata without payloads: no part of a collection is looked at.
fn meta(tree: Value) -> Result<ObjectMeta, Box<dyn Error>> {
    Ok(testing::object_meta(serde_json::from_value(tree)?, []))
}

fn resolve<T: Object>(text: &str) -> Result<T, Box<dyn Error>> {
    Ok(T::resolve(&meta(serde_json::from_str(text)?)?)?)
}

/// The error of a recorded object in which fields were replaced, or removed (null).
fn fault<T: Object>(text: &str, changes: &[(&str, Value)]) -> Result<String, Box<dyn Error>> {
    let mut tree: Value = serde_json::from_str(text)?;
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').ok_or("a pointer")?;
        let fields = tree.pointer_mut(parent).and_then(Value::as_object_mut).ok_or("an object")?;
        let had = if value.is_null() { fields.remove(key) } else { fields.insert(key.to_owned(), value.clone()) };
        assert!(had.is_some(), "there is no {pointer}");
    }
    match T::resolve(&meta(tree)?) {
        Ok(_) => Err(format!("{changes:?} was accepted").into()),
        Err(error) => Ok(error.to_string()),
    }
}

fn own_keys(tree: &Value) -> Vec<&str> {
    let fields = tree.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    fields.filter(|key| !ABOUT_THE_OBJECT.contains(key)).collect()
}

/// The fields of what is put, values as they are and members by their typenames.
fn staged<T: Object>(object: &T) -> Result<Value, Box<dyn Error>> {
    let tree = testing::draft_meta(&object.stage()?)?;
    Ok(serde_json::to_value(tree.tree().as_ref())?)
}

#[test]
fn tensors_of_the_published_client_are_read_without_their_payloads() -> TestResult {
    let tensor: GlobalTensor = resolve(TENSOR)?;
    assert_eq!((tensor.shape(), tensor.partition_shape()), (&[4, 3][..], &[2, 1][..]));
    assert_eq!((tensor.num_parts(), tensor.element_type()), (2, Some("double")));
    let told: Vec<_> = tensor.parts().map(|part| (part.place(), part.start(), part.shape(), part.nbytes())).collect();
    assert_eq!(told[0], (&[0, 0][..], &[0, 0][..], &[2, 3][..], 48));
    assert_eq!(told[1], (&[1, 0][..], &[2, 0][..], &[2, 3][..], 48));
    let part = tensor.part_at(&[1, 0]).ok_or("a part")?;
    assert_eq!((part.index(), part.is_local(), part.typename()), (1, true, "vineyard::Tensor<double>"));
    assert!(tensor.part_at(&[2, 0]).is_none());
    Ok(())
}

#[test]
fn what_the_published_client_was_not_told_follows_from_the_parts() -> TestResult {
    let bare: GlobalTensor = resolve(BARE)?;
    assert_eq!((bare.shape(), bare.partition_shape()), (&[4, 3][..], &[2, 1][..]));
    let placed: GlobalTensor = resolve(PLACED)?;
    assert_eq!((placed.shape(), placed.partition_shape()), (&[2, 4][..], &[1, 2][..]));
    assert_eq!(placed.parts().map(|part| part.start().to_vec()).collect::<Vec<_>>(), [[0, 2], [0, 0]]);
    Ok(())
}

#[test]
fn frames_of_the_published_client_are_read_without_their_payloads() -> TestResult {
    let frame: GlobalDataFrame = resolve(FRAME)?;
    assert_eq!((frame.num_rows(), frame.num_columns(), frame.partition_shape()), (3, 2, (2, 1)));
    let told: Vec<_> = frame.parts().map(|part| (part.start().to_vec(), part.shape().to_vec())).collect();
    assert_eq!(told, [(vec![0, 0], vec![2, 2]), (vec![2, 0], vec![1, 2])]);
    assert!(frame.parts().all(|part| part.nbytes() > 0), "Python leaves the sum to the members");
    Ok(())
}

#[test]
fn collections_have_the_keys_of_the_original() -> TestResult {
    let (recorded, ours) = (serde_json::from_str::<Value>(TENSOR)?, staged(&resolve::<GlobalTensor>(TENSOR)?)?);
    assert_eq!(own_keys(&ours), own_keys(&recorded));
    assert_eq!((&ours["shape_"], &ours["partition_shape_"]), (&json!("[4,3]"), &json!("[2,1]")));
    assert_eq!((&ours["partitions_-size"], &ours["global"]), (&json!(2), &json!(true)));
    assert_eq!(ours["partitions_-1"], recorded["partitions_-1"], "it is linked as it is");
    let (recorded, ours) = (serde_json::from_str::<Value>(FRAME)?, staged(&resolve::<GlobalDataFrame>(FRAME)?)?);
    assert_eq!(own_keys(&ours), own_keys(&recorded));
    assert_eq!((&ours["partition_shape_row_"], &ours["partition_shape_column_"]), (&json!(2), &json!(1)));
    Ok(())
}

#[test]
fn schemas_stay_what_they_are() {
    let stamp = |schema: vineyard_core::Schema| (schema.typename.to_string(), schema.fingerprint().to_string());
    let stamps = [
        stamp(GlobalTensor::schema()),
        stamp(GlobalDataFrame::schema()),
        stamp(Collection::<CsrGraph<u32, f64>>::schema()),
    ];
    let expected = [
        ("vineyard::GlobalTensor", "dcbb764bec13ec82"),
        ("vineyard::GlobalDataFrame", "dba1a076770a4fc3"),
        ("vineyard::Collection<vineyard::CsrGraph<uint,double>>", "0ee676283698ed0e"),
    ];
    assert_eq!(stamps, expected.map(|(name, fingerprint)| (name.to_owned(), fingerprint.to_owned())));
}

#[test]
fn a_collection_is_found_by_its_typename() -> TestResult {
    let object = registry().resolve(&meta(serde_json::from_str(TENSOR)?)?)?;
    assert!(object.is::<GlobalTensor>());
    let collection = json!({
        "typename": "vineyard::Collection<vineyard::CsrGraph<uint32,double>>", "global": true, "partitions_-size": 0,
    });
    let object = registry().resolve(&meta(collection)?)?;
    let graphs = object.downcast::<Collection<CsrGraph<u32, f64>>>().map_err(|_| "another type")?;
    assert_eq!((graphs.num_parts(), graphs.sizes("num_edges"), graphs.param("x")), (0, None, None));
    Ok(())
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_part() -> TestResult {
    let fault = |pointer: &str, value: Value| fault::<GlobalTensor>(TENSOR, &[(pointer, value)]);
    let cases = [
        ("/partitions_-1", Value::Null, "partitions[1]: metadata key `partitions_-1` is missing"),
        ("/partitions_-size", json!(3), "partitions[2]: metadata key `partitions_-2` is missing"),
        (
            "/partitions_-size",
            json!(u64::MAX),
            "partitions: metadata key `partitions_-size` is 18446744073709551615, expected the number of elements",
        ),
        ("/partitions_-1", json!("x"), "partitions[1]: metadata key `partitions_-1` holds a value, expected a member"),
        (
            "/partitions_-1/typename",
            json!("vineyard::Tensor<int64>"),
            "not valid: part 1 is of type `vineyard::Tensor<int64>`, part 0 is of type `vineyard::Tensor<double>`",
        ),
        (
            "/partitions_-1/typename",
            json!("vineyard::DataFrame"),
            "not valid: part 1 is of type `vineyard::DataFrame`, expected a tensor",
        ),
        (
            "/partitions_-1/shape_",
            json!("[2, 4]"),
            "not valid: part 1 has length 4 in dimension 1, part 0 beside it has 3",
        ),
        ("/partitions_-1/shape_", json!("[2]"), "not valid: part 1 has 1 dimensions, part 0 has 2"),
        ("/partitions_-0/shape_", Value::Null, "not valid: part 0: metadata key `shape_` is missing"),
        ("/shape_", json!("[5, 3]"), "not valid: the parts make up [4, 3], `shape_` says [5, 3]"),
        (
            "/partition_shape_",
            json!("[2, 2]"),
            "not valid: a grid of [2, 2] does not have one place for each of 2 parts of 2 dimensions",
        ),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(fault(pointer, value)?, expected, "{pointer}");
    }
    let shape = fault("/partitions_-1/shape_", json!("[-1, 3]"))?;
    assert!(shape.starts_with("not valid: part 1: metadata key `shape_` is \"[-1, 3]\""), "{shape}");
    let huge = fault("/partitions_-1/shape_", json!("[18446744073709551615, 3]"))?;
    assert_eq!(huge, "not valid: the lengths in dimension 0 add up to more than can be counted");
    Ok(())
}

#[test]
fn places_that_are_none_are_refused_by_part() -> TestResult {
    let fault = |place: &str| fault::<GlobalTensor>(PLACED, &[("/partitions_-1/partition_index_", json!(place))]);
    assert_eq!(fault("[0, 1]")?, "not valid: parts 0 and 1 both say that their place is [0, 1]");
    let outside = "not valid: part 1 says that its place is [0, -1], outside of the grid of [1, 2]";
    assert_eq!(fault("[0, -1]")?, outside);
    let gap = fault("[0, 4]")?;
    assert!(gap.starts_with("not valid: a grid of [1, 5] does not have one place for each of 2 parts"), "{gap}");
    Ok(())
}

#[test]
fn frames_that_do_not_fit_are_refused_by_part() -> TestResult {
    let fault = |changes: &[(&str, Value)]| fault::<GlobalDataFrame>(FRAME, changes);
    assert_eq!(fault(&[("/partitions_-0", Value::Null)])?, "partitions[0]: metadata key `partitions_-0` is missing");
    let columns = r#"["a" (vineyard::Tensor<int64>), "b" (vineyard::Tensor<std::string>)]"#;
    let renamed = fault(&[("/partitions_-1/__values_-key-0", json!("\"c\""))])?;
    assert_eq!(
        renamed,
        format!("not valid: part 1 has the columns {}, part 0 has {columns}", columns.replace("\"a\"", "\"c\""))
    );
    let retyped = fault(&[("/partitions_-1/__values_-value-0/typename", json!("vineyard::Tensor<double>"))])?;
    assert_eq!(
        retyped,
        format!("not valid: part 1 has the columns {}, part 0 has {columns}", columns.replace("int64", "double"))
    );
    let missing = fault(&[("/partitions_-1/__values_-value-1", Value::Null)])?;
    assert_eq!(missing, "not valid: part 1: metadata key `__values_-value-1` is missing");
    let many = fault(&[("/partitions_-1/__values_-size", json!(1_u64 << 40))])?;
    assert!(many.starts_with("not valid: part 1: metadata key `__values_-size` is 1099511627776"), "{many}");
    let order = fault(&[("/partitions_-0/row_batch_index_", json!(7))])?;
    assert_eq!(order, "not valid: part 1 says that it is batch 1 of the rows, the part before it that it is 7");
    let grid = fault(&[("/partition_shape_row_", json!(3))])?;
    assert!(grid.starts_with("not valid: a grid of [3, 1] does not have one place for each of 2 parts"), "{grid}");
    let kind = fault(&[("/partitions_-1/typename", json!("vineyard::Series"))])?;
    assert_eq!(kind, "not valid: part 1 is of type `vineyard::Series`, expected a frame");
    let table = fault(&[("/partitions_-1/typename", json!("vineyard::Table"))])?;
    assert!(table.starts_with("not valid: part 1 is of type `vineyard::Table`, part 0 is of type"), "{table}");
    let rows = fault(&[
        ("/partitions_-1/__values_-value-0/shape_", Value::Null),
        ("/partitions_-1/__values_-value-1/shape_", Value::Null),
        ("/partitions_-1/index_", Value::Null),
    ])?;
    assert_eq!(rows, "not valid: part 1 does not tell how many rows it has");
    // Side by side, they have columns of different names.
    let twice = fault(&[
        ("/partition_shape_row_", json!(1)),
        ("/partition_shape_column_", json!(2)),
        ("/partitions_-1/__values_-value-0/shape_", json!("[2]")),
    ])?;
    assert_eq!(twice, r#"not valid: column `"a"` is in part 0 and in part 1 beside it"#);
    Ok(())
}

#[test]
fn parts_of_another_type_are_no_parts_of_a_collection() -> TestResult {
    let mut tree: Value = serde_json::from_str(TENSOR)?;
    tree["typename"] = json!("vineyard::Collection<vineyard::CsrGraph<uint,double>>");
    let error = Collection::<CsrGraph<u32, f64>>::resolve(&meta(tree.clone())?).expect_err("tensors").to_string();
    assert!(
        error.starts_with("partitions[0]: expected an object of type `vineyard::CsrGraph<uint,double>`"),
        "{error}"
    );
    tree["typename"] = json!("vineyard::Collection<vineyard::Tensor<double>>");
    tree["sizes_"] = json!("{\"rows\":[2]}");
    type Tensors = Collection<vineyard_types::Tensor<f64>>;
    let error = Tensors::resolve(&meta(tree.clone())?).expect_err("one size").to_string();
    assert_eq!(error, "not valid: there are 1 sizes named `rows` for 2 parts");
    tree["sizes_"] = json!("{\"rows\":[2,18446744073709551615]}");
    let tensors = Tensors::resolve(&meta(tree)?)?;
    assert_eq!((tensors.total("rows"), tensors.total("columns")), (Some(u64::MAX), None));
    assert_eq!(tensors.parts().map(|part| part.nbytes()).sum::<u64>(), 96);
    Ok(())
}
