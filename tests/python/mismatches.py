"""What writers of different languages call and store differently: Python reads all of it with the companion package.

mismatches.py SOCKET put    puts what C++, other Rust libraries and numpy write under `x/…`, and reads it
mismatches.py SOCKET get    gets frames of Arrow's columns, series and single values that Rust has put under `rs/…`
"""

import json
import math
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
from vineyard._C import ObjectMeta
from vineyard.data.utils import build_buffer

from checks import Checks
from same import same_array, same_frame, same_series

checks = Checks(sys.argv[1])
client, other = checks.client, checks.other


def make(typename, blobs, members=None, **values):
    """Stores an object as another writer has it."""
    meta = ObjectMeta()
    meta["typename"] = typename
    for key, value in values.items():
        meta[key] = value
    for key, data in blobs.items():
        meta.add_member(key, build_buffer(client, data, len(data)))
    for key, member in (members or {}).items():
        meta.add_member(key, member)
    meta["nbytes"] = 0
    return client.create_metadata(meta)


def put(name, meta):
    """Puts it under a name, and gets it by another connection."""
    client.persist(meta.id)
    client.put_name(meta.id, f"x/{name}")
    checks.count += 1
    return other.get(meta.id)


def tensor(name, values, **described):
    return make(f"vineyard::Tensor<{name}>", {"buffer_": values.tobytes()}, shape_=json.dumps(list(values.shape)),
                partition_index_="[]", **described)


def same_tensor(got, expected):
    assert got.dtype == expected.dtype and got.shape == expected.shape, (got.dtype, got.shape)
    assert got.tobytes() == expected.tobytes(), (got, expected)


def arrays():
    floats, unsigned = np.array([0.1, np.nan, -0.0], "f4"), np.array([1, 2, 2**32 - 1], "u4")
    # numpy's name and that of C++.
    same_tensor(put("01/cpp", tensor("uint", unsigned, value_type_="uint")), unsigned)
    same_tensor(put("01/python", client.get_meta(client.put(unsigned))), unsigned)
    # `float` has 32 bits.
    same_tensor(put("02/tensor", tensor("float", floats, value_type_="float")), floats)
    got = put("02/array", make("vineyard::Array<float>", {"buffer_": floats.tobytes()}, size_=3))
    same_tensor(got, floats)
    numbers = {"length_": 3, "null_count_": 0, "offset_": 0}
    blobs = {"buffer_": floats.tobytes(), "null_bitmap_": b""}
    same_array(put("02/arrow", make("vineyard::NumericArray<float>", blobs, **numbers)), pa.array(floats))
    # no name of the type besides the typename.
    whole = np.array([[1, -2, 3]])
    same_tensor(put("07/tensor", tensor("int64", whole)), whole)
    # what compilers call small integers.
    for name, values in [("short", np.array([1, -2], "i2")), ("short int", np.array([1, -2], "i2")),
                         ("signed char", np.array([1, -2], "i1")), ("unsigned char", np.array([1, 255], "u1"))]:
        same_tensor(put(f"08/{name}", tensor(name, values, value_type_=name)), values)
    # types that C++ does not have.
    for values in [np.array([True, False]), np.array([1.5, np.nan], "f2"), np.array([1j, np.nan]),
                   np.array(["2024-02-29", "NaT"], "M8[ns]"), np.array([1, -1], "m8[us]")]:
        same_tensor(put(f"09/{values.dtype}", client.get_meta(client.put(values))), values)
    # said to have columns first, stored rows first.
    columns_first = np.asfortranarray(np.arange(6).reshape(2, 3))
    got = put("11/python", client.get_meta(client.put(columns_first)))
    assert got.flags["F_CONTIGUOUS"] and (got == columns_first).all(), got


def scalars():
    # C++ has names for all widths.
    for name, value in [("int64", -(2**63)), ("uint", 2**32 - 1), ("int16", -5), ("uint64", 2**63 - 1), ("bool", True)]:
        got = put(f"03/{name}", make(f"vineyard::Scalar<{name}>", {}, value_=value, type_=name))
        assert got == value and type(got) is type(value), (name, got)
    assert put("03/float", make("vineyard::Scalar<float>", {}, value_=0.5, type_="float")) == 0.5
    # what the client's metadata has no numbers for.
    for name, value in [("large", 2**64 - 1), ("true", True), ("nan", math.nan), ("tenth", 0.1)]:
        got = put(f"10/{name}", client.get_meta(client.put(value)))
        assert type(got) is type(value) and repr(got) == repr(value), (name, got)
    checks.refused(2**64, ValueError, "does not fit")


def lists_and_bytes():
    # lists have two names.
    values = client.get_meta(client.put(pa.array([1, 2, 3])))
    for name, kind, width in [("vineyard::LargeListArray", pa.large_list(pa.int64()), "i8"),
                              ("vineyard::BaseListArray<arrow::LargeListArray>", pa.large_list(pa.int64()), "i8"),
                              ("vineyard::BaseListArray<arrow::ListArray>", pa.list_(pa.int64()), "i4")]:
        blobs = {"buffer_offsets_": np.array([0, 2, 3], width).tobytes(), "null_bitmap_": b""}
        stored = make(name, blobs, {"values_": values}, length_=2, null_count_=0, offset_=0)
        same_array(put(f"04/{name}", stored), pa.array([[1, 2], [3]], kind))
    # bytes have a name that the client does not know.
    blobs = {"buffer_offsets_": np.array([0, 1, 3]).tobytes(), "buffer_data_": b"a\xff\0", "null_bitmap_": b""}
    name = "vineyard::BaseBinaryArray<arrow::LargeBinaryArray>"
    same_array(put("05/cpp", make(name, blobs, length_=2, null_count_=0, offset_=0)),
               pa.array([b"a", b"\xff\0"], pa.large_binary()))


def frames():
    numbers = client.get_meta(client.put(np.array([1, 2])))
    columns = {"__values_-key-0": '"n"', "__values_-size": 1}
    expected = pd.DataFrame({"n": [1, 2]})
    # no labels of the rows.
    same_frame(put("06/cpp", make("vineyard::DataFrame", {}, {"__values_-value-0": numbers}, columns_='["n"]',
                                  **columns)), expected)
    # no list of the columns.
    same_frame(put("07/frame", make("vineyard::DataFrame", {}, {"__values_-value-0": numbers}, **columns)), expected)


def from_rust():
    def get(name):
        checks.count += 1
        return client.get(client.get_name(f"rs/{name}"))

    arrow = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array([0.5, None, 1.5], pa.float32())])))
    lists = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array([["a"], None, []])])))
    days = pd.Series(np.array(["2024-02-29", "NaT", "1969-12-31"], "M8[s]"))
    frame = pd.DataFrame({"n": [1, 2, 3], "arrow": arrow, "lists": lists, "text": pd.Series(["x", "y", "z"], dtype=object),
                          "days": days})
    frame.index = pd.Index(arrow.array, dtype=arrow.dtype, name="labels")
    frame.columns = frame.columns.astype(pd.Index(["x"]).dtype)
    same_frame(get("frame"), frame)
    same_frame(get("deltas"), pd.DataFrame({"d": np.array([1, -1], "m8[ns]")}, index=pd.DatetimeIndex(days[:2])))
    try:
        got = get("odd")
    except Exception as error:
        assert "which pandas does not have" in str(error.__cause__), error.__cause__
    else:
        raise AssertionError(f"picoseconds were read as {got}")
    same_series(get("series"), pd.Series(lists.array, index=pd.Index([5, 6, 7]), name="s"))
    assert get("true") is True and get("large") == 2**64 - 1 and math.isnan(get("nan"))


if sys.argv[2] == "put":
    for part in (arrays, scalars, lists_and_bytes, frames):
        part()
else:
    from_rust()
print(f"{sys.argv[2]}: {checks.count}")
