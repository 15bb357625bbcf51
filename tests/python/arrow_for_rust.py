"""The published client puts Arrow's arrays, batches and tables under names, for Rust to get."""

import sys

import pyarrow as pa
import vineyard

client = vineyard.connect(sys.argv[1])


def put(name, value):
    client.put(value, persist=True, name=f"py/arrow/{name}")


for name, type_ in [
    ("int8", pa.int8()), ("int16", pa.int16()), ("int32", pa.int32()), ("int64", pa.int64()), ("uint8", pa.uint8()),
    ("uint16", pa.uint16()), ("uint32", pa.uint32()), ("uint64", pa.uint64()), ("float32", pa.float32()),
    ("float64", pa.float64()), ("date32", pa.date32()), ("time64", pa.time64("us")), ("timestamp", pa.timestamp("ns")),
    ("zoned", pa.timestamp("us", tz="Europe/Oslo")), ("duration", pa.duration("s")),
]:
    values = pa.array([1, None, 3, 4], pa.int64()).cast(pa.int32() if pa.types.is_date32(type_) else pa.int64())
    put(name, values.cast(type_))
    put(f"{name}-slice", values.cast(type_)[1:3])

put("bool", pa.array([True, False, None, True])[1:])
put("null", pa.nulls(3))
put("string", pa.array(["a", "naïve", None, ""]))
put("large_string", pa.array(["a", "naïve", None, ""], pa.large_string())[1:])
put("large_binary", pa.array([b"a", None, b"\xff"], pa.large_binary()))
put("list", pa.array([[1, 2], None, [], [3]], pa.list_(pa.int32())))
put("nested", pa.array([[["a"], []], None, [["b", None]]], pa.list_(pa.list_(pa.string()))))
schema = pa.schema(
    [pa.field("n", pa.int64()), pa.field("s", pa.string()), pa.field("f", pa.float32())], metadata={"k": "v"})
batch = pa.record_batch([pa.array([1, None]), pa.array(["x", "y"]), pa.array([0.5, 1.5], pa.float32())], schema=schema)
put("schema", schema)
put("batch", batch)
put("table", pa.Table.from_batches([batch, batch.slice(1)]))
put("no-rows", pa.Table.from_batches([batch.slice(0, 0)]))
print("put")
