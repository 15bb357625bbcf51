//! Recorded traffic, as the objects that were put and got.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;

use serde_json::Value;
use vineyard_core::{Blob, ObjectId, ObjectMeta, testing};

use crate::TestResult;

/// A message, and what the client was doing when it was sent.
pub struct Message {
    pub doing: String,
    pub kind: String,
    pub content: Value,
}

/// The requests and replies of one recording that carry metadata.
pub fn recording(name: &str) -> Result<Vec<Message>, Box<dyn Error>> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "tests", "fixtures", "wire", name].iter().collect();
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut doing = String::new();
    let mut messages = Vec::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line)?;
        if let Some(note) = line["note"].as_str() {
            doing = note.to_owned();
        }
        let kind = line["msg"]["type"].as_str().unwrap_or_default().to_owned();
        if matches!(kind.as_str(), "create_data_request" | "get_data_reply") {
            let content = line["msg"]["content"].take();
            messages.push(Message { doing: doing.clone(), kind, content });
        }
    }
    Ok(messages)
}

pub fn is_blob(tree: &Value) -> bool {
    tree["typename"] == "vineyard::Blob"
}

fn members(tree: &Value) -> impl Iterator<Item = &Value> {
    tree.as_object().into_iter().flat_map(|fields| fields.values()).filter(|field| field.is_object())
}

/// The lengths of all blobs below a tree, as it gives them.
fn lengths(tree: &Value, found: &mut HashMap<ObjectId, usize>) -> TestResult {
    if !is_blob(tree) {
        return members(tree).try_for_each(|member| lengths(member, found));
    }
    let id = tree["id"].as_str().ok_or("a blob without id")?.parse()?;
    found.insert(id, usize::try_from(tree["length"].as_u64().ok_or("a blob without length")?)?);
    Ok(())
}

/// A tree and all trees below it, without the blobs.
fn objects<'a>(tree: &'a Value, found: &mut Vec<&'a Value>) {
    if !is_blob(tree) {
        found.push(tree);
        members(tree).for_each(|member| objects(member, found));
    }
}

/// An object of a recording and all objects below it, over payloads of zeros that are as long as those written.
pub struct Reply {
    pub doing: String,
    pub objects: Vec<ObjectMeta>,
}

pub fn replies(name: &str) -> Result<Vec<Reply>, Box<dyn Error>> {
    let messages = recording(name)?;
    let mut written = HashMap::new();
    for message in messages.iter().filter(|message| message.kind == "create_data_request") {
        lengths(&message.content, &mut written)?;
    }
    let over_zeros = |tree: &Value| -> Result<ObjectMeta, Box<dyn Error>> {
        let mut used = HashMap::new();
        lengths(tree, &mut used)?;
        let payload = |id: &ObjectId| written.get(id).map(|len| (*id, Blob::from(vec![0u8; *len])));
        let payloads = used.keys().map(|id| payload(id).ok_or_else(|| format!("{id} was never written")));
        let payloads = payloads.collect::<Result<Vec<_>, _>>()?;
        Ok(testing::object_meta(serde_json::from_value(tree.clone())?, payloads))
    };
    let mut replies = Vec::new();
    for message in messages.iter().filter(|message| message.kind == "get_data_reply") {
        for root in members(&message.content) {
            let mut trees = Vec::new();
            objects(root, &mut trees);
            let objects = trees.into_iter().map(over_zeros).collect::<Result<_, _>>()?;
            replies.push(Reply { doing: message.doing.clone(), objects });
        }
    }
    assert!(!replies.is_empty(), "{name} has no replies");
    Ok(replies)
}
