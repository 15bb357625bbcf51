//! How large the view of an object is, and how large it may be.

use std::fmt;

use serde_json::Value;
use vineyard_core::protocol::frame::MAX_BODY_BYTES;

/// Bytes that stand for a number, a boolean or null and the punctuation around it.
const SCALAR_BYTES: u64 = 24;

/// Size of a tree as a reader gets it: a member counts as often as it is linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Levels of nesting; an object without members has one.
    pub depth: u32,
    /// Objects and blobs.
    pub nodes: u32,
    /// About how many bytes of JSON.
    pub bytes: u64,
}

impl Extent {
    /// Deepest tree that is stored. Readers bound the nesting they accept, often to 128.
    pub const MAX_DEPTH: u32 = 100;
    /// Most nodes of a tree that is stored. Few objects that share members can expand beyond any memory.
    pub const MAX_NODES: u32 = 1 << 20;

    /// A node without members.
    pub const NODE: Self = Self { depth: 1, nodes: 1, bytes: 256 };
    /// A blob, as a member.
    pub const BLOB: Self = Self { depth: 1, nodes: 1, bytes: 128 };

    /// Adds a member below this node.
    pub fn include(&mut self, member: Self) {
        self.depth = self.depth.max(member.depth.saturating_add(1));
        self.nodes = self.nodes.saturating_add(member.nodes);
        self.bytes = self.bytes.saturating_add(member.bytes);
    }

    /// Adds a key or a text of this node.
    pub fn include_text(&mut self, text: &str) {
        self.bytes = self.bytes.saturating_add(SCALAR_BYTES).saturating_add(length(text));
    }

    /// Takes back what [`include_text`](Self::include_text) added.
    pub fn exclude_text(&mut self, text: &str) {
        self.bytes = self.bytes.saturating_sub(SCALAR_BYTES).saturating_sub(length(text));
    }

    /// Adds a plain value. `None` if it is nested too deeply.
    pub fn include_value(&mut self, value: &Value) -> Option<()> {
        let (levels, bytes) = measure(value, Self::MAX_DEPTH)?;
        self.depth = self.depth.max(levels.saturating_add(1));
        self.bytes = self.bytes.saturating_add(bytes);
        Some(())
    }

    /// The largest that may be stored and written. More bytes would fit into no frame.
    pub fn largest() -> Self {
        Self {
            depth: Self::MAX_DEPTH,
            nodes: Self::MAX_NODES,
            bytes: u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX),
        }
    }

    /// Whether a tree of this size may be stored and written.
    pub fn fits(self) -> bool {
        let Self { depth, nodes, bytes } = Self::largest();
        self.depth <= depth && self.nodes <= nodes && self.bytes <= bytes
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, nodes, bytes } = self;
        write!(f, "{depth} levels, {nodes} nodes and about {bytes} bytes")
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// Levels of arrays or objects and about the bytes of a plain value. `None` if there are more than `room` levels.
fn measure(value: &Value, room: u32) -> Option<(u32, u64)> {
    let mut levels = 0_u32;
    let mut bytes = SCALAR_BYTES;
    let mut include = |item: &Value| {
        let (inner, size) = measure(item, room.checked_sub(1)?)?;
        levels = levels.max(inner.saturating_add(1));
        bytes = bytes.saturating_add(size);
        Some(())
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => bytes = bytes.saturating_add(length(text)),
        Value::Array(items) => {
            items.iter().try_for_each(&mut include)?;
            levels = levels.max(1);
        }
        Value::Object(items) => {
            items.values().try_for_each(&mut include)?;
            levels = levels.max(1);
            bytes = items.keys().fold(bytes, |sum, key| sum.saturating_add(length(key)));
        }
    }
    Some((levels, bytes))
}
