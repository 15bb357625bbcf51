"""Puts values with the companion package and gets them by another connection, equal to the last bit."""

import datetime
import decimal
import math
import struct
import sys
import uuid

import numpy as np
import pyarrow as pa

from checks import Checks, same_array

checks = Checks(sys.argv[1])
back, refused, client = checks.back, checks.refused, checks.client


def bits(number):
    return struct.pack("<d", number)


# Scalars.
for number in [0, 1, -1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1]:
    got = back(number)
    assert type(got) is int and got == number, (number, got)
for flag in [True, False]:
    assert back(flag) is flag
for number in [0.0, -0.0, 0.1, 5e-324, 1.7976931348623157e308, 1.5, math.inf, -math.inf, math.nan, struct.unpack("<d", b"\1\0\0\0\0\0\xf8\xff")[0]]:
    assert bits(back(number)) == bits(number), number
assert back("text") == "text"
for name, number in [("large", 2**64 - 1), ("fraction", 0.1), ("infinite", -math.inf), ("flag", True)]:
    id = client.put(number)
    client.persist(id)
    client.put_name(id, f"py/{name}")
assert back([1, True, math.nan])[:2] == (1, True)
for number in [2**64, -(2**63) - 1, 2**70]:
    refused(number, ValueError, "does not fit into 64 bits")

# Arrays of every type: whole, without nulls, sliced, empty.
NESTED = pa.struct([("a", pa.list_(pa.large_list(pa.field("x", pa.int8(), nullable=False)))), ("b", pa.string())])
ARRAYS = [
    pa.array([1, None, 3, 4], kind)
    for kind in [
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(),
        pa.float64(), pa.decimal128(9, 2), pa.decimal256(40, 3), pa.date32(), pa.time32("s"), pa.time32("ms"),
        pa.time64("us"), pa.time64("ns"), pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", "Europe/Oslo"),
        pa.duration("ms"), pa.month_day_nano_interval(),
    ]
    if not pa.types.is_decimal(kind) and not pa.types.is_interval(kind)
] + [
    pa.array([np.float16(1.5), None, np.float16("nan")], pa.float16()),
    pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.00")], pa.decimal128(9, 2)),
    pa.array([decimal.Decimal(10) ** 38, None], pa.decimal256(76, 3)),
    pa.array([pa.MonthDayNano([1, 2, 3]), None]),
    pa.array([datetime.date(1999, 12, 31), None], pa.date64()),
    pa.array([True, None, False, True]),
    pa.nulls(5),
    pa.array(["a", None, "naïve", ""], pa.string()),
    pa.array(["a", None, "naïve", ""], pa.large_string()),
    pa.array([b"a", None, b"\xff", b""], pa.binary()),
    pa.array([b"a", None, b"\xff", b""], pa.large_binary()),
    pa.array([b"abc", None, b"xyz"], pa.binary(3)),
    pa.array(["short", None, "longer than twelve bytes"], pa.string_view()),
    pa.array([b"short", None, b"longer than twelve bytes"], pa.binary_view()),
    pa.array([[1, 2], None, [], [None]], pa.list_(pa.int32())),
    pa.array([[1, 2], None, [], [None]], pa.large_list(pa.int32())),
    pa.array([[1, 2], None, [3, None]], pa.list_(pa.int32(), 2)),
    pa.array([{"a": [[1], [2, 3]], "b": "x"}, None, {"a": None, "b": None}], NESTED),
    pa.array([[("k", 1), ("l", None)], None, []], pa.map_(pa.string(), pa.int32())),
    pa.array(["x", "y", None, "x"]).dictionary_encode(),
    pa.array([["x", "y"], None, ["x"]]).cast(pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    pa.UnionArray.from_dense(pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, None]), pa.array(["s"])]),
    pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, None]), pa.array(["s", "t"])]),
    pa.RunEndEncodedArray.from_arrays(pa.array([2, 5], pa.int32()), pa.array(["a", None])),
]
for array in ARRAYS:
    for part in [array, array.slice(1), array.slice(1, 1), array.slice(0, 0)]:
        same_array(back(part), part)
words = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", "b"]).dictionary_encode())
refused(words, TypeError, "dictionary")
refused(pa.array([uuid.UUID(int=1).bytes], pa.uuid()), TypeError, "extension type")

# Tables: schemas as they are, batches as they are, none at all.
schema = pa.schema(
    [pa.field(f"c{at}", array.type, metadata={"at": str(at)}) for at, array in enumerate(ARRAYS)], {"k": "v"})
rows = 2
table = pa.Table.from_batches(
    [pa.record_batch([array.slice(0, rows) for array in ARRAYS], schema=schema)] * 2, schema=schema)
got = back(table)
assert got.schema.equals(schema, check_metadata=True), got.schema
assert got.equals(table)
got.validate(full=True)
for nothing in [table.slice(0, 0), pa.Table.from_batches([], schema)]:
    got = back(nothing)
    assert got.schema.equals(schema, check_metadata=True) and got.num_rows == 0
batch = table.to_batches()[0]
assert back(batch).equals(batch)
bare = batch.select([]).replace_schema_metadata({"k": "v"})
assert back(bare).num_rows == rows and back(bare).schema.equals(bare.schema, check_metadata=True)
bare = table.select([])
assert back(bare).num_rows == table.num_rows and back(bare).schema.equals(bare.schema, check_metadata=True)

# Arrays of numpy that the client alone reads as others, or cannot read.
for array in [
    np.array([1, 2, 3], ">i8"), np.array([[1.5], [2.5]], ">f4"), np.array(["2024-01-01"], ">M8[s]"),
    np.array([b"abc", b"x", b""]), np.array([["a", "naïve"], ["", "x"]]), np.array(["a", "b"], ">U3"),
    np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")]),
    np.array([b"a", None], dtype=object), np.array(["a", b"b"], dtype=object), np.asfortranarray(np.ones((2, 3))),
]:
    got = back(array)
    assert got.dtype == array.dtype and got.shape == array.shape, (got.dtype, array.dtype)
    assert got.tolist() == array.tolist(), (got, array)
masked = np.ma.masked_array([1, 2, 3], [False, True, False])
assert (back(masked).mask == masked.mask).all()

print(f"exact: {checks.count}")
