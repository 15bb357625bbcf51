//! What stands for what: recorded ids, paths and addresses, and those of this run.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Step;

/// Ids that every server has: nothing else may stand for them.
const WELL_KNOWN: [u64; 3] = [0, 1 << 63, u64::MAX];

/// The directory of all paths in the recordings.
const RECORDED_DIRECTORY: &str = "/run/vineyard/";

/// A one-to-one map from what was recorded to what this run has instead.
#[derive(Debug, Default)]
pub struct Names {
    numbers: BTreeMap<u64, u64>,
    taken: BTreeMap<u64, u64>,
    /// Whole texts: addresses, and ids in base64.
    texts: BTreeMap<String, String>,
    directory: String,
}

impl Names {
    /// Knows the directory of this run, and nothing else.
    pub fn new(directory: &str) -> Self {
        Self { directory: format!("{directory}/"), ..Self::default() }
    }

    /// Lets one id, signature or session stand for another. Both must be new, or be known as a pair.
    pub fn bind(&mut self, recorded: u64, live: u64) -> Step {
        if WELL_KNOWN.contains(&recorded) || WELL_KNOWN.contains(&live) {
            return if recorded == live { Ok(()) } else { Err(format!("{live} instead of the well-known {recorded}")) };
        }
        let known = (self.number(recorded), self.taken.get(&live).copied().unwrap_or(recorded));
        if known != (live, recorded) && (self.numbers.contains_key(&recorded) || self.taken.contains_key(&live)) {
            return Err(format!("{live} cannot stand for {recorded}: {} does, and it for {}", known.0, known.1));
        }
        self.numbers.insert(recorded, live);
        self.taken.insert(live, recorded);
        // Plasma ids may be made of object ids.
        self.texts.insert(base64(&format!("o{recorded:016x}")), base64(&format!("o{live:016x}")));
        Ok(())
    }

    /// The same for fields of two messages that hold ids, alone or in a list. Fields that are no ids are left to the
    /// comparison.
    pub fn bind_fields(&mut self, recorded: &Value, live: &Value, pointer: &str) -> Step {
        match (recorded.pointer(pointer), live.pointer(pointer)) {
            (Some(Value::Number(recorded)), Some(Value::Number(live))) => match (recorded.as_u64(), live.as_u64()) {
                (Some(recorded), Some(live)) => self.bind(recorded, live),
                _ => Ok(()),
            },
            (Some(Value::Array(items)), Some(Value::Array(lives))) => {
                items.iter().zip(lives).try_for_each(|(recorded, live)| self.bind_fields(recorded, live, ""))
            }
            _ => Ok(()),
        }
    }

    /// Lets one address stand for another.
    pub fn bind_text(&mut self, recorded: &str, live: &str) {
        self.texts.insert(recorded.to_owned(), live.to_owned());
    }

    /// The session in the path of a socket, `…S` and 16 digits.
    pub fn session(path: &str) -> Option<u64> {
        let (_, digits) = path.rsplit_once(".S")?;
        (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok()).flatten()
    }

    /// What stands for a number: itself unless it is a known id.
    pub fn number(&self, recorded: u64) -> u64 {
        self.numbers.get(&recorded).copied().unwrap_or(recorded)
    }

    /// What stands for a text: known ids and paths in it are replaced.
    pub fn text(&self, recorded: &str) -> String {
        if let Some(live) = self.texts.get(recorded) {
            return live.clone();
        }
        let mut rest = recorded;
        let mut mapped = String::with_capacity(rest.len());
        while let Some(letter) = rest.chars().next() {
            if let Some((live, after)) = self.leading_id(rest) {
                mapped.push_str(&live);
                rest = after;
            } else if let Some(after) = rest.strip_prefix(RECORDED_DIRECTORY) {
                mapped.push_str(&self.directory);
                rest = after;
            } else {
                mapped.push(letter);
                rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            }
        }
        mapped
    }

    fn leading_id<'a>(&self, text: &'a str) -> Option<(String, &'a str)> {
        let letter = text.chars().next().filter(|letter| matches!(letter, 'o' | 's' | 'S'))?;
        let (digits, after) = (text.get(1..17)?, text.get(17..)?);
        let number = u64::from_str_radix(digits, 16).ok()?;
        let live = self.numbers.get(&number)?;
        Some((format!("{letter}{live:016x}"), after))
    }

    /// What stands for a message.
    pub fn message(&self, recorded: &Value) -> Value {
        match recorded {
            Value::Number(number) => number.as_u64().map_or(recorded.clone(), |number| self.number(number).into()),
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.message(item)).collect(),
            Value::Object(items) => {
                Value::Object(items.iter().map(|(key, item)| (self.text(key), self.message(item))).collect())
            }
            other => other.clone(),
        }
    }
}

/// Base64 with padding, RFC 4648.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let index = bits >> (18 - 6 * place) & 63;
            let letter = usize::try_from(index).ok().and_then(|index| ALPHABET.get(index)).copied();
            out.push(letter.filter(|_| place <= group.len()).map_or('=', char::from));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_recordings() {
        assert_eq!(base64("plasma-id-0001"), "cGxhc21hLWlkLTAwMDE=");
        assert_eq!(base64("o e880"), "byBlODgw");
        assert_eq!(base64("oe880a7fca9400005"), "b2U4ODBhN2ZjYTk0MDAwMDU=");
        assert_eq!(base64("none"), "bm9uZQ==");
    }

    #[test]
    fn a_map_is_one_to_one() {
        let mut names = Names::new("/here");
        names.bind(0x8000_0000_0000_0123, 77).expect("new");
        names.bind(0x8000_0000_0000_0123, 77).expect("known");
        assert_eq!(names.text("vo8000000000000123.x"), "vo000000000000004d.x");
        assert_eq!(names.text("/run/vineyard/a.sock.S8000000000000123"), "/here/a.sock.S000000000000004d");
        names.bind(0x8000_0000_0000_0123, 78).expect_err("stands for 77");
        names.bind(5, 77).expect_err("is taken");
        names.bind(1 << 63, 79).expect_err("is well known");
    }
}
