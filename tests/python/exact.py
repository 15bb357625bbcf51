"""Puts values with the companion package and gets them by another connection, equal to the last bit."""

import math
import sys
import uuid

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from checks import Checks
from same import same, same_array, same_matrix
from sample_arrays import ARROW, NUMPY, SCALARS

checks = Checks(sys.argv[1])
back, refused, client = checks.back, checks.refused, checks.client

# Single values.
for name, value in SCALARS.items():
    if name == "`int` beyond 64 bits":
        refused(value, ValueError, "does not fit into 64 bits")
    else:
        same(back(value), value)
for number in [0, 1, -1, 2**63 - 1, 2**63, False, 1.7976931348623157e308, -math.inf, [], [[True], math.nan]]:
    same(back(number), number)
for name, number in [("large", 2**64 - 1), ("fraction", 0.1), ("infinite", -math.inf), ("flag", True)]:
    id = client.put(number)
    client.persist(id)
    client.put_name(id, f"py/{name}")
for number in [2**64, -(2**63) - 1]:
    refused(number, ValueError, "does not fit into 64 bits")

# Arrays of every type: whole, without nulls, sliced, empty.
for array in ARROW.values():
    for part in [array, array.slice(1), array.slice(1, 1), array.slice(0, 0)]:
        same_array(back(part), part)
for array in NUMPY.values():
    same(back(array), array)
words = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", "b"]).dictionary_encode())
refused(words, TypeError, "dictionary of dictionaries")
identifiers = pa.array([uuid.UUID(int=1).bytes], pa.uuid())
refused(identifiers, TypeError, "extension type")
refused(pa.ListArray.from_arrays([0, 1], identifiers), TypeError, "extension type")

# Sparse matrices, whose parts are as they were: diagonals also where they have no place.
dense = np.array([[1.5, 0, 2], [0, 0, 3]])
for kind in ["float32", "float64", "complex64", "complex128", "int8", "uint64", "bool"]:
    for make in [sp.csr_matrix, sp.csc_matrix, sp.bsr_matrix, sp.coo_matrix, sp.dia_matrix]:
        matrix = make(dense.astype(kind))
        same_matrix(back(matrix), matrix)
values = np.arange(8, dtype="float32").reshape(4, 2)
for offsets in [[0, 1, -5, -1], [2, 0, -1, 1]]:
    matrix = sp.dia_matrix((values, offsets), shape=(2, 3))
    same_matrix(back(matrix), matrix)
same_matrix(back(sp.dia_matrix((2, 3), dtype="int16")), sp.dia_matrix((2, 3), dtype="int16"))

# Tables: schemas as they are, batches as they are, none at all.
ARRAYS = [array for array in ARROW.values() if len(array) > 1]
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

print(f"exact: {checks.count}")
