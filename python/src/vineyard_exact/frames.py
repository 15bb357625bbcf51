"""Pandas' frames, series and indexes that are more than arrays of numpy, as tables of Arrow."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa

from . import columns, contexts, indexes, tables


def _is_plain(values):
    """Whether the client stores these values, and makes the same of them."""
    dtype = values.dtype
    if isinstance(dtype, pd.SparseDtype):
        # Of indexes as blocks and of other values than the usual in between it makes nothing.
        array = values.array
        usual = pd.api.types.pandas_dtype(dtype.name)
        return type(array.sp_index).__name__ == "IntIndex" and usual == dtype and dtype.subtype.kind in "biuf"
    if not isinstance(dtype, np.dtype) or not dtype.isnative:
        return False
    if dtype.kind == "O":
        # It takes bytes for text.
        return bytes not in set(map(type, values))
    return dtype.kind in "biufc"


def _is_plain_column(values):
    return _is_plain(values) or str(values.dtype) == "datetime64[ns]"


def _is_plain_name(name):
    return type(name) in (str, int, type(None))


def _is_plain_index(index):
    if type(index) not in (pd.Index, pd.RangeIndex) or not _is_plain_name(index.name):
        return False
    return _is_plain(index) and index.dtype.kind in "iufO"


def _is_left_to_the_client(frame):
    labels = frame.columns
    if not len(labels) or isinstance(labels, pd.MultiIndex) or labels.name is not None or not labels.is_unique:
        return False
    if any(type(label) not in (str, int) for label in labels) or pd.Index(list(labels)).dtype != labels.dtype:
        return False
    return _is_plain_index(frame.index) and all(_is_plain_column(frame.iloc[:, at]) for at in range(len(labels)))


def to_table(frame):
    """A frame as a table, whose schema says what makes the same frame of it.

    Raises TypeError with the name of a column that would become something else.
    """
    found = [columns.encode(f"column {label!r}", frame.iloc[:, at]) for at, label in enumerate(frame.columns)]
    arrays, index = indexes.encode("the index", frame.index)
    said = {"columns": [form for _, form in found], "index": index, "labels": indexes.encode_labels(frame.columns)}
    for_pandas, names = _as_pandas_says(frame)
    if names is None:
        names = [str(label) for label in frame.columns] + [f"__index_level_{at}__" for at in range(len(arrays))]
    table = pa.Table.from_arrays([array for array, _ in found] + arrays, names=names)
    return table.replace_schema_metadata({**for_pandas, tables.KEY: json.dumps({"frame": said})})


def _as_pandas_says(frame):
    """What pandas itself says of a frame, for readers without this package, and how it calls the columns."""
    try:
        schema = pa.Schema.from_pandas(frame.iloc[:0])
    except (pa.ArrowException, LookupError, NotImplementedError, TypeError, ValueError):
        return {}, None
    said = json.loads(schema.metadata[b"pandas"])
    for index in said["index_columns"]:
        if isinstance(index, dict):
            # The one of no rows was asked.
            index.update(start=frame.index.start, stop=frame.index.stop, step=frame.index.step)
    return {**schema.metadata, b"pandas": json.dumps(said).encode()}, schema.names


def _said(table):
    """What the schema says of a frame; none if it is another table by now."""
    said = tables.said_of(table)
    frame = said.get("frame")
    if frame is None:
        return None
    index = frame["index"]
    rows = len(range(*index["range"])) if "range" in index else table.num_rows
    fits = table.num_columns == len(frame["columns"]) + len(index.get("levels", []))
    return said if fits and (rows == table.num_rows or not table.num_columns) else None


def from_table(table, said):
    """The frame that a table is."""
    said = said["frame"]
    count = len(said["columns"])
    index = indexes.decode(said["index"], table.columns[count:])
    series = {}
    for at, form in enumerate(said["columns"]):
        values = columns.decode(form, table.column(at))
        series[at] = pd.Series(values, index=index, dtype=values.dtype, copy=False)
    frame = pd.DataFrame(series, index=index, copy=False)
    frame.columns = indexes.decode_labels(said["labels"])
    return frame


def resolve_table(obj, resolver):
    """A table, or what it was made of."""
    table = tables.resolve_table(obj, resolver)
    said = _said(table)
    if said is None:
        is_polars = obj.meta.get("from_polars", False) or tables.said_of(table).get("polars", False)
        return tables.as_polars(table) if is_polars else table
    frame = from_table(table, said)
    if "series" in said:
        return frame.iloc[:, 0].rename(indexes.decode_name(said["series"]))
    return frame.index if "is_index" in said else frame


def _build(client, frame, **more):
    table = to_table(frame)
    if more:
        said = {**json.loads(table.schema.metadata[tables.KEY]), **more}
        table = table.replace_schema_metadata({**table.schema.metadata, tables.KEY: json.dumps(said)})
    return tables.build_table(client, table)


def build_alike(client, frames, builder, places):
    """Stores frames in one way: each as the client does, with its place, if it keeps all of them; else each as a table."""
    if all(_is_left_to_the_client(frame) for frame in frames):
        return [builder.run(client, frame, **place) for frame, place in zip(frames, places)]
    return [_build(client, frame) for frame in frames]


def register(builders, resolvers):
    """Enters frames, series and indexes; what is plain is left to those that are entered for them."""
    left_frames = contexts.left(builders._factory, pd.DataFrame)
    left_series = contexts.left(builders._factory, pd.Series)
    left_indexes = contexts.left(builders._factory, pd.Index)

    def build_frame(client, frame, builder, **rest):
        if left_frames is not None and _is_left_to_the_client(frame):
            return left_frames(client, frame, builder, **rest)
        return _build(client, frame)

    def build_series(client, series, builder, **rest):
        if left_series is not None and _is_plain(series) and _is_plain_index(series.index) and \
                _is_plain_name(series.name) and not isinstance(series.dtype, pd.SparseDtype):
            return left_series(client, series, builder, **rest)
        name = indexes.encode_name("the series", series.name)
        return _build(client, series.to_frame(name="value"), series=name)

    def build_index(client, index, builder, **rest):
        if left_indexes is not None and _is_plain_index(index):
            return left_indexes(client, index, builder, **rest)
        return _build(client, pd.DataFrame(index=index), is_index=True)

    for kind, build in ((pd.DataFrame, build_frame), (pd.Series, build_series), (pd.Index, build_index)):
        builders.register(kind, contexts.over(builders._factory, kind, build))
    resolvers.register("vineyard::Table", resolve_table)
