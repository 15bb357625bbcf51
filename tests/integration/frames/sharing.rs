//! Frames made of others share what they have in common, in the store as well.

use arrow_array::record_batch;
use vineyard_core::{Blob, Client, Object, ObjectId, Opaque};
use vineyard_tests::{TestResult, TestServer, on_stock, payloads};
use vineyard_types::{Column, DataFrame, Index, Series, StringArray};

use super::memory;
use crate::known::is_left_out;

/// Rows of the frame, so many that every buffer is more than padding.
const ROWS: usize = 1000;

/// Bytes at which a server may let the next payload start.
const PADDING: u64 = 64;

type Error = Box<dyn std::error::Error>;

/// Numbers, text of which some is missing, texts and numbers of Arrow's, and labels.
fn frame() -> Result<DataFrame, Error> {
    let texts = (0..ROWS).map(|row| (row % 7 > 0).then(|| format!("text {row}"))).collect::<Vec<_>>();
    let batch = record_batch!(
        ("n", Int64, (0..1000).collect::<Vec<i64>>()),
        ("u", UInt16, (0..1000).map(|row| (row % 5 > 0).then_some(row)).collect::<Vec<Option<u16>>>()),
        ("s", Utf8, texts.clone())
    )?;
    let frame = DataFrame::from_arrow(&batch)?.with_column("t", StringArray::from_options(texts))?;
    Ok(frame.with_index(Index::range(5, 2, ROWS))?)
}

fn ids(client: &Client, id: ObjectId) -> Result<Vec<ObjectId>, Error> {
    let mut ids: Vec<ObjectId> = payloads(client, id)?.into_values().map(|(id, _)| id).collect();
    ids.sort_unstable();
    Ok(ids)
}

#[test]
fn a_put_takes_the_bytes_of_the_buffers_and_a_get_none() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let before = memory(&client)?;
    let id = client.put(&frame()?)?;
    let after = memory(&client)?;
    let got = client.get::<DataFrame>(id)?;
    assert_eq!(memory(&client)?, after, "a get takes no memory");
    let sizes: Vec<u64> = payloads(&client, id)?.into_values().map(|(_, nbytes)| nbytes).collect();
    let buffers: u64 = sizes.iter().sum();
    // Numbers of eight bytes, labels of as many, numbers of two with their bitmap, and offsets, bytes and bitmap of texts.
    assert_eq!(sizes.len(), 1 + 1 + 2 + 3 + 3);
    assert_eq!(got.meta().nbytes(), buffers);
    if !on_stock() {
        let taken = after - before;
        assert!((buffers..buffers + PADDING * 10).contains(&taken), "{taken} bytes for {buffers}");
    }
    Ok(())
}

#[test]
fn frames_with_other_columns_and_names_are_put_by_links() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&frame()?)?;
    let whole = ids(&client, id)?;
    let got = client.get::<DataFrame>(id)?;
    let before = memory(&client)?;
    let fewer = client.put(&DataFrame::clone(&got).without_column("n")?)?;
    let renamed = client.put(&DataFrame::clone(&got).renamed("s", "other")?)?;
    let turned = client.put(&got.select(["t", "s", "u", "n"])?)?;
    let unlabelled = client.put(&DataFrame::clone(&got).without_index())?;
    if !on_stock() {
        assert_eq!(memory(&client)?, before, "none of them has bytes of its own");
    }
    assert_eq!(ids(&client, renamed)?, whole);
    assert_eq!(ids(&client, turned)?, whole);
    for (smaller, left_out) in [(fewer, "numbers"), (unlabelled, "labels")] {
        let smaller = ids(&client, smaller)?;
        assert_eq!(smaller.len() + 1, whole.len(), "without {left_out}");
        assert!(smaller.iter().all(|id| whole.contains(id)), "without {left_out}");
    }
    let wider = client.put(&DataFrame::clone(&got).with_column("x", vec![0.5f64; ROWS])?)?;
    if !on_stock() {
        let taken = memory(&client)? - before;
        assert!((8000..8000 + PADDING).contains(&taken), "{taken} bytes for a column of 8000");
    }
    let wider_ids = ids(&client, wider)?;
    assert!(wider_ids.len() == whole.len() + 1 && whole.iter().all(|id| wider_ids.contains(id)));
    // What was made of a frame that is deleted stays.
    let expected = frame()?.select(["t", "s", "u", "n"])?.without_index().to_arrow()?;
    drop(got);
    client.delete(id)?;
    let turned = client.get::<DataFrame>(turned)?;
    assert_eq!(DataFrame::clone(&turned).without_index().to_arrow()?, expected);
    Ok(())
}

#[test]
fn rows_of_a_frame_take_no_memory() -> TestResult {
    if is_left_out("frames::sharing::rows_of_a_frame_take_no_memory") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&frame()?)?;
    let got = client.get::<DataFrame>(id)?;
    let before = memory(&client)?;
    let rows = client.put(&got.slice(333..777)?)?;
    assert_eq!(memory(&client)?, before);
    drop(got);
    client.delete(id)?;
    let rows = client.get::<DataFrame>(rows)?;
    let expected = frame()?.without_index().to_arrow()?.slice(333, 444);
    assert_eq!(DataFrame::clone(&rows).without_index().to_arrow()?, expected);
    let labels = rows.index().and_then(|index| index.values().numbers::<i64>()).ok_or("labels")?;
    assert_eq!((labels.as_slice().first(), labels.len()), (Some(&(5 + 2 * 333)), 444));
    drop(rows);
    server.stop();
    Ok(())
}

#[test]
fn parts_of_frames_are_the_same_rows_on_every_server() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let got = client.get::<DataFrame>(client.put(&frame()?)?)?;
    let whole = frame()?.without_index().to_arrow()?;
    for rows in [0..0, 0..1, 3..11, 8..16, 13..ROWS, 0..ROWS, ROWS..ROWS] {
        let part = client.get::<DataFrame>(client.put(&got.slice(rows.clone())?)?)?;
        assert_eq!((part.num_rows(), part.index().and_then(Index::num_labels)), (rows.len(), Some(rows.len())));
        let found = DataFrame::clone(&part).without_index().to_arrow()?;
        assert_eq!(found, whole.slice(rows.start, rows.len()), "{rows:?}");
    }
    Ok(())
}

#[test]
fn a_series_comes_back_and_shares_with_its_parts() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let put = Series::new(frame()?.column("t")?.clone())?.with_index(Index::range(5, 2, ROWS))?.named("texts");
    let id = client.put(&put)?;
    let got = client.get::<Series>(id)?;
    assert_eq!((got.name(), got.len(), got.index().num_labels()), (Some("texts"), ROWS, Some(ROWS)));
    let texts = |series: &Series| -> Result<Vec<Option<String>>, Error> {
        let texts = series.values().texts().ok_or("texts")?;
        Ok(texts.iter().map(|text| text.transpose().map(|text| text.map(str::to_owned))).collect::<Result<_, _>>()?)
    };
    assert_eq!(texts(&got)?, texts(&put)?);
    let before = memory(&client)?;
    let part = client.get::<Series>(client.put(&got.slice(10..20)?)?)?;
    assert_eq!((part.name(), texts(&part)?), (Some("texts"), texts(&put)?.drain(10..20).collect()));
    if !on_stock() {
        assert_eq!(memory(&client)?, before, "a part takes no memory");
    }
    Ok(())
}

/// What Python stores of values that it can only pickle.
#[derive(Debug, Object)]
#[object(typename = "vineyard::Tensor<object>", rename_all = "{}_", no_register)]
struct Pickled {
    #[object(json)]
    shape: Vec<u64>,
    buffer: Blob,
}

#[test]
fn a_column_that_is_not_known_is_linked() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let pickled = client.put(&Pickled { shape: vec![3], buffer: vec![7u8; 100].into() })?;
    let carried = Opaque::clone(&*client.get::<Opaque>(pickled)?);
    let frame = DataFrame::new().with_column("n", vec![1i64, 2, 3])?.with_column("o", Column::Other(carried))?;
    let first = client.put(&frame)?;
    let got = client.get::<DataFrame>(first)?;
    assert!(matches!(got.column("o")?, Column::Other(other) if other.meta().id() == pickled));
    let before = memory(&client)?;
    let second = client.put(&DataFrame::clone(&got).without_column("n")?.renamed("o", "p")?)?;
    let again = client.get::<DataFrame>(second)?;
    assert_eq!(memory(&client)?, before);
    assert!(matches!(again.column("p")?, Column::Other(other) if other.meta().id() == pickled), "it is a link");
    assert_eq!(again.slice(..)?.num_rows(), 3, "the whole is no part");
    let message = again.slice(1..).map(|_| ()).map_err(|error| error.to_string());
    let expected = "column `p`: an object of type vineyard::Tensor<object> is kept whole, it cannot be cut into rows";
    assert_eq!(message, Err(expected.into()));
    let message = again.to_arrow().map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(message, Err("column `p` is of type vineyard::Tensor<object>, for which Arrow has none".into()));
    Ok(())
}
