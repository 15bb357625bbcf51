"""The published client gets arrays, matrices and single values of every type that Rust has put under names."""

import math
import sys

import numpy as np
import scipy.sparse as sp
import vineyard

from every_type import DTYPES, MATRIX, array_of

client = vineyard.connect(sys.argv[1])


def get(name):
    return client.get(client.get_name(name))


for dtype in DTYPES:
    got, expected = get(f"rs/{dtype}"), array_of(dtype)
    assert got.dtype == expected.dtype and got.shape == expected.shape, (dtype, got.dtype, got.shape)
    assert got.tobytes() == expected.tobytes(), (dtype, got)

fortran = get("rs/fortran")
assert fortran.flags["F_CONTIGUOUS"] and not fortran.flags["C_CONTIGUOUS"], fortran.flags
assert (fortran == np.arange(6).reshape(2, 3)).all(), fortran

for name, expected in [("smallest", -(2**63)), ("largest", 2**63 - 1), ("unsigned", 2**64 - 1), ("true", 1), ("false", 0)]:
    got = get(f"rs/{name}")
    assert got == expected and isinstance(got, int), (name, got)
assert math.isnan(get("rs/nan"))
assert get("rs/inf") == math.inf and get("rs/-inf") == -math.inf
assert get("rs/tiny") == 5e-324
assert math.copysign(1, get("rs/-0")) == -1
assert get("rs/narrow") == np.float32(0.1)
assert get("rs/text") == 'naïve "text"'
try:
    got = get("rs/unusual-nan")
except Exception as error:
    assert "Unable to construct the object" in str(error), error
else:
    raise AssertionError(f"a NaN of unusual bits was read as {got}")

number, text, array, data, inner, empty = get("rs/list")
assert number == 1 and text == "two" and (array == np.arange(3)).all() and bytes(data) == b"xyz"
assert inner == (1, 2.5) and empty == ()

matrix = np.array(MATRIX)
for name, kind, expected in [
    ("csr", sp.csr_matrix, matrix),
    ("csc", sp.csc_matrix, matrix.astype("int64")),
    ("coo", sp.coo_matrix, matrix.astype("complex64")),
    ("bsr", sp.bsr_matrix, np.kron(matrix, [[1, 2]])),
    ("dia", sp.dia_matrix, matrix.astype("float32")),
]:
    got = get(f"rs/{name}")
    assert type(got) is kind and got.dtype == expected.dtype, (name, type(got), got.dtype)
    assert (got.toarray() == expected).all(), (name, got.toarray())
print("got")
