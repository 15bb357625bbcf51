//! The blobs below an object.

use std::collections::BTreeMap;
use std::error::Error;

use vineyard_core::{Blob, Client, ObjectId, ObjectMeta, Opaque};

/// The ids and sizes of all payloads of an object, by where they are. The empty blob is left out.
///
/// # Errors
///
/// If the object cannot be got, or one of its payloads is only a part of a blob.
pub fn payloads(client: &Client, id: ObjectId) -> Result<BTreeMap<String, (ObjectId, u64)>, Box<dyn Error>> {
    let mut found = BTreeMap::new();
    collect(client.get::<Opaque>(id)?.meta(), "", &mut found);
    let payload = |(path, blob): (String, Blob)| {
        let id = blob.id().ok_or_else(|| format!("{path} is no blob of its own"))?;
        Ok((path, (id, blob.nbytes() as u64)))
    };
    found.into_iter().map(payload).collect()
}

fn collect(meta: &ObjectMeta, path: &str, found: &mut BTreeMap<String, Blob>) {
    for key in meta.member_keys() {
        let path = format!("{path}/{key}");
        match meta.blob(key) {
            Ok(blob) if blob.nbytes() > 0 => drop(found.insert(path, blob)),
            Ok(_) => {}
            Err(_) => meta.member(key).iter().for_each(|member| collect(member, &path, found)),
        }
    }
}
