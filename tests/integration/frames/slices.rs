//! A part of an array of any type is what Arrow says it is.

use std::ops::Range;

use arrow_array::{Array, ArrayRef};
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer, arrays, on_stock};
use vineyard_types::arrow::{ArrayError, ArrowArray};

use super::{every_type, memory};

/// Parts of each array.
const PARTS: usize = 8;

fn range(random: &mut Random, len: usize) -> Range<usize> {
    let start = random.below(len + 1);
    start..start + random.below(len - start + 1)
}

fn check(part: &ArrowArray, expected: &ArrayRef, what: &str) -> TestResult {
    let found = part.to_arrow().map_err(|error| format!("{what}: {error}"))?;
    assert_eq!(found.data_type(), expected.data_type(), "{what}");
    assert_eq!(&found, expected, "{what}");
    assert_eq!((part.len(), part.null_count()), (expected.len(), Some(expected.null_count())), "{what}");
    Ok(())
}

#[test]
fn parts_of_arrays_of_every_type_are_those_of_arrow() -> TestResult {
    for (seed, data_type) in every_type().into_iter().enumerate() {
        let mut random = Random::new(seed as u64);
        let len = if seed % 9 == 0 { 0 } else { random.below(60) };
        let array = arrays::array(&mut random, &data_type, len)?;
        let stored = ArrowArray::from_arrow(&array);
        for _ in 0..PARTS {
            let rows = range(&mut random, len);
            let what = format!("{seed}, {data_type}, {rows:?} of {len}");
            let part = stored.slice(rows.clone()).map_err(|error| format!("{what}: {error}"))?;
            let expected = array.slice(rows.start, rows.len());
            check(&part, &expected, &what)?;
            let again = range(&mut random, rows.len());
            let what = format!("{what}, {again:?} of these");
            let smaller = part.slice(again.clone()).map_err(|error| format!("{what}: {error}"))?;
            check(&smaller, &expected.slice(again.start, again.len()), &what)?;
        }
        let error = stored.slice(..=len).expect_err("one more than there are");
        assert!(matches!(error, ArrayError::Range(_)), "{error}");
    }
    Ok(())
}

#[test]
fn parts_of_arrays_of_every_type_are_put_on_the_memory_of_the_whole() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    for (seed, data_type) in every_type().into_iter().enumerate() {
        let mut random = Random::new(1000 + seed as u64);
        let len = 1 + random.below(60);
        let array = arrays::array(&mut random, &data_type, len)?;
        let whole = client.get::<ArrowArray>(client.put(&ArrowArray::from_arrow(&array))?)?;
        let before = memory(&client)?;
        let rows = range(&mut random, len);
        let what = format!("{seed}, {data_type}, {rows:?} of {len}");
        let id = client.put(&whole.slice(rows.clone())?).map_err(|error| format!("{what}: {error}"))?;
        if !on_stock() {
            assert_eq!(memory(&client)?, before, "{what}");
        }
        drop(whole);
        let part = client.get::<ArrowArray>(id).map_err(|error| format!("{what}: {error}"))?;
        check(&part, &array.slice(rows.start, rows.len()), &what)?;
    }
    server.stop();
    Ok(())
}
