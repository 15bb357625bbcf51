"""Making tensors and frames of parts: arrays and frames, which are put, and what is stored already, which is linked."""

import json

import numpy as np
import pandas as pd
from vineyard._C import Object, ObjectID, ObjectMeta
from vineyard.core.builder import get_current_builders

from . import frames, layouts, summaries, wholes


def make_global_tensor(client, parts, partition_shape=()):
    """Stores a tensor of parts, and publishes it with them; returns its metadata.

    parts -- arrays, or objects, their ids or metadata. They lie in the order of the list, the last dimension fastest,
    unless all are stored and were put with a place (`partition_index`).
    partition_shape -- how many lie along each dimension; all along the first if it is not given.

    Raises ValueError naming the part that does not fit, before anything is put.
    """
    parts = [_Given(client, part) for part in parts]
    told = [
        _Array(at, part.value) if part.meta is None else summaries.Tensor(at, part.meta) for at, part in enumerate(parts)
    ]
    layout = summaries.lay_out_tensors(told, (), partition_shape, layouts.lay_out)
    builders, all_new = get_current_builders(), all(part.meta is None for part in parts)
    for part, cell in zip(parts, layout.cells):
        # Beside what is stored, which may tell another place or none, they tell none.
        place = {"partition_index": list(cell.place)} if all_new else {}
        part.put(lambda array, place=place: builders.run(client, array, **place))
    meta = ObjectMeta()
    meta["typename"] = "vineyard::GlobalTensor"
    meta["shape_"], meta["partition_shape_"] = json.dumps(layout.shape), json.dumps(layout.grid)
    return _made(client, meta, parts)


def make_global_dataframe(client, parts, partition_shape=()):
    """Stores a frame of parts, and publishes it with them; returns its metadata.

    parts -- frames of pandas, or objects, their ids or metadata. They lie in the order of the list, side by side first,
    unless all are stored and were put with a place (`partition_index`).
    partition_shape -- how many lie below each other, and how many side by side; all below each other if it is not given.

    Frames are all stored in one way: as the client does if it keeps each of them, else each as a table.

    Raises ValueError naming the part that does not fit; if all are frames, before anything is put.
    """
    parts = [_Given(client, part) for part in parts]
    new = [part for part in parts if part.meta is None]
    grid = tuple(partition_shape) or (len(parts), 1)
    all_new = len(new) == len(parts)
    if all_new:
        _check_frames([part.value for part in parts], grid)
    width = grid[-1] or 1
    places = [
        {"partition_index": divmod(at, width), "row_batch_index": at // width} if all_new else {}
        for at in range(len(new))
    ]
    put = iter(frames.build_alike(client, [part.value for part in new], get_current_builders(), places))
    for part in parts:
        part.put(lambda _: next(put))
    told = [summaries.Frame(at, part.stored()) for at, part in enumerate(parts)]
    layout = summaries.lay_out_frames(told, grid, layouts.lay_out)
    meta = ObjectMeta()
    meta["typename"] = "vineyard::GlobalDataFrame"
    meta["partition_shape_row_"], meta["partition_shape_column_"] = layout.grid
    return _made(client, meta, parts)


class _Given:
    """A part as it was given: stored already, which its metadata tells, or a value."""

    def __init__(self, client, part):
        self._client, self.value = client, part
        if isinstance(part, ObjectID):
            self.meta = client.get_meta(part)
        else:
            self.meta = part.meta if isinstance(part, Object) else part if isinstance(part, ObjectMeta) else None

    def put(self, build):
        """Stores it if it is not stored yet."""
        if self.meta is None:
            self.meta = build(self.value)

    def stored(self):
        """The metadata as the server has it: that of a new object is what was sent."""
        return self._client.get_meta(self.meta.id)


def _made(client, meta, parts):
    meta["partitions_-size"] = len(parts)
    meta["nbytes"] = sum(summaries.nbytes(part.stored()) for part in parts)
    for at, part in enumerate(parts):
        meta.add_member(f"partitions_-{at}", part.meta.id)
    return wholes.publish(client, meta)


class _Array(summaries.Tensor):
    """An array as what its metadata will tell."""

    def __init__(self, part, array):  # pylint: disable=super-init-not-called
        if not isinstance(array, np.ndarray):
            raise ValueError(f"part {part} is a {type(array).__name__}, expected an array")
        self.shape, self.place, self.dtype = array.shape, None, array.dtype
        is_text = array.dtype.kind == "U" or array.dtype.kind == "O" and array.size > 0
        if is_text and all(value is None or isinstance(value, str) for value in array.flat):
            self.dtype = summaries.TEXT


def _check_frames(parts, grid):
    """Compares frames before they are put."""
    for at, part in enumerate(parts):
        if not isinstance(part, pd.DataFrame):
            raise ValueError(f"part {at} is a {type(part).__name__}, expected a frame")
    layout = layouts.lay_out([part.shape for part in parts], [None] * len(parts), (), grid)
    first = {}
    for at, (part, cell) in enumerate(zip(parts, layout.cells)):
        above = first.setdefault(cell.place[1], at)
        ours, theirs = (list(one.dtypes.items()) for one in (part, parts[above]))
        if ours != theirs:
            ours, theirs = ([f"{name}: {kind}" for name, kind in columns] for columns in (ours, theirs))
            raise ValueError(f"part {at} has the columns {ours}, part {above} has {theirs}")
