"""Columns of pandas of every type, by name."""

import datetime
import decimal
import uuid
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa

UNITS = ["s", "ms", "us", "ns"]
NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
DAY = datetime.date(2024, 2, 29)
DAYS = pd.to_datetime(["2024-01-01", None, "2024-07-01", "1969-12-31"])
UNUSUAL_NAN = np.frombuffer(b"\1\0\0\0\0\0\xf8\xff", "<f8")[0]

ARROW = [
    pa.array([1, None, -3, 4], kind) for kind in [pa.int8(), pa.int64(), pa.float32(), pa.float64()]
] + [
    pa.array([1, None, 3, 4], kind)
    for kind in [pa.uint64(), pa.date32(), pa.time32("s"), pa.time64("ns"), pa.duration("ms"),
                 *(pa.timestamp(unit) for unit in UNITS), pa.timestamp("us", "Europe/Oslo")]
] + [
    pa.array([True, None, False, True]),
    pa.array(["a", None, "naïve", ""]), pa.array(["a", None, "naïve", ""], pa.large_string()),
    pa.array([b"a", None, b"\xff", b""]), pa.array([b"abc", None, b"xyz", b"def"], pa.binary(3)),
    pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3"), decimal.Decimal(0)], pa.decimal128(9, 2)),
    pa.array([[1], None, [], [None, 2]]), pa.array([{"a": 1}, None, {"a": None}, {"a": 2}]),
    pa.array(["x", None, "y", "x"]).dictionary_encode(), pa.nulls(4),
    pa.array([[("k", 1)], None, [], []], pa.map_(pa.string(), pa.int32())),
]

OBJECTS = {
    "text": ["a", "naïve", "", "d"],
    "text and none": ["a", None, "", "d"],
    "none": [None] * 4,
    "bytes": [b"a", b"\xff", b"", b"d"],
    "bytes and none": [b"a", None, b"", b"d"],
    "dates": [DAY, None, DAY, DAY],
    "times": [datetime.datetime(2024, 2, 29, 12), None, datetime.datetime(1, 1, 1), datetime.datetime(2024, 1, 1)],
    "times of day": [datetime.time(12), None, datetime.time(0, 0, 0, 1), datetime.time(23, 59)],
    "deltas": [datetime.timedelta(days=1), None, datetime.timedelta(0), datetime.timedelta(microseconds=1)],
    "decimals": [decimal.Decimal("1.25"), None, decimal.Decimal("-3.00"), decimal.Decimal("0.00")],
    "integers": [1, None, 2**62, -5],
    "booleans": [True, None, False, True],
    "floats": [1.5, None, -0.0, float("inf")],
    "lists": [[1], [], None, [2, 3]],
}

# Objects that Arrow has no exact form for. A frame of numbers and objects is left to the client, which pickles them.
MIXED = {
    "text and nan": (["a", np.nan, "c", "d"], "float, str"),
    "text and NA": (["a", pd.NA, "c", "d"], "NAType, str"),
    "text and bytes": (["a", b"b", "c", "d"], "bytes, str"),
    "text and numbers": (["a", 1, "c", 2.5], "float, int, str"),
    "dates and times": ([DAY, datetime.datetime(2024, 2, 29), None, DAY], "date, datetime"),
    "decimals of several scales": ([decimal.Decimal("1.5"), decimal.Decimal("1.50"), None, None], "would become"),
    "zoned times": ([datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc), None, None, None], "would become"),
    "pandas' times": ([pd.Timestamp("2024-01-01"), None, None, None], "would become"),
    "wide integers": ([1 << 70, 1, 2, 3], "int"),
    "tuples": ([(1, 2), (), None, None], "would become"),
    "uuids": ([uuid.UUID(int=5), None, None, None], "UUID"),
    "frames": ([pd.DataFrame(), None, None, None], "DataFrame"),
    "lone surrogates": (["\ud800", "b", "c", "d"], "surrogates"),
}


def columns():
    """Every type, with what is missing in it, by name."""
    found = {"bool": pd.Series([True, False, True, True])}
    for kind in NUMBERS:
        found[kind] = pd.Series([1, 0, 3, 4], dtype=kind)
        name = kind.replace("int", "Int").replace("uInt", "UInt").replace("float", "Float")
        found[name] = pd.Series(pd.array([1, None, 3, 4], dtype=name))
    for kind in [">i2", ">u8", ">f4", ">f8"]:
        found[kind] = pd.Series(np.array([1, 0, 3, 4], kind))
    found["float16"] = pd.Series(np.array([1.5, np.nan, -0.0, np.inf], "float16"))
    found["nan"] = pd.Series([np.nan, UNUSUAL_NAN, -0.0, 5e-324])
    found["Float64 with nan"] = pd.Series(pd.arrays.FloatingArray(
        np.array([np.nan, UNUSUAL_NAN, 1, 2]), np.array([False, False, True, False])))
    found["boolean"] = pd.Series(pd.array([True, None, False, True], dtype="boolean"))
    found["complex64"] = pd.Series(np.array([1j, np.nan, 3 + 4j, -0j], "complex64"))
    found["complex128"] = pd.Series(np.array([1j, np.nan, 3 + 4j, -0j]))
    for unit in UNITS:
        found[f"datetime64[{unit}]"] = pd.Series(DAYS.as_unit(unit))
        found[f"timedelta64[{unit}]"] = pd.Series(pd.to_timedelta([1, None, -3, 4], unit="s").as_unit(unit))
        found[f"datetime64[{unit}, Europe/Oslo]"] = pd.Series(DAYS.as_unit(unit).tz_localize("Europe/Oslo"))
    for zone in ["UTC", "America/New_York", "+05:30"]:
        found[f"datetime64, {zone}"] = pd.Series(DAYS.tz_localize(zone))
    found["zoneinfo"] = pd.Series(DAYS.tz_localize(zoneinfo.ZoneInfo("Asia/Kolkata")))
    for storage in ["python", "pyarrow"]:
        for missing in [pd.NA, np.nan]:
            dtype = pd.StringDtype(storage, na_value=missing)
            found[f"string[{storage}, {missing}]"] = pd.Series(["a", None, "naïve", ""], dtype=dtype)
    for freq in ["D", "M", "Q-DEC", "W-SUN", "h", "ns"]:
        found[f"period[{freq}]"] = pd.Series(pd.PeriodIndex(["2024-01-01", None, "2024-03-01", "2024-04-01"], freq=freq))
    for closed in ["left", "right", "both", "neither"]:
        found[f"interval of integers, {closed}"] = pd.Series(pd.interval_range(0, 4, closed=closed))
    found["interval of floats"] = pd.Series(pd.arrays.IntervalArray.from_tuples([(0, 0.5), None, (1, 2), (2, 3.5)]))
    found["interval of times"] = pd.Series(pd.interval_range(pd.Timestamp("2024-01-01"), periods=4))
    for array in ARROW:
        found[f"arrow {array.type}"] = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))
    chunks = pa.chunked_array([["a", None], [], ["c", "d"]], pa.string())
    found["arrow in chunks"] = pd.Series(pd.arrays.ArrowExtensionArray(chunks))
    for name, values in OBJECTS.items():
        found[f"objects: {name}"] = pd.Series(values, dtype=object)
    return found


def categories(found):
    """Categories of all types that can be some, with values that are none and some that are unused."""
    for number, (name, series) in enumerate(found.items()):
        if "complex" in name or "nan" in name or "lists" in name:
            continue
        values = possible(lambda: series.dropna().drop_duplicates())
        dtype = possible(lambda: pd.CategoricalDtype(pd.Index(values, dtype=series.dtype)[::-1], number % 2 == 0))
        if values is not None and dtype is not None:
            first = min(0, len(values) - 1)
            codes = [first, -1, min(1, len(values) - 1), first]
            yield f"categories of {name}", pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))


def possible(make):
    """What pandas makes; none if it cannot make it: not every type can be what every other can."""
    try:
        return make()
    except Exception:
        return None
