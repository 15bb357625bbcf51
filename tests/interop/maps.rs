//! Shared maps, put by Rust and by the companion package of Python, looked up by the other.

use std::borrow::Borrow;
use std::error::Error;
use std::fmt::Debug;
use std::marker::PhantomData;

use num_complex::Complex;
use vineyard_core::{Client, Opaque};
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::Text;
use vineyard_types::hashmap::{Bytes, Duplicates, MapKey, MapValue, PerfectMap, SharedMap};

use crate::{PYTHON, run};

/// The name of a type, what it has for each number, and how many there are.
type Made<T> = (&'static str, fn(u64) -> T, u64);

/// Keys or values as `tests/python/maps.py` makes them.
trait Sample {
    type Item;

    fn sample() -> Made<Self::Item>;
}

/// A type of keys.
struct Key<T>(PhantomData<T>);

/// A type of values.
struct Value<T>(PhantomData<T>);

macro_rules! samples {
    ($($role:ident<$type:ty> as $item:ty = $name:literal, $count:literal, $make:expr;)*) => {$(
        impl Sample for $role<$type> {
            type Item = $item;

            fn sample() -> Made<$item> {
                ($name, $make, $count)
            }
        }
    )*};
}

fn word(number: u64) -> String {
    format!("{number}{}", "x".repeat((number * 7 % 95) as usize))
}

samples! {
    Key<i8> as i8 = "int8", 200, |number| (number * 37) as i8;
    Key<i16> as i16 = "int16", 1000, |number| (number * 37) as i16;
    Key<i32> as i32 = "int", 1000, |number| (number * 37) as i32;
    Key<i64> as i64 = "int64", 1000, |number| (number * 37) as i64;
    Key<u8> as u8 = "uint8", 200, |number| (number * 37) as u8;
    Key<u16> as u16 = "uint16", 1000, |number| (number * 37) as u16;
    Key<u32> as u32 = "uint", 1000, |number| (number * 37) as u32;
    Key<u64> as u64 = "uint64", 1000, |number| number.wrapping_mul((1 << 63) + 1);
    Key<Text> as String = "std::string", 1000, word;
    Key<Bytes> as Vec<u8> = "vineyard::Bytes", 1000, |number| [word(number).as_bytes(), b"\xFF"].concat();
    Value<u64> as u64 = "uint64", 0, |number| number * number;
    Value<f32> as f32 = "float", 0, |number| number as f32 / 2.0;
    Value<Text> as String = "std::string", 0,
        |number| format!("value {number} ä").chars().take((number % 12) as usize).collect();
    Value<Bytes> as Vec<u8> = "vineyard::Bytes", 0, |number| vec![0xFE; (number % 9) as usize];
    Value<Complex<f64>> as Complex<f64> = "complex128", 0, |number| Complex::new(number as f64, -(number as f64));
}

/// Puts both kinds of maps, or compares those of Python.
fn visit<K, V>(client: &Client, compare: bool) -> TestResult
where
    K: MapKey,
    V: MapValue<View: PartialEq + Debug>,
    Key<K>: Sample<Item: Borrow<K::Query> + Sync>,
    Value<V>: Sample<Item: Borrow<V::View> + Sync>,
{
    let (key_name, key, count) = Key::<K>::sample();
    let (value_name, value, _) = Value::<V>::sample();
    let entries: Vec<_> = (0..count).map(|number| (key(number), value(number))).collect();
    let name = format!("SharedMap<{key_name},{value_name}>");
    let of_rust = format!("rs/{name}");
    if !compare {
        client.put_named(&of_rust, &SharedMap::<K, V>::build(&entries, Duplicates::Refuse)?)?;
        let perfect = format!("rs/PerfectMap<{key_name},{value_name}>");
        client.put_named(&perfect, &PerfectMap::<K, V>::build(&entries, Duplicates::Refuse)?)?;
        return Ok(());
    }
    let of_python = format!("py/{name}");
    let got = client.get_by_name::<SharedMap<K, V>>(&of_python)?;
    got.verify()?;
    assert_eq!(got.len(), entries.len(), "{name}");
    for (key, value) in &entries {
        assert_eq!(got.get(key.borrow()), Some(value.borrow()), "{name}, {:?}", key.borrow());
    }
    let blobs = |name: &str| -> Result<_, Box<dyn Error>> {
        let meta = client.get_by_name::<Opaque>(name)?.meta().clone();
        let texts = if meta.contains("texts_") { Some(meta.blob("texts_")?) } else { None };
        Ok((meta.blob("control_")?, meta.blob("entries_")?, texts))
    };
    let (ours, theirs) = (blobs(&of_rust)?, blobs(&of_python)?);
    assert!(ours.0.as_bytes() == theirs.0.as_bytes() && ours.1.as_bytes() == theirs.1.as_bytes(), "{name}");
    assert_eq!(
        ours.2.map(|texts| texts.as_bytes().to_vec()),
        theirs.2.map(|texts| texts.as_bytes().to_vec()),
        "{name}"
    );
    Ok(())
}

macro_rules! visit_all {
    ($client:expr, $compare:expr; $($key:ty),*) => {$(
        visit::<$key, u64>($client, $compare)?;
        visit::<$key, f32>($client, $compare)?;
        visit::<$key, Text>($client, $compare)?;
        visit::<$key, Bytes>($client, $compare)?;
        visit::<$key, Complex<f64>>($client, $compare)?;
    )*};
}

#[test]
fn maps_of_every_type_are_the_same_in_python_and_in_rust() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    visit_all!(&client, false; i8, i16, i32, i64, u8, u16, u32, u64, Text, Bytes);
    let line = run(PYTHON, "maps.py", &[&server.socket().display().to_string()]);
    assert_eq!(line, "exact: 220");
    visit_all!(&client, true; i8, i16, i32, i64, u8, u16, u32, u64, Text, Bytes);
    drop(client);
    server.stop();
    Ok(())
}
