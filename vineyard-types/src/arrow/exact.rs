//! The layouts of the original, for the types that they hold without loss.

use std::sync::Arc;

use arrow_schema::{DataType, Field};
use serde_json::Value;
use vineyard_core::{
    Blob, BuildError, DraftField, DraftNode, Key, Member, ObjectMeta, ResolveError, ResolveReason, TypeName,
};

use super::array::{resolve_node, stage_node};
use super::names;
use super::node::Node;

const NULL: &str = "vineyard::NullArray";
const BOOLEAN: &str = "vineyard::BooleanArray";
const FIXED_SIZE_BINARY: &str = "vineyard::FixedSizeBinaryArray";
const FIXED_SIZE_LIST: &str = "vineyard::FixedSizeListArray";
const STRING: &str = "vineyard::BaseBinaryArray<arrow::StringArray>";
const LARGE_STRING: &str = "vineyard::BaseBinaryArray<arrow::LargeStringArray>";
const BINARY: &str = "vineyard::BaseBinaryArray<arrow::BinaryArray>";
const LARGE_BINARY: &str = "vineyard::BaseBinaryArray<arrow::LargeBinaryArray>";
const LIST: &str = "vineyard::BaseListArray<arrow::ListArray>";
/// Python's name, which C++ does not have.
const LARGE_LIST: &str = "vineyard::LargeListArray";
/// C++'s name for the same.
const BASE_LARGE_LIST: &str = "vineyard::BaseListArray<arrow::LargeListArray>";

/// The typenames that do not depend on a type argument.
const PLAIN: &[&str] = &[
    NULL,
    BOOLEAN,
    FIXED_SIZE_BINARY,
    FIXED_SIZE_LIST,
    STRING,
    LARGE_STRING,
    BINARY,
    LARGE_BINARY,
    LIST,
    LARGE_LIST,
    BASE_LARGE_LIST,
];

/// How deep lists may nest as members of each other. Readers of metadata follow members to a limit.
const MAX_LISTS: usize = 32;

/// All typenames that are written, and those of the other spelling.
pub(super) fn typenames() -> Vec<TypeName> {
    let numeric = names::WRITTEN.iter().map(|(name, _)| numeric_name(name));
    PLAIN.iter().map(|name| TypeName::new(*name)).chain(numeric).collect()
}

/// Whether objects of this typename have one of these layouts.
pub(super) fn is_typename(typename: &str) -> bool {
    PLAIN.contains(&typename) || numeric_argument(typename).is_some()
}

fn numeric_name(argument: &str) -> TypeName {
    TypeName::new(format!("vineyard::NumericArray<{argument}>"))
}

fn numeric_argument(typename: &str) -> Option<&str> {
    typename.strip_prefix("vineyard::NumericArray<")?.strip_suffix('>').map(str::trim)
}

/// Whether these layouts, which do not name the elements of lists, give them their name back, and may nest so deep.
fn is_plain(element: &Field) -> bool {
    *element == Field::new_list_field(element.data_type().clone(), true) && lists(element.data_type()) < MAX_LISTS
}

/// Levels of lists that are members of each other.
fn lists(data_type: &DataType) -> usize {
    let mut levels: usize = 0;
    let mut inner = data_type;
    while let DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) = inner {
        levels = levels.saturating_add(1);
        inner = element.data_type();
    }
    levels
}

/// The typename under which a node is stored in a layout of the original; `None` if something would be lost.
fn typename(node: &Node) -> Option<TypeName> {
    let name = match &node.data_type {
        DataType::Null => NULL,
        DataType::Boolean => BOOLEAN,
        DataType::FixedSizeBinary(_) => FIXED_SIZE_BINARY,
        DataType::Utf8 => STRING,
        DataType::LargeUtf8 => LARGE_STRING,
        DataType::Binary => BINARY,
        DataType::LargeBinary => LARGE_BINARY,
        DataType::List(element) if is_plain(element) => LIST,
        DataType::LargeList(element) if is_plain(element) => LARGE_LIST,
        // It has neither a bitmap nor an offset.
        DataType::FixedSizeList(element, _) if is_plain(element) && node.nulls.is_none() && node.offset == 0 => {
            FIXED_SIZE_LIST
        }
        numeric => return names::name(numeric).map(numeric_name),
    };
    Some(TypeName::new(name))
}

/// The keys of the buffers in order.
fn buffer_keys(data_type: &DataType) -> &'static [&'static str] {
    match data_type {
        DataType::Null | DataType::FixedSizeList(_, _) => &[],
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => {
            &["buffer_offsets_", "buffer_data_"]
        }
        DataType::List(_) | DataType::LargeList(_) => &["buffer_offsets_"],
        _ => &["buffer_"],
    }
}

/// Whether the layout has a bitmap and an offset.
fn has_nulls(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Null | DataType::FixedSizeList(_, _))
}

/// The node in its layout of the original, if it has one.
pub(super) fn stage(node: &Node) -> Option<Result<DraftNode, BuildError>> {
    typename(node).map(|typename| stage_as(node, typename))
}

fn stage_as(node: &Node, typename: TypeName) -> Result<DraftNode, BuildError> {
    let mut draft = DraftNode::new(typename);
    let mut set = |key: &'static str, field| draft.set(&Key::new(key), field);
    let number = |number: usize| DraftField::Value(Value::from(number));
    set("length_", number(node.length))?;
    match &node.data_type {
        DataType::FixedSizeBinary(width) => set("byte_width_", DraftField::Value(Value::from(*width)))?,
        DataType::FixedSizeList(_, size) => set("list_size_", DraftField::Value(Value::from(*size)))?,
        _ => {}
    }
    if has_nulls(&node.data_type) {
        let unknown = || DraftField::Value(Value::from(-1));
        set("null_count_", node.null_count.map_or_else(unknown, number))?;
        set("offset_", number(node.offset))?;
        set("null_bitmap_", DraftField::Payload(node.nulls.clone().unwrap_or_else(Blob::empty)))?;
    }
    for (key, buffer) in buffer_keys(&node.data_type).iter().zip(&node.buffers) {
        set(key, DraftField::Payload(buffer.clone()))?;
    }
    if let Some(values) = node.children.first() {
        set("values_", DraftField::Node(stage_node(values)?))?;
    }
    Ok(draft)
}

/// Reads a node in a layout of the original. Views the blobs, looks at none of their bytes.
pub(super) fn resolve(meta: &ObjectMeta) -> Result<Node, ResolveError> {
    let typename = meta.typename();
    let values = || resolve_node(&meta.member("values_")?).map_err(|error| error.in_field("values_"));
    let element = |values: &Node| Arc::new(Field::new_list_field(values.data_type.clone(), true));
    let (data_type, children) = match typename {
        NULL => (DataType::Null, Vec::new()),
        BOOLEAN => (DataType::Boolean, Vec::new()),
        STRING => (DataType::Utf8, Vec::new()),
        LARGE_STRING => (DataType::LargeUtf8, Vec::new()),
        BINARY => (DataType::Binary, Vec::new()),
        LARGE_BINARY => (DataType::LargeBinary, Vec::new()),
        FIXED_SIZE_BINARY => (DataType::FixedSizeBinary(read(meta, "byte_width_")?), Vec::new()),
        FIXED_SIZE_LIST => {
            let values = values()?;
            (DataType::FixedSizeList(element(&values), read(meta, "list_size_")?), vec![values])
        }
        LIST => {
            let values = values()?;
            (DataType::List(element(&values)), vec![values])
        }
        LARGE_LIST | BASE_LARGE_LIST => {
            let values = values()?;
            (DataType::LargeList(element(&values)), vec![values])
        }
        _ => (numeric(typename)?, Vec::new()),
    };
    let length = read(meta, "length_")?;
    let (mut offset, mut null_count, mut nulls) = (0, Some(0), None);
    if has_nulls(&data_type) {
        offset = if meta.contains("offset_") { read(meta, "offset_")? } else { 0 };
        null_count = usize::try_from(read::<i64>(meta, "null_count_")?).ok();
        // The empty blob says that nothing is null, unless nulls were counted: then Arrow finds it too short.
        let counted = null_count.is_some_and(|count| count > 0);
        nulls = Some(meta.blob("null_bitmap_")?).filter(|bitmap| bitmap.nbytes() > 0 || counted);
    }
    let buffers = buffer_keys(&data_type).iter().map(|key| meta.blob(key)).collect::<Result<_, _>>()?;
    Ok(Node { data_type, length, offset, null_count, nulls, buffers, children })
}

fn read<M: Member>(meta: &ObjectMeta, key: &'static str) -> Result<M, ResolveError> {
    M::resolve_at(meta, &Key::new(key))
}

fn numeric(typename: &str) -> Result<DataType, ResolveError> {
    numeric_argument(typename).and_then(names::data_type).ok_or_else(|| {
        let expected = "an Arrow array of a type with a known name".to_owned();
        ResolveReason::Typename { expected, found: typename.to_owned() }.into()
    })
}
