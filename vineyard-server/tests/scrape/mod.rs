//! Asking a server over HTTP, and reading its metrics.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use vineyard_server::ServerHandle;

/// Bounds a hang; nothing is asserted about time.
const WATCHDOG: Duration = Duration::from_secs(60);

/// A connection to the endpoint.
pub fn connect(server: &ServerHandle) -> TcpStream {
    let stream = TcpStream::connect(server.http_address().expect("an endpoint")).expect("it listens");
    stream.set_read_timeout(Some(WATCHDOG)).expect("a timeout");
    stream.set_write_timeout(Some(WATCHDOG)).expect("a timeout");
    stream
}

/// What comes back for some bytes, until the connection ends. A peer that is not listened to may lose the end of it.
pub fn exchange(server: &ServerHandle, bytes: &[u8]) -> String {
    let mut stream = connect(server);
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).expect("text")
}

/// A response: its status, its head, its body.
pub fn ask(server: &ServerHandle, method: &str, path: &str) -> (u16, String, String) {
    let answer = exchange(server, format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {answer}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// What a path has to tell.
pub fn get(server: &ServerHandle, path: &str) -> String {
    let (status, _, body) = ask(server, "GET", path);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The metrics of a server.
#[derive(Debug)]
pub struct Page {
    /// The type of each family.
    pub types: BTreeMap<String, String>,
    /// Each value by name and labels, as they stand there.
    pub values: BTreeMap<String, f64>,
}

impl Page {
    pub fn get(server: &ServerHandle) -> Self {
        Self::read(&get(server, "/metrics"))
    }

    /// Every line is a comment of a known kind or a value; the last one says that it is the last.
    fn read(text: &str) -> Self {
        let mut page = Self { types: BTreeMap::new(), values: BTreeMap::new() };
        let lines = text.strip_suffix("# EOF\n").expect("it is whole");
        for line in lines.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let (kind, rest) = comment.split_once(' ').expect("a kind of comment");
                let (name, what) = rest.split_once(' ').expect("what of which metric");
                match kind {
                    "TYPE" => assert!(page.types.insert(name.into(), what.into()).is_none(), "{name} is there twice"),
                    "HELP" => assert!(what.len() > 1, "{line}"),
                    "UNIT" => assert!(name.ends_with(what), "{line}"),
                    _ => panic!("{line}"),
                }
            } else {
                let (key, value) = line.rsplit_once(' ').expect("a value");
                let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
                assert!(page.values.insert(key.into(), value).is_none(), "{key} is there twice");
            }
        }
        page
    }

    /// One value; 0 if nothing has happened.
    pub fn value(&self, key: &str) -> f64 {
        self.values.get(key).copied().unwrap_or(0.0)
    }

    /// The sum of all values of a name.
    pub fn sum(&self, name: &str) -> f64 {
        let start = format!("{name}{{");
        self.values.iter().filter(|(key, _)| key.starts_with(&start)).map(|(_, value)| value).sum()
    }

    /// The sums agree, and what is in each state: unsealed, leased, cold, hidden, unclaimed.
    #[track_caller]
    pub fn bytes_by_state(&self) -> [u64; 5] {
        assert_eq!(self.sum("vineyard_memory_state_bytes"), self.value("vineyard_memory_allocated_bytes"));
        let claimed = self.sum("vineyard_session_memory_bytes") + self.state("unclaimed");
        assert_eq!(claimed, self.value("vineyard_memory_allocated_bytes"));
        ["unsealed", "leased", "cold", "hidden", "unclaimed"].map(|state| self.state(state) as u64)
    }

    fn state(&self, state: &str) -> f64 {
        self.values[&format!("vineyard_memory_state_bytes{{state=\"{state}\"}}")]
    }
}
