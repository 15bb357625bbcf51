"""What both sides put: the same bytes as elements of every type."""

import numpy as np

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
DTYPES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
    *(f"datetime64[{unit}]" for unit in UNITS), *(f"timedelta64[{unit}]" for unit in UNITS),
]
MATRIX = [[1.5, 0, 2], [0, 0, 3], [4, 5, 0]]


def array_of(dtype):
    """Two rows and three columns of bits that are no round numbers: among the floats are NaNs of several kinds."""
    dtype = np.dtype(dtype)
    if dtype == np.bool_:
        return np.array([[True, False, True], [False, True, False]])
    count = 6 * dtype.itemsize
    data = bytes(0xFF if place % 24 < 9 else (37 * place + 11) % 256 for place in range(count))
    return np.frombuffer(data, dtype=dtype).reshape(2, 3)
