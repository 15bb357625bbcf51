//! The program as it is started by hand.

use std::error::Error;
use std::process::{Command, Output};

use vineyard_core::Client;
use vineyard_server::Server;
use vineyard_types::DataFrame;

type TestResult = Result<(), Box<dyn Error>>;

fn sql() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sql"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_tour_joins_and_shows_its_plan() -> TestResult {
    let Output { status, stdout, stderr } = sql().output()?;
    let (told, errors) = (text(&stdout), text(&stderr));
    assert!(status.success(), "{errors}");
    for line in ["| Finland | 1        | -1.0    | -1.0 |", "| Norway  | 4        | 2.5     | 5.5  |"] {
        assert!(told.contains(line), "{told}");
    }
    let scan = "StoreScan: readings, columns=[city, degrees], filters=[degrees@0 < 10], batches=2";
    assert!(told.contains(scan) && told.contains("HashJoinExec"), "{told}");
    Ok(())
}

#[test]
fn a_running_server_is_asked_and_not_changed() -> TestResult {
    let server = Server::builder().size(64 << 20).spawn()?;
    let client = Client::connect(server.socket())?;
    client.put_named("weather/table", &DataFrame::new().with_column("degrees", vec![3i64, -2, 5])?)?;
    let ask = |query: &str| sql().arg("--socket").arg(server.socket()).arg(query).output();

    let found = ask(r#"SELECT degrees FROM "weather/table" WHERE degrees < 0"#)?;
    assert!(text(&found.stdout).contains("| -2      |"), "{found:?}");
    assert!(text(&ask("SHOW TABLES")?.stdout).contains("| weather/table "));
    for (query, problem) in [
        ("SELECT * FROM nowhere", "'vineyard.store.nowhere' not found"),
        ("CREATE TABLE t AS SELECT 1", "DDL not supported"),
        (r#"DROP TABLE "weather/table""#, "DDL not supported"),
    ] {
        let refused = ask(query)?;
        let error = text(&refused.stderr);
        assert!(!refused.status.success() && error.starts_with("sql: ") && error.contains(problem), "{error}");
    }
    assert!(client.get_name("weather/table")?.is_some());
    Ok(())
}
