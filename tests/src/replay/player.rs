//! Plays a recording.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Step;
use super::compare::differences;
use super::deviation::{Deviation, Table};
use super::names::Names;
use super::payload::{Contents, Payload, announced, pattern, payloads, receive_descriptors};
use super::process::Process;
use super::raw;
use super::recording::{Action, Answer, RawBytes, Recording, Reply, Request, Transport, two_replies};
use super::wire::{Connection, Readable};

/// When to look whether the server still has something to do.
const PATIENCE: Duration = Duration::from_secs(1);

/// What came of a replay.
#[derive(Debug)]
pub struct Report {
    /// The recording.
    pub name: &'static str,
    /// Replies that were compared.
    pub compared: usize,
    /// How often a deviation was needed.
    pub deviations: usize,
    /// What is wrong, one text for each.
    pub faults: Vec<String>,
}

/// Replays a recording against a server that nobody else uses.
pub fn play(recording: &Recording, server: &Process, deviations: &[Deviation]) -> Report {
    let mut player = Player {
        recording,
        server,
        table: Table::new(deviations, recording.name),
        names: Names::new(&server.directory().display().to_string()),
        contents: Contents::default(),
        lengths: BTreeMap::new(),
        arenas: BTreeMap::new(),
        connections: BTreeMap::new(),
        waiting: false,
        closing: false,
        compared: 0,
        faults: Vec::new(),
    };
    player.run();
    player.report()
}

struct Player<'a> {
    recording: &'a Recording,
    server: &'a Process,
    table: Table<'a>,
    names: Names,
    contents: Contents,
    /// Sizes of blobs, by recorded id.
    lengths: BTreeMap<u64, u64>,
    /// Numbers of arenas that clients asked for, recorded and live.
    arenas: BTreeMap<i64, i64>,
    connections: BTreeMap<u64, Connection>,
    /// The server may be dealing with requests that have no reply yet.
    waiting: bool,
    /// The server may be dealing with connections that were closed.
    closing: bool,
    compared: usize,
    faults: Vec<String>,
}

impl<'a> Player<'a> {
    fn run(&mut self) {
        for (conn, action) in &self.recording.events {
            let done = match action {
                Action::Send(request) => self.send(*conn, request),
                Action::SendRaw(raw) => self.send_raw(*conn, raw),
                Action::Receive(reply) => self.receive(*conn, reply),
                Action::Close => self.close(*conn),
                Action::Closed => self.closed(*conn),
            };
            if let Err(fault) = done {
                self.faults.push(format!("connection {conn}: {fault}; given up at {action:?}"));
                return;
            }
        }
        if let Err(fault) = self.settle() {
            self.faults.push(fault);
        }
    }

    fn report(mut self) -> Report {
        if self.faults.is_empty() {
            self.faults.extend(self.table.unused().map(|entry| format!("this deviation is not needed: {entry:?}")));
        }
        Report {
            name: self.recording.name,
            compared: self.compared,
            deviations: self.table.uses(),
            faults: self.faults,
        }
    }

    fn connection(&mut self, conn: u64) -> Step<&mut Connection> {
        self.connections.get_mut(&conn).ok_or_else(|| "is not open".to_owned())
    }

    fn open(&self, conn: u64) -> Step<Connection> {
        match self.recording.transports.get(&conn) {
            Some(Transport::Unix) => Connection::unix(self.server.socket()),
            Some(Transport::Session(path)) => Connection::unix(Path::new(&self.names.text(path))),
            Some(Transport::Tcp) => {
                let port = self.server.endpoint().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
                Connection::tcp(port.ok_or_else(|| format!("no TCP port in {:?}", self.server.endpoint()))?)
            }
            None => Err("nobody knows where it leads".to_owned()),
        }
    }

    fn send(&mut self, conn: u64, request: &Request) -> Step {
        self.settle()?;
        if !self.connections.contains_key(&conn) {
            let connection = self.open(conn)?;
            self.connections.insert(conn, connection);
        }
        let mut message = self.names.message(&request.message);
        if request.kind() == "finalize_arena_request" {
            let live = message.get("fd").and_then(Value::as_i64).and_then(|fd| self.arenas.get(&fd).copied());
            if let (Some(field), Some(live)) = (message.get_mut("fd"), live) {
                *field = live.into();
            }
        }
        let connection = self.connection(conn)?;
        connection.send(&message)?;
        connection.unanswered.push_back((request.clone(), false));
        self.waiting |= request.answer != Answer::AtOnce;
        Ok(())
    }

    /// Waits until the server rests, if it may be busy with something that nobody waits for, and checks that nothing
    /// has been answered that was not answered then.
    fn settle(&mut self) -> Step {
        if !std::mem::take(&mut self.waiting) & !std::mem::take(&mut self.closing) {
            return Ok(());
        }
        self.server.wait_until_idle()?;
        let open: Vec<u64> = self.connections.keys().copied().collect();
        open.into_iter().try_for_each(|conn| self.check_unanswered(conn))
    }

    fn check_unanswered(&mut self, conn: u64) -> Step {
        loop {
            let connection = self.connection(conn)?;
            let Some((request, _)) = connection.unanswered.front().cloned() else { return Ok(()) };
            if connection.closing || request.answer == Answer::AtOnce {
                return Ok(());
            }
            let answered = self.table.answered(&request);
            if answered.is_none() && request.answer != Answer::Lost {
                let ended = if request.kind() == "exit_request" { Readable::End } else { Readable::Nothing };
                return match self.connection(conn)?.readable()? {
                    readable if readable == Readable::Nothing || readable == ended => Ok(()),
                    Readable::End => Err(format!("closed, line {} should wait: {request:?}", request.seq)),
                    _ => {
                        let early = self.connection(conn)?.receive()?;
                        Err(format!("line {} should wait: {request:?} was answered {early}", request.seq))
                    }
                };
            }
            let connection = self.connection(conn)?;
            connection.unanswered.pop_front();
            self.wait(conn)?;
            let live = self.connection(conn)?.receive()?;
            if let Some(expected) = answered {
                self.compare(&request, &expected, &live);
            }
            self.take_descriptors(conn, &request, &live)?;
        }
    }

    /// Waits for a reply, or the end of a connection, as long as the server has something to do.
    fn wait(&mut self, conn: u64) -> Step {
        while !self.connection(conn)?.wait(PATIENCE)? {
            self.server.wait_until_idle()?;
            if self.connection(conn)?.readable()? == Readable::Nothing {
                return Err("nothing comes, and the server rests".to_owned());
            }
        }
        Ok(())
    }

    fn receive(&mut self, conn: u64, reply: &Reply) -> Step {
        self.wait(conn)?;
        let connection = self.connection(conn)?;
        let (request, half) = connection.unanswered.pop_front().ok_or("a reply without a request")?;
        let live = connection.receive()?;
        let first_of_two = !half && two_replies(&request.message, &live);
        if first_of_two {
            connection.unanswered.push_front((request.clone(), true));
            connection.writing = payloads(&live).iter().map(|payload| payload.id).collect();
        }
        let lengths = &self.lengths;
        let expected = self.table.expected(&request, &reply.message, first_of_two, &|id| lengths.get(&id).copied());
        let live = self.settled(conn, &request, &expected, live)?;
        let refused = |message: &Value| message.get("code").is_some();
        if refused(&expected) != refused(&live) && two_replies(&request.message, &expected) {
            return Err(format!("line {}: {live}", reply.seq));
        }
        if !refused(&live) && !refused(&expected) {
            self.learn(&request, &expected, &live);
        }
        self.compare(&request, &expected, &live);
        if refused(&live) {
            return Ok(());
        }
        let received = self.take_descriptors(conn, &request, &live)?;
        // Over TCP they could only be announced.
        let tcp = self.connection(conn)?.is_tcp();
        let recorded = if tcp { announced(&reply.message).len() } else { reply.descriptors };
        if received != recorded && !self.table.other_descriptors(&request) {
            self.fault(&request, format!("{received} descriptors came, {recorded} expected"));
        }
        self.take_contents(conn, &request, &live, reply.raw.as_ref())
    }

    /// A status whose figures have settled: servers count connections that were closed for a moment longer.
    fn settled(&mut self, conn: u64, request: &Request, expected: &Value, mut live: Value) -> Step<Value> {
        let deadline = Instant::now() + PATIENCE;
        while request.kind() == "instance_status_request"
            && !differences(&self.names, expected, &live).is_empty()
            && Instant::now() < deadline
        {
            let connection = self.connection(conn)?;
            if !connection.unanswered.is_empty() {
                break;
            }
            connection.send(&request.message)?;
            live = connection.receive()?;
        }
        Ok(live)
    }

    fn compare(&mut self, request: &Request, expected: &Value, live: &Value) {
        self.compared += 1;
        let found = differences(&self.names, expected, live);
        if !found.is_empty() {
            self.fault(request, format!("{}\n    expected {expected}\n    got {live}", found.join("; ")));
        }
    }

    fn fault(&mut self, request: &Request, text: String) {
        self.faults.push(format!("line {}, {}: {text}", request.seq, request.message));
    }

    /// Learns the ids that the server has made.
    fn learn(&mut self, request: &Request, expected: &Value, live: &Value) {
        let fields: &[&str] = match expected.get("type").and_then(Value::as_str).unwrap_or_default() {
            "create_buffer_reply" | "create_disk_buffer_reply" | "create_buffer_by_plasma_reply" => {
                &["/id", "/created/object_id"]
            }
            "create_buffers_reply" => &["/ids"],
            "create_data_reply" => &["/id", "/signature"],
            "create_datas_reply" => &["/ids", "/signatures"],
            "shallow_copy_reply" => &["/target_id"],
            "get_next_stream_chunk_reply" => &["/buffer/object_id"],
            "register_reply" => &["/rpc_endpoint"],
            "new_session_reply" => &["/socket_path"],
            "make_arena_reply" => &["/fd"],
            _ => return,
        };
        for pointer in fields {
            if let Err(fault) = self.learn_field(pointer, expected, live) {
                self.fault(request, fault);
            }
        }
        let sizes = payloads(expected).into_iter().map(|payload| (payload.id, payload.size));
        self.lengths.extend(sizes);
    }

    fn learn_field(&mut self, pointer: &str, expected: &Value, live: &Value) -> Step {
        let text = |message: &'_ Value| message.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        match (pointer, text(expected), text(live)) {
            ("/rpc_endpoint", Some(expected), Some(live)) => {
                let known = self.server.endpoint();
                // Sessions other than the root have none.
                if !expected.starts_with("0.0.0.0") {
                    self.names.bind_text(&expected, if known.is_empty() { &live } else { known });
                }
                Ok(())
            }
            ("/socket_path", Some(expected), Some(live)) => match (Names::session(&expected), Names::session(&live)) {
                (Some(expected), Some(live)) => self.names.bind(expected, live),
                _ => Err(format!("{live} does not name its session")),
            },
            ("/fd", ..) => {
                let number = |message: &Value| message.get("fd").and_then(Value::as_i64);
                self.arenas.extend(number(expected).zip(number(live)));
                Ok(())
            }
            _ => self.names.bind_fields(expected, live, pointer),
        }
    }

    /// Takes what follows a reply for the descriptors that it announces; returns how many it announces.
    fn take_descriptors(&mut self, conn: u64, request: &Request, live: &Value) -> Step<usize> {
        let connection = self.connection(conn)?;
        if !request.is_remote() && !connection.is_tcp() {
            return receive_descriptors(connection, live).map_err(|fault| format!("line {}: {fault}", request.seq));
        }
        let announced = announced(live).len();
        if request.is_remote() && announced > 0 {
            return Err(format!("line {}: descriptors are announced: {live}", request.seq));
        }
        // The byte comes, the descriptor cannot.
        connection.receive_raw(u64::try_from(announced).unwrap_or(u64::MAX))?;
        Ok(announced)
    }

    /// Writes into new blobs and looks into those that were asked for.
    fn take_contents(&mut self, conn: u64, request: &Request, live: &Value, recorded: Option<&RawBytes>) -> Step {
        let connection = self.connections.get_mut(&conn).ok_or("is not open")?;
        let payloads: Vec<Payload> = payloads(live).into_iter().filter(|payload| payload.size > 0).collect();
        match request.kind() {
            "create_buffer_request"
            | "create_buffers_request"
            | "create_disk_buffer_request"
            | "create_buffer_by_plasma_request"
            | "get_next_stream_chunk_request"
                if !connection.is_tcp() =>
            {
                self.contents.write(connection, &payloads)
            }
            "get_buffers_request" | "get_buffers_by_plasma_request" if !connection.is_tcp() => {
                self.contents.check_shared(connection, &payloads)
            }
            "get_remote_buffers_request" if !request.flag("use_rdma") => {
                let sizes: Vec<u64> = payloads.iter().map(|payload| payload.size).collect();
                let compressed = request.flag("compress");
                let count = recorded.map_or(0, |raw| raw.count);
                if !compressed && count != sizes.iter().sum::<u64>() {
                    self.fault(request, format!("{sizes:?} bytes, {count} expected"));
                }
                let contents = raw::receive(self.connection(conn)?, &sizes, compressed)?;
                payloads.iter().zip(contents).try_for_each(|(payload, bytes)| self.contents.check(payload, &bytes))
            }
            _ => Ok(()),
        }
    }

    /// Sends the contents of remote buffers: what was recorded of them, and then anything.
    fn send_raw(&mut self, conn: u64, recorded: &RawBytes) -> Step {
        let connection = self.connections.get_mut(&conn).ok_or("is not open")?;
        let Some((request, true)) = connection.unanswered.front() else {
            return Err("nobody waits for these bytes".to_owned());
        };
        let sizes: Vec<u64> = match (request.message.get("size"), request.message.get("sizes")) {
            (Some(size), _) => size.as_u64().into_iter().collect(),
            (_, Some(Value::Array(sizes))) => sizes.iter().filter_map(Value::as_u64).collect(),
            _ => Vec::new(),
        };
        let total: u64 = sizes.iter().sum();
        let complete = u64::try_from(recorded.head.len()) == Ok(recorded.count);
        let contents = match (request.flag("compress"), complete) {
            (true, true) => raw::unpack(&recorded.head, &sizes)?,
            // What became smaller was of one kind.
            (true, false) if recorded.count < total => sizes.iter().map(|&size| vec![b'x'; size as usize]).collect(),
            (true, false) => sizes.iter().map(|&size| pattern(size, size)).collect(),
            (false, _) => {
                let mut bytes = recorded.head.iter().copied().chain(pattern(total, total));
                sizes.iter().map(|&size| bytes.by_ref().take(size as usize).collect()).collect()
            }
        };
        let wire = match (request.flag("compress"), complete) {
            (true, true) => recorded.head.clone(),
            (true, false) => raw::pack(&contents)?,
            (false, _) => contents.concat(),
        };
        connection.send_raw(&wire)?;
        for (id, bytes) in connection.writing.drain(..).zip(contents) {
            self.contents.insert(id, bytes);
        }
        Ok(())
    }

    fn close(&mut self, conn: u64) -> Step {
        // Connections were closed one right after the other; what one does to another had no time to show.
        if self.waiting {
            self.settle()?;
        }
        self.connection(conn)?.close();
        self.closing = true;
        Ok(())
    }

    fn closed(&mut self, conn: u64) -> Step {
        self.closing = true;
        self.wait(conn)?;
        self.connection(conn)?.receive_end()
    }
}
