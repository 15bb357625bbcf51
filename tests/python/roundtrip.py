"""The published client puts and gets on a server; prints one line for each value that came back the same."""

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import vineyard

client = vineyard.connect(sys.argv[1])
checked = 0


def back(value):
    return client.get(client.put(value))


def check(label, same):
    global checked
    if not same:
        sys.exit(f"{label} came back different")
    checked += 1


for value in [0, 1, -5, 2**31, 3.25, "text", "", "naïve", b"bytes", b"", True]:
    check(repr(value), back(value) == value)

check("large bytes", bytes(back(b"x" * 3_000_000)) == b"x" * 3_000_000)
check("list", list(back([1, "two", 3.0, [4, 5]])) == [1, "two", 3.0, (4, 5)])
check("tuple", back((1, 2, 3)) == (1, 2, 3))
check("dict", back({"a": 1, "b": [1, 2], "c": None}) == {"a": 1, "b": [1, 2], "c": None})
check("none", back(None) is None)

numeric = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
           "float16", "float32", "float64", "complex64", "complex128"]
for dtype in numeric:
    for shape in [(6,), (2, 3), (1, 2, 3), (0,), ()]:
        array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
        got = back(array)
        check(f"{dtype} {shape}", got.dtype == array.dtype and got.shape == shape and (got == array).all())

array = np.asfortranarray(np.arange(12).reshape(3, 4))
check("Fortran order", (back(array) == array).all())
check("datetimes", (back(np.array(["2020-01-01"], dtype="datetime64[ns]")) == np.datetime64("2020-01-01")).all())
check("array of text", (back(np.array(["a", "bc", ""])) == np.array(["a", "bc", ""])).all())

frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], 3: [True, False, True]}, index=[10, 20, 30])
check("frame", back(frame).equals(frame))
check("series", back(pd.Series([1.0, 2.0], name="s")).equals(pd.Series([1.0, 2.0], name="s")))
check("empty frame", len(back(pd.DataFrame({"a": np.array([], dtype="int64")}))) == 0)

batch = pa.RecordBatch.from_arrays([pa.array([1, None, 3]), pa.array(["x", None, "zz"]),
                                    pa.array([True, False, None])], names=["i", "s", "b"])
check("record batch", back(batch).to_pydict() == batch.to_pydict())
table = pa.Table.from_batches([batch, batch])
check("table", back(table).to_pydict() == table.to_pydict())
check("list array", back(pa.array([[1, 2], [], [3]])).to_pylist() == [[1, 2], [], [3]])

# Metadata, names, listing, persist, delete.
id = client.put(np.arange(4))
check("exists", client.exists(id))
check("transient", not client.get_meta(id)["transient"] is False)
client.persist(id)
client.put_name(id, "python/name")
check("name", client.get_name("python/name") == id)
check("names", client.list_names("python/*") == {"python/name": id})
check("listing", len(client.list_objects("vineyard::Tensor*", limit=1000)) > 0)
check("metadata", client.get_meta(id).typename == "vineyard::Tensor<int64>")
client.drop_name("python/name")
client.delete(id)
check("deleted", not client.exists(id))
check("status", client.status.instance_id == 7 and client.status.memory_usage > 0)
check("cluster", "i7" in str(client.meta.keys()) or 7 in client.meta.keys())

# A second connection sees the same, and objects survive the connection that made them.
id = client.put(np.arange(5))
client.close()
other = vineyard.connect(sys.argv[1])
check("second connection", (other.get(id) == np.arange(5)).all())
try:
    other.get(vineyard.ObjectID("o0000000000000005"))
except vineyard.ObjectNotExistsException:
    checked += 1
else:
    sys.exit("a missing object was found")

print(f"{checked} values came back the same")
