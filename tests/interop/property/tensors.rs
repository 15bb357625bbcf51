//! Tensors of every type, of any shape and order, cut and turned by Python.

use std::fmt::Debug;

use half::f16;
use num_complex::Complex;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use vineyard_tests::TestResult;
use vineyard_types::time::{
    Attosecond, DateTime64, Day, Femtosecond, Hour, Microsecond, Millisecond, Minute, Month, Nanosecond, Picosecond,
    Second, TimeDelta64, Week, Year,
};
use vineyard_types::{Bool8, Numeric, Tensor};

use super::{Python, check};

/// What is done with one dimension: where it starts, how far the steps are apart, and how many there are.
#[derive(Debug, Clone)]
struct Steps {
    start: usize,
    step: isize,
    count: usize,
}

/// A tensor and what Python does with it.
#[derive(Debug, Clone)]
struct Case {
    /// Where its type is in [`EVERY_TYPE`].
    kind: usize,
    shape: Vec<usize>,
    bytes: Vec<u8>,
    /// Whether it is made of elements in Fortran's order.
    column_major: bool,
    /// The first rows that are left out before it is put.
    skipped: usize,
    /// In which order Python takes the dimensions.
    axes: Vec<usize>,
    /// What it takes of each, in that order.
    steps: Vec<Steps>,
}

fn steps(length: usize) -> BoxedStrategy<Steps> {
    if length == 0 {
        return Just(Steps { start: 0, step: 1, count: 0 }).boxed();
    }
    let whole = Steps { start: 0, step: 1, count: length };
    let some = (0..length, select(vec![1isize, 2, 3, -1, -2])).prop_flat_map(move |(start, step)| {
        let room = if step > 0 { length - start } else { start + 1 };
        (0..=room.div_ceil(step.unsigned_abs())).prop_map(move |count| Steps { start, step, count })
    });
    prop_oneof![Just(whole), some].boxed()
}

fn cases() -> impl Strategy<Value = Case> {
    let shapes = vec(prop_oneof![1 => Just(0usize), 9 => 1..5usize], 0..5);
    let sized = (0..EVERY_TYPE.len(), shapes).prop_flat_map(|(kind, shape)| {
        let places = shape.iter().product::<usize>() * EVERY_TYPE[kind].0;
        let rows = shape.first().copied().unwrap_or(0);
        let axes = Just((0..shape.len()).collect::<Vec<_>>()).prop_shuffle();
        (Just(kind), Just(shape), vec(any::<u8>(), places), any::<bool>(), 0..=rows, axes)
    });
    sized.prop_flat_map(|(kind, shape, bytes, column_major, skipped, axes)| {
        let length = |axis: &usize| if *axis == 0 { shape[0] - skipped } else { shape[*axis] };
        let steps = axes.iter().map(|axis| steps(length(axis))).collect::<Vec<_>>();
        steps.prop_map(move |steps| Case {
            kind,
            shape: shape.clone(),
            bytes: bytes.clone(),
            column_major,
            skipped,
            axes: axes.clone(),
            steps,
        })
    })
}

/// The elements that Python should find, in the order of C.
fn expected<T: Numeric>(case: &Case, tensor: &Tensor<T>) -> Vec<T> {
    let mut found = Vec::new();
    let mut place = vec![0usize; case.steps.len()];
    if case.steps.iter().any(|steps| steps.count == 0) {
        return found;
    }
    loop {
        let mut index = vec![0usize; place.len()];
        for ((axis, steps), at) in case.axes.iter().zip(&case.steps).zip(&place) {
            index[*axis] = steps.start.wrapping_add_signed(steps.step * *at as isize);
        }
        found.extend(tensor.get(&index).copied());
        let Some(last) = (0..place.len()).rev().find(|axis| place[*axis] + 1 < case.steps[*axis].count) else {
            return found;
        };
        place[last] += 1;
        place[last + 1..].fill(0);
    }
}

fn there_and_back<T: Numeric>(python: &Python, case: &Case) -> Result<(), String> {
    let shape: Vec<u64> = case.shape.iter().map(|length| *length as u64).collect();
    let bytes: Vec<u8> = match T::NUMPY {
        // Others are no booleans, and numpy may take them for either.
        "bool" => case.bytes.iter().map(|byte| byte & 1).collect(),
        _ => case.bytes.clone(),
    };
    let elements: Vec<T> = bytemuck::pod_collect_to_vec(&bytes);
    let tensor = match case.column_major {
        true => Tensor::from_column_major(shape, &elements),
        false => Tensor::new(shape, elements),
    };
    let mut tensor = tensor.map_err(|error| error.to_string())?;
    if !case.shape.is_empty() {
        tensor = tensor.slice_rows(case.skipped..).map_err(|error| error.to_string())?;
    }
    let slices = case.steps.iter().map(|steps| {
        let end = steps.start as isize + steps.step * steps.count as isize;
        json!([steps.start, (end >= 0).then_some(end), steps.step])
    });
    let order = json!({ "axes": case.axes, "steps": slices.collect::<Vec<_>>() });
    let id = python.through(&tensor, order).map_err(|error| error.to_string())?;
    let back = python.client.get::<Tensor<T>>(id).map_err(|error| error.to_string())?;
    let shape: Vec<u64> = case.steps.iter().map(|steps| steps.count as u64).collect();
    let expected = expected(case, &tensor);
    let bytes = |elements: &[T]| elements.iter().map(bytemuck::bytes_of).collect::<Vec<_>>().concat();
    if back.shape() != shape || bytes(back.as_slice()) != bytes(&expected) {
        return Err(format!("{} {back:?}, expected {shape:?} {expected:?}", T::NUMPY));
    }
    Ok(())
}

type Property = fn(&Python, &Case) -> Result<(), String>;

macro_rules! every_type {
    ($($number:ty),* $(,)?) => {
        /// The size of an element, and the property, for each type.
        const EVERY_TYPE: &[(usize, Property)] = &[$((size_of::<$number>(), there_and_back::<$number>)),*];
    };
}

every_type!(
    Bool8,
    i8,
    i16,
    i32,
    i64,
    u8,
    u16,
    u32,
    u64,
    f16,
    f32,
    f64,
    Complex<f32>,
    Complex<f64>,
    DateTime64<Year>,
    DateTime64<Month>,
    DateTime64<Week>,
    DateTime64<Day>,
    DateTime64<Hour>,
    DateTime64<Minute>,
    DateTime64<Second>,
    DateTime64<Millisecond>,
    DateTime64<Microsecond>,
    DateTime64<Nanosecond>,
    DateTime64<Picosecond>,
    DateTime64<Femtosecond>,
    DateTime64<Attosecond>,
    TimeDelta64<Year>,
    TimeDelta64<Month>,
    TimeDelta64<Week>,
    TimeDelta64<Day>,
    TimeDelta64<Hour>,
    TimeDelta64<Minute>,
    TimeDelta64<Second>,
    TimeDelta64<Millisecond>,
    TimeDelta64<Microsecond>,
    TimeDelta64<Nanosecond>,
    TimeDelta64<Picosecond>,
    TimeDelta64<Femtosecond>,
    TimeDelta64<Attosecond>,
);

#[test]
fn tensors_of_any_kind_are_cut_and_turned_by_python() -> TestResult {
    check(&cases(), |python, case| EVERY_TYPE[case.kind].1(python, &case))
}
