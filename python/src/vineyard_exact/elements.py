"""Arrays of numbers as members of objects, and what C++ calls the types of numbers."""

import numpy as np
from vineyard.data.utils import build_buffer

from .tensors import dtype_of

# As Rust and C++ write them.
_WRITTEN = {"i1": "int8", "i2": "int16", "i4": "int", "i8": "int64", "u1": "uint8", "u2": "uint16", "u4": "uint",
            "u8": "uint64", "f4": "float", "f8": "double"}


def dtype(name):
    """The type of numbers that a name means. Raises ValueError if it is none."""
    return dtype_of(name)


def name(dtype):
    """What a type of numbers is called. Raises TypeError if no array of these can be a part of a graph."""
    dtype = np.dtype(dtype)
    written = _WRITTEN.get(dtype.str.lstrip("<|"))
    if written is None:
        raise TypeError(f"numbers of type {dtype} are neither integers nor floats of 32 or 64 bits, as this machine has them")
    return written


def put(client, array):
    """Stores an array as a blob; links what lies in the store already."""
    array = np.ascontiguousarray(array)
    return build_buffer(client, array.ctypes.data if array.nbytes else None, array.nbytes)


def view(obj, key, dtype):
    """A member as an array of one dimension, without a copy. Raises ValueError if it is no whole number of elements."""
    blob = obj.member(key)
    view = memoryview(b"") if blob.is_empty else memoryview(blob)
    if len(view) % dtype.itemsize:
        raise ValueError(f"`{key}` holds {len(view)} bytes, not a multiple of {dtype.itemsize}")
    return np.frombuffer(view, dtype)

