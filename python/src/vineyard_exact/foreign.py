"""Frames, series and indexes as Rust and C++ write them: with columns of Arrow, without what Python wants besides."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa

from . import contexts, indexes

# Types of tensors of which the client makes columns that pandas cannot use.
_TIMES = ("vineyard::Tensor<datetime64", "vineyard::Tensor<timedelta64")


def _is_the_clients(obj, key):
    """Whether the client makes the right column or index of a member; it reads neither Arrow's arrays nor times."""
    name = obj.member(key).typename
    return name == "vineyard::PickleBuffer" or (name.startswith("vineyard::Tensor<") and not name.startswith(_TIMES))


def _values(what, value):
    """What pandas makes a column of."""
    if isinstance(value, (pa.Array, pa.ChunkedArray)):
        return pd.arrays.ArrowExtensionArray(value)
    if not isinstance(value, np.ndarray):
        return value
    if value.ndim != 1:
        raise ValueError(f"{what} has {value.ndim} dimensions, expected 1")
    if value.dtype.kind in "mM":
        return _times(what, value)
    return value.view(np.ndarray)


def _times(what, value):
    """Times in a unit that pandas has."""
    unit, count = np.datetime_data(value.dtype)
    if (unit, count) in (("s", 1), ("ms", 1), ("us", 1), ("ns", 1)):
        return value.view(np.ndarray)
    if unit in ("ps", "fs", "as", "generic") or (unit in ("Y", "M") and value.dtype.kind == "m"):
        raise ValueError(f"{what} is of type {value.dtype}, which pandas does not have")
    coarse = value.view(np.ndarray)
    fine = coarse.astype(f"{value.dtype.kind}8[s]")
    if not (np.array_equal(fine.astype(coarse.dtype), coarse, equal_nan=True)):
        raise ValueError(f"{what} is of type {value.dtype} and has times that pandas does not have")
    return fine


def _series(what, value, index):
    values = _values(what, value)
    return pd.Series(values, index=index, dtype=values.dtype, copy=False)


def _name(meta, key):
    name = meta.get(key, None)
    return None if name is None else indexes.decode_name(json.loads(name))


def resolve_index(obj, resolver):
    """Labels of rows."""
    values = _values("the index", resolver.run(obj.member("value_")))
    return pd.Index(values, dtype=values.dtype, name=_name(obj.meta, "name"))


def resolve_series(obj, resolver):
    """A column with labels; numbered if there are none."""
    index = resolver.run(obj.member("index_")) if "index_" in obj.meta else None
    series = _series("the series", resolver.run(obj.member("value_")), index)
    return series.rename(_name(obj.meta, "name"))


def resolve_frame(obj, resolver):
    """A frame of columns of any kind, each as what its array is: Arrow's are Arrow-backed columns."""
    meta = obj.meta
    count = int(meta["__values_-size"])
    names = [_name(meta, f"__values_-key-{at}") for at in range(count)]
    values = [resolver.run(obj.member(f"__values_-value-{at}")) for at in range(count)]
    if "index_" in meta:
        index = resolver.run(obj.member("index_"))
    else:
        index = pd.RangeIndex(len(values[0]) if values else 0)
    for name, value in zip(names, values):
        if len(value) != len(index):
            raise ValueError(f"column {name!r} has {len(value)} rows, the index {len(index)}")
    columns = {at: _series(f"column {names[at]!r}", value, index) for at, value in enumerate(values)}
    frame = pd.DataFrame(columns, index=index, copy=False)
    frame.columns = pd.Index(names)
    return frame


def _enter(resolvers, typename, keys, ours, needed):
    left = contexts.left(resolvers._factory, typename)

    def resolve(obj, resolver):
        meta = obj.meta
        known = all(key in meta for key in needed)
        if left is not None and known and all(_is_the_clients(obj, key) for key in keys(meta)):
            return left(obj, resolver)
        return ours(obj, resolver)

    resolvers.register(typename, contexts.over(resolvers._factory, typename, resolve))


def register(builders, resolvers):
    """Enters frames, series and indexes; those of the client's own arrays are left to it."""
    del builders

    def columns(meta):
        return [f"__values_-value-{at}" for at in range(int(meta["__values_-size"]))]

    def value(_):
        return ["value_"]

    _enter(resolvers, "vineyard::DataFrame", columns, resolve_frame, ["columns_"])
    _enter(resolvers, "vineyard::Series", value, resolve_series, ["name", "index_"])
    _enter(resolvers, "vineyard::Index", value, resolve_index, ["name", "value_type_"])
