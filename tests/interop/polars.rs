//! Frames of polars that Python puts, as frames of polars in Rust.

use polars_core::prelude::{DataType, TimeUnit};
use vineyard_tests::{TestResult, TestServer};
use vineyard_types::arrow::Table;

use crate::python;

#[test]
fn a_frame_of_polars_in_python_is_one_in_rust() -> TestResult {
    let server = TestServer::start();
    assert_eq!(python("polars_put.py", server.socket()), "put");
    let client = server.client()?;
    let frame = client.get_by_name::<Table>("py/polars")?.to_polars()?;
    let types: Vec<String> = frame.dtypes().iter().map(ToString::to_string).collect();
    let expected = [
        "i64",
        "u8",
        "f32",
        "bool",
        "str",
        "binary",
        "date",
        "time",
        "datetime[μs]",
        "datetime[μs, Europe/Oslo]",
        "duration[ms]",
        "decimal[9,2]",
        "list[str]",
        "array[i64, 2]",
        "struct[2]",
        "null",
        "enum",
    ];
    assert_eq!(types, expected);
    assert_eq!(frame.height(), 3);
    assert_eq!(
        frame.column("text")?.str()?.iter().collect::<Vec<_>>(),
        [Some("a"), None, Some("a text that is too long for a view")]
    );
    let times = frame.column("time")?.to_physical_repr();
    assert_eq!(times.i64()?.iter().collect::<Vec<_>>(), [Some(0), None, Some(86_399_999_999_000)]);
    let words = frame.column("categorical")?.cast(&DataType::String)?;
    assert_eq!(words.str()?.iter().collect::<Vec<_>>(), [Some("x"), None, Some("y")]);
    assert_eq!(frame.column("datetime")?.dtype(), &DataType::Datetime(TimeUnit::Microseconds, None));
    server.stop();
    Ok(())
}
