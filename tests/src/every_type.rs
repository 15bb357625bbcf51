//! Tensors, matrices and single values of every type, for and from `tests/python`.

use std::error::Error;

use bytemuck::bytes_of;
use half::f16;
use num_complex::Complex;
use vineyard_core::{Blob, Client, Object, Opaque, Stored};
use vineyard_types::sparse::{BsrMatrix, CooMatrix, CscMatrix, CsrMatrix, DiaMatrix};
use vineyard_types::time::{
    Attosecond, DateTime64, Day, Femtosecond, Hour, Microsecond, Millisecond, Minute, Month, Nanosecond, Picosecond,
    Second, TimeDelta64, TimeUnit, Week, Year,
};
use vineyard_types::{Bool, Bool8, Float, Int, Integer, Numeric, Scalar, Sequence, Tensor, Text};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// What is done with the elements of one type.
trait Each {
    fn with<T: Numeric>(&self, expected: &Tensor<T>) -> Done;
}

/// The bytes of `every_type.py`, two rows and three columns.
fn tensor<T: Numeric>() -> Done<Tensor<T>> {
    let bytes: Vec<u8> = (0..6 * size_of::<T>()).map(byte).collect();
    Ok(Tensor::new([2, 3], bytemuck::pod_collect_to_vec::<u8, T>(&bytes))?)
}

fn byte(place: usize) -> u8 {
    if place % 24 < 9 { 0xff } else { ((37 * place + 11) % 256) as u8 }
}

fn times<U: TimeUnit>(each: &impl Each) -> Done {
    each.with(&tensor::<DateTime64<U>>()?)?;
    each.with(&tensor::<TimeDelta64<U>>()?)
}

fn every_type(each: &impl Each) -> Done {
    let flags = [true, false, true, false, true, false].map(Bool8::from);
    each.with(&Tensor::new([2, 3], flags)?)?;
    each.with(&tensor::<i8>()?)?;
    each.with(&tensor::<i16>()?)?;
    each.with(&tensor::<i32>()?)?;
    each.with(&tensor::<i64>()?)?;
    each.with(&tensor::<u8>()?)?;
    each.with(&tensor::<u16>()?)?;
    each.with(&tensor::<u32>()?)?;
    each.with(&tensor::<u64>()?)?;
    each.with(&tensor::<f16>()?)?;
    each.with(&tensor::<f32>()?)?;
    each.with(&tensor::<f64>()?)?;
    each.with(&tensor::<Complex<f32>>()?)?;
    each.with(&tensor::<Complex<f64>>()?)?;
    times::<Year>(each)?;
    times::<Month>(each)?;
    times::<Week>(each)?;
    times::<Day>(each)?;
    times::<Hour>(each)?;
    times::<Minute>(each)?;
    times::<Second>(each)?;
    times::<Millisecond>(each)?;
    times::<Microsecond>(each)?;
    times::<Nanosecond>(each)?;
    times::<Picosecond>(each)?;
    times::<Femtosecond>(each)?;
    times::<Attosecond>(each)
}

struct Put<'a>(&'a Client);

impl Each for Put<'_> {
    fn with<T: Numeric>(&self, expected: &Tensor<T>) -> Done {
        self.0.put_named(&format!("rs/{}", T::NUMPY), expected)?;
        Ok(())
    }
}

struct Check<'a>(&'a Client);

impl Each for Check<'_> {
    fn with<T: Numeric>(&self, expected: &Tensor<T>) -> Done {
        let name = format!("py/{}", T::NUMPY);
        let found = get::<Tensor<T>>(self.0, &name)?;
        same(&name, found.shape(), expected.shape())?;
        same(&name, bytes(&found), bytes(expected))?;
        same(&name, self.0.get_any(found.id())?.is::<Tensor<T>>(), true)
    }
}

fn bytes<T: Numeric>(tensor: &Tensor<T>) -> Vec<&[u8]> {
    tensor.as_slice().iter().map(bytes_of).collect()
}

fn get<T: Object>(client: &Client, name: &str) -> Done<Stored<T>> {
    client.get_by_name(name).map_err(|error| format!("{name}: {error}").into())
}

/// Fails unless two values that should be equal are.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Done {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}").into()) }
}

fn refused<T: Object>(client: &Client, name: &str, why: &str) -> Done {
    match client.get_by_name::<T>(name) {
        Ok(_) => Err(format!("{name} was read").into()),
        Err(error) if error.to_string().contains(why) => Ok(()),
        Err(error) => Err(format!("{name}: {error}, expected {why}").into()),
    }
}

/// Puts what `types_get.py` gets.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn put_for_python(client: &Client) -> Done {
    every_type(&Put(client))?;
    client.put_named("rs/fortran", &Tensor::from_column_major([2, 3], &[0i64, 3, 1, 4, 2, 5])?)?;

    client.put_named("rs/smallest", &Scalar::<Int>::from(i64::MIN))?;
    client.put_named("rs/largest", &Scalar::<Int>::from(i64::MAX))?;
    client.put_named("rs/unsigned", &Scalar::<Int>::from(Integer::from(u64::MAX)))?;
    client.put_named("rs/true", &Scalar::<Bool>::from(true))?;
    client.put_named("rs/false", &Scalar::<Bool>::from(false))?;
    client.put_named("rs/nan", &Scalar::<Float>::from(f64::NAN))?;
    client.put_named("rs/inf", &Scalar::<Float>::from(f64::INFINITY))?;
    client.put_named("rs/-inf", &Scalar::<Float>::from(f64::NEG_INFINITY))?;
    client.put_named("rs/tiny", &Scalar::<Float>::from(5e-324))?;
    client.put_named("rs/-0", &Scalar::<Float>::from(-0.0))?;
    client.put_named("rs/narrow", &Scalar::<f32>::from(0.1))?;
    client.put_named("rs/text", &Scalar::<Text>::from("naïve \"text\""))?;
    let unusual = f64::from_bits(0x7ff8_0000_0000_0001);
    let id = client.put_named("rs/unusual-nan", &Scalar::<Float>::from(unusual))?;
    same("rs/unusual-nan", client.get::<Scalar<Float>>(id)?.get().to_bits(), unusual.to_bits())?;

    let inner = Sequence::new().with(&Scalar::<Bool>::from(true))?.with(&Scalar::<Float>::from(2.5))?;
    let mut list = Sequence::new().with(&Scalar::<Int>::from(1))?.with(&Scalar::<Text>::from("two"))?;
    // One that is stored already, and is linked.
    let array = client.put(&Tensor::from([0i64, 1, 2]))?;
    list.push(client.get::<Tensor<i64>>(array)?);
    list.push(Blob::from(b"xyz".to_vec()));
    let list = list.with(&inner)?.with(&Sequence::new())?;
    let id = client.put(&list)?;
    // Got and put again before Python gets it.
    client.put_named("rs/list", &*client.get::<Sequence>(id)?)?;

    let (offsets, indices) = (vec![0, 2, 3, 5], vec![0, 2, 2, 0, 1]);
    let values = vec![1.5, 2.0, 3.0, 4.0, 5.0];
    client.put_named("rs/csr", &CsrMatrix::new([3, 3], offsets.clone(), indices.clone(), values.clone())?)?;
    let by_columns = CscMatrix::new([3, 3], vec![0, 2, 3, 5], vec![0, 2, 2, 0, 1], vec![1i64, 4, 5, 2, 3])?;
    client.put_named("rs/csc", &by_columns)?;
    let complex: Vec<Complex<f32>> = values.iter().map(|value| Complex::new(*value as f32, 0.0)).collect();
    client.put_named("rs/coo", &CooMatrix::new([3, 3], vec![0, 0, 1, 2, 2], indices.clone(), complex)?)?;
    let blocks: Vec<f64> = values.iter().flat_map(|value| [*value, 2.0 * value]).collect();
    let blocks = Tensor::new([5, 1, 2], blocks)?;
    client.put_named("rs/bsr", &BsrMatrix::new([3, 6], offsets, indices, blocks)?)?;
    let diagonals = [[4.0, 0.0, 0.0], [0.0, 5.0, 0.0], [1.5, 0.0, 0.0], [0.0, 0.0, 3.0], [0.0, 0.0, 2.0]];
    let diagonals = Tensor::new([5, 3], diagonals.into_iter().flatten().collect::<Vec<f32>>())?;
    client.put_named("rs/dia", &DiaMatrix::new([3, 3], vec![-2, -1, 0, 1, 2], diagonals)?)?;
    Ok(())
}

/// Gets and compares what `types_put.py` has put.
///
/// # Errors
///
/// The first difference, or whatever else goes wrong.
pub fn check_python(client: &Client) -> Done {
    every_type(&Check(client))?;
    let ordered = get::<Tensor<i64>>(client, "py/fortran")?;
    same("py/fortran", (ordered.as_slice(), ordered.original_order()), (&[0, 1, 2, 3, 4, 5][..], "F"))?;
    let transposed = get::<Tensor<i64>>(client, "py/transposed")?;
    same("py/transposed", (transposed.shape(), transposed.as_slice()), (&[2, 3][..], &[0, 2, 4, 1, 3, 5][..]))?;
    same("py/strided", get::<Tensor<i64>>(client, "py/strided")?.as_slice(), &[0, 3, 6, 9])?;
    refused::<Tensor<i64>>(client, "py/other-bytes", "is \">i8\", expected `<i8`")?;
    let swapped = Tensor::<i64>::to_native_endian(&*get::<Opaque>(client, "py/other-bytes")?)?;
    same("py/other-bytes", swapped.as_slice(), &[0, 1, 2])?;

    same("py/smallest", get::<Scalar<Int>>(client, "py/smallest")?.get(), &i64::MIN.into())?;
    same("py/largest", get::<Scalar<Int>>(client, "py/largest")?.get(), &i64::MAX.into())?;
    refused::<Scalar<Int>>(client, "py/lost", "whose value is lost")?;
    refused::<Scalar<Int>>(client, "py/lost-too", "whose value is lost")?;
    same("py/true", get::<Scalar<Bool>>(client, "py/true")?.get(), &true)?;
    same("py/false", get::<Scalar<Bool>>(client, "py/false")?.get(), &false)?;
    same("py/true", get::<Scalar<Int>>(client, "py/true")?.get(), &Integer::from(1))?;
    same("py/float", get::<Scalar<Float>>(client, "py/float")?.get().to_bits(), (-0.0f64).to_bits())?;
    // The client cuts what it puts to 32 bits.
    same("py/tenth", get::<Scalar<Float>>(client, "py/tenth")?.get(), &f64::from(0.1f32))?;
    refused::<Scalar<Float>>(client, "py/nan", "is null, expected a value of type double")?;
    same("py/text", get::<Scalar<Text>>(client, "py/text")?.get().as_str(), "naïve \"text\"")?;

    let list = get::<Sequence>(client, "py/list")?;
    let [number, text, array, data, inner, empty] = &list.iter().collect::<Vec<_>>()[..] else {
        return Err(format!("py/list has {} elements", list.len()).into());
    };
    same("py/list[0]", number.get::<Scalar<Int>>()?, Scalar::from(1))?;
    same("py/list[1]", text.get::<Scalar<Text>>()?, Scalar::from("two"))?;
    same("py/list[2]", array.get::<Tensor<i64>>()?, Tensor::from([0, 1, 2]))?;
    same("py/list[3]", data.get::<Blob>()?.as_bytes(), b"xyz")?;
    same("py/list[4]", inner.get::<Sequence>()?.len(), 2)?;
    same("py/list[5]", empty.get::<Sequence>()?.is_empty(), true)?;

    let rows = get::<CsrMatrix<f64>>(client, "py/csr")?;
    let row: Vec<_> = rows.row(2).into_iter().flatten().collect();
    same("py/csr", (rows.nnz(), row), (5, vec![(0, &4.0), (1, &5.0)]))?;
    let columns = get::<CscMatrix<i64>>(client, "py/csc")?;
    let column: Vec<_> = columns.column(2).into_iter().flatten().collect();
    same("py/csc", (columns.nnz(), column), (5, vec![(0, &2), (1, &3)]))?;
    let places = get::<CooMatrix<Complex<f32>>>(client, "py/coo")?;
    same("py/coo", places.rows().iter().collect::<Vec<_>>(), vec![0, 0, 1, 2, 2])?;
    same("py/coo", places.columns().iter().collect::<Vec<_>>(), vec![0, 2, 2, 0, 1])?;
    same("py/coo", places.values().first(), Some(&Complex::new(1.5, 0.0)))?;
    let blocks = get::<BsrMatrix<f64>>(client, "py/bsr")?;
    let row: Vec<_> = blocks.block_row(1).into_iter().flatten().collect();
    same("py/bsr", (blocks.block_shape(), row), ([1, 2], vec![(2, &[3.0, 6.0][..])]))?;
    let diagonals = get::<DiaMatrix<f32>>(client, "py/dia")?;
    same("py/dia", diagonals.offsets().iter().collect::<Vec<_>>(), vec![-2, -1, 0, 1, 2])?;
    let places = [(0, 0), (0, 2), (1, 2), (2, 0), (2, 1)].map(|(row, column)| diagonals.get(row, column).copied());
    same("py/dia", places, [1.5, 2.0, 3.0, 4.0, 5.0].map(Some))?;
    let none = get::<CsrMatrix<u8>>(client, "py/no-values")?;
    same("py/no-values", (none.shape(), none.nnz()), ([2, 3], 0))
}
