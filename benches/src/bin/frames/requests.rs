//! How many requests a put and a get are, as a server counts them that does nothing else.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use vineyard_benches::Done;
use vineyard_benches::server::Kind;
use vineyard_server::Server;

use crate::peer::{Needs, Peer};

/// Room for the frame and what is deleted late.
const STORE_BYTES: u64 = 1 << 30;

/// What stands before the type of a request, where its number is told.
const COUNT: &str = "vineyard_request_seconds_count{request=\"";

/// Requests by type.
type Counts = BTreeMap<String, u64>;

/// What one put and one get of a peer ask the server for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Requests {
    pub(crate) put: Counts,
    pub(crate) get: Counts,
}

/// Whether nobody waits for the reply to what has this name. It is counted when the server has handled it, which may be
/// during what follows.
pub(crate) fn is_notice(request: &str) -> bool {
    request.ends_with("_notice")
}

/// Counts the requests of a peer that talks to our server, without memory made ready; `None` of others.
pub(crate) fn count(peer: &mut dyn Peer) -> Done<Option<Requests>> {
    if peer.needs() != Needs::Server(Kind::Cold) || peer.missing().is_some() {
        return Ok(None);
    }
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("bench.sock");
    let server = Server::builder().socket(&socket).size(STORE_BYTES).http("127.0.0.1:0").spawn()?;
    let address = server.http_address().ok_or("no metrics")?;
    peer.open(&socket)?;
    // The first put of a type makes its schema known, and the first get brings descriptors.
    peer.put()?;
    peer.get()?;
    peer.delete()?;
    let before = counts(address)?;
    peer.put()?;
    let between = counts(address)?;
    peer.get()?;
    let after = counts(address)?;
    peer.delete()?;
    peer.close()?;
    server.stop();
    Ok(Some(Requests { put: growth(&before, &between), get: growth(&between, &after) }))
}

/// All requests that the server has replied to.
fn counts(address: SocketAddr) -> Done<Counts> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    read(&page)
}

fn read(page: &str) -> Done<Counts> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(COUNT)?.split_once("\"} "));
    lines.map(|(request, count)| Ok((request.trim_end_matches("_request").to_owned(), count.parse()?))).collect()
}

fn growth(before: &Counts, after: &Counts) -> Counts {
    let more = |(request, count): (&String, &u64)| {
        let more = count.saturating_sub(before.get(request).copied().unwrap_or(0));
        (more > 0).then(|| (request.clone(), more))
    };
    after.iter().filter_map(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_grown_is_told() -> Done {
        let line = |request: &str, count| format!("{COUNT}{request}\"}} {count}\n");
        let before = read(&line("get_data_request", 3))?;
        let page = format!("# TYPE x histogram\n{}{}", line("get_data_request", 3), line("seal_request", 2));
        assert_eq!(growth(&before, &read(&page)?), Counts::from([("seal".to_owned(), 2)]));
        Ok(())
    }
}
