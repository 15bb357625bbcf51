//! The other process of a test: does one thing with a server, and says so on standard output.

use std::error::Error;
use std::process::ExitCode;

use vineyard_core::{Blob, Client, ObjectId, RpcClient};
use vineyard_server::Server;
use vineyard_tests::churn::{Ledger, Worker};
use vineyard_tests::console::{say, wait};
use vineyard_tests::{crash, parts, property, samples};
use vineyard_types::Text;
use vineyard_types::hashmap::{PerfectMap, SharedMap};

/// Serves until the other side goes away.
fn serve(socket: &str) -> Result<(), Box<dyn Error>> {
    let server = Server::builder().socket(socket).size(64 << 20).instance_id(7).spawn()?;
    say("listening")?;
    wait()?;
    server.stop();
    Ok(())
}

/// Puts one object of every type under its name.
fn put_all(socket: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::connect(socket)?;
    samples::put_all(&client)?;
    say("put")
}

/// Gets every object that `put_all` has put, and compares it.
fn check_all(socket: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::connect(socket)?;
    let count = samples::check_all(&client)?;
    say(format_args!("checked {count}"))
}

/// Puts a tensor, a frame and a graph in parts.
fn put_parts(socket: &str) -> Result<(), Box<dyn Error>> {
    parts::put(&Client::connect(socket)?)?;
    say("put")
}

/// Gets what `put_parts` has put, and compares it.
fn check_parts(socket: &str) -> Result<(), Box<dyn Error>> {
    let count = parts::check(&Client::connect(socket)?)?;
    say(format_args!("checked {count}"))
}

/// Starts to write a blob and never ends.
fn write_forever(socket: &str, nbytes: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::connect(socket)?;
    let mut writer = client.create_blob(nbytes.parse()?)?;
    let half = writer.len() / 2;
    writer.as_mut_slice()[..half].fill(0xAB);
    say("writing")?;
    wait()
}

/// Makes two sealed blobs that no object holds, keeps the second, and waits.
fn make_blobs(socket: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::connect(socket)?;
    let [goes, stays] = [client.put_array(&[1u8; 1000])?, client.put_array(&[2u8; 500])?];
    client.keep(stays.blob())?;
    say_ids(goes.blob(), stays.blob())?;
    wait()
}

/// As [`make_blobs`], over TCP.
fn make_remote_blobs(endpoint: &str) -> Result<(), Box<dyn Error>> {
    let client = RpcClient::connect(endpoint)?;
    let [goes, stays] = [client.put_array(vec![1u8; 1000])?, client.put_array(vec![2u8; 500])?];
    client.keep(stays.blob())?;
    say_ids(goes.blob(), stays.blob())?;
    wait()
}

fn say_ids(goes: &Blob, stays: &Blob) -> Result<(), Box<dyn Error>> {
    let id = |blob: &Blob| blob.id().ok_or("it is not stored");
    say(format_args!("{} {}", id(goes)?, id(stays)?))
}

/// Views an object, waits, and says whether it still looks the same.
fn hold(socket: &str, id: &str) -> Result<(), Box<dyn Error>> {
    let client = Client::connect(socket)?;
    let bytes = client.get::<samples::Bytes>(id.parse::<ObjectId>()?)?;
    let before = bytes.bytes.to_vec();
    say("holding")?;
    wait()?;
    say(if bytes.bytes == before.into() { "same" } else { "changed" })
}

/// Looks up every key of a map that was put elsewhere.
fn look_up(what: &str, socket: &str, id: &str) -> Result<(), Box<dyn Error>> {
    let (client, id) = (Client::connect(socket)?, id.parse::<ObjectId>()?);
    let found = match what {
        "look-up" => {
            let map = client.get::<SharedMap<u64, u64>>(id)?;
            map.verify()?;
            samples::map()?.iter().filter(|(key, value)| map.get(key) == Some(*value)).count()
        }
        "look-up-perfect" => {
            let map = client.get::<PerfectMap<u64, u64>>(id)?;
            map.verify()?;
            samples::map()?.iter().filter(|(key, value)| map.get(key) == Some(*value)).count()
        }
        _ => {
            let map = client.get::<SharedMap<Text, Text>>(id)?;
            map.verify()?;
            samples::map_of_texts()?.iter().filter(|(key, value)| map.get(key) == Some(*value)).count()
        }
    };
    say(format_args!("found {found}"))
}

/// Puts, views and deletes objects of its own.
fn churn(socket: &str, operations: &str, population: &str, seed: &str) -> Result<(), Box<dyn Error>> {
    let (client, ledger) = (Client::connect(socket)?, Ledger::default());
    let tally = Worker::new(&client, &ledger, population.parse()?, seed.parse()?).work(operations.parse()?)?;
    ledger.clear(&client)?;
    say(tally.to_line())
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["serve", socket] => serve(socket),
        ["put-all", socket] => put_all(socket),
        ["check-all", socket] => check_all(socket),
        ["put-parts", socket] => put_parts(socket),
        ["check-parts", socket] => check_parts(socket),
        ["write-forever", socket, nbytes] => write_forever(socket, nbytes),
        ["make-blobs", socket] => make_blobs(socket),
        ["make-remote-blobs", endpoint] => make_remote_blobs(endpoint),
        ["hold", socket, id] => hold(socket, id),
        [what @ ("look-up" | "look-up-perfect" | "look-up-texts"), socket, id] => look_up(what, socket, id),
        ["work-on-fragment", socket, id, index] => {
            property::work(&Client::connect(socket)?, id.parse::<ObjectId>()?, index.parse()?)
        }
        ["rank", socket, id] => property::rank(&Client::connect(socket)?, id.parse::<ObjectId>()?),
        ["churn", socket, operations, population, seed] => churn(socket, operations, population, seed),
        ["suffer", socket, step, seed] => crash::suffer(step, socket.as_ref(), seed.parse()?),
        _ => Err(format!("unknown command line: {arguments:?}").into()),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peer: {error}");
            ExitCode::FAILURE
        }
    }
}
