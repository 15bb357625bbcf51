use std::error::Error;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use vineyard_core::{Blob, MetaTree, Object, ObjectId, ObjectMeta, registry, testing};

use super::*;
use crate::tensor::Tensor;

type TestResult = Result<(), Box<dyn Error>>;

fn again<T: Object>(matrix: &T) -> Result<T, Box<dyn Error>> {
    Ok(T::resolve(&testing::draft_meta(&matrix.stage()?)?)?)
}

// 1 0 2
// 0 0 3
fn csr() -> Result<CsrMatrix<f64>, SparseError> {
    CsrMatrix::new([2, 3], vec![0, 2, 3], vec![0, 2, 2], vec![1.0, 2.0, 3.0])
}

#[test]
fn each_layout_survives() -> TestResult {
    let rows = again(&csr()?)?;
    assert_eq!(rows, csr()?);
    assert_eq!(rows.row(1).ok_or("a row")?.collect::<Vec<_>>(), [(2, &3.0)]);
    assert!(rows.row(2).is_none());
    let columns = again(&CscMatrix::new([2, 3], vec![0i64, 1, 1, 3], vec![0i64, 0, 1], vec![1u8, 2, 3])?)?;
    assert_eq!(columns.column(2).ok_or("a column")?.collect::<Vec<_>>(), [(0, &2), (1, &3)]);
    assert!(columns.column(3).is_none());
    let places = again(&CooMatrix::new([2, 3], vec![1, 0], vec![2, 0], vec![3i32, 1])?)?;
    assert_eq!((places.rows().get(0), places.columns().get(0), places.values()), (Some(1), Some(2), &[3, 1][..]));
    let blocks = Tensor::new([2, 1, 2], vec![1i16, 2, 3, 4])?;
    let blocks = again(&BsrMatrix::new([2, 4], vec![0, 1, 2], vec![1, 0], blocks)?)?;
    assert_eq!((blocks.nnz(), blocks.block_shape()), (4, [1, 2]));
    assert_eq!(blocks.block_row(1).ok_or("a row")?.collect::<Vec<_>>(), [(0, &[3, 4][..])]);
    Ok(())
}

/// 4 5 0
/// 0 6 0, of which the lower diagonals lie outside but for one place; the values have one column less than the matrix.
fn dia() -> Result<DiaMatrix<f64>, Box<dyn Error>> {
    let values = vec![4.0, 6.0, 9.0, 5.0, 9.0, 9.0, 7.0, 9.0];
    Ok(DiaMatrix::new([2, 3], vec![0, 1, -5, -1], Tensor::new([4, 2], values)?)?)
}

#[test]
fn diagonals_survive_and_are_walked_inside_of_the_matrix() -> TestResult {
    let found = again(&dia()?)?;
    assert_eq!(found, dia()?);
    assert_eq!((found.nnz(), found.shape()), (2 + 1 + 1, [2, 3]));
    let places: Vec<Vec<_>> = (0..4).filter_map(|place| found.diagonal(place)).map(Iterator::collect).collect();
    let expected = [vec![(0, 0, &4.0), (1, 1, &6.0)], vec![(0, 1, &5.0)], vec![], vec![(1, 0, &7.0)]];
    assert_eq!(places, expected);
    assert!(found.diagonal(4).is_none());
    let dense: Vec<_> = (0..3).flat_map(|row| (0..4).map(move |column| (row, column))).collect();
    let dense: Vec<_> = dense.iter().map(|(row, column)| found.get(*row, *column).copied().unwrap_or(0.0)).collect();
    assert_eq!(dense, [4.0, 5.0, 0.0, 0.0, 7.0, 6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let far = |offset: i64| {
        DiaMatrix::new([u64::MAX, 2], vec![offset], Tensor::new([1, 2], vec![1u8, 2])?).map_err(Box::<dyn Error>::from)
    };
    let low = far(i64::MIN)?;
    assert_eq!(low.diagonal(0).ok_or("one")?.collect::<Vec<_>>(), [(1 << 63, 0, &1), ((1 << 63) + 1, 1, &2)]);
    assert_eq!((low.nnz(), low.get((1 << 63) + 1, 1), low.get(u64::MAX, 1)), (2, Some(&2), None));
    let high = far(i64::MAX)?;
    assert_eq!((high.nnz(), high.diagonal(0).into_iter().flatten().count()), (0, 0));
    Ok(())
}

#[test]
fn diagonals_that_do_not_fit_are_refused() -> TestResult {
    let fault = |offsets: Vec<i32>, shape: &[u64]| -> Result<String, Box<dyn Error>> {
        let values = Tensor::new(shape, vec![0u8; shape.iter().product::<u64>() as usize])?;
        Ok(DiaMatrix::new([2, 3], offsets, values).expect_err("no matrix").to_string())
    };
    assert_eq!(fault(vec![0, 1, 0], &[3, 3])?, "diagonals 0 and 2 both have the offset 0");
    assert_eq!(fault(vec![0, 1], &[3, 3])?, "3 rows of values, expected 2");
    assert_eq!(fault(vec![0, 1], &[6])?, "the values have the shape [6], expected [2, 3]");
    Ok(())
}

#[test]
fn values_and_indices_are_not_copied() -> TestResult {
    let matrix = csr()?;
    let found = again(&matrix)?;
    assert_eq!(found.values().as_ptr(), matrix.values().as_ptr());
    assert_eq!(found.indices().as_i32().map(<[i32]>::as_ptr), matrix.indices().as_i32().map(<[i32]>::as_ptr));
    Ok(())
}

#[test]
fn the_metadata_is_that_of_scipys_matrices() -> TestResult {
    let meta = testing::draft_meta(&csr()?.stage()?)?;
    assert_eq!(meta.typename(), "vineyard::CSRMatrix<double>");
    for (key, expected) in [
        ("value_type_", json!("float64")),
        ("shape_", json!("[2,3]")),
        ("ndim", json!(2)),
        ("nnz", json!(3)),
        ("has_sorted_indices", json!(true)),
        ("partition_index_", json!("[]")),
    ] {
        assert_eq!(meta.value(key)?, &expected, "{key}");
    }
    let blocks = BsrMatrix::new([2, 2], vec![0, 1], vec![0], Tensor::new([1, 2, 2], vec![1u8; 4])?)?;
    assert_eq!(testing::draft_meta(&blocks.stage()?)?.value("blocksize")?, "[2,2]");
    Ok(())
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let refused = |offsets: Vec<i64>, indices: Vec<i64>, values: usize| {
        let matrix = CsrMatrix::new([2, 3], offsets, indices, vec![0u8; values]);
        matrix.map(|_| ()).map_err(|error| error.to_string())
    };
    for (offsets, indices, values, expected) in [
        (vec![0, 2], vec![0, 2], 2, "2 offsets, expected 3"),
        (vec![], vec![], 0, "0 offsets, expected 3"),
        (vec![1, 2, 2], vec![0, 2], 2, "offset 0 is 1, expected 0"),
        (vec![-1, 0, 1], vec![0], 1, "offset 0 is -1, expected 0"),
        (vec![0, 2, 1], vec![0, 2], 2, "offset 2 is 1, expected 2 at least"),
        (vec![0, 2, i64::MAX], vec![0, 2], 2, "2 indices, expected 9223372036854775807"),
        (vec![0, 2, 3], vec![0, 2, 2], 2, "2 values, expected 3"),
        (vec![0, 1, 2], vec![0, 3], 2, "index 1 is 3, and there are 3"),
        (vec![0, 1, 2], vec![-1, 0], 2, "index 0 is -1, and there are 3"),
    ] {
        assert_eq!(refused(offsets, indices, values), Err(expected.to_owned()));
    }
    let places = CooMatrix::new([1, 1], vec![0, 0], vec![0], vec![1u8]).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(places, Err("2 rows, expected 1".to_owned()));
    let tall = CooMatrix::new([1, 2], vec![1], vec![1], vec![1u8]).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(tall, Err("index 0 is 1, and there are 1".to_owned()));
    let huge = CsrMatrix::new([u64::MAX, 1], vec![0], Vec::<i32>::new(), Vec::<u8>::new()).map(|_| ());
    assert_eq!(huge.map_err(|e| e.to_string()), Err("1 offsets, expected 18446744073709551615".to_owned()));
}

#[test]
fn blocks_that_do_not_tile_are_refused() -> TestResult {
    let refused = |shape: [u64; 2], block: &[u64]| -> Result<String, Box<dyn Error>> {
        let len = usize::try_from(block.iter().product::<u64>())?;
        let matrix = BsrMatrix::new(shape, vec![0, 1], vec![0], Tensor::new(block, vec![0u8; len])?);
        Ok(matrix.err().ok_or("accepted")?.to_string())
    };
    assert_eq!(refused([3, 2], &[1, 2, 2])?, "a matrix of shape [3, 2] cannot consist of blocks of [2, 2]");
    assert_eq!(refused([2, 2], &[1, 0, 2])?, "a matrix of shape [2, 2] cannot consist of blocks of [0, 2]");
    assert_eq!(refused([2, 2], &[4])?, "the values have the shape [4], expected [4, 1, 1]");
    Ok(())
}

/// A matrix as another client could have written it: what [`csr`] is, with changes.
fn foreign(changes: &Value) -> Result<ObjectMeta, Box<dyn Error>> {
    let tensor = |number: u64, typename: &str, name: &str, len: u64| {
        json!({
            "typename": format!("vineyard::Tensor<{typename}>"), "id": ObjectId::from_raw(number).to_string(),
            "instance_id": 0, "nbytes": 0, "shape_": format!("[{len}]"), "value_type_": name, "order_": "\"C\"",
            "buffer_": {
                "typename": "vineyard::Blob", "instance_id": 0, "length": 0,
                "id": ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | number).to_string(),
            },
        })
    };
    let mut tree = json!({
        "typename": "vineyard::CSRMatrix<float64>", "id": "o0000000000000001", "instance_id": 0, "nbytes": 24,
        "value_type_": "float64", "shape_": "[2, 3]", "ndim": 2, "nnz": 3, "has_sorted_indices": true,
        "partition_index_": "[]", "data": tensor(2, "double", "float64", 3), "indices": tensor(3, "int", "int32", 3),
        "indptr": tensor(4, "int", "int32", 3),
    });
    for (key, value) in changes.as_object().into_iter().flatten() {
        tree[key] = value.clone();
    }
    let tree: MetaTree = serde_json::from_value(tree)?;
    let blob = |number: u64, blob: Blob| (ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | number), blob);
    let indices = if changes["unsorted"] == true { vec![2i32, 0, 2] } else { vec![0, 2, 2] };
    let payloads = [blob(2, vec![1.0, 2.0, 3.0].into()), blob(3, indices.into()), blob(4, vec![0i32, 2, 3].into())];
    Ok(testing::object_meta(tree, payloads))
}

#[test]
fn what_python_wrote_is_read() -> TestResult {
    let meta = foreign(&json!({}))?;
    assert_eq!(CsrMatrix::<f64>::resolve(&meta)?, csr()?);
    assert!(registry().resolve(&meta)?.is::<CsrMatrix<f64>>());
    Ok(())
}

#[test]
fn metadata_that_lies_is_refused() -> TestResult {
    for (changes, expected) in [
        (json!({"shape_": "[3, 3]"}), "not valid: 3 offsets, expected 4"),
        (json!({"shape_": "[2, 2]"}), "not valid: index 1 is 2, and there are 2"),
        (json!({"nnz": 4}), "not valid: 3 values are used, expected 4"),
        (json!({"unsorted": true}), "not valid: the indices are said to be in order, and index 1 is not"),
        (json!({"shape_": "[2]"}), "shape: metadata key `shape_` is 1 elements, expected 2 elements"),
        (
            json!({"value_type_": "float32"}),
            "value_type: metadata key `value_type_` is \"float32\", expected `float64`, as the typename has it",
        ),
    ] {
        let error = CsrMatrix::<f64>::resolve(&foreign(&changes)?).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err(expected.to_owned()), "{changes}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_matrix_survives(rows in vec(vec(proptest::option::of(any::<u64>()), 6), 0..6)) {
        let (mut offsets, mut indices, mut values) = (vec![0i64], Vec::new(), Vec::new());
        for row in &rows {
            for (column, value) in row.iter().enumerate() {
                if let Some(bits) = value {
                    indices.push(column as i64);
                    values.push(f64::from_bits(*bits));
                }
            }
            offsets.push(values.len() as i64);
        }
        let matrix = CsrMatrix::new([rows.len() as u64, 6], offsets, indices, values);
        let matrix = matrix.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let found = again(&matrix).map_err(|error| TestCaseError::fail(error.to_string()))?;
        for (place, row) in rows.iter().enumerate() {
            let mut dense = vec![None; 6];
            for (column, value) in found.row(place).into_iter().flatten() {
                dense[column as usize] = Some(value.to_bits());
            }
            prop_assert_eq!(&dense, row);
        }
    }
}

#[cfg(feature = "sprs")]
#[test]
fn sprs_views_what_is_stored_and_is_stored() -> TestResult {
    let matrix = again(&csr()?)?;
    let view = matrix.as_sprs::<i32>()?;
    assert_eq!((view.rows(), view.cols(), view.get(1, 2), view.get(1, 1)), (2, 3, Some(&3.0), None));
    assert_eq!(view.data().as_ptr(), matrix.values().as_ptr(), "copied");
    assert!(matrix.as_sprs::<i64>().is_err());
    let unsorted = CsrMatrix::new([1, 2], vec![0, 2], vec![1, 0], vec![1.0, 2.0])?;
    assert!(unsorted.as_sprs::<i32>().is_err());

    let owned = view.to_owned();
    let data = owned.data().as_ptr();
    let stored = CsrMatrix::from_sprs(owned)?;
    assert_eq!(stored, matrix);
    assert_eq!(stored.values().as_ptr(), data, "copied");
    let columns = CscMatrix::from_sprs(view.to_owned())?;
    assert_eq!(columns.column(2).ok_or("a column")?.collect::<Vec<_>>(), [(0, &2.0), (1, &3.0)]);
    assert_eq!(columns.as_sprs::<i32>()?.get(0, 2), Some(&2.0));
    Ok(())
}
