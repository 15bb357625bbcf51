"""Property graphs as Rust writes them: their schema, their tables as frames, and their lists of edges as arrays."""

import json
from collections import namedtuple

import numpy as np

from . import tensors

#: Edges by the inner vertices at one of their ends, in the form of SciPy's `csr_matrix((data, indices, indptr))`: vertex
#: `v` has the edges `indptr[v]` to `indptr[v + 1]`, `indices` are the local numbers of the vertices at their other ends,
#: `edges` their rows in the table.
Adjacency = namedtuple("Adjacency", "indptr indices edges")


def _argument(typename, place):
    """The type in a place of a typename's list."""
    return tensors.dtype_of(typename[typename.index("<") + 1: -1].split(",")[place])


def _array(meta, key, dtype):
    """The array under a key, a view of shared memory."""
    blob = meta.get_member(key)
    view = memoryview(b"") if blob.is_empty else memoryview(blob)
    return np.frombuffer(view[: len(view) // dtype.itemsize * dtype.itemsize], dtype=dtype)


def _members(meta, key):
    return [meta.get_member(f"__{key}-{place}").meta for place in range(int(meta[f"__{key}-size"]))]


class PropertyVertices:
    """The vertices of one label in one fragment."""

    def __init__(self, meta, resolver):
        self._meta, self._resolver = meta, resolver

    @property
    def table(self):
        """A frame with a row for each inner vertex."""
        return self._resolver.run(self._meta.get_member("table_"))

    @property
    def outer(self):
        """The global ids of the outer vertices, in the order of their local numbers, which follow the inner ones."""
        count = int(self._meta["__outer_-size"])
        lists = [_array(self._meta, f"__outer_-{place}", np.dtype("<u8")) for place in range(count)]
        return lists[0] if count == 1 else np.concatenate([np.empty(0, "<u8"), *lists])


class PropertyEdges:
    """The edges of one relation in one fragment: those with an inner vertex at one end at least."""

    def __init__(self, meta, resolver):
        self._meta, self._resolver = meta, resolver

    def __len__(self):
        return int(self._meta["num_edges_"])

    @property
    def table(self):
        """A frame with a row for each edge; none if the edges have no columns."""
        member = self._meta.get_member("table_")
        return self._resolver.run(member) if int(member.meta["__values_-size"]) else None

    @property
    def outgoing(self):
        """The edges by the inner vertices that they lead away from."""
        return self._adjacency("outgoing_")

    @property
    def incoming(self):
        """The edges by the inner vertices that they lead to."""
        return self._adjacency("incoming_")

    def _adjacency(self, key):
        meta = self._meta.get_member(key).meta
        local = _argument(meta.typename, 0)
        offsets = _array(meta, "offsets_", np.dtype("<u8"))
        neighbors, edges = (_array(meta, name, local) for name in ("neighbors_", "edges_"))
        if not len(offsets) or offsets[0] or offsets[-1] != len(neighbors) or len(edges) != len(neighbors):
            raise ValueError(f"`{key}`: {len(offsets)} offsets for {len(neighbors)} neighbours and {len(edges)} edges")
        return Adjacency(offsets.view("<i8"), neighbors, edges)


class PropertyFragment:
    """One fragment of a property graph. Labels and relations go by name, or by their numbers in the schema."""

    def __init__(self, meta, resolver):
        self.index = int(meta["index_"])
        self.num_fragments = int(meta["num_fragments_"])
        self.schema = json.loads(meta["schema_"])
        self._vertices = [PropertyVertices(each, resolver) for each in _members(meta, "vertices_")]
        self._edges = [PropertyEdges(each, resolver) for each in _members(meta, "edges_")]

    def vertices(self, label):
        """The vertices of a label. Raises KeyError if there is none of this name."""
        return self._vertices[_number(self.schema["vertices"], label)]

    def edges(self, relation):
        """The edges of a relation: of a source label, an edge label and a target label, or its number. Raises KeyError if
        there is none of this name."""
        return self._edges[_relation(self.schema, relation)]

    def __repr__(self):
        return f"<PropertyFragment {self.index} of {self.num_fragments}>"


class PropertyGraph:
    """A property graph. What it holds is looked at when it is asked for, as views of shared memory."""

    def __init__(self, meta, resolver):
        self.schema = json.loads(meta["schema_"])
        self.partition = json.loads(meta["partition_"])
        self.fragments = [PropertyFragment(each, resolver) for each in _members(meta, "fragments_")]
        for place, fragment in enumerate(self.fragments):
            if fragment.index != place or fragment.num_fragments != len(self.fragments):
                raise ValueError(f"fragment {place} of {len(self.fragments)} is {fragment!r}")
            if fragment.schema != self.schema:
                raise ValueError(f"{fragment!r} has another schema than the graph")

    def place(self, vertex):
        """Fragment, label and place of a global id."""
        bits = 64 - 7 - max((len(self.fragments) - 1).bit_length(), 1)
        vertex = int(vertex)
        return vertex >> bits >> 7, vertex >> bits & 127, vertex & (1 << bits) - 1

    def __repr__(self):
        labels = [label["label"] for label in self.schema["vertices"]]
        return f"<PropertyGraph of {', '.join(labels)} in {len(self.fragments)} fragments>"


def _number(labels, label):
    if isinstance(label, int):
        return label
    return {each["label"]: place for place, each in enumerate(labels)}[label]


def _relation(schema, relation):
    if isinstance(relation, int):
        return relation
    source, edge, target = relation
    wanted = {
        "edge": _number(schema["edges"], edge),
        "source": _number(schema["vertices"], source),
        "target": _number(schema["vertices"], target),
    }
    if wanted not in schema["relations"]:
        raise KeyError(relation)
    return schema["relations"].index(wanted)


def register(builders, resolvers):
    """Enters property graphs, and fragments on their own."""
    del builders
    resolvers.register("vineyard::PropertyGraph", lambda obj, resolver: PropertyGraph(obj.meta, resolver))
    resolvers.register("vineyard::PropertyFragment", lambda obj, resolver: PropertyFragment(obj.meta, resolver))
