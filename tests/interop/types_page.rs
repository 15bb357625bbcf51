//! `docs/types.md`: what becomes of values of every type, in Python alone, with the companion package, and through Rust.

use std::collections::BTreeMap;
use std::path::Path;

use half::f16;
use num_complex::Complex;
use serde_json::Value;
use vineyard_core::{Client, Object, ObjectId, Opaque};
use vineyard_tests::{StockDaemon, TestResult, TestServer};
use vineyard_types::arrow::{ArrowArray, ArrowSchema, RecordBatch, Table};
use vineyard_types::time::{Attosecond, DateTime64, Day, Nanosecond, Second, TimeDelta64, Year};
use vineyard_types::{Bool, Bool8, DataFrame, Float, Int, Scalar, Sequence, Series, StringTensor, Tensor, Text};

use crate::{PANDAS_3, PYTHON, run};

/// What stands between what is written by hand and what is written by this test.
const MARK: &str = "<!-- What follows is written by tests/interop/types_page.rs. -->\n\n";

/// Puts what Rust reads of an object; false if Rust only carries it.
fn put_anew(client: &Client, id: ObjectId, name: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let object = client.get::<Opaque>(id)?;
    match object.meta().typename() {
        "vineyard::Table" => {
            let table = client.get::<Table>(id)?;
            client.put_named(name, &Table::from_arrow(&table.schema()?, &table.to_arrow()?)?)?;
            return Ok(true);
        }
        "vineyard::RecordBatch" => {
            client.put_named(name, &RecordBatch::from_arrow(&client.get::<RecordBatch>(id)?.to_arrow()?)?)?;
            return Ok(true);
        }
        "vineyard::SchemaProxy" => {
            client.put_named(name, &ArrowSchema::from_arrow(&*client.get::<ArrowSchema>(id)?.to_arrow()?)?)?;
            return Ok(true);
        }
        typename if ArrowArray::__accepts(typename) => {
            client.put_named(name, &ArrowArray::from_arrow(&client.get::<ArrowArray>(id)?.to_arrow()?))?;
            return Ok(true);
        }
        _ => {}
    }
    let any = client.get_any(id)?;
    macro_rules! first_of {
        ($($rust:ty),* $(,)?) => {$(
            if any.is::<$rust>() {
                client.put_named(name, &*client.get::<$rust>(id)?)?;
                return Ok(true);
            }
        )*};
    }
    first_of!(Scalar<Bool>, Scalar<Int>, Scalar<Float>, Scalar<Text>, Sequence, DataFrame, Series, StringTensor);
    first_of!(Tensor<Bool8>);
    first_of!(Tensor<i8>, Tensor<i16>, Tensor<i32>, Tensor<i64>, Tensor<u8>, Tensor<u16>, Tensor<u32>, Tensor<u64>);
    first_of!(Tensor<f16>, Tensor<f32>, Tensor<f64>, Tensor<Complex<f32>>, Tensor<Complex<f64>>);
    first_of!(Tensor<DateTime64<Year>>, Tensor<DateTime64<Day>>, Tensor<DateTime64<Second>>);
    first_of!(Tensor<DateTime64<Nanosecond>>, Tensor<DateTime64<Attosecond>>);
    first_of!(Tensor<TimeDelta64<Year>>, Tensor<TimeDelta64<Day>>, Tensor<TimeDelta64<Second>>);
    first_of!(Tensor<TimeDelta64<Nanosecond>>, Tensor<TimeDelta64<Attosecond>>);
    client.put_named(name, &*object)?;
    Ok(false)
}

/// The page as it is, as far as it is written by hand, and what else it should be.
fn written(directory: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let save = |name: &str, found: &str| std::fs::write(directory.join(name).with_extension("json"), found);
    let compare = |variable: &str, socket: &Path, mode: &str| -> String {
        run(variable, "compare.py", &[&socket.display().to_string(), mode])
    };
    for (variable, suffix) in [(PYTHON, ""), (PANDAS_3, "-pandas3")] {
        let daemon = StockDaemon::start(256 << 20, &[]);
        save(&format!("stock{suffix}"), &compare(variable, daemon.socket(), "stock"))?;
        let server = TestServer::start();
        let exact = compare(variable, server.socket(), "exact");
        save(&format!("exact{suffix}"), &exact)?;
        if variable == PYTHON {
            let client = server.client()?;
            let sections: BTreeMap<String, serde_json::Map<String, Value>> = serde_json::from_str(&exact)?;
            let mut others = BTreeMap::new();
            for place in sections.iter().flat_map(|(name, all)| (0..all.len()).map(move |at| format!("{name}/{at}"))) {
                let Some(id) = client.get_name(&format!("py/{place}"))? else { continue };
                match put_anew(&client, id, &format!("rs/{place}")) {
                    Ok(true) => {}
                    Ok(false) => drop(others.insert(place, "carried as it is".to_owned())),
                    // The object's own number comes first, and is another one each time.
                    Err(error) => {
                        let error = error.to_string();
                        let reason = error.rsplit(": ").next().unwrap_or_default();
                        others.insert(place, format!("refused: {reason}"));
                    }
                }
            }
            save("others", &serde_json::to_string(&others)?)?;
            save("rust", &compare(variable, server.socket(), "rust"))?;
        }
    }
    Ok(crate::output(PYTHON, "types_page.py", &[&directory.display().to_string()]))
}

/// `BLESS=1 tests/run.sh types_page` writes the page anew.
#[test]
fn the_page_of_types_says_what_becomes_of_them() -> TestResult {
    let directory = tempfile::tempdir()?;
    let written = written(directory.path())?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/types.md");
    let page = std::fs::read_to_string(&path)?;
    let (by_hand, found) = page.split_once(MARK).ok_or("the page has no mark")?;
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, format!("{by_hand}{MARK}{}\n", written.trim_end()))?;
        return Ok(());
    }
    for (line, (found, expected)) in found.trim_end().lines().zip(written.trim_end().lines()).enumerate() {
        assert_eq!(found, expected, "line {line} behind the mark of docs/types.md; BLESS=1 writes it anew");
    }
    assert_eq!(found.trim_end().lines().count(), written.trim_end().lines().count());
    Ok(())
}
