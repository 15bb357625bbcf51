//! Reading a recording: lines of JSON become events in the order in which they happened.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// Replies that the proxy logged before the request that caused them: recording, reply, cause.
const LOGGED_EARLY: [(&str, u64, u64); 1] = [("stream_raw", 37, 38)];

/// Requests whose replies the proxy could not log, because it had lost the frame boundaries of that connection.
const LOST: [(&str, u64); 2] = [("rpc_raw", 49), ("rpc_raw", 50)];

/// How a connection was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// The UNIX socket of the root session.
    Unix,
    /// The UNIX socket of another session, by its recorded path.
    Session(String),
    /// TCP.
    Tcp,
}

/// When a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Before anybody else was served.
    AtOnce,
    /// After others had been served: it waited for something.
    Late,
    /// Not at all while the connection was open.
    Never,
    /// It was, but nobody knows how.
    Lost,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its place in the recording.
    pub seq: u64,
    /// The message; or what is not JSON, as text under `!unparsed`.
    pub message: Value,
    /// When it was answered.
    pub answer: Answer,
}

impl Request {
    /// The `type`; empty if there is none.
    pub fn kind(&self) -> &str {
        self.message.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is about blobs whose bytes travel through the connection.
    pub fn is_remote(&self) -> bool {
        self.kind().contains("_remote_")
    }

    /// Whether an option was set.
    pub fn flag(&self, key: &str) -> bool {
        self.message.get(key).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Bytes outside of frames.
#[derive(Debug, Clone)]
pub struct RawBytes {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub head: Vec<u8>,
}

/// A reply as it came.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its place in the recording.
    pub seq: u64,
    /// The message.
    pub message: Value,
    /// How many descriptors followed.
    pub descriptors: usize,
    /// Bytes that followed.
    pub raw: Option<RawBytes>,
}

/// What happened on a connection.
#[derive(Debug, Clone)]
pub enum Action {
    /// The client sent a request.
    Send(Request),
    /// The client sent bytes outside of frames.
    SendRaw(RawBytes),
    /// A reply came.
    Receive(Reply),
    /// The client closed.
    Close,
    /// The server closed.
    Closed,
}

/// A recorded scenario.
#[derive(Debug)]
pub struct Recording {
    /// Its name, which is the name of its file.
    pub name: &'static str,
    /// How each connection was made.
    pub transports: BTreeMap<u64, Transport>,
    /// What happened, with the number of the connection.
    pub events: Vec<(u64, Action)>,
}

impl Recording {
    /// Reads the recording `NAME.jsonl` from a directory.
    ///
    /// # Panics
    ///
    /// If it is not there or not a recording.
    pub fn read(directory: &Path, name: &'static str) -> Self {
        let path = directory.join(name).with_extension("jsonl");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines =
            text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}")));
        let mut lines: Vec<Value> = lines.filter(|line: &Value| line.get("conn").is_some()).collect();
        // The proxy wrote a reply only after it had seen what follows it.
        lines.sort_by_key(|line| order(name, number(line, "seq")));
        let transports = transports(&lines);
        let answers = answers(name, &lines);
        let events = lines.iter().map(|line| (number(line, "conn"), action(line, &answers))).collect();
        Self { name, transports, events }
    }
}

/// Sorts by sequence number, but replies that were logged early right behind their cause.
fn order(name: &str, seq: u64) -> (u64, bool) {
    let early = LOGGED_EARLY.iter().find(|(recording, reply, _)| *recording == name && *reply == seq);
    early.map_or((seq, false), |(_, _, cause)| (*cause, true))
}

fn number(line: &Value, key: &str) -> u64 {
    line.get(key).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {key} in {line}"))
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn from_client(line: &Value) -> bool {
    text(line, "dir") == "c>s"
}

fn action(line: &Value, answers: &BTreeMap<u64, Answer>) -> Action {
    let seq = number(line, "seq");
    match (line.get("msg"), text(line, "event"), from_client(line)) {
        (Some(message), _, true) => {
            let answer = answers.get(&seq).copied().unwrap_or(Answer::Never);
            Action::Send(Request { seq, message: message.clone(), answer })
        }
        (Some(message), _, false) => {
            let descriptors = usize::try_from(number(line, "fds")).unwrap_or(usize::MAX);
            Action::Receive(Reply { seq, message: message.clone(), descriptors, raw: raw(line) })
        }
        (None, "raw", true) => Action::SendRaw(raw(line).unwrap_or_else(|| panic!("no bytes in {line}"))),
        (None, "eof", true) => Action::Close,
        (None, "eof", false) => Action::Closed,
        other => panic!("unknown line {other:?}: {line}"),
    }
}

fn raw(line: &Value) -> Option<RawBytes> {
    let head = text(line, "raw_head_hex");
    let digits = |at: usize| head.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let head: Vec<u8> = (0..head.len()).step_by(2).map_while(digits).collect();
    let count = line.get("raw_bytes").and_then(Value::as_u64).unwrap_or(0);
    (count > 0).then_some(RawBytes { count, head })
}

fn transports(lines: &[Value]) -> BTreeMap<u64, Transport> {
    let mut transports = BTreeMap::new();
    for line in lines {
        let socket = || {
            let path = line.pointer("/msg/ipc_socket").and_then(Value::as_str).unwrap_or_default();
            Transport::Session(path.to_owned())
        };
        let conn = number(line, "conn");
        match text(line, "transport") {
            "tcp" => transports.insert(conn, Transport::Tcp),
            "unix" => transports.insert(conn, Transport::Unix),
            // Only the reply to the registration says which one it was.
            "unix-session" if !from_client(line) && line.pointer("/msg/ipc_socket").is_some() => {
                transports.insert(conn, socket())
            }
            _ => None,
        };
    }
    transports
}

/// Finds for each request when it was answered, by its sequence number.
fn answers(name: &str, lines: &[Value]) -> BTreeMap<u64, Answer> {
    let mut answers = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if line.get("msg").is_none() || !from_client(line) {
            continue;
        }
        let (seq, conn) = (number(line, "seq"), number(line, "conn"));
        let rest = lines.get(at + 1..).unwrap_or_default();
        let answer = if LOST.contains(&(name, seq)) {
            Answer::Lost
        } else {
            match position_of_reply(lines, at, conn) {
                None => Answer::Never,
                Some(reply) if serves_others(rest.get(..reply.saturating_sub(at + 1)).unwrap_or_default(), conn) => {
                    Answer::Late
                }
                Some(_) => Answer::AtOnce,
            }
        };
        answers.insert(seq, answer);
    }
    answers
}

/// Where the first reply to the request at a place is: replies come in the order of the requests.
fn position_of_reply(lines: &[Value], at: usize, conn: u64) -> Option<usize> {
    let mut unanswered: Vec<usize> = Vec::new();
    let mut half = None;
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| number(line, "conn") == conn) {
        let Some(message) = line.get("msg") else { continue };
        if from_client(line) {
            unanswered.push(place);
            continue;
        }
        let Some(first) = unanswered.first().copied() else { continue };
        if first == at && half != Some(at) {
            return Some(place);
        }
        // Writing into a remote buffer has two replies.
        let request = lines.get(first).and_then(|line| line.get("msg")).unwrap_or(&Value::Null);
        if two_replies(request, message) && half != Some(first) {
            half = Some(first);
        } else {
            unanswered.remove(0);
        }
    }
    None
}

/// Whether a reply is the first of two.
pub fn two_replies(request: &Value, reply: &Value) -> bool {
    text(request, "type").starts_with("create_remote_buffer")
        && request.get("use_rdma") != Some(&Value::Bool(true))
        && reply.get("code").is_none()
}

/// Whether another connection sent a request and got its reply.
fn serves_others(lines: &[Value], conn: u64) -> bool {
    let messages = || lines.iter().filter(|line| line.get("msg").is_some() && number(line, "conn") != conn);
    messages().filter(|line| from_client(line)).any(|request| {
        let same = |reply: &&Value| number(reply, "conn") == number(request, "conn");
        messages().filter(same).any(|reply| !from_client(reply) && number(reply, "seq") > number(request, "seq"))
    })
}
