"""The published client puts arrays, matrices and single values of every type under names, for Rust to get."""

import sys

import numpy as np
import scipy.sparse as sp
import vineyard

from every_type import DTYPES, MATRIX, array_of

client = vineyard.connect(sys.argv[1])


def put(name, value):
    client.put(value, persist=True, name=name)


for dtype in DTYPES:
    put(f"py/{dtype}", array_of(dtype))

put("py/fortran", np.asfortranarray(np.arange(6, dtype="int64").reshape(2, 3)))
put("py/transposed", np.arange(6, dtype="int64").reshape(3, 2).T)
put("py/strided", np.arange(12, dtype="int64")[::3])
put("py/other-bytes", np.arange(3, dtype=">i8"))

put("py/smallest", -(2**63))
put("py/largest", 2**63 - 1)
put("py/lost", 2**64)
put("py/lost-too", 2**63)
put("py/true", True)
put("py/false", False)
put("py/float", -0.0)
put("py/tenth", 0.1)
put("py/nan", float("nan"))
put("py/text", 'naïve "text"')
put("py/list", [1, "two", np.arange(3), b"xyz", (True, 2.5), []])

matrix = np.array(MATRIX)
put("py/csr", sp.csr_matrix(matrix))
put("py/csc", sp.csc_matrix(matrix.astype("int64")))
put("py/coo", sp.coo_matrix(matrix.astype("complex64")))
put("py/bsr", sp.bsr_matrix(np.kron(matrix, [[1, 2]]), blocksize=(1, 2)))
put("py/dia", sp.dia_matrix(matrix.astype("float32")))
put("py/no-values", sp.csr_matrix((2, 3), dtype="uint8"))
print("put")
