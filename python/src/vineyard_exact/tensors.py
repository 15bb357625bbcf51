"""Arrays of numpy that the client reads as something else, or cannot read: its own and those of other writers."""

import json
import re

import numpy as np
import pyarrow as pa
from vineyard._C import ObjectMeta
from vineyard.core.builder import get_current_builders
from vineyard.data.arrow import string_array_builder
from vineyard.data.tensor import ndarray

from . import contexts

# What C++ compilers call types, where numpy has another name or another type.
_NAMES = {
    "char": "int8", "signed char": "int8", "unsigned char": "uint8", "short": "int16", "short int": "int16",
    "unsigned short": "uint16", "short unsigned int": "uint16", "int": "int32", "uint": "uint32",
    "unsigned int": "uint32", "long": "int64", "long int": "int64", "long long": "int64", "long long int": "int64",
    "unsigned long": "uint64", "long unsigned int": "uint64", "unsigned long long": "uint64",
    "long long unsigned int": "uint64", "float": "float32", "double": "float64",
}
_TEXT = ("str", "string", "std::string", "std::__1::string", "std::__cxx11::string")


def dtype_of(name):
    """The type that a writer of any language means by a name.

    Raises ValueError if it is none.
    """
    name = name.strip()
    try:
        return np.dtype(_NAMES.get(name, re.sub(r"_t$", "", name)))
    except TypeError:
        raise ValueError(f"`{name}` is not the name of a type of numbers") from None


def usual_name(name):
    """The name that stands for all that writers have for one type of numbers."""
    try:
        return dtype_of(name).name
    except ValueError:
        return "str" if name in _TEXT else name


def _argument(obj, kind):
    return re.fullmatch(rf"vineyard::{kind}<(.+)>", obj.typename).group(1).strip()


def _exact_dtype(obj):
    """The type of a tensor's elements; none if the client knows better: of texts, objects and other packages' types."""
    meta = obj.meta
    described = meta.get("value_type_meta_", None)
    name = meta.get("value_type_", None) or _argument(obj, "Tensor")
    if name == "object" or name in _TEXT:
        return None
    try:
        dtype = np.dtype(described) if described else dtype_of(name)
    except (TypeError, ValueError):
        return None
    return None if dtype.kind in "OUV" else dtype


def resolve_array(obj):
    """A plain array of C++ or Rust."""
    return _viewed(obj, dtype_of(_argument(obj, "Array")))


def _viewed(obj, dtype):
    blob = obj.member("buffer_")
    view = memoryview(b"") if blob.is_empty else memoryview(blob)
    return np.frombuffer(view[: len(view) // dtype.itemsize * dtype.itemsize], dtype=dtype).view(ndarray)


def _shaped(obj, dtype):
    meta = obj.meta
    shape = meta["shape_"]
    shape = tuple(json.loads(shape) if isinstance(shape, str) else shape)
    count = int(np.prod(shape, dtype=object))
    array = _viewed(obj, dtype)
    if len(array) < count:
        raise ValueError(f"a tensor of shape {shape} needs {count} elements, its blob holds {len(array)}")
    array = array[:count].reshape(shape)
    # Of no dimensions numpy would make one.
    is_column_major = json.loads(meta.get("order_", None) or '"C"') == "F" and array.ndim > 1
    return np.asfortranarray(array) if is_column_major else array


def _keeps_text(array):
    """Whether the client makes the same of an array of objects or texts: it takes bytes for text."""
    return array.dtype.kind != "O" or not {bytes, np.bytes_} & set(map(type, array.flat))


def _build_text(client, array):
    """Stores text of fixed width as the client does, and its type besides."""
    meta = ObjectMeta()
    meta["typename"] = "vineyard::Tensor<std::string>"
    meta["shape_"], meta["partition_index_"] = json.dumps(array.shape), "[]"
    meta["order_"] = json.dumps("C")
    meta["value_type_"], meta["value_type_meta_"] = "string", array.dtype.str
    meta["nbytes"] = array.nbytes
    texts = pa.array(array.ravel().tolist(), pa.large_string())
    meta.add_member("buffer_", string_array_builder(client, texts, get_current_builders()))
    return client.create_metadata(meta)


def register(builders, resolvers):
    """Enters arrays; what the client keeps is left to it."""
    left_build = contexts.left(builders._factory, np.ndarray)
    left_resolve = contexts.left(resolvers._factory, "vineyard::Tensor")
    pickled = builders._factory[object]

    def build(client, array, **rest):
        dtype = array.dtype
        if dtype.kind == "V" or isinstance(array, np.ma.MaskedArray) or not _keeps_text(array):
            return pickled(client, array)
        if dtype.kind != "U":
            return left_build(client, array, **rest)
        return _build_text(client, array)

    def resolve(obj):
        dtype = _exact_dtype(obj)
        if dtype is not None:
            return _shaped(obj, dtype)
        array = left_resolve(obj)
        described = obj.meta.get("value_type_meta_", None) or ""
        if re.fullmatch(r"[<>]U\d+", described):
            return array.astype(described).reshape(json.loads(obj.meta["shape_"]))
        return array

    builders.register(np.ndarray, contexts.over(builders._factory, np.ndarray, build))
    resolvers.register("vineyard::Tensor", contexts.over(resolvers._factory, "vineyard::Tensor", resolve))
    resolvers.register("vineyard::Array", resolve_array)
