//! One part of a collection, by its metadata.

use std::fmt;

use vineyard_core::{InstanceId, MetaTree, ObjectId, ObjectMeta, Stored};

use super::layout::Cell;

/// One part of a collection, as its metadata tells: what it is, how large, and where. Nothing of its payload was looked at,
/// and it may live on another instance.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    index: usize,
    meta: &'a ObjectMeta,
    cell: Option<&'a Cell>,
}

/// Parts that were fetched, each with its number in the collection.
pub type Numbered<P> = Vec<(usize, Stored<P>)>;

impl<'a> Part<'a> {
    pub(super) fn new(index: usize, meta: &'a ObjectMeta, cell: Option<&'a Cell>) -> Self {
        Self { index, meta, cell }
    }

    /// Its number in the collection, from 0 on.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its object.
    pub fn id(&self) -> ObjectId {
        self.meta.id()
    }

    /// The typename of its object.
    pub fn typename(&self) -> &'a str {
        self.meta.typename()
    }

    /// The instance that holds it; [`Client::cluster_meta`](vineyard_core::Client::cluster_meta) knows the host.
    pub fn instance(&self) -> InstanceId {
        self.meta.instance()
    }

    /// Whether it lives on the instance that answered.
    pub fn is_local(&self) -> bool {
        self.meta.is_local()
    }

    /// Its metadata.
    pub fn meta(&self) -> &'a ObjectMeta {
        self.meta
    }

    /// Bytes of its payload: as its writer summed them up, or as its members tell. Writers of frames in Python leave the
    /// sum to the members.
    pub fn nbytes(&self) -> u64 {
        nbytes(&self.meta.tree())
    }

    /// Its place in the grid of parts, by dimension. No dimensions in a [`Collection`](super::Collection).
    pub fn place(&self) -> &'a [u64] {
        self.cell.map_or(&[], |cell| &cell.place)
    }

    /// Where its first element is in the whole, by dimension. No dimensions in a [`Collection`](super::Collection).
    pub fn start(&self) -> &'a [u64] {
        self.cell.map_or(&[], |cell| &cell.start)
    }

    /// The length of each dimension; of a frame, rows and columns. No dimensions in a [`Collection`](super::Collection).
    pub fn shape(&self) -> &'a [u64] {
        self.cell.map_or(&[], |cell| &cell.shape)
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("index", &self.index)
            .field("id", &self.id())
            .field("typename", &self.typename())
            .field("instance", &self.instance())
            .field("place", &self.place())
            .field("shape", &self.shape())
            .field("nbytes", &self.nbytes())
            .finish()
    }
}

/// The first that tells: the node itself, a blob by its length, the members together.
fn nbytes(tree: &MetaTree) -> u64 {
    let told = |key| tree.value(key).and_then(serde_json::Value::as_u64).filter(|bytes| *bytes > 0);
    // The depth of the tree is bounded by the JSON parser.
    let members = || tree.members().map(|(_, member)| nbytes(member)).fold(0, u64::saturating_add);
    told("nbytes").or_else(|| told("length")).unwrap_or_else(members)
}
