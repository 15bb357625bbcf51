"""What the parts of a whole tell of themselves in their metadata: nothing of their payload is looked at."""

import json
import re

import numpy as np
import pyarrow as pa

from . import tensors

_TABLES = {"vineyard::Table": ("num_rows_", "num_columns_"), "vineyard::RecordBatch": ("row_num_", "column_num_")}
_FRAMES = ("vineyard::DataFrame", *_TABLES)

# The type of text, however long.
TEXT = np.dtype(str)


def nbytes(meta):
    """Bytes of payload: as the writer summed them up, or as the members tell."""
    told = meta.get("nbytes", 0) or meta.get("length", 0)
    return int(told) or sum(nbytes(value) for _, value in meta.items() if hasattr(value, "typename"))


def _numbers(meta, key):
    stored = meta.get(key, None) or "[]"
    return tuple(json.loads(stored) if isinstance(stored, str) else stored)


def argument(typename):
    """The argument of a tensor's typename; None of others."""
    found = re.fullmatch(r"vineyard::Tensor<(.+)>", typename)
    return found and found.group(1).strip()


class Tensor:
    """A tensor: its shape, its place in the grid if it tells, and its type."""

    def __init__(self, part, meta):
        name = argument(meta.typename)
        if name is None:
            raise ValueError(f"part {part} is of type `{meta.typename}`, expected a tensor")
        if "shape_" not in meta:
            raise ValueError(f"part {part} does not tell its shape")
        self.shape, self.place = _numbers(meta, "shape_"), _numbers(meta, "partition_index_") or None
        self.dtype = _dtype(meta, name)

    def follows(self, first):
        """What is different from the first part; None if nothing is."""
        return None if self.dtype == first.dtype else (self.dtype, first.dtype)


def _dtype(meta, name):
    if tensors.usual_name(name) == "str":
        return TEXT
    try:
        return np.dtype(meta.get("value_type_meta_", None) or tensors.dtype_of(name))
    except (TypeError, ValueError):
        # Types of other packages.
        return np.dtype(object)


class Frame:
    """A frame or table: rows and columns, its place in the grid if it tells, names and types of its columns."""

    def __init__(self, part, meta):
        if meta.typename not in _FRAMES:
            raise ValueError(f"part {part} is of type `{meta.typename}`, expected a frame")
        self.typename, self.place, self.batch = meta.typename, None, 0
        if meta.typename in _TABLES:
            rows, columns = (int(meta[key]) for key in _TABLES[meta.typename])
            self.columns = _fields(meta)
        else:
            columns = int(meta["__values_-size"])
            values = [meta[f"__values_-value-{at}"] for at in range(columns)]
            names = [json.loads(meta[f"__values_-key-{at}"]) for at in range(columns)]
            self.columns = list(zip(names, map(_kind, values)))
            rows = _rows(meta, values)
            place = int(meta.get("partition_index_row_", -1)), int(meta.get("partition_index_column_", -1))
            self.place = place if min(place) >= 0 else None
            self.batch = int(meta.get("row_batch_index_", 0))
        if rows is None:
            raise ValueError(f"part {part} does not tell how many rows it has")
        self.shape = (rows, columns)

    def follows(self, first):
        """What is different from the part above; None if nothing is."""
        ours, theirs = (self.typename, self.columns), (first.typename, first.columns)
        return None if ours == theirs else (ours, theirs)


def _kind(meta):
    """The type of a column, whatever its writer calls it."""
    found = re.fullmatch(r"(vineyard::\w+)<(.+)>", meta.typename)
    return meta.typename if found is None else f"{found.group(1)}<{tensors.usual_name(found.group(2).strip())}>"


def _rows(meta, values):
    if not values:
        values = [meta["index_"]["value_"]] if "index_" in meta else []
        if not values:
            return 0
    for value in values:
        if "shape_" in value:
            return (_numbers(value, "shape_") or (None,))[0]
        if "length_" in value:
            return int(value["length_"])
    return None


def _fields(meta):
    schema = meta["schema_"]
    stored = schema["schema_binary_"]
    message = (json.loads(stored) if isinstance(stored, str) else stored)["bytes"]
    fields = pa.ipc.read_schema(pa.py_buffer(bytes(message)))
    return [(field.name, str(field.type)) for field in fields]


def lay_out_frames(frames, grid, lay_out):
    """Lays frames out, and compares the columns of those below each other and side by side.

    Raises ValueError naming the part that does not fit.
    """
    told = all(frame.place is not None for frame in frames)
    width = grid[1] if len(grid) > 1 and grid[1] else 1
    stacks = {}
    for part, frame in enumerate(frames):
        first = stacks.setdefault(frame.place[1] if told else part % width, part)
        differs = frame.follows(frames[first])
        if differs is not None:
            raise ValueError(f"part {part} has {differs[0]}, part {first} has {differs[1]}")
    layout = lay_out([frame.shape for frame in frames], [frame.place for frame in frames], (), grid)
    batches = [frame.batch for frame in frames]
    if not told and batches != sorted(batches):
        raise ValueError(f"the parts say that they are the batches {batches} of the rows, which is another order")
    seen = {}
    for part, (frame, cell) in enumerate(zip(frames, layout.cells)):
        for name, _ in frame.columns if cell.place[0] == 0 else ():
            name = json.dumps(name)
            if seen.setdefault(name, part) != part:
                raise ValueError(f"column {name} is in part {seen[name]} and in part {part} beside it")
    return layout


def lay_out_tensors(parts, shape, grid, lay_out):
    """Lays tensors out, and compares their types.

    Raises ValueError naming the part that does not fit.
    """
    for part, tensor in enumerate(parts):
        differs = tensor.follows(parts[0])
        if differs is not None:
            raise ValueError(f"part {part} is of type {differs[0]}, part 0 is of type {differs[1]}")
    return lay_out([tensor.shape for tensor in parts], [tensor.place for tensor in parts], shape, grid)
