"""Labels of vertices: Rust's `VertexMap`."""

import re

import numpy as np
from vineyard._C import ObjectMeta

from . import elements
from .cells import TEXT
from .maps import NewMap, SharedMap, build

_SPAN = np.dtype([("start", "<u8"), ("nbytes", "<u8")])


def _kind(labels):
    """What C++ calls the type of labels. Raises TypeError with the first that is of another type than the others."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        return elements.name(labels.dtype)
    kind = int
    for at, label in enumerate(labels):
        if at == 0 and type(label) is str:
            kind = str
        if type(label) is not kind:
            raise TypeError(f"vertex {at} has the label {label!r}, expected {'a text' if kind is str else 'an integer'}")
    if kind is str:
        return TEXT
    least, most = min(labels, default=0), max(labels, default=0)
    if least >= -2 ** 63 and most < 2 ** 63:
        return "int64"
    if least >= 0 and most < 2 ** 64:
        return "uint64"
    raise TypeError(f"labels from {least} to {most} do not fit into 64 bits")


class VertexMap:
    """Which vertex has which label, and the reverse: integers or texts. Vertices are numbered from 0.

    Looked up where it lies if it was got.
    """

    def __init__(self, labels):
        """The map of labels in the order of the vertices. Raises ValueError with one that is given twice."""
        array = isinstance(labels, np.ndarray)
        labels = labels if array else list(labels)
        self.kind, self._numbers = _kind(labels), {}
        self._labels = labels.tolist() if array else labels
        for vertex, label in enumerate(self._labels):
            first = self._numbers.setdefault(label, vertex)
            if first != vertex:
                raise ValueError(f"label {label!r} is given twice, to vertex {first} and to vertex {vertex}")

    def __len__(self):
        return len(self._labels)

    def __iter__(self):
        return iter(self._labels)

    def vertex(self, label):
        """The vertex with this label. Raises KeyError if there is none."""
        vertex = self._numbers.get(label)
        if vertex is None or vertex >= len(self):
            raise KeyError(label)
        return vertex

    def label(self, vertex):
        """The label of a vertex. Raises KeyError if there is no such vertex."""
        if not 0 <= vertex < len(self):
            raise KeyError(vertex)
        return self._labels[vertex]

    def array(self):
        """Labels that are integers as an array, without a copy if they were got; those that are texts as one of objects."""
        if isinstance(self._labels, _Stored) and self.kind != TEXT:
            return self._labels.cells
        return np.array(list(self), object if self.kind == TEXT else elements.dtype(self.kind))

    def put(self, client):
        """Stores it."""
        new = NewMap((self.array(), np.arange(len(self), dtype="u8")), self.kind, "uint64")
        full = new.control[:-16] != 0xFF
        entries = new.entries.view(new.cells.dtype)[full]
        cells = np.zeros(len(self), new.cells.dtype["key"])
        cells[entries["value"]] = entries["key"]
        meta = ObjectMeta()
        meta["typename"] = f"vineyard::VertexMap<{self.kind}>"
        meta.add_member("vertices_", build(client, new))
        meta.add_member("labels_", elements.put(client, cells))
        meta["nbytes"] = cells.nbytes
        return client.create_metadata(meta)

    @classmethod
    def resolve(cls, obj):
        """The map that an object is, without a copy. Raises ValueError if it is none."""
        found = cls.__new__(cls)
        found.kind = re.fullmatch(r"vineyard::VertexMap<\s*(.+?)\s*>", obj.typename).group(1)
        found._numbers = SharedMap(obj.member("vertices_"))
        cells = elements.view(obj, "labels_", _SPAN if found.kind == TEXT else elements.dtype(found.kind))
        found._labels = _Stored(cells, found._numbers.cells)
        if found._numbers.cells.key != found.kind or len(found._numbers) != len(cells):
            key, count = found._numbers.cells.key, len(found._numbers)
            raise ValueError(f"{len(cells)} labels of {found.kind} beside a map of {count} of {key}")
        return found


class _Stored:
    """Labels that are read from shared memory one by one."""

    def __init__(self, cells, entries):
        self.cells, self._entries = cells, entries

    def __len__(self):
        return len(self.cells)

    def __getitem__(self, vertex):
        return self._entries.key_of(self.cells[vertex].item())

    def __iter__(self):
        return map(self._entries.key_of, self.cells.tolist())
