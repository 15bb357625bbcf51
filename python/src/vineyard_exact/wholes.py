"""Tensors and frames in parts, and collections of any parts, as their metadata: parts are got when they are asked for."""

import json
from collections import namedtuple
from collections.abc import Sequence

import numpy as np
import pandas as pd
from vineyard._C import Object, ObjectMeta
from vineyard.core.resolver import get_current_resolvers

from . import layouts, summaries

# Where the client's contexts leave the client in what they make.
_CLIENT = "__vineyard_client"

# One part by its metadata. Place, start and shape are by dimension, None in collections of any parts.
Part = namedtuple("Part", ["index", "id", "typename", "instance_id", "is_local", "nbytes", "place", "start", "shape"])


class Whole(Sequence):
    """What consists of parts that are objects of their own, perhaps on several instances: a sequence of what these are.

    A part is got when it is asked for: one of this instance without a copy, others by the client, which has their bytes sent.
    What cannot be got raises a ValueError that names the part.
    """

    def __init__(self, obj, resolver):
        self._obj, self._resolver, self._layout = obj, resolver, None
        meta = obj.meta
        self._keys = [f"partitions_-{index}" for index in range(int(meta["partitions_-size"]))]
        for index, key in enumerate(self._keys):
            if key not in meta:
                raise ValueError(f"part {index} is missing: the metadata has no `{key}`")
        self._metas = [meta[key] for key in self._keys]

    @property
    def id(self):
        """The object."""
        return self._obj.id

    @property
    def parts(self):
        """All parts by their metadata: what they are, how large, and where. Nothing of their payload is looked at."""
        cells = self._layout.cells if self._layout else [(None, None, None)] * len(self)
        return [
            Part(index, meta.id, meta.typename, meta.instance_id, self._is_local(meta), summaries.nbytes(meta), *cell)
            for index, (meta, cell) in enumerate(zip(self._metas, cells))
        ]

    @property
    def partitions(self):
        """The parts themselves: this sequence."""
        return self

    @property
    def nbytes(self):
        """Bytes of all parts together."""
        return sum(map(summaries.nbytes, self._metas))

    def __len__(self):
        return len(self._keys)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no part {index}: there are {len(self)}")
        index %= len(self)
        meta, client = self._metas[index], getattr(self, _CLIENT, None)
        try:
            if meta.islocal or client is None:
                return self._resolver.run(self._obj.member(self._keys[index]))
            return client.get(meta.id, resolver=self._resolver)
        except Exception as error:
            raise ValueError(f"part {index} ({meta.id!r} on instance {meta.instance_id}): {error}") from error

    def _is_local(self, meta):
        """Whether a part lives on the instance of the client; of what that has had sent, metadata says so as well."""
        client = getattr(self, _CLIENT, None)
        has_socket = getattr(client, "has_ipc_client", None)
        if has_socket is None:
            return meta.islocal
        return meta.instance_id == (client.instance_id if has_socket() else client.remote_instance_id)

    def local_partitions(self):
        """The parts that live on the instance of this client, as a list."""
        return [self[index] for index, meta in enumerate(self._metas) if self._is_local(meta)]

    def local_partition(self, which=None):
        """The part that lives on the instance of this client; of several, the one of that number among them.

        Raises ValueError if there is none, or if there are several and none was named.
        """
        local = [index for index, meta in enumerate(self._metas) if self._is_local(meta)]
        if which is None and len(local) != 1:
            raise ValueError(f"{len(local)} of the {len(self)} parts live on this instance: "
                             "say which of them, or take local_partitions()")
        return self[local[which or 0]]


class GlobalTensor(Whole):
    """A tensor whose parts are arrays."""

    def __init__(self, obj, resolver):
        super().__init__(obj, resolver)
        meta = obj.meta
        told = [summaries.Tensor(part, found) for part, found in enumerate(self._metas)]
        said = [json.loads(meta.get(key, None) or "[]") for key in ("shape_", "partition_shape_")]
        self._layout = summaries.lay_out_tensors(told, *said, layouts.lay_out)
        self._dtype = told[0].dtype if told else None

    @property
    def shape(self):
        """The length of each dimension of the whole."""
        return self._layout.shape

    @property
    def partition_shape(self):
        """How many parts lie along each dimension."""
        return self._layout.grid

    @property
    def dtype(self):
        """The type of the elements, `str` for text; None without parts."""
        return self._dtype

    @property
    def ndim(self):
        """Number of dimensions."""
        return len(self.shape)

    def numpy(self):
        """A copy of all elements in one array."""
        if not len(self):
            raise ValueError("there are no parts, so nobody knows of what type the whole would be")
        parts = list(self)
        whole = np.empty(self.shape, dtype=np.result_type(*(part.dtype for part in parts)))
        for part, cell in zip(parts, self._layout.cells):
            whole[tuple(slice(start, start + length) for start, length in zip(cell.start, cell.shape))] = part
        return whole

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("what is in parts is no array without a copy")
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __repr__(self):
        return f"GlobalTensor(shape={self.shape}, dtype={self.dtype}, partition_shape={self.partition_shape})"


class GlobalDataFrame(Whole):
    """A frame whose parts are frames."""

    def __init__(self, obj, resolver):
        super().__init__(obj, resolver)
        meta = obj.meta
        self._told = [summaries.Frame(part, found) for part, found in enumerate(self._metas)]
        grid = tuple(int(meta.get(key, 0)) for key in ("partition_shape_row_", "partition_shape_column_"))
        self._layout = summaries.lay_out_frames(self._told, grid if any(grid) else (), layouts.lay_out)

    @property
    def shape(self):
        """Rows and columns of the whole."""
        return self._layout.shape or (0, 0)

    @property
    def partition_shape(self):
        """How many parts lie below each other, and how many side by side."""
        return self._layout.grid

    def pandas(self):
        """A copy of all rows in one frame, with the labels of the parts on the left."""
        if not len(self):
            raise ValueError("there are no parts, so nobody knows of which columns the whole would be")
        stacks = {}
        for cell, part in sorted(zip(self._layout.cells, self), key=lambda placed: placed[0].place):
            stacks.setdefault(cell.place[1], []).append(part)
        stacks = [pd.concat(stack) if len(stack) > 1 else stack[0] for _, stack in sorted(stacks.items())]
        labels = stacks[0].index
        return pd.concat([stack.set_axis(labels, axis=0) for stack in stacks], axis=1) if len(stacks) > 1 else stacks[0]

    def __repr__(self):
        return f"GlobalDataFrame(shape={self.shape}, partition_shape={self.partition_shape})"


class Collection(Whole):
    """Parts of any one type, and what whoever made the collection says of them."""

    def __init__(self, obj, resolver):
        super().__init__(obj, resolver)
        self.params = json.loads(obj.meta.get("params_", None) or "{}")
        self.sizes = json.loads(obj.meta.get("sizes_", None) or "{}")
        for name, sizes in self.sizes.items():
            if len(sizes) != len(self):
                raise ValueError(f"there are {len(sizes)} sizes named {name!r} for {len(self)} parts")

    def __repr__(self):
        return f"Collection({self._obj.typename}, {len(self)} parts)"


def get_whole(client, object_id):
    """A whole by its metadata, whose parts are got when they are asked for.

    `client.get` has the bytes of all parts of other instances sent before it makes anything of them.
    """
    return get_current_resolvers().run(Object.from_(client.get_meta(object_id)), **{_CLIENT: client})


def _build(client, whole, **_):
    """Stores a whole that was got once more: its parts are linked."""
    meta = ObjectMeta()
    for key, value in whole._obj.meta.items():
        if key not in ("id", "signature", "instance_id", "transient", "global", "nbytes") and not key.startswith("__"):
            if key in whole._keys:
                meta.add_member(key, value.id)
            else:
                meta[key] = value
    meta["typename"], meta["nbytes"] = whole._obj.typename, whole.nbytes
    return publish(client, meta)


def publish(client, meta):
    """Creates a global object, and publishes it with its parts."""
    meta.set_global(True)
    created = client.create_metadata(meta)
    client.persist(created)
    return created


def register(builders, resolvers):
    """Enters wholes."""
    wholes = {"GlobalTensor": GlobalTensor, "GlobalDataFrame": GlobalDataFrame, "Collection": Collection}
    for name, kind in wholes.items():
        builders.register(kind, _build)
        resolvers.register(f"vineyard::{name}", _resolver(kind))


def _resolver(kind):
    def resolve(obj, resolver):
        return kind(obj, resolver)

    return resolve
