//! Numbers, texts and ids as a hostile client chooses them.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::choices::Choices;

/// The memory of the servers that are attacked.
pub const SERVER_BYTES: u64 = 4 << 20;

/// Their instance id.
pub const INSTANCE: u64 = 5;

const EMPTY_BLOB: u64 = 1 << 63;
const PLACEHOLDER_BLOB: u64 = u64::MAX;

/// Ids of each kind that are remembered.
const REMEMBERED: usize = 24;

const SIZES: [u64; 20] = [
    64,
    1,
    0,
    7,
    63,
    65,
    100,
    4096,
    4097,
    50_000,
    1 << 20,
    SERVER_BYTES / 2,
    SERVER_BYTES,
    SERVER_BYTES + 1,
    1 << 32,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
    3,
];

const NAMES: [&str; 8] = ["n", "m", "a/b", "~0", "", "*", "\u{0}", "__name"];

const TEXTS: [&str; 18] = [
    "T",
    "",
    "/",
    "~",
    "a\u{0}b",
    "~0~1",
    "..",
    "*",
    "über €𝄞",
    "vineyard::Blob",
    "vineyard::Tensor<int64>",
    "a.b<c>@d",
    "[",
    "0",
    "__labels",
    "o8000000000000000",
    "offffffffffffffff",
    "{\"a\":1}",
];

const PATTERNS: [&str; 12] =
    ["*", "?", "[", "(", ".*", "vineyard::Blob", "(a?){50}b", "T*", "", "[!a-", "\\", "(.*a){30}|*"];

/// The only files that are asked for: none of them can be made or changed.
pub const PATHS: [&str; 7] = ["", "/nonexistent/x", "/dev/null", "/dev/zero", "/tmp", "/proc/version", "a\u{0}b"];

/// What a hostile client has learnt.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub blobs: Vec<u64>,
    pub objects: Vec<u64>,
    pub sessions: Vec<i64>,
    pub labels: Vec<i64>,
    /// Sockets of sessions that it has opened, and whether they are of the plasma kind.
    pub sockets: Vec<(PathBuf, bool)>,
    /// Ids that it must not touch: those of the well-behaved client.
    pub protected: Vec<u64>,
}

fn remember<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.contains(&item) {
        return;
    }
    if list.len() == REMEMBERED {
        list.remove(0);
    }
    list.push(item);
}

/// One of all, or of the last few, which are more likely to be there still; sometimes none.
fn known_one(list: &[u64], choices: &mut Choices<'_>) -> Option<u64> {
    match choices.below(6) {
        5 => None,
        3 | 4 => choices.pick(list),
        _ => choices.pick(&list[list.len().saturating_sub(3)..]),
    }
}

impl Known {
    /// Remembers the ids of a reply, wherever they are.
    pub fn learn(&mut self, reply: &Value) {
        match reply {
            Value::Number(number) => {
                if let Some(id) = number.as_u64().filter(|id| *id > 1 << 40) {
                    self.learn_id(id);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    if let Some(id) = key.strip_prefix('o').and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
                        self.learn_id(id);
                    }
                    if ["store_fd", "fd"].contains(&key.as_str())
                        && let Some(label) = value.as_i64()
                    {
                        remember(&mut self.labels, label);
                    } else if !["pointer", "signature", "hostid", "timestamp", "__timestamp"].contains(&key.as_str()) {
                        self.learn(value);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }

    fn learn_id(&mut self, id: u64) {
        if self.protected.contains(&id) || id == EMPTY_BLOB || id == PLACEHOLDER_BLOB {
            return;
        }
        remember(if id & EMPTY_BLOB != 0 { &mut self.blobs } else { &mut self.objects }, id);
    }

    /// Remembers a session by its socket, whose name ends with the session's id.
    pub fn learn_session(&mut self, socket: &str, plasma: bool) {
        let digits = socket.rsplit_once(".S").map_or("", |(_, digits)| digits);
        if let Ok(id) = i64::from_str_radix(digits, 16) {
            remember(&mut self.sessions, id);
        }
        self.sockets.push((PathBuf::from(socket), plasma));
    }

    /// Learns what another one knows, and forgets sessions that are gone.
    pub fn absorb(&mut self, other: &Self) {
        let ids = other.blobs.iter().chain(&other.objects);
        ids.for_each(|id| self.learn_id(*id));
        other.sessions.iter().for_each(|session| remember(&mut self.sessions, *session));
        let new = other.sockets.iter().filter(|socket| !self.sockets.contains(socket)).cloned().collect::<Vec<_>>();
        self.sockets.extend(new);
        self.sockets.retain(|(path, _)| path.exists());
    }

    /// Every id that a stream may have been given.
    pub fn streams(&self) -> Vec<u64> {
        [&[7, 8], &self.objects[..], &self.blobs].concat()
    }

    pub fn blob(&self, choices: &mut Choices<'_>) -> u64 {
        let made_up = [EMPTY_BLOB, PLACEHOLDER_BLOB, EMPTY_BLOB | 7, 7, 0];
        let known = known_one(&self.blobs, choices);
        known.or_else(|| choices.pick(&made_up)).unwrap_or(0)
    }

    pub fn object(&self, choices: &mut Choices<'_>) -> u64 {
        let made_up = [1, 2, 3, 7, 0, (1 << 63) - 1];
        let known = known_one(&self.objects, choices);
        known.or_else(|| choices.pick(&made_up)).unwrap_or(0)
    }

    /// An id of any kind.
    pub fn id(&self, choices: &mut Choices<'_>) -> u64 {
        match choices.below(8) {
            0..=3 => self.blob(choices),
            4..=6 => self.object(choices),
            _ => self.session(choices).cast_unsigned(),
        }
    }

    /// The id of a stream: few, so that peers meet.
    pub fn stream(&self, choices: &mut Choices<'_>) -> u64 {
        if choices.once_in(8) { self.id(choices) } else { 7 + choices.below(2) as u64 }
    }

    pub fn session(&self, choices: &mut Choices<'_>) -> i64 {
        let known = if choices.once_in(6) { None } else { choices.pick(&self.sessions) };
        known.or_else(|| choices.pick(&[0, 77, -1, i64::MIN])).unwrap_or(0)
    }

    pub fn label(&self, choices: &mut Choices<'_>) -> i64 {
        choices.pick(&self.labels).unwrap_or(3)
    }
}

pub fn size(choices: &mut Choices<'_>) -> u64 {
    // Mostly such that several fit.
    let few = if choices.once_in(4) { SIZES.len() } else { 10 };
    choices.pick(&SIZES[..few]).unwrap_or(64)
}

pub fn name(choices: &mut Choices<'_>) -> String {
    if choices.once_in(8) { text(choices) } else { choices.pick(&NAMES).unwrap_or_default().to_owned() }
}

pub fn text(choices: &mut Choices<'_>) -> String {
    match choices.below(TEXTS.len() + 2) {
        long if long == TEXTS.len() => "long".repeat(1 + choices.below(200) * 10),
        random if random > TEXTS.len() => String::from_utf8_lossy(choices.take(12)).into_owned(),
        index => TEXTS[index].to_owned(),
    }
}

pub fn pattern(choices: &mut Choices<'_>) -> String {
    if choices.once_in(6) { text(choices) } else { choices.pick(&PATTERNS).unwrap_or("*").to_owned() }
}

/// The ids that clients of plasma sessions choose: few, so that peers meet.
pub fn plasma_id(choices: &mut Choices<'_>) -> String {
    if choices.once_in(8) { text(choices) } else { choices.pick(&["eA==", "eQ==", "x"]).unwrap_or("x").to_owned() }
}

/// What no field expects.
pub fn absurd(choices: &mut Choices<'_>) -> Value {
    match choices.below(20) {
        0 => json!(-1),
        1 => json!(1u64 << 63),
        2 => json!(u64::MAX),
        3 => json!(1.5),
        4 => json!(1e300),
        5 => json!(-1e300),
        6 => json!(i64::MIN),
        7 => json!(true),
        8 => Value::Null,
        9 => json!("1"),
        10 => json!([]),
        11 => json!({}),
        12 => json!([[], {}, null, -1]),
        13 => json!({"id": "o1", "typename": 5}),
        14 => deep(20 + choices.below(100)),
        15 => deep(200),
        16 => json!(choices.number()),
        _ => json!(text(choices)),
    }
}

/// Lists and objects inside each other.
fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) })
}
