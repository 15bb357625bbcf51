//! Payloads: which descriptors have to come with them, and what the memory behind them holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use serde_json::{Map, Value};

use super::Step;
use super::wire::{Connection, failed};

/// Where a blob lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    pub id: u64,
    pub label: i64,
    pub offset: u64,
    pub size: u64,
    pub map_size: u64,
}

/// Whether these are the fields of a payload.
pub fn is_payload(fields: &Map<String, Value>) -> bool {
    ["object_id", "store_fd", "data_offset", "data_size"].iter().all(|key| fields.contains_key(*key))
}

/// The payloads of a reply, in order.
pub fn payloads(reply: &Value) -> Vec<Payload> {
    let numbered = || (0..).map_while(|at: u64| reply.get(at.to_string())).collect();
    let values: Vec<&Value> = match (reply.get("created"), reply.get("buffer"), reply.get("payloads")) {
        (Some(one), ..) | (_, Some(one), _) => vec![one],
        (.., Some(Value::Array(all))) => all.iter().collect(),
        _ => numbered(),
    };
    values.into_iter().filter_map(payload).collect()
}

fn payload(value: &Value) -> Option<Payload> {
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    Some(Payload {
        id: number("object_id")?,
        label: value.get("store_fd")?.as_i64()?,
        offset: number("data_offset")?,
        size: number("data_size")?,
        map_size: number("map_size")?,
    })
}

/// The arenas whose descriptors a reply announces.
pub fn announced(reply: &Value) -> Vec<i64> {
    match (reply.get("fd"), reply.get("fds")) {
        (Some(fd), _) => fd.as_i64().filter(|label| *label >= 0).into_iter().collect(),
        (_, Some(Value::Array(fds))) => fds.iter().filter_map(Value::as_i64).collect(),
        _ => Vec::new(),
    }
}

/// Receives the descriptors that a reply announces, after checking that it announces those that it has to. Returns how
/// many came.
pub fn receive_descriptors(connection: &mut Connection, reply: &Value) -> Step<usize> {
    let kind = reply.get("type").and_then(Value::as_str).unwrap_or_default();
    let payloads = payloads(reply);
    let mut needed: Vec<i64> = Vec::new();
    for payload in payloads.iter().filter(|payload| payload.size > 0) {
        if !connection.arenas.contains_key(&payload.label) && !needed.contains(&payload.label) {
            needed.push(payload.label);
        }
    }
    if kind == "create_buffers_reply" {
        needed.sort_unstable();
    }
    // The only reply with payloads and without a list.
    let unlisted = kind == "get_buffers_by_plasma_reply";
    let announced = if unlisted { needed.clone() } else { announced(reply) };
    if kind == "make_arena_reply" {
        if announced.iter().any(|label| connection.arenas.contains_key(label)) {
            return Err(format!("arena {announced:?} is known already"));
        }
    } else if needed != announced {
        return Err(format!("descriptors {announced:?} are announced, {needed:?} are needed"));
    }
    for label in &announced {
        let file = connection.receive_descriptor()?;
        let length = file.metadata().map_err(failed("looking at an arena"))?.len();
        let arena = reply.get("size").and_then(Value::as_u64).filter(|_| kind == "make_arena_reply");
        let maps = payloads.iter().filter(|payload| payload.label == *label).map(|payload| payload.map_size);
        if let Some(map_size) = maps.chain(arena).find(|map_size| *map_size > length) {
            return Err(format!("arena {label} is {length} bytes long, {map_size} are announced"));
        }
        connection.arenas.insert(*label, file);
    }
    Ok(announced.len())
}

/// What the blobs hold that were written in this run.
#[derive(Debug, Default)]
pub struct Contents {
    blobs: BTreeMap<u64, Content>,
}

#[derive(Debug)]
enum Content {
    /// Written into shared memory: bytes that follow from the id.
    Pattern,
    /// Sent.
    Bytes(Vec<u8>),
}

impl Contents {
    /// Writes into new blobs, so that others can be asked whether they see it.
    pub fn write(&mut self, connection: &Connection, payloads: &[Payload]) -> Step {
        for payload in payloads.iter().filter(|payload| payload.size > 0) {
            let file = arena(connection, payload)?;
            file.write_all_at(&pattern(payload.id, payload.size), payload.offset).map_err(failed("writing a blob"))?;
            self.blobs.insert(payload.id, Content::Pattern);
        }
        Ok(())
    }

    /// Remembers what was sent.
    pub fn insert(&mut self, id: u64, bytes: Vec<u8>) {
        self.blobs.insert(id, Content::Bytes(bytes));
    }

    /// Compares what a connection sees with what was written.
    pub fn check_shared(&self, connection: &Connection, payloads: &[Payload]) -> Step {
        for payload in payloads.iter().filter(|payload| payload.size > 0 && self.blobs.contains_key(&payload.id)) {
            let mut bytes = vec![0; usize::try_from(payload.size).map_err(failed("a size"))?];
            arena(connection, payload)?.read_exact_at(&mut bytes, payload.offset).map_err(failed("reading a blob"))?;
            self.check(payload, &bytes)?;
        }
        Ok(())
    }

    /// Compares bytes with what was written. A blob may have been shrunk.
    pub fn check(&self, payload: &Payload, bytes: &[u8]) -> Step {
        let same = match self.blobs.get(&payload.id) {
            None => true,
            Some(Content::Pattern) => pattern(payload.id, payload.size) == bytes,
            Some(Content::Bytes(written)) => written.starts_with(bytes),
        };
        if same { Ok(()) } else { Err(format!("blob {:#x} does not hold what was written", payload.id)) }
    }
}

fn arena<'a>(connection: &'a Connection, payload: &Payload) -> Step<&'a File> {
    connection.arenas.get(&payload.label).ok_or_else(|| format!("no descriptor for arena {}", payload.label))
}

/// Bytes that look like no others.
pub fn pattern(seed: u64, size: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < size {
        // Marsaglia's xorshift64 (2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    bytes
}
