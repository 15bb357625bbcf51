//! What is the same in two replies.
//!
//! Free are only fields to which the protocol attaches no promise: texts of errors, times, addresses of memory, numbers
//! of arenas, places within them, and how a host calls itself. Each is still checked for its kind and limits.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::names::Names;
use super::payload::is_payload;

/// The differences between what is expected, in terms of the recording, and a reply; one text for each.
pub fn differences(names: &Names, expected: &Value, live: &Value) -> Vec<String> {
    let mut comparison = Comparison { names, found: Vec::new() };
    comparison.reply(expected, live);
    comparison.found
}

struct Comparison<'a> {
    names: &'a Names,
    found: Vec<String>,
}

/// What a field without a promise has to be all the same.
#[derive(Clone, Copy)]
enum Free {
    Text,
    Number,
    /// Checked together with the descriptors.
    Elsewhere,
}

impl Comparison<'_> {
    fn reply(&mut self, expected: &Value, live: &Value) {
        let kind = expected.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            _ if expected.get("code").is_some() => {
                self.fields("", expected, live, &|key| (key == "message").then_some(Free::Text));
            }
            "cluster_meta" => self.fields("", expected, live, &|_| None),
            "make_arena_reply" => self.fields("", expected, live, &|key| match key {
                "fd" => Some(Free::Elsewhere),
                "base" => Some(Free::Number),
                _ => None,
            }),
            _ => self.fields("", expected, live, &|key| matches!(key, "fd" | "fds").then_some(Free::Elsewhere)),
        }
    }

    fn value(&mut self, path: &str, expected: &Value, live: &Value) {
        match (expected, live) {
            (Value::Object(expected_fields), Value::Object(_)) => {
                if is_payload(expected_fields) {
                    self.payload(path, expected, live);
                } else if expected_fields.contains_key("hostid") {
                    // A session does not say at once where it listens.
                    let early = expected.get("ipc_socket").and_then(Value::as_str) == Some("-");
                    self.fields(path, expected, live, &|key| match key {
                        "ipc_socket" if early => Some(Free::Text),
                        "hostid" | "timestamp" => Some(Free::Number),
                        "hostname" | "nodename" => Some(Free::Text),
                        _ => None,
                    });
                } else {
                    self.fields(path, expected, live, &|key| (key == "__timestamp").then_some(Free::Number));
                }
            }
            (Value::Array(expected), Value::Array(live)) if path.ends_with("/deleted_bids") => {
                let expected: BTreeSet<String> = expected.iter().map(|id| self.names.message(id).to_string()).collect();
                let live: BTreeSet<String> = live.iter().map(Value::to_string).collect();
                if expected != live {
                    self.found.push(format!("{path}: {live:?}, expected {expected:?}"));
                }
            }
            (Value::Array(expected), Value::Array(live)) if expected.len() == live.len() => {
                for (at, (expected, live)) in expected.iter().zip(live).enumerate() {
                    self.value(&format!("{path}/{at}"), expected, live);
                }
            }
            _ => {
                let expected = self.names.message(expected);
                if expected != *live {
                    self.found.push(format!("{path}: {live}, expected {expected}"));
                }
            }
        }
    }

    /// Compares field by field; `free` says which have no promise.
    fn fields(&mut self, path: &str, expected: &Value, live: &Value, free: &dyn Fn(&str) -> Option<Free>) {
        let none = Map::new();
        let (expected, live) = (expected.as_object().unwrap_or(&none), live.as_object().unwrap_or(&none));
        let mut rest: BTreeSet<&String> = live.keys().collect();
        for (key, value) in expected {
            let name = self.names.text(key);
            rest.remove(&name);
            let path = format!("{path}/{name}");
            match (live.get(&name), free(key)) {
                (None, _) => self.found.push(format!("{path} is missing, expected {value}")),
                (Some(live), None) => self.value(&path, value, live),
                (Some(Value::String(_)), Some(Free::Text)) | (Some(_), Some(Free::Elsewhere)) => {}
                (Some(Value::Number(_)), Some(Free::Number)) => {}
                (Some(live), Some(_)) => self.found.push(format!("{path}: {live} is not of the kind of {value}")),
            }
        }
        self.found.extend(rest.into_iter().map(|key| format!("{path}/{key} is new: {}", live[key])));
    }

    /// A payload: where a blob lies is free, as far as it is possible.
    fn payload(&mut self, path: &str, expected: &Value, live: &Value) {
        const PLACE: [&str; 4] = ["data_offset", "map_size", "pointer", "store_fd"];
        self.fields(path, expected, live, &|key| PLACE.contains(&key).then_some(Free::Number));
        let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_i64).unwrap_or(-1);
        let [offset, map, pointer, arena] = PLACE.map(|key| number(live, key));
        let size = number(live, "data_size");
        // The placeholder is as large as all memory, wherever it lies.
        let placeholder = live.get("object_id").and_then(Value::as_u64) == Some(u64::MAX);
        let placed = match number(expected, "store_fd") {
            0.. if placeholder => arena >= 0,
            0.. => {
                let end = offset.checked_add(size);
                arena >= 0 && offset >= 0 && size >= 0 && offset % 64 == 0 && end.is_some_and(|end| end <= map)
            }
            _ => (offset, map, pointer, arena) == (0, 0, 0, -1),
        };
        if !placed {
            self.found.push(format!("{path}: {size} bytes at {offset} of {map} in arena {arena} are not as expected"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn count(expected: &Value, live: &Value) -> usize {
        let mut names = Names::new("/here");
        names.bind(1000, 2000).expect("new");
        differences(&names, expected, live).len()
    }

    #[test]
    fn ids_and_paths_are_those_of_the_run() {
        let expected =
            json!({"type": "x", "id": 1000, "ipc_socket": "/run/vineyard/a", "content": {"o00000000000003e8": 1}});
        let live = json!({"type": "x", "id": 2000, "ipc_socket": "/here/a", "content": {"o00000000000007d0": 1}});
        assert_eq!(count(&expected, &live), 0);
        assert_eq!(count(&expected, &expected), 4, "id, path, one key missing, one new");
    }

    #[test]
    fn values_keys_and_codes_count() {
        assert_eq!(count(&json!({"a": 1}), &json!({"a": 1.0})), 1);
        assert_eq!(count(&json!({"a": null}), &json!({})), 1);
        assert_eq!(count(&json!({}), &json!({"a": null})), 1);
        assert_eq!(count(&json!({"a": [1, 2]}), &json!({"a": [2, 1]})), 2);
        assert_eq!(count(&json!({"a": [1]}), &json!({"a": [1, 1]})), 1);
        assert_eq!(count(&json!({"deleted_bids": [1, 2]}), &json!({"deleted_bids": [2, 1]})), 0);
        assert_eq!(count(&json!({"deleted_bids": [1, 2]}), &json!({"deleted_bids": [2, 3]})), 1);
        let error = json!({"code": 12, "message": "one"});
        assert_eq!(count(&error, &json!({"code": 12, "message": "another"})), 0);
        assert_eq!(count(&error, &json!({"code": 2, "message": "one"})), 1);
        assert_eq!(count(&error, &json!({"code": 12})), 1);
        assert_eq!(count(&json!({"m": {"message": "one"}}), &json!({"m": {"message": "another"}})), 1);
    }

    #[test]
    fn a_payload_lies_anywhere_within_its_arena() {
        let payload = |offset: u64, size: u64, fd: i64| {
            json!({"created": {"object_id": 1000, "store_fd": fd, "data_offset": offset, "data_size": size,
                "map_size": 4096, "pointer": 5}})
        };
        let expected = payload(64, 10, 9);
        let live = |offset, size, fd| {
            let mut live = payload(offset, size, fd);
            live["created"]["object_id"] = json!(2000);
            count(&expected, &live)
        };
        assert_eq!(live(128, 10, 4), 0);
        assert_eq!(live(128, 11, 4), 1, "the size is not free");
        assert_eq!(live(100, 10, 4), 1, "not aligned");
        assert_eq!(live(4096, 10, 4), 1, "outside");
        assert_eq!(live(64, 10, -1), 1, "nowhere");
    }
}
