//! Objects without a server, for tests of types.

use std::sync::Arc;

use crate::blob::Blob;
use crate::error::BuildError;
use crate::id::{InstanceId, ObjectId};
use crate::meta::{DraftNode, MetaTree, ObjectMeta, Payloads, Record};

/// Metadata as if an instance had answered with `tree` and these payloads.
///
/// ```
/// use vineyard_core::{Blob, Object, ObjectId, testing};
/// #[derive(Object)]
/// #[object(typename = "example::Bytes")]
/// struct Bytes {
///     bytes: Blob,
/// }
/// let tree = serde_json::from_str(r#"{"typename":"example::Bytes","instance_id":3,"bytes":
///     {"id":"o8000000000000007","typename":"vineyard::Blob","instance_id":3}}"#)?;
/// let meta = testing::object_meta(tree, [(ObjectId::from_raw(0x8000000000000007), Blob::from(vec![1u8, 2]))]);
/// assert_eq!(Bytes::resolve(&meta)?.bytes.as_bytes(), &[1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// If the tree is nested more deeply than a server would send it.
pub fn object_meta(tree: MetaTree, blobs: impl IntoIterator<Item = (ObjectId, Blob)>) -> ObjectMeta {
    let instance = tree.value("instance_id").and_then(serde_json::Value::as_u64);
    let instance = instance.map_or(InstanceId::UNSPECIFIED, InstanceId::from_raw);
    let payloads = Payloads { instance, store: None, blobs: Some(blobs.into_iter().collect()), keeper: None };
    let record = Record::of_tree(&tree).unwrap_or_else(|error| panic!("{error}"));
    ObjectMeta::new(record, Arc::new(payloads))
}

/// The metadata that a draft will have once it is stored, over its payloads as they are.
///
/// # Errors
///
/// [`BuildError`] if the draft links an object that cannot be read.
pub fn draft_meta(draft: &DraftNode) -> Result<ObjectMeta, BuildError> {
    draft.to_meta()
}
