"""Arrow arrays of all types, and schemas, in the store."""

import json
import re

import numpy as np
import pyarrow as pa
from vineyard._C import ObjectMeta
from vineyard.data.arrow import as_arrow_buffer
from vineyard.data.utils import build_buffer

from . import parts

TYPENAME = "vineyard::ArrowArray"

# What the client stores and reads exactly under Arrow's names, and what it reads exactly under numpy's.
_NUMERIC = {str(kind()): str(kind()) for kind in (
    pa.int8, pa.int16, pa.int32, pa.int64, pa.uint8, pa.uint16, pa.uint32, pa.uint64)}
_NUMERIC.update({"double": "double", "float": "float32", "halffloat": "float16"})

# What other writers call types: C++, Rust and this package. `float` has 32 bits to Arrow and to C++.
_NAMES = {
    "int": pa.int32(), "uint": pa.uint32(), "short": pa.int16(), "long": pa.int64(), "unsigned int": pa.uint32(),
    "unsigned short": pa.uint16(), "unsigned long": pa.uint64(), "float": pa.float32(), "float32": pa.float32(),
    "double": pa.float64(), "float64": pa.float64(), "halffloat": pa.float16(), "float16": pa.float16(),
    "date32[day]": pa.date32(), "date64[ms]": pa.date64(), "datetime64[D]": pa.date32(),
    "time32[s]": pa.time32("s"), "time32[ms]": pa.time32("ms"), "time64[us]": pa.time64("us"),
    "time64[ns]": pa.time64("ns"),
}

_BINARY = {
    "arrow::StringArray": pa.string(), "arrow::LargeStringArray": pa.large_string(),
    "arrow::BinaryArray": pa.binary(), "arrow::LargeBinaryArray": pa.large_binary(),
}


def build(client, array, **_):
    """Stores an array; exact for every type.

    Arrays of extension types are refused: their type is kept by a schema, as that of a column.
    """
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        raise TypeError(f"an array of the extension type {kind} is kept as a column of a table only")
    _check(kind)
    name = _NUMERIC.get(str(kind))
    if name is not None and array.offset == 0:
        return _build_plain(client, array, f"vineyard::NumericArray<{name}>", ["buffer_"])
    if pa.types.is_boolean(kind) and array.offset == 0:
        return _build_plain(client, array, "vineyard::BooleanArray", ["buffer_"])
    if pa.types.is_large_string(kind) and array.offset == 0:
        typename = "vineyard::BaseBinaryArray<arrow::LargeStringArray>"
        return _build_plain(client, array, typename, ["buffer_offsets_", "buffer_data_"])
    return _build_flat(client, array)


def _check(kind):
    """Refuses what Arrow's format of files does not have, however deep it lies."""
    if pa.types.is_dictionary(kind):
        if pa.types.is_dictionary(kind.value_type):
            raise TypeError(f"an array of type {kind} is a dictionary of dictionaries, which has no exact form")
        _check(kind.value_type)
    elif isinstance(kind, pa.BaseExtensionType):
        raise TypeError(f"values of the extension type {kind} within others have no exact form")
    for index in range(kind.num_fields):
        _check(kind.field(index).type)


def _put_buffer(client, buffer):
    size = 0 if buffer is None else len(buffer)
    return build_buffer(client, buffer.address if size else None, size)


def _build_plain(client, array, typename, keys):
    meta = ObjectMeta()
    meta["typename"] = typename
    meta["length_"], meta["null_count_"], meta["offset_"] = len(array), array.null_count, 0
    bitmap, *buffers = array.buffers()
    meta.add_member("null_bitmap_", _put_buffer(client, bitmap))
    for key, buffer in zip(keys, buffers):
        meta.add_member(key, _put_buffer(client, buffer))
    meta["nbytes"] = array.nbytes
    return client.create_metadata(meta)


def _build_flat(client, array):
    nodes, buffers = parts.take_apart(array)
    meta = ObjectMeta()
    meta["typename"] = TYPENAME
    meta["length_"] = len(array)
    meta["schema_"] = json.dumps(list(pa.schema([pa.field("array", array.type)]).serialize().to_pybytes()))
    meta["nodes_"] = json.dumps(nodes)
    meta["__buffers_-size"] = len(buffers)
    for index, buffer in enumerate(buffers):
        meta.add_member(f"__buffers_-{index}", _put_buffer(client, buffer))
    meta["nbytes"] = sum(len(buffer) for buffer in buffers if buffer is not None)
    return client.create_metadata(meta)


def resolve_flat(obj):
    """An array of any type, whose buffers are views of shared memory."""
    meta = obj.meta
    schema = pa.ipc.read_schema(pa.py_buffer(bytes(_listed(meta["schema_"]))))
    if len(schema) != 1:
        raise ValueError(f"the schema of an array has {len(schema)} fields, expected 1")
    count = int(meta["__buffers_-size"])
    buffers = [as_arrow_buffer(obj.member(f"__buffers_-{index}")) for index in range(count)]
    return parts.put_together(schema.field(0).type, _listed(meta["nodes_"]), buffers)


def _listed(value):
    return json.loads(value) if isinstance(value, str) else list(value)


def _bitmap(obj):
    """The bitmap, or none: the empty blob says that nothing is null."""
    buffer = as_arrow_buffer(obj.member("null_bitmap_"))
    return buffer if len(buffer) else None


def _from_buffers(obj, kind, keys, children=None):
    meta = obj.meta
    buffers = [_bitmap(obj)] + [as_arrow_buffer(obj.member(key)) for key in keys]
    numbers = [int(meta[key]) for key in ("length_", "null_count_", "offset_")]
    length, null_count, offset = numbers
    array = pa.Array.from_buffers(kind, length, buffers, null_count, offset, children)
    array.validate()
    return array


def resolve_numeric(obj):
    """An array of numbers or times, whatever its writer calls the type."""
    name = re.fullmatch(r"vineyard::NumericArray<(.+)>", obj.typename).group(1).strip()
    return _from_buffers(obj, _numeric_type(name), ["buffer_"])


def _numeric_type(name):
    if name in _NAMES:
        return _NAMES[name]
    found = re.fullmatch(r"(timestamp|duration)\[(s|ms|us|ns)(?:, tz=(.+))?\]", name)
    if found and found.group(1) == "timestamp":
        return pa.timestamp(found.group(2), found.group(3))
    if found and found.group(3) is None:
        return pa.duration(found.group(2))
    try:
        return pa.from_numpy_dtype(np.dtype(re.sub(r"_t$", "", name)))
    except (TypeError, pa.ArrowNotImplementedError):
        raise ValueError(f"`{name}` is not the name of a type of numbers") from None


def resolve_binary(obj):
    """Text or bytes, with offsets of 32 or 64 bits."""
    name = re.fullmatch(r"vineyard::BaseBinaryArray<(.+)>", obj.typename).group(1).strip()
    if name not in _BINARY:
        raise ValueError(f"`{name}` is not an array of texts or bytes")
    return _from_buffers(obj, _BINARY[name], ["buffer_offsets_", "buffer_data_"])


def resolve_list(obj, resolver):
    """Lists with offsets of 32 bits, or of 64 under C++'s name."""
    values = resolver.run(obj.member("values_"))
    large = "Large" in obj.typename
    kind = pa.large_list(values.type) if large else pa.list_(values.type)
    return _from_buffers(obj, kind, ["buffer_offsets_"], [values])


def resolve_fixed_size_list(obj, resolver):
    """Lists of one size; the layout has no nulls."""
    values = resolver.run(obj.member("values_"))
    kind = pa.list_(values.type, int(obj.meta["list_size_"]))
    return pa.Array.from_buffers(kind, int(obj.meta["length_"]), [None], 0, 0, [values])


def build_schema(client, schema, **_):
    """Stores a schema as it is."""
    meta = ObjectMeta()
    message = schema.serialize().to_pybytes()
    meta["typename"] = "vineyard::SchemaProxy"
    meta["schema_binary_"] = json.dumps({"bytes": list(message)})
    meta["nbytes"] = len(message)
    return client.create_metadata(meta)


def register(builders, resolvers):
    """Enters arrays and schemas."""
    builders.register(pa.Array, build)
    for kind in list(builders._factory):  # The client enters each class of array; they come before their base.
        if isinstance(kind, type) and issubclass(kind, pa.Array) and kind is not pa.NullArray:
            builders.register(kind, build)
    builders.register(pa.Schema, build_schema)
    resolvers.register(TYPENAME, resolve_flat)
    resolvers.register("vineyard::NumericArray", resolve_numeric)
    resolvers.register("vineyard::BaseBinaryArray", resolve_binary)
    resolvers.register("vineyard::BaseBinaryArray<arrow::LargeStringArray>", resolve_binary)
    resolvers.register("vineyard::BaseListArray", resolve_list)
    resolvers.register("vineyard::FixedSizeListArray", resolve_fixed_size_list)
