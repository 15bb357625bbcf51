"""The published client gets Arrow's arrays, batches and tables that Rust has put under names."""

import sys

import pyarrow as pa
import vineyard

client = vineyard.connect(sys.argv[1])


def get(name):
    return client.get(client.get_name(f"rs/arrow/{name}"))


def same(name, expected):
    got = get(name)
    assert got.type == expected.type, (name, got.type, expected.type)
    assert got.equals(expected), (name, got, expected)
    got.validate(full=True)


for type_ in [
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(),
    pa.float64(), pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"), pa.duration("s"),
    pa.duration("ms"), pa.duration("us"), pa.duration("ns"),
]:
    same(str(type_), pa.array([1, None, 3], pa.int64()).cast(type_))
same("halffloat", pa.array([1, None, 3], pa.int64()).cast(pa.float32()).cast(pa.float16()))
same("date32[day]", pa.array([1, None, 3], pa.int32()).cast(pa.date32()))
same("bool", pa.array([True, None, False]))
same("null", pa.nulls(3))
same("fixed", pa.array([b"abc", None, b"xyz"], pa.binary(3)))
same("large_string", pa.array(["a", None, "naïve"], pa.large_string()))
same("large_list", pa.array([[1, 2], None, []], pa.large_list(pa.int32())))

batch = get("batch")
expected = pa.record_batch(
    [pa.array([1, 2]), pa.array(["x", None], pa.large_string()), pa.array([0.5, 1.5], pa.float32())], ["n", "s", "f"])
assert batch.equals(expected), batch
assert batch.schema.metadata == {b"k": b"v"}, batch.schema
table = get("table")
assert table.equals(pa.Table.from_batches([expected, expected.slice(1)])), table
assert [column.num_chunks for column in table.columns] == [2, 2, 2], table
print("got")
