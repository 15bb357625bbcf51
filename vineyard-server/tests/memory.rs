//! What an object takes of memory. A test binary of its own, so that nothing else allocates meanwhile.
#![cfg(target_os = "linux")]

use serde_json::json;
use vineyard_core::meta::MetaTree;
use vineyard_core::{InstanceId, ObjectId};
use vineyard_server::ids::IdGenerator;
use vineyard_server::meta::{Blobs, Tree};

/// Objects that are counted: many enough that pages and what the process needs otherwise do not matter.
const OBJECTS: u64 = 100_000;

/// Bytes that an object may take, with its places in all indexes.
const MOST_BYTES: u64 = 600;

struct Sealed;

impl Blobs for Sealed {
    fn length(&self, _: ObjectId) -> Option<u64> {
        Some(64)
    }
}

/// Bytes of this process that are in memory.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("has the line");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// What the Python client sends for an array of 64 bytes.
fn tensor(buffer: ObjectId) -> MetaTree {
    let content = json!({
        "buffer_": {
            "id": buffer.to_string(), "instance_id": 0, "length": 64, "nbytes": 64, "transient": true,
            "typename": "vineyard::Blob",
        },
        "global": false, "instance_id": 0, "nbytes": 64, "order_": "\"C\"", "partition_index_": "[]",
        "shape_": "[8]", "transient": true, "typename": "vineyard::Tensor<int64>", "value_type_": "int64",
        "value_type_meta_": "<i8",
    });
    serde_json::from_value(content).expect("an object")
}

#[test]
fn a_small_tensor_takes_little_memory() {
    let instance = InstanceId::from_raw(0);
    let ids = IdGenerator::new(instance);
    let mut tree = Tree::new(instance);
    let mut add = || {
        let buffer = ids.blob();
        tree.create(&[tensor(buffer)], &ids, 1_700_000_000_000, &Sealed, true).expect("legal");
    };
    add();
    let before = resident_bytes();
    (0..OBJECTS).for_each(|_| add());
    let each = (resident_bytes() - before) / OBJECTS;
    println!("{each} bytes for each object");
    assert!(each <= MOST_BYTES, "an object takes {each} bytes");
    assert_eq!(tree.num_objects() as u64, OBJECTS + 1);
}
