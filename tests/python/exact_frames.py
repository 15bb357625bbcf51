"""Frames, series and indexes of every type that pandas has go to the server and come back the same, or are refused."""

import datetime
import decimal
import sys
import uuid
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa

from checks import Checks, same_frame, same_index, same_series

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


def is_shown(value):
    """Whether pandas can show a value that it has made."""
    return possible(lambda: repr(value)) is not None


def shapes(series):
    """A column as all that it can be a part of."""
    frame = pd.DataFrame({"n": [1, 2, 3, 4], "x": series})
    beside = frame.assign(c=pd.Categorical(["b", "a", None, "b"]))
    yield frame
    yield beside
    yield pd.concat([beside, frame], axis=1).iloc[1:3]
    yield beside.iloc[:0]
    yield series.rename("x")
    yield series.iloc[1:].rename(("a", 1))


def labels(series):
    """An index of the values, as all that it can be a part of."""
    index = possible(lambda: pd.Index(series, dtype=series.dtype, name="labels"))
    if index is None:
        return
    yield index
    yield pd.DataFrame({"n": [1, 2, 3, 4]}, index=index)
    yield pd.Series([1.5, 2.5], index=index[:2], name="x")
    both = possible(lambda: pd.MultiIndex.from_arrays([index, [1, 1, 2, 2]], names=[None, "two"]))
    if both is not None and possible(lambda: both.get_level_values(0)) is not None:
        yield pd.DataFrame({"n": [1, 2, 3, 4]}, index=both)
    yield pd.DataFrame([[1, 2, 3, 4]], columns=index)


def check(checks, value):
    got = checks.back(value)
    if isinstance(value, pd.DataFrame):
        same_frame(got, value)
    elif isinstance(value, pd.Series):
        same_series(got, value)
    else:
        same_index(got, value)


def check_all(checks):
    """Every type in every shape; the few that are refused say why."""
    found = columns()
    found.update(dict(categories(found)))
    for name, series in found.items():
        for value in filter(is_shown, [*shapes(series), *labels(series)]):
            try:
                if name.startswith("categories of arrow dictionary"):
                    checks.refused(value, TypeError, "categories of categories")
                else:
                    check(checks, value)
            except Exception as error:
                raise AssertionError(f"{name}: {value!r}") from error


def check_mixed(checks):
    """Objects: pickled by the client beside numbers, and as they are in no table."""
    for name, (values, reason) in MIXED.items():
        series = pd.Series(values, dtype=object)
        beside = pd.DataFrame({"c": pd.Categorical(["b", "a", None, "b"]), "x": series})
        checks.refused(beside, TypeError, "column 'x' holds objects")
        checks.refused(beside, TypeError, reason)
        frame = pd.DataFrame({"n": [1, 2, 3, 4], "x": series})
        if name not in ("text and bytes", "lone surrogates"):
            got = checks.back(frame)
            assert repr(got["x"].tolist()) == repr(values), (name, got)


def check_others(checks):
    """What is no column of its own."""
    category = pd.Categorical(["b", "a", None, "b"])
    sparse = pd.DataFrame({"n": [1, 2, 3, 4], "x": pd.arrays.SparseArray([0, 0, 1, 0])})
    same_frame(checks.back(sparse), sparse)
    checks.refused(sparse.assign(c=category), TypeError, "column 'x' is sparse")
    for freq in ["D", "h", "2W", "MS"]:
        index = pd.date_range("2024-01-01", periods=4, freq=freq, name="when")
        check(checks, pd.DataFrame({"n": [1, 2, 3, 4]}, index=index))
    check(checks, pd.DataFrame({"n": [1, 2, 3, 4]}, index=pd.timedelta_range("1s", periods=4)))
    several = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["one", ("two", 2)])
    check(checks, pd.DataFrame([[1, 2, 3, 4]], columns=several))
    check(checks, pd.DataFrame({"n": category}, index=several))
    check(checks, pd.DataFrame({"n": [1, 2, 3, 4]}, index=pd.MultiIndex.from_arrays([[1, 2, None, 4], list("abcd")])))
    check(checks, pd.DataFrame({"n": category}, index=pd.RangeIndex(5, 13, 2, name="r")))
    for frame in [pd.DataFrame(), pd.DataFrame(index=[1, 2]), pd.DataFrame(index=pd.RangeIndex(3)),
                  pd.DataFrame({1: category, "a": 1, None: 2, 2.5: 3})]:
        check(checks, frame)
    plain = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan]})
    meta = checks.client.get_meta(checks.client.put(plain))
    assert meta.typename == "vineyard::DataFrame", "what the client keeps is left to it"
    check(checks, plain)


def main():
    checks = Checks(sys.argv[1])
    check_all(checks)
    check_mixed(checks)
    check_others(checks)
    print(f"exact: {checks.count}")


main()
