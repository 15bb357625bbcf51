"""Labels of vertices: Rust's `VertexMap`."""

import re

import numpy as np
from vineyard._C import ObjectMeta

from . import elements, maps


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
        return "std::string"
    least, most = min(labels, default=0), max(labels, default=0)
    if least >= -2 ** 63 and most < 2 ** 63:
        return "int64"
    if least >= 0 and most < 2 ** 64:
        return "uint64"
    raise TypeError(f"labels from {least} to {most} do not fit into 64 bits")


class VertexMap:
    """Which vertex has which label, and the reverse: integers or texts. Vertices are numbered from 0.

    Looked up where it lies if it was got; maps of texts need the package `xxhash`.
    """

    def __init__(self, labels):
        """The map of labels in the order of the vertices. Raises ValueError with one that is given twice."""
        labels = labels if isinstance(labels, np.ndarray) else list(labels)
        kind, seen = _kind(labels), {}
        for vertex, label in enumerate(labels.tolist() if isinstance(labels, np.ndarray) else labels):
            first = seen.setdefault(label, vertex)
            if first != vertex:
                raise ValueError(f"label {label!r} is given twice, to vertex {first} and to vertex {vertex}")
        self._map, self._cells = maps.SharedMap.numbering(kind, labels)

    @property
    def kind(self):
        """What C++ calls the type of the labels."""
        return self._map.kind

    def __len__(self):
        return len(self._cells)

    def __iter__(self):
        return map(self._map.key, self._cells)

    def vertex(self, label):
        """The vertex with this label. Raises KeyError if there is none."""
        vertex = self._map.get(label)
        if vertex is None or vertex >= len(self):
            raise KeyError(label)
        return vertex

    def label(self, vertex):
        """The label of a vertex. Raises KeyError if there is no such vertex."""
        if not 0 <= vertex < len(self):
            raise KeyError(vertex)
        return self._map.key(self._cells[vertex])

    def array(self):
        """Labels that are integers as an array, without a copy; those that are texts as an array of objects."""
        return np.array(list(self), object) if self._map.is_text else self._cells

    def put(self, client):
        """Stores it."""
        meta = ObjectMeta()
        meta["typename"] = f"vineyard::VertexMap<{self.kind}>"
        meta.add_member("vertices_", self._map.put(client))
        meta.add_member("labels_", elements.put(client, self._cells))
        meta["nbytes"] = self._cells.nbytes
        return client.create_metadata(meta)

    @classmethod
    def resolve(cls, obj):
        """The map that an object is, without a copy. Raises ValueError if it is none."""
        kind = re.fullmatch(r"vineyard::VertexMap<\s*(.+?)\s*>", obj.typename).group(1)
        found = cls.__new__(cls)
        found._map, found._cells = maps.SharedMap.resolve(obj.member("vertices_")), maps.cells(obj, "labels_", kind)
        if found._map.kind != kind or len(found._map) != len(found._cells):
            raise ValueError(f"{len(found._cells)} labels of {kind} beside a map of {len(found._map)} of {found._map.kind}")
        return found
