"""Pandas' frames and series whose columns or indexes are more than arrays of numpy."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa

from . import tables

# Marks tables that are frames, and frames that are series.
_FRAME = "from_pandas_"
_SERIES = "from_series_"
# Columns whose type pandas cannot make of what it says of them itself.
_ARROW_BACKED = "arrow_columns_"


def _is_plain(values):
    """Whether the client stores these values as an array of numpy and makes the same of it."""
    dtype = values.dtype
    return isinstance(dtype, np.dtype) and (dtype.kind in "biufcO" or str(dtype) == "datetime64[ns]")


def _is_plain_index(index):
    plain_type = type(index) in (pd.Index, pd.RangeIndex) and not isinstance(index, pd.MultiIndex)
    return plain_type and _is_plain(index) and index.dtype.kind in "iufO" and isinstance(index.name, (str, int, type(None)))


def _is_left_to_the_client(frame):
    columns = (frame.iloc[:, position] for position in range(frame.shape[1]))
    labels = frame.columns
    plain_labels = not isinstance(labels, pd.MultiIndex) and all(type(label) in (str, int) for label in labels)
    plain_labels = plain_labels and labels.name is None and labels.is_unique
    return plain_labels and _is_plain_index(frame.index) and all(_is_plain(column) for column in columns)


def _to_table(frame):
    """The frame as a table that makes the same frame.

    Raises TypeError with the name of a column that would become something else.
    """
    if not frame.columns.is_unique:
        raise TypeError(f"the labels of columns are not unique: {list(frame.columns[frame.columns.duplicated()])}")
    for label in frame.columns:
        _check_column(label, frame[label])
    arrow_backed = [at for at, dtype in enumerate(frame.dtypes) if isinstance(dtype, pd.ArrowDtype)]
    try:
        table = pa.Table.from_pandas(frame, preserve_index=None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise TypeError(f"the frame cannot be kept: {error}") from error
    _check(frame, _from_table(table.slice(0, 0), arrow_backed))
    return table, arrow_backed


def _check_column(label, column):
    dtype = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        raise TypeError(f"column {label!r} is sparse, which is kept as a `pandas.arrays.SparseArray` only")
    if dtype == object:
        found = pd.api.types.infer_dtype(column, skipna=False)
        if found not in ("string", "bytes", "empty"):
            raise TypeError(f"column {label!r} holds objects of type {found}, which have no exact form")
    if isinstance(dtype, np.dtype) and dtype.kind == "c":
        raise TypeError(f"column {label!r} holds complex numbers, which Arrow does not have")


def _check(frame, back):
    """Refuses what would come back as something else; `back` has no rows."""
    for label, (before, after) in zip(frame.columns, zip(frame.dtypes, back.dtypes)):
        if before != after:
            raise TypeError(f"column {label!r} of type {before!r} would come back as {after!r}")
    if type(frame.index) is pd.RangeIndex:
        # It is kept as three numbers and a name, and fits no other number of rows.
        if not isinstance(frame.index.name, (str, type(None))):
            raise TypeError(f"the name {frame.index.name!r} of the index is not text")
    else:
        _check_names("index", frame.index, back.index)
        before, after = _index_types(frame.index), _index_types(back.index)
        if before != after:
            raise TypeError(f"the index of {before} would come back as one of {after}")
    _check_names("columns", frame.columns, back.columns)
    if not frame.columns.equals(back.columns) or _index_types(frame.columns) != _index_types(back.columns):
        raise TypeError(f"the labels {frame.columns} would come back as {back.columns}")


def _check_names(what, before, after):
    if list(before.names) != list(after.names):
        raise TypeError(f"the names of the {what}, {list(before.names)}, would come back as {list(after.names)}")


def _index_types(index):
    return list(index.dtypes) if isinstance(index, pd.MultiIndex) else [index.dtype]


def _from_table(table, arrow_backed):
    if not arrow_backed:
        return table.to_pandas()
    plain = table
    for position in arrow_backed:
        # Something that pandas knows holds the place.
        plain = plain.set_column(position, table.field(position).name, pa.nulls(table.num_rows, pa.int8()))
    frame = plain.replace_schema_metadata(_without_types(table, arrow_backed)).to_pandas()
    for position in arrow_backed:
        values = pd.arrays.ArrowExtensionArray(table.column(position))
        frame.isetitem(position, pd.Series(values, index=frame.index))
    return frame


def _without_types(table, positions):
    """What pandas says of a table, but for the types of some of its columns."""
    said = table.schema.metadata or {}
    metadata = json.loads(said.get(b"pandas", b"{}"))
    for position, column in enumerate(metadata.get("columns", [])):
        if position in positions:
            column["numpy_type"] = column["pandas_type"] = "float64"
    return {**said, b"pandas": json.dumps(metadata).encode()}


def _build_frame(client, frame, extra):
    table, arrow_backed = _to_table(frame)
    marks = {_FRAME: True, **extra}
    if arrow_backed:
        marks[_ARROW_BACKED] = json.dumps(arrow_backed)
    return tables.build_table(client, table, extra=marks)


def _labelled(series):
    """A series as a frame of one column."""
    return series.to_frame(name="value")


def resolve_table(obj, resolver):
    """A table, or what it was made of."""
    table = tables.resolve_table(obj, resolver)
    meta = obj.meta
    if not meta.get(_FRAME, False):
        return _as_polars(table) if meta.get("from_polars", False) else table
    frame = _from_table(table, json.loads(meta.get(_ARROW_BACKED, None) or "[]"))
    if not meta.get(_SERIES, False):
        return frame
    return frame["value"].rename(json.loads(meta["series_name_"]))


def _as_polars(table):
    import polars

    return polars.from_arrow(table)


def register(builders, resolvers):
    """Enters frames and series; what is plain is left to those that are entered for them."""
    left_frames, left_series = builders._factory.get(pd.DataFrame), builders._factory.get(pd.Series)
    left_frames = getattr(left_frames, "_left", left_frames)
    left_series = getattr(left_series, "_left", left_series)

    def build_frame(client, frame, builder, **rest):
        if left_frames is not None and _is_left_to_the_client(frame):
            return left_frames(client, frame, builder, **rest)
        return _build_frame(client, frame, {})

    def build_series(client, series, builder, **rest):
        plain = _is_plain(series) and _is_plain_index(series.index)
        if left_series is not None and plain and isinstance(series.name, (str, int, type(None))):
            return left_series(client, series, builder, **rest)
        if not isinstance(series.name, (str, int, float, bool, type(None))):
            raise TypeError(f"the name {series.name!r} of a series is neither text nor a number")
        return _build_frame(client, _labelled(series), {_SERIES: True, "series_name_": json.dumps(series.name)})

    build_frame._left, build_series._left = left_frames, left_series
    builders.register(pd.DataFrame, build_frame)
    builders.register(pd.Series, build_series)
    resolvers.register("vineyard::Table", resolve_table)
