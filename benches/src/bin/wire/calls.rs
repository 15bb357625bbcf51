//! The requests that are measured, written as the published Python client writes them.

use serde_json::{Value, json};
use vineyard_benches::Done;
use vineyard_core::protocol::chunk::Unpacker;

use crate::client::{Client, HEADER_BYTES};

/// A number of a reply.
fn number(reply: &Value, pointer: &str) -> Done<u64> {
    reply.pointer(pointer).and_then(Value::as_u64).ok_or_else(|| format!("no number {pointer} in {reply}").into())
}

/// The last object of a get_data_reply.
fn object(reply: &Value) -> Done<&Value> {
    let content = reply.get("content").and_then(Value::as_object);
    content.and_then(|content| content.values().next_back()).ok_or_else(|| format!("nothing in {reply}").into())
}

impl Client {
    pub(crate) fn exists(&mut self, id: u64) -> Done {
        self.call(&json!({"type": "exists_request", "id": id})).map(drop)
    }

    pub(crate) fn get_data(&mut self, id: u64, synced: bool) -> Done<Value> {
        self.call(&json!({"type": "get_data_request", "id": [id], "sync_remote": synced, "wait": false}))
    }

    pub(crate) fn get_buffers(&mut self, id: u64) -> Done<Value> {
        let request = json!({"type": "get_buffers_request", "num": 1, "unsafe": false, "0": id});
        let reply = self.call(&request)?;
        for label in reply.get("fds").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64) {
            self.take_descriptor(label)?;
        }
        Ok(reply)
    }

    /// What a get of a tensor asks: its metadata, then where its blob lies.
    pub(crate) fn get(&mut self, id: u64) -> Done<u64> {
        let reply = self.get_data(id, true)?;
        let text = object(&reply)?.pointer("/buffer_/id").and_then(Value::as_str).ok_or("no blob")?;
        let blob = u64::from_str_radix(text.trim_start_matches('o'), 16)?;
        self.get_buffers(blob)?;
        Ok(blob)
    }

    /// Creates a blob; the payload comes along.
    pub(crate) fn create(&mut self, size: usize) -> Done<(u64, Value)> {
        let mut reply = self.call(&json!({"type": "create_buffer_request", "size": size}))?;
        if let Some(label) = reply.get("fd").and_then(Value::as_i64).filter(|label| *label >= 0) {
            self.take_descriptor(label)?;
        }
        let payload = reply.get_mut("created").map(Value::take).ok_or("no payload")?;
        Ok((number(&reply, "/id")?, payload))
    }

    pub(crate) fn seal(&mut self, id: u64) -> Done {
        self.call(&json!({"type": "seal_request", "object_id": id})).map(drop)
    }

    /// Creates the metadata of a tensor.
    pub(crate) fn create_data(&mut self, blob: u64, size: usize) -> Done<u64> {
        let buffer = json!({
            "id": format!("o{blob:016x}"), "instance_id": 0, "length": size, "nbytes": size, "transient": true,
            "typename": "vineyard::Blob",
        });
        let content = json!({
            "buffer_": buffer, "global": false, "instance_id": 0, "nbytes": size, "order_": "\"C\"",
            "partition_index_": "[]", "shape_": format!("[{}]", size / 8), "transient": true,
            "typename": "vineyard::Tensor<int64>", "value_type_": "int64", "value_type_meta_": "<i8",
        });
        let reply = self.call(&json!({"type": "create_data_request", "content": content}))?;
        number(&reply, "/id")
    }

    /// What a put of a tensor asks.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Done<u64> {
        let (blob, payload) = self.create(bytes.len())?;
        self.write(&payload, bytes)?;
        self.seal(blob)?;
        self.create_data(blob, bytes.len())
    }

    /// Deletes objects with their blobs, and blobs.
    pub(crate) fn delete(&mut self, ids: &[u64]) -> Done {
        let request = json!({
            "type": "del_data_request", "id": ids, "force": false, "deep": true, "memory_trim": false,
            "fastpath": false,
        });
        self.call(&request).map(drop)
    }

    pub(crate) fn list(&mut self, limit: u64) -> Done {
        let request =
            json!({"type": "list_data_request", "pattern": "vineyard::Tensor*", "regex": false, "limit": limit});
        self.call(&request).map(drop)
    }

    pub(crate) fn list_names(&mut self, limit: u64) -> Done {
        self.call(&json!({"type": "list_name_request", "pattern": "*", "regex": false, "limit": limit})).map(drop)
    }

    pub(crate) fn persist(&mut self, id: u64) -> Done {
        self.call(&json!({"type": "persist_request", "id": id})).map(drop)
    }

    pub(crate) fn put_name(&mut self, id: u64, name: &str) -> Done {
        self.call(&json!({"type": "put_name_request", "object_id": id, "name": name})).map(drop)
    }

    pub(crate) fn get_name(&mut self, name: &str) -> Done {
        self.call(&json!({"type": "get_name_request", "name": name, "wait": false})).map(drop)
    }

    /// Creates a blob whose bytes travel over the connection: as they are, or as chunks that were made before.
    pub(crate) fn put_remote(&mut self, size: usize, bytes: &[u8], compress: bool) -> Done<u64> {
        let request = json!({"type": "create_remote_buffer_request", "size": size, "compress": compress});
        self.call(&request)?;
        self.send_raw(bytes)?;
        number(&self.reply(&request)?, "/id")
    }

    /// Gets a blob whose bytes travel over the connection.
    pub(crate) fn get_remote(&mut self, id: u64, compress: bool) -> Done {
        let request = json!({
            "type": "get_remote_buffers_request", "num": 1, "unsafe": false, "compress": compress, "0": id,
        });
        let size = number(&self.call(&request)?, "/payloads/0/data_size")?;
        if !compress {
            return self.read_raw(size, |_| Ok(()));
        }
        let (mut unpacker, mut found) = (Unpacker::new()?, 0);
        let mut chunk = Vec::new();
        while found < size {
            let mut length = 0;
            self.read_raw(HEADER_BYTES as u64, |bytes| {
                length = u64::from_le_bytes(bytes.try_into()?);
                Ok(())
            })?;
            chunk.clear();
            self.read_raw(length, |bytes| {
                chunk.extend_from_slice(bytes);
                Ok(())
            })?;
            unpacker.unpack(&chunk, |bytes| {
                found += bytes.len() as u64;
                Ok(())
            })?;
        }
        Ok(())
    }
}
