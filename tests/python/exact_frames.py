"""Frames, series and indexes of every type that pandas has go to the server and come back the same, or are refused."""

import sys

import numpy as np
import pandas as pd

from checks import Checks
from same import same, same_frame
from samples import MIXED, categories, columns, possible


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
    same(checks.back(value), value)


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
