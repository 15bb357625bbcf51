"""Single values, arrays of numpy and of Arrow, of every type, by name."""

import datetime
import decimal
import math
import struct

import numpy as np
import pyarrow as pa

UNUSUAL_NAN = struct.unpack("<d", b"\1\0\0\0\0\0\xf8\xff")[0]

SCALARS = {
    "`int`": 5, "`int` of 63 bits and a sign": -(2**63), "`int` of 64 bits": 2**64 - 1, "`int` beyond 64 bits": 2**70,
    "`bool`": True, "`float` with few digits": 1.5, "`float` with many digits": 0.1, "`float`, the smallest": 5e-324,
    "`float`, -0.0": -0.0, "`float`, infinite": math.inf, "`float`, NaN": math.nan, "`float`, NaN of unusual bits": UNUSUAL_NAN,
    "`str`": "naïve", "`complex`": 1j, "`None` in a tuple": (None, 1), "tuple": (1, "two", 2.5), "list": [1, "two"],
    "`dict`": {"a": [1], "b": None}, "`Decimal`": decimal.Decimal("1.50"), "`date`": datetime.date(2024, 2, 29),
}

_NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
            "complex64", "complex128", "longdouble"]

NUMPY = {
    "bool": np.array([[True, False], [False, False]]),
    **{name: np.array([[0, 1], [1, 0]], name) for name in _NUMBERS},
    **{f"{name}, no elements": np.zeros((0, 2), name) for name in ["int64", "float32"]},
    "float64, NaNs of all kinds": np.array([math.nan, UNUSUAL_NAN, -0.0]),
    "columns first": np.asfortranarray(np.arange(6).reshape(2, 3)),
    **{f"{kind}64[{unit}]": np.array([1, -5], f"{kind}64[{unit}]")
       for kind in ["datetime", "timedelta"] for unit in ["Y", "D", "s", "ns", "as"]},
    **{f"big-endian {name}": np.array([1, 2, 3], name) for name in [">i8", ">f4", ">M8[s]"]},
    "bytes of fixed width": np.array([b"abc", b"x", b""]),
    "text of fixed width": np.array(["a", "naïve", ""]),
    "text of fixed width, in two dimensions": np.array([["a", "naïve"], ["", "x"]]),
    "records": np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")]),
    "objects: text": np.array(["a", "naïve", ""], dtype=object),
    "objects: text and `None`": np.array(["a", None], dtype=object),
    "objects: bytes": np.array([b"a", b""], dtype=object),
    "objects: text and bytes": np.array(["a", b"b"], dtype=object),
    "objects: mixed": np.array(["a", 1, None], dtype=object),
    "masked": np.ma.masked_array([1, 2, 3], [False, True, False]),
}

NESTED = pa.struct([("a", pa.list_(pa.large_list(pa.field("x", pa.int8(), nullable=False)))), ("b", pa.string())])
_ARRAYS = [
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

# By the names of their types.
ARROW = {str(array.type): array for array in _ARRAYS}
ARROW["slice of int64"] = pa.array([1, None, 3, 4])[1:3]
ARROW["slice of string"] = pa.array(["a", None, "naïve", ""])[1:]
ARROW["no elements of string"] = pa.array([], pa.string())
ARROW["no elements of list"] = pa.array([], pa.list_(pa.int32()))
