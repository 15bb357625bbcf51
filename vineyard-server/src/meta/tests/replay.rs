//! Recorded exchanges with the reference, replayed: ids differ, everything else must be the same.

use super::*;

/// Keys that the reference bends or that make it hide the object; what it answers then is no measure.
const BENT_KEYS: [&str; 6] = ["a/b", "c~d", "", "0", "12", "zz/0"];

struct Replay {
    server: Server,
    /// Recorded numbers of ids and signatures, and what stands for them here.
    numbers: BTreeMap<u64, u64>,
    /// Replies that were compared, by type of the request.
    compared: BTreeMap<String, usize>,
}

impl Replay {
    /// Replays a recording up to the first note that is `end`.
    fn run(recording: &str, end: &str) -> Self {
        let path = format!("{}/../tests/fixtures/wire/{recording}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("the recording is in the repository");
        let mut replay = Self { server: Server::new(), numbers: BTreeMap::new(), compared: BTreeMap::new() };
        let mut pending: BTreeMap<u64, Value> = BTreeMap::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            if line["note"] == end {
                break;
            }
            let (Some(conn), Some(message)) = (line["conn"].as_u64(), line.get("msg")) else { continue };
            if line["dir"] == "c>s" {
                pending.insert(conn, message.clone());
            } else if let Some(request) = pending.remove(&conn) {
                replay.exchange(&request, message, &line["seq"]);
            }
        }
        replay
    }

    fn exchange(&mut self, request: &Value, recorded: &Value, seq: &Value) {
        let kind = request["type"].as_str().expect("a type").to_owned();
        // These learn the ids that the reference made.
        match (kind.as_str(), recorded.get("code")) {
            ("create_buffer_request", _) => return self.create_buffer(request, recorded),
            ("shallow_copy_request", None) => {
                let id = self.mapped(&request["id"]).as_u64().expect("an id");
                let extra = request.get("extra").cloned().unwrap_or(json!({}));
                let copied = self.server.tree.shallow_copy(ObjectId::from_raw(id), &extra, &self.server.ids);
                self.server.tree.check();
                self.learn(&recorded["target_id"], copied.expect("was accepted").as_raw());
            }
            ("create_data_request", None) => {
                let created = self.create(&[&request["content"]]).expect("was accepted");
                self.learn(&recorded["id"], created[0].id.as_raw());
                self.learn(&recorded["signature"], created[0].signature.as_raw());
            }
            ("create_datas_request", None) => {
                let contents: Vec<&Value> = request["contents"].as_array().expect("a list").iter().collect();
                for (index, created) in self.create(&contents).expect("was accepted").iter().enumerate() {
                    self.learn(&recorded["ids"][index], created.id.as_raw());
                    self.learn(&recorded["signatures"][index], created.signature.as_raw());
                }
            }
            _ => {
                let Some(reply) = self.answer(&kind, request) else { return };
                assert_eq!(normal(&reply), normal(&without_blobs(self.mapped(recorded))), "{kind}, line {seq}");
            }
        }
        *self.compared.entry(kind).or_default() += 1;
    }

    fn learn(&mut self, recorded: &Value, ours: u64) {
        self.numbers.insert(recorded.as_u64().expect("an id"), ours);
    }

    fn create_buffer(&mut self, request: &Value, recorded: &Value) {
        let id = self.server.blob(request["size"].as_u64().expect("a size"));
        self.learn(&recorded["id"], id.as_raw());
    }

    fn create(&mut self, contents: &[&Value]) -> Result<Vec<Created>, i64> {
        let contents: Vec<Value> = contents.iter().map(|content| self.mapped(content)).collect();
        self.server.try_create_all(&contents)
    }

    /// What we answer; `None` for requests that are not about metadata.
    fn answer(&mut self, kind: &str, request: &Value) -> Option<Value> {
        let request = self.mapped(request);
        let number = |key: &str| ObjectId::from_raw(request[key].as_u64().expect("an id"));
        let flag = |key: &str| request[key].as_bool().unwrap_or(false);
        let text = |key: &str| request[key].as_str().expect("text");
        let tree = &mut self.server.tree;
        let failed = |error: vineyard_core::ServerError| json!({"code": error.code.as_raw()});
        let reply = match kind {
            "create_data_request" | "create_datas_request" => {
                let one = [request["content"].clone()];
                let contents = request["contents"].as_array().map_or(one.as_slice(), Vec::as_slice);
                let code = self.server.try_create_all(contents).expect_err("was refused");
                json!({"code": code})
            }
            "get_data_request" => {
                let ids: Vec<ObjectId> = serde_json::from_value(request["id"].clone()).ok()?;
                if ids.iter().any(|id| id.is_blob()) {
                    return None;
                }
                let found: Vec<ObjectId> = ids.into_iter().filter(|id| tree.contains(*id)).collect();
                self.content(&found)?
            }
            "list_data_request" => {
                let limit = request["limit"].as_u64().expect("a limit") as usize;
                let found = self.server.list(text("pattern"), flag("regex"), limit);
                self.content(&found)?
            }
            "exists_request" => {
                let id = number("id");
                let exists = if id.is_blob() { self.server.blobs.contains_key(&id) } else { tree.contains(id) };
                json!({"type": "exists_reply", "exists": exists || id == ObjectId::PLACEHOLDER_BLOB})
            }
            "persist_request" => tree.persist(number("id")).map_or_else(failed, |()| json!({"type": "persist_reply"})),
            "if_persist_request" => {
                let reply = |persist| json!({"type": "if_persist_reply", "persist": persist});
                tree.is_persistent(number("id")).map_or_else(failed, reply)
            }
            "del_data_with_feedbacks_request" => {
                let ids: Vec<ObjectId> = serde_json::from_value(request["id"].clone()).expect("ids");
                let deleted = self.server.delete(&ids, flag("force"), flag("deep"));
                json!({"type": "del_data_with_feedbacks_reply", "deleted_bids": deleted.blobs})
            }
            "del_data_request" => {
                let ids: Vec<ObjectId> = serde_json::from_value(request["id"].clone()).expect("ids");
                self.server.delete(&ids, flag("force"), flag("deep"));
                json!({"type": "del_data_reply"})
            }
            "shallow_copy_request" => {
                let extra = request.get("extra").cloned().unwrap_or(json!({}));
                let refused = tree.shallow_copy(number("id"), &extra, &self.server.ids);
                failed(refused.expect_err("was refused"))
            }
            "label_request" => {
                // What is not text does not get as far as here.
                let keys: Vec<String> = serde_json::from_value(request["keys"].clone()).ok()?;
                let values: Vec<String> = serde_json::from_value(request["values"].clone()).ok()?;
                let labelled = tree.label(number("id"), keys.into_iter().zip(values));
                labelled.map_or_else(failed, |()| json!({"type": "label_reply"}))
            }
            "put_name_request" => {
                let named = tree.put_name(number("object_id"), text("name"));
                named.map_or_else(failed, |()| json!({"type": "put_name_reply"}))
            }
            "get_name_request" => {
                let found = |id: ObjectId| json!({"type": "get_name_reply", "object_id": id});
                tree.name(text("name")).map_or(json!({"code": NO_OBJECT}), found)
            }
            "list_name_request" => {
                let limit = request["limit"].as_u64().expect("a limit") as usize;
                let names = tree.list_names(&Pattern::new(text("pattern"), flag("regex")), None, limit);
                json!({"type": "list_name_reply", "size": names.len(), "names": names})
            }
            "drop_name_request" => {
                tree.drop_name(text("name"));
                json!({"type": "drop_name_reply"})
            }
            "clear_request" => {
                drop(tree.clear());
                tree.check();
                self.server.blobs.clear();
                json!({"type": "clear_reply"})
            }
            _ => return None,
        };
        Some(reply)
    }

    fn content(&self, ids: &[ObjectId]) -> Option<Value> {
        let views: BTreeMap<String, Value> =
            ids.iter().map(|id| (id.to_string(), self.server.view(*id).expect("is readable"))).collect();
        let bent = views.values().any(|view| BENT_KEYS.iter().any(|key| view.get(key).is_some()));
        let content = if views.is_empty() { json!(null) } else { json!(views) };
        (!bent).then(|| json!({"type": "get_data_reply", "content": content}))
    }

    /// The same with our ids for the recorded ones, as numbers and as text.
    fn mapped(&self, value: &Value) -> Value {
        let known = |raw: u64| self.numbers.get(&raw).copied();
        match value {
            Value::Number(number) => number.as_u64().and_then(known).map_or(value.clone(), Value::from),
            Value::String(text) => Value::String(self.mapped_text(text)),
            Value::Array(items) => items.iter().map(|item| self.mapped(item)).collect(),
            Value::Object(items) => {
                Value::Object(items.iter().map(|(key, item)| (self.mapped_text(key), self.mapped(item))).collect())
            }
            other => other.clone(),
        }
    }

    fn mapped_text(&self, text: &str) -> String {
        let id = text.strip_prefix('o').and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let ours = id.and_then(|raw| self.numbers.get(&raw));
        ours.map_or_else(|| text.to_owned(), |raw| ObjectId::from_raw(*raw).to_string())
    }
}

/// A reply without the blobs that are listed beside the objects, which the metadata does not know.
fn without_blobs(mut reply: Value) -> Value {
    if let Some(content) = reply.get_mut("content").and_then(Value::as_object_mut) {
        content.retain(|_, entry| entry["typename"] != "vineyard::Blob");
        if content.is_empty() {
            reply["content"] = json!(null);
        }
    }
    reply
}

/// Without what may differ: texts of messages, times, the order of freed blobs, `transient: false` as a client sent
/// it, which the reference believes, and the lengths of blobs, which it forgets.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(items) => {
            let kept = items.iter().filter(|(key, _)| !["message", "__timestamp"].contains(&key.as_str()));
            let believed = items.get("signature") == Some(&json!(123456));
            let kept = kept.filter(|(key, _)| !(believed && *key == "transient"));
            let is_blob = items.get("typename") == Some(&json!("vineyard::Blob"));
            let kept = kept.filter(|(key, _)| !(is_blob && ["length", "nbytes"].contains(&key.as_str())));
            let mut items: serde_json::Map<_, _> = kept.map(|(key, item)| (key.clone(), normal(item))).collect();
            if let Some(Value::Array(blobs)) = items.get_mut("deleted_bids") {
                blobs.sort_by_key(Value::as_u64);
            }
            Value::Object(items)
        }
        other => other.clone(),
    }
}

#[test]
fn recorded_deletions_leave_the_same() {
    let replay = Replay::run("delete_raw.jsonl", "");
    assert_eq!(replay.compared["create_data_request"], 128);
    assert_eq!(replay.compared["del_data_with_feedbacks_request"], 32);
    assert_eq!(replay.compared["exists_request"], 224);
}

#[test]
fn recorded_metadata_is_the_same() {
    let replay = Replay::run("meta_raw.jsonl", "memory_trim, cluster_meta, debug, locks");
    assert_eq!(replay.compared["create_data_request"], 29);
    assert_eq!(replay.compared["create_datas_request"], 3);
    assert_eq!(replay.compared["get_data_request"], 26);
    assert_eq!(replay.compared["list_data_request"], 9);
    assert_eq!(replay.compared["persist_request"] + replay.compared["if_persist_request"], 10);
    assert_eq!(replay.compared["shallow_copy_request"], 6);
    assert_eq!(replay.compared["label_request"], 3);
}

#[test]
fn recorded_sessions_of_the_python_client_are_the_same() {
    for (recording, kind, count) in [
        ("labels.jsonl", "label_request", 4),
        ("labels.jsonl", "get_data_request", 3),
        ("exists_copy_clear.jsonl", "shallow_copy_request", 3),
        ("exists_copy_clear.jsonl", "get_data_request", 3),
        ("exists_copy_clear.jsonl", "list_data_request", 1),
        ("delete.jsonl", "exists_request", 22),
        ("persist.jsonl", "persist_request", 5),
        ("persist.jsonl", "get_data_request", 5),
        ("names.jsonl", "put_name_request", 9),
        ("names.jsonl", "list_name_request", 5),
        ("listing.jsonl", "list_data_request", 7),
        ("meta.jsonl", "get_data_request", 13),
    ] {
        let replay = Replay::run(recording, "");
        assert_eq!(replay.compared.get(kind), Some(&count), "{kind} in {recording}");
    }
}
