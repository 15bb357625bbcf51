use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;

use super::{LoadError, PlainEdges, Progress, TextFormat, silent};
use crate::Text;
use crate::graph::{EdgeOptions, GraphError, LabelledEdges};

type Plain = PlainEdges<u32, f64>;

const WEIGHTED: fn() -> TextFormat = || TextFormat { weighted: true, ..TextFormat::default() };

fn refused(format: &TextFormat, file: &[u8]) -> String {
    format.read::<Plain>(file, "f", silent).unwrap_err().to_string()
}

#[test]
fn edges_are_read_as_snap_and_others_write_them() {
    let file = "# Directed graph\n# FromNodeId\tToNodeId\r\n0\t1\r\n\n  2 0  \n% also\n1\t \t2";
    let edges: Plain = TextFormat::default().read(file.as_bytes(), "f", silent).unwrap();
    assert_eq!(edges.pairs, [(0, 1), (2, 0), (1, 2)]);
    let graph = edges.build::<u32>(None, EdgeOptions::default()).unwrap();
    assert_eq!((graph.num_vertices(), graph.num_edges(), graph.weights.is_none()), (3, 3, true));
    assert_eq!(edges.build::<u64>(Some(10), EdgeOptions::default()).unwrap().num_vertices(), 10);
    let edges: Plain = WEIGHTED().read("0 1 2.5\n1 0 -1e3\n".as_bytes(), "f", silent).unwrap();
    assert_eq!(edges.weights, Some(vec![2.5, -1000.0]));
}

#[test]
fn labels_are_read_as_they_are() {
    let edges: LabelledEdges<Text, i64> = WEIGHTED().read("ann bob 7\nbob naïve 8".as_bytes(), "f", silent).unwrap();
    let graph = edges.build::<u32>(EdgeOptions::default()).unwrap();
    assert_eq!(graph.edges().collect::<Vec<_>>(), [("ann", "bob", Some(7)), ("bob", "naïve", Some(8))]);
}

#[test]
fn what_is_no_edge_is_refused_with_its_place() {
    let plain = TextFormat::default();
    assert_eq!(refused(&plain, b"0 1\n2"), "`f`, line 2: found 1 fields, expected 2: source and target");
    assert_eq!(refused(&plain, b"0 1 2"), "`f`, line 1: found 3 fields, expected 2: source and target");
    assert_eq!(
        refused(&plain, b"#\n\n0 x1"),
        "`f`, line 3, column 2: found \"x1\", expected an integer of 32 bits without a sign"
    );
    assert_eq!(
        refused(&plain, b"-1 1"),
        "`f`, line 1, column 1: found \"-1\", expected an integer of 32 bits without a sign"
    );
    assert_eq!(
        refused(&plain, b"0 4294967296"),
        "`f`, line 1, column 2: found \"4294967296\", expected an integer of 32 bits without a sign"
    );
    assert_eq!(refused(&WEIGHTED(), b"0 1 2,5"), "`f`, line 1, column 3: found \"2,5\", expected a weight of type f64");
    assert_eq!(refused(&plain, b"0 \xff"), "`f`, line 1, column 2: found \"\u{fffd}\", expected text in UTF-8");
    let rest = TextFormat { skip_rest: true, ..TextFormat::default() };
    assert_eq!(rest.read::<Plain>(&b"0 1 x y"[..], "f", silent).unwrap().len(), 1);
    assert_eq!(refused(&rest, b"0"), "`f`, line 1: found 1 fields, expected at least 2: source and target");
}

#[test]
fn a_line_without_an_end_is_not_kept() {
    let endless = BufReader::new(io::repeat(b'1').take(1 << 40));
    let error = TextFormat::default().read::<Plain>(endless, "f", silent).unwrap_err();
    assert_eq!(error.to_string(), "`f`, line 1: longer than 1048576 bytes");
}

#[test]
fn an_end_beyond_the_ids_of_the_graph_is_refused() {
    let edges: PlainEdges<u64, f64> = TextFormat::default().read(&b"0 1\n5000000000 1"[..], "f", silent).unwrap();
    let error = edges.build::<u32>(None, EdgeOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "5000000001 vertices, expected ids of at most 4294967295");
    let edges: PlainEdges<i64, f64> = TextFormat::default().read(&b"0 1\n-7 1"[..], "f", silent).unwrap();
    let error = edges.build::<u32>(None, EdgeOptions::default()).unwrap_err();
    assert_eq!(error, GraphError::NegativeEndpoint { edge: 1, endpoint: -7, num_vertices: 2 });
}

#[test]
fn progress_is_told_and_may_stop_the_load() {
    let file: String = (0..200_000u32).map(|at| format!("{at} {}\n", at / 2)).collect();
    let mut told = Vec::new();
    let tell = |progress: &Progress| {
        told.push(*progress);
        ControlFlow::Continue(())
    };
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), &file).unwrap();
    let edges: Plain = TextFormat::default().load(path.path(), tell).unwrap();
    assert_eq!(edges.len(), 200_000);
    assert!(told.len() > 3 && told.is_sorted_by_key(|progress| progress.bytes));
    let last = told.last().unwrap();
    assert_eq!((last.edges, last.bytes, last.fraction()), (200_000, file.len() as u64, Some(1.0)));
    assert!(told[0].fraction().unwrap() < 0.5);

    let stop = |progress: &Progress| {
        if progress.edges >= 100_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = TextFormat::default().load::<Plain>(path.path(), stop).unwrap_err();
    assert!(matches!(error, LoadError::Cancelled { edges: 100_000..=170_000 }), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = TextFormat::default().load::<Plain>("/no/such.txt", silent).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `/no/such.txt`");
    assert!(std::error::Error::source(&error).is_some());
}

#[cfg(feature = "csv")]
mod csv {
    use super::*;
    use crate::graph::LabelledGraph;
    use crate::graph::load::{CsvFormat, PropertyType};

    const FILE: &str = "from;n;to;km;open;note\nOslo;1;Bergen;463.5;true;\"a; b\"\nBergen;-2;Voss;107;0;\n";

    fn format() -> CsvFormat {
        let format = CsvFormat::new("from", "to").weight("km").delimiter(b';').property("note", PropertyType::Text);
        format.property("n", PropertyType::Int).property("open", PropertyType::Bool).property("km", PropertyType::Float)
    }

    fn refused(format: &CsvFormat, file: &str) -> String {
        format.read::<LabelledEdges<i64, f64>>(file.as_bytes(), "f", silent).unwrap_err().to_string()
    }

    #[test]
    fn columns_are_read_by_name() {
        let edges: LabelledEdges<Text, f64> = format().read(FILE.as_bytes(), "f", silent).unwrap();
        let graph: LabelledGraph<Text, u32, f64> = edges.build(EdgeOptions::default()).unwrap();
        assert_eq!(
            graph.edges().collect::<Vec<_>>(),
            [("Oslo", "Bergen", Some(463.5)), ("Bergen", "Voss", Some(107.0))]
        );
        let table = graph.graph.edges.as_ref().unwrap();
        assert_eq!(table.texts("note").unwrap().iter().collect::<Vec<_>>(), [Some(Ok("a; b")), Some(Ok(""))]);
        assert_eq!(table.numbers::<i64>("n").unwrap().as_slice(), [1, -2]);
        assert_eq!(table.numbers::<f64>("km").unwrap().as_slice(), [463.5, 107.0]);
        assert_eq!(table.numbers::<crate::Bool8>("open").unwrap().as_slice(), [true, false].map(crate::Bool8::from));
    }

    #[test]
    fn columns_without_names_are_counted() {
        let plain = CsvFormat::new("1", "3").without_header();
        let edges: LabelledEdges<i64, f64> = plain.read(&b"1,x,2\n2,y,3\n"[..], "f", silent).unwrap();
        assert_eq!((edges.len(), edges.num_vertices()), (2, 3));
        assert_eq!(plain.read::<LabelledEdges<i64, f64>>(&b""[..], "f", silent).unwrap().len(), 0);
    }

    #[test]
    fn what_is_no_edge_is_refused_with_its_place() {
        let plain = CsvFormat::new("a", "b").property("p", PropertyType::Int);
        assert_eq!(refused(&plain, "a,c\n1,2\n"), "`f` has no column `b`, found [\"a\", \"c\"]");
        assert_eq!(refused(&plain, "a,b,a,p\n"), "`f` has two columns `a`");
        assert_eq!(
            refused(&plain, "a,b,p\n1,2,3\n1,,3\n"),
            "`f`, line 3, column `b`: found \"\", expected an integer of 64 bits"
        );
        assert_eq!(
            refused(&plain, "a,b,p\n1,2,3\n1,2,3.5\n"),
            "`f`, line 3, column `p`: found \"3.5\", expected an integer of 64 bits"
        );
        assert_eq!(refused(&plain, "a,b,p\n1,2,3\n1,2\n"), "`f`, line 3: found 2 fields, expected 3, as in the first");
    }

    #[test]
    fn a_quote_without_an_end_is_not_kept() {
        let endless = b"a,b,p\n1,2,\"".chain(io::repeat(b'x').take(1 << 40));
        let plain = CsvFormat::new("a", "b");
        let error = plain.read::<LabelledEdges<i64, f64>>(endless, "f", silent).unwrap_err();
        assert_eq!(error.to_string(), "`f`, line 2: longer than 16777216 bytes");
    }
}

#[cfg(feature = "arrow")]
mod arrow {
    use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray, record_batch};
    use std::sync::Arc;

    use super::*;
    use crate::graph::load::EdgeColumns;
    use crate::graph::{Directions, LabelledGraph, Parallel};

    fn batches() -> [RecordBatch; 2] {
        let first = record_batch!(
            ("a", Utf8, ["x", "y"]),
            ("b", Utf8, ["y", "z"]),
            ("w", Float32, [0.5, 1.5]),
            ("n", Int64, [1, 2])
        );
        let second = record_batch!(("a", Utf8, ["z"]), ("b", Utf8, ["x"]), ("w", Float32, [2.5]), ("n", Int64, [3]));
        [first.unwrap(), second.unwrap()]
    }

    fn refused<E: crate::graph::load::EdgeSink>(columns: &EdgeColumns, batch: &RecordBatch) -> String {
        columns.read::<E>([batch], "f", silent).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn batches_become_a_graph_and_the_graph_a_batch() {
        let columns = EdgeColumns::new("a", "b").weight("w");
        for options in [
            EdgeOptions::default(),
            EdgeOptions { directions: Directions::In, ..EdgeOptions::default() },
            EdgeOptions { directed: false, ..EdgeOptions::default() },
        ] {
            let edges: LabelledEdges<Text, f64> = columns.read(&batches(), "f", silent).unwrap();
            let graph: LabelledGraph<Text, u32, f64> = edges.build(options).unwrap();
            let table = columns.frame_of(&graph).unwrap();
            let mut rows: Vec<(String, String, f64, i64)> = Vec::new();
            for row in 0..table.num_rows() {
                let text = |name| table.texts(name).unwrap().get(row).unwrap().unwrap().to_owned();
                let (a, b) = (text("a"), text("b"));
                let (a, b) = if options.directed || a < b { (a, b) } else { (b, a) };
                rows.push((
                    a,
                    b,
                    table.numbers::<f64>("w").unwrap().as_slice()[row],
                    table.numbers::<i64>("n").unwrap().as_slice()[row],
                ));
            }
            rows.sort_by_key(|row| row.3);
            let (last_a, last_b) = if options.directed { ("z", "x") } else { ("x", "z") };
            let expected = [("x", "y", 0.5, 1), ("y", "z", 1.5, 2), (last_a, last_b, 2.5, 3)];
            assert!(rows.iter().map(|row| (row.0.as_str(), row.1.as_str(), row.2, row.3)).eq(expected), "{rows:?}");
            let again: LabelledEdges<Text, f64> =
                columns.read([&columns.batch_of(&graph).unwrap()], "f", silent).unwrap();
            assert_eq!(again.len(), 3);
        }
    }

    #[test]
    fn a_graph_without_labels_is_a_table_as_well() {
        let graph = crate::CsrGraph::<u32, f64>::from_edges(3, [(2, 0), (0, 1)], EdgeOptions::default()).unwrap();
        let frame = EdgeColumns::new("s", "t").frame_of_plain(&graph).unwrap();
        assert_eq!(frame.numbers::<u32>("s").unwrap().as_slice(), [0, 2]);
        assert_eq!(frame.numbers::<u32>("t").unwrap().as_slice(), [1, 0]);
        let error = EdgeColumns::new("s", "s").frame_of_plain(&graph).unwrap_err();
        assert_eq!(error.to_string(), "there is a column `s` already");
    }

    #[test]
    fn frames_are_read_unless_they_have_what_a_batch_has_not() {
        let frame = crate::DataFrame::new().with_column("a", vec!["x", "y"]).unwrap();
        let frame = frame.with_column("b", vec!["y", "z"]).unwrap().with_column("w", vec![1i64, 2]).unwrap();
        let columns = EdgeColumns::new("a", "b").weight("w");
        let edges: LabelledEdges<Text, i64> = columns.read_frame(&frame, "f", silent).unwrap();
        assert_eq!((edges.len(), edges.num_vertices()), (2, 3));
        let frame = frame.with_index(crate::Index::range(0, 1, 2)).unwrap();
        let error = columns.read_frame::<LabelledEdges<Text, i64>>(&frame, "f", silent).unwrap_err();
        assert_eq!(error.to_string(), "`f` is no valid table of Arrow");
    }

    #[test]
    fn integers_of_any_width_are_labels_if_they_fit() {
        let batch = record_batch!(("a", Int8, [1, 2]), ("b", UInt64, [2, 3])).unwrap();
        let columns = EdgeColumns::new("a", "b");
        let edges: PlainEdges<i16, f64> = columns.read([&batch], "f", silent).unwrap();
        assert_eq!(edges.pairs, [(1, 2), (2, 3)]);
        let batch = record_batch!(("a", Int32, [1, -2]), ("b", UInt64, [2, 3])).unwrap();
        assert_eq!(
            refused::<Plain>(&columns, &batch),
            "`f`, row 1, column a: found -2, expected an integer of 32 bits without a sign"
        );
        let batch = record_batch!(("a", Int32, [Some(1), None]), ("b", UInt64, [2, 3])).unwrap();
        assert_eq!(
            refused::<Plain>(&columns, &batch),
            "`f`, row 1, column a: found null, expected an integer of 32 bits without a sign"
        );
        assert_eq!(
            refused::<LabelledEdges<Text, f64>>(&columns, &batch),
            "`f`, column a: found type Int32, expected a text"
        );
        assert_eq!(
            refused::<Plain>(&EdgeColumns::new("a", "c"), &batch),
            "`f` has no column `c`, found [\"a\", \"b\"]"
        );
    }

    #[test]
    fn weights_have_to_be_exact() {
        let weights = |batch: RecordBatch| {
            let columns = EdgeColumns::new("a", "b").weight("w");
            columns.read::<PlainEdges<u8, f32>>([&batch], "f", silent).map(|edges| edges.weights.unwrap())
        };
        let ints = record_batch!(("a", UInt8, [1, 2]), ("b", UInt8, [2, 3]), ("w", Int64, [16777216, -3])).unwrap();
        assert_eq!(weights(ints).unwrap(), [16_777_216.0, -3.0]);
        let ints = record_batch!(("a", UInt8, [1]), ("b", UInt8, [2]), ("w", Int64, [16777217])).unwrap();
        let expected = "`f`, row 0, column w: found 16777217, expected a weight of type f32";
        assert_eq!(weights(ints).unwrap_err().to_string(), expected);
        let floats = record_batch!(("a", UInt8, [1]), ("b", UInt8, [2]), ("w", Float64, [0.1])).unwrap();
        let expected = "`f`, row 0, column w: found 0.1, expected a weight of type f32";
        assert_eq!(weights(floats).unwrap_err().to_string(), expected);
        let floats = record_batch!(("a", UInt8, [1]), ("b", UInt8, [2]), ("w", Float64, [f64::NAN])).unwrap();
        assert!(weights(floats).unwrap()[0].is_nan());
    }

    #[test]
    fn dictionaries_of_texts_are_labels() {
        let keys = Int32Array::from(vec![1, 0]);
        let values = Arc::new(StringArray::from(vec![Some("x"), Some("y"), None]));
        let (a, b): (ArrayRef, ArrayRef) =
            (Arc::new(DictionaryArray::new(keys, values.clone())), Arc::new(StringArray::from(vec!["x", "y"])));
        let batch = RecordBatch::try_from_iter([("a", a), ("b", b.clone())]).unwrap();
        let columns = EdgeColumns::new("a", "b");
        let edges: LabelledEdges<Text, f64> = columns.read([&batch], "f", silent).unwrap();
        assert_eq!((edges.len(), edges.num_vertices()), (2, 2));
        let null: ArrayRef = Arc::new(DictionaryArray::new(Int32Array::from(vec![0, 2]), values));
        let batch = RecordBatch::try_from_iter([("a", null), ("b", b)]).unwrap();
        assert_eq!(
            refused::<LabelledEdges<Text, f64>>(&columns, &batch),
            "`f`, row 1, column a: found null, expected a text"
        );
    }

    #[test]
    fn batches_of_different_types_are_refused() {
        let first = record_batch!(("a", UInt8, [1]), ("b", UInt8, [2]), ("n", Int64, [1])).unwrap();
        let second = record_batch!(("a", UInt8, [1]), ("b", UInt8, [2]), ("n", Int32, [1])).unwrap();
        let columns = EdgeColumns::new("a", "b");
        let error = columns.read::<Plain>([&first, &second], "f", silent).unwrap_err();
        let expected = "`f`, column n: found type Int32, and Int64 before, expected the same in each batch";
        assert_eq!(error.to_string(), expected);
        let skipped = columns.properties(["a"; 0]);
        assert_eq!(skipped.read::<Plain>([&first, &second], "f", silent).unwrap().len(), 2);
    }

    #[test]
    fn merged_edges_keep_the_row_of_the_first() {
        let batch =
            record_batch!(("a", UInt8, [1, 0, 1]), ("b", UInt8, [2, 1, 2]), ("n", Utf8, ["p", "q", "r"])).unwrap();
        let columns = EdgeColumns::new("a", "b");
        let edges: LabelledEdges<u8, f64> = columns.read([&batch], "f", silent).unwrap();
        let merged = EdgeOptions { parallel: Parallel::Merge, ..EdgeOptions::default() };
        let graph: LabelledGraph<u8, u32, f64> = edges.build(merged).unwrap();
        let frame = columns.batch_of(&graph).unwrap();
        let names = frame.column_by_name("n").unwrap().as_any().downcast_ref::<StringArray>().unwrap();
        assert_eq!(names.iter().flatten().collect::<Vec<_>>(), ["p", "q"]);
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn parquet_is_read_in_parts_and_only_what_is_wanted() {
        use ::parquet::arrow::ArrowWriter;

        let numbers =
            |range: std::ops::Range<i64>| -> ArrayRef { Arc::new(arrow_array::Int64Array::from_iter_values(range)) };
        let batch = RecordBatch::try_from_iter([
            ("s", numbers(0..100_000)),
            ("t", numbers(1..100_001)),
            ("w", numbers(5..100_005)),
            ("skipped", numbers(0..100_000)),
        ]);
        let batch = batch.unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();

        let mut told = Vec::new();
        let tell = |progress: &Progress| {
            told.push(progress.fraction());
            ControlFlow::Continue(())
        };
        let columns = EdgeColumns::new("s", "t").weight("w").properties(["a"; 0]);
        let edges: PlainEdges<u32, i32> = columns.load_parquet(file.path(), tell).unwrap();
        assert_eq!((edges.len(), edges.pairs[99_999], edges.weights.unwrap()[7]), (100_000, (99_999, 100_000), 12));
        assert!(edges.table.is_none());
        assert_eq!(told, [Some(0.65536), Some(1.0)]);
        let error = EdgeColumns::new("s", "u").load_parquet::<Plain>(file.path(), silent).unwrap_err().to_string();
        assert!(error.ends_with("has no column `u`, found [\"s\", \"t\", \"w\", \"skipped\"]"), "{error}");
        std::fs::write(file.path(), "PAR1 but not really PAR1").unwrap();
        let error = columns.load_parquet::<Plain>(file.path(), silent).unwrap_err();
        assert!(error.to_string().ends_with("is no valid Parquet file"), "{error}");
    }
}
