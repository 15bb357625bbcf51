"""Booleans, integers and floats as they are: the client keeps them as JSON numbers, which not all of them are."""

import math
import struct

from vineyard._C import ObjectMeta

_USUAL_NAN = 0x7FF8_0000_0000_0000


def _build(client, typename, value, kind):
    meta = ObjectMeta()
    meta["typename"] = typename
    meta["value_"], meta["type_"] = value, kind
    meta["nbytes"] = 0
    return client.create_metadata(meta)


def build_int(client, value, **_):
    """Stores an integer of 64 bits, with or without a sign; others are refused.

    Beyond 63 bits it is text, of which `int` makes the same: the client's own metadata has no such numbers.
    """
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(f"{value} does not fit into 64 bits")
    stored = int(value) if value < 1 << 63 else str(value)
    return _build(client, "vineyard::Scalar<int>", stored, "int")


def build_bool(client, value, **_):
    """Stores a boolean; clients without this package read 1 or 0."""
    return _build(client, "vineyard::Scalar<int>", int(value), "bool")


def build_float(client, value, **_):
    """Stores a float, as text of which `float` makes the same: the client's own metadata cuts numbers to 32 bits.

    NaNs of unusual bits have them behind a colon; clients without this package refuse these.
    """
    stored = repr(float(value))
    if math.isnan(value):
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        stored = "NaN" if bits == _USUAL_NAN else f"NaN:{bits:016x}"
    return _build(client, "vineyard::Scalar<double>", stored, "float")


def resolve(obj):
    """A scalar of any writer: Python's, Rust's and those of C++."""
    name = obj.typename[len("vineyard::Scalar<") : -1]
    value, kind = obj.meta["value_"], obj.meta.get("type_", None)
    if name == "std::string":
        return value
    if name in ("double", "float"):
        if isinstance(value, str) and value.startswith("NaN:"):
            return struct.unpack("<d", struct.pack("<Q", int(value[4:], 16)))[0]
        return float(value)
    if name == "bool" or (name == "int" and kind == "bool"):
        return bool(value)
    if name in ("int", "uint", "int64", "uint64", "int8", "uint8", "int16", "uint16", "int32", "uint32"):
        return int(value)
    raise ValueError(f"`{name}` is not the type of a scalar")


def register(builders, resolvers):
    """Enters scalars."""
    builders.register(bool, build_bool)
    builders.register(int, build_int)
    builders.register(float, build_float)
    resolvers.register("vineyard::Scalar", resolve)
