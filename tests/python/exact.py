"""Puts values with the companion package and gets them by another connection, equal to the last bit."""

import datetime
import decimal
import math
import pathlib
import struct
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import vineyard

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))

import vineyard_exact

vineyard_exact.register()
vineyard_exact.register()
client, other = vineyard.connect(sys.argv[1]), vineyard.connect(sys.argv[1])
checked = 0


def back(value):
    global checked
    checked += 1
    return other.get(client.put(value))


def refused(value, error, text):
    global checked
    checked += 1
    before = len(client.list_objects("*", limit=100_000))
    try:
        client.put(value)
    except error as refusal:
        assert text in str(refusal), refusal
    else:
        raise AssertionError(f"{value!r} was not refused")
    assert len(client.list_objects("*", limit=100_000)) == before, "something was left behind"


def message(array):
    """All bytes of an array, for those with NaN, which equals nothing."""
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([array], ["array"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


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
        got = back(part)
        got.validate(full=True)
        assert got.type.equals(part.type, check_metadata=True), (got.type, part.type)
        assert got.equals(part) or message(got) == message(part), (got, part)

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

# Frames.
frame = pd.DataFrame({
    "int": [1, 2, 3],
    "category": pd.Categorical(["b", "a", None], categories=["b", "a", "c"], ordered=True),
    "Int64": pd.array([1, None, 3], "Int64"),
    "boolean": pd.array([True, None, False], "boolean"),
    "Float32": pd.array([1.5, None, 2.5], "Float32"),
    "string": pd.array(["a", None, "c"], "string"),
    "arrow": pd.array([1, None, 3], pd.ArrowDtype(pa.int32())),
    "nested": pd.Series([[1], None, []], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    "decimal": pd.Series([decimal.Decimal("1.5"), None, None], dtype=pd.ArrowDtype(pa.decimal128(5, 1))),
    "delta": pd.to_timedelta([1, None, 3], unit="s"),
    "zone": pd.to_datetime(["2024-01-01", None, "2024-07-01"]).tz_localize("Europe/Oslo"),
    "time": pd.to_datetime(["2024-01-01", None, "2024-07-01"]),
    "seconds": pd.Series(pd.to_datetime(["2024-01-01", None, "2024-07-01"])).astype("datetime64[s]"),
    "period": pd.period_range("2024-01", periods=3, freq="M"),
    "interval": pd.interval_range(0, 3),
    "text": ["x", "y", "z"],
})
for index in [
    None,
    pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["one", None]),
    pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-03"], name="day"),
    pd.CategoricalIndex(["x", "y", "x"]),
    pd.Index([1.5, 2.5, 3.5], name="f"),
    pd.RangeIndex(5, 11, 2, name="r"),
]:
    value = frame if index is None else frame.set_axis(index, axis=0)
    for part in [value, value.iloc[1:], value.iloc[:0]]:
        if isinstance(part.index, pd.MultiIndex):
            # Levels that no row has are no part of the value.
            part = part.set_axis(part.index.remove_unused_levels(), axis=0)
        pd.testing.assert_frame_equal(back(part), part, check_freq=False, check_exact=True)
plain = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan]})
meta = client.get_meta(client.put(plain))
assert meta.typename == "vineyard::DataFrame", "what the client keeps is left to it"
pd.testing.assert_frame_equal(back(plain), plain)
for name in frame.columns:
    series = frame[name]
    got = back(series)
    # The client's own arrays are of a class of its own, which the assertions of pandas mind.
    assert got.equals(series) and got.dtype == series.dtype and got.name == series.name, (name, got)
refused(frame.assign(mixed=[1, "x", None]), TypeError, "'mixed'")
refused(frame.assign(complex=[1j, 2j, 3j]), TypeError, "'complex'")
refused(frame.assign(sparse=pd.arrays.SparseArray([0, 0, 1])), TypeError, "'sparse'")
refused(pd.concat([frame, frame[["int"]]], axis=1), TypeError, "not unique")

print(f"exact: {checked}")
