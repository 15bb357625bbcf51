//! Objects of every type, put by one side and compared by the other.

use std::error::Error;

use vineyard_core::{Array, Client, IntoDraft, Object, ObjectId, RpcClient, Stored};
use vineyard_types::graph::{CsrGraph, EdgeOptions};
use vineyard_types::hashmap::{Duplicates, PerfectMap, SharedMap};
use vineyard_types::{Bool8, DataFrame, Float, Index, Int, Integer, Numeric, Scalar, StringTensor, Tensor, Text};

/// One array.
#[derive(Debug, Object)]
#[object(typename = "test::Bytes")]
pub struct Bytes {
    /// The bytes.
    pub bytes: Array<u8>,
}

/// Two arrays, of which one may be absent.
#[derive(Debug, Object)]
#[object(typename = "test::Pair")]
pub struct Pair {
    /// Always there.
    pub first: Array<f64>,
    /// Perhaps there.
    pub second: Option<Array<f64>>,
}

pub use crate::tower::Tower;

/// What the samples need of a client of either kind.
pub trait AnyClient {
    /// Whether what it gets lies in shared memory.
    const SHARES: bool;

    /// As [`Client::put_named`].
    ///
    /// # Errors
    ///
    /// As there.
    fn put_named(&self, name: &str, object: impl IntoDraft) -> Result<ObjectId, vineyard_core::Error>;

    /// As [`Client::get_by_name`].
    ///
    /// # Errors
    ///
    /// As there.
    fn get_by_name<T: Object>(&self, name: &str) -> Result<Stored<T>, vineyard_core::Error>;
}

macro_rules! any_client {
    ($client:ty, $shares:literal) => {
        impl AnyClient for $client {
            const SHARES: bool = $shares;

            fn put_named(&self, name: &str, object: impl IntoDraft) -> Result<ObjectId, vineyard_core::Error> {
                <$client>::put_named(self, name, object)
            }

            fn get_by_name<T: Object>(&self, name: &str) -> Result<Stored<T>, vineyard_core::Error> {
                <$client>::get_by_name(self, name)
            }
        }
    };
}

any_client!(Client, true);
any_client!(RpcClient, false);

/// How many objects [`put_all`] puts.
pub const COUNT: usize = 20;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// A tensor of six elements whose values follow from their places.
fn tensor<T: Numeric + TryFrom<u8>>() -> Done<Tensor<T>> {
    let elements: Vec<T> = (0..6u8).map_while(|value| T::try_from(value).ok()).collect();
    Ok(Tensor::new([2, 3], elements)?)
}

fn floats<T: Numeric + From<f32>>() -> Done<Tensor<T>> {
    let elements: Vec<T> = [0.0f32, 1.0, 2.0, 3.0, 4.0, 5.0].map(T::from).to_vec();
    Ok(Tensor::new([2, 3], elements)?)
}

fn frame() -> Done<DataFrame> {
    Ok(DataFrame::new()
        .with_column("n", vec![1i64, 2, 3])?
        .with_column("x", vec![0.5, 1.5, 2.5])?
        .with_column("s", vec!["a", "", "naïve"])?)
}

fn labelled() -> Done<DataFrame> {
    Ok(frame()?.with_index(Index::new(vec![10i64, 20, 30]))?)
}

fn graph() -> Done<CsrGraph<u32, f64>> {
    let edges = [(2, 0, 0.5), (0, 1, 1.0), (0, 2, 2.0), (2, 2, 4.0)];
    let graph = CsrGraph::from_weighted_edges(3, edges, EdgeOptions::default())?;
    Ok(graph.with_vertices(labelled()?)?)
}

/// A map of 10,000 squares.
///
/// # Errors
///
/// If it cannot be built.
pub fn map() -> Done<SharedMap<u64, u64>> {
    Ok(SharedMap::from_entries((0..10_000).map(|n| (n * n, n)), Duplicates::Refuse)?)
}

/// The same with a perfect hash function.
///
/// # Errors
///
/// If it cannot be built.
pub fn perfect_map() -> Done<PerfectMap<u64, u64>> {
    Ok(PerfectMap::from_entries((0..10_000).map(|n| (n * n, n)), Duplicates::Refuse)?)
}

/// A map of 10,000 texts.
///
/// # Errors
///
/// If it cannot be built.
pub fn map_of_texts() -> Done<SharedMap<Text, Text>> {
    let words = (0..10_000).map(|n| (format!("key {n}"), format!("value {n}")));
    Ok(SharedMap::from_entries(words, Duplicates::Refuse)?)
}

/// Puts one object of every type under its name.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn put_all(client: &impl AnyClient) -> Done {
    client.put_named("i8", &tensor::<i8>()?)?;
    client.put_named("i16", &tensor::<i16>()?)?;
    client.put_named("i32", &tensor::<i32>()?)?;
    client.put_named("i64", &tensor::<i64>()?)?;
    client.put_named("u8", &tensor::<u8>()?)?;
    client.put_named("u16", &tensor::<u16>()?)?;
    client.put_named("u32", &tensor::<u32>()?)?;
    client.put_named("u64", &tensor::<u64>()?)?;
    client.put_named("f32", &floats::<f32>()?)?;
    client.put_named("f64", &floats::<f64>()?)?;
    client.put_named("bool", &Tensor::from([true, false].map(Bool8::from)))?;
    client.put_named("empty", &Tensor::<f64>::new([0, 3], vec![])?)?;
    client.put_named("strings", &StringTensor::from_iter(["a", "", "naïve"]))?;
    client.put_named("int", &Scalar::<Int>::from(1 << 40))?;
    client.put_named("float", &Scalar::<Float>::from(3.25))?;
    client.put_named("text", &Scalar::<Text>::from("text"))?;
    client.put_named("frame", &frame()?)?;
    client.put_named("labelled", &labelled()?)?;
    client.put_named("graph", &graph()?)?;
    client.put_named("bytes", &Bytes { bytes: (0..=255).collect() })?;
    Ok(())
}

/// Fails unless two values that should be equal are.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Done {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}").into()) }
}

/// Fails unless an array lies where the client has its arrays: in a mapped arena, so that it was not copied, or not.
fn placed<C: AnyClient, T: vineyard_core::Element>(what: &str, array: &Array<T>) -> Done {
    let inside = array.blob().arena_contains(array.as_ptr().addr());
    match (C::SHARES, array.is_shared() && inside) {
        (true, false) => Err(format!("{what} was copied").into()),
        (false, true) => Err(format!("{what} lies in shared memory").into()),
        _ => Ok(()),
    }
}

fn check_tensor<C: AnyClient, T: Numeric>(client: &C, name: &str, expected: &Tensor<T>) -> Done<usize> {
    let found: Stored<Tensor<T>> = client.get_by_name(name)?;
    same(name, &*found, expected)?;
    if !expected.is_empty() {
        placed::<C, T>(name, found.array())?;
    }
    Ok(1)
}

fn check_frame<C: AnyClient>(name: &str, found: &DataFrame, expected: &DataFrame) -> Done {
    same(name, found.head(100).to_string(), expected.head(100).to_string())?;
    same(name, found.texts("s")?, expected.texts("s")?)?;
    placed::<C, _>(name, found.numbers::<i64>("n")?.array())?;
    placed::<C, _>(name, found.numbers::<f64>("x")?.array())
}

/// Gets every object that [`put_all`] has put, compares it, and sees that nothing was copied that need not be; returns how many.
///
/// # Errors
///
/// The first difference, or whatever else goes wrong.
pub fn check_all<C: AnyClient>(client: &C) -> Done<usize> {
    let mut count = 0;
    count += check_tensor(client, "i8", &tensor::<i8>()?)?;
    count += check_tensor(client, "i16", &tensor::<i16>()?)?;
    count += check_tensor(client, "i32", &tensor::<i32>()?)?;
    count += check_tensor(client, "i64", &tensor::<i64>()?)?;
    count += check_tensor(client, "u8", &tensor::<u8>()?)?;
    count += check_tensor(client, "u16", &tensor::<u16>()?)?;
    count += check_tensor(client, "u32", &tensor::<u32>()?)?;
    count += check_tensor(client, "u64", &tensor::<u64>()?)?;
    count += check_tensor(client, "f32", &floats::<f32>()?)?;
    count += check_tensor(client, "f64", &floats::<f64>()?)?;
    count += check_tensor(client, "bool", &Tensor::from([true, false].map(Bool8::from)))?;
    count += check_tensor(client, "empty", &Tensor::<f64>::new([0, 3], vec![])?)?;
    same("strings", &*client.get_by_name::<StringTensor>("strings")?, &["a", "", "naïve"].into_iter().collect())?;
    same("int", client.get_by_name::<Scalar<Int>>("int")?.get(), &Integer::from(1i64 << 40))?;
    same("float", client.get_by_name::<Scalar<Float>>("float")?.get(), &3.25)?;
    same("text", client.get_by_name::<Scalar<Text>>("text")?.get().as_str(), "text")?;
    check_frame::<C>("frame", &*client.get_by_name::<DataFrame>("frame")?, &frame()?)?;
    check_frame::<C>("labelled", &*client.get_by_name::<DataFrame>("labelled")?, &labelled()?)?;
    let found = client.get_by_name::<CsrGraph<u32, f64>>("graph")?;
    let expected = graph()?;
    found.verify()?;
    same("graph", found.edges().collect::<Vec<_>>(), expected.edges().collect())?;
    placed::<C, _>("offsets", &found.offsets)?;
    placed::<C, _>("targets", &found.targets)?;
    check_frame::<C>("vertices", found.vertices.as_ref().ok_or("no vertices")?, &labelled()?)?;
    let bytes = client.get_by_name::<Bytes>("bytes")?;
    same("bytes", &bytes.bytes, &(0..=255).collect())?;
    placed::<C, _>("bytes", &bytes.bytes)?;
    count += 8;
    Ok(count)
}

/// Puts what `tests/python/get_from_rust.py` gets.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn put_for_python(client: &impl AnyClient) -> Done {
    client.put_named("rs/int8", &tensor::<i8>()?)?;
    client.put_named("rs/int16", &tensor::<i16>()?)?;
    client.put_named("rs/int32", &tensor::<i32>()?)?;
    client.put_named("rs/int64", &tensor::<i64>()?)?;
    client.put_named("rs/uint8", &tensor::<u8>()?)?;
    client.put_named("rs/uint16", &tensor::<u16>()?)?;
    client.put_named("rs/uint32", &tensor::<u32>()?)?;
    client.put_named("rs/uint64", &tensor::<u64>()?)?;
    client.put_named("rs/float32", &floats::<f32>()?)?;
    client.put_named("rs/float64", &floats::<f64>()?)?;
    client.put_named("rs/bool", &Tensor::from([true, false].map(Bool8::from)))?;
    client.put_named("rs/empty", &Tensor::<f64>::new([0, 3], vec![])?)?;
    client.put_named("rs/int", &Scalar::<Int>::from(42))?;
    client.put_named("rs/str", &Scalar::<Text>::from("text"))?;
    client.put_named("rs/float", &Scalar::<Float>::from(3.25))?;
    client.put_named("rs/strings", &StringTensor::from_iter(["a", "", "naïve"]))?;
    client.put_named("rs/frame", &labelled()?)?;
    client.put_named("rs/frame-without-index", &frame()?)?;
    Ok(())
}

/// Gets and compares what `tests/python/put_for_rust.py` has put.
///
/// # Errors
///
/// The first difference, or whatever else goes wrong.
pub fn check_python(client: &impl AnyClient) -> Done {
    check_tensor(client, "py/int64", &tensor::<i64>()?)?;
    check_tensor(client, "py/float32", &Tensor::from([0.5f32, 1.5]))?;
    check_tensor(client, "py/uint32", &Tensor::new([2, 1], vec![1u32, u32::MAX])?)?;
    check_tensor(client, "py/int8", &Tensor::from([-128i8, 127]))?;
    check_tensor(client, "py/empty", &Tensor::<f64>::new([0, 3], vec![])?)?;
    check_tensor(client, "py/scalar", &Tensor::new([], vec![7u16])?)?;
    check_tensor(client, "py/bool", &Tensor::from([true, false].map(Bool8::from)))?;
    same("py/strings", &*client.get_by_name::<StringTensor>("py/strings")?, &["a", "", "naïve"].into_iter().collect())?;
    let frame = client.get_by_name::<DataFrame>("py/frame")?;
    same(
        "columns",
        frame.names().map(ToString::to_string).collect::<Vec<_>>(),
        ["n", "x", "u", "s"].map(str::to_owned).into(),
    )?;
    same("n", frame.numbers::<i64>("n")?.as_slice(), &[1, 2, 3])?;
    same("x", frame.numbers::<f64>("x")?.as_slice(), &[0.5, 1.5, 2.5])?;
    same("u", frame.numbers::<u8>("u")?.as_slice(), &[7, 8, 9])?;
    same("s", frame.texts("s")?, &["p", "", "naïve"].into_iter().collect())?;
    let index = frame.index().ok_or("the frame has lost its index")?;
    same("index", index.values().numbers::<i64>().map(Tensor::as_slice), Some(&[10, 20, 30][..]))?;
    same("py/int", client.get_by_name::<Scalar<Int>>("py/int")?.get(), &Integer::from(42))?;
    same("py/str", client.get_by_name::<Scalar<Text>>("py/str")?.get().as_str(), "text")?;
    same("py/float", client.get_by_name::<Scalar<Float>>("py/float")?.get(), &3.25)?;
    Ok(())
}
