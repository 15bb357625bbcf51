"""Graphs in compressed sparse rows: Rust's `CsrGraph`, and `LabelledGraph` if the vertices have labels."""

import re

import numpy as np
from vineyard._C import ObjectMeta

from . import elements, graphtables
from .labels import VertexMap

_GRAPH, _LABELLED = "vineyard::CsrGraph", "vineyard::LabelledGraph"


class CsrGraph:
    """A graph, for each vertex of which is listed where its edges lead; its arrays are views of shared memory if it was got.

    directed -- whether an edge leads one way only; if not, each is stored in both directions, a self loop once
    offsets, targets, weights -- the edges of vertex `v` are those from `offsets[v]` to `offsets[v + 1]`
    reversed -- whether the rows are those of the vertices that edges lead to
    back -- the same edges by their other end, if they are listed: offsets, the vertices, and perhaps where in `targets`
    labels -- a `VertexMap`, or None: vertices are called by their numbers then
    vertices -- a frame with a row for each vertex, or None
    edges, edge_rows -- a frame, and for each stored edge its row there, if that is not the one at its place
    """

    def __init__(self, offsets, targets, weights=None, *, directed=True, reversed=False, back=None, labels=None,
                 vertices=None, edges=None, edge_rows=None):
        self.offsets, self.targets, self.weights = offsets, targets, weights
        self.directed, self.reversed, self.back = directed, reversed, back
        self.labels, self.vertices, self.edges, self.edge_rows = labels, vertices, edges, edge_rows
        self._check()

    def __repr__(self):
        kind = "directed" if self.directed else "undirected"
        return f"CsrGraph({kind}, {self.num_vertices} vertices, {self.num_edges} stored edges)"

    @property
    def num_vertices(self):
        """How many vertices there are."""
        return len(self.offsets) - 1

    @property
    def num_edges(self):
        """How many edges are stored: an undirected one counts twice, a self loop once."""
        return len(self.targets)

    def vertex(self, label):
        """The number of the vertex with this label. Raises KeyError if there is none."""
        return self._number(label) if self.labels is None else self.labels.vertex(label)

    def label(self, vertex):
        """The label of a vertex, or its number if there are none."""
        return vertex if self.labels is None else self.labels.label(vertex)

    def neighbors(self, vertex):
        """Where the edges of the vertex with this label lead: numbers, without a copy."""
        return self._listed(self.vertex(vertex), self.directed and self.reversed, "away from")

    def in_neighbors(self, vertex):
        """Where the edges come from that lead to the vertex with this label: numbers, without a copy."""
        return self._listed(self.vertex(vertex), self.directed and not self.reversed, "to")

    def degree(self, vertex):
        """How many edges of the vertex with this label are stored."""
        return len(self.neighbors(vertex))

    def weights_of(self, vertex):
        """The weights of the edges of the vertex with this label, in the order of `neighbors`, without a copy."""
        if self.weights is None:
            raise ValueError("the graph has no weights")
        if self.directed and self.reversed:
            raise ValueError("the weights are stored in the order of the edges that lead to a vertex")
        return self.weights[self._row(self.offsets, self.vertex(vertex))]

    def verify(self):
        """Scans all arrays. Raises ValueError at what is wrong: offsets that run backwards, vertices that are not there."""
        self._check()
        sides = [("", self.offsets, self.targets)]
        if self.back is not None:
            sides.append(("back_", *self.back[:2]))
        for prefix, offsets, targets in sides:
            wrong = np.flatnonzero(offsets[1:] < offsets[:-1])
            if len(wrong):
                at = int(wrong[0]) + 1
                raise ValueError(f"{prefix}offset {at} is {offsets[at]}, expected at least {offsets[at - 1]}")
            wrong = np.flatnonzero(targets >= self.num_vertices)
            if len(wrong):
                at = int(wrong[0])
                raise ValueError(f"{prefix}target {at} is {targets[at]}, expected less than {self.num_vertices}")
        if self.edge_rows is not None and self.edges is not None and (self.edge_rows >= len(self.edges)).any():
            raise ValueError(f"an edge has a row beyond the {len(self.edges)} of the table of edges")

    def ends(self):
        """Source and target of each stored edge, in the order of `targets`: arrays of numbers."""
        self.verify()
        vertices = np.repeat(np.arange(self.num_vertices), np.diff(self.offsets.view("<i8")))
        others = self.targets.astype("<i8")
        return (others, vertices) if self.directed and self.reversed else (vertices, others)

    def rows(self):
        """The row of each stored edge in the table of edges, in the order of `targets`."""
        return np.arange(self.num_edges) if self.edge_rows is None else self.edge_rows.view("<i8")

    def to_scipy(self):
        """The graph as a `csr_array`, or a `csc_array` if it is reversed: a row for each source, a column for each target.

        Indices and values are views, and cannot be written to; offsets are cut to 32 bits if the indices have so many. A
        graph without weights has ones. Verifies the graph, as SciPy trusts what it is given.
        """
        from scipy.sparse import csc_array, csr_array

        self.verify()
        weights = np.ones(self.num_edges) if self.weights is None else self.weights
        width = 4 if self.targets.dtype.itemsize == 4 and max(self.num_edges, self.num_vertices) < 2 ** 31 else 8
        kind = csc_array if self.directed and self.reversed else csr_array
        matrix = kind((self.num_vertices, self.num_vertices), dtype=weights.dtype)
        # Set one by one: the constructor would copy indices of 64 bits that fit into 32.
        matrix.indptr = self.offsets.view("<i8").astype(f"<i{width}", copy=False)
        matrix.indices = self.targets.view(f"<i{self.targets.dtype.itemsize}").astype(f"<i{width}", copy=False)
        matrix.data = weights
        return matrix

    @classmethod
    def from_scipy(cls, matrix, *, directed=True, labels=None, vertices=None):
        """A graph with an edge for each stored value of a square matrix, from its row to its column.

        Copies the offsets, and the rest if the indices are not in order or the matrix is not in compressed rows. An
        undirected graph needs a symmetric matrix. Raises ValueError or TypeError if it is no graph.
        """
        from scipy.sparse import csr_array

        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"a matrix of shape {matrix.shape}, expected as many rows as columns: both are the vertices")
        elements.name(matrix.dtype)
        matrix = csr_array(matrix)
        if not matrix.has_sorted_indices:
            matrix = matrix.sorted_indices()
        matrix.check_format(full_check=True)
        if not directed and (abs(matrix - matrix.T) > 0).nnz:
            raise ValueError("the matrix is not symmetric, so the graph is directed")
        used = int(matrix.indptr[-1])
        targets = matrix.indices[:used]
        return cls(matrix.indptr.astype("<u8"), targets.view(f"<u{targets.dtype.itemsize}"), matrix.data[:used],
                   directed=directed, labels=None if labels is None else VertexMap(labels), vertices=vertices)

    def to_networkx(self, weight="weight"):
        """The graph as one of networkx: see `networks.to_networkx`."""
        from .networks import to_networkx

        return to_networkx(self, weight)

    @classmethod
    def from_networkx(cls, graph, weight="weight"):
        """The graph of one of networkx: see `networks.from_networkx`."""
        from .networks import from_networkx

        return from_networkx(graph, weight)

    @classmethod
    def from_edges(cls, num_vertices, sources, targets, weights=None, *, directed=True, labels=None, vertices=None,
                   edges=None):
        """A graph of edges in any order between vertices `0..num_vertices`; parallel ones are kept.

        edges -- a frame with a row for each edge, in the order given
        Raises ValueError with the first edge that names another vertex.
        """
        sources, targets = np.asarray(sources, "<i8"), np.asarray(targets, "<i8")
        rows = np.arange(len(sources))
        for ends in (sources, targets):
            wrong = np.flatnonzero((ends < 0) | (ends >= num_vertices))
            if len(wrong):
                raise ValueError(f"edge {wrong[0]} has endpoint {ends[wrong[0]]}, expected less than {num_vertices}")
        if not directed:
            both = np.flatnonzero(sources != targets)
            # Each beside its reverse, so that parallel edges keep their order.
            order = np.argsort(np.concatenate([rows, both]), kind="stable")
            sources, targets = (np.concatenate([one, other[both]])[order]
                                for one, other in ((sources, targets), (targets, sources)))
            rows = np.concatenate([rows, both])[order]
        order = np.lexsort((targets, sources))
        offsets = np.zeros(num_vertices + 1, "<u8")
        offsets[1:] = np.cumsum(np.bincount(sources, minlength=num_vertices))
        return cls(offsets, targets[order].astype("<u4" if num_vertices <= 2 ** 32 else "<u8"),
                   None if weights is None else np.asarray(weights)[rows[order]], directed=directed,
                   labels=None if labels is None else VertexMap(labels), vertices=vertices, edges=edges,
                   edge_rows=None if edges is None else rows[order].astype("<u8"))

    def _number(self, vertex):
        if not 0 <= vertex < self.num_vertices:
            raise KeyError(vertex)
        return vertex

    def _listed(self, vertex, is_back, which):
        if not is_back:
            return self.targets[self._row(self.offsets, vertex)]
        if self.back is None:
            raise ValueError(f"the graph does not list the edges that lead {which} a vertex")
        return self.back[1][self._row(self.back[0], vertex)]

    @staticmethod
    def _row(offsets, vertex):
        return slice(int(offsets[vertex]), int(offsets[vertex + 1]))

    def _check(self):
        lengths = {"weights": self.weights, "edge_rows": self.edge_rows}
        sides = [("", self.offsets)]
        if self.back is not None:
            lengths.update(back_targets=self.back[1], back_edges=self.back[2])
            sides.append(("back_", self.back[0]))
        for prefix, offsets in sides:
            if len(offsets) != len(self.offsets) or not len(offsets):
                raise ValueError(f"found {len(offsets)} {prefix}offsets, expected one more than there are vertices")
            if offsets[0] != 0 or offsets[-1] != self.num_edges:
                raise ValueError(f"the {prefix}offsets go from {offsets[0]} to {offsets[-1]}, expected 0 to {self.num_edges}")
        for name, items in lengths.items():
            if items is not None and len(items) != self.num_edges:
                raise ValueError(f"found {len(items)} {name}, expected {self.num_edges}, one for each stored edge")
        for name, items in (("labels", self.labels), ("rows of the table of vertices", self.vertices)):
            if items is not None and len(items) != self.num_vertices:
                raise ValueError(f"found {len(items)} {name}, expected {self.num_vertices}, one for each vertex")
        if self.edges is not None and self.edge_rows is None and len(self.edges) != self.num_edges:
            raise ValueError(f"found {len(self.edges)} rows of the table of edges, expected {self.num_edges}")


def _build(client, graph, builder):
    vertex = elements.name(graph.targets.dtype)
    weight = "double" if graph.weights is None else elements.name(graph.weights.dtype)
    tables = {"vertices_": ("the table of vertices", graph.vertices), "edges_": ("the table of edges", graph.edges)}
    # All of them before any is stored, so that nothing is if one is refused.
    tables = {key: graphtables.prepare(*table) for key, table in tables.items() if table[1] is not None}
    meta = ObjectMeta()
    meta["typename"] = f"{_GRAPH}<{vertex},{weight}>"
    meta["directed_"], meta["reversed_"] = graph.directed, graph.reversed
    back_offsets, back_targets, back_edges = graph.back or (None, None, None)
    arrays = {"offsets_": graph.offsets, "targets_": graph.targets, "weights_": graph.weights,
              "edge_rows_": graph.edge_rows, "back_offsets_": back_offsets, "back_targets_": back_targets,
              "back_edges_": back_edges}
    arrays = {key: array for key, array in arrays.items() if array is not None}
    for key, array in arrays.items():
        meta.add_member(key, elements.put(client, array))
    for key, table in tables.items():
        meta.add_member(key, graphtables.build(client, table, builder))
    meta["nbytes"] = sum(array.nbytes for array in arrays.values())
    stored = client.create_metadata(meta)
    if graph.labels is None:
        return stored
    whole = ObjectMeta()
    whole["typename"] = f"{_LABELLED}<{graph.labels.kind},{vertex},{weight}>"
    whole.add_member("graph_", stored)
    whole.add_member("labels_", graph.labels.put(client))
    whole["nbytes"] = meta["nbytes"]
    return client.create_metadata(whole)


def resolve_graph(obj, resolver, labels=None):
    """A graph, whose arrays are views of shared memory."""
    found = re.fullmatch(r"vineyard::CsrGraph<\s*([^,]+?)\s*,\s*(.+?)\s*>", obj.typename)
    vertex, weight = (elements.dtype(name) for name in found.groups())
    if vertex.str not in ("<u4", "<u8"):
        raise ValueError(f"vertices of type {vertex}, expected uint32 or uint64")
    meta, offset = obj.meta, np.dtype("<u8")

    def array(key, dtype):
        return elements.view(obj, key, dtype) if key in meta else None

    def table(key):
        return resolver.run(obj.member(key)) if key in meta else None

    back = None
    if "back_offsets_" in meta:
        back = (array("back_offsets_", offset), array("back_targets_", vertex), array("back_edges_", offset))
    return CsrGraph(
        array("offsets_", offset), array("targets_", vertex), array("weights_", weight), directed=bool(meta["directed_"]),
        reversed=bool(meta.get("reversed_", False)), back=back, labels=labels, vertices=table("vertices_"),
        edges=table("edges_"), edge_rows=array("edge_rows_", offset))


def resolve_labelled(obj, resolver):
    """A graph whose vertices have labels."""
    return resolve_graph(obj.member("graph_"), resolver, VertexMap.resolve(obj.member("labels_")))


def register(builders, resolvers):
    """Enters graphs and maps of labels."""
    builders.register(CsrGraph, _build)
    builders.register(VertexMap, lambda client, labels, **_: labels.put(client))
    resolvers.register(_GRAPH, resolve_graph)
    resolvers.register(_LABELLED, resolve_labelled)
    resolvers.register("vineyard::VertexMap", lambda obj: VertexMap.resolve(obj))
