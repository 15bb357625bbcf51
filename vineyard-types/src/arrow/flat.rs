//! Our own form, for every type of Arrow: the type, and its tree of data flattened.

use std::slice;

use arrow_schema::{DataType, Field, Schema};
use vineyard_core::{Blob, BuildError, BuildReason, DraftNode, Object, ObjectMeta, ResolveError, ResolveReason};

use super::error::ArrayError;
use super::node::Node;
use super::schema::{read_schema, write_schema};

/// The name of the one field of the stored schema.
const FIELD: &str = "array";

/// The stored form. The nodes of the tree are in preorder, and so are their buffers, those of a node's bitmap first.
#[derive(Debug, Object)]
#[object(typename = "vineyard::ArrowArray", rename_all = "{}_", no_register)]
pub(super) struct Flat {
    /// Elements of the array, for those who do not read the rest.
    length: u64,
    /// Arrow's IPC message of a schema with one field, which has the array's type.
    schema: Vec<u8>,
    /// For each node: length, offset, number of nulls, 1 if it has a bitmap, number of buffers beside it.
    nodes: Vec<[u64; 5]>,
    buffers: Vec<Blob>,
}

impl Flat {
    fn push(&mut self, node: &Node) {
        let row = [node.length, node.offset, node.null_count.unwrap_or(0), node.nulls.iter().len(), node.buffers.len()];
        self.nodes.push(row.map(|number| number as u64));
        self.buffers.extend(node.nulls.iter().chain(&node.buffers).cloned());
        node.children.iter().for_each(|child| self.push(child));
    }
}

/// The node in this form.
pub(super) fn stage(node: &Node) -> Result<DraftNode, BuildError> {
    let invalid = |error: ArrayError| BuildReason::Invalid(error.into());
    let schema = write_schema(&Schema::new(vec![Field::new(FIELD, node.data_type.clone(), true)])).map_err(invalid)?;
    let mut flat = Flat { length: node.length as u64, schema, nodes: Vec::new(), buffers: Vec::new() };
    flat.push(node);
    flat.stage()
}

/// Reads a node in this form. Views the blobs, looks at none of their bytes.
pub(super) fn resolve(meta: &ObjectMeta) -> Result<Node, ResolveError> {
    let flat = Flat::resolve(meta)?;
    let invalid = |error: ArrayError| ResolveReason::Invalid(error.into());
    let schema = read_schema(&flat.schema).map_err(invalid)?;
    let [field] = schema.fields().as_ref() else {
        let found = schema.fields().len();
        let error = ArrayError::Schema(format!("the schema of an array has {found} fields, expected 1"));
        return Err(invalid(error).into());
    };
    let mut parts = Parts { whole: field.data_type(), nodes: flat.nodes.iter(), buffers: flat.buffers.iter() };
    let (nodes, buffers) = (flat.nodes.len(), flat.buffers.len());
    let node = parts.node(field.data_type(), nodes, buffers).map_err(invalid)?;
    parts.check_end(nodes, buffers).map_err(invalid)?;
    Ok(node)
}

/// What was not taken yet of a flattened array.
struct Parts<'a> {
    whole: &'a DataType,
    nodes: slice::Iter<'a, [u64; 5]>,
    buffers: slice::Iter<'a, Blob>,
}

impl Parts<'_> {
    fn node(&mut self, data_type: &DataType, nodes: usize, buffers: usize) -> Result<Node, ArrayError> {
        let missing = |parts, found: usize| ArrayError::Parts {
            data_type: self.whole.clone(),
            parts,
            found,
            needed: found.saturating_add(1),
        };
        let row = self.nodes.next().ok_or_else(|| missing("nodes", nodes))?;
        // Numbers beyond the address space are too large for any array, and refused as such.
        let [length, offset, null_count, has_nulls, count] = row.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let too_few = || ArrayError::Parts {
            data_type: self.whole.clone(),
            parts: "buffers",
            found: buffers,
            needed: buffers.saturating_add(1),
        };
        let mut take = || self.buffers.next().cloned().ok_or_else(too_few);
        let nulls = if has_nulls == 0 { None } else { Some(take()?) };
        let own = (0..count).map(|_| take()).collect::<Result<Vec<_>, _>>()?;
        let children = children(data_type).into_iter().map(|child| self.node(child, nodes, buffers));
        let children = children.collect::<Result<Vec<_>, _>>()?;
        let data_type = data_type.clone();
        Ok(Node { data_type, length, offset, null_count: Some(null_count), nulls, buffers: own, children })
    }

    fn check_end(&self, nodes: usize, buffers: usize) -> Result<(), ArrayError> {
        for (parts, found, left) in [("nodes", nodes, self.nodes.len()), ("buffers", buffers, self.buffers.len())] {
            if left > 0 {
                let (data_type, needed) = (self.whole.clone(), found.saturating_sub(left));
                return Err(ArrayError::Parts { data_type, parts, found, needed });
            }
        }
        Ok(())
    }
}

/// The types of a type's children, in the order of Arrow's data.
fn children(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => vec![field.data_type()],
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.data_type()).collect(),
        DataType::Dictionary(_, values) => vec![values],
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        _ => Vec::new(),
    }
}
