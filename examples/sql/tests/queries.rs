//! Queries on a real server.

use std::error::Error;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, DictionaryArray, RecordBatch as Batch};
use datafusion::arrow::datatypes::{Float64Type, Int32Type, Int64Type};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::assert_batches_eq;
use datafusion::common::record_batch;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use vineyard_core::Client;
use vineyard_server::{Server, ServerHandle};
use vineyard_types::arrow::{RecordBatch, Table};
use vineyard_types::time::{DateTime64, Millisecond};
use vineyard_types::{Column, DataFrame, Index, StringArray, Tensor};

type TestResult = Result<(), Box<dyn Error>>;

fn start() -> Result<(ServerHandle, Client, SessionContext), Box<dyn Error>> {
    let server = Server::builder().size(64 << 20).spawn()?;
    let client = Client::connect(server.socket())?;
    let session = vineyard_sql::session(&client)?;
    Ok((server, client, session))
}

/// Two batches, with nulls and text.
fn put_table(client: &Client) -> Result<Vec<Batch>, Box<dyn Error>> {
    let batches = vec![
        record_batch!(("n", Int64, vec![Some(1), None, Some(3)]), ("s", Utf8, vec![Some("a"), Some("b"), None]))?,
        record_batch!(("n", Int64, vec![Some(10), Some(20), None]), ("s", Utf8, vec![Some("a"), None, Some("z")]))?,
    ];
    client.put_named("numbers", &Table::from_arrow(&batches[0].schema(), &batches)?)?;
    Ok(batches)
}

async fn ask(session: &SessionContext, query: &str) -> Result<Vec<Batch>, Box<dyn Error>> {
    Ok(session.sql(query).await?.collect().await?)
}

fn rows(batches: &[Batch]) -> usize {
    batches.iter().map(Batch::num_rows).sum()
}

/// The addresses of all buffers.
fn addresses(batch: &Batch) -> Vec<usize> {
    let buffers = batch.columns().iter().flat_map(|column| {
        let data = column.to_data();
        let nulls = data.nulls().map(|nulls| nulls.buffer().as_ptr().addr());
        data.buffers()
            .iter()
            .filter(|buffer| !buffer.is_empty())
            .map(|buffer| buffer.as_ptr().addr())
            .chain(nulls)
            .collect::<Vec<_>>()
    });
    buffers.collect()
}

#[tokio::test]
async fn what_is_scanned_lies_in_the_arenas_and_takes_no_memory() -> TestResult {
    let (_server, client, session) = start()?;
    let batches = put_table(&client)?;
    let table = client.get_by_name::<Table>("numbers")?;
    let arena = table.meta().member("partitions_-0")?.member("__columns_-0")?.blob("buffer_")?;
    let before = client.instance_status()?.memory_usage;
    let found = ask(&session, "SELECT * FROM numbers").await?;
    assert_eq!(rows(&found), 6);
    assert!(found.iter().all(|batch| batches.contains(batch)));
    let addresses: Vec<usize> = found.iter().flat_map(addresses).collect();
    assert_eq!(addresses.len(), 10);
    assert!(addresses.iter().all(|address| arena.arena_contains(*address)));
    assert_eq!(client.instance_status()?.memory_usage, before);
    Ok(())
}

#[tokio::test]
async fn conditions_and_columns_are_left_to_the_scan() -> TestResult {
    let (_server, client, session) = start()?;
    put_table(&client)?;
    let plan = ask(&session, "EXPLAIN SELECT s FROM numbers WHERE n > 2 LIMIT 1").await?;
    let plan = pretty_format_batches(&plan)?.to_string();
    assert!(plan.contains("StoreScan: numbers, columns=[s], filters=[n@0 > 2], limit=1, batches=2"), "{plan}");
    assert!(!plan.contains("FilterExec"), "{plan}");
    let found = ask(&session, "SELECT n FROM numbers WHERE n > 2 AND s = 'a'").await?;
    assert_eq!(rows(&found), 1);
    let numbers: Vec<i64> =
        found.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect();
    assert_eq!(numbers, [10]);
    assert_eq!(rows(&ask(&session, "SELECT n FROM numbers WHERE n IS NULL").await?), 2);
    assert_eq!(rows(&ask(&session, "SELECT n FROM numbers LIMIT 4").await?), 4);
    assert_eq!(rows(&ask(&session, "SELECT n FROM numbers WHERE n > 100").await?), 0);
    let told = ask(&session, "EXPLAIN ANALYZE SELECT s FROM numbers WHERE n > 5").await?;
    let told = pretty_format_batches(&told)?.to_string();
    // `n` of both batches, and `s` of the second.
    assert!(told.contains("batches_skipped=1") && told.contains("columns_viewed=3"), "{told}");
    Ok(())
}

#[tokio::test]
async fn nulls_and_text_are_what_sql_says() -> TestResult {
    let (_server, client, session) = start()?;
    put_table(&client)?;
    let query = "SELECT s, count(*) AS rows, count(n) AS numbers, sum(n) AS sum FROM numbers GROUP BY s ORDER BY s";
    let expected = [
        "+---+------+---------+-----+",
        "| s | rows | numbers | sum |",
        "+---+------+---------+-----+",
        "| a | 2    | 2       | 11  |",
        "| b | 1    | 0       |     |",
        "| z | 1    | 0       |     |",
        "|   | 2    | 2       | 23  |",
        "+---+------+---------+-----+",
    ];
    assert_batches_eq!(expected, &ask(&session, query).await?);
    Ok(())
}

#[tokio::test]
async fn frames_are_joined_where_they_lie() -> TestResult {
    let (_server, client, session) = start()?;
    put_table(&client)?;
    let frame = DataFrame::new().with_column("s", vec!["a", "z"])?.with_column("weight", vec![0.5, 2.0])?;
    client.put_named("my/Weights", &frame)?;
    let query = r#"SELECT sum(n * weight) FROM numbers JOIN "my/Weights" w ON numbers.s = w.s"#;
    let found = ask(&session, query).await?;
    assert_eq!(found[0].column(0).as_primitive::<Float64Type>().value(0), 5.5);

    let frame = client.get_by_name::<DataFrame>("my/Weights")?;
    let Ok(Column::Float64(weights)) = frame.column("weight") else { return Err("weights are numbers".into()) };
    assert!(weights.array().is_shared());
    let found = ask(&session, r#"SELECT weight FROM "my/Weights""#).await?;
    assert_eq!(addresses(&found[0]), [weights.array().as_ptr().addr()]);
    Ok(())
}

/// Booleans, times and missing values, labels, and a name that is a number, as pandas has them.
#[tokio::test]
async fn frames_of_any_columns_can_be_queried() -> TestResult {
    let (_server, client, session) = start()?;
    let times: Tensor<DateTime64<Millisecond>> =
        [DateTime64::new(0), DateTime64::NAT, DateTime64::new(1000)].into_iter().collect();
    let frame = DataFrame::new()
        .with_column("flag", vec![true, false, true])?
        .with_column("time", times)?
        .with_column("text", StringArray::from_options([Some("a"), None, Some("c")]))?
        .with_column(7, vec![1i64, 2, 3])?
        .with_index(Index::new(vec!["x", "y", "z"]))?;
    client.put_named("frame", &frame)?;
    let expected = [
        "+-------+---------------------+------+---+",
        "| flag  | time                | text | 7 |",
        "+-------+---------------------+------+---+",
        "| true  | 1970-01-01T00:00:00 | a    | 1 |",
        "| false |                     |      | 2 |",
        "| true  | 1970-01-01T00:00:01 | c    | 3 |",
        "+-------+---------------------+------+---+",
    ];
    assert_batches_eq!(expected, &ask(&session, "SELECT * FROM frame").await?);
    let found = ask(&session, r#"SELECT "7" FROM frame WHERE flag AND text IS NOT NULL ORDER BY time DESC"#).await?;
    assert_batches_eq!(["+---+", "| 7 |", "+---+", "| 3 |", "| 1 |", "+---+"], &found);
    let count = ask(&session, "SELECT count(*) FROM frame").await?;
    assert_eq!(count[0].column(0).as_primitive::<Int64Type>().value(0), 3);
    Ok(())
}

#[tokio::test]
async fn dictionaries_and_tables_without_batches() -> TestResult {
    let (_server, client, session) = start()?;
    let words: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
    let words = Batch::try_from_iter([("w", Arc::new(words) as ArrayRef)])?;
    client.put_named("words", &RecordBatch::from_arrow(&words)?)?;
    let counted = ask(&session, "SELECT w, count(*) AS n FROM words GROUP BY w ORDER BY w").await?;
    assert_batches_eq!(["+---+---+", "| w | n |", "+---+---+", "| a | 2 |", "| b | 1 |", "+---+---+"], &counted);
    assert_eq!(rows(&ask(&session, "SELECT w FROM words WHERE w = 'a'").await?), 2);
    assert_eq!(ask(&session, "SELECT w FROM words").await?, std::slice::from_ref(&words));

    client.put_named("nothing", &Table::from_arrow(&words.schema(), &[])?)?;
    assert_eq!(rows(&ask(&session, "SELECT w FROM nothing").await?), 0);
    let count = ask(&session, "SELECT count(*) FROM nothing").await?;
    assert_eq!(count[0].column(0).as_primitive::<Int64Type>().value(0), 0);
    Ok(())
}

#[tokio::test]
async fn only_tables_are_listed() -> TestResult {
    let (_server, client, session) = start()?;
    put_table(&client)?;
    client.put_named("another", &DataFrame::new().with_column("n", vec![1i64])?)?;
    client.put_named("tensor", &Tensor::new([2], vec![1.0, 2.0])?)?;
    let query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'store' ORDER BY table_name";
    let expected =
        ["+------------+", "| table_name |", "+------------+", "| another    |", "| numbers    |", "+------------+"];
    assert_batches_eq!(expected, &ask(&session, query).await?);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_queried_says_why() -> TestResult {
    let (_server, client, session) = start()?;
    client.put_named("tensor", &Tensor::new([2], vec![1.0, 2.0])?)?;
    let error = session.sql("SELECT * FROM tensor").await.expect_err("no table").to_string();
    assert!(error.contains("`tensor` is no table") && error.contains("vineyard::Tensor<double>"), "{error}");
    let error = session.sql("SELECT * FROM missing").await.expect_err("no such name").to_string();
    assert!(error.contains("'vineyard.store.missing' not found"), "{error}");
    let square = DataFrame::new().with_column("square", Tensor::new([1, 2], vec![1.0, 2.0])?)?;
    client.put_named("squares", &square)?;
    let error = session.sql("SELECT * FROM squares").await.expect_err("no such array").to_string();
    assert!(error.contains("`squares`: column `square` is a tensor of shape [1, 2]"), "{error}");
    let twice = DataFrame::new().with_column("0", vec![1u8])?.with_column(0, vec![2u8])?;
    client.put_named("twice", &twice)?;
    let error = session.sql("SELECT * FROM twice").await.expect_err("one name").to_string();
    assert!(error.contains("`twice`: there is a column `0` already"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_store_that_cannot_be_asked_is_not_a_store_without_the_name() -> TestResult {
    let (server, client, session) = start()?;
    put_table(&client)?;
    assert!(session.table_exist("numbers")? && !session.table_exist("missing")?);
    server.stop();
    assert!(session.table_exist("missing")?);
    for name in ["numbers", "missing"] {
        let error = session.sql(&format!("SELECT * FROM {name}")).await.expect_err("nobody answers").to_string();
        assert!(error.contains(&format!("`{name}`: ")) && !error.contains("not found"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn an_object_that_is_deleted_during_a_query_stays_as_it_was() -> TestResult {
    let (_server, client, session) = start()?;
    let numbers = record_batch!(("n", Int64, (0..50_000).collect::<Vec<i64>>()))?;
    let others = record_batch!(("n", Int64, vec![-1; 50_000]))?;
    let id = client.put_named("numbers", &RecordBatch::from_arrow(&numbers)?)?;
    let mut found = session.sql("SELECT n FROM numbers").await?.execute_stream().await?;
    let mut pieces = vec![found.next().await.ok_or("the first piece")??];
    client.delete(id)?;
    for round in 0..8 {
        client.put_named(&format!("other {round}"), &RecordBatch::from_arrow(&others)?)?;
    }
    while let Some(piece) = found.next().await {
        pieces.push(piece?);
    }
    assert!(pieces.len() > 1);
    assert_eq!(datafusion::arrow::compute::concat_batches(&numbers.schema(), &pieces)?, numbers);
    Ok(())
}

#[tokio::test]
async fn a_query_outlives_its_object() -> TestResult {
    let (_server, client, session) = start()?;
    put_table(&client)?;
    let query = session.sql("SELECT count(*), sum(n) FROM numbers WHERE n > 0").await?;
    let id = client.get_name("numbers")?.ok_or("it has a name")?;
    client.delete(id)?;
    let found = query.collect().await?;
    assert_eq!(found[0].column(0).as_primitive::<Int64Type>().value(0), 4);
    assert_eq!(found[0].column(1).as_primitive::<Int64Type>().value(0), 34);
    assert!(session.sql("SELECT n FROM numbers").await.is_err());
    Ok(())
}
