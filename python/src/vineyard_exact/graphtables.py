"""Tables of vertices and edges as frames that Rust's graphs have as members."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
from vineyard._C import ObjectMeta

from . import arrays, columns


def prepare(what, frame):
    """The names and values of the columns of a frame, whatever they are, and its index if it is not counted up.

    Raises TypeError with the column if one cannot be kept: its name is no text, or its values are objects of other types
    than text.
    """
    found = [(_name(what, label), _values(what, label, frame.iloc[:, at])) for at, label in enumerate(frame.columns)]
    if len({name for name, _ in found}) != len(found):
        raise TypeError(f"two columns of {what} have one name")
    return found, None if _is_counted(frame.index) else frame.index


def build(client, prepared, builder):
    """Stores a frame that was prepared as a `vineyard::DataFrame`."""
    found, index = prepared
    meta = ObjectMeta()
    meta["typename"] = "vineyard::DataFrame"
    meta["columns_"] = json.dumps([name for name, _ in found])
    meta["__values_-size"] = len(found)
    if index is not None:
        meta.add_member("index_", builder.run(client, index))
    for at, (name, values) in enumerate(found):
        meta[f"__values_-key-{at}"] = json.dumps(name)
        member = arrays.build(client, values) if isinstance(values, pa.Array) else builder.run(client, values)
        meta.add_member(f"__values_-value-{at}", member)
    meta["nbytes"] = 0
    return client.create_metadata(meta)


def _is_counted(index):
    return isinstance(index, pd.RangeIndex) and (index.start, index.step, index.name) == (0, 1, None)


def _name(what, label):
    if type(label) is not str:
        raise TypeError(f"a column of {what} is named {label!r}, expected a text")
    return label


def _values(what, label, series):
    """A column as an array of numpy, if that has its type, or of Arrow."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biufmM" and series.dtype.isnative:
        return np.ascontiguousarray(series.to_numpy())
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "O":
        kinds = set(map(type, series))
        if kinds <= {str, type(None)}:
            return series.to_numpy()
        raise TypeError(f"column {label!r} of {what} holds {', '.join(sorted(kind.__name__ for kind in kinds))}, expected text")
    array, _ = columns.encode(f"column {label!r} of {what}", series)
    return columns.one(array)
