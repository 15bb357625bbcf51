//! Metadata of a hostile peer: whatever the tree says, resolving ends with an object or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vineyard_core::meta::MetaTree;
use vineyard_core::{Blob, Object, ObjectId, registry, testing};
use vineyard_types::{CsrGraph, DataFrame, Tensor};

fuzz_target!(|data: &[u8]| {
    let Ok(tree) = serde_json::from_slice::<MetaTree>(data) else { return };
    let id = |number: u64| ObjectId::from_raw(ObjectId::EMPTY_BLOB.as_raw() | number);
    let blobs = (1u64..9).map(|number| (id(number), Blob::from(vec![number; 4])));
    let meta = testing::object_meta(tree, blobs);
    if let Ok(any) = registry().resolve(&meta) {
        let _ = any.nbytes();
    }
    if let Ok(frame) = DataFrame::resolve(&meta) {
        let _ = frame.head(5).to_string();
    }
    if let Ok(graph) = CsrGraph::<u32, f64>::resolve(&meta) {
        let _ = graph.edges().take(100).count();
    }
    if let Ok(tensor) = Tensor::<f64>::resolve(&meta) {
        let _ = tensor.get(&[0]);
    }
});
